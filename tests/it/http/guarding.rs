//! Who is let in, and how much they may send.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;

use serde_json::json;

use crate::harness::{Home, McpHttp, Project, message};

/// A request that needs nothing before it.
fn ping() -> String {
    message(1, "ping", &json!({}))
}

#[test]
fn without_its_own_token_nothing_is_served_and_the_answer_says_where_it_is() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    home.started();
    let server = McpHttp::start(&home, &project.path(), &[]);
    let host = format!("127.0.0.1:{}", server.port);
    let platforms = format!("Bearer {}", home.api().token);
    for (line, wrong) in [
        ("POST /mcp", None),
        ("GET /mcp", None),
        ("DELETE /mcp", None),
        ("GET /sse", None),
        ("POST /messages?sessionId=0", None),
        ("POST /mcp", Some("Bearer wrong")),
        ("POST /mcp", Some("Basic d3Jvbmc=")),
        // The platform's token has more rights than the tools, and opens nothing here.
        ("POST /mcp", Some(platforms.as_str())),
    ] {
        let mut headers = vec![("Host", host.as_str())];
        headers.extend(wrong.map(|wrong| ("Authorization", wrong)));
        let mut refused = server.raw(line, &headers, &ping()).expect("an answer");
        assert_eq!(refused.head.status, 401, "{line} {wrong:?}");
        let challenge = refused.head.header("www-authenticate").expect("a challenge");
        assert!(challenge.starts_with("Bearer realm="), "{challenge}");
        let error = refused.error();
        assert_eq!(error["data"]["code"], "unauthorized");
        assert!(error["message"].as_str().is_some_and(|text| text.contains("mcp-token")), "{error}");
    }
    let path = home.path().join("mcp-token");
    assert_eq!(std::fs::metadata(&path).expect("a token").mode() & 0o777, 0o600);
    let token = std::fs::read_to_string(&path).expect("a token");
    assert!(token.len() >= 64 && !server.said().contains(&token), "it is never said");
    let refused = home.api().anonymous("GET", "/api/projects").bearer_auth(&token);
    assert_eq!(
        crate::harness::send(refused).expect("an answer").status,
        401,
        "it opens nothing of the platform"
    );
    assert_eq!(server.send("POST /nothing", &[], &ping()).error()["data"]["code"], "not_found");
}

#[test]
fn only_its_own_names_and_pages_are_served() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let server = McpHttp::start(&home, &project.path(), &["--allow-host", "mcp.example"]);
    let token = std::fs::read_to_string(home.path().join("mcp-token")).expect("a token");
    let (bearer, port) = (format!("Bearer {token}"), server.port);
    let (own, other) = (format!("localhost:{port}"), format!("http://localhost:{}", port ^ 1));
    let here = format!("http://localhost:{port}");
    let status = |names: &[(&str, &str)]| {
        let mut headers = vec![("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        headers.push(("Accept", "application/json, text/event-stream"));
        headers.extend(names);
        server.raw("POST /mcp", &headers, &ping()).expect("an answer").head.status
    };
    // Nothing is asked of a session yet: what is let through is told that it has none.
    let let_in = 400;
    for names in [
        &[("Host", own.as_str())][..],
        &[("Host", own.as_str()), ("Origin", here.as_str())],
        &[("Host", "mcp.example")],
        &[("Host", "mcp.example"), ("Origin", "https://mcp.example")],
    ] {
        assert_eq!(status(names), let_in, "{names:?}");
    }
    for names in [
        &[("Host", "evil.example")][..],
        &[("Host", "localhost")],
        &[("Host", own.as_str()), ("Origin", "http://evil.example")],
        &[("Host", own.as_str()), ("Origin", "null")],
        &[("Host", own.as_str()), ("Origin", other.as_str())],
        &[("Host", own.as_str()), ("Origin", here.as_str()), ("Origin", here.as_str())],
        &[("Host", "mcp.example"), ("Origin", "http://mcp.example")],
        &[("Host", "mcp.example"), ("Origin", here.as_str())],
    ] {
        assert_eq!(status(names), 403, "{names:?}");
    }
    assert_eq!(status(&[("Host", own.as_str()), ("Host", own.as_str())]), 400);
}

#[test]
fn too_much_and_too_slow_is_cut_off() {
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let server = McpHttp::start(&home, &project.path(), &[]);
    let mut slow = TcpStream::connect(("127.0.0.1", server.port)).expect("a connection");
    slow.write_all(b"POST /mcp HTTP/1.1\r\nHost: 127").expect("it reads");

    let limit = 16 << 20;
    let mut fits = message(1, "ping", &json!({}));
    fits += &" ".repeat(limit - fits.len());
    assert_eq!(
        server.send("POST /mcp", &[], &fits).head.status,
        400,
        "read, and told that it has no session"
    );
    let mut refused = server.send("POST /mcp", &[], &(fits + " "));
    assert_eq!((refused.head.status, &refused.error()["data"]["code"]), (413, &json!("too_large")));

    let long = "x".repeat(64 << 10);
    assert_eq!(server.send("POST /mcp", &[("X-Long", &long)], "{}").head.status, 431);
    for (body, code) in [("{", -32_700), ("[]", -32_600), ("{\"jsonrpc\":\"2.0\"}", -32_600)] {
        let mut refused = server.send("POST /mcp", &[], body);
        assert_eq!((refused.head.status, &refused.error()["code"]), (400, &json!(code)), "{body}");
    }

    let limit = std::time::Duration::from_secs(30);
    slow.set_read_timeout(Some(limit)).expect("a limit");
    let rest = std::io::copy(&mut slow, &mut std::io::sink());
    assert!(rest.is_ok(), "the half-sent head is not waited for: {rest:?}");
}

#[test]
fn what_would_let_others_in_is_refused_with_what_to_do() {
    let home = Home::new();
    let refused = home.run(&["mcp", "--http", "0.0.0.0:0"]);
    assert_eq!(refused.code, 3, "{refused:#?}");
    assert!(refused.stderr.contains("--allow-host"), "{refused:#?}");
    let refused = home.run(&["mcp", "--http", "127.0.0.1:0", "--no-auth", "--allow-host", "mcp.example"]);
    assert_eq!(refused.code, 2, "{refused:#?}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let refused = home.run(&["mcp", "--http", &address]);
    assert_eq!(refused.code, 4, "{refused:#?}");
    assert!(refused.stderr.contains(&address) && refused.stderr.contains("port"), "{refused:#?}");
    let server = McpHttp::start(&home, home.path(), &["--no-auth"]);
    assert!(server.said().contains("WARNING"), "{}", server.said());
}
