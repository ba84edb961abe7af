//! `backend-im secret`, and what keeps secrets out of plain variables.

use std::process::Command;

use serde_json::{Value, json};

use super::{environment, leaky, with_stdin};
use crate::harness::{Done, Home, Project, has_tool};

fn names(home: &Home) -> Vec<String> {
    let listed = home.run(&["secret", "list", "--project", "vault", "--json"]).ok().json();
    let secrets = listed["secrets"].as_array().expect("a list").clone();
    secrets.iter().map(|secret| secret["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn a_value_comes_from_stdin_a_variable_or_a_file_and_never_from_the_command_line() {
    let home = Home::new().with("MY_OWN_TOKEN", "from-a-variable");
    let project = leaky("start: python3 server.py\n");
    let file = project.path().join("token.txt");
    std::fs::write(&file, "from-a-file\n").expect("a file");
    let of = ["--project", "vault"];
    let run = |args: &[&str]| home.run(&[&["secret", "set"], args, &of].concat());
    with_stdin(&home, &["secret", "set", "A", "--project", "vault"], "from-stdin\n").ok();
    run(&["B", "--from-env", "MY_OWN_TOKEN"]).ok();
    run(&["C", "--from-file", file.to_str().expect("UTF-8")]).ok();
    assert_eq!(names(&home), ["A", "B", "C"]);

    let code = |done: Done| (done.code, done.stderr);
    for (args, expected, said) in [
        (&["D", "a-value-in-the-open"][..], 2, "unexpected argument"),
        (&["D"], 5, "empty"),
        (&["D", "--from-env", "NOT_SET"], 5, "NOT_SET"),
        (&["D", "--from-file", "/nowhere/at/all"], 6, "/nowhere/at/all"),
        (&["D", "--from-env", "A", "--from-file", "B"], 2, "cannot be used with"),
        (&["lower", "--from-env", "MY_OWN_TOKEN"], 2, "A-Z"),
        (&["PORT", "--from-env", "MY_OWN_TOKEN"], 2, "by itself"),
    ] {
        let (code, stderr) = code(run(args));
        assert_eq!(code, expected, "{args:?}: {stderr}");
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
    let too_large = with_stdin(&home, &["secret", "set", "D", "--project", "vault"], &"x".repeat(65_537));
    assert_eq!(too_large.code, 6, "{too_large:#?}");
    assert_eq!(names(&home), ["A", "B", "C"]);

    let table = home.run(&["secret", "list", "--project", "vault"]).ok().stdout;
    assert!(table.contains("NAME") && !table.contains("from-"), "{table}");
    // The folder that its secrets were waiting for takes the project's name without being asked twice.
    let seen = environment(&home.deploy(&project.arg()));
    let values = ["A", "B", "C"].map(|name| seen[name].clone());
    assert_eq!(values, ["from-stdin", "from-a-variable", "from-a-file"].map(Value::from));
}

/// Types once it is asked, as a person would.
const TYPIST: &str = r#"
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b""
typed = False
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    seen += chunk
    if not typed and b"not shown" in seen:
        typed = True
        os.write(terminal, b"typed-by-hand-7f3e91\nrm -rf pasted-too-much\n")
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"#;

#[test]
fn a_terminal_is_asked_and_shows_nothing_of_the_answer() {
    if !has_tool("a_terminal_is_asked_and_shows_nothing_of_the_answer", "python3") {
        return;
    }
    let home = Home::new();
    home.started();
    let set = home.program(&["secret", "set", "TYPED", "--project", "vault"]);
    let mut typist = Command::new("python3");
    typist.args(["-c", TYPIST]).arg(set.get_program()).args(set.get_args());
    typist.env("BACKEND_IM_HOME", home.path()).env_remove("BACKEND_IM_URL");
    let done = Done::of(typist.output().expect("python runs")).ok();
    assert!(done.stdout.contains("Value of TYPED for vault"), "{done:#?}");
    assert!(!done.stdout.contains("7f3e91") && !done.stdout.contains("pasted"), "{done:#?}");
    let project =
        Project::of("vault", &[("server.py", super::LEAKY_SERVER), ("Procfile", "web: python3 server.py\n")]);
    assert_eq!(environment(&home.deploy(&project.arg()))["TYPED"], "typed-by-hand-7f3e91");
}

#[test]
fn a_plain_variable_that_looks_like_a_secret_is_refused_with_the_way_to_set_one() {
    let (home, project) = (Home::new(), leaky("start: python3 server.py\n"));
    for variable in ["DATABASE_URL=postgres://app:hunter2hunter@db/app", "DB_PASSWORD=hunter2hunter"] {
        let refused = home.run(&["deploy", &project.arg(), "--env", variable, "--json"]);
        assert_eq!(refused.code, 5, "{refused:#?}");
        let error = refused.json()["error"].clone();
        assert_eq!(error["code"], "looks_like_secret");
        assert!(error["hint"].as_str().expect("a hint").contains("secret set D"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let warned = leaky("start: python3 server.py\nenv:\n  API_KEY: whatever-it-is\n");
    let plan = home.run(&["plan", &warned.arg(), "--json"]).ok().json();
    let warnings = plan["warnings"].to_string();
    assert!(warnings.contains("env.API_KEY") && warnings.contains("secret:API_KEY"), "{plan:#}");
}

#[test]
fn the_doctor_looks_after_the_key() {
    let home = Home::new();
    let check = || {
        let checks = home.run(&["doctor", "--json"]).json()["checks"].clone();
        let found =
            checks.as_array().expect("checks").iter().find(|check| check["name"] == "secrets").cloned();
        found.expect("a check of the key")
    };
    assert_eq!(check()["state"], "ok");
    with_stdin(&home, &["secret", "set", "A", "--project", "vault"], "a-value").ok();
    assert_eq!(check()["state"], "ok");
    let key = home.path().join("secrets.key");
    let open = <std::fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o644);
    std::fs::set_permissions(&key, open).expect("a key");
    let found = check();
    assert_eq!(found["state"], json!("broken"), "{found}");
    assert!(found["advice"].as_str().expect("advice").contains("chmod 600"), "{found}");
}
