//! Asking back: requests to older clients while the call waits, results that need input for newer ones.

use std::sync::LazyLock;

use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ElicitResult, ElicitationAction,
    ErrorData, GetPromptRequestParams, GetPromptResponse, InputRequiredResult, InputResponses,
    RequestStateCodec,
};
use rmcp::service::RequestContext;
use serde_json::{Value, json};

use super::handler::typed;

/// Seals what travels with the client.
static SEAL: LazyLock<RequestStateCodec> = LazyLock::new(|| {
    let mut key = [0; RequestStateCodec::MIN_KEY_LENGTH];
    getrandom::fill(&mut key).expect("the system has a source of random numbers");
    RequestStateCodec::try_new(key).expect("the key is long enough")
});

/// Asks an older client for a text of its model.
pub(super) async fn sample(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let prompt = argument(request, "prompt");
    let params = json!({"messages": [{"role": "user", "content": {"type": "text", "text": prompt}}], "maxTokens": 100});
    let said = match context.peer.create_message(typed(params)).await {
        Ok(sampled) => {
            let said = sampled.message.content.first().and_then(|content| content.as_text());
            format!("LLM response: {}", said.map_or("", |text| &text.text))
        }
        Err(error) => return Ok(failed(&error.to_string())),
    };
    Ok(done(&said))
}

/// Asks the person behind an older client.
pub(super) async fn elicit(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let (message, properties) = match &*request.name {
        "test_elicitation" => (
            argument(request, "message"),
            json!({"username": {"type": "string", "description": "User's response"},
                   "email": {"type": "string", "description": "User's email address"}}),
        ),
        "test_elicitation_sep1034_defaults" => (
            "Please check the values".to_owned(),
            json!({
                "name": {"type": "string", "default": "John Doe"},
                "age": {"type": "integer", "default": 30},
                "score": {"type": "number", "default": 95.5},
                "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
                "verified": {"type": "boolean", "default": true},
            }),
        ),
        _ => ("Please choose".to_owned(), choices()),
    };
    let required: &[&str] = if request.name == "test_elicitation" { &["username", "email"] } else { &[] };
    let schema = json!({"type": "object", "properties": properties, "required": required});
    let params = typed(json!({"mode": "form", "message": message, "requestedSchema": schema}));
    let ElicitResult { action, content, .. } = match context.peer.create_elicitation(params).await {
        Ok(answer) => answer,
        Err(error) => return Ok(failed(&error.to_string())),
    };
    let action = match action {
        ElicitationAction::Accept => "accept",
        ElicitationAction::Decline => "decline",
        _ => "cancel",
    };
    let what = if request.name == "test_elicitation" { "User response" } else { "Elicitation completed" };
    Ok(done(&format!("{what}: action={action}, content={}", content.unwrap_or_default())))
}

