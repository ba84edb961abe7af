//! The protocol as clients of both eras speak it, in hand-written lines.

use std::path::Path;

use serde_json::{Value, json};

use crate::testing::Talk;
use crate::tools;

fn modern(id: u64, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "by hand", "version": "1"},
        "progressToken": id,
    });
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

#[tokio::test]
async fn clients_of_the_first_era_are_answered_in_their_own_version() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let mut talk = Talk::with_nobody();
        let answer = talk.initialize(version).await;
        let result = &answer["result"];
        assert_eq!(result["protocolVersion"], version);
        assert_eq!(result["serverInfo"]["name"], "backend-im");
        assert_eq!(result["serverInfo"]["version"], "0.0.1");
        assert!(result["capabilities"]["tools"].is_object());
        assert!(result["instructions"].as_str().unwrap().len() < 1_000, "instructions stay short");
        talk.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})).await;
        let (_, listed) = talk.answer(1).await;
        assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 10);
        assert_eq!(talk.connections(), 0, "listing connects to nothing");
        talk.hang_up().await.unwrap();
    }
}

#[tokio::test]
async fn an_unknown_version_is_answered_with_one_that_both_may_speak() {
    let mut talk = Talk::with_nobody();
    let answer = talk.initialize("1999-01-01").await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn clients_of_the_second_era_need_no_handshake() {
    let mut talk = Talk::with_nobody();
    talk.say(&modern(1, "server/discover", json!({}))).await;
    let (_, discovered) = talk.answer(1).await;
    let versions = discovered["result"]["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")), "{discovered}");
    assert_eq!(discovered["result"]["resultType"], "complete");

    talk.say(&modern(2, "tools/list", json!({}))).await;
    let (_, listed) = talk.answer(2).await;
    assert_eq!(listed["result"]["tools"].as_array().unwrap().len(), 10);
    assert_eq!(listed["result"]["resultType"], "complete");
    assert!(listed["result"]["ttlMs"].is_u64() && listed["result"]["cacheScope"].is_string());

    talk.say(&modern(3, "tools/call", json!({"name": "list_projects", "arguments": {}}))).await;
    let (_, called) = talk.answer(3).await;
    assert_eq!(called["result"]["resultType"], "complete");
    assert_eq!(called["result"]["structuredContent"]["code"], "unreachable");

    talk.say(&json!({"jsonrpc": "2.0", "id": 4, "method": "tools/list", "params": {}})).await;
    let (_, without) = talk.answer(4).await;
    assert_eq!(without["error"]["code"], -32602, "every request carries its metadata: {without}");
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn a_client_may_probe_for_the_second_era_and_go_on_in_the_first() {
    let mut talk = Talk::with_nobody();
    talk.say(&modern(7, "server/discover", json!({}))).await;
    talk.answer(7).await;
    let answer = talk.initialize("2025-11-25").await;
    assert_eq!(answer["result"]["protocolVersion"], "2025-11-25");
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn errors_are_results_that_a_model_can_act_on() {
    let mut talk = Talk::with_nobody();
    talk.initialize("2025-11-25").await;
    let answer = talk.call("list_projects", json!({})).await;
    let result = &answer["result"];
    assert_eq!(result["isError"], true);
    assert_eq!(result["structuredContent"]["code"], "unreachable");
    assert_eq!(result["structuredContent"]["message"], "nobody there", "cleaned of escapes");
    assert_eq!(result["structuredContent"]["retryable"], false);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("nobody there") && text.contains("unreachable"), "{text}");
    assert_eq!(talk.connections(), 1);
    talk.hang_up().await.unwrap();
}

/// Some clients hold the structured content of an error to the tool's output schema.
#[test]
fn an_error_fits_the_output_schema_of_every_tool() {
    let error = [("code", "string"), ("message", "string"), ("hint", "string"), ("retryable", "boolean")];
    for tool in tools::all() {
        let schema = tool.output_schema.expect("an output schema");
        assert!(schema.get("required").is_none(), "{}", tool.name);
        assert!(schema.get("additionalProperties").is_none_or(|closed| closed != false), "{}", tool.name);
        for (member, kind) in error {
            let own = &schema["properties"][member]["type"];
            assert!(own.is_null() || own == kind, "{}: {member} is {own}", tool.name);
        }
    }
}

