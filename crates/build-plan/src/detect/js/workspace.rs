//! Workspaces: several packages that are installed together, of which one is the app.

use super::manager::Manager;
use super::manifest;
use super::members::{Member, members};
use super::{Js, app, chain, finish, frameworks, inner as beside, lerna, script};
use crate::config::Settings;
use crate::detect::Context;
use crate::detect::text::at;
use crate::draft::{Draft, Strength};
use crate::{Candidate, PlanError, shell};

/// Folders whose apps are beside the point where there are others.
const ASIDE: &[&str] =
    &["docs", "documentation", "website", "storybook", "examples", "example", "e2e", "playground", "demo"];

/// Plans the member that is the app: the one that `root` names, or the start script of the workspace, or the only one
/// that fits best.
///
/// # Errors
/// [`PlanError::Ambiguous`] when several fit equally well.
pub(super) fn detect(js: &Js<'_>) -> Result<Option<Draft>, PlanError> {
    let members = members(js.project, &js.package)?;
    if members.is_empty() {
        return Ok(None);
    }
    if js.context.member.is_none() {
        if let Some(draft) = started(js, &members)? {
            return Ok(Some(draft));
        }
        if is_started_from_the_top(js) {
            return Ok(None);
        }
    }
    let (mut apps, refused) = apps(js, &members, js.context.member)?;
    if js.context.member.is_none() {
        leave_aside(&mut apps);
        if let Some(error) = unstarted(&members, &apps) {
            return Err(error);
        }
    }
    apps.sort_by_key(|(_, draft)| std::cmp::Reverse(draft.strength));
    let Some(best) = apps.first().map(|(_, draft)| draft.strength) else {
        return refused.map_or(Ok(None), Err);
    };
    let equals = apps.iter().filter(|(_, draft)| draft.strength == best).count();
    if equals > 1 {
        return Err(PlanError::Ambiguous { candidates: apps.iter().map(candidate).collect() });
    }
    let others: Vec<String> = apps.iter().skip(1).map(|(member, _)| member.folder.clone()).collect();
    let (member, draft) = apps.swap_remove(0);
    let source = js
        .context
        .member
        .map_or_else(|| format!("{}/package.json", member.folder), |_| js.context.setting("root"));
    let mut draft = lifted(js, member, &members, draft)?;
    draft.note("root", member.folder.clone(), source);
    if !others.is_empty() {
        draft.warn(format!(
            "{} is not part of this plan; `root` in backend-im.yml chooses another",
            others.join(", ")
        ));
    }
    Ok(Some(draft))
}

type Apps<'m> = Vec<(&'m Member, Draft)>;

/// The members that are apps, and why one that could be is none.
fn apps<'m>(
    js: &Js<'_>,
    members: &'m [Member],
    wanted: Option<&str>,
) -> Result<(Apps<'m>, Option<PlanError>), PlanError> {
    let mut apps = Vec::new();
    let mut refused = None;
    for member in members.iter().filter(|member| wanted.is_none_or(|wanted| wanted == member.folder)) {
        match inner(js, member, members) {
            Ok(draft) => apps.extend(draft.map(|draft| (member, draft))),
            // What runs elsewhere keeps nobody from deploying the rest.
            Err(error @ PlanError::Unrecognised { .. }) => drop(refused.get_or_insert(error)),
            Err(error) => return Err(error),
        }
    }
    Ok((apps, refused))
}

/// The member that the workspace's own start script starts. What the workspace builds then is the author's to say.
fn started(js: &Js<'_>, members: &[Member]) -> Result<Option<Draft>, PlanError> {
    if js.context.start.is_some() || js.context.entry.is_some() {
        return Ok(None);
    }
    let Some((script, text)) = script::start(&js.package) else { return Ok(None) };
    let Some(place) = chain::elsewhere(text) else { return Ok(None) };
    let is_it =
        |member: &&Member| member.folder == place || member.package.name.as_deref() == Some(place.as_str());
    let Some(member) = members.iter().find(is_it) else { return Ok(None) };
    let (mut apps, _) = apps(js, members, Some(&member.folder))?;
    let Some((_, draft)) = apps.pop() else { return Ok(None) };
    let mut draft = lifted(js, member, members, draft)?;
    draft.note("root", member.folder.clone(), format!("package.json: scripts.{script}"));
    let is_for_all =
        js.package.build_script().and_then(|name| js.package.script(name)).is_some_and(is_for_all);
    if let Some((command, source)) = js.build_command().filter(|_| !is_for_all) {
        let mut steps = lerna::installs(js, members.iter());
        steps.push(command);
        draft.set_build(steps.join(" && "), source);
    }
    Ok(Some(draft))
}

