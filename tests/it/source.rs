//! The source of truth: a Git repository that Git itself reads, and nobody's edit is lost.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Done, Home, Project, get, has_tool, python_server};

/// What the program ends with when the platform refuses.
const REFUSED: i32 = 5;
/// What the program ends with when files are in the way.
const IN_THE_WAY: i32 = 6;

fn text<'a>(view: &'a Value, field: &str) -> &'a str {
    view[field].as_str().unwrap_or_else(|| panic!("no {field}: {view:#}"))
}

/// A project's repository, read by Git itself.
struct History(PathBuf);

impl History {
    fn of(home: &Home, live: &Value) -> Self {
        Self(home.path().join("projects").join(text(live, "projectId")).join("repository.git"))
    }

    /// What Git prints.
    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        // Whatever this machine's Git is set to, and whoever the folder belongs to.
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.args(["-c", "safe.directory=*", "--git-dir"]).arg(&self.0).args(args);
        let output = command.output().expect("git runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {said}");
        String::from_utf8(output.stdout).expect("UTF-8").trim_end().to_owned()
    }

    /// Fails the test unless Git finds the repository sound.
    #[track_caller]
    fn is_sound(&self) {
        self.git(&["fsck", "--strict", "--full"]);
    }

    fn commits(&self) -> usize {
        self.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"])
            .lines()
            .filter(|kind| *kind == "commit")
            .count()
    }
}

#[test]
fn every_deploy_is_a_commit_that_git_reads() {
    if !has_tool("every_deploy_is_a_commit_that_git_reads", "git") {
        return;
    }
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    project.write("docs/Übersicht 1.md", "first\n");
    std::os::unix::fs::symlink("docs", project.path().join("manual")).expect("a link");
    let first = home.run(&["deploy", &project.arg(), "--message", "First version", "--json"]).ok().json();
    project.says("two");
    project.write("tools/run.sh", "#!/bin/sh\n");
    make_executable(&project.path().join("tools/run.sh"));
    std::fs::remove_file(project.path().join("docs/Übersicht 1.md")).expect("a file");
    project.write("docs/index.md", "");
    let second = home.run(&["deploy", &project.arg(), "--message", "Second version", "--json"]).ok().json();

    let history = History::of(&home, &first);
    history.is_sound();
    let hash = |view: &Value| history.git(&["rev-parse", "--verify", text(view, "commitHash")]);
    assert_eq!(history.git(&["rev-parse", "main"]), hash(&second), "the branch is at what is live");
    assert_eq!(text(&second, "commitHash").len(), 12);
    let log = history.git(&["log", "--format=%H %s", "main"]);
    assert_eq!(log, format!("{} Second version\n{} First version", hash(&second), hash(&first)));
    assert_eq!(history.git(&["show", "main:server.py"]), python_server("two").trim_end());
    assert_eq!(history.git(&["show", "main~:server.py"]), python_server("one").trim_end());
    let modes = history.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", "main"]);
    for entry in ["120000 manual", "100755 tools/run.sh", "100644 server.py"] {
        assert!(modes.lines().any(|line| line == entry), "{modes}");
    }
    let changed =
        history.git(&["-c", "core.quotePath=off", "diff", "--name-status", "--no-renames", "main~", "main"]);
    for change in ["D\tdocs/Übersicht 1.md", "A\tdocs/index.md", "M\tserver.py", "A\ttools/run.sh"] {
        assert!(changed.lines().any(|line| line == change), "{changed}");
    }
    assert_eq!(changed.lines().count(), 4, "{changed}");
}

fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a mode");
}

