//! Bun and Deno: runtimes that are one program each, which npm has as a package.

use std::path::PathBuf;

use build_plan::{Install, Phase, Runtime};
use platform_api::Failure;

use super::machine::missing;
use super::npm_tools::{self, Wanted};
use super::prepare::Build;
use super::step::internal;

/// Sees to it that there is a Bun, puts it on the `PATH`, and says which.
pub(super) async fn require(build: &mut Build<'_>) -> Result<String, Failure> {
    let program = program(build).await?;
    let version = npm_tools::ask(build, "bun", &program).await?;
    npm_tools::first_on_path(build, &program);
    let modules = build.job.source.join("node_modules/.bin");
    if !build.path_prefix.contains(&modules) {
        build.path_prefix.insert(0, modules);
    }
    build.runtime_env.insert("NODE_ENV".to_owned(), "production".to_owned());
    Ok(format!("Bun {version}"))
}

/// The Bun of this machine, or a fetched one.
pub(super) async fn program(build: &mut Build<'_>) -> Result<PathBuf, Failure> {
    let plan = &build.job.plan;
    let version = match (plan.runtime, &plan.package_manager) {
        (Runtime::Bun, _) => plan.version.clone(),
        (_, Some(manager)) if manager.name == "bun" => manager.version.clone(),
        _ => None,
    };
    let package = match std::env::consts::ARCH {
        "aarch64" => "@oven/bun-linux-aarch64",
        _ if has_avx2() => "@oven/bun-linux-x64",
        _ => "@oven/bun-linux-x64-baseline",
    };
    let wanted =
        Wanted { program: "bun", package, version: version.as_deref(), usual: "1", inside: Some("bin/bun") };
    let found = npm_tools::provide(build, wanted).await?;
    found.ok_or_else(|| missing("bun"))
}

/// Whether the processor has what the usual build of Bun needs.
fn has_avx2() -> bool {
    std::fs::read_to_string("/proc/cpuinfo").is_ok_and(|text| text.contains(" avx2"))
}

/// Sees to it that there is a Deno. What it downloads is kept with the project, from one release to the next.
pub(super) async fn require_deno(build: &mut Build<'_>) -> Result<PathBuf, Failure> {
    let version = build.job.plan.version.clone();
    let package = match std::env::consts::ARCH {
        "aarch64" => "@deno/linux-arm64-glibc",
        _ => "@deno/linux-x64-glibc",
    };
    let wanted =
        Wanted { program: "deno", package, version: version.as_deref(), usual: "2", inside: Some("deno") };
    let found = npm_tools::provide(build, wanted).await?;
    let program = found.ok_or_else(|| missing("deno"))?;
    npm_tools::first_on_path(build, &program);
    let cache = build.job.project_dir.join("deno");
    std::fs::create_dir_all(&cache).map_err(|error| internal(&error))?;
    for (name, value) in [
        ("DENO_DIR", cache.to_string_lossy().as_ref()),
        ("DENO_NO_UPDATE_CHECK", "1"),
        ("DENO_NO_PROMPT", "1"),
        ("DENO_TLS_CA_STORE", "mozilla,system"),
    ] {
        build.env.insert(name.to_owned(), value.to_owned());
    }
    Ok(program)
}

/// Downloads what a project of Deno imports.
pub(super) async fn install_deno(build: &mut Build<'_>, install: &Install) -> Result<(), Failure> {
    require_deno(build).await?;
    let mut step = build.shell(Phase::Install, &install.command);
    step.env.insert("NO_COLOR".to_owned(), "1".to_owned());
    build.run(step).await
}
