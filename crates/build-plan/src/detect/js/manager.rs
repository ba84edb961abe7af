//! Which package manager installs, at which version, and how it runs what it installed.
//!
//! `packageManager` decides, then the lock files, then `engines`. Two lock files are said, because only one can be right.

use super::manifest::PackageJson;
use crate::draft::Draft;
use crate::project::Project;
use crate::{Install, InstallMethod, PlanError, shell};

/// A package manager of JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manager {
    Npm,
    Pnpm,
    YarnClassic,
    YarnBerry,
    Bun,
}

/// Lock files in the order in which they decide.
const LOCKS: &[(&str, &str)] = &[
    ("pnpm-lock.yaml", "pnpm"),
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
];

/// Files that decide what gets installed, beside the manifest and the lock.
const INPUTS: &[&str] =
    &[".npmrc", ".yarnrc.yml", ".yarnrc", "pnpm-workspace.yaml", ".pnpmfile.cjs", "bunfig.toml"];

/// Keys of pnpm-workspace.yaml that only pnpm 10 and later read.
const PNPM_10_KEYS: &[&str] =
    &["onlyBuiltDependencies:", "ignoredBuiltDependencies:", "allowBuilds:", "overrides:"];

/// The manager that was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) manager: Manager,
    /// The version that the project asks for, or that wrote its lock file.
    pub(crate) version: Option<String>,
    source: String,
    lock: Option<&'static str>,
    /// Whether packages stay in archives, without `node_modules`: then only Yarn itself can start anything.
    is_pnp: bool,
    warnings: Vec<String>,
}

