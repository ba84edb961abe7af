//! The use case behind the tool and the command: a folder becomes a deployment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use build_plan::toolchain::{Need, Shortfall, digest, needs};
use platform_api::{Code, DeployRequest, DeploymentAccepted, ProjectId};

use crate::backend::blocking;
use crate::baseline::Baseline;
use crate::client::fresh_key;
use crate::identity::{self, Identity, Named};
use crate::links::{Link, Links};
use crate::upload::{Upload, UploadReport};
use crate::workspace::Snapshot;
use crate::{Backend, Client, ClientError, PlanReport, toolchain};

/// What to deploy and how.
#[derive(Debug, Clone, Default)]
pub struct DeployOptions {
    /// The project's folder.
    pub path: PathBuf,
    /// The project by name or id, where it is not the folder's own; links the folder to it.
    pub project: Option<String>,
    /// Environment variables, kept for this and later deployments. Never secrets: what looks like one is refused.
    pub env: BTreeMap<String, String>,
    /// Why; becomes the commit's message.
    pub message: Option<String>,
    /// Refuse when the inputs changed since the plan of this hash.
    pub plan_hash: Option<String>,
    /// Whether to go over changes on the platform that the folder has not seen.
    pub force: Force,
}

/// Whether to go over changes on the platform that the folder has not seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Force {
    /// Refuse, naming them.
    #[default]
    No,
    /// Deploy; they stay in the project's history.
    Yes,
}

/// How far a deploy is before the platform has accepted it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The folder is being read.
    Reading,
    /// It was read and planned; the platform is being found, or started.
    Planned,
    /// Contents that the platform lacks are on their way.
    Uploading {
        /// How many bytes were packed so far.
        sent_bytes: u64,
        /// How many there are.
        total_bytes: u64,
    },
    /// The platform is asked for the deployment.
    Creating,
}

/// A deploy that the platform has accepted and will carry out, whatever becomes of the caller.
#[derive(Debug, Clone)]
pub struct Deployed {
    /// The deployment: new, or the live one when nothing changed.
    pub accepted: DeploymentAccepted,
    /// What was sent.
    pub upload: UploadReport,
    /// What will be done with it.
    pub plan: PlanReport,
}

/// A deploy that has been planned.
struct Job<'a> {
    snapshot: Arc<Snapshot>,
    named: Named,
    links: Links,
    /// What the plan needs of the platform.
    needs: Vec<Need>,
    options: DeployOptions,
    act: &'a str,
    progress: &'a (dyn Fn(Progress) + Send + Sync),
}

/// What became of it.
struct Sent {
    accepted: DeploymentAccepted,
    upload: UploadReport,
    /// What the platform lacks and may do without.
    missing: Vec<Shortfall>,
}

