//! stdout carries JSON-RPC and nothing else, whatever is logged, printed and asked at the same time.

use std::collections::BTreeMap;

use super::*;

/// How many rounds of calls are under way at once; with the calls of one round just below what the server serves.
const ROUNDS: u64 = 12;

/// An app that never stops printing, on both streams and in pieces of lines.
const PRINTING: &str = r#"
import itertools, threading, time
def flood():
    for n in itertools.count():
        sys.stdout.write('{"jsonrpc":"2.0","id":%d,"result":{}}\n\x1b[2J' % n)
        sys.stderr.write('WARNING \r\n')
        sys.stdout.flush()
        if n % 100 == 0: time.sleep(0.02)
threading.Thread(target=flood, daemon=True).start()
"#;

#[test]
fn every_line_of_stdout_is_a_message_under_load() {
    let (home, project) = (Home::new(), Project::quick("loud", "one"));
    project.edit("server.py", "print(\"serving\"", &format!("{PRINTING}\nprint(\"serving\""));
    let mut command = home.program(&["mcp"]);
    command.env("BACKEND_IM_LOG", "trace");
    let mut server = Server::start(command, &project);
    let deploy = json!({"name": "deploy_project", "arguments": {}});
    let live = server.ask(&json!({"jsonrpc": "2.0", "id": 0, "method": "tools/call", "params": deploy}));
    assert_eq!(live["result"]["structuredContent"]["status"], "complete", "{live:#}");

    let calls = [
        json!({"name": "get_status", "arguments": {"project": "loud"}}),
        json!({"name": "stream_logs", "arguments": {"project": "loud", "follow_seconds": 1}, "_meta": {"progressToken": "t"}}),
        json!({"name": "stream_logs", "arguments": {"project": "loud", "cursor": "start", "grep": "warning"}}),
        json!({"name": "plan_deploy", "arguments": {}}),
        json!({"name": "list_projects", "arguments": {"project": "loud"}}),
    ];
    let mut expected = BTreeMap::new();
    for id in 1..=ROUNDS * 5 {
        let params = &calls[usize::try_from(id % 5).expect("an index")];
        server.say(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}));
        server.say(&json!("no message"));
        expected.insert(id, 1);
    }
    let mut answers: BTreeMap<u64, u32> = BTreeMap::new();
    let mut refused = 0;
    while answers.len() < expected.len() || refused < ROUNDS * 5 {
        let mut line = String::new();
        server.stdout.as_mut().expect("open").read_line(&mut line).expect("UTF-8");
        let message: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
        match message["id"].as_u64() {
            Some(id) => {
                assert_eq!(message["result"]["isError"], false, "{message:#}");
                *answers.entry(id).or_default() += 1;
            }
            None if message["method"] == "notifications/progress" => {}
            None => refused += u64::from(message["error"]["code"] == -32600),
        }
    }
    assert_eq!(answers, expected, "one answer to each");
}