/// The app in a folder that is no member, where the start script goes: `cd backend && npm start`.
pub(super) fn started_in_folder(js: &Js<'_>) -> Result<Option<Draft>, PlanError> {
    let Some((script, text)) = script::start(&js.package) else { return Ok(None) };
    let Some(place) = chain::elsewhere(text).filter(|place| js.project.has(&at(place, "package.json")))
    else {
        return Ok(None);
    };
    let file = at(&place, "package.json");
    let text = js.project.manifest(&file)?.unwrap_or_default();
    let member = Member { package: manifest::parse(&file, &text)?, folder: place };
    let Some(mut draft) = alone(js, &member)? else { return Ok(None) };
    relocate(&mut draft, &member.folder);
    if let Some((command, source)) = js.build_command() {
        draft.set_build(command, source);
    } else if member.package.script("build").is_some() {
        let folder = shell::word(&member.folder);
        draft.set_build(format!("(cd {folder} && npm run build)"), format!("{file}: scripts.build"));
    }
    if let Some(start) = draft.start.clone() {
        draft.set_start(start, format!("package.json: scripts.{script}"));
    }
    Ok(Some(draft))
}

/// Whether the command builds or starts every member.
fn is_for_all(text: &str) -> bool {
    let program = shell::program(text).unwrap_or_default();
    matches!(program, "turbo" | "nx" | "lerna" | "wireit")
        || [" -r ", " --workspaces", " --recursive", " -ws"].iter().any(|option| text.contains(option))
}

/// The workspace's own start script starts its app, unless that only runs everybody's.
fn is_started_from_the_top(js: &Js<'_>) -> bool {
    if js.context.start.is_some() || js.context.entry.is_some() {
        return true;
    }
    let Some((_, text)) = script::start(&js.package) else { return false };
    !script::is_development(text) && (!is_for_all(text) || text.contains("filter"))
}

fn is_aside(member: &Member) -> bool {
    member.folder.split('/').any(|part| ASIDE.contains(&part) || part.ends_with("-e2e"))
}

fn leave_aside(apps: &mut Apps<'_>) {
    if apps.iter().any(|(member, _)| !is_aside(member)) {
        apps.retain(|(member, _)| !is_aside(member));
    }
}

/// A member that serves and does not say how it starts, where nothing but documentation and examples does.
fn unstarted(members: &[Member], apps: &Apps<'_>) -> Option<PlanError> {
    let (aside, _) = apps.first().filter(|(member, _)| is_aside(member))?;
    let mut serving = members.iter().filter(|member| !is_aside(member));
    let (member, (_, framework)) =
        serving.find_map(|member| Some((member, frameworks::name_of(&member.package)?)))?;
    Some(PlanError::Unrecognised {
        reason: format!(
            "{} serves with {framework} and has no `start` script, and of the other packages only {} says how it starts",
            member.folder, aside.folder
        ),
        hint: format!(
            "give {0} a `start` script, or choose with `root` in backend-im.yml: `root: {1}`",
            member.manifest(),
            aside.folder
        ),
    })
}

fn candidate((member, draft): &(&Member, Draft)) -> Candidate {
    let runtime = draft.runtime.name();
    let what = match &draft.framework {
        Some(framework) => format!("{runtime} with {framework}"),
        None => runtime.to_owned(),
    };
    Candidate {
        what,
        source: format!("{}/package.json", member.folder),
        setting: format!("root: {}", member.folder),
    }
}

/// What the member would be by itself, without its installation.
fn alone(js: &Js<'_>, member: &Member) -> Result<Option<Draft>, PlanError> {
    in_member(js, member, app)
}