/// Chooses the package manager.
///
/// # Errors
/// [`PlanError::Unreadable`] when a file that decides cannot be read.
pub(crate) fn choose(project: &Project<'_>, package: &PackageJson) -> Result<Chosen, PlanError> {
    let locks: Vec<(&'static str, &str)> =
        LOCKS.iter().copied().filter(|(file, _)| project.has(file)).collect();
    let asked = package.package_manager.as_deref().map(|text| text.split_once('@').unwrap_or((text, "")));
    let known = asked.filter(|(name, _)| ["npm", "pnpm", "yarn", "bun"].contains(name));
    let by_engine = || ["pnpm", "yarn", "bun"].into_iter().find(|name| package.engines.contains_key(*name));
    // Bun's own template leaves its lock to be ignored by Git.
    let of_bun = || ["@types/bun", "bun-types"].into_iter().find(|types| package.uses(types));
    let (name, source) = match (known, locks.first()) {
        (Some((name, _)), _) => (name, "package.json: packageManager".to_owned()),
        (None, _) if project.has(".yarnrc.yml") && !locks.iter().any(|(_, name)| *name == "pnpm") => {
            ("yarn", ".yarnrc.yml".to_owned())
        }
        (None, Some((file, name))) => (*name, (*file).to_owned()),
        (None, None) if project.has("pnpm-workspace.yaml") => ("pnpm", "pnpm-workspace.yaml".to_owned()),
        (None, None) => match (by_engine(), of_bun()) {
            (Some(name), _) => (name, format!("package.json: engines.{name}")),
            (None, Some(types)) => ("bun", format!("package.json: {types}")),
            (None, None) => ("npm", "package.json".to_owned()),
        },
    };
    let lock = locks.iter().find(|(_, owner)| *owner == name).map(|(file, _)| *file);
    let exact = known.map(|(_, version)| version.to_owned()).filter(|version| !version.is_empty());
    let version = match exact {
        Some(version) => Some(version),
        None => version_of(project, package, name, lock)?,
    };
    let manager = match name {
        "pnpm" => Manager::Pnpm,
        "bun" => Manager::Bun,
        "yarn" if version.as_deref().is_some_and(is_classic) => Manager::YarnClassic,
        "yarn" => Manager::YarnBerry,
        _ => Manager::Npm,
    };
    let is_pnp = manager == Manager::YarnBerry && is_plug_and_play(project)?;
    let warnings = warnings(&locks, name, lock);
    Ok(Chosen { manager, version, source, lock, is_pnp, warnings })
}

/// Whether this is a version of Yarn 1.
fn is_classic(version: &str) -> bool {
    let digits = version.trim_start_matches(|c: char| !c.is_ascii_digit());
    digits.split(['.', ' ']).next() == Some("1")
}

fn warnings(locks: &[(&str, &str)], name: &str, lock: Option<&str>) -> Vec<String> {
    let mut warnings = Vec::new();
    let others: Vec<&str> = locks.iter().filter(|(_, owner)| *owner != name).map(|(file, _)| *file).collect();
    if !others.is_empty() {
        let of = lock.map_or_else(|| format!("{name} installs"), |lock| format!("{lock} decides"));
        warnings.push(format!("{of}, and {} is not used; keep only one lock file", others.join(", ")));
    }
    if lock.is_none() {
        let writes = LOCKS.iter().find(|(_, owner)| *owner == name).map_or("", |(file, _)| *file);
        let writes = if name == "npm" { "package-lock.json" } else { writes };
        warnings.push(format!(
            "there is no {writes}, so every install may bring other versions; `{name} install` writes one"
        ));
    }
    warnings
}

/// The version that `engines` asks for, or that wrote the lock file.
fn version_of(
    project: &Project<'_>,
    package: &PackageJson,
    name: &str,
    lock: Option<&str>,
) -> Result<Option<String>, PlanError> {
    let wish = package.volta.get(name).or_else(|| package.engines.get(name)).cloned();
    match (name, lock) {
        ("pnpm", Some(lock)) => Ok(wish.or(pnpm_of(project, lock)?)),
        ("yarn", _) => Ok(yarn_release(project).or(yarn_of(project, lock)?)),
        _ => Ok(wish),
    }
}

/// pnpm writes the format of its lock at the top.
fn pnpm_of(project: &Project<'_>, lock: &str) -> Result<Option<String>, PlanError> {
    let text = project.lock(lock)?.unwrap_or_default();
    let format = text.lines().take(5).find_map(|line| line.strip_prefix("lockfileVersion:"));
    let format = format.map(|format| format.trim().trim_matches(['\'', '"']));
    let settings = project.manifest("pnpm-workspace.yaml")?.unwrap_or_default();
    let is_10 = PNPM_10_KEYS.iter().any(|key| settings.lines().any(|line| line.starts_with(key)));
    Ok(match format.and_then(|format| format.split('.').next()) {
        Some("5") => Some("7".to_owned()),
        Some("6") => Some("8".to_owned()),
        Some("9") if is_10 => Some("10".to_owned()),
        Some("9") => Some("9".to_owned()),
        _ => None,
    })
}

/// The Yarn that lies in the project itself.
fn yarn_release(project: &Project<'_>) -> Option<String> {
    let mut releases = project.listing().under(".yarn/releases");
    releases.find_map(|file| {
        let name = file.path.rsplit('/').next()?;
        Some(name.strip_prefix("yarn-")?.trim_end_matches(".cjs").trim_end_matches(".js").to_owned())
    })
}

/// Yarn 1 and the later ones write different locks.
fn yarn_of(project: &Project<'_>, lock: Option<&str>) -> Result<Option<String>, PlanError> {
    let text = match lock {
        Some(lock) => project.lock(lock)?.unwrap_or_default(),
        None => "".into(),
    };
    let format = text.lines().take(12).find_map(|line| line.trim().strip_prefix("version: "));
    let is_berry = text.lines().take(12).any(|line| line.starts_with("__metadata:"));
    Ok(match (is_berry, format) {
        (true, Some("4" | "5")) => Some("2".to_owned()),
        (true, Some("6" | "7")) => Some("3".to_owned()),
        (true, _) => Some("4".to_owned()),
        (false, _) if project.has(".yarnrc.yml") => Some("4".to_owned()),
        (false, _) => Some("1".to_owned()),
    })
}

fn is_plug_and_play(project: &Project<'_>) -> Result<bool, PlanError> {
    let settings = project.manifest(".yarnrc.yml")?.unwrap_or_default();
    let linker = settings.lines().find_map(|line| line.strip_prefix("nodeLinker:"));
    Ok(linker.is_none_or(|linker| linker.trim().trim_matches(['"', '\'']) == "pnp"))
}

impl Manager {
    /// Its name, as on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Pnpm => "pnpm",
            Self::YarnClassic | Self::YarnBerry => "yarn",
            Self::Bun => "bun",
        }
    }

    /// The option that installs `devDependencies` too, where that needs one.
    pub(crate) fn with_tools(self) -> Option<&'static str> {
        match self {
            Self::Npm => Some("--include=dev"),
            Self::Pnpm => Some("--prod=false"),
            Self::YarnClassic => Some("--production=false"),
            Self::YarnBerry | Self::Bun => None,
        }
    }
}

