//! `set_secret`: the value goes from a person to the app, and nothing that the agent's side hears or says holds it.

use std::path::Path;

use serde_json::{Value, json};

use super::{environment, leaky, text};
use crate::harness::{Answer, Client, ERAS, Era, Home, Mcp, Project, eventually, files_with, get, send, to};

const CANARY: &str = "canary-7f3e91-by-hand";

/// What a browser sends when the person uses the page's form.
fn answer_page(page: &str, fields: &[(&str, &str)]) -> Answer {
    let origin = page.split("/secrets/").next().expect("an origin").to_owned();
    let request = to("POST", page).header("Origin", origin).header("Sec-Fetch-Site", "same-origin");
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value);
    }
    let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form.finish());
    send(request).expect("an answer")
}

fn give(page: &str, value: &str) {
    let answer = answer_page(page, &[("value", value), ("lines", ""), ("answer", "give")]);
    assert_eq!(answer.status, 303, "{answer:?}");
}

/// A person who opens the page and enters the value.
fn enters(question: &Value) -> Value {
    let params = &question["params"];
    assert_eq!(params["mode"], "url", "never a form: {question}");
    give(text(params, "url"), CANARY);
    json!({"action": "accept"})
}

fn pages() -> Value {
    json!({"elicitation": {"form": {}, "url": {}}})
}

fn project() -> Project {
    leaky("start: python3 server.py\n")
}

#[test]
fn where_the_client_can_show_a_page_one_call_is_enough_in_both_eras() {
    for era in ERAS {
        let (home, project) = (Home::new(), project());
        let mut client = Client::start(&home, &project, era, pages());
        let arguments = json!({"project": "vault", "name": "DB_PASSWORD", "ask": true});
        let set = client.call("set_secret", &arguments, enters);
        let set = &set["structuredContent"];
        assert_eq!(
            (&set["state"], &set["names"]),
            (&json!("set"), &json!(["DB_PASSWORD"])),
            "{era:?} {set:#}"
        );
        assert!(text(set, "next").contains("deploy_project"), "{set:#}");
        assert_eq!(client.asked.len(), 1, "{:?}", client.asked);
        let message = text(&client.asked[0]["params"], "message").to_owned();
        assert!(message.contains("`vault`") && message.contains("DB_PASSWORD"), "{message}");

        let live = client.call("deploy_project", &json!({}), enters)["structuredContent"].clone();
        assert_eq!(live["status"], "complete", "{live:#}");
        let seen = get(text(&live, "direct_url")).json();
        assert_eq!(seen["DB_PASSWORD"], CANARY);
        for (tool, arguments) in [
            ("stream_logs", json!({"project": "vault", "max_lines": 1000})),
            ("get_status", json!({"project": "vault"})),
            ("list_projects", json!({"project": "vault"})),
        ] {
            client.call(tool, &arguments, enters);
        }
        assert!(client.mcp.transcript.contains("[secret DB_PASSWORD]"), "the app has printed it");
        assert!(!client.mcp.transcript.contains("7f3e91"), "{}", client.mcp.transcript);
        assert_eq!(files_with(home.path(), &[b"canary-7f3e91".to_vec()]), Vec::<std::path::PathBuf>::new());
    }
}

#[test]
fn a_client_without_pages_gets_the_address_and_calls_again() {
    for era in ERAS {
        let (home, project) = (Home::new(), project());
        // Forms are not for secrets, so a client that has only those is not asked at all.
        let mut client = Client::start(&home, &project, era, json!({"elicitation": {"form": {}}}));
        let arguments = json!({"project": "vault", "name": "KEY", "ask": true});
        let waiting = client.call("set_secret", &arguments, enters)["structuredContent"].clone();
        assert_eq!((&waiting["state"], &waiting["names"]), (&json!("waiting"), &json!([])), "{waiting:#}");
        let page = text(&waiting, "page").to_owned();
        assert!(
            text(&waiting, "next").contains(&page) && page.starts_with("http://127.0.0.1:"),
            "{waiting:#}"
        );
        let shown = get(&page).text;
        assert!(
            shown.contains("vault") && shown.contains("KEY") && shown.contains("test 1"),
            "who asks: {shown}"
        );

        give(&page, CANARY);
        let set = client.call("set_secret", &arguments, enters)["structuredContent"].clone();
        assert_eq!((&set["state"], &set["names"]), (&json!("set"), &json!(["KEY"])), "{set:#}");
        let anew = client.call("set_secret", &arguments, enters)["structuredContent"].clone();
        assert_eq!(anew["state"], "waiting", "told once; asked again, it is a new question");
        assert_ne!(text(&anew, "page"), page);

        answer_page(text(&anew, "page"), &[("answer", "decline")]);
        let declined = client.call("set_secret", &arguments, enters);
        assert_eq!(declined["structuredContent"]["code"], "declined", "{declined}");
        let removed = json!({"project": "vault", "name": "KEY", "remove": true});
        let removed = client.call("set_secret", &removed, enters)["structuredContent"].clone();
        assert_eq!((&removed["state"], &removed["names"]), (&json!("removed"), &json!([])));
        assert!(client.asked.is_empty() && !client.mcp.transcript.contains("7f3e91"));
    }
}