#[test]
fn a_rollback_makes_no_commit_and_hides_none() {
    if !has_tool("a_rollback_makes_no_commit_and_hides_none", "git") {
        return;
    }
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let first = home.deploy(&project.arg());
    project.says("two");
    let second = home.deploy(&project.arg());
    let history = History::of(&home, &first);
    assert_eq!(history.commits(), 2);

    let back = home.run(&["rollback", "hello", "--json"]).ok().json();
    assert_eq!(back["commitHash"], first["commitHash"]);
    assert_eq!(history.commits(), 2, "a rollback is a new deployment of an old commit");
    assert!(history.git(&["rev-parse", "main"]).starts_with(text(&first, "commitHash")));

    project.says("three");
    let third = home.deploy(&project.arg());
    history.is_sound();
    let log = history.git(&["log", "--format=%H", "main"]);
    let hashes: Vec<&str> = log.lines().map(|hash| &hash[..12]).collect();
    assert_eq!(hashes, [&third, &second, &first].map(|view| text(view, "commitHash")), "nothing is lost");

    project.says("three");
    let unchanged = home.deploy(&project.arg());
    assert_eq!((&unchanged["id"], &unchanged["unchanged"]), (&third["id"], &true.into()));
    assert_eq!(history.commits(), 3, "an unchanged folder makes no commit");
}

/// Somebody without a folder changes the project: all of its files in one request.
fn edit_over_the_api(home: &Home, live: &Value, files: &Value) -> Value {
    let api = home.api();
    let body = json!({"projectId": text(live, "projectId"), "files": files});
    let accepted = api.post("/api/deploy", &body);
    assert!(matches!(accepted.status, 200 | 202), "{accepted:?}");
    let ended = api.ended(text(&accepted.json(), "deploymentId"));
    assert_eq!(ended["status"], "complete", "{ended:#}");
    ended
}

/// The refusal of a folder that has not seen what is on the platform: exactly these paths changed there.
#[track_caller]
fn is_diverged(done: &Done, paths: &[&str]) {
    assert_eq!(done.code, REFUSED, "{done:#?}");
    let error = &done.json()["error"];
    assert_eq!(error["code"], "diverged", "{error:#}");
    assert_eq!(error["changed"], json!(paths), "{error:#}");
    let hint = text(error, "hint").to_lowercase();
    assert!(hint.contains("pull") && hint.contains("force"), "{error:#}");
    assert!(paths.iter().all(|path| done.stderr.contains(path)), "people see the paths too: {}", done.stderr);
}

const PROCFILE: &str = "web: python3 server.py\n";

#[test]
fn a_pull_brings_both_edits_together() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    project.write("README.md", "mine, first\n");
    let live = home.deploy(&project.arg());
    let direct = text(&live, "directUrl");
    let theirs =
        json!({"server.py": python_server("theirs"), "Procfile": PROCFILE, "README.md": "mine, first\n"});
    let edited = edit_over_the_api(&home, &live, &theirs);
    assert_eq!(get(direct).text, "theirs");

    project.write("README.md", "mine, second\n");
    let refused = home.run(&["deploy", &project.arg(), "--json"]);
    is_diverged(&refused, &["server.py"]);
    assert_eq!(get(direct).text, "theirs", "nothing was buried");

    let pulled = home.run(&["pull", &project.arg(), "--json"]).ok().json();
    assert_eq!(pulled["commitHash"], edited["commitHash"], "{pulled:#}");
    let read = |path: &str| std::fs::read_to_string(project.path().join(path)).expect("a file");
    assert_eq!(read("server.py"), python_server("theirs"));
    assert_eq!(read("README.md"), "mine, second\n", "a pull never goes over local changes");

    let both = home.deploy(&project.arg());
    assert_eq!(get(direct).text, "theirs");
    let files = home.api().get(&format!("/api/projects/{}/files?content=true", text(&both, "projectId")));
    assert!(files.text.contains("README.md") && files.status == 200, "{files:?}");
}

#[test]
fn force_replaces_what_is_there_and_keeps_it_in_the_history() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    let theirs = json!({"server.py": python_server("theirs"), "Procfile": PROCFILE, "new.txt": "theirs\n"});
    let edited = edit_over_the_api(&home, &live, &theirs);
    project.says("mine");
    is_diverged(&home.run(&["deploy", &project.arg(), "--json"]), &["new.txt", "server.py"]);
    let forced = home.run(&["deploy", &project.arg(), "--force", "--json"]).ok().json();
    assert_eq!(get(text(&forced, "directUrl")).text, "mine");

    project.says("mine again");
    home.deploy(&project.arg());
    home.run(&["rollback", "hello", "--to", text(&edited, "commitHash")]).ok();
    assert_eq!(get(text(&forced, "directUrl")).text, "theirs", "their version can be brought back");
    if has_tool("force_replaces_what_is_there_and_keeps_it_in_the_history", "git") {
        let history = History::of(&home, &live);
        let parent = format!("{}~", text(&forced, "commitHash"));
        assert!(history.git(&["rev-parse", &parent]).starts_with(text(&edited, "commitHash")));
        assert_eq!(history.git(&["show", &format!("{parent}:new.txt")]), "theirs");
        history.is_sound();
    }
}

