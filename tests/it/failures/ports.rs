//! Ports that somebody else has.

use std::net::{Ipv4Addr, TcpListener};

use platform_api::Code;
use serde_json::Value;

use super::Standing;
use super::told::refused;
use crate::harness::{Home, eventually, get};

/// A port that is taken as long as the listener lives.
fn taken() -> (TcpListener, String) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    (listener, port)
}

fn port_of(url: &str) -> u16 {
    url.rsplit_once(':').and_then(|(_, port)| port.trim_end_matches('/').parse().ok()).expect("a port")
}

#[test]
fn a_platform_that_is_told_to_take_a_taken_port_says_so() {
    let home = Home::new();
    let (_held, port) = taken();
    for flag in ["--api-port", "--gateway-port"] {
        let done = home.run(&["platform", "serve", flag, &port]);
        assert_eq!(done.code, 4, "{done:#?}");
        assert!(done.stderr.contains(&format!("127.0.0.1:{port}")), "{done:#?}");
        assert!(done.stderr.contains("(port_taken)") && done.stderr.contains("hint: "), "{done:#?}");
        assert!(home.platform_file().is_none(), "nothing serves");
    }
}

#[test]
fn a_command_that_starts_the_platform_tells_that_its_port_is_taken() {
    let (_held, port) = taken();
    for name in ["BACKEND_IM_API_PORT", "BACKEND_IM_GATEWAY_PORT"] {
        let home = Home::new().with(name, &port);
        refused(&home, &["projects"], &Code::PORT_TAKEN).says(&[&format!("127.0.0.1:{port}")]).exits(4);
    }
}

#[test]
fn a_project_whose_port_was_taken_meanwhile_gets_another_one_and_a_warning() {
    let standing = Standing::new();
    let port = port_of(standing.direct_url());
    standing.home.run(&["platform", "stop"]).ok();
    let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    standing.home.started();
    let now = eventually("the app is live again", 20, || {
        let view = standing.home.run(&["status", "hello", "--json"]).ok().json();
        let direct = view["directUrl"].as_str()?.to_owned();
        (view["live"] == true && port_of(&direct) != port && get(&direct).text == "good").then_some(direct)
    });
    let log = std::fs::read_to_string(standing.home.path().join("platform.log")).expect("a log");
    let is_warning = |line: &&str| line.contains("WARN") && line.contains(&port.to_string());
    assert!(log.lines().any(|line| is_warning(&line) && line.contains("port was taken")), "{log}");

    standing.project.says("two");
    standing.home.deploy(&standing.project.arg());
    assert_eq!(get(&now).text, "two", "the new port is kept");
}

#[test]
fn a_gateway_whose_port_was_taken_meanwhile_gets_another_one_and_a_warning() {
    let standing = Standing::new();
    let gateway =
        |home: &Home| home.platform_file().expect("a platform")["gatewayPort"].as_u64().expect("a port");
    let before = gateway(&standing.home);
    standing.home.run(&["platform", "stop"]).ok();
    let port = u16::try_from(before).expect("a port");
    let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    standing.home.started();
    assert_ne!(gateway(&standing.home), before);
    let view: Value = eventually("the app is live again", 20, || {
        let view = standing.home.run(&["status", "hello", "--json"]).ok().json();
        (view["live"] == true && get(standing.direct_url()).text == "good").then_some(view)
    });
    assert_ne!(view["url"], standing.live["url"]);
    let log = std::fs::read_to_string(standing.home.path().join("platform.log")).expect("a log");
    assert!(log.lines().any(|line| line.contains("WARN") && line.contains(&before.to_string())), "{log}");
}
