//! The page on which a person gives a secret, or agrees to where one is taken from. It needs no token: its address is one
//! that nobody can guess, works once and for ten minutes. It runs no script, loads nothing, and keeps nothing.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, LOCATION, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform_api::limits::SECRET_VALUE_BYTES_MAX;
use platform_api::{Code, SecretRequestState as Stage, SecretSource};
use secrecy::zeroize::Zeroizing;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::extract::Path;
use super::{Api, body};
use crate::clock::now_ms;
use crate::platform::{Given, Question, Refusal};

/// The longest form, in bytes: every byte of the longest value may come as three.
const FORM_BYTES_MAX: usize = 3 * SECRET_VALUE_BYTES_MAX + 1024;

const STYLE: &str = include_str!("secret_page.css");

/// Nothing is loaded, no script runs, the form goes nowhere else, and nobody frames the page.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).expect("visible ASCII")
});

/// Asks the person.
#[utoipa::path(
    get, path = "/secrets/{page}", tag = "secrets", params(("page" = String, Path)),
    responses((status = 200, content((String = "text/html")))),
)]
pub(super) async fn show(State(api): State<Api>, Path(page): Path<String>) -> Response {
    match api.platform.question(&page) {
        Some(question) => html(StatusCode::OK, &document(&question, None)),
        None => html(StatusCode::NOT_FOUND, &gone()),
    }
}

/// Takes the person's answer, once. Only the page itself may send it.
#[utoipa::path(
    post, path = "/secrets/{page}", tag = "secrets", params(("page" = String, Path)),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Answered; the page now says how it ended")),
)]
pub(super) async fn answer(
    State(api): State<Api>,
    Path(page): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    refuse_strangers(request.headers())?;
    let form = Zeroizing::new(body::collect_secret(request.into_body(), FORM_BYTES_MAX).await?);
    let Some(question) = api.platform.question(&page) else {
        return Ok(html(StatusCode::NOT_FOUND, &gone()));
    };
    match api.platform.answer_question(&page, given(&form)).await {
        // Also when it had been answered before: the page says how.
        Ok(_) => Ok(answered(&page)),
        Err(error) if error.code() == Code::INTERNAL => Err(Refusal::internal(&error)),
        Err(error) => {
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &document(&question, Some(&error.to_string()))))
        }
    }
}

/// Browsers say where a form was sent from. The guard has looked whether it is us; here it has to be said at all.
fn refuse_strangers(headers: &HeaderMap) -> Result<(), Refusal> {
    const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    let is_same = headers.get(FETCH_SITE).is_none_or(|site| site == "same-origin");
    if headers.contains_key(ORIGIN) && is_same {
        return Ok(());
    }
    Err(Refusal::new(Code::FORBIDDEN, "only the page itself may answer").hint("Open the page in a browser."))
}

fn given(form: &[u8]) -> Given {
    let mut value = String::new();
    for (name, text) in form_urlencoded::parse(form) {
        match (&*name, &*text) {
            ("answer", "decline") => return Given::Declined,
            ("value" | "lines", text) if !text.is_empty() => value = text.replace("\r\n", "\n"),
            _ => {}
        }
    }
    Given::Agreed(value)
}

/// Back to the page by GET, so that reloading it sends nothing again.
fn answered(page: &str) -> Response {
    let mut response = html(StatusCode::SEE_OTHER, "");
    let to = HeaderValue::from_str(&format!("/secrets/{page}")).expect("an address that was found");
    response.headers_mut().insert(LOCATION, to);
    response
}

fn html(status: StatusCode, text: &str) -> Response {
    let mut response = (status, text.to_owned()).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        // With `no-referrer` browsers would hide the origin that the answer must show.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(CONTENT_SECURITY_POLICY, POLICY.clone());
    response
}

fn document(question: &Question, wrong: Option<&str>) -> String {
    let asked = &question.asked;
    let (project, name) = (escaped(asked.project.name()), escaped(asked.request.name.as_str()));
    let next = format!("The next deploy of <code>{project}</code> runs with it.");
    let (title, inside) = match asked.state {
        Stage::Waiting => return form(question, wrong),
        Stage::Stored => ("Stored".to_owned(), format!("<code>{name}</code> is stored, encrypted. {next}")),
        Stage::Approved => ("Allowed".to_owned(), format!("<code>{name}</code> is being read. {next}")),
        Stage::Declined => {
            ("Declined".to_owned(), "Nothing was stored, and whoever asked is told so.".to_owned())
        }
        Stage::Expired => return gone(),
    };
    let mark = if asked.state == Stage::Declined { "" } else { " class=\"done\"" };
    framed(&title, &format!("<h1{mark}>{title}</h1><p>{inside}</p><p>You can close this page.</p>"))
}

