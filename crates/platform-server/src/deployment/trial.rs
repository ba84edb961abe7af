//! Trying the patch that a failure proposes: in a throw-away release that has its own data folder and its own log, runs no
//! `release` command and gets no route. What came of it is kept beside the deployment, whose failure was told before.
//!
//! ```text
//! failed ─► patched (commit + patch, planned) ─► a spare place ─► build, test ─► launch ─► probe ─► verdict
//!                                                     ▲ gives way to real work, comes back │
//!                                                     └───────────────────────────────────┘
//! ```
//! Nobody waits for a trial but its driver, which ends it when a newer deployment comes, the project goes or the platform
//! ends. It costs the project nothing: branch, releases, data and traffic are not its business.

use std::sync::Arc;
use std::time::Duration;

use build_plan::{Confidence, Diagnosis, Verification};
use platform_api::{Code, DeploymentId, Failure};
use tokio::task::{JoinSet, spawn_blocking};
use tokio_util::sync::CancellationToken;

use super::Ended;
use super::attempt::Attempt;
use super::patched::{Patched, Unfit};
use super::site::{SharedSite, Site};
use crate::clock::new_deployment;
use crate::engine::Engine;
use crate::platform::Refusal;
use crate::store::{DeploymentRow, StoreError, VerificationRow};

/// How often a trial is begun before it is given up: each time it gave way to real work, or its platform died under it.
const ATTEMPTS_MAX: u32 = 5;
/// The longest account of what came of a trial, in characters.
const NOTE_CHARS_MAX: usize = 400;

/// Owns the trial of a project's last failure.
pub(super) struct Trial<E> {
    site: SharedSite<E>,
    of: Option<DeploymentId>,
    /// One, and those before it that are on their way out.
    tasks: JoinSet<()>,
    cancel: CancellationToken,
}

impl<E: Engine> Trial<E> {
    /// Of nothing yet.
    pub(super) fn none(site: SharedSite<E>) -> Self {
        Self { site, of: None, tasks: JoinSet::new(), cancel: CancellationToken::new() }
    }

    /// Begins to try what mends this failed deployment.
    pub(super) fn begin(&mut self, row: DeploymentRow, proposed: Proposed) {
        self.cancel.cancel();
        while self.tasks.try_join_next().is_some() {}
        self.of = Some(row.id);
        self.cancel = CancellationToken::new();
        self.tasks.spawn(run(self.site.clone(), row, proposed, self.cancel.clone()));
    }

    /// Gives it up, because nobody wants to know any more; what it started ends in the background.
    pub(super) async fn give_up(&mut self) {
        self.cancel.cancel();
        if let Some(id) = self.of.take() {
            leave_unverified(&self.site, id).await;
        }
    }

    /// Ends it; returns once nothing of it is left. It may be begun anew by the next platform.
    pub(super) async fn end(self) {
        self.cancel.cancel();
        self.tasks.join_all().await;
    }
}

/// A patch, and the failure that it is for.
#[derive(Debug, Clone)]
pub(super) struct Proposed {
    code: String,
    patch: String,
}

impl Proposed {
    /// What a failure proposes to try. Of a failed release command nothing is known until it runs again, and a trial never
    /// runs one.
    pub(super) fn by(failure: &Failure) -> Option<Self> {
        if failure.code == Code::RELEASE_FAILED {
            return None;
        }
        let diagnosis = diagnosis(failure)?;
        Some(Self { code: diagnosis.code, patch: diagnosis.patch? })
    }
}

/// What came of a trial.
#[derive(Debug)]
enum Verdict {
    /// With the patch the app is healthy, this long after its start.
    Passed(Duration),
    /// This happened instead.
    Failed(String),
    /// It proves nothing.
    Open,
    /// It was ended; whoever did that knows what to say of it.
    Interrupted,
}

async fn run<E: Engine>(
    site: SharedSite<E>,
    row: DeploymentRow,
    proposed: Proposed,
    cancel: CancellationToken,
) {
    let verdict = verdict(&site, &row, &proposed, &cancel).await;
    let (result, note) = match verdict {
        Verdict::Passed(after) => (
            Verification::Passed,
            format!("with the patch the app is healthy {:.1} s after its start", after.as_secs_f64()),
        ),
        Verdict::Failed(note) => (Verification::Failed, note),
        Verdict::Open => return leave_unverified(&site, row.id).await,
        Verdict::Interrupted => return,
    };
    tracing::info!(deployment.id = %row.id, project.id = %row.project, ?result, "a patch was tried");
    let note = Some(note.chars().take(NOTE_CHARS_MAX).collect());
    let kept = site.store.verify(row.id, VerificationRow { result, note }).await;
    tell(&site, row.id, kept);
}

/// Says that nothing is known of the deployment's patch.
pub(super) async fn leave_unverified<E>(site: &Site<E>, id: DeploymentId) {
    tell(site, id, site.store.leave_unverified(id).await);
}

/// Wakes whoever waits for it.
fn tell<E>(site: &Site<E>, id: DeploymentId, kept: Result<(), StoreError>) {
    if let Err(error) = kept {
        let error: &dyn std::error::Error = &error;
        tracing::warn!(deployment.id = %id, error, "could not keep what came of a trial");
    }
    site.events.wake(id);
}