#[test]
fn two_folders_of_one_project_do_not_bury_each_other() {
    let (home, mine) = (Home::new(), Project::quick("hello", "one"));
    mine.write("notes.txt", "first\n");
    let live = home.deploy(&mine.arg());
    let yours = Project::empty("copy");
    home.run(&["pull", &yours.arg(), "--project", "hello"]).ok();
    yours.says("yours");
    let pulled_then_deployed = home.deploy(&yours.arg());
    assert_eq!(
        pulled_then_deployed["projectId"], live["projectId"],
        "a pulled folder belongs to its project"
    );

    mine.says("mine");
    is_diverged(&home.run(&["deploy", &mine.arg(), "--json"]), &["server.py"]);
    let refused = home.run(&["pull", &mine.arg(), "--json"]);
    assert_eq!(refused.code, IN_THE_WAY, "{refused:#?}");
    let error = &refused.json()["error"];
    assert_eq!(
        (text(error, "code"), &error["changed"]),
        ("would_overwrite", &json!(["server.py"])),
        "{error:#}"
    );
    let here = std::fs::read_to_string(mine.path().join("server.py")).expect("a file");
    assert_eq!(here, python_server("mine"), "both changed it: the pull touches nothing");

    // By hand, as the hint says: mine goes aside, theirs comes, both are there.
    std::fs::rename(mine.path().join("server.py"), mine.path().join("mine.py")).expect("renamed");
    home.run(&["pull", &mine.arg()]).ok();
    let taken = std::fs::read_to_string(mine.path().join("server.py"));
    assert_eq!(taken.expect("their file came"), python_server("yours"));
    home.deploy(&mine.arg());

    yours.write("notes.txt", "second\n");
    is_diverged(&home.run(&["deploy", &yours.arg(), "--json"]), &["mine.py"]);
    home.run(&["pull", &yours.arg()]).ok();
    home.deploy(&yours.arg());
    assert_eq!(get(text(&live, "directUrl")).text, "yours");
}

#[test]
fn a_pull_writes_over_nothing_that_it_does_not_know() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    home.deploy(&project.arg());
    let elsewhere = Project::of("elsewhere", &[("server.py", "print('precious')\n")]);
    let refused = home.run(&["pull", &elsewhere.arg(), "--project", "hello", "--json"]);
    assert_eq!(refused.code, IN_THE_WAY, "{refused:#?}");
    assert_eq!(refused.json()["error"]["changed"], json!(["server.py"]));
    let names: Vec<_> = std::fs::read_dir(elsewhere.path()).expect("a folder").flatten().collect();
    assert_eq!(names.len(), 1, "nothing was written: {names:?}");
    let kept = std::fs::read_to_string(elsewhere.path().join("server.py")).expect("a file");
    assert_eq!(kept, "print('precious')\n");
}

#[test]
fn a_folder_that_was_rolled_back_and_changed_on_the_platform_still_diverges() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let live = home.deploy(&project.arg());
    project.says("two");
    home.deploy(&project.arg());
    let theirs = json!({"server.py": python_server("theirs"), "Procfile": PROCFILE});
    let edited = edit_over_the_api(&home, &live, &theirs);
    home.run(&["rollback", "hello", "--to", text(&live, "commitHash")]).ok();
    project.says("three");
    is_diverged(&home.run(&["deploy", &project.arg(), "--json"]), &["server.py"]);
    project.says("two");
    let pulled = home.run(&["pull", &project.arg(), "--json"]).ok().json();
    assert_eq!(pulled["commitHash"], edited["commitHash"], "the newest content, not what a rollback serves");
    project.write("notes.txt", "both\n");
    home.deploy(&project.arg());
    assert_eq!(get(text(&live, "directUrl")).text, "theirs");
}
