//! Node and Bun: packages first, in the way of the project's own package manager.

use serde_json::Value;

use super::base;
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;
use crate::{Install, InstallMethod, Runtime, shell};

const NPM_CACHE: &str = "/root/.npm";
/// Scripts that a package manager runs for the project itself while it installs: they expect the project's files.
const INSTALL_SCRIPTS: &[&str] =
    &["preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare"];
/// How versions of packages say that they are files of the project.
const LOCAL: &[&str] = &["file:", "link:", "portal:", "./", "../", "/"];

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let method = plan.install.as_ref().map(|install| install.method);
    let is_bun = plan.runtime == Runtime::Bun;
    // Bun's image has no other package manager.
    let on_bun = is_bun && matches!(method, None | Some(InstallMethod::Bun));
    let version = plan.version.as_deref();
    let images = match (on_bun, plan.runtime) {
        (true, _) => base::bun(version),
        (_, Runtime::Node) => base::node(version),
        _ => base::node(None),
    };
    let mut recipe = Recipe::new(images);
    let path = format!("{}/node_modules/.bin:$PATH", subject.place());
    recipe.env = vec![("NODE_ENV".to_owned(), "production".to_owned()), ("PATH".to_owned(), path.clone())];
    let mut tools: Vec<Step> =
        method.and_then(|method| manager(subject, method)).into_iter().filter(|_| !on_bun).collect();
    if is_bun && !on_bun {
        tools.push(global("bun", version.unwrap_or("1")));
    }
    if needs_manager(subject, method) || is_bun && !on_bun {
        recipe.last.extend(tools.clone());
    }
    recipe.tools = tools;
    recipe.tools.push(Step::env(&[("PATH", path.as_str()), ("HUSKY", "0")]));
    let Some(install) = &plan.install else {
        recipe.taken = Taken::Sources { made: Vec::new() };
        return built(subject, recipe);
    };
    recipe.installation = installation(subject, install);
    let is_single = !install.inputs.iter().any(|input| input.ends_with("/package.json"));
    let is_apart = recipe.installation.after.is_empty();
    if is_single && is_apart && install.method != InstallMethod::YarnBerry {
        recipe.taken = Taken::Sources { made: vec![subject.placed("node_modules")] };
    }
    built(subject, recipe)
}

fn built(subject: &Subject<'_>, mut recipe: Recipe) -> Recipe {
    let Some(text) = &subject.plan.build else { return recipe };
    let commands = std::iter::once(text.clone()).chain(pruning(subject).map(str::to_owned)).collect();
    let caches = subject.caches().into_iter().chain(downloads(text).map(str::to_owned)).collect();
    // The build's own words, which may go from folder to folder.
    if text.contains("cd ") {
        recipe.build.push(Step::Unlike("DL3003"));
    }
    recipe.build.push(Step::Run { caches, commands });
    recipe.taken = Taken::Everything { beside: Vec::new() };
    recipe
}