impl Backend {
    /// Deploys a folder. Returns as soon as the platform has accepted; [`Backend::follow`] shows what becomes of it.
    ///
    /// # Errors
    /// Those of [`Backend::plan`]; [`Code::LOOKS_LIKE_SECRET`] for such a variable; [`Code::PLAN_CHANGED`];
    /// [`Code::MISSING_TOOL`] or [`Code::WRONG_TOOL_VERSION`] with everything that the platform lacks, before anything is
    /// uploaded; [`Code::PROJECT_TAKEN`] where the folder's own name belongs to
    /// something else; [`Code::DIVERGED`] with the paths; what else the platform refuses; [`Code::UNREACHABLE`].
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready may leave a deploy accepted or not; repeating it is harmless, because an
    /// unchanged folder is answered with what is live.
    pub async fn deploy(
        &self,
        options: DeployOptions,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Deployed, ClientError> {
        check_env(&options.env)?;
        let act = fresh_key();
        match self.deploy_as(&act, options.clone(), progress).await {
            // Something was written between reading and sending: once more, from what is there now.
            Err(error) if error.code == Code::FILE_CHANGED => self.deploy_as(&act, options, progress).await,
            other => other,
        }
    }

    async fn deploy_as(
        &self,
        act: &str,
        options: DeployOptions,
        progress: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Deployed, ClientError> {
        progress(Progress::Reading);
        let planned = self.planned(options.path.clone(), options.project.clone()).await?;
        let mut plan = planned.report;
        check_plan(&options, &plan)?;
        progress(Progress::Planned);
        let job = Job {
            snapshot: Arc::new(planned.snapshot),
            named: planned.named,
            links: planned.links,
            needs: needs(&plan.plan),
            options,
            act,
            progress,
        };
        let Sent { accepted, upload, missing } = self.with_client(|client| self.send(client, &job)).await?;
        plan.missing = missing;
        Ok(Deployed { accepted, upload, plan })
    }

    async fn send(&self, client: Client, job: &Job<'_>) -> Result<Sent, ClientError> {
        let root = &job.snapshot.root;
        let identity = identity::of_folder(&client, &job.links, root, &job.named).await?;
        let platform = client.endpoint().platform_name();
        let baseline = self.baseline(root, &platform, &identity.project).await?.map(Arc::new);
        let needs = digest(&job.needs);
        // Asked once for what is needed: whether one line changed must cost no further call.
        let missing = match &baseline {
            Some(baseline) if baseline.needs == needs => Vec::new(),
            _ => toolchain::require(&client, &job.needs).await?,
        };
        let upload = Upload {
            client: &client,
            snapshot: &job.snapshot,
            baseline,
            request: request(&job.options, &identity),
            act: job.act,
            progress: job.progress,
        };
        let (accepted, upload) = upload.run(&identity.project).await?;
        let baseline = Baseline {
            platform,
            project: accepted.project_id.clone(),
            commit: accepted.commit_hash.clone(),
            needs,
            files: job.snapshot.files.clone(),
        };
        if let Err(error) = self.remember(root.clone(), baseline).await {
            // The deploy stands; only the next one has to ask more.
            tracing::warn!(%error, "could not note what was deployed");
        }
        Ok(Sent { accepted, upload, missing })
    }

    pub(crate) async fn baseline(
        &self,
        root: &Path,
        platform: &str,
        project: &ProjectId,
    ) -> Result<Option<Baseline>, ClientError> {
        let (state_dir, root) = (self.state_dir().to_owned(), root.to_owned());
        let (platform, project) = (platform.to_owned(), project.clone());
        blocking(move || Ok(Baseline::load(&state_dir, &root, &platform, &project))).await
    }

    /// Notes that the folder at `root` and a commit are equal, and that the folder is that project's.
    pub(crate) async fn remember(&self, root: PathBuf, baseline: Baseline) -> Result<(), ClientError> {
        let state_dir = self.state_dir().to_owned();
        blocking(move || {
            baseline.save(&state_dir, &root)?;
            link(&state_dir, &root, &baseline)
        })
        .await
    }
}

/// Plain variables are shown to whoever looks at the project: what looks like a secret does not belong there.
fn check_env(env: &BTreeMap<String, String>) -> Result<(), ClientError> {
    for (name, value) in env {
        if let Some(why) = build_plan::secret::resembles(name, value) {
            let what =
                format!("the variable `{name}` looks like a secret ({why}); plain variables are shown");
            return Err(ClientError::new(Code::LOOKS_LIKE_SECRET, what).hint(format!(
                "leave it out and set it as a secret, with the tool set_secret or `backend-im secret set {}`; the app \
                 gets it all the same",
                name.to_ascii_uppercase()
            )));
        }
    }
    Ok(())
}

/// Links the folder; a folder that no longer exists gives the project up.
fn link(state_dir: &Path, root: &Path, baseline: &Baseline) -> Result<(), ClientError> {
    Links::change(state_dir, |links| {
        let gone: Vec<_> = links
            .others(root, &baseline.platform, &baseline.project)
            .map(|(folder, _)| folder)
            .filter(|folder| !folder.is_dir())
            .collect();
        for folder in gone {
            links.remove(&folder, &baseline.platform);
        }
        let link = Link { project_id: baseline.project.clone(), last_equal: Some(baseline.commit.clone()) };
        links.set(root, &baseline.platform, link);
    })
}

fn check_plan(options: &DeployOptions, plan: &PlanReport) -> Result<(), ClientError> {
    match &options.plan_hash {
        Some(wanted) if *wanted != plan.plan.plan_hash => {
            let what = format!("the plan is `{}` now, no longer `{wanted}`", plan.plan.plan_hash);
            Err(ClientError::new(Code::PLAN_CHANGED, what)
                .hint("files changed since that plan: plan again, look at it, and deploy with its plan_hash"))
        }
        _ => Ok(()),
    }
}

/// The request without its files.
fn request(options: &DeployOptions, identity: &Identity) -> DeployRequest {
    DeployRequest {
        project_id: Some(identity.project.clone()),
        env: (!options.env.is_empty()).then(|| options.env.clone()),
        message: options.message.clone(),
        plan_hash: options.plan_hash.clone(),
        last_equal: identity.link.as_ref().and_then(|link| link.last_equal.clone()),
        force: options.force == Force::Yes,
        ..DeployRequest::default()
    }
}

#[cfg(test)]
mod speed;
#[cfg(test)]
mod tests;
