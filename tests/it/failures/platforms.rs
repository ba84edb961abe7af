//! Platforms of another version, platforms that do not know the token, and what only looks like a platform.

use std::fs::File;
use std::process::Command;

use platform_api::Code;
use serde_json::{Value, json};

use super::peer::{Answer, Asked, Peer, TOKEN};
use super::told::{refused, tool_refused};
use super::{Standing, Told};
use crate::harness::{Done, Home, Project, eventually, get};

/// A genuine platform of `version`; what it is asked beyond finding it, `rest` answers.
fn genuine(version: &'static str, rest: impl Fn(&Asked<'_>) -> Answer + Send + 'static) -> Peer {
    Peer::listen(0, move |asked| match asked.path {
        "/api/challenge" => asked.proof(),
        "/api/version" => (200, json!({"contract": "1.0", "server": version, "engine": "process"})),
        _ => rest(asked),
    })
}

/// Answers whatever might please.
fn anything(_: &Asked<'_>) -> Answer {
    let zeros = "0".repeat(64);
    let version = env!("CARGO_PKG_VERSION");
    (
        200,
        json!({"answer": zeros, "contract": "1.0", "server": version, "engine": "process", "valid": true, "items": []}),
    )
}

#[test]
fn a_newer_platform_is_left_alone_and_the_person_is_told_to_upgrade() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let mut peer = genuine("99.1.0", |_| (500, Value::Null));
    peer.announce(&home);
    let told = refused(&home, &["deploy", &project.arg()], &Code::PLATFORM_NEWER).exits(4);
    told.says(&["99.1.0", env!("CARGO_PKG_VERSION")]).hints(&["upgrade", "99.1.0"]);
    tool_refused(&home, &project.path(), ("list_projects", &json!({})), &Code::PLATFORM_NEWER);
    assert!(!peer.heard().contains("/stop"), "{}", peer.heard());
}