/// Removes the tools of the build, where what starts is a plain file of Node and so needs none of them.
fn pruning(subject: &Subject<'_>) -> Option<&'static str> {
    let plan = subject.plan;
    let install = plan.install.as_ref()?;
    let starts_file = plan.start.as_deref().and_then(shell::program) == Some("node");
    let is_single = !install.inputs.iter().any(|input| input.ends_with("/package.json"));
    let is_plain = install.extra.is_empty() && install.options.is_empty() && plan.release.is_none();
    let generates = plan.build.as_deref().is_some_and(|build| build.contains("prisma"));
    if !(starts_file && is_single && is_plain) || generates {
        return None;
    }
    match install.method {
        InstallMethod::NpmCi => Some("npm prune --omit=dev --ignore-scripts --no-audit --no-fund"),
        InstallMethod::Pnpm => Some("CI=true pnpm prune --prod --ignore-scripts"),
        _ => None,
    }
}

/// Fetches the package manager, where the image has none that fits.
fn manager(subject: &Subject<'_>, method: InstallMethod) -> Option<Step> {
    let version = subject.plan.package_manager.as_ref().and_then(|manager| manager.version.as_deref());
    match method {
        InstallMethod::Pnpm => Some(global("pnpm", version.unwrap_or("9"))),
        // A Yarn that lies in the project is found by the one of the image.
        InstallMethod::YarnBerry if !subject.has_folder(".yarn/releases") => {
            Some(global("@yarnpkg/cli-dist", version.unwrap_or("4")))
        }
        InstallMethod::Bun => Some(global("bun", version.unwrap_or("1"))),
        _ => None,
    }
}

/// `--force`: Yarn 1 comes with the image, under the name of its successors.
fn global(package: &str, version: &str) -> Step {
    let version = version.split('+').next().unwrap_or(version);
    let force = if package == "@yarnpkg/cli-dist" { "--force " } else { "" };
    let wanted = shell::word(&format!("{package}@{version}"));
    Step::run(&[NPM_CACHE], format!("npm install --global {force}{wanted}"))
}

/// Whether the app is started by its package manager, so that the last stage needs it too.
fn needs_manager(subject: &Subject<'_>, method: Option<InstallMethod>) -> bool {
    let name = match method {
        Some(InstallMethod::Pnpm) => "pnpm",
        Some(InstallMethod::YarnBerry) => "yarn",
        Some(InstallMethod::Bun) => "bun",
        _ => return false,
    };
    subject.starts_with_program(name)
}

/// The caches of package managers that a build starts, where packages lie in folders of their own.
fn downloads(build: &str) -> impl Iterator<Item = &'static str> {
    const INSTALLS: &[(&str, InstallMethod)] = &[
        ("npm ci", InstallMethod::NpmCi),
        ("npm install", InstallMethod::NpmCi),
        ("pnpm install", InstallMethod::Pnpm),
        ("yarn install", InstallMethod::YarnClassic),
        ("bun install", InstallMethod::Bun),
    ];
    let words: Vec<&str> = build
        .split(|c: char| c.is_whitespace() || "()&;".contains(c))
        .filter(|word| !word.is_empty())
        .collect();
    let words = words.join(" ");
    let named = |install: &str| words.starts_with(install) || words.contains(&format!(" {install}"));
    let mut found: Vec<&'static str> = Vec::new();
    for (install, method) in INSTALLS {
        if named(install) {
            found.extend(cache(*method).iter().filter(|cache| !found.contains(cache)).collect::<Vec<_>>());
        }
    }
    found.into_iter()
}

/// Whether this is what a package manager installs by, and no command of the project's own that may need its files.
fn is_managers_own(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let is_manager = words.next().is_some_and(|word| ["npm", "pnpm", "yarn", "bun"].contains(&word));
    let is_install = words.next().is_some_and(|word| ["ci", "install"].contains(&word));
    is_manager && is_install && !shell::is_compound(command)
}

fn cache(method: InstallMethod) -> &'static [&'static str] {
    match method {
        InstallMethod::Pnpm => &["/root/.local/share/pnpm/store"],
        InstallMethod::YarnClassic => &["/usr/local/share/.cache/yarn"],
        InstallMethod::YarnBerry => &["/root/.yarn/berry/cache"],
        InstallMethod::Bun => &["/root/.bun/install/cache"],
        _ => &[NPM_CACHE],
    }
}

fn installation(subject: &Subject<'_>, install: &Install) -> Installation {
    // Archives that Yarn starts programs from must stay with the project.
    let is_archived =
        subject.plan.layers.iter().any(|layer| layer.holds.iter().any(|folder| folder == ".yarn"));
    let caches = if is_archived { &[][..] } else { cache(install.method) };
    let mut command = command(subject, install);
    if is_archived {
        command = format!("YARN_ENABLE_GLOBAL_CACHE=false {command}");
    }
    let package = subject.text("package.json").unwrap_or_default();
    if !package.contains("ependencies\"") && install.method != InstallMethod::Command {
        // Without any dependency there would be no folder for the last stage to take.
        command.push_str(" && mkdir -p node_modules");
    }
    // What the project does not name is added as it is now.
    let is_unpinned = install.extra.iter().any(|package| !package[1..].contains('@'));
    let unlike = is_unpinned.then_some(Step::Unlike("DL3016"));
    let steps: Vec<Step> = unlike.into_iter().chain([Step::run(caches, command)]).collect();
    let inputs = subject.inputs(
        install,
        if install.method == InstallMethod::YarnBerry { &[".yarnrc.yml", ".yarn"] } else { &[] },
    );
    let is_foreign = install.method == InstallMethod::Command && !is_managers_own(&install.command);
    if is_foreign || inputs.is_empty() || needs_files(subject, install) {
        return Installation { after: steps, ..Installation::default() };
    }
    Installation { inputs, before: steps, after: Vec::new() }
}

