//! The tools.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ErrorData, LoggingLevel,
    LoggingMessageNotificationParam, ProgressNotificationParam, ProtocolVersion, Tool,
};
use rmcp::service::RequestContext;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::asking;
use super::changes::Change;
use super::handler::{Fixture, typed};

pub(super) const PNG: &str = "image/png";
/// One red pixel.
pub(super) const IMAGE: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
/// A WAV file without a sample.
const SOUND: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
/// Between two messages of a tool that tells how far it is.
const PAUSE: Duration = Duration::from_millis(50);

/// Tools without arguments.
const PLAIN: [&str; 24] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_logging_tool",
    "test_error_handling",
    "test_tool_with_progress",
    "test_reconnection",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
];

pub(super) fn all() -> Vec<Tool> {
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let mut tools: Vec<Value> = PLAIN
        .iter()
        .map(|name| json!({"name": name, "description": "A tool of the suite", "inputSchema": object(json!({}))}))
        .collect();
    let mut with = |name: &str, schema: Value| {
        tools.push(json!({"name": name, "description": "A tool of the suite", "inputSchema": schema}));
    };
    with("test_sampling", object(json!({"prompt": {"type": "string"}})));
    with("test_elicitation", object(json!({"message": {"type": "string"}})));
    with("test_header", object(json!({"region": {"type": "string", "x-mcp-header": "Region"}})));
    with("json_schema_2020_12_tool", rich_schema());
    typed(tools.into())
}

/// A schema with what JSON Schema 2020-12 has and clients must get unchanged.
fn rich_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }},
        "properties": {
            "name": {"type": "string"},
            "address": {"$ref": "#/$defs/address"},
            "contactMethod": {"type": "string", "enum": ["phone", "email"]},
            "phone": {"type": "string"},
            "email": {"type": "string"},
        },
        "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
        "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
        "then": {"required": ["phone"]},
        "else": {"required": ["email"]},
        "additionalProperties": false,
    })
}

pub(super) async fn call(
    fixture: &Fixture,
    request: CallToolRequestParams,
    context: RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    match &*request.name {
        "test_tool_with_logging" | "test_logging_tool" => log(&context).await,
        "test_tool_with_progress" => progress(&context).await,
        "test_trigger_tool_change" => fixture.changes.make(Change::Tools),
        "test_trigger_prompt_change" => fixture.changes.make(Change::Prompts),
        "test_missing_capability" => {
            let needed: ClientCapabilities = typed(json!({"sampling": {}}));
            if context.client_capabilities().is_none_or(|has| has.sampling.is_none()) {
                return Err(ErrorData::missing_required_client_capability(needed));
            }
        }
        "test_sampling" => return asking::sample(&request, &context).await,
        "test_elicitation" | "test_elicitation_sep1034_defaults" | "test_elicitation_sep1330_enums" => {
            return asking::elicit(&request, &context).await;
        }
        name if name.starts_with("test_input_required_result_") || name == "test_streaming_elicitation" => {
            return asking::again(&request, &context);
        }
        _ => {}
    }
    let said =
        content(&request.name).ok_or_else(|| ErrorData::invalid_params("there is no such tool", None))?;
    let is_error = request.name == "test_error_handling";
    Ok(typed::<CallToolResult>(json!({"resultType": "complete", "content": said, "isError": is_error}))
        .into())
}

/// What a tool answers; nothing if there is no such tool.
fn content(name: &str) -> Option<Value> {
    let text = |text: &str| json!({"type": "text", "text": text});
    let image = json!({"type": "image", "data": IMAGE, "mimeType": PNG});
    let resource = |uri: &str, kind: &str, text: &str| json!({"type": "resource", "resource": {"uri": uri, "mimeType": kind, "text": text}});
    Some(match name {
        "test_simple_text" => json!([text("This is a simple text response for testing.")]),
        "test_image_content" => json!([image]),
        "test_audio_content" => json!([{"type": "audio", "data": SOUND, "mimeType": "audio/wav"}]),
        "test_embedded_resource" => {
            let embedded = "This is an embedded resource content.";
            json!([resource("test://embedded-resource", "text/plain", embedded)])
        }
        "test_multiple_content_types" => json!([
            text("Multiple content types test:"),
            image,
            resource("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#),
        ]),
        "test_error_handling" => json!([text("This tool intentionally returns an error for testing")]),
        _ if all().iter().any(|tool| tool.name == name) => json!([text("done")]),
        _ => return None,
    })
}

/// Says three things as log messages, to clients of old and to those that asked for them.
async fn log(context: &RequestContext<RoleServer>) {
    let is_old = context.protocol_version().is_none_or(|version| version < ProtocolVersion::V_2026_07_28);
    for text in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        if is_old || context.meta.log_level().is_some() {
            let message = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(text));
            context.peer.notify_logging_message(message).await.ok();
        }
        sleep(PAUSE).await;
    }
}

/// Says three times how far it is, if somebody wants to know.
async fn progress(context: &RequestContext<RoleServer>) {
    for done in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            let message = ProgressNotificationParam::new(token, done).with_total(100.0);
            context.peer.notify_progress(message).await.ok();
        }
        sleep(PAUSE).await;
    }
}
