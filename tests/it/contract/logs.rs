//! The same lines as plain HTTP.

use serde_json::Value;

use super::{Platform, app, refusal};
use crate::harness::{block_on, visit};

fn path(view: &Value, query: &str) -> String {
    format!("/api/deployments/{}/logs?{query}", view["id"].as_str().expect("an id"))
}

fn texts(page: &Value) -> Vec<String> {
    let lines = page["lines"].as_array().unwrap_or_else(|| panic!("{page:#}")).iter();
    lines.map(|line| line["text"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn pages_join_without_a_gap_and_say_who_wrote_each_line() {
    let platform = Platform::start();
    let view = platform.deployed(&platform.project("lines"), &app::talkative("one"));
    assert_eq!(view["status"], "complete", "{view:#}");
    let (mut cursor, mut read, mut seqs) = (String::new(), Vec::new(), Vec::new());
    loop {
        let page = platform.api.get(&path(&view, &format!("limit=300&source=build{cursor}"))).json();
        let lines = page["lines"].as_array().expect("lines");
        assert!(lines.len() <= 300);
        for line in lines {
            assert!(line["time_ms"].is_u64() && line["source"] == "build", "{line}");
            assert!(matches!(line["stream"].as_str(), Some("stdout" | "stderr" | "platform")), "{line}");
            seqs.extend(line["seq"].as_u64());
        }
        if lines.is_empty() {
            break;
        }
        read.extend(texts(&page));
        cursor = format!("&after={}", page["nextCursor"].as_str().expect("a cursor"));
    }
    let numbers: Vec<usize> =
        read.iter().filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect();
    assert_eq!(numbers, (0..app::LINES).collect::<Vec<_>>());
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "numbered upwards");

    let runtime = platform.api.get(&path(&view, "source=runtime")).json();
    assert_eq!(texts(&runtime), ["serving one"]);
    assert_eq!(runtime["complete"], false, "the app may say more");
    let both = platform.api.get(&path(&view, "source=build,runtime&limit=5000")).json();
    assert_eq!(texts(&both).len(), read.len() + 1);
}

#[test]
fn lines_are_followed_as_they_come() {
    let platform = Platform::start();
    let view = platform.live(&platform.project("lines"), "one");
    let request = platform.api.request("GET", &path(&view, "follow=60&source=runtime"));
    let mut response = block_on(request.send()).expect("an answer");
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let url = format!("{}/while-followed", view["url"].as_str().expect("a URL"));
    let (mut heard, mut asked) = (String::new(), 0);
    while !heard.contains("request /while-followed") {
        let chunk = block_on(response.chunk()).expect("a body").expect("not the end");
        heard.push_str(std::str::from_utf8(&chunk).expect("UTF-8"));
        if asked == 0 {
            asked += 1;
            assert_eq!(visit(&url).text, "one");
        }
    }
    let pages: Vec<Value> = heard.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let lines: Vec<String> = pages.iter().flat_map(texts).collect();
    assert_eq!(lines, ["serving one", "request /while-followed"], "each once, in JSON lines");
}

#[test]
fn following_ends_with_the_log_or_with_the_time() {
    let platform = Platform::start();
    let project = platform.project("lines");
    let failed = platform.deployed(&project, &app::broken());
    let answer = platform.api.get(&path(&failed, "follow=true"));
    let last: Value = serde_json::from_str(answer.text.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["complete"], true, "{}", answer.text);
    assert!(answer.text.contains("no thanks"));

    let live = platform.live(&project, "one");
    let answer = platform.api.get(&path(&live, "follow=1"));
    let last: Value = serde_json::from_str(answer.text.lines().last().expect("a line")).expect("JSON");
    assert_eq!(last["complete"], false, "{}", answer.text);
    let cursor = last["nextCursor"].as_str().expect("a cursor");
    let later = platform.api.get(&path(&live, &format!("after={cursor}&waitS=1"))).json();
    assert_eq!(texts(&later), Vec::<String>::new(), "nothing twice");
}

#[test]
fn what_no_log_has_is_refused() {
    let platform = Platform::start();
    let view = platform.live(&platform.project("lines"), "one");
    for query in ["after=nonsense", "source=kernel", "follow=soon", "limit=many"] {
        assert_eq!(refusal(&platform.api.get(&path(&view, query))), (400, "malformed".to_owned()), "{query}");
    }
    let nobody = serde_json::json!({"id": uuid::Uuid::now_v7().to_string()});
    assert_eq!(refusal(&platform.api.get(&path(&nobody, ""))), (404, "not_found".to_owned()));
}