/// Looks at the member as at a project.
fn in_member<T>(js: &Js<'_>, member: &Member, then: impl FnOnce(&Js<'_>) -> T) -> T {
    let listing = js.project.listing().inside(&member.folder);
    let read = |path: &str| js.project.bytes(&format!("{}/{path}", member.folder));
    let project = js.project.within(&listing, &read);
    let settings = Settings::default();
    let context = Context::of_member(&project, &settings, &member.folder);
    let chosen = js.chosen.clone();
    then(&Js { context: &context, project: &project, package: member.package.clone(), chosen })
}

/// The member as an app; nothing when it is none.
fn inner(js: &Js<'_>, member: &Member, members: &[Member]) -> Result<Option<Draft>, PlanError> {
    in_member(js, member, |own| {
        let is_library =
            script::start(&own.package).is_none() && members.iter().any(|other| depends_on(other, member));
        let Some(mut draft) = app(own)? else { return Ok(None) };
        // What others import, and what opens no port by itself, is no app.
        if draft.strength == Strength::Program && own.package.script("start").is_none() || is_library {
            return Ok(None);
        }
        finish(own, &mut draft)?;
        Ok(Some(draft))
    })
}

fn depends_on(member: &Member, other: &Member) -> bool {
    member.folder != other.folder
        && other.package.name.as_deref().is_some_and(|name| member.package.uses(name))
}

/// The member's plan as one of the whole workspace, which is installed and built at its top.
fn lifted(js: &Js<'_>, member: &Member, members: &[Member], mut draft: Draft) -> Result<Draft, PlanError> {
    let source = draft.evidence.iter().find(|evidence| evidence.field == "build");
    let source = source.map_or_else(|| member.manifest(), |evidence| at(&member.folder, &evidence.source));
    let build = draft.build.take();
    relocate(&mut draft, &member.folder);
    if let Some(build) = build_all(js, member, members, build) {
        draft.set_build(build, source);
    }
    let manifests: Vec<String> = members.iter().map(Member::manifest).collect();
    let (options, extra) =
        draft.install.take().map(|install| (install.options, install.extra)).unwrap_or_default();
    draft.installed.clear();
    draft.warnings.retain(|warning| !warning.contains("lock file") && !warning.contains("there is no"));
    js.chosen.install(js.project, &manifests, &mut draft, extra);
    if let Some(install) = &mut draft.install {
        install.options = options;
    }
    if draft.version.is_none() {
        super::version::node(js.project, Some(&js.package), &mut draft)?;
    }
    Ok(draft)
}

/// Says of everything where it lies, seen from the top.
fn relocate(draft: &mut Draft, folder: &str) {
    for evidence in &mut draft.evidence {
        evidence.source = format!("{folder}/{}", evidence.source);
    }
    if let Some(start) = &draft.start {
        draft.start = Some(inside(folder, start));
    }
    if let Some(root) = &draft.static_root {
        draft.static_root = Some(if root == "." { folder.to_owned() } else { format!("{folder}/{root}") });
    }
    for (field, value) in [("start", draft.start.clone()), ("static_root", draft.static_root.clone())] {
        if let Some(value) = value
            && let Some(evidence) = draft.evidence.iter_mut().find(|evidence| evidence.field == field)
        {
            evidence.value = value;
        }
    }
    for cache in &mut draft.caches {
        cache.holds = cache.holds.iter().map(|path| format!("{folder}/{path}")).collect();
    }
    for warning in &mut draft.warnings {
        *warning = format!("{folder}: {warning}");
    }
}

/// The command, run in the folder, with the programs of its own packages first.
fn inside(folder: &str, command: &str) -> String {
    let folder = shell::word(folder);
    let program = shell::program(command).unwrap_or_default();
    let is_known = matches!(program, "node" | "bun" | "deno" | "npm" | "pnpm" | "yarn");
    let path = if is_known { "" } else { "PATH=\"$PWD/node_modules/.bin:$PATH\" " };
    if shell::is_compound(command) {
        let path = if is_known { "" } else { "export PATH=\"$PWD/node_modules/.bin:$PATH\" && " };
        return format!("cd {folder} && {path}{command}");
    }
    let has_variables = command.split_whitespace().next().is_some_and(|word| word.contains('='));
    let env = if has_variables || !path.is_empty() { "env " } else { "" };
    format!("cd {folder} && exec {env}{path}{command}")
}

