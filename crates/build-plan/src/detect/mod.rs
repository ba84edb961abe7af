//! Detection: each runtime says what it would make of the project, the settings have the last word.
//!
//! Precedence: settings file, Procfile (commands only), framework, plain program, static files. Two runtimes that fit
//! equally well are a question to the person, never a guess.

mod advice;
mod compose;
mod declared;
mod dockerfile;
mod dotnet;
mod elixir;
mod generators;
mod go;
mod java;
mod js;
mod migrations;
mod monorepo;
mod near_miss;
mod page_packages;
mod php;
mod procfile;
mod python;
mod ruby;
mod rust;
mod script;
mod served_pages;
mod settle;
mod start;
mod static_site;
mod text;
mod toml_text;
mod versions;

#[cfg(test)]
mod tests;

pub(crate) use python::packages::{named as requirement_name, normalised as normalised_name};
pub(crate) use toml_text::parse as toml_manifest;

use crate::config::{FILE_NAMES, Settings};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Candidate, Listing, Plan, PlanError, Runtime, config};
use declared::Declared;
use dockerfile::Dockerfile;
use procfile::Procfile;
use start::{EntryFile, Start};

/// Everything that a detector may look at.
pub(crate) struct Context<'a> {
    /// The project: what is uploaded, or the folder of it that `root` names.
    pub(crate) project: &'a Project<'a>,
    /// All that is uploaded, where the project is one folder of it: a workspace's lock file lies there.
    pub(crate) whole: Option<&'a Project<'a>>,
    /// The folder that the project is, where it is not all that is uploaded.
    pub(crate) root: Option<&'a str>,
    /// The member of a workspace that is the project. All else of the workspace is installed and built with it.
    pub(crate) member: Option<&'a str>,
    pub(crate) settings: &'a Settings,
    /// Why it is this folder, where nobody says so.
    because: Option<&'a str>,
    /// The name of the settings file.
    file: &'a str,
    procfile: Option<&'a Procfile>,
    pub(crate) dockerfile: Option<Dockerfile>,
    /// What the project tells other platforms about this folder.
    pub(crate) declared: Vec<Declared>,
    /// A start command that is given.
    pub(crate) start: Option<Start>,
    /// A file that is to be started.
    pub(crate) entry: Option<EntryFile>,
}

impl<'a> Context<'a> {
    /// The view of one member of a workspace, about which no settings say anything.
    pub(crate) fn of_member(project: &'a Project<'a>, settings: &'a Settings, member: &'a str) -> Self {
        Self {
            project,
            whole: None,
            root: None,
            member: Some(member),
            because: None,
            settings,
            file: FILE_NAMES[0],
            procfile: None,
            dockerfile: None,
            declared: Vec::new(),
            start: None,
            entry: None,
        }
    }

    /// How the project says elsewhere that it is started: to other platforms, in its Dockerfile.
    pub(crate) fn starts_elsewhere(&self) -> Vec<Start> {
        let declared = self.declared.iter().filter_map(|declared| {
            Some(Start { command: declared.start.clone()?, source: declared.file.to_owned() })
        });
        let image = self.dockerfile.as_ref().and_then(|dockerfile| dockerfile.start.clone());
        declared.chain(image.map(|(command, source)| Start { command, source })).collect()
    }

    /// The same, with one of those as the start command: nothing where it cannot run here.
    fn started_by(&self, start: &Start) -> Option<Self> {
        let command = start::with_address(&dockerfile::adapted(&start.command));
        start::runtime_of(&command)?;
        Some(Self {
            project: self.project,
            whole: self.whole,
            root: self.root,
            member: self.member,
            because: self.because,
            settings: self.settings,
            file: self.file,
            procfile: self.procfile,
            dockerfile: self.dockerfile.clone(),
            declared: self.declared.clone(),
            start: Some(Start { command, source: start.source.clone() }),
            entry: None,
        })
    }