impl Chosen {
    /// Whether a lock file belongs to it.
    pub(crate) fn has_lock(&self) -> bool {
        self.lock.is_some()
    }

    /// The command that runs a script of package.json.
    pub(crate) fn run(&self, script: &str) -> String {
        let script = shell::word(script);
        match self.manager {
            Manager::Npm if script == "start" => "npm start".to_owned(),
            manager => format!("{} run {script}", manager.name()),
        }
    }

    /// The command that runs a script of a member of the workspace.
    pub(crate) fn run_in(&self, folder: &str, name: Option<&str>, script: &str) -> String {
        let (folder, script) = (shell::word(folder), shell::word(script));
        match (self.manager, name) {
            (Manager::Npm, _) => format!("npm run {script} --workspace={folder}"),
            (Manager::Pnpm, _) => format!("pnpm --filter ./{folder} run {script}"),
            (Manager::YarnClassic | Manager::YarnBerry, Some(name)) => {
                format!("yarn workspace {} run {script}", shell::word(name))
            }
            (manager, _) => format!("(cd {folder} && {} run {script})", manager.name()),
        }
    }

    /// The command with programs of installed packages where they are found.
    pub(crate) fn exec(&self, command: &str) -> String {
        if self.is_pnp { format!("yarn {command}") } else { command.to_owned() }
    }

    /// Adds the installation to the draft. `members` are the manifests of a workspace's members.
    pub(crate) fn install(
        &self,
        project: &Project<'_>,
        members: &[String],
        draft: &mut Draft,
        extra: Vec<String>,
    ) {
        let (method, command) = self.command();
        draft.set_package_manager(self.manager.name(), self.version.clone(), self.source.clone());
        draft.warnings.extend(self.warnings.iter().cloned());
        let patches =
            ["patches", ".yarn/patches"].into_iter().flat_map(|folder| project.listing().under(folder));
        let inputs = ["package.json"]
            .into_iter()
            .chain(self.lock)
            .chain(INPUTS.iter().copied().filter(|file| project.has(file)))
            .chain(members.iter().map(String::as_str))
            .chain(patches.map(|file| file.path.as_str()));
        let inputs: Vec<String> = inputs.map(str::to_owned).collect();
        let shown = if extra.is_empty() { command } else { format!("{command} && {}", self.add(&extra)) };
        draft.installed.push(if self.is_pnp { ".yarn".to_owned() } else { "node_modules".to_owned() });
        draft.set_install(Install { method, command: shown, inputs, extra, options: Vec::new() });
    }

    fn command(&self) -> (InstallMethod, String) {
        let is_locked = self.lock.is_some();
        let (method, locked, free) = match self.manager {
            Manager::Npm if is_locked => (InstallMethod::NpmCi, "npm ci", ""),
            Manager::Npm => (InstallMethod::NpmInstall, "", "npm install"),
            Manager::Pnpm => (InstallMethod::Pnpm, "pnpm install --frozen-lockfile", "pnpm install"),
            Manager::YarnClassic => {
                (InstallMethod::YarnClassic, "yarn install --frozen-lockfile", "yarn install")
            }
            Manager::YarnBerry => (InstallMethod::YarnBerry, "yarn install --immutable", "yarn install"),
            Manager::Bun => (InstallMethod::Bun, "bun install --frozen-lockfile", "bun install"),
        };
        (method, if is_locked { locked } else { free }.to_owned())
    }

    /// The command that adds packages without changing the project.
    fn add(&self, extra: &[String]) -> String {
        let packages = extra.join(" ");
        match self.manager {
            Manager::Npm => format!("npm install --no-save {packages}"),
            Manager::Pnpm => format!("pnpm add {packages}"),
            Manager::YarnClassic | Manager::YarnBerry => format!("yarn add {packages}"),
            Manager::Bun => format!("bun add --no-save {packages}"),
        }
    }
}
