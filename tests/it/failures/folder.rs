//! Folders that cannot be deployed as they are.

use std::fs::{File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use platform_api::{Code, limits};
use serde_json::json;

use super::told::{refused, tool_refused};
use super::{Standing, Told};
use crate::harness::{Done, Home, Project, has_tool};

/// The user that owns nothing.
const NOBODY: u32 = 65_534;

#[test]
fn a_folder_that_is_not_there_is_named() {
    let (home, project) = (Home::new(), Project::empty("hello"));
    let missing = project.path().join("sub/misspelt");
    let missing = missing.to_str().expect("UTF-8");
    for command in ["deploy", "plan"] {
        refused(&home, &[command, missing], &Code::NO_SUCH_FOLDER).says(&[missing]).exits(6);
    }
    project.write("file.txt", "no folder");
    let file = project.path().join("file.txt");
    refused(&home, &["deploy", file.to_str().expect("UTF-8")], &Code::NO_SUCH_FOLDER).says(&["file.txt"]);
    assert!(home.platform_file().is_none(), "for this no platform is needed");
}

#[test]
fn an_empty_folder_says_so() {
    let standing = Standing::new();
    standing.project.clear();
    standing.refuses(&Code::EMPTY_FOLDER).exits(6);
}

#[test]
fn a_folder_of_which_everything_is_left_out_says_why() {
    let (home, project) =
        (Home::new(), Project::of("hello", &[(".gitignore", "*\n"), ("app.py", "print()")]));
    let told = refused(&home, &["deploy", &project.arg()], &Code::EMPTY_FOLDER).exits(6);
    told.hints(&["left out", ".gitignore"]);
}

#[test]
fn a_folder_without_a_project_says_what_was_looked_for() {
    let standing = Standing::new();
    standing.project.clear();
    standing.project.write("notes.txt", "nothing to run");
    let told = standing.refuses(&Code::UNRECOGNISED_PROJECT).exits(6);
    told.hints(&["requirements.txt", "package.json", "Procfile", "backend-im.yml"]);
}

#[test]
fn a_file_whose_name_is_almost_right_is_told() {
    let (home, project) = (Home::new(), Project::of("hello", &[("procfile", "web: python3 server.py\n")]));
    let told = refused(&home, &["plan", &project.arg()], &Code::UNRECOGNISED_PROJECT);
    told.says(&["`procfile`"]).hints(&["`Procfile`"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_excluding_it_as_the_hint_says_helps() {
    let test = "a_file_that_cannot_be_read_is_named_and_excluding_it_as_the_hint_says_helps";
    let project = Project::quick("hello", "one");
    project.write("data/private.csv", "1,2,3\n");
    set_mode(&project.path().join("data/private.csv"), 0);
    let home = Home::new();
    let Some(done) = run_unprivileged(test, &home, &project, &["deploy", &project.arg(), "--json"]) else {
        return;
    };
    Told::of(&done, &Code::UNREADABLE_FILE)
        .exits(6)
        .says(&["data/private.csv"])
        .hints(&["`/data/private.csv`"]);
    assert!(home.platform_file().is_none(), "nothing was sent anywhere");

    project.write(".backendimignore", "/data/private.csv\n");
    let done = run_unprivileged(test, &home, &project, &["plan", &project.arg(), "--json"]);
    done.expect("it ran before").ok();
}

#[test]
fn a_folder_that_cannot_be_read_is_named() {
    let project = Project::quick("hello", "one");
    project.write("closed/file", "");
    set_mode(&project.path().join("closed"), 0);
    let home = Home::new();
    let done = run_unprivileged(
        "a_folder_that_cannot_be_read_is_named",
        &home,
        &project,
        &["plan", &project.arg(), "--json"],
    );
    set_mode(&project.path().join("closed"), 0o755);
    let Some(done) = done else { return };
    Told::of(&done, &Code::UNREADABLE_FILE).exits(6).says(&["closed"]).hints(&["`/closed`"]);
}

#[test]
fn a_pipe_in_the_folder_is_left_out_and_nobody_waits_for_it() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let made = Command::new("mkfifo").arg(project.path().join("pipe")).status().expect("mkfifo runs");
    assert!(made.success());
    let live = home.deploy(&project.arg());
    assert_eq!(
        live["ignored"],
        json!([{"path": "pipe", "reason": "it is neither a file nor a folder nor a link"}])
    );
}

#[test]
fn a_link_out_of_the_workspace_is_named_and_excluding_it_as_the_hint_says_helps() {
    let standing = Standing::new();
    symlink("/etc/passwd", standing.project.path().join("users")).expect("a link");
    let told = standing.refuses(&Code::SYMLINK_ESCAPES).exits(6);
    told.says(&["`users`", "`/etc/passwd`"]).hints(&["`/users`", ".backendimignore"]);
    for target in ["../../elsewhere", "/"] {
        std::fs::remove_file(standing.project.path().join("users")).expect("a link");
        symlink(target, standing.project.path().join("users")).expect("a link");
        standing.refuses(&Code::SYMLINK_ESCAPES).says(&[target]);
    }
    standing.project.write(".backendimignore", "/users\n");
    standing.home.deploy(&standing.project.arg());
}

#[test]
fn a_file_over_the_limit_is_named_and_excluding_it_as_the_hint_says_helps() {
    let standing = Standing::new();
    standing.project.write("videos/intro.mp4", "");
    let file =
        File::options().write(true).open(standing.project.path().join("videos/intro.mp4")).expect("a file");
    file.set_len(limits::FILE_BYTES_MAX + (1 << 20)).expect("a sparse file");
    let told = standing.refuses(&Code::TOO_LARGE).exits(6);
    let told = told.says(&["`videos/intro.mp4`", "68157440 bytes (65.0 MiB)", "67108864 bytes (64.0 MiB)"]);
    told.hints(&["`/videos/intro.mp4`", ".backendimignore"]);

    standing.project.write(".backendimignore", "/videos/intro.mp4\n");
    let live = standing.home.deploy(&standing.project.arg());
    assert!(live["ignored"].to_string().contains("videos/intro.mp4"), "{live:#}");
}

#[test]
fn an_agent_cannot_leave_its_workspace() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let elsewhere = Project::quick("other", "two");
    symlink(elsewhere.path(), project.path().join("door")).expect("a link");
    let outside = elsewhere.arg();
    let cases = [
        (json!({"path": outside}), Code::OUTSIDE_WORKSPACE),
        (json!({"path": "../.."}), Code::OUTSIDE_WORKSPACE),
        (json!({"path": "door"}), Code::SYMLINK_ESCAPES),
        (json!({"path": "nowhere"}), Code::NO_SUCH_FOLDER),
        (json!({"path": "server.py"}), Code::NO_SUCH_FOLDER),
        (json!({}), Code::SYMLINK_ESCAPES),
    ];
    for (arguments, code) in cases {
        tool_refused(&home, &project.path(), ("deploy_project", &arguments), &code);
    }
    assert!(home.platform_file().is_none(), "nothing was sent anywhere");
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).expect("permissions");
}

/// Runs the program as somebody for whom permissions count: root may read everything. `None` where that is impossible.
fn run_unprivileged(test: &str, home: &Home, project: &Project, args: &[&str]) -> Option<Done> {
    let program = home.program(args);
    let mut command = if rustix::process::geteuid().is_root() {
        if !has_tool(test, "setpriv") {
            return None;
        }
        // The folder that the project's lies in is a temporary one, and so its owner's alone.
        set_mode(project.path().parent().expect("a parent"), 0o755);
        chown(home.path(), Some(NOBODY), Some(NOBODY)).expect("root gives away");
        let mut command = Command::new("setpriv");
        let nobody = NOBODY.to_string();
        command.args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups"]);
        command.arg(program.get_program()).args(program.get_args()).env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    } else {
        program
    };
    Some(Done::of(command.current_dir("/").output().expect("the program runs")))
}
