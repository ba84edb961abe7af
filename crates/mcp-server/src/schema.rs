//! JSON schemas as small as clients and models can use: no references, no integer formats that clients warn about, no
//! `null` beside a type that may simply be left out.

use std::sync::Arc;

use rmcp::model::JsonObject;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// The schema of a tool's arguments, with the arguments' descriptions.
pub(crate) fn of_arguments<T: JsonSchema>() -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    generate::<T>(settings.with_transform(RecursiveTransform(simplify)))
}

/// The schema of a tool's result. Without descriptions: the names say the rest, and every client pays for each byte.
/// Nothing is required, because an error is a result too: clients hold its structured content to the same schema, and
/// where it did not fit, their model would read of missing members instead of what went wrong.
pub(crate) fn of_result<T: JsonSchema>() -> Arc<JsonObject> {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    generate::<T>(settings.with_transform(RecursiveTransform(undescribed)))
}

/// What a result that is typed in full elsewhere shows: that it is an object.
pub(crate) fn plain(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object" })
}

/// What a result that is typed in full elsewhere shows of a list: that it is one.
pub(crate) fn list(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array" })
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Arc<JsonObject> {
    let settings = settings.with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.remove("title");
    schema.remove("description");
    let Value::Object(object) = schema.to_value() else {
        unreachable!("a struct has an object for its schema")
    };
    Arc::new(object)
}

fn undescribed(schema: &mut Schema) {
    schema.remove("description");
    simplify(schema);
    schema.remove("minimum");
    schema.remove("required");
    if let Some(object) = schema.as_object_mut() {
        named(object);
    }
}

fn simplify(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("format");
    object.remove("default");
    if object.get("additionalProperties") == Some(&Value::Bool(true)) {
        object.remove("additionalProperties");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    nullable(object);
}

/// `anyOf: [X, null]` becomes X.
fn nullable(object: &mut Map<String, Value>) {
    let Some(Value::Array(options)) = object.get_mut("anyOf") else { return };
    options.retain(|option| option.get("type") != Some(&json!("null")));
    if let [Value::Object(only)] = options.as_slice() {
        let only = only.clone();
        object.remove("anyOf");
        for (name, value) in only {
            object.entry(name).or_insert(value);
        }
    }
}

/// One of several names becomes any text: their lists are long, and a result is not what anybody chooses from.
fn named(object: &mut Map<String, Value>) {
    object.remove("enum");
    let is_name = |option: &Value| option.get("type") == Some(&json!("string"));
    if object.get("oneOf").and_then(Value::as_array).is_some_and(|options| options.iter().all(is_name)) {
        object.remove("oneOf");
        object.insert("type".to_owned(), json!("string"));
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Colour {
        /// Like blood.
        Red,
        /// Like the sky.
        Blue,
    }

    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Sample {
        /// How long.
        #[schemars(range(max = 45))]
        #[serde(skip_serializing_if = "Option::is_none")]
        wait_seconds: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        colour: Option<Colour>,
        names: Vec<String>,
    }

    #[test]
    fn optional_is_absent_and_never_null() {
        assert_eq!(
            Value::Object(of_arguments::<Sample>().as_ref().clone())["properties"]["wait_seconds"],
            json!({"description": "How long.", "type": "integer", "minimum": 0, "maximum": 45})
        );
        assert_eq!(
            Value::Object(of_result::<Sample>().as_ref().clone()),
            json!({
                "type": "object",
                "properties": {
                    "wait_seconds": {"type": "integer", "maximum": 45},
                    "colour": {"type": "string"},
                    "names": {"type": "array", "items": {"type": "string"}},
                },
            })
        );
    }
}