#[tokio::test]
async fn wrong_arguments_are_named_and_nothing_is_connected() {
    let mut talk = Talk::with_nobody();
    talk.initialize("2025-06-18").await;
    let id = "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10";
    let cases = [
        ("deploy_project", json!({"wait_seconds": 46}), "`wait_seconds`"),
        ("deploy_project", json!({"wait_seconds": "soon"}), "`wait_seconds`"),
        ("deploy_project", json!({"force": true}), "`force`"),
        ("deploy_project", json!({"env": {"A": 1}}), "`env.A`"),
        ("deploy_project", json!({"path": ["."]}), "`path`"),
        ("generate_code", json!({}), "`prompt`"),
        ("get_status", json!({}), "`deployment_id`"),
        ("get_status", json!({"deployment_id": "latest"}), "`deployment_id`"),
        ("get_status", json!({"deployment_id": id, "wait_seconds": 100}), "`wait_seconds`"),
        ("stream_logs", json!({"deployment_id": id, "max_lines": 0}), "`max_lines`"),
        ("stream_logs", json!({"deployment_id": id, "source": "kernel"}), "`source`"),
        ("stream_logs", json!({"deployment_id": id, "follow_seconds": 46}), "`follow_seconds`"),
        ("rollback_project", json!({"project": "x", "to": "v1"}), "`to`"),
        ("cancel_deployment", json!({"deployment_id": "x"}), "`deployment_id`"),
        ("delete_project", json!({"confirm": "x"}), "`project`"),
        ("set_secret", json!({"project": "x", "ask": true}), "`name`"),
        ("set_secret", json!({"project": "x", "name": "key", "ask": true}), "`name`"),
        ("set_secret", json!({"project": "x", "name": "KEY"}), "`ask`"),
        ("set_secret", json!({"project": "x", "name": "KEY", "ask": true, "remove": true}), "`ask`"),
        ("set_secret", json!({"project": "x", "name": "KEY", "value": "v"}), "`value`"),
        ("set_secret", json!({"project": "x", "name": "KEY", "from_env": "sk-live"}), "`from_env`"),
        ("set_secret", json!({"project": "x", "name": "KEY", "from_file": "nowhere"}), "`from_file`"),
        ("plan_deploy", json!({"path": ""}), "`path`"),
    ];
    for (tool, arguments, named) in cases {
        let answer = talk.call(tool, arguments).await;
        let result = &answer["result"];
        assert_eq!(result["isError"], true, "{tool}: {answer}");
        assert_eq!(result["structuredContent"]["code"], "malformed", "{tool}: {answer}");
        assert!(result["structuredContent"]["hint"].is_string(), "{tool}: {answer}");
        let message = result["structuredContent"]["message"].as_str().unwrap();
        assert!(message.contains(named), "{tool}: {message}");
    }
    assert_eq!(talk.connections(), 0);
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn broken_protocol_is_a_protocol_error() {
    let mut talk = Talk::with_nobody();
    talk.initialize("2025-11-25").await;
    let unknown = talk.call("no_such_tool", json!({})).await;
    assert_eq!(unknown["error"]["code"], -32602, "{unknown}");
    talk.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "no/such/method"})).await;
    assert_eq!(talk.answer(2).await.1["error"]["code"], -32601);
    // What is no JSON at all is answered without an id; the connection lives on.
    talk.say_raw("{nonsense\n").await;
    let unreadable = talk.hear().await;
    assert_eq!((&unreadable["id"], &unreadable["error"]["code"]), (&Value::Null, &json!(-32700)));
    talk.say(&json!({"jsonrpc": "2.0", "id": 3, "method": "ping"})).await;
    assert!(talk.answer(3).await.1["result"].is_object());
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn the_workspace_is_the_boundary_of_every_path() {
    let mut talk = Talk::with_nobody();
    let secret = talk.dir().join("secret");
    std::fs::create_dir(&secret).unwrap();
    std::os::unix::fs::symlink(&secret, talk.dir().join("ws/link")).unwrap();
    talk.initialize("2025-11-25").await;
    let secret = secret.display().to_string();
    let cases = [
        ("plan_deploy", json!({"path": ".."}), "outside_workspace"),
        ("deploy_project", json!({"path": secret}), "outside_workspace"),
        ("deploy_project", json!({"path": "link"}), "symlink_escapes"),
        ("generate_code", json!({"prompt": "users", "output_dir": "link/new"}), "symlink_escapes"),
        ("deploy_project", json!({"path": "nowhere"}), "no_such_folder"),
    ];
    for (tool, arguments, code) in cases {
        let answer = talk.call(tool, arguments).await;
        assert_eq!(answer["result"]["structuredContent"]["code"], code, "{tool}: {answer}");
    }
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn a_server_without_a_workspace_lists_its_tools_and_says_how_to_give_it_one() {
    let mut talk = Talk::with_root(Path::new("/"));
    talk.initialize("2025-11-25").await;
    let answer = talk.call("deploy_project", json!({})).await;
    let error = &answer["result"]["structuredContent"];
    assert_eq!(error["code"], "no_workspace_root");
    assert!(error["hint"].as_str().unwrap().contains("--root"), "{error}");
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn progress_goes_to_the_callers_token_at_once() {
    let mut talk = Talk::with_nobody();
    talk.initialize("2025-11-25").await;
    talk.say(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "deploy_project", "arguments": {}, "_meta": {"progressToken": "mine"}
    }}))
    .await;
    let (before, _) = talk.answer(1).await;
    assert!(!before.is_empty(), "a message before the answer");
    for message in &before {
        assert_eq!(message["method"], "notifications/progress");
        assert_eq!(message["params"]["progressToken"], "mine");
        assert!(message["params"]["message"].is_string());
    }
    // Without a token nobody is told anything.
    talk.say(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": {"name": "deploy_project", "arguments": {}}}))
        .await;
    assert!(talk.answer(2).await.0.is_empty());
    talk.hang_up().await.unwrap();
}

