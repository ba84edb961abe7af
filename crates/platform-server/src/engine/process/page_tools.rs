//! The package managers of JavaScript with which a project of another runtime makes its pages: a site of Hugo, an app of
//! Rails. They are fetched where this machine has none, as for a project of Node.

use std::path::{Path, PathBuf};

use build_plan::toolchain::needs;
use platform_api::Failure;

use super::bun;
use super::machine::missing;
use super::npm_tools::{self, Wanted};
use super::prepare::Build;

/// Puts those that the plan's commands start on the `PATH`.
pub(super) async fn provide(build: &mut Build<'_>) -> Result<(), Failure> {
    for need in needs(&build.job.plan) {
        let program = match need.name.as_str() {
            "bun" => bun::program(build).await?,
            "pnpm" => manager(build, "pnpm").await?,
            "yarn" => manager(build, "yarn").await?,
            _ => continue,
        };
        npm_tools::first_on_path(build, &program);
    }
    Ok(())
}

async fn manager(build: &mut Build<'_>, program: &'static str) -> Result<PathBuf, Failure> {
    let source = build.job.source.clone();
    let version = version(&source, program);
    let (package, usual) = match program {
        "pnpm" => ("pnpm", "9"),
        // From its second version on, Yarn is another package.
        _ if is_modern(&source, version.as_deref()) => ("@yarnpkg/cli-dist", "4"),
        _ => ("yarn", "1"),
    };
    let wanted = Wanted { program, package, version: version.as_deref(), usual, inside: None };
    npm_tools::provide(build, wanted).await?.ok_or_else(|| missing(program))
}

/// Whether it is Yarn 2 or later that is meant: where no version is named, the lock tells.
fn is_modern(source: &Path, version: Option<&str>) -> bool {
    let lock = || std::fs::read_to_string(source.join("yarn.lock"));
    version.map_or_else(
        || lock().is_ok_and(|lock| lock.contains("\n__metadata:")),
        |version| !version.starts_with("1."),
    )
}

/// The version that package.json asks for: `9.1.0` of `"packageManager": "pnpm@9.1.0+sha512.…"`.
fn version(source: &Path, program: &str) -> Option<String> {
    let text = std::fs::read(source.join("package.json")).ok()?;
    let root: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let version = root.get("packageManager")?.as_str()?.strip_prefix(program)?.strip_prefix('@')?;
    version.split('+').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_program_that_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let of = |text: &str, program: &str| {
            std::fs::write(folder.path().join("package.json"), text).unwrap();
            version(folder.path(), program)
        };
        let pnpm = r#"{"packageManager": "pnpm@9.1.0+sha512.ab"}"#;
        assert_eq!(of(pnpm, "pnpm").as_deref(), Some("9.1.0"));
        assert_eq!(of(pnpm, "yarn"), None);
        assert_eq!(of("{}", "pnpm"), None);
        assert_eq!(of("[", "pnpm"), None);
    }

    #[test]
    fn the_lock_tells_which_yarn_wrote_it() {
        let folder = tempfile::tempdir().unwrap();
        let of = |lock: &str, version| {
            std::fs::write(folder.path().join("yarn.lock"), lock).unwrap();
            is_modern(folder.path(), version)
        };
        let modern = "# generated\n\n__metadata:\n  version: 8\n";
        assert!(of(modern, None) && of("", Some("4.1.0")));
        assert!(!of("# yarn lockfile v1\n", None) && !of(modern, Some("1.22.22")));
    }
}
