//! The `OpenAPI` document, made from the handlers and the types that serve the calls.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use platform_api::Problem;
use utoipa::OpenApi as _;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Content, Info, OpenApi, Ref, ResponseBuilder};
use utoipa::{PartialSchema, ToSchema};

use super::problem::PROBLEM_JSON;
use super::{Document, ROUTES, Route};

/// What the bearer scheme is called.
const BEARER: &str = "token";

static TEXT: LazyLock<String> =
    LazyLock::new(|| build().to_pretty_json().expect("a document of strings becomes JSON"));

/// Describes every call.
#[utoipa::path(get, path = "/api/openapi.json", tag = "platform", responses((status = 200, body = Object)))]
pub(super) async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], TEXT.as_str())
}

/// The document with what is the same for every call: aliases, the token, errors.
pub(super) fn build() -> OpenApi {
    let mut document = Document::openapi();
    document.info = Info::new("Backend.im platform", env!("CARGO_PKG_VERSION"));
    let components = document.components.get_or_insert_with(Components::new);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components.security_schemes.insert(BEARER.to_owned(), bearer.into());
    for route in ROUTES {
        describe(&mut document, route);
    }
    document
}

fn describe(document: &mut OpenApi, route: &Route) {
    let Some(item) = document.paths.paths.get_mut(route.path) else { return };
    let slot = match route.method {
        "GET" => &mut item.get,
        "POST" => &mut item.post,
        "PUT" => &mut item.put,
        _ => &mut item.delete,
    };
    let Some(operation) = slot else { return };
    finish(operation, route);
    let operation = operation.clone();
    for (number, alias) in route.aliases.iter().enumerate() {
        let mut operation = operation.clone();
        operation.operation_id = operation.operation_id.map(|id| format!("{id}_alias_{}", number + 1));
        operation.description = Some(format!("The same as `{} {}`.", route.method, route.path));
        let item = document.paths.paths.entry((*alias).to_owned()).or_default();
        match route.method {
            "GET" => item.get = Some(operation),
            "POST" => item.post = Some(operation),
            "PUT" => item.put = Some(operation),
            _ => item.delete = Some(operation),
        }
    }
}

fn finish(operation: &mut Operation, route: &Route) {
    let problem = Content::new(Some(Ref::from_schema_name(Problem::name())));
    let refused = ResponseBuilder::new().description("The call is refused").content(PROBLEM_JSON, problem);
    operation.responses.responses.insert("default".to_owned(), refused.build().into());
    operation.security = Some(match route.access {
        "open" => Vec::new(),
        _ => vec![SecurityRequirement::new(BEARER, Vec::<String>::new())],
    });
}
