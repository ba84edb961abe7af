//! Resources, prompts and completions.

use rmcp::model::{
    CompleteResult, CompletionInfo, ErrorData, GetPromptRequestParams, GetPromptResponse, GetPromptResult,
    ReadResourceResponse, ReadResourceResult,
};
use serde_json::{Value, json};

use super::handler::typed;
use super::tools::{IMAGE, PNG};

pub(super) fn resources() -> Value {
    json!([
        {"uri": "test://static-text", "name": "static-text", "description": "A text", "mimeType": "text/plain"},
        {"uri": "test://static-binary", "name": "static-binary", "description": "An image", "mimeType": PNG},
        {"uri": "test://watched-resource", "name": "watched-resource", "description": "A text that can be watched",
         "mimeType": "text/plain"},
    ])
}

pub(super) fn templates() -> Value {
    json!([{"uriTemplate": "test://template/{id}/data", "name": "template", "description": "Data by its id",
            "mimeType": "application/json"}])
}

pub(super) fn resource(uri: &str) -> Result<ReadResourceResponse, ErrorData> {
    let id = uri.strip_prefix("test://template/").and_then(|rest| rest.strip_suffix("/data"));
    let content = match (uri, id) {
        ("test://static-text", _) => {
            json!({"uri": uri, "mimeType": "text/plain", "text": "This is the content of the static text resource."})
        }
        ("test://static-binary", _) => json!({"uri": uri, "mimeType": PNG, "blob": IMAGE}),
        ("test://watched-resource", _) => {
            json!({"uri": uri, "mimeType": "text/plain", "text": "This resource can be watched."})
        }
        (_, Some(id)) => {
            let data = json!({"id": id, "templateTest": true, "data": format!("Data for ID: {id}")});
            json!({"uri": uri, "mimeType": "application/json", "text": data.to_string()})
        }
        _ => return Err(ErrorData::invalid_params("there is no such resource", Some(json!({"uri": uri})))),
    };
    Ok(ReadResourceResult::new(vec![typed(content)]).into())
}

pub(super) fn prompts() -> Value {
    let argument = |name: &str| json!({"name": name, "description": "An argument", "required": true});
    json!([
        {"name": "test_simple_prompt", "description": "A prompt"},
        {"name": "test_prompt_with_arguments", "description": "A prompt with arguments",
         "arguments": [argument("arg1"), argument("arg2")]},
        {"name": "test_prompt_with_embedded_resource", "description": "A prompt with a resource",
         "arguments": [argument("resourceUri")]},
        {"name": "test_prompt_with_image", "description": "A prompt with an image"},
        {"name": "test_input_required_result_prompt", "description": "A prompt that asks something first"},
    ])
}

pub(super) fn prompt(request: &GetPromptRequestParams) -> Result<GetPromptResponse, ErrorData> {
    let argument = |name: &str| {
        let arguments = request.arguments.as_ref();
        let value = arguments.and_then(|arguments| arguments.get(name)).and_then(Value::as_str);
        value.ok_or_else(|| ErrorData::invalid_params(format!("argument `{name}` is missing"), None))
    };
    let text = |text: &str| json!({"type": "text", "text": text});
    let contents = match &*request.name {
        "test_simple_prompt" => vec![text("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (one, two) = (argument("arg1")?, argument("arg2")?);
            vec![text(&format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let embedded = "Embedded resource content for testing.";
            let resource =
                json!({"uri": argument("resourceUri")?, "mimeType": "text/plain", "text": embedded});
            vec![
                json!({"type": "resource", "resource": resource}),
                text("Please process the embedded resource above."),
            ]
        }
        "test_prompt_with_image" => vec![
            json!({"type": "image", "data": IMAGE, "mimeType": PNG}),
            text("Please analyze the image above."),
        ],
        _ => return Err(ErrorData::invalid_params("there is no such prompt", None)),
    };
    let message = |content: Value| typed(json!({"role": "user", "content": content}));
    Ok(GetPromptResult::new(contents.into_iter().map(message).collect::<Vec<_>>()).into())
}

pub(super) fn completed(begun: &str) -> CompleteResult {
    let known = ["paris", "park", "party"].into_iter().filter(|word| word.starts_with(begun));
    CompleteResult::new(
        CompletionInfo::with_all_values(known.map(str::to_owned).collect()).expect("three at most"),
    )
}