fn form(question: &Question, wrong: Option<&str>) -> String {
    let asked = &question.asked;
    let (project, name) = (escaped(asked.project.name()), escaped(asked.request.name.as_str()));
    let (title, from, agree) = match &asked.request.source {
        SecretSource::Person => ("A secret is needed", "you, below".to_owned(), "Store the value"),
        SecretSource::Environment { variable } => (
            "May this variable be used?",
            format!("the variable <code>{}</code> of the agent’s environment", escaped(variable)),
            "Allow",
        ),
        SecretSource::File { path } => {
            ("May this file be used?", format!("the file <code>{}</code>", escaped(path)), "Allow")
        }
    };
    let requester = match asked.request.requested_by.as_str() {
        "" => "a program with this platform’s token".to_owned(),
        words => format!("{} <span class=\"note\">(in its own words)</span>", escaped(words)),
    };
    let minutes = asked.expires_ms.saturating_sub(now_ms()).div_ceil(60_000);
    let mut inside = format!("<h1>{title}</h1>");
    if let Some(wrong) = wrong {
        write!(inside, "<p class=\"wrong\" role=\"alert\">Not stored: {}.</p>", escaped(wrong))
            .expect("memory");
    }
    let replaced = question.replaces_ms.map_or("", |_| " It replaces the value that is stored now.");
    write!(
        inside,
        "<p>An app of yours gets it as an environment variable.{replaced} Go on only if you expected this.</p>\
         <dl><dt>Project</dt><dd><code>{project}</code></dd><dt>Secret</dt><dd><code>{name}</code></dd>\
         <dt>Asked by</dt><dd>{requester}</dd><dt>Value from</dt><dd>{from}</dd></dl>\
         <form method=\"post\" autocomplete=\"off\">{fields}<div class=\"actions\">\
         <button name=\"answer\" value=\"give\">{agree}</button>\
         <button class=\"quiet\" name=\"answer\" value=\"decline\">Decline</button></div></form>\
         <p class=\"note\">It is stored encrypted on the platform and never shown again, neither here nor to the agent. \
         This page works once, for {minutes} more minutes.</p>",
        fields = fields(&asked.request.source, wrong),
    )
    .expect("memory");
    framed(&format!("{name} for {project}"), &inside)
}

/// What the person fills in. A password field drops line ends, so a value of several lines has a field of its own.
fn fields(source: &SecretSource, wrong: Option<&str>) -> String {
    if *source != SecretSource::Person {
        return String::new();
    }
    let invalid = if wrong.is_some() { " aria-invalid=\"true\"" } else { "" };
    format!(
        "<label for=\"value\">Value</label>\
         <input id=\"value\" name=\"value\" type=\"password\" autofocus autocomplete=\"new-password\" \
         autocapitalize=\"off\" spellcheck=\"false\"{invalid}>\
         <details><summary>It has several lines, as keys and certificates do</summary>\
         <label for=\"lines\">Value of several lines</label>\
         <textarea id=\"lines\" name=\"lines\" autocomplete=\"off\" autocapitalize=\"off\" spellcheck=\"false\">\
         </textarea></details>"
    )
}

fn gone() -> String {
    framed(
        "No longer valid",
        "<h1>This page is no longer valid</h1><p>It works once, for ten minutes. Ask the agent to ask again, or set the \
         secret yourself with <code>backend-im secret set</code>.</p>",
    )
}

fn framed(title: &str, inside: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{title} · Backend.im</title><style>{STYLE}</style></head>\
         <body><main><p class=\"brand\">Backend.im</p>{inside}</main></body></html>\n"
    )
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use platform_api::SecretRequest;

    use super::*;
    use crate::secrets::AskedFor;

    fn question(state: Stage, source: SecretSource) -> Question {
        let request = SecretRequest {
            name: "KEY".parse().unwrap(),
            source,
            requested_by: "<script>alert('x')</script>".to_owned(),
        };
        let asked = AskedFor {
            id: "id".to_owned(),
            page: "page".to_owned(),
            project: "me-app".parse().unwrap(),
            request,
            state,
            expires_ms: now_ms() + 600_000,
            is_new: false,
        };
        Question { asked, replaces_ms: None }
    }

    #[test]
    fn what_an_asker_says_cannot_become_markup() {
        let path = "/x\"><img src=x>".to_owned();
        let page = document(&question(Stage::Waiting, SecretSource::File { path }), None);
        assert!(!page.contains("<script>") && !page.contains("<img"), "{page}");
        assert!(page.contains("/x&quot;&gt;&lt;img src=x&gt;"));
    }

    #[test]
    fn a_person_types_only_what_only_a_person_knows() {
        let typed = document(&question(Stage::Waiting, SecretSource::Person), Some("the value is empty"));
        assert!(typed.contains("type=\"password\"") && typed.contains("role=\"alert\""));
        let variable = SecretSource::Environment { variable: "STRIPE".to_owned() };
        let allowed = document(&question(Stage::Waiting, variable), None);
        assert!(!allowed.contains("<input") && allowed.contains("STRIPE"));
        for state in [Stage::Stored, Stage::Approved, Stage::Declined, Stage::Expired] {
            assert!(!document(&question(state, SecretSource::Person), None).contains("<form"), "{state:?}");
        }
    }

    #[test]
    fn the_form_is_read_as_it_was_meant() {
        let value = |form: &str| match given(form.as_bytes()) {
            Given::Agreed(value) => Some(value),
            Given::Declined => None,
        };
        assert_eq!(value("value=a%2Bb+c%26&lines=&answer=give").as_deref(), Some("a+b c&"));
        assert_eq!(value("value=&lines=one%0D%0Atwo&answer=give").as_deref(), Some("one\ntwo"));
        assert_eq!(value("value=x&answer=decline"), None);
        assert_eq!(value("").as_deref(), Some(""));
    }
}
