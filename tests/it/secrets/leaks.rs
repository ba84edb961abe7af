//! Canaries: a known value is put where secrets go, and looked for everywhere else.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;

use super::{CANARY, LEAKY_SERVER, environment, leaky, set, text};
use crate::harness::{Home, Project, eventually, files_with, get};

/// Installing and building keep what they see; the test only prints it.
const EVERY_STEP: &str = "\
runtime: command
install: env | tee install.env
build: env | tee build.env
test: test -n \"$DB_PASSWORD\" && env
start: python3 server.py
env:
  DATABASE_URL: postgres://app:${SECRET:DB_PASSWORD}@db/app
  ALIAS: secret:db-password
  COLOUR: red
";

/// Parts of the canary in every encoding that the app prints, without those that neighbours share.
fn forms() -> Vec<Vec<u8>> {
    let mut forms = vec![
        "canary+7f3e91".to_owned(),
        "canary%2B7f3e91".to_owned(),
        "canary%2b7f3e91".to_owned(),
        "7f3e91\\/".to_owned(),
    ];
    for shift in 0..3 {
        let text = ["x".repeat(shift).as_str(), CANARY].concat();
        for encoded in [STANDARD.encode(&text), URL_SAFE.encode(&text)] {
            forms.push(encoded[4..encoded.len() - 4].to_owned());
        }
    }
    forms.into_iter().map(String::into_bytes).collect()
}

#[track_caller]
fn assert_clean(what: &str, bytes: &[u8]) {
    for form in forms() {
        let found = bytes.windows(form.len()).any(|part| part == form);
        assert!(!found, "{what} tells `{}`", String::from_utf8_lossy(&form));
    }
}

#[test]
fn a_secret_reaches_the_app_and_nothing_else() {
    let (home, project) = (Home::new(), leaky(EVERY_STEP));
    set(&home, "DB_PASSWORD", CANARY);
    let live = home.deploy(&project.arg());
    let seen = environment(&live);
    assert_eq!(seen["DB_PASSWORD"], CANARY);
    assert_eq!(seen["ALIAS"], CANARY);
    assert_eq!(seen["DATABASE_URL"], format!("postgres://app:{CANARY}@db/app"));
    assert_eq!(seen["COLOUR"], "red");

    let releases = home.path().join("projects").join(text(&live, "projectId")).join("releases");
    let release = std::fs::read_dir(releases).expect("releases").flatten().next().expect("a release").path();
    for step in ["install.env", "build.env"] {
        let seen = std::fs::read_to_string(release.join("root").join(step)).expect("the step ran");
        assert!(seen.contains("COLOUR=red"), "{step}: {seen}");
        for name in ["DB_PASSWORD", "DATABASE_URL", "ALIAS"] {
            assert!(!seen.contains(name), "{step} sees {name}");
        }
    }

    let id = text(&live, "id");
    let api = home.api();
    let log = eventually("the app has printed everything", 20, || {
        let log = api.get(&format!("/api/deployments/{id}/logs?limit=5000")).text;
        log.contains("environment:").then_some(log)
    });
    let shown = log.matches("[secret DB_PASSWORD]").count();
    assert!(shown >= 15, "only {shown} of the places are marked: {log}");
    assert!(log.contains("postgres://app:[secret DB_PASSWORD]@db/app"));
    assert_clean("the log", log.as_bytes());
    for path in [
        format!("/api/status/{id}"),
        format!("/api/deployments/{id}"),
        format!("/api/projects/{}", text(&live, "projectId")),
        format!("/api/projects/{}/secrets", text(&live, "projectId")),
        format!("/api/projects/{}/deployments", text(&live, "projectId")),
        "/api/projects".to_owned(),
        "/api/platform".to_owned(),
    ] {
        assert_clean(&path, api.get(&path).text.as_bytes());
    }
    for command in [&["status", "vault"][..], &["logs", "vault"], &["secret", "list", "--project", "vault"]] {
        let done = home.run(command).ok();
        assert_clean(&command.join(" "), format!("{}{}", done.stdout, done.stderr).as_bytes());
    }
    assert_eq!(files_with(home.path(), &forms()), Vec::<std::path::PathBuf>::new());
    let found = files_with(home.path(), &[b"environment:".to_vec()]);
    assert!(!found.is_empty(), "the search finds what is there");
    for (pid, line) in home.processes() {
        assert_clean(&line, line.as_bytes());
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        if !line.contains("server.py") {
            assert_clean(&format!("the environment of `{line}`"), &environ);
        }
    }
}

#[test]
fn a_failure_tells_its_cause_and_no_secret() {
    let (home, project) = (Home::new(), leaky("start: python3 server.py\nenv:\n  BREAK: \"yes\"\n"));
    set(&home, "DB_PASSWORD", CANARY);
    let failed = home.run(&["deploy", &project.arg(), "--json"]);
    assert_eq!(failed.code, 1, "{failed:#?}");
    assert_clean("the failure", failed.stdout.as_bytes());
    assert_clean("what is told about it", failed.stderr.as_bytes());
    let id = failed.json()["id"].as_str().expect("an id").to_owned();
    let events = home.api().get(&format!("/api/deployments/{id}?after=0")).text;
    assert_clean("the record", events.as_bytes());
    assert_eq!(files_with(home.path(), &forms()), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_secret_that_is_set_later_is_taken_out_of_what_was_printed_before() {
    let (home, project) = (Home::new(), leaky("start: python3 server.py\n"));
    let live = home.deploy(&project.arg());
    get(&format!("{}/say/later-7f3e91-told", text(&live, "directUrl")));
    let logs = || home.run(&["logs", "vault", "--lines", "1000"]).ok().stdout;
    eventually("it is printed", 10, || logs().contains("saying later-7f3e91-told").then_some(()));
    set(&home, "LATER", "later-7f3e91-told");
    assert!(logs().contains("saying [secret LATER]"), "{}", logs());
    get(&format!("{}/say/later-7f3e91-told/again", text(&live, "directUrl")));
    let log = eventually("it is printed again", 10, || Some(logs()).filter(|log| log.contains("/again")));
    assert!(!log.contains("later-7f3e91-told"), "{log}");
    home.kill_platform();
    home.started();
    assert!(logs().contains("saying [secret LATER]"), "also after a crash: {}", logs());
}

#[test]
fn a_key_of_many_lines_arrives_whole_and_is_printed_nowhere() {
    let home = Home::new();
    let server = LEAKY_SERVER.replace("\"plain\", secret", "os.environ[\"TLS_KEY\"]");
    let project = Project::of("vault", &[("server.py", &server), ("Procfile", "web: python3 server.py\n")]);
    let body = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"];
    let [begin, end] = ["BEGIN", "END"].map(|word| format!("-----{word} PRIVATE KEY-----"));
    let key = format!("{begin}\n{}\n{end}\n", body.join("\n"));
    let file = project.path().join("../tls.key");
    std::fs::write(&file, &key).expect("a file");
    let file = file.to_str().expect("UTF-8");
    home.run(&["secret", "set", "TLS_KEY", "--from-file", file, "--project", "vault"]).ok();
    let live = home.deploy(&project.arg());
    assert_eq!(environment(&live)["TLS_KEY"], json!(key.trim_end()), "but for the file's own line end");
    let log = home.run(&["logs", "vault", "--lines", "1000"]).ok().stdout;
    assert!(log.contains("[secret TLS_KEY]") && log.contains(&begin), "{log}");
    let parts = body.map(|line| line.as_bytes().to_vec());
    assert_eq!(files_with(home.path(), &parts), Vec::<std::path::PathBuf>::new());
}
