//! Rust: `cargo build` in a folder that stays with the project, so that a one-line change compiles one crate.

use std::io;
use std::path::{Path, PathBuf};

use build_plan::Phase;
use platform_api::{Code, Failure};

use super::blocking;
use super::environment::is_executable;
use super::prepare::Build;
use super::step::{Step, internal};
use super::sync::sync_folder;

/// Where a release keeps its programs.
const PROGRAMS: &str = ".backend-im/bin";

/// Builds the project and copies its programs into the release.
pub(super) async fn build(build: &mut Build<'_>, text: Option<&str>) -> Result<(), Failure> {
    // One build of a project at a time in its folder, whoever asks.
    let _held = build.hold(&format!("cargo of {}", build.job.project)).await?;
    let (source, folder) = (build.job.source.clone(), source_folder(build));
    blocking(move || sync_folder(&source, &folder)).await.map_err(|error| internal(&error))?;
    let default = if build.job.source.join("Cargo.lock").exists() {
        "cargo build --release --locked"
    } else {
        "cargo build --release"
    };
    let mut step = build.shell(Phase::Build, text.unwrap_or(default));
    place(build, &mut step);
    build.note("building in the project's own folder: what is unchanged since the last build is reused");
    build.run(step).await?;
    let (from, programs) = (target_folder(build).join("release"), build.job.source.join(PROGRAMS));
    build.path_prefix.insert(0, programs.clone());
    let root = build.job.source.clone();
    let copied = blocking(move || {
        link_usual_place(&root)?;
        copy_programs(&from, &programs)
    });
    if copied.await.map_err(|error| internal(&error))? == 0 {
        return Err(Failure::new(Code::BUILD_FAILED, "the build made no program in `target/release`").hint(
            "build with `cargo build --release`; it needs a binary: src/main.rs, or [[bin]] in Cargo.toml",
        ));
    }
    Ok(())
}

/// Start commands that people wrote look for programs where cargo usually leaves them.
fn link_usual_place(root: &Path) -> io::Result<()> {
    let target = root.join("target");
    std::fs::create_dir_all(&target)?;
    match std::os::unix::fs::symlink(Path::new("..").join(PROGRAMS), target.join("release")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Makes `step` run where the project is built.
pub(super) fn place(build: &Build<'_>, step: &mut Step) {
    step.dir = source_folder(build);
    let target = target_folder(build).to_string_lossy().into_owned();
    step.env.insert("CARGO_TARGET_DIR".to_owned(), target);
    step.env.insert("CARGO_TERM_PROGRESS_WHEN".to_owned(), "never".to_owned());
}

fn source_folder(build: &Build<'_>) -> PathBuf {
    build.job.project_dir.join("cargo/source")
}

fn target_folder(build: &Build<'_>) -> PathBuf {
    build.job.project_dir.join("cargo/target")
}

/// Copies every program; how many there were.
fn copy_programs(from: &Path, into: &Path) -> io::Result<usize> {
    std::fs::create_dir_all(into)?;
    let mut copied = 0;
    let entries = match std::fs::read_dir(from) {
        Ok(entries) => entries,
        // The project's own build command made none of this profile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        // Libraries are executable files too, but have an ending.
        if path.extension().is_none() && is_executable(&path) {
            std::fs::copy(&path, into.join(entry.file_name()))?;
            copied += 1;
        }
    }
    Ok(copied)
}
