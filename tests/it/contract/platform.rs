//! The platform under test, and what the tests make there.

use std::sync::Mutex;

use serde_json::{Value, json};

use super::app;
use crate::harness::{Answer, Api, Home};

/// Where the platform is, when it is not one of our own.
const URL: &str = "BACKEND_IM_CONTRACT_URL";
/// The token for it.
const TOKEN: &str = "BACKEND_IM_CONTRACT_TOKEN";

/// A platform and the projects that a test makes on it.
pub(super) struct Platform {
    pub(super) api: Api,
    user: String,
    run: String,
    made: Mutex<Vec<String>>,
    home: Option<Home>,
}

impl Platform {
    /// The platform that the environment names, else one of our own.
    pub(super) fn start() -> Self {
        match elsewhere() {
            Some(api) => Self::at(api, None),
            None => Self::started(),
        }
    }

    /// A platform of our own. Says by name which test is skipped where the suite runs against another one.
    pub(super) fn own(test: &str) -> Option<Self> {
        if elsewhere().is_some() {
            eprintln!("SKIPPED {test}: {URL} names a platform of somebody else");
            return None;
        }
        Some(Self::started())
    }

    fn started() -> Self {
        let home = Home::new();
        Self::at(home.started(), Some(home))
    }

    fn at(api: Api, home: Option<Home>) -> Self {
        let verified = api.get("/api/auth/verify").json();
        let user = verified["userId"].as_str().unwrap_or_else(|| panic!("{verified}")).to_owned();
        let run = uuid::Uuid::now_v7().simple().to_string()[26..].to_owned();
        Self { api, user, run, made: Mutex::default(), home }
    }

    /// The home of a platform of our own.
    pub(super) fn home(&self) -> &Home {
        self.home.as_ref().expect("a platform of our own")
    }

    /// Whose projects these are.
    pub(super) fn user(&self) -> &str {
        &self.user
    }

    /// The id of a project that no other run of the suite has.
    pub(super) fn project(&self, name: &str) -> String {
        let id = format!("{}-{name}-{}", self.user, self.run);
        self.clean(&id);
        id
    }

    /// Has the project deleted at the end, where the platform stays.
    pub(super) fn clean(&self, project: &str) {
        self.made.lock().expect("not poisoned").push(project.to_owned());
    }

    /// POSTs to `/api/deploy`; it must be accepted.
    #[track_caller]
    pub(super) fn accepted(&self, body: &Value) -> Value {
        let answer = self.api.post("/api/deploy", body);
        assert_eq!(answer.status, 202, "{}", answer.text);
        answer.json()
    }

    /// Deploys whole files and answers the deployment once it has ended.
    #[track_caller]
    pub(super) fn deployed(&self, project: &str, files: &Value) -> Value {
        let accepted = self.accepted(&json!({"projectId": project, "files": files}));
        self.api.ended(accepted["deploymentId"].as_str().expect("an id"))
    }

    /// Deploys an app that answers `text`; it must go live.
    #[track_caller]
    pub(super) fn live(&self, project: &str, text: &str) -> Value {
        let live = self.deployed(project, &app::answering(text));
        assert_eq!(live["status"], "complete", "{live:#}");
        live
    }

    /// The project's deployments, newest first.
    pub(super) fn history(&self, project: &str) -> Vec<Value> {
        let page = self.api.get(&format!("/api/projects/{project}/deployments")).json();
        page["items"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        if self.home.is_none() {
            for project in self.made.lock().expect("not poisoned").drain(..) {
                self.api.delete(&format!("/api/projects/{project}"));
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the suite is pointed at a platform from outside")]
fn elsewhere() -> Option<Api> {
    let base = std::env::var(URL).ok()?.trim_end_matches('/').to_owned();
    let token = std::env::var(TOKEN).unwrap_or_else(|_| panic!("{TOKEN} has the token for {base}"));
    Some(Api { base, token })
}

/// Status and code of a refusal, which must be a whole RFC 9457 problem.
#[track_caller]
pub(super) fn refusal(answer: &Answer) -> (u16, String) {
    let kind = answer.headers.get("content-type").and_then(|kind| kind.to_str().ok());
    assert_eq!(kind, Some("application/problem+json"), "{} {}", answer.status, answer.text);
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status, "{problem}");
    for member in ["title", "detail"] {
        assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {problem}");
    }
    assert!(problem["retryable"].is_boolean(), "{problem}");
    (answer.status, problem["code"].as_str().expect("a code").to_owned())
}
