//! Where the platform listens: a token never travels in the clear off loopback.

use std::path::Path;
use std::process::{Child, Command};

use super::platform::refusal;
use crate::harness::{Home, eventually, has_tool, send, trusting};

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
        drop(Command::new("kill").arg(self.0.id().to_string()).status());
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

#[test]
fn off_loopback_a_certificate_gives_https() {
    if !has_tool("off_loopback_a_certificate_gives_https", "openssl") {
        return;
    }
    let (home, folder) = (Home::new(), tempfile::tempdir().expect("a temp dir"));
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    make_certificate(&cert, &key);
    let (cert_arg, key_arg) = (cert.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let arguments =
        ["platform", "serve", "--listen", "0.0.0.0", "--tls-cert", cert_arg, "--tls-key", key_arg];
    let serving = Serving(home.program(&arguments).spawn().expect("the program starts"));
    let api = eventually("the platform listens", 20, || home.platform_file().map(|_| home.api()));

    let client = trusting(&std::fs::read(&cert).expect("a certificate"));
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
