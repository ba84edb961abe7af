//! `backend-im deploy`: bring a folder live.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use platform_api::{Deployment, DeploymentId};
use platform_client::{DeployOptions, Deployed, Force, Target};

use super::board::Board;
use super::context::{Context, Work};
use super::error::Error;
use super::render::{self, Format};
use super::watch::{self, Output};
use super::{Json, text};

/// Bring a folder live and print its URL.
///
/// Reads the folder, sends what the platform lacks, builds, starts, checks and switches. The version that was live
/// keeps serving until the new one is healthy. stdout carries the URL alone; everything else goes to stderr. Ctrl-C
/// ends the watching, never the deployment.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im deploy
  backend-im deploy examples/fastapi-todo --message \"First version\"
  backend-im deploy --env LOG_LEVEL=debug --env WORKERS=2
  id=$(backend-im deploy --detach)
  backend-im deploy --json | jq .directUrl")]
pub(crate) struct Arguments {
    /// The folder
    #[arg(default_value = ".")]
    path: PathBuf,
    /// The project's name or id [default: `BACKEND_IM_PROJECT`, the configuration file's name, the folder's name]
    #[arg(long, short)]
    project: Option<String>,
    /// An environment variable for the app, kept for later deployments; never a secret
    #[arg(long, short, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Why; becomes the commit's message
    #[arg(long, short, value_name = "TEXT")]
    message: Option<String>,
    /// Refuse when the folder changed since `backend-im plan` showed this hash
    #[arg(long, value_name = "HASH")]
    plan: Option<String>,
    /// Deploy over changes on the platform that this folder has not seen
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    watching: Watching,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Whether a command waits for its deployment.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Watching {
    /// Wait until it is live or has failed; the default
    #[arg(long, conflicts_with = "detach")]
    watch: bool,
    /// Print the deployment's id as soon as it is accepted and do not wait
    #[arg(long, short)]
    detach: bool,
    /// Show every line that the build and the app print
    #[arg(long)]
    output: bool,
}

impl Watching {
    /// Whether to wait.
    pub(crate) const fn waits(self) -> bool {
        self.watch || !self.detach
    }

    /// How much output is shown meanwhile.
    pub(crate) const fn output(self) -> Output {
        if self.output { Output::All } else { Output::Newest }
    }
}

/// Runs the command.
///
/// # Errors
/// [`Error::Deployment`] when it did not go live, and whatever kept it from being accepted.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_in(&arguments.path)?;
    let board = Board::new(context.screen);
    let (watching, format) = (arguments.watching, arguments.json.format());
    let deployed = accept(&work, &board, arguments).await?;
    tell_accepted(&board, &deployed);
    let id = deployed.accepted.deployment_id;
    if !watching.waits() {
        board.clear();
        return tell_detached(id, format, &deployed);
    }
    let deployment = if deployed.accepted.unchanged {
        work.backend.status(&Target::Deployment(id), Duration::ZERO).await?
    } else {
        watch::to_the_end(&work.backend, id, &board, watching.output()).await?
    };
    board.clear();
    if deployed.accepted.unchanged && format == Format::Text {
        render::tell("unchanged: this very version is live already");
        return render::data(deployment.url.as_deref().unwrap_or_default());
    }
    let document = document(&deployed, Some(&deployment));
    watch::end(context.screen, format, &deployment, &document)
}

/// Hands the folder to the platform. Ctrl-C before it has answered leaves open whether it took it.
async fn accept(work: &Work, board: &Board, arguments: Arguments) -> Result<Deployed, Error> {
    let options = DeployOptions {
        path: arguments.path,
        project: arguments.project.or_else(|| work.settings.project.clone()),
        env: arguments.env.into_iter().collect::<BTreeMap<_, _>>(),
        message: arguments.message,
        plan_hash: arguments.plan,
        force: if arguments.force { Force::Yes } else { Force::No },
    };
    let progress = |progress| board.progress(&progress);
    tokio::select! {
        deployed = work.backend.deploy(options, &progress) => Ok(deployed?),
        interrupt = tokio::signal::ctrl_c() => {
            board.clear();
            interrupt.map_err(|error| Error::machine("cannot listen for Ctrl-C", error))?;
            render::tell("interrupted before the platform had answered; `backend-im status` says whether it began");
            Err(Error::Interrupted)
        }
    }
}

/// Tells what is being deployed and what is not.
fn tell_accepted(board: &Board, deployed: &Deployed) {
    let Deployed { accepted, upload, plan } = deployed;
    let paint = board.screen().paint;
    let name = accepted.project_id.name();
    board.line(&format!("{}  {}", paint.bold(name), text::plan_line(&plan.plan)));
    board.line(&format!("  {}", text::upload(upload)));
    if let Some(ignored) = text::ignored(&plan.ignored) {
        board.line(&format!("  {}", paint.dim(&ignored)));
    }
    for lacking in &plan.missing {
        board.line(&format!("  {}", text::missing(paint, lacking)));
    }
    for warning in &plan.plan.warnings {
        board.line(&format!("  warning: {}", super::clean::line(warning)));
    }
    board.line(&format!("  commit {}, deployment {}", accepted.commit_hash, accepted.deployment_id));
}

fn tell_detached(id: DeploymentId, format: Format, deployed: &Deployed) -> Result<(), Error> {
    if format == Format::Json {
        return render::json(&document(deployed, None));
    }
    render::tell(&format!("accepted; follow it with `backend-im status --watch {id}`"));
    render::data(&id.to_string())
}

/// What `GET /api/status/{id}` answers (with `--detach` what the deploy answered), and what only the client knows.
fn document(deployed: &Deployed, deployment: Option<&Deployment>) -> serde_json::Value {
    let Deployed { accepted, upload, plan } = deployed;
    let mut document = match deployment {
        Some(deployment) => serde_json::to_value(deployment),
        None => serde_json::to_value(accepted),
    }
    .expect("answers are plain data");
    document["unchanged"] = accepted.unchanged.into();
    document["upload"] = serde_json::json!({
        "files": upload.files,
        "bytes": upload.bytes,
        "sentFiles": upload.sent_files,
        "sentBytes": upload.sent_bytes,
    });
    document["ignored"] =
        plan.ignored.iter().map(|one| serde_json::json!({"path": one.path, "reason": one.reason})).collect();
    document
}

/// `NAME=VALUE`.
fn variable(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let is_name = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_name {
        Ok((name.to_owned(), value.to_owned()))
    } else {
        Err("a name has letters, digits and underscores, and starts with no digit".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::variable;

    #[test]
    fn variables_are_names_with_values() {
        assert_eq!(variable("A_1=x=y"), Ok(("A_1".to_owned(), "x=y".to_owned())));
        assert_eq!(variable("EMPTY="), Ok(("EMPTY".to_owned(), String::new())));
        for bad in ["A", "=x", "1A=x", "A-B=x", "A B=x"] {
            assert!(variable(bad).is_err(), "{bad}");
        }
    }
}