/// The plan's command, with the scope said outright: `NODE_ENV` among the variables would decide otherwise.
fn command(subject: &Subject<'_>, install: &Install) -> String {
    let plan = subject.plan;
    let is_for_tools =
        |option: &String| matches!(option.as_str(), "--include=dev" | "--prod=false" | "--production=false");
    let with_tools = plan.build.is_some()
        || plan.test.is_some()
        || !install.extra.is_empty()
        || install.options.iter().any(is_for_tools);
    let scope = match (install.method, with_tools) {
        (InstallMethod::NpmCi | InstallMethod::NpmInstall, true) => " --include=dev",
        (InstallMethod::NpmCi | InstallMethod::NpmInstall, false) => " --omit=dev",
        (InstallMethod::Pnpm, true) => " --prod=false",
        (InstallMethod::Pnpm, false) => " --prod",
        (InstallMethod::YarnClassic, true) => " --production=false",
        (InstallMethod::YarnClassic | InstallMethod::Bun, false) => " --production",
        _ => "",
    };
    let (first, rest) = install.command.split_once(" && ").unwrap_or((&install.command, ""));
    let asks = if install.method == InstallMethod::Pnpm { "CI=true " } else { "" };
    let mut text = format!("{asks}{first}{scope}");
    if !rest.is_empty() {
        let rest = match install.method {
            InstallMethod::Pnpm if subject.has("pnpm-workspace.yaml") => {
                rest.replace("pnpm add", "pnpm add --workspace-root")
            }
            InstallMethod::YarnClassic => rest.replace("yarn add", "yarn add --ignore-workspace-root-check"),
            _ => rest.to_owned(),
        };
        text = format!("{text} && {rest}");
    }
    text
}

/// Whether packages cannot be installed apart from the project's files.
fn needs_files(subject: &Subject<'_>, install: &Install) -> bool {
    let manifests = install.inputs.iter().filter(|input| input.ends_with("package.json"));
    let packages = manifests.filter_map(|path| serde_json::from_str::<Value>(&subject.text(path)?).ok());
    packages.into_iter().any(|package| {
        let has_script = INSTALL_SCRIPTS.iter().any(|script| package["scripts"].get(script).is_some());
        let kinds = ["dependencies", "devDependencies", "optionalDependencies"];
        let mut dependencies = kinds.iter().filter_map(|kind| package[kind].as_object()).flatten();
        has_script
            || dependencies.any(|(name, version)| {
                let is_local = |text: &str| LOCAL.iter().any(|start| text.starts_with(start));
                name == "@prisma/client" || version.as_str().is_some_and(is_local)
            })
    })
}

/// Adds Node to the recipe of another runtime, for the pages that its build makes.
pub(super) fn add_beside(subject: &Subject<'_>, recipe: &mut Recipe) {
    if !is_beside(subject) {
        return;
    }
    recipe.tools.splice(..0, beside(subject));
    for step in &mut recipe.build {
        if let Step::Run { caches, .. } = step {
            caches.push(NPM_CACHE.to_owned());
        }
    }
    if subject.plan.build.as_deref().is_some_and(|build| build.contains("(cd ")) {
        let at = recipe.build.iter().position(|step| matches!(step, Step::Run { .. }));
        recipe.build.insert(at.unwrap_or_default(), Step::Unlike("DL3003"));
    }
}

fn is_beside(subject: &Subject<'_>) -> bool {
    subject.plan.system_packages.iter().any(|package| package.name == "nodejs")
}

/// Node beside another runtime, for the pages that a project makes with it.
pub(super) fn beside(subject: &Subject<'_>) -> Vec<Step> {
    if !is_beside(subject) {
        return Vec::new();
    }
    let image = base::node(None).run;
    let mut steps = vec![
        Step::copy(&image, "/usr/local/bin/", "/usr/local/bin/"),
        Step::copy(&image, "/usr/local/lib/node_modules/", "/usr/local/lib/node_modules/"),
    ];
    let install = subject.plan.install.as_ref().map(|install| install.command.as_str());
    let commands = || install.into_iter().chain(subject.plan.build.as_deref());
    let calls = |program: &str| commands().any(|command| shell::mentions(command, program));
    for (program, version) in [("pnpm", "9"), ("bun", "1")] {
        if calls(program) {
            steps.push(global(program, version));
        }
    }
    if calls("yarn") {
        steps.push(Step::run(&[NPM_CACHE], "npm install --global --force yarn@1"));
    }
    steps
}