#[tokio::test]
async fn a_client_that_goes_away_is_no_error_and_neither_is_what_comes_before_the_opening() {
    Talk::with_nobody().hang_up().await.unwrap();

    let mut probing = Talk::with_nobody();
    probing.say(&modern(1, "server/discover", json!({}))).await;
    probing.answer(1).await;
    probing.hang_up().await.unwrap();

    let mut strange = Talk::with_nobody();
    for _ in 0..100 {
        strange.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        strange.say(&json!({"jsonrpc": "2.0", "id": 1, "result": {}})).await;
    }
    strange.initialize("2025-11-25").await;
    strange.hang_up().await.unwrap();
}

#[test]
fn the_list_of_tools_is_pinned_small_and_complete() {
    let tools = serde_json::to_value(tools::all()).unwrap();
    let list = json!({"tools": tools});
    let bytes = list.to_string().len();
    assert!(bytes < 16_000, "{bytes} bytes");
    for tool in tools.as_array().unwrap() {
        let name = &tool["name"];
        assert!(tool["description"].as_str().unwrap().len() < 1_000, "{name}");
        assert!(tool["title"].is_string() && tool["outputSchema"]["type"] == "object", "{name}");
        for hint in ["readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"] {
            assert!(tool["annotations"][hint].is_boolean(), "{name} {hint}");
        }
        let schemas = format!("{}{}", tool["inputSchema"], tool["outputSchema"]);
        for trap in ["\"format\"", "\"null\"", "$ref", "$schema"] {
            assert!(!schemas.contains(trap), "{name} has {trap}");
        }
    }
    insta::assert_json_snapshot!(list);
}
#[test]
fn tmp_sizes() {
    for tool in tools::all() {
        let v = serde_json::to_value(&tool).unwrap();
        eprintln!("{}", v);
        eprintln!(
            "{} {} d={} in={} out={}",
            v["name"],
            v.to_string().len(),
            v["description"].to_string().len(),
            v["inputSchema"].to_string().len(),
            v["outputSchema"].to_string().len()
        );
    }
}
