//! What a whole conversation costs a model, counted in tokens of the results that it gets.
//!
//! The tokenizer is `o200k_base`, a widely used one whose vocabulary is public and that works offline. Others count a
//! little differently; the limit leaves room for that.

use serde_json::{Value, json};

use crate::harness::{Home, Mcp, Project};

/// How many tokens all results may take, in the form that a client shows: text or structure.
const TOKENS_MAX: usize = 3_000;

/// A result in both forms.
struct Row {
    tool: &'static str,
    text: String,
    structure: String,
}

/// A conversation and what its results were.
struct Conversation {
    agent: Mcp,
    rows: Vec<Row>,
}

impl Conversation {
    fn call(&mut self, tool: &'static str, arguments: &Value) -> Value {
        let mut result = self.agent.call(tool, arguments);
        assert_eq!(result["isError"], false, "{tool}: {result:#}");
        let text = result["content"][0]["text"].as_str().expect("a text").to_owned();
        let structured = result["structuredContent"].take();
        self.rows.push(Row { tool, text, structure: structured.to_string() });
        structured
    }
}

#[test]
fn from_a_prompt_to_logs_takes_less_than_3000_tokens() {
    let (home, project) = (Home::new(), Project::empty("workspace"));
    let mut talk = Conversation { agent: Mcp::start(&home, &project.path()), rows: Vec::new() };
    let prompt = "A bookstore API with authors, books and reviews. Books have a title, a price and an ISBN.";
    talk.call("generate_code", &json!({"prompt": prompt, "output_dir": "bookstore"}));
    let mut shown = talk.call("deploy_project", &json!({"path": "bookstore"}));
    let id = shown["deployment_id"].clone();
    loop {
        let has_ended = ["complete", "failed"].iter().any(|status| shown["status"] == *status);
        shown = talk.call("get_status", &json!({"deployment_id": id, "wait_seconds": 45}));
        if has_ended {
            break;
        }
    }
    assert_eq!(shown["status"], "complete", "{shown:#}");
    talk.call("stream_logs", &json!({"deployment_id": id}));

    let tokenizer = tiktoken_rs::o200k_base_singleton();
    let count = |text: &str| tokenizer.encode_ordinary(text).len();
    let mut sums = (0, 0);
    eprintln!("{:<16} {:>6} {:>6} tokens: text, structure ({:>5} {:>5} bytes)", "result of", "", "", "", "");
    for Row { tool, text, structure } in &talk.rows {
        let tokens = (count(text), count(structure));
        eprintln!("{tool:<16} {:>6} {:>6}  ({} {})", tokens.0, tokens.1, text.len(), structure.len());
        sums = (sums.0 + tokens.0, sums.1 + tokens.1);
    }
    eprintln!("{:<16} {:>6} {:>6}", "all", sums.0, sums.1);
    assert!(sums.0 < TOKENS_MAX && sums.1 < TOKENS_MAX, "{sums:?}");
}
