//! The Node on which a project is built and runs: this machine's where it fits, or a fetched one.

use std::path::Path;

use build_plan::Runtime;
use build_plan::toolchain::{Dialect, Range};
use platform_api::Failure;

use super::blocking;
use super::machine::{missing, unless_it_does};
use super::node_needs::{self, Kinds};
use super::npm_tools::{self, Wanted};
use super::prepare::Build;
use super::step::internal;

/// Sees to it that there is a Node, in the version that the project or its packages ask for where that can be had, and
/// says which.
pub(super) async fn require(build: &mut Build<'_>) -> Result<String, Failure> {
    let own = build.engine.env.which("node").ok_or_else(|| missing("node"))?;
    let identity = npm_tools::ask(build, "node", &own).await?;
    let found = version(&identity).to_owned();
    let better = match wish(build).filter(|wanted| !Range::parse(wanted, Dialect::Npm).allows(&found)) {
        Some(wanted) => wished_for(build, &wanted, &found).await?,
        None => reconsider(build, &build.job.source.clone(), &identity).await?,
    };
    build.path_prefix.insert(0, build.job.source.join("node_modules/.bin"));
    build.runtime_env.insert("NODE_ENV".to_owned(), "production".to_owned());
    Ok(better.unwrap_or(identity))
}

/// Fetches another Node when packages that are installed below `root`, or locked there, do not run on this one. What
/// the project itself asks for goes first.
pub(super) async fn reconsider(
    build: &mut Build<'_>,
    root: &Path,
    identity: &str,
) -> Result<Option<String>, Failure> {
    if build.job.plan.runtime == Runtime::Bun {
        return Ok(None);
    }
    let plan = &build.job.plan;
    let kinds = if plan.build.is_some() || plan.test.is_some() { Kinds::All } else { Kinds::Runtime };
    let manifests = plan.install.as_ref().map(|install| install.inputs.clone()).unwrap_or_default();
    let root = root.to_owned();
    let needs = blocking(move || Ok(node_needs::read(&root, &manifests, kinds))).await;
    let needs = needs.map_err(|error| internal(&error))?;
    let found = version(identity).to_owned();
    let Some(unmet) = needs.iter().find(|need| !need.is_met_by(&found)) else { return Ok(None) };
    let Some(line) = node_needs::line(&needs, wish(build).as_deref()) else { return Ok(None) };
    let reason = format!("`{}` runs on Node {}", unmet.package, unmet.range);
    let better = fetched(build, line, &reason, &found).await?;
    if better.is_none() {
        build.note(format!("{reason}, which cannot be had: using {found}"));
    }
    Ok(better)
}

/// Fetches the Node that the project asks for. Where that cannot be had, the machine's own is used unless it is too old,
/// and that is said.
async fn wished_for(build: &mut Build<'_>, wanted: &str, found: &str) -> Result<Option<String>, Failure> {
    let reason = format!("the project asks for Node {wanted}");
    if let Some(identity) = fetched(build, wanted, &reason, found).await? {
        return Ok(Some(identity));
    }
    let engine = build.engine;
    for warning in unless_it_does(&build.job.plan, "node", &engine.env, &engine.tools.answers).await? {
        build.note(warning);
    }
    Ok(None)
}

/// What the plan's version is about: Bun has one of its own.
fn wish(build: &Build<'_>) -> Option<String> {
    build.job.plan.version.clone().filter(|_| build.job.plan.runtime != Runtime::Bun)
}

/// The version in what Node says of itself.
fn version(identity: &str) -> &str {
    identity.split(' ').find(|word| word.starts_with('v')).unwrap_or_default()
}

/// Fetches a Node; nothing where that cannot be had.
async fn fetched(
    build: &mut Build<'_>,
    wanted: &str,
    reason: &str,
    found: &str,
) -> Result<Option<String>, Failure> {
    let package = format!("node-linux-{}", npm_tools::machine());
    let node = Wanted {
        program: "node",
        package: &package,
        version: Some(wanted),
        usual: "22",
        inside: Some("bin/node"),
    };
    if let Some(program) = npm_tools::fetch(build, node).await?
        && let Ok(identity) = npm_tools::ask(build, "node", &program).await
    {
        npm_tools::first_on_path(build, &program);
        build.note(format!("{reason}: using {}, not {found}", version(&identity)));
        return Ok(Some(identity));
    }
    Ok(None)
}
