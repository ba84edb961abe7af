//! Where the platform listens: a token never travels in the clear off loopback.

use std::path::Path;
use std::process::{Child, Command};

use serde_json::json;

use super::platform::refusal;
use crate::harness::{Home, Project, eventually, has_tool, send, trusting};

#[test]
fn off_loopback_there_is_no_plain_http() {
    let home = Home::new();
    let done = home.run(&["platform", "serve", "--listen", "0.0.0.0"]);
    assert_ne!(done.code, 0, "{done:#?}");
    assert!(done.stderr.contains("--tls-cert"), "it says what to do: {done:#?}");
    assert!(home.platform_file().is_none(), "and nothing listens");
}

#[test]
fn the_client_never_sends_its_token_in_the_clear() {
    let home = Home::new();
    let mut program = home.program(&["projects", "--json"]);
    program.env("BACKEND_IM_URL", "http://192.0.2.1:8080").env("BACKEND_IM_TOKEN", "t".repeat(32));
    let output = program.output().expect("the program runs");
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(told.contains("insecure_url"), "{told}");
}

/// A platform in the foreground, ended by a signal.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None)) {
            drop(Command::new("kill").arg(self.0.id().to_string()).status());
        }
        drop(self.0.wait());
    }
}

fn make_certificate(cert: &Path, key: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(cert)
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A platform for other machines, and a client that trusts its certificate.
fn serve_securely(home: &Home) -> (Serving, reqwest::Client) {
    let folder = tempfile::tempdir().expect("a temp dir");
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    make_certificate(&cert, &key);
    let (cert_arg, key_arg) = (cert.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let arguments =
        ["platform", "serve", "--listen", "0.0.0.0", "--tls-cert", cert_arg, "--tls-key", key_arg];
    let serving = Serving(home.program(&arguments).spawn().expect("the program starts"));
    eventually("the platform listens", 20, || home.platform_file());
    (serving, trusting(&std::fs::read(&cert).expect("a certificate")))
}

#[test]
fn off_loopback_a_certificate_gives_https() {
    if !has_tool("off_loopback_a_certificate_gives_https", "openssl") {
        return;
    }
    let home = Home::new();
    let (serving, client) = serve_securely(&home);
    let api = home.api();
    let base = api.base.replace("http://127.0.0.1", "https://localhost");
    let get = |path: &str| client.get(format!("{base}{path}"));
    let version = send(get("/api/version")).expect("an answer");
    assert_eq!(version.json()["contract"], "1.0");
    let denied = send(get("/api/projects")).expect("an answer");
    assert_eq!(refusal(&denied), (401, "unauthorized".to_owned()));
    let projects = send(get("/api/projects").bearer_auth(&api.token)).expect("an answer");
    assert_eq!(projects.json(), serde_json::json!({"items": []}));
    send(client.get(format!("{}/api/version", api.base))).expect_err("plain HTTP is no answer there");
    drop(serving);
}

#[test]
fn a_secure_platform_is_found_from_its_own_home_by_its_certificate_alone() {
    if !has_tool("a_secure_platform_is_found_from_its_own_home_by_its_certificate_alone", "openssl") {
        return;
    }
    let home = Home::new();
    let (mut serving, _) = serve_securely(&home);
    let pid = serving.0.id();
    let status = home.run(&["platform", "status", "--json"]).ok().json();
    assert_eq!((&status["running"], &status["pid"]), (&json!(true), &json!(pid)));
    assert_eq!(home.run(&["projects", "--json"]).ok().json()["items"], json!([]));

    let path = home.path().join("platform.json");
    let file = std::fs::read_to_string(&path).expect("a file");
    let certificate = home.platform_file().expect("a file")["certificate"].clone();
    let other = file.replace(certificate.as_str().expect("a hash"), &"0".repeat(64));
    std::fs::write(&path, other).expect("a file");
    let refused = home.run(&["projects", "--json"]);
    assert_ne!(refused.code, 0, "{refused:#?}");
    assert!((refused.stdout.clone() + &refused.stderr).contains("impostor"), "{refused:#?}");

    std::fs::write(&path, file).expect("a file");
    let stopped = home.run(&["platform", "stop", "--json"]).ok().json();
    assert_eq!((&stopped["wasRunning"], &stopped["hasEnded"]), (&json!(true), &json!(true)));
    assert!(serving.0.wait().expect("it ended").success());
}

#[test]
fn apps_of_a_secure_platform_answer_over_https_only() {
    if !has_tool("apps_of_a_secure_platform_answer_over_https_only", "openssl") {
        return;
    }
    let home = Home::new();
    let (serving, client) = serve_securely(&home);
    let project = Project::quick("safe", "one");
    project.edit(
        "server.py",
        "TEXT.encode()",
        "(TEXT + ' over ' + str(self.headers['X-Forwarded-Proto'])).encode()",
    );
    let deployed = home.deploy(&project.arg());
    let (url, direct) =
        (deployed["url"].as_str().expect("a URL"), deployed["directUrl"].as_str().expect("a URL"));
    assert!(url.starts_with("https://") && direct.starts_with("https://127.0.0.1:"), "{url} {direct}");
    assert_eq!(send(client.get(direct)).expect("an answer").text, "one over https");
    let by_name = url.trim_start_matches("https://");
    let shared = format!("https://127.0.0.1:{}/", home.platform_file().expect("a file")["gatewayPort"]);
    let named = send(client.get(&shared).header("Host", by_name.trim_end_matches('/'))).expect("an answer");
    assert_eq!(named.text, "one over https");
    send(client.get(direct.replace("https:", "http:"))).expect_err("plain HTTP is no answer there");
    home.run(&["platform", "stop"]).ok();
    drop(serving);
}

#[test]
fn more_deploys_a_minute_than_a_platform_takes_are_told_when_to_come_back() {
    let home = Home::new();
    let arguments = ["platform", "serve", "--deploys-per-minute", "1"];
    let serving = Serving(home.program(&arguments).spawn().expect("the program starts"));
    let api = eventually("the platform listens", 20, || home.platform_file().map(|_| home.api()));
    let deploy =
        |text: &str| api.post("/api/deploy", &json!({"files": {"index.html": text}, "projectName": "page"}));
    let first = deploy("one");
    assert_eq!(first.status, 202, "{}", first.text);
    api.ended(first.json()["deploymentId"].as_str().expect("an id"));
    let refused = deploy("two");
    assert_eq!(refusal(&refused), (429, "rate_limited".to_owned()));
    let wait: u64 = refused.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(api.get("/api/projects").status, 200, "only deploys are counted");
    home.run(&["platform", "stop"]).ok();
    drop(serving);
}