    /// Whether the Dockerfile names this, where there is one.
    pub(crate) fn image_names(&self, name: &str) -> bool {
        self.dockerfile.as_ref().is_some_and(|dockerfile| dockerfile.names(name))
    }

    /// Names a key of the settings file as evidence.
    pub(crate) fn setting(&self, key: &str) -> String {
        format!("{}: {key}", self.file)
    }

    /// Whether the given start command starts with a program of this runtime.
    pub(crate) fn starts_with(&self, runtime: Runtime) -> bool {
        self.start.as_ref().and_then(|start| start::runtime_of(&start.command)) == Some(runtime)
    }
}

/// Plans how the listed project is built and run. `read` returns a file's bytes and is called only for the files that
/// decide something, each at most once; nothing means that the file is unreadable or too big.
///
/// # Errors
/// [`PlanError`], each with a code and a hint.
pub fn plan(listing: &Listing, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Result<Plan, PlanError> {
    if listing.is_empty() {
        return Err(PlanError::Empty);
    }
    let project = Project::new(listing, read);
    let (file, settings) = settings(&project)?;
    if let Some(root) = &settings.root {
        if js::members::has_member(&project, root)? {
            let because = Some(format!("{file}: root"));
            let place = Place { project: &project, whole: None, root: None, member: Some(root), because };
            return consider(&place, &settings.inside(root), file, |context| {
                settle::settle(context, drafted(context)?)
            });
        }
        return planned_in(root, format!("{file}: root"), &project, &settings, file);
    }
    // Whoever says what runs does not want a folder to be looked for.
    let is_open = settings.runtime.is_none() && settings.static_root.is_none();
    if is_open
        && settings.start.is_none()
        && let Some((root, line)) = entered(&project)
    {
        return planned_in(&root, format!("Procfile:{line}"), &project, &settings, file);
    }
    let place = Place { project: &project, whole: None, root: None, member: None, because: None };
    let top = consider(&place, &settings, file, |context| {
        let draft = drafted(context)?;
        let strength = draft.strength;
        Ok((settle::settle(context, draft)?, strength))
    });
    match top {
        Ok((plan, strength)) if strength < Strength::Program && is_open => {
            inner_server(plan, &project, &settings, file)
        }
        Ok((plan, _)) => Ok(plan),
        Err(error @ PlanError::Unrecognised { .. }) if is_open => {
            let (root, others) = monorepo::search(&project, &settings, file, error)?;
            let because = format!("{root} is a project of its own");
            let mut plan = planned_in(&root, because, &project, &settings, file)?;
            // What the plan builds beside its folder is part of it.
            let others: Vec<String> = others.into_iter().filter(|other| !is_built_by(&plan, other)).collect();
            if !others.is_empty() {
                plan.warnings.push(format!("{} is not part of this plan", others.join(", ")));
            }
            Ok(plan)
        }
        Err(error) => Err(error),
    }
}

/// The folder that the Procfile enters before it starts anything, where it is a project of its own and the top is none.
fn entered(project: &Project<'_>) -> Option<(String, usize)> {
    let (root, line) = declared::entered_by_procfile(project)?;
    let is_project =
        |folder: &str| monorepo::MARKERS.iter().any(|marker| project.has(&text::at(folder, marker)));
    let at_top = monorepo::MARKERS.iter().any(|marker| *marker != "Procfile" && project.has(marker));
    (is_project(&root) && !at_top).then_some((root, line))
}

/// Whether the plan of one folder builds this file's folder too.
fn is_built_by(plan: &Plan, file: &str) -> bool {
    let folder = file.split('/').next().unwrap_or(file);
    plan.build.as_deref().is_some_and(|build| build.contains(&format!("../{folder} ")))
}

/// The plan of a folder that serves, where the top only has pages; else the plan of the pages.
fn inner_server(
    pages: Plan,
    whole: &Project<'_>,
    settings: &Settings,
    file: &'static str,
) -> Result<Plan, PlanError> {
    let Some(root) = monorepo::server(whole, settings, file)? else { return Ok(pages) };
    let because = format!("{root} serves, and the top only has pages");
    let mut plan = planned_in(&root, because, whole, settings, file)?;
    let source = &pages.evidence[0].source;
    plan.warnings.push(format!(
        "{source} is not part of this plan; `runtime: {}` in {file} deploys it instead",
        pages.runtime.name()
    ));
    Ok(plan)
}

/// Plans one folder of what is uploaded.
fn planned_in(
    root: &str,
    because: String,
    whole: &Project<'_>,
    settings: &Settings,
    file: &'static str,
) -> Result<Plan, PlanError> {
    let listing = whole.listing().inside(root);
    if listing.is_empty() {
        return Err(PlanError::InvalidConfig {
            file: file.to_owned(),
            line: None,
            message: format!("`root: {root}` is not a folder of the project"),
            hint: Some(
                "name the folder that holds the app; if it is there, check that no ignore file excludes it"
                    .to_owned(),
            ),
        });
    }
    let read = |path: &str| whole.bytes(&format!("{root}/{path}"));
    let project = whole.within(&listing, &read);
    let place = Place {
        project: &project,
        whole: Some(whole),
        root: Some(root),
        member: None,
        because: Some(because),
    };
    consider(&place, settings, file, |context| settle::settle(context, drafted(context)?))
}

/// Where the project lies within what is uploaded.
struct Place<'a> {
    project: &'a Project<'a>,
    whole: Option<&'a Project<'a>>,
    root: Option<&'a str>,
    member: Option<&'a str>,
    /// Why it is this folder.
    because: Option<String>,
}

