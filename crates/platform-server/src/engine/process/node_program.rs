//! The Node on which a project is built and runs: this machine's where it fits, or a fetched one.

use std::path::Path;

use build_plan::Runtime;
use platform_api::Failure;

use super::node_needs::{self, Kinds};
use super::npm_tools::{self, Wanted};
use super::prepare::Build;
use super::step::internal;
use super::tools::missing;
use super::{blocking, node_version};

/// Prints what decides whether installed packages fit, compiled ones included.
const IDENTIFY: &str = "process.version + ' ' + process.versions.modules + ' ' + process.arch";

/// Sees to it that there is a Node, in the version that the project or its packages ask for where that can be had, and
/// says which.
pub(super) async fn require(build: &mut Build<'_>) -> Result<String, Failure> {
    let hint = "install Node.js 20 or newer, npm included";
    let own = build.engine.env.which("node").ok_or_else(|| missing("node", hint))?;
    let identity = build.engine.tools.ask(&own, &["-p", IDENTIFY], &build.engine.env).await?;
    let found = version(&identity).to_owned();
    let better = match wish(build).filter(|wanted| !npm_tools::fits(&found, wanted)) {
        Some(wanted) => {
            let reason = format!("the project asks for Node {wanted}");
            fetched(build, &wanted, &reason, &found).await?
        }
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
    let wish = wish(build).map(|wish| node_version::range(&wish));
    let Some(line) = node_needs::line(&needs, wish.as_deref()) else { return Ok(None) };
    fetched(build, line, &format!("`{}` runs on Node {}", unmet.package, unmet.range), &found).await
}

/// What the plan's version is about: Bun has one of its own.
fn wish(build: &Build<'_>) -> Option<String> {
    build.job.plan.version.clone().filter(|_| build.job.plan.runtime != Runtime::Bun)
}

/// The version in what `IDENTIFY` prints.
fn version(identity: &str) -> &str {
    identity.split(' ').find(|word| word.starts_with('v')).unwrap_or_default()
}

/// Fetches a Node. Where that cannot be had, the one at hand is used, and that is said.
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
        && let Ok(identity) = build.engine.tools.ask(&program, &["-p", IDENTIFY], &build.engine.env).await
    {
        npm_tools::first_on_path(build, &program);
        build.note(format!("{reason}: using {}, not {found}", version(&identity)));
        return Ok(Some(identity));
    }
    build.note(format!("{reason}, which cannot be had: using {found}"));
    Ok(None)
}
