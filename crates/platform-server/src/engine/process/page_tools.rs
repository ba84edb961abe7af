//! The package managers of JavaScript with which a project of another runtime makes its pages: a site of Hugo, an app of
//! Rails. They are fetched where this machine has none, as for a project of Node.

use std::path::{Path, PathBuf};

use build_plan::Runtime;
use platform_api::Failure;

use super::bun;
use super::npm_tools::{self, Wanted};
use super::prepare::Build;

/// Puts those that the plan's commands name on the `PATH`. JavaScript's own runtimes bring theirs.
pub(super) async fn provide(build: &mut Build<'_>) -> Result<(), Failure> {
    let plan = &build.job.plan;
    if matches!(plan.runtime, Runtime::Node | Runtime::Bun | Runtime::Deno) {
        return Ok(());
    }
    let install = plan.install.as_ref().map(|install| &install.command);
    let texts = [&plan.build, &plan.test, &plan.release, &plan.start].into_iter().flatten().chain(install);
    let words: Vec<&str> = texts.flat_map(|text| text.split(|c: char| !is_of_word(c))).collect();
    let folders: Vec<PathBuf> = folders(&words).map(|folder| build.job.source.join(folder)).collect();
    for name in ["pnpm", "yarn"].into_iter().filter(|name| words.contains(name)) {
        if let Some(program) = manager(build, name, &folders).await? {
            npm_tools::first_on_path(build, &program);
        }
    }
    if words.contains(&"bun") {
        let program = bun::program(build).await?;
        npm_tools::first_on_path(build, &program);
    }
    Ok(())
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || "_-./@".contains(c)
}

/// The folders in which commands are run: the project's own, and those that they enter.
fn folders<'w>(words: &[&'w str]) -> impl Iterator<Item = &'w str> {
    let entered = words.windows(2).filter(|pair| pair[0] == "cd").map(|pair| pair[1]);
    std::iter::once("").chain(entered.collect::<Vec<_>>())
}

async fn manager(
    build: &mut Build<'_>,
    program: &'static str,
    folders: &[PathBuf],
) -> Result<Option<PathBuf>, Failure> {
    let version = folders.iter().find_map(|folder| version(folder, program));
    let version = version.as_deref();
    let (package, usual) = match program {
        "pnpm" => ("pnpm", "9"),
        // From its second version on, Yarn is another package.
        _ if folders.iter().any(|folder| is_modern(folder, version)) => ("@yarnpkg/cli-dist", "4"),
        _ => ("yarn", "1"),
    };
    npm_tools::provide(build, Wanted { program, package, version, usual, inside: None }).await
}

/// Whether it is Yarn 2 or later that is meant: where no version is named, the lock tells.
fn is_modern(folder: &Path, version: Option<&str>) -> bool {
    let lock = || std::fs::read_to_string(folder.join("yarn.lock"));
    version.map_or_else(
        || lock().is_ok_and(|lock| lock.contains("\n__metadata:")),
        |version| !version.starts_with("1."),
    )
}

/// The version that package.json asks for: `9.1.0` of `"packageManager": "pnpm@9.1.0+sha512.…"`.
fn version(folder: &Path, program: &str) -> Option<String> {
    let text = std::fs::read(folder.join("package.json")).ok()?;
    let root: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let version = root.get("packageManager")?.as_str()?.strip_prefix(program)?.strip_prefix('@')?;
    version.split('+').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_run_in_the_folders_that_they_enter() {
        let words = ["cd", "../web", "pnpm", "install", "cd", "api"];
        assert_eq!(folders(&words).collect::<Vec<_>>(), ["", "../web", "api"]);
    }

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
