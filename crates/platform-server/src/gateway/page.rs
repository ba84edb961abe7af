//! What the gateway answers itself: small pages for people, plain text for everybody else. Each says what happened and
//! what to do next.

use bytes::Bytes;
use http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::Full;

use super::preview::RETRY_S;

/// When a client may ask again, in seconds.
const RETRY_AFTER_S: u16 = 1;

/// Why the gateway answers in an app's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Page {
    /// The request has no host, several, or contradicts itself.
    BadHost,
    /// The host is none of this port's.
    ForeignHost { host: String },
    /// `CONNECT`: the gateway is no tunnel.
    NoTunnel,
    /// No project of this name is known here.
    UnknownProject { project: String },
    /// The project never went live.
    NotYetLive { project: String },
    /// The project was live and is stopped.
    Stopped { project: String },
    /// The release is kept, but another one is live, and nobody starts releases now.
    ReleaseNotRunning { project: String, commit: String },
    /// The release was started beside the live one and did not come up; `logs` names the deployment with its output.
    ReleaseFailed { commit: String, logs: String, message: String },
    /// The release is not kept any more.
    ReleaseGone { project: String, commit: String },
    /// The app did not take the connection, or closed it without an answer.
    Unreachable { project: String },
    /// The app did not answer in time.
    Silent { project: String, seconds: u64 },
    /// The client stopped sending its own request.
    Stalled,
    /// The client's request broke off or was malformed.
    BrokenRequest,
}

impl Page {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadHost | Self::BrokenRequest => StatusCode::BAD_REQUEST,
            Self::ForeignHost { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::NoTunnel => StatusCode::NOT_IMPLEMENTED,
            Self::UnknownProject { .. }
            | Self::NotYetLive { .. }
            | Self::Stopped { .. }
            | Self::ReleaseFailed { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::ReleaseNotRunning { .. } | Self::ReleaseGone { .. } => StatusCode::GONE,
            Self::Unreachable { .. } => StatusCode::BAD_GATEWAY,
            Self::Silent { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Stalled => StatusCode::REQUEST_TIMEOUT,
        }
    }

    fn happened(&self) -> String {
        match self {
            Self::BadHost => "The request does not say clearly which host it is for.".to_owned(),
            Self::ForeignHost { host } => format!("This port does not serve the host `{host}`."),
            Self::NoTunnel => "This gateway opens no tunnels.".to_owned(),
            Self::UnknownProject { project } => format!("No project `{project}` is known here."),
            Self::NotYetLive { project } => format!("`{project}` has no live version yet."),
            Self::Stopped { project } => format!("`{project}` is stopped."),
            Self::ReleaseNotRunning { project, commit } => {
                format!("Release {commit} of `{project}` is kept but does not run now.")
            }
            Self::ReleaseFailed { commit, message, .. } => {
                format!("Release {commit} is kept but did not start: {message}.")
            }
            Self::ReleaseGone { project, commit } => {
                format!("Release {commit} of `{project}` is not, or no longer, kept.")
            }
            Self::Unreachable { project } => format!("`{project}` is live but did not take this request."),
            Self::Silent { project, seconds } => {
                format!("`{project}` took this request and sent no answer within {seconds} s.")
            }
            Self::Stalled => "The request stopped arriving half-way.".to_owned(),
            Self::BrokenRequest => "The request broke off or is malformed.".to_owned(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::BadHost => "Send exactly one Host header that agrees with the request's target.".to_owned(),
            Self::ForeignHost { .. } => {
                "Open the address that `backend-im status` shows; a port answers only under its own names."
                    .to_owned()
            }
            Self::NoTunnel => "Send the request itself instead of CONNECT.".to_owned(),
            Self::UnknownProject { .. } => "`backend-im projects` lists what there is.".to_owned(),
            Self::NotYetLive { project } => {
                format!(
                    "A deploy may be on its way: `backend-im status {project}`. This page retries by itself."
                )
            }
            Self::Stopped { project } => {
                format!("Deploy it again, or bring its last release back: `backend-im rollback {project}`.")
            }
            Self::ReleaseNotRunning { project, commit } => {
                format!("Bring it back with `backend-im rollback {project} --to {commit}`.")
            }
            Self::ReleaseFailed { logs, .. } => {
                format!(
                    "See what it says: `backend-im logs {logs}`. It is tried again in {RETRY_S} s at the soonest."
                )
            }
            Self::ReleaseGone { project, .. } => format!(
                "Its source is still in the project's history: `backend-im projects {project}` lists what a rollback \
                 can bring back at once; anything older is deployed again."
            ),
            Self::Unreachable { project } => format!("See what it says: `backend-im logs {project}`."),
            Self::Silent { project, .. } => {
                format!(
                    "See what it is busy with: `backend-im logs {project}`. Long work belongs in the background."
                )
            }
            Self::Stalled => "Send it again without pauses.".to_owned(),
            Self::BrokenRequest => "Send it again, complete and well-formed.".to_owned(),
        }
    }

    /// The whole answer, as HTML for those who ask for it.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response<Full<Bytes>> {
        let html = request
            .get_all(ACCEPT)
            .iter()
            .any(|accept| accept.as_bytes().windows(9).any(|part| part.eq_ignore_ascii_case(b"text/html")));
        let (kind, text) = if html {
            ("text/html; charset=utf-8", self.html())
        } else {
            ("text/plain; charset=utf-8", format!("{}\nhint: {}\n", self.happened(), self.hint()))
        };
        let mut response = Response::new(Full::new(Bytes::from(text)));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from(self.retry_after_s()));
        }
        response
    }

    fn retry_after_s(&self) -> u16 {
        if matches!(self, Self::ReleaseFailed { .. }) { RETRY_S } else { RETRY_AFTER_S }
    }

    fn html(&self) -> String {
        let status = self.status();
        let refresh = match self {
            Self::NotYetLive { .. } => format!("<meta http-equiv=\"refresh\" content=\"{RETRY_AFTER_S}\">"),
            _ => String::new(),
        };
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">{refresh}<title>{status}</title>\
             <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;\
             color-scheme:light dark}}h1{{font-size:1.1rem}}</style>\
             <h1>{status}</h1><p>{happened}</p><p>{hint}</p></html>\n",
            happened = marked_up(&self.happened()),
            hint = marked_up(&self.hint()),
        )
    }
}