/// Collects what detection looks at, and lets `then` make something of it.
fn consider<T>(
    place: &Place<'_>,
    settings: &Settings,
    file: &'static str,
    then: impl FnOnce(&Context<'_>) -> Result<T, PlanError>,
) -> Result<T, PlanError> {
    let project = place.project;
    let procfile = procfile_of(place)?;
    let wish = start::wish(project, settings, file, procfile.as_ref());
    let mut declared = declared::read(project);
    declared.retain(|declared| declared.root.is_none());
    if let Some(whole) = place.whole {
        let about_this = |declared: &Declared| declared.root.as_deref() == place.root;
        declared.extend(declared::read(whole).into_iter().filter(about_this));
    }
    then(&Context {
        project,
        whole: place.whole,
        root: place.root,
        member: place.member,
        because: place.because.as_deref(),
        settings,
        file,
        procfile: procfile.as_ref(),
        dockerfile: dockerfile::read(project),
        declared,
        start: wish.start,
        entry: wish.entry,
    })
}

/// The place's own Procfile, or what the one at the top says about it.
fn procfile_of(place: &Place<'_>) -> Result<Option<Procfile>, PlanError> {
    let own = procfile::read(place.project)?;
    let (None, Some(whole), Some(root)) = (&own, place.whole, place.root) else { return Ok(own) };
    Ok(procfile::read(whole)?.map(|procfile| procfile.inside(root)))
}

/// What the project is, as the settings ask or as its files say. Where they leave it open, the command that the project
/// names elsewhere decides: somebody wrote it down.
fn drafted(context: &Context<'_>) -> Result<Draft, PlanError> {
    if let Some(runtime) = context.settings.runtime {
        return asked_for(context, runtime);
    }
    match detected(context).and_then(|draft| serving(context, draft)) {
        Err(error @ (PlanError::Unrecognised { .. } | PlanError::Ambiguous { .. }))
            if context.start.is_none() =>
        {
            for start in context.starts_elsewhere() {
                let Some(context) = context.started_by(&start) else { continue };
                let Ok(mut draft) = detected(&context) else { continue };
                if draft.strength < Strength::Server && !listens(&context, &start) {
                    continue;
                }
                if let Some(start) = &context.start {
                    draft.set_start(start.command.clone(), start.source.clone());
                }
                return Ok(draft);
            }
            Err(error)
        }
        found => found,
    }
}

/// Whether what says how a program is started also says that it listens: a tool can have an image, too.
fn listens(context: &Context<'_>, start: &Start) -> bool {
    let exposes = context.dockerfile.as_ref().is_some_and(|dockerfile| dockerfile.port.is_some());
    let is_web = context.declared.iter().any(|declared| declared.file == start.source);
    exposes || is_web && near_miss::bot(context.project).is_none() && !js::is_bot(context.project)
}

/// The draft, unless it is a program that nobody says how to start and that does not serve: a tool, a bot.
fn serving(context: &Context<'_>, draft: Draft) -> Result<Draft, PlanError> {
    let is_said = context.start.is_some() || context.entry.is_some();
    // A package.json says with `start` that it is to be started.
    let is_script = matches!(draft.runtime, Runtime::Node | Runtime::Bun | Runtime::Deno | Runtime::Static);
    if draft.strength == Strength::Program && !is_said && !is_script {
        return Err(near_miss::silent(context.project, &draft));
    }
    Ok(draft)
}

/// The name of the application that a module of Python offers.
pub(crate) fn python_application(source: &str) -> Option<String> {
    python::source::scan(source).best_app().map(|app| app.name.clone())
}

/// The settings file, whatever its spelling.
fn settings(project: &Project<'_>) -> Result<(&'static str, Settings), PlanError> {
    let present: Vec<&'static str> = FILE_NAMES.iter().copied().filter(|name| project.has(name)).collect();
    match present.as_slice() {
        [] => Ok((FILE_NAMES[0], Settings::default())),
        [file] => {
            let text = project.manifest(file)?.expect("the file is in the listing");
            Ok((file, config::parse(file, &text)?))
        }
        [first, second, ..] => Err(PlanError::InvalidConfig {
            file: (*first).to_owned(),
            line: None,
            message: format!("`{second}` is a settings file too, and only one can decide"),
            hint: Some(format!("merge both into {} and remove the other", FILE_NAMES[0])),
        }),
    }
}

type Detect = fn(&Context<'_>) -> Result<Option<Draft>, PlanError>;

/// What looks for each runtime, in the order in which equally good answers are listed.
const DETECTORS: &[(Runtime, Detect)] = &[
    (Runtime::Python, python::detect),
    (Runtime::Node, js::detect),
    (Runtime::Deno, js::deno::detect),
    (Runtime::Go, go::detect),
    (Runtime::Rust, rust::detect),
    (Runtime::Ruby, ruby::detect),
    (Runtime::Php, php::detect),
    (Runtime::Java, java::detect),
    (Runtime::Dotnet, dotnet::detect),
    (Runtime::Elixir, elixir::detect),
];

/// The runtime that the settings ask for.
fn asked_for(context: &Context<'_>, runtime: Runtime) -> Result<Draft, PlanError> {
    let found = match runtime {
        Runtime::Bun => js::detect(context)?.map(|draft| Draft { runtime: Runtime::Bun, ..draft }),
        Runtime::Static => generators::detect(context).or_else(|| static_site::detect(context)),
        runtime => match DETECTORS.iter().find(|(known, _)| *known == runtime) {
            Some((_, detect)) => detect(context)?,
            None => None,
        },
    };
    if let Some(draft) = found {
        return Ok(draft);
    }
    let source = context.setting("runtime");
    if context.start.is_some() && runtime != Runtime::Static {
        return Ok(Draft::new(runtime, Strength::Program, source));
    }
    Err(PlanError::Unrecognised {
        reason: format!("{source} is `{}`, and nothing in the project says what to start", runtime.name()),
        hint: match runtime {
            Runtime::Static => "set `static_root` to the folder with index.html".to_owned(),
            _ => "set `start` to a command that listens on $HOST:$PORT".to_owned(),
        },
    })
}

/// The runtime that fits best.
fn detected(context: &Context<'_>) -> Result<Draft, PlanError> {
    let mut drafts = Vec::new();
    let mut errors = Vec::new();
    for (_, detect) in DETECTORS {
        match detect(context) {
            Ok(draft) => drafts.extend(draft),
            Err(error) => errors.push(error),
        }
    }
    if context.settings.static_root.is_some() && context.start.is_none() && context.entry.is_none() {
        drafts.retain(|draft| draft.static_root.is_some());
    }
    if let Some(start) = &context.start {
        drafts.retain(|draft| draft.strength >= Strength::Program);
        if let Some(at) = drafts.iter().position(|draft| context.starts_with(draft.runtime)) {
            return Ok(drafts.swap_remove(at));
        }
        if drafts.is_empty() && errors.is_empty() {
            return Ok(Draft::new(Runtime::Command, Strength::Program, start.source.clone()));
        }
    } else if drafts.is_empty() {
        drafts.extend(generators::detect(context).or_else(|| static_site::detect(context)));
    } else if drafts.iter().all(|draft| is_mere_script(draft) || is_bundle(draft))
        && let Some(site) = generators::detect(context)
        && (site.framework.as_deref() == Some("hugo") || drafts.iter().all(is_mere_script))
    {
        drafts = vec![site];
    }
    let mut draft = strongest(drafts, &errors, context)?;
    draft.warnings.extend(errors.iter().map(|error| format!("ignored: {error}")));
    Ok(draft)
}

/// Whether a draft only runs a script of package.json, such as the one that previews a generator's pages.
fn is_mere_script(draft: &Draft) -> bool {
    draft.runtime == Runtime::Node && draft.framework.is_none() && draft.strength <= Strength::Program
}

/// Whether a draft only bundles scripts and styles, which a site of Hugo has for its pages.
fn is_bundle(draft: &Draft) -> bool {
    const BUNDLERS: &[&str] = &["vite", "webpack", "parcel", "rspack", "snowpack"];
    draft.runtime == Runtime::Static
        && draft.framework.as_deref().is_some_and(|framework| BUNDLERS.contains(&framework))
}

fn strongest(
    mut drafts: Vec<Draft>,
    errors: &[PlanError],
    context: &Context<'_>,
) -> Result<Draft, PlanError> {
    // Stable: equally strong ones stay in the order of detection.
    drafts.sort_by_key(|draft| std::cmp::Reverse(draft.strength));
    let Some(best) = drafts.first() else {
        return Err(errors.first().cloned().unwrap_or_else(|| near_miss::unrecognised(context.project)));
    };
    // What cannot be planned is likelier the project than what merely could be served.
    if best.strength < Strength::Server
        && let Some(error) = errors.first()
    {
        return Err(error.clone());
    }
    let equals: Vec<&Draft> = drafts.iter().take_while(|draft| draft.strength == best.strength).collect();
    if equals.len() > 1 {
        return Err(PlanError::Ambiguous { candidates: equals.into_iter().map(candidate).collect() });
    }
    let mut best = drafts.swap_remove(0);
    // What the best one installs too, such as the package.json of Laravel's pages, is part of it.
    let is_covered = |source: &str| {
        let file = source.split(':').next().unwrap_or(source);
        best.install.as_ref().is_some_and(|install| install.inputs.iter().any(|input| input == file))
    };
    let others = drafts.iter().map(|draft| draft.evidence[0].source.as_str());
    let others: Vec<&str> = others.filter(|source| !is_covered(source)).collect();
    if !others.is_empty() {
        best.warn(format!("{} is not part of this plan", others.join(", ")));
    }
    Ok(best)
}

fn candidate(draft: &Draft) -> Candidate {
    let runtime = draft.runtime.name();
    let what = match &draft.framework {
        Some(framework) => format!("{runtime} with {framework}"),
        None => runtime.to_owned(),
    };
    Candidate { what, source: draft.evidence[0].source.clone(), setting: format!("runtime: {runtime}") }
}
