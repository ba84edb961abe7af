//! Every kept release answers at its own host: it starts when it is asked for, and never outlives its reasons to run.

use serde_json::Value;

use crate::harness::{Answer, Home, Project, eventually, visit};

/// A project with two releases, the second one live.
struct Two {
    home: Home,
    project: Project,
    first: Value,
    second: Value,
}

impl Two {
    fn deployed() -> Self {
        let (home, project) = (Home::new(), Project::quick("hello", "one"));
        let first = home.deploy(&project.arg());
        project.says("two");
        let second = home.deploy(&project.arg());
        Self { home, project, first, second }
    }

    /// Asks at the host of the first release.
    fn first_release(&self) -> Answer {
        get_url(&self.first["previewUrl"])
    }

    fn apps(&self) -> usize {
        self.home.processes_with("server.py").len()
    }

    /// Waits until only the live app runs: the old one ends behind the switch.
    fn settled(self) -> Self {
        eventually("one app runs", 30, || (self.apps() == 1).then_some(()));
        self
    }

    fn project_id(&self) -> &str {
        self.second["projectId"].as_str().expect("an id")
    }
}

fn get_url(url: &Value) -> Answer {
    visit(url.as_str().expect("a URL"))
}

#[test]
fn ten_first_requests_for_a_kept_release_start_it_once_beside_the_live_one() {
    let two = Two::deployed().settled();
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..10).map(|_| scope.spawn(|| two.first_release())).collect();
        for answer in asked {
            let answer = answer.join().expect("an answer");
            assert_eq!((answer.status, answer.text.as_str()), (200, "one"));
        }
    });
    assert_eq!(two.apps(), 2, "one preview beside the live app");
    assert_eq!(get_url(&two.second["url"]).text, "two");
    assert_eq!(get_url(&two.second["previewUrl"]).text, "two");

    two.project.says("three");
    let third = two.home.deploy(&two.project.arg());
    assert_eq!(third["receipt"]["requests"], 0, "previews are nobody's receipt: {third:#}");
    assert_eq!(two.first_release().text, "one", "it outlives a switch to another release");
}

#[test]
fn a_release_that_is_not_kept_says_so() {
    let two = Two::deployed();
    let host = two.first["previewUrl"].as_str().expect("a URL");
    let commit = two.first["commitHash"].as_str().expect("a commit");
    let answer = visit(&host.replace(commit, "0123456789ab"));
    assert_eq!(answer.status, 410, "{answer:?}");
    assert!(answer.text.contains("no longer, kept"), "{answer:?}");
}

#[test]
fn a_rollback_makes_the_preview_live_and_ends_it() {
    let two = Two::deployed().settled();
    assert_eq!(two.first_release().text, "one");
    two.home.run(&["rollback", "hello"]).ok();
    assert_eq!(get_url(&two.second["url"]).text, "one");
    eventually("only the live app runs", 30, || (two.apps() == 1).then_some(()));
    assert_eq!(two.first_release().text, "one");
    assert_eq!(two.apps(), 1, "the live route answers for its own release");
}

#[test]
fn deleting_a_project_ends_its_previews() {
    let two = Two::deployed().settled();
    assert_eq!(two.first_release().text, "one");
    assert_eq!(two.apps(), 2);
    let answer = two.home.api().delete(&format!("/api/projects/{}", two.project_id()));
    assert!((200..300).contains(&answer.status), "{answer:?}");
    assert_eq!(two.apps(), 0, "nothing of it runs once it is deleted");
}

#[test]
fn a_preview_is_never_adopted() {
    let two = Two::deployed().settled();
    let live = two.home.processes_with("server.py");
    assert_eq!(two.first_release().text, "one");
    two.home.kill_platform();
    assert_eq!(two.apps(), 2);
    two.home.started();
    eventually("the preview has ended", 30, || (two.home.processes_with("server.py") == live).then_some(()));
}

#[test]
fn a_platform_that_keeps_its_apps_keeps_no_preview() {
    let two = Two::deployed().settled();
    let live = two.home.processes_with("server.py");
    assert_eq!(two.first_release().text, "one");
    two.home.run(&["platform", "stop", "--keep-apps"]).ok();
    eventually("the platform has ended", 20, || two.home.platform_file().is_none().then_some(()));
    assert_eq!(two.home.processes_with("server.py"), live);
    two.home.started();
    eventually("the kept release starts again", 20, || (two.first_release().text == "one").then_some(()));
}

#[test]
fn a_kept_release_that_does_not_come_up_says_why() {
    let two = Two::deployed().settled();
    let releases = two.home.path().join("projects").join(two.project_id()).join("releases");
    let commit = two.first["commitHash"].as_str().expect("a commit");
    std::fs::remove_file(releases.join(commit).join("root/server.py")).expect("a file");
    let answer = two.first_release();
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(answer.text.contains("ended before it was healthy"), "{answer:?}");
    let id = two.first["id"].as_str().expect("an id");
    assert!(answer.text.contains(&format!("backend-im logs {id}")), "{answer:?}");
    let log = two.home.run(&["logs", id]).ok();
    assert!(log.stdout.contains("can't open file"), "{log:#?}");
    assert_eq!(get_url(&two.second["url"]).text, "two", "the live version does not notice");
}