/// Tries until it is known, giving way whenever real work waits.
async fn verdict<E: Engine>(
    site: &SharedSite<E>,
    row: &DeploymentRow,
    proposed: &Proposed,
    cancel: &CancellationToken,
) -> Verdict {
    let patched = match patched(site, row, proposed).await {
        Ok(patched) => Arc::new(patched),
        Err(Unfit::Unread(_)) => return Verdict::Open,
        Err(unfit) => return Verdict::Failed(unfit.to_string()),
    };
    // What the patch adds there would have to run to prove anything.
    if patched.plan.release != row.plan.release {
        return Verdict::Open;
    }
    let with_patch = DeploymentRow { id: new_deployment(), plan: patched.plan.clone(), ..row.clone() };
    loop {
        let Some(_place) = cancel.run_until_cancelled(site.starts.spare()).await else {
            return Verdict::Interrupted;
        };
        match site.store.count_attempt(row.id).await {
            Ok(Some(..=ATTEMPTS_MAX)) => {}
            _ => return Verdict::Open,
        }
        let attempt_end = cancel.child_token();
        let mut attempt = Box::pin(Attempt::new(site, &with_patch, &patched).run(&attempt_end));
        let outcome = tokio::select! {
            outcome = &mut attempt => outcome,
            () = site.starts.wanted() => {
                attempt_end.cancel();
                attempt.await
            }
        };
        match outcome {
            Ok(after) => return Verdict::Passed(after),
            Err(Ended::Failed(failure)) => {
                return judged(row.plan.release.as_deref(), proposed, &failure);
            }
            Err(Ended::Lost(_)) => return Verdict::Open,
            Err(Ended::Cancelled) if cancel.is_cancelled() => return Verdict::Interrupted,
            // It gave way.
            Err(Ended::Cancelled) => {}
        }
    }
}

async fn patched<E>(
    site: &SharedSite<E>,
    row: &DeploymentRow,
    proposed: &Proposed,
) -> Result<Patched, Unfit> {
    let (repository, commit) = (site.repository_dir(&row.project), row.commit.clone());
    let (root, patch) = (row.plan.root.clone().unwrap_or_default(), proposed.patch.clone());
    let made = spawn_blocking(move || Patched::new(repository, commit, &root, &patch)).await;
    made.map_err(|error| Unfit::Unread(Refusal::internal(&error)))?
}

/// What a failure of the trial says about the patch.
fn judged(release: Option<&str>, proposed: &Proposed, failure: &Failure) -> Verdict {
    // The machine's trouble is not the patch's.
    if failure.retryable || [Code::MISSING_SECRET, Code::UNREADABLE_SECRET].contains(&failure.code) {
        return Verdict::Open;
    }
    let found = diagnosis(failure).filter(|found| found.confidence > Confidence::Low);
    let is_built = ![Code::INSTALL_FAILED, Code::BUILD_FAILED, Code::TEST_FAILED].contains(&failure.code);
    let is_same = found.as_ref().is_some_and(|found| found.code == proposed.code);
    // The app may only miss what its release command makes, such as tables.
    if release.is_some() && is_built && !is_same {
        return Verdict::Open;
    }
    Verdict::Failed(match found {
        Some(found) => {
            format!("with the patch it is {}: {}", found.code, found.cause_line.unwrap_or(found.title))
        }
        None => format!("with the patch it is {}: {}", failure.code, failure.message),
    })
}

fn diagnosis(failure: &Failure) -> Option<Diagnosis> {
    serde_json::from_value(failure.diagnosis.clone()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn failed(code: Code, diagnosis: Option<(&str, Option<&str>)>) -> Failure {
        let mut failure = Failure::new(code, "it failed");
        failure.diagnosis = diagnosis.map(|(code, patch)| {
            json!({
                "code": code, "title": "what is wrong", "cause_line": "the line", "fix": "mend it",
                "confidence": "high", "patch": patch
            })
        });
        failure
    }

    #[test]
    fn only_a_patch_that_a_trial_can_prove_is_tried() {
        let with_patch = Some(("missing_module", Some("--- a/x")));
        assert!(Proposed::by(&failed(Code::EXITED_EARLY, with_patch)).is_some());
        assert!(Proposed::by(&failed(Code::TEST_FAILED, with_patch)).is_some());
        assert!(Proposed::by(&failed(Code::RELEASE_FAILED, with_patch)).is_none());
        assert!(Proposed::by(&failed(Code::EXITED_EARLY, Some(("missing_module", None)))).is_none());
        assert!(Proposed::by(&failed(Code::DISK_FULL, None)).is_none());
    }

    #[test]
    fn a_trial_that_fails_by_its_own_doing_says_nothing_of_the_patch() {
        let proposed = Proposed { code: "missing_module".to_owned(), patch: String::new() };
        let judge = |release: Option<&str>, failure: Failure| match judged(release, &proposed, &failure) {
            Verdict::Failed(note) => note,
            verdict => format!("{verdict:?}"),
        };
        let (same, other) = (Some(("missing_module", None)), Some(("table_missing", None)));
        for (release, failure, verdict) in [
            (None, failed(Code::EXITED_EARLY, same), "with the patch it is missing_module: the line"),
            (None, failed(Code::EXITED_EARLY, other), "with the patch it is table_missing: the line"),
            (None, failed(Code::TIMED_OUT, None), "with the patch it is timed_out: it failed"),
            (None, failed(Code::PORT_TAKEN, None).retryable(), "Open"),
            (None, failed(Code::MISSING_SECRET, None), "Open"),
            (
                Some("migrate"),
                failed(Code::EXITED_EARLY, same),
                "with the patch it is missing_module: the line",
            ),
            (Some("migrate"), failed(Code::EXITED_EARLY, other), "Open"),
            (Some("migrate"), failed(Code::NEVER_LISTENED, None), "Open"),
            (
                Some("migrate"),
                failed(Code::BUILD_FAILED, other),
                "with the patch it is table_missing: the line",
            ),
        ] {
            assert_eq!(judge(release, failure.clone()), verdict, "{release:?} {failure:?}");
        }
    }
}