/// Every form in which a choice can be put.
fn choices() -> Value {
    let titled = |titles: [&str; 3]| -> Vec<Value> {
        (1..).zip(titles).map(|(n, title)| json!({"const": format!("value{n}"), "title": title})).collect()
    };
    json!({
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {"type": "string", "oneOf": titled(["First Option", "Second Option", "Third Option"])},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
                       "enumNames": ["Option One", "Option Two", "Option Three"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
        "titledMulti": {"type": "array",
                        "items": {"anyOf": titled(["First Choice", "Second Choice", "Third Choice"])}},
    })
}

/// Asks a newer client to make the call again with answers.
pub(super) fn again(
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let answers = Answers(request.input_responses.as_ref());
    let round: u64 = match &request.request_state {
        None => 0,
        Some(state) => SEAL.open_json(state).map_err(|error| {
            ErrorData::invalid_params(format!("the state is not this server's: {error}"), None)
        })?,
    };
    let name = |key: &str| form(key, "What is your name?", "name", "string");
    let confirm = || form("confirm", "Please confirm", "ok", "boolean");
    let kind = request.name.trim_start_matches("test_input_required_result_");
    match kind {
        "sampling" => match answers.text("capital_question") {
            Some(text) => Ok(done(&text)),
            None => Ok(ask(&question("capital_question", "What is the capital of France?", 100), None)),
        },
        "list_roots" => match answers.get("client_roots") {
            Some(roots) => Ok(done(&roots["roots"].to_string())),
            None => Ok(ask(&json!({"client_roots": {"method": "roots/list", "params": {}}}), None)),
        },
        "request_state" | "tampered_state" => match answers.accepted("confirm") {
            Some(_) if round == 1 => Ok(done("state-ok")),
            _ => Ok(ask(&confirm(), Some(1))),
        },
        "multiple_inputs" => {
            let all = ["user_name", "greeting", "client_roots"];
            if round == 1 && all.iter().all(|key| answers.get(key).is_some()) {
                return Ok(done("all answered"));
            }
            let mut requests = name("user_name");
            requests["greeting"] = question("greeting", "Generate a greeting", 50)["greeting"].take();
            requests["client_roots"] = json!({"method": "roots/list", "params": {}});
            Ok(ask(&requests, Some(1)))
        }
        "multi_round" => match (round, answers.accepted("step1"), answers.accepted("step2")) {
            (2, _, Some(_)) => Ok(done("both steps done")),
            (1, Some(_), _) => {
                Ok(ask(&form("step2", "Step 2: What is your favorite color?", "color", "string"), Some(2)))
            }
            _ => Ok(ask(&form("step1", "Step 1: What is your name?", "name", "string"), Some(1))),
        },
        "capabilities" => {
            let can = context.client_capabilities().unwrap_or_default();
            let mut requests = json!({});
            if can.elicitation.is_some() {
                requests["user_name"] = name("user_name")["user_name"].take();
            }
            if can.sampling.is_some() {
                requests["greeting"] = question("greeting", "Generate a greeting", 50)["greeting"].take();
            }
            Ok(ask(&requests, None))
        }
        _ => match answers.accepted("user_name").as_ref().and_then(|content| content["name"].as_str()) {
            Some(name) => Ok(done(&format!("Hello, {name}!"))),
            None => Ok(ask(&name("user_name"), None)),
        },
    }
}

/// The prompt that asks something first.
pub(super) fn prompt(request: &GetPromptRequestParams) -> GetPromptResponse {
    let answers = Answers(request.input_responses.as_ref());
    let Some(context) = answers.accepted("user_context") else {
        let requests = form("user_context", "What context should the prompt use?", "context", "string");
        return needed(&requests, None).into();
    };
    let text = format!("The context is {}.", context["context"]);
    let messages = json!([{"role": "user", "content": {"type": "text", "text": text}}]);
    GetPromptResponse::Complete(typed(json!({"resultType": "complete", "messages": messages})))
}

/// What a client answered to what it was asked.
struct Answers<'a>(Option<&'a InputResponses>);

impl Answers<'_> {
    fn get(&self, key: &str) -> Option<Value> {
        self.0.and_then(|answers| answers.get(key)).filter(|answer| answer.is_object()).cloned()
    }

    /// What the person entered in a form.
    fn accepted(&self, key: &str) -> Option<Value> {
        let mut answer = self.get(key)?;
        (answer["action"] == "accept").then(|| answer["content"].take())
    }

    /// What the model said.
    fn text(&self, key: &str) -> Option<String> {
        self.get(key)?["content"]["text"].as_str().map(str::to_owned)
    }
}

fn form(key: &str, message: &str, field: &str, kind: &str) -> Value {
    let schema = json!({"type": "object", "properties": {field: {"type": kind}}, "required": [field]});
    json!({key: {"method": "elicitation/create",
                 "params": {"mode": "form", "message": message, "requestedSchema": schema}}})
}

fn question(key: &str, text: &str, tokens_max: u32) -> Value {
    let messages = json!([{"role": "user", "content": {"type": "text", "text": text}}]);
    json!({key: {"method": "sampling/createMessage", "params": {"messages": messages, "maxTokens": tokens_max}}})
}

fn needed(requests: &Value, round: Option<u64>) -> InputRequiredResult {
    let state = round.map(|round| SEAL.seal_json(&round).expect("a number is JSON"));
    let mut result = json!({"resultType": "input_required", "inputRequests": requests});
    if let Some(state) = state {
        result["requestState"] = state.into();
    }
    typed(result)
}

fn ask(requests: &Value, round: Option<u64>) -> CallToolResponse {
    needed(requests, round).into()
}

fn done(text: &str) -> CallToolResponse {
    CallToolResult::success(vec![ContentBlock::text(text)]).into()
}

fn failed(text: &str) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}

fn argument(request: &CallToolRequestParams, name: &str) -> String {
    let arguments = request.arguments.as_ref();
    let value = arguments.and_then(|arguments| arguments.get(name)).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}