/// Builds what the member stands on, and then the member.
fn build_all(js: &Js<'_>, member: &Member, members: &[Member], build: Option<String>) -> Option<String> {
    let name = member.package.name.as_deref();
    let is_script = build.as_ref().is_some_and(|build| *build == js.chosen.run("build"));
    let served: Vec<&Member> = members.iter().filter(|other| is_served(js, member, other)).collect();
    if let Some(name) = name.filter(|_| is_script) {
        if js.package.uses("turbo") && (js.project.has("turbo.json") || js.project.has("turbo.jsonc")) {
            let pages = served.iter().filter_map(|page| page.package.name.as_deref());
            let filters: Vec<String> =
                pages.chain([name]).map(|name| format!("--filter={}", shell::word(name))).collect();
            return Some(js.chosen.exec(&format!("turbo run build {}", filters.join(" "))));
        }
        if js.chosen.manager == Manager::Pnpm {
            let pages = served.iter().filter_map(|page| page.package.name.as_deref());
            let filters: Vec<String> = pages
                .chain([name])
                .map(|name| format!("--filter {}", shell::word(&format!("{name}..."))))
                .collect();
            return Some(format!("pnpm {} run build", filters.join(" ")));
        }
    }
    let under = served.iter().flat_map(|page| stands_on(page, members));
    let mut first: Vec<&Member> = stands_on(member, members);
    first.extend(under.chain(served.iter().copied()));
    let mut seen: Vec<&str> = Vec::new();
    first.retain(|stood_on| {
        !seen.contains(&stood_on.folder.as_str()) && {
            seen.push(&stood_on.folder);
            true
        }
    });
    let mut steps = lerna::installs(js, first.iter().copied().chain([member]));
    let run_build = |member: &Member| {
        if lerna::is_alone(js) {
            return lerna::run_build(js, member);
        }
        js.chosen.run_in(&member.folder, member.package.name.as_deref(), "build")
    };
    first.retain(|stood_on| stood_on.package.script("build").is_some());
    steps.extend(first.into_iter().map(run_build));
    if is_script {
        steps.push(run_build(member));
    } else if let Some(build) = build {
        let folder = shell::word(&member.folder);
        steps.push(format!("(cd {folder} && export PATH=\"$PWD/node_modules/.bin:$PATH\" && {build})"));
    }
    (!steps.is_empty()).then(|| steps.join(" && "))
}

/// Whether the member serves the pages that the other one's build makes.
fn is_served(js: &Js<'_>, member: &Member, other: &Member) -> bool {
    let name = other.folder.rsplit('/').next().unwrap_or(&other.folder);
    member.folder != other.folder
        && other.package.script("build").is_some()
        && beside::serving(js.project, &member.folder, name).is_some()
}

/// The members on which this one depends, each behind those on which it depends itself.
fn stands_on<'m>(member: &'m Member, members: &'m [Member]) -> Vec<&'m Member> {
    let mut order: Vec<&Member> = Vec::new();
    let mut seen: Vec<&str> = vec![&member.folder];
    visit(member, members, &mut seen, &mut order);
    order
}

fn visit<'m>(
    member: &'m Member,
    members: &'m [Member],
    seen: &mut Vec<&'m str>,
    order: &mut Vec<&'m Member>,
) {
    for other in members {
        if depends_on(member, other) && !seen.contains(&other.folder.as_str()) {
            seen.push(&other.folder);
            visit(other, members, seen, order);
            order.push(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_a_member_run_in_its_folder() {
        assert_eq!(inside("apps/api", "node dist/main.js"), "cd apps/api && exec node dist/main.js");
        assert_eq!(
            inside("apps/web", "next start -p $PORT"),
            "cd apps/web && exec env PATH=\"$PWD/node_modules/.bin:$PATH\" next start -p $PORT"
        );
    }
}
