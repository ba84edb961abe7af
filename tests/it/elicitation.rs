//! The person behind the agent is asked, in both eras, and whoever cannot be asked is told what to pass instead.

use serde_json::{Value, json};

use crate::harness::{Client, ERAS, Era, Home, Project};

fn yes(question: &Value) -> Value {
    let key = question["params"]["requestedSchema"]["required"][0].as_str().expect("a required field");
    json!({"action": "accept", "content": {key: true}})
}

fn first_choice(question: &Value) -> Value {
    let key = question["params"]["requestedSchema"]["required"][0].as_str().expect("a required field");
    let options = &question["params"]["requestedSchema"]["properties"][key]["enum"];
    json!({"action": "accept", "content": {key: options[0]}})
}

fn no(_: &Value) -> Value {
    json!({"action": "decline"})
}

fn cancel(_: &Value) -> Value {
    json!({"action": "cancel"})
}

fn forms() -> Value {
    json!({"elicitation": {"form": {}}})
}

#[test]
fn deleting_asks_the_person_and_goes_by_the_answer() {
    for era in ERAS {
        let (home, project) = (Home::new(), Project::quick("hello", "one"));
        home.deploy(&project.arg());
        let mut client = Client::start(&home, &project, era, forms());
        let arguments = json!({"project": "hello"});

        let declined = client.call("delete_project", &arguments, no);
        assert_eq!(declined["structuredContent"]["code"], "confirmation_required", "{declined}");
        assert!(declined["structuredContent"]["hint"].to_string().contains("said no"), "{declined}");

        // As a client without a person answers.
        let cancelled = client.call("delete_project", &arguments, cancel);
        assert_eq!(cancelled["structuredContent"]["code"], "confirmation_required", "{cancelled}");
        assert!(
            cancelled["structuredContent"]["hint"].to_string().contains("confirm `hello`"),
            "{cancelled}"
        );

        let unticked = client.call(
            "delete_project",
            &arguments,
            |_| json!({"action": "accept", "content": {"confirm": false}}),
        );
        assert_eq!(unticked["structuredContent"]["code"], "confirmation_required", "{unticked}");

        let deleted = client.call("delete_project", &arguments, yes);
        assert_eq!(deleted["structuredContent"]["deleted"], true, "{era:?} {deleted}");
        assert_eq!(client.asked.len(), 4);
        let message = client.asked[0]["params"]["message"].as_str().expect("a message");
        assert!(message.contains("`hello`") && message.contains("for good"), "{message}");
        let listed = client.call("list_projects", &json!({}), yes);
        assert_eq!(listed["structuredContent"]["projects"], json!([]));
    }
}

#[test]
fn a_client_that_cannot_ask_is_told_what_to_pass() {
    for era in ERAS {
        let (home, project) = (Home::new(), Project::quick("hello", "one"));
        home.deploy(&project.arg());
        // Pages are no forms.
        for capabilities in [json!({}), json!({"elicitation": {"url": {}}})] {
            let mut client = Client::start(&home, &project, era, capabilities);
            let refused = client.call("delete_project", &json!({"project": "hello"}), yes);
            assert_eq!(refused["isError"], true);
            assert_eq!(refused["structuredContent"]["code"], "confirmation_required", "{refused}");
            assert!(refused["structuredContent"]["hint"].to_string().contains("confirm `hello`"));
            let wrong = json!({"project": "hello", "confirm": "other"});
            let wrong = client.call("delete_project", &wrong, yes);
            assert_eq!(wrong["structuredContent"]["code"], "confirmation_required", "{wrong}");
            let unsaid = client.call("get_status", &json!({}), yes);
            assert_eq!(unsaid["structuredContent"]["code"], "malformed", "{unsaid}");
            assert!(unsaid["structuredContent"]["hint"].to_string().contains("list_projects"));
            assert_eq!(client.asked.len(), 0);
        }
        let mut client = Client::start(&home, &project, era, json!({}));
        let deleted = client.call("delete_project", &json!({"project": "hello", "confirm": "hello"}), yes);
        assert_eq!(deleted["structuredContent"]["deleted"], true, "{deleted}");
    }
}