#[test]
fn an_older_platform_is_asked_to_hand_over() {
    let home = Home::new();
    let mut peer = genuine("0.0.1", |asked| {
        assert_eq!((asked.path, asked.query), ("/api/platform/stop", "apps=keep"));
        asked.end_process();
        (200, json!({"stopped": []}))
    });
    peer.announce(&home);
    let done = home.run(&["projects", "--json"]).ok();
    assert!(done.stderr.contains("0.0.1") && done.stderr.contains("apps keep running"), "{done:#?}");
    assert_eq!(done.json()["items"], json!([]));
    assert_ne!(u32::try_from(home.platform_pid()), Ok(peer.pid()), "a platform of this version serves now");
    assert_eq!(home.api().get("/api/version").json()["server"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_call_without_the_right_token_is_unauthorized_and_says_where_the_token_is() {
    let home = Home::new();
    let mut api = home.started();
    for wrong in [TOKEN, "short", ""] {
        wrong.clone_into(&mut api.token);
        for path in ["/api/projects", "/api/auth/verify", "/api/platform"] {
            let answer = api.get(path);
            assert_eq!(answer.status, 401, "{path}: {}", answer.text);
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            let problem = answer.json();
            assert_eq!(problem["code"], Code::UNAUTHORIZED.as_str());
            assert!(problem["hint"].as_str().is_some_and(|hint| hint.contains("`token`")), "{problem:#}");
        }
    }
}

#[test]
fn a_platform_that_refuses_the_token_is_told_as_unauthorized() {
    let home = Home::new();
    let mut peer = genuine(env!("CARGO_PKG_VERSION"), |_| (401, json!({})));
    peer.announce(&home);
    refused(&home, &["projects"], &Code::UNAUTHORIZED).says(&["401"]).hints(&["token"]).exits(5);
}

#[test]
fn a_wrong_token_in_the_settings_is_not_even_sent() {
    let home = Home::new();
    let api = home.started();
    let told = refused_elsewhere(&api.base, &Code::IMPOSTOR).exits(4);
    told.says(&[api.base.trim_start_matches("http://"), "not sent"]).hints(&["BACKEND_IM_TOKEN"]);
}

#[test]
fn a_token_that_was_replaced_under_a_running_platform_is_explained() {
    let standing = Standing::new();
    let token = standing.home.path().join("token");
    let right = std::fs::read_to_string(&token).expect("a token");
    std::fs::write(&token, TOKEN).expect("a token");
    let pid = standing.home.platform_pid();
    let told = refused(&standing.home, &["projects"], &Code::IMPOSTOR);
    told.says(&["127.0.0.1:"]).hints(&["token was not sent", "if it was replaced", &format!("`kill {pid}`")]);
    assert_eq!(get(standing.direct_url()).text, "good");

    // As the hint says.
    let asked = Command::new("kill").arg(pid.to_string()).status().expect("kill runs");
    assert!(asked.success());
    eventually("the platform is gone", 30, || {
        (!standing.home.processes().iter().any(|(it, _)| *it == pid)).then_some(())
    });
    assert_ne!(standing.home.started().token, right);
    eventually("the app has its route again", 10, || {
        (get(standing.direct_url()).status == 200).then_some(())
    });
    standing.stands();
}

#[test]
fn an_impostor_on_the_platforms_port_never_gets_the_token() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let mut impostor = Peer::listen(0, anything);
    impostor.announce(&home);
    let serving = File::create(home.path().join("serve.lock")).expect("a lock");
    serving.lock().expect("nobody else serves");
    for args in
        [&["projects"][..], &["deploy", &project.arg()], &["platform", "status"], &["platform", "stop"]]
    {
        let told = refused(&home, args, &Code::IMPOSTOR).exits(4);
        told.says(&[&format!("127.0.0.1:{}", impostor.port)]).hints(&["token was not sent", "platform.json"]);
    }
    tool_refused(&home, &project.path(), ("deploy_project", &json!({})), &Code::IMPOSTOR);
    impostor.heard_no_token(TOKEN);
    assert!(!impostor.heard().contains("server.py"), "nor any file");
}

#[test]
fn a_process_that_only_has_the_number_of_a_platform_that_died_is_in_nobodys_way() {
    let home = Home::new();
    let mut impostor = Peer::listen(0, anything);
    impostor.announce(&home);
    home.run(&["projects"]).ok();
    impostor.heard_no_token(TOKEN);
    assert_ne!(u32::try_from(home.platform_pid()), Ok(impostor.pid()));
}

#[test]
fn who_took_the_port_of_a_platform_that_died_never_gets_the_token() {
    let standing = Standing::new();
    let api_port = standing.home.platform_file().expect("a platform")["apiPort"].clone();
    let token = standing.home.api().token;
    standing.home.kill_platform();
    let port = u16::try_from(api_port.as_u64().expect("a port")).expect("a port");
    let impostor = Peer::listen(port, anything);
    standing.home.run(&["projects"]).ok();
    impostor.heard_no_token(&token);
    assert_ne!(standing.home.platform_file().expect("a platform")["apiPort"], api_port);
    eventually("the app has its route again", 10, || {
        (get(standing.direct_url()).status == 200).then_some(())
    });
    standing.stands();
}

#[test]
fn a_platform_elsewhere_that_nobody_runs_is_unreachable() {
    let peer = Peer::listen(0, anything);
    let url = format!("http://127.0.0.1:{}", peer.port);
    drop(peer);
    refused_elsewhere(&url, &Code::UNREACHABLE).says(&["cannot be reached"]).exits(4);
}

#[test]
fn a_token_never_travels_in_the_clear_to_another_machine() {
    let told = refused_elsewhere("http://platform.example.com", &Code::INSECURE_URL).exits(3);
    assert!(!told.text.contains(TOKEN));
}

/// Asks the platform at `url`, with a token of the settings, for its projects; that must fail with `code`.
#[track_caller]
fn refused_elsewhere(url: &str, code: &Code) -> Told {
    let home = Home::new();
    let mut program = home.program(&["projects", "--json"]);
    let done = program.env("BACKEND_IM_URL", url).env("BACKEND_IM_TOKEN", TOKEN).output();
    Told::of(&Done::of(done.expect("the program runs")), code)
}