/// Escapes `text` for HTML and sets what stands in backticks as code.
fn marked_up(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 32);
    for (at, part) in text.split('`').enumerate() {
        if at > 0 {
            html.push_str(if at % 2 == 1 { "<code>" } else { "</code>" });
        }
        for c in part.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                _ => html.push(c),
            }
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_only_for_those_who_ask_for_it() {
        let page = Page::NotYetLive { project: "ana-todo".to_owned() };
        let kind = |accept: &'static str| {
            let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
            page.answer(&headers).headers()[CONTENT_TYPE].to_str().unwrap().to_owned()
        };
        assert_eq!(kind("text/html,application/xhtml+xml,*/*;q=0.8"), "text/html; charset=utf-8");
        assert_eq!(kind("*/*"), "text/plain; charset=utf-8");
        assert_eq!(kind("application/json"), "text/plain; charset=utf-8");
    }

    #[test]
    fn what_a_request_says_cannot_become_markup() {
        let page = Page::ForeignHost { host: "<script>\"&".to_owned() };
        assert!(page.html().contains("<code>&lt;script&gt;&quot;&amp;</code>"), "{}", page.html());
    }

    #[test]
    fn a_release_that_does_not_run_says_how_to_bring_it_back() {
        let page =
            Page::ReleaseNotRunning { project: "ana-todo".to_owned(), commit: "0123456789ab".to_owned() };
        assert_eq!(page.status(), StatusCode::GONE);
        assert!(page.hint().contains("backend-im rollback ana-todo --to 0123456789ab"));
    }

    #[test]
    fn only_what_may_pass_soon_says_when_to_retry() {
        let retry = |page: Page| page.answer(&HeaderMap::new()).headers().contains_key(RETRY_AFTER);
        assert!(retry(Page::Stopped { project: "p".to_owned() }));
        assert!(!retry(Page::Unreachable { project: "p".to_owned() }));
    }
}