#[test]
fn which_project_is_asked_only_where_there_is_a_choice() {
    let home = Home::new();
    let projects = [Project::quick("one", "1"), Project::quick("two", "2")];
    home.deploy(&projects[0].arg());
    for era in ERAS {
        let mut client = Client::start(&home, &projects[0], era, json!({"elicitation": {}}));
        let status = client.call("get_status", &json!({}), cancel);
        assert!(status["structuredContent"]["project_id"].to_string().contains("one"), "{status}");
        assert_eq!(client.asked.len(), 0, "one project is no choice");
    }
    home.deploy(&projects[1].arg());
    for era in ERAS {
        let mut client = Client::start(&home, &projects[0], era, forms());
        for tool in ["get_status", "stream_logs"] {
            let chosen = client.call(tool, &json!({}), first_choice);
            let text = chosen["structuredContent"].to_string();
            assert!(text.contains("deployment_id"), "{tool} {chosen}");
        }
        let options = &client.asked[0]["params"]["requestedSchema"]["properties"]["project"]["enum"];
        assert_eq!(options.as_array().map(Vec::len), Some(2), "{options}");
        let unanswered = client.call("get_status", &json!({}), cancel);
        assert_eq!(unanswered["structuredContent"]["code"], "malformed", "{unanswered}");
    }
}

#[test]
fn changes_by_hand_are_written_over_only_when_the_person_agrees() {
    for era in ERAS {
        let (home, project) = (Home::new(), Project::empty("shop"));
        let mut client = Client::start(&home, &project, era, forms());
        let prompt = json!({"prompt": "users with an email and a name", "output_dir": "api"});
        let written = client.call("generate_code", &prompt, no);
        let file = written["structuredContent"]["files"][0]["path"].as_str().expect("a file").to_owned();
        let path = format!("api/{file}");
        project.write(&path, "# mine");
        let on_disk = || std::fs::read_to_string(project.path().join(&path)).expect("a file");

        let refused = client.call("generate_code", &prompt, no);
        assert_eq!(refused["structuredContent"]["code"], "would_overwrite", "{refused}");
        assert!(refused["structuredContent"]["hint"].to_string().contains("overwrite true"), "{refused}");
        assert_eq!(on_disk(), "# mine");
        assert!(client.asked[0]["params"]["message"].to_string().contains(&file), "{:?}", client.asked);

        let mut never = prompt.clone();
        never["overwrite"] = json!(false);
        client.asked.clear();
        let refused = client.call("generate_code", &never, yes);
        assert_eq!(refused["structuredContent"]["code"], "would_overwrite", "told not to: nobody is asked");
        assert_eq!(client.asked.len(), 0);

        let agreed = client.call("generate_code", &prompt, yes);
        assert_ne!(agreed["isError"], true, "{agreed}");
        assert_ne!(on_disk(), "# mine");
    }
}

#[test]
fn an_answer_is_worth_nothing_for_another_call() {
    let home = Home::new();
    let projects = [Project::quick("one", "1"), Project::quick("two", "2")];
    for project in &projects {
        home.deploy(&project.arg());
    }
    let mut client = Client::start(&home, &projects[0], Era::New, forms());
    let call = |project: &str| json!({"name": "delete_project", "arguments": {"project": project}});
    let asked = client.send("tools/call", call("one"), yes);
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");

    // The answer alone, without what was asked, leads to the question.
    let responses = json!({"confirm": {"action": "accept", "content": {"confirm": true}}});
    let mut unasked = call("one");
    unasked["inputResponses"] = responses.clone();
    assert_eq!(client.send("tools/call", unasked, yes)["result"]["resultType"], "input_required");

    let mut other = call("two");
    other["inputResponses"] = responses.clone();
    other["requestState"] = asked["result"]["requestState"].clone();
    assert_eq!(client.send("tools/call", other.clone(), yes)["error"]["code"], -32602);
    other["requestState"] = json!("forged");
    assert_eq!(client.send("tools/call", other, yes)["error"]["code"], -32602);

    let mut same = call("one");
    same["inputResponses"] = responses;
    same["requestState"] = asked["result"]["requestState"].clone();
    assert_eq!(client.send("tools/call", same, yes)["result"]["structuredContent"]["deleted"], true);
    let listed = client.call("list_projects", &json!({}), yes);
    assert_eq!(listed["structuredContent"]["projects"].as_array().map(Vec::len), Some(1), "{listed}");
}
