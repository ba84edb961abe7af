//! Programs that npm has as ordinary packages: other versions of Node, package managers, Bun, Deno. Each is fetched once
//! into a folder of its own; npm verifies its checksum, and no script of it is run.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use build_plan::Phase;
use build_plan::toolchain::{Dialect, Range, find_program, in_registry_words};
use platform_api::Failure;

use super::layers::LayerKey;
use super::machine::missing;
use super::prepare::Build;
use super::step::{Whose, internal};

/// A program that a project wants.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The program's name on the `PATH`.
    pub(super) program: &'static str,
    /// The package that has it.
    pub(super) package: &'a str,
    /// The version in the project's own words; nothing: any.
    pub(super) version: Option<&'a str>,
    /// The line that is fetched where the project asks for none.
    pub(super) usual: &'static str,
    /// Where the program lies below the package's own folder; nothing where npm links it.
    pub(super) inside: Option<&'static str>,
}

/// The program of this machine, where it fits, or the fetched one; `None` when it can be had neither way.
pub(super) async fn provide(build: &mut Build<'_>, wanted: Wanted<'_>) -> Result<Option<PathBuf>, Failure> {
    if let Some(own) = of_machine(build, wanted).await {
        return Ok(Some(own));
    }
    fetch(build, wanted).await
}

/// The machine's own program, unless the project asks for another version.
async fn of_machine(build: &Build<'_>, wanted: Wanted<'_>) -> Option<PathBuf> {
    let engine = build.engine;
    let path = engine.env.which(wanted.program)?;
    let Some(version) = wanted.version else { return Some(path) };
    let program = find_program(wanted.program)?;
    let said = engine.tools.ask(&path, program, &engine.env).await.ok()?;
    let range = Range::parse(version, Dialect::Npm);
    program.versions(&said).iter().any(|found| range.allows(found)).then_some(path)
}

/// What one of these programs says of itself.
pub(super) async fn ask(build: &Build<'_>, name: &str, path: &Path) -> Result<String, Failure> {
    let program = find_program(name).ok_or_else(|| missing(name))?;
    build.engine.tools.ask(path, program, &build.engine.env).await
}

/// Fetches the package into a folder that all projects share.
pub(super) async fn fetch(build: &mut Build<'_>, wanted: Wanted<'_>) -> Result<Option<PathBuf>, Failure> {
    let Some(npm) = build.engine.env.which("npm") else { return Ok(None) };
    let version = wanted.version.map(in_registry_words).filter(|version| is_plain(version));
    let version = version.unwrap_or_else(|| wanted.usual.to_owned());
    let spec = format!("{}@{version}", wanted.package);
    let mut key = LayerKey::new("npm tool");
    key.add("package", spec.as_bytes());
    let place = build.take_tool(key).await?;
    let modules = place.path.join("node_modules");
    let program = match wanted.inside {
        Some(inside) => modules.join(wanted.package).join(inside),
        None => modules.join(".bin").join(wanted.program),
    };
    if place.is_complete() && program.exists() {
        return Ok(Some(program));
    }
    build.note(format!(
        "{} is not on this machine in the wanted version: fetching {spec}, once",
        wanted.program
    ));
    place.begin().await.map_err(|error| internal(&error))?;
    let (npm, target) = (npm.to_string_lossy().into_owned(), place.path.to_string_lossy().into_owned());
    let options = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    let argv = [&[npm.as_str(), "install", "--prefix", &target], &options[..], &[&spec]].concat();
    let mut step = build.program(Phase::Install, &format!("npm install {spec}"), &argv);
    // Not in the project's folder and not with its variables: all projects get what comes of this.
    step.dir.clone_from(&place.path);
    step.whose = Whose::Platform;
    if build.attempt(step).await? && program.exists() {
        place.complete().map_err(|error| internal(&error))?;
        return Ok(Some(program));
    }
    build.note(format!("{spec} could not be fetched"));
    Ok(None)
}

/// Whether this is a version or a range, and not an address that npm would fetch from.
fn is_plain(version: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || " .<>=^~|*+-".contains(c);
    version.len() <= 64
        && version.chars().all(is_part)
        && version.starts_with(|c: char| c.is_ascii_digit() || "<>=^~*".contains(c))
}

/// The part of a package's name that says for which machine it is, in the words of Node.
pub(super) fn machine() -> &'static str {
    match std::env::consts::ARCH {
        "aarch64" => "arm64",
        _ => "x64",
    }
}

/// Puts the program's folder before all others. The machine's own programs are found without that, and their folder has
/// others in it that would hide what was fetched.
pub(super) fn first_on_path(build: &mut Build<'_>, program: &Path) {
    let is_own = program.file_name().and_then(OsStr::to_str).and_then(|name| build.engine.env.which(name));
    if is_own.as_deref() != Some(program)
        && let Some(folder) = program.parent()
    {
        build.path_prefix.retain(|known| known != folder);
        build.path_prefix.insert(0, folder.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_are_asked_of_the_registry() {
        for version in ["9", "9.15.0", ">=18 <23", "^20 || 22.x", "1.0.0-rc.1"] {
            assert!(is_plain(version), "{version}");
        }
        for address in ["https://x/y.tgz", "file:../x", "npm:other@1", "latest", "../x", ""] {
            assert!(!is_plain(address), "{address}");
        }
    }
}