#[test]
fn a_waiting_call_ends_with_the_answer() {
    let (home, project) = (Home::new(), project());
    let mut client = Client::start(&home, &project, Era::Old, json!({}));
    let arguments = json!({"project": "vault", "name": "KEY", "ask": true});
    let page = client.call("set_secret", &arguments, enters)["structuredContent"]["page"].clone();
    let id = client.begin("tools/call", json!({"name": "set_secret", "arguments": arguments}));
    give(page.as_str().expect("a page"), CANARY);
    let answer = loop {
        let message = client.mcp.next();
        if message["id"] == id {
            break message;
        }
    };
    assert_eq!(answer["result"]["structuredContent"]["state"], "set", "{answer}");
}

#[test]
fn what_was_allowed_at_the_start_is_taken_and_everything_else_needs_the_person() {
    let home = Home::new().with("ALLOWED_KEY", CANARY).with("OTHER_KEY", "other-7f3e91-key");
    let project = project();
    let (file, other) = (project.path().join("../allowed.key"), project.path().join("../other.key"));
    std::fs::write(&file, "file-7f3e91-key\n").expect("a file");
    std::fs::write(&other, "other-7f3e91-file\n").expect("a file");
    let path = |file: &Path| file.canonicalize().expect("a file").to_str().expect("UTF-8").to_owned();
    let allowed = ["--allow-secret-env", "ALLOWED_KEY", "--allow-secret-file", &path(&file)];
    let mcp = Mcp::with(&home, &project.path(), &allowed);
    let mut client = Client::over(mcp, Era::Old, json!({}));
    let mut set = |name: &str, from: &str, place: &str| {
        let arguments = json!({"project": "vault", "name": name, from: place});
        client.call("set_secret", &arguments, enters)["structuredContent"].clone()
    };
    assert_eq!(set("A", "from_env", "ALLOWED_KEY")["state"], "set");
    assert_eq!(set("B", "from_file", "../allowed.key")["state"], "set", "a path from the workspace");

    for (name, from, place) in [("C", "from_env", "OTHER_KEY"), ("D", "from_file", &path(&other))] {
        let waiting = set(name, from, place);
        assert_eq!(waiting["state"], "waiting", "{waiting:#}");
        let page = text(&waiting, "page");
        let shown = get(page).text;
        assert!(shown.contains(place) && !shown.contains("7f3e91") && !shown.contains("<input"), "{shown}");
        assert_eq!(answer_page(page, &[("answer", "give")]).status, 303);
        let done = set(name, from, place);
        assert_eq!(done["state"], "set", "{done:#}");
    }
    // An approval is used up: the same again is asked again.
    assert_eq!(set("C", "from_env", "OTHER_KEY")["state"], "waiting");
    let names = home.run(&["secret", "list", "--project", "vault", "--json"]).ok().json()["secrets"].clone();
    assert_eq!(names.as_array().map(Vec::len), Some(4));
    let seen = environment(&home.deploy(&project.arg()));
    let expected = [CANARY, "file-7f3e91-key", "other-7f3e91-key", "other-7f3e91-file"];
    assert_eq!(["A", "B", "C", "D"].map(|name| seen[name].clone()), expected.map(Value::from));
    assert!(!client.mcp.transcript.contains("7f3e91"), "{}", client.mcp.transcript);
}

#[test]
fn an_approval_is_for_one_file_and_not_for_what_takes_its_place() {
    let (home, project) = (Home::new(), project());
    let outside = tempfile::tempdir().expect("a temp dir");
    let target = outside.path().join("id_rsa");
    std::fs::write(&target, CANARY).expect("a file");
    project.write("harmless.txt", "harmless-value");
    let mut client = Client::start(&home, &project, Era::Old, json!({}));
    let arguments = json!({"project": "vault", "name": "KEY", "from_file": "harmless.txt"});
    let waiting = client.call("set_secret", &arguments, enters)["structuredContent"].clone();
    answer_page(text(&waiting, "page"), &[("answer", "give")]);
    std::fs::remove_file(project.path().join("harmless.txt")).expect("a file");
    std::os::unix::fs::symlink(&target, project.path().join("harmless.txt")).expect("a link");
    let asked = client.call("set_secret", &arguments, enters)["structuredContent"].clone();
    assert_eq!(asked["state"], "waiting", "{asked:#}");
    assert!(get(text(&asked, "page")).text.contains("id_rsa"), "the person sees what is meant now");
}

#[test]
fn a_question_ends_with_its_platform_and_is_asked_again() {
    let (home, project) = (Home::new(), project());
    let mut client = Client::start(&home, &project, Era::Old, json!({}));
    let arguments = json!({"project": "vault", "name": "KEY", "ask": true});
    let page = client.call("set_secret", &arguments, enters)["structuredContent"]["page"].clone();
    home.kill_platform();
    let again = eventually("it is asked again", 30, || {
        let answer = client.call("set_secret", &arguments, enters)["structuredContent"].clone();
        (answer["state"] == "waiting").then_some(answer)
    });
    assert_ne!(again["page"], page);
    give(text(&again, "page"), CANARY);
    let set = client.call("set_secret", &arguments, enters)["structuredContent"].clone();
    assert_eq!(set["state"], "set", "{set:#}");
}
