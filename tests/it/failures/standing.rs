//! A project that is live, and stays so whatever is deployed over it.

use std::path::{Path, PathBuf};

use platform_api::Code;
use serde_json::Value;

use super::Told;
use crate::harness::{Home, Project, eventually, get};

/// How long an app of these tests may take until it answers, in seconds.
pub(crate) const HEALTH_LIMIT_S: u64 = 6;

/// A live version that answers `good`, and the folder that it came from.
pub(crate) struct Standing {
    pub(crate) home: Home,
    pub(crate) project: Project,
    pub(crate) live: Value,
    processes: Vec<i32>,
}

/// The folder of an app that must not go live.
pub(crate) fn failing(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/failures").join(name)
}

impl Standing {
    pub(crate) fn new() -> Self {
        Self::at(Home::new())
    }

    pub(crate) fn at(home: Home) -> Self {
        let home = home.with("BACKEND_IM_HEALTH_LIMIT_S", &HEALTH_LIMIT_S.to_string());
        let project = Project::quick("hello", "good");
        let live = home.deploy(&project.arg());
        let processes = apps(&home);
        assert!(!processes.is_empty());
        Self { home, project, live, processes }
    }

    pub(crate) fn direct_url(&self) -> &str {
        self.live["directUrl"].as_str().expect("a direct URL")
    }

    /// Puts an app of `tests/failures` in place of the project's files.
    pub(crate) fn becomes(&self, app: &str) {
        self.project.clear();
        for entry in std::fs::read_dir(failing(app)).expect("an app").map(|entry| entry.expect("an entry")) {
            std::fs::copy(entry.path(), self.project.path().join(entry.file_name())).expect("a copy");
        }
    }

    /// Deploys the folder as it is now: the deployment fails with `code`, and nothing else happens. Answers what was told
    /// and the deployment.
    #[track_caller]
    pub(crate) fn fails(&self, code: &Code) -> (Told, Value) {
        let done = self.home.run(&["deploy", &self.project.arg()]);
        assert_eq!(done.stdout, "", "only a URL goes to stdout: {done:#?}");
        let view = self.home.run(&["status", "hello", "--json"]).ok().json();
        assert_eq!(view["status"], "failed", "{view:#}");
        assert_eq!(view["live"], false);
        let told = Told::of_error(&view["error"], code, &done.stderr, done.code).exits(1);
        assert!(told.text.contains("nothing changed for users"), "{}", told.text);
        assert!(told.text.contains(&told.message) && told.text.contains("backend-im logs"), "{}", told.text);
        // A patch that is being tried runs beside the live version.
        let id = view["id"].as_str().expect("an id");
        self.home.api().get(&format!("/api/deployments/{id}?waitFor=verified&timeoutS=45"));
        self.stands();
        self.no_release_of_it_stays();
        (told, view)
    }

    /// Deploys the folder as it is now: it is refused with `code`, and nothing else happens.
    #[track_caller]
    pub(crate) fn refuses(&self, code: &Code) -> Told {
        let told = super::told::refused(&self.home, &["deploy", &self.project.arg()], code);
        let view = self.home.run(&["status", "hello", "--json"]).ok().json();
        assert_eq!(view["id"], self.live["id"], "no deployment was made of it");
        self.stands();
        told
    }

    /// The live version answers, its processes are the same, and no others run.
    #[track_caller]
    pub(crate) fn stands(&self) {
        assert_eq!(get(self.direct_url()).text, "good");
        let same = || (apps(&self.home) == self.processes).then_some(());
        eventually("the live version's processes are the only ones", 15, same);
    }

    /// Puts a good version in place: what went wrong before is in nobody's way.
    pub(crate) fn recovers(&self) {
        self.project.clear();
        self.project.write("Procfile", "web: python3 server.py\n");
        self.project.says("better");
        self.home.deploy(&self.project.arg());
        assert_eq!(get(self.direct_url()).text, "better");
    }

    fn no_release_of_it_stays(&self) {
        let id = self.live["projectId"].as_str().expect("an id");
        let releases = self.home.path().join("projects").join(id).join("releases");
        let one = || (std::fs::read_dir(&releases).expect("releases").count() == 1).then_some(());
        eventually("the failed release is removed", 15, one);
    }
}

/// What runs in the home besides the platform, and programs that are about to end.
fn apps(home: &Home) -> Vec<i32> {
    let all = home.processes().into_iter();
    let mut pids: Vec<i32> =
        all.filter(|(_, line)| !line.contains("platform serve")).map(|(pid, _)| pid).collect();
    pids.sort_unstable();
    pids
}
