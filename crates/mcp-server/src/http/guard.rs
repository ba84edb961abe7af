//! Which requests are for this server at all: the Host must be ours, so that no name somebody else controls reaches us
//! through a browser, and so must the Origin, where there is one.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::Response;

use super::refusal::Refusal;

/// The names under which this server is called.
#[derive(Debug, Clone)]
pub(super) struct Own {
    port: u16,
    /// Names of a proxy that ends TLS in front of this server.
    behind_tls: Vec<Authority>,
}

impl Own {
    pub(super) fn new(port: u16, behind_tls: Vec<Authority>) -> Self {
        Self { port, behind_tls }
    }

    /// The only origin whose pages may call as `host`; nothing if that is no name of ours.
    fn origin(&self, host: &Authority) -> Option<Origin> {
        let is_loopback =
            matches!(host.host(), "127.0.0.1" | "[::1]") || host.host().eq_ignore_ascii_case("localhost");
        let (plain, safe) = (Origin::of("http", host), Origin::of("https", host));
        if is_loopback && plain.port == self.port {
            return Some(plain);
        }
        self.behind_tls.iter().any(|name| Origin::of("https", name) == safe).then_some(safe)
    }
}

/// Where a page comes from.
#[derive(Debug, PartialEq, Eq)]
struct Origin {
    scheme: &'static str,
    host: String,
    port: u16,
}

impl Origin {
    fn of(scheme: &'static str, authority: &Authority) -> Self {
        let port = authority.port_u16().unwrap_or(if scheme == "https" { 443 } else { 80 });
        Self { scheme, host: authority.host().to_ascii_lowercase(), port }
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let scheme = ["http", "https"].into_iter().find(|known| *known == scheme)?;
        Some(Self::of(scheme, &rest.parse().ok()?))
    }
}

/// Lets through what is meant for this server.
pub(super) async fn check(
    State(own): State<Arc<Own>>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    let host = single(request.headers(), &HOST).ok().flatten().ok_or(Refusal::NoHost)?;
    let host = authority(host).ok_or(Refusal::NoHost)?;
    let named = request.uri().authority();
    let ours = own.origin(&host).ok_or(Refusal::ForeignHost)?;
    if named.is_some_and(|named| own.origin(named).as_ref() != Some(&ours)) {
        return Err(Refusal::ForeignHost);
    }
    match single(request.headers(), &ORIGIN).map_err(|()| Refusal::ForeignOrigin)? {
        Some(origin) if Origin::parse(origin) != Some(ours) => Err(Refusal::ForeignOrigin),
        _ => Ok(next.run(request).await),
    }
}

/// A name with or without a port, and nothing else.
pub(super) fn authority(text: &str) -> Option<Authority> {
    text.parse().ok().filter(|authority: &Authority| !authority.as_str().contains('@'))
}

/// The only value of a header; two would let two readers disagree.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text)),
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Own {
        Own::new(7330, vec!["mcp.example".parse().unwrap()])
    }

    fn allowed(host: &str, origin: &str) -> bool {
        own().origin(&host.parse().unwrap()).is_some_and(|ours| Origin::parse(origin) == Some(ours))
    }

    #[test]
    fn only_loopbacks_names_with_our_port_and_the_named_hosts_are_ours() {
        for host in [
            "localhost:7330",
            "LOCALHOST:7330",
            "127.0.0.1:7330",
            "[::1]:7330",
            "mcp.example",
            "MCP.example:443",
        ] {
            assert!(own().origin(&host.parse().unwrap()).is_some(), "{host}");
        }
        for host in [
            "localhost",
            "localhost:7331",
            "evil.example:7330",
            "mcp.example:7330",
            "127.0.0.2:7330",
            "a.localhost:7330",
        ] {
            assert!(own().origin(&host.parse().unwrap()).is_none(), "{host}");
        }
    }

    #[test]
    fn only_pages_of_the_very_host_that_was_called_may_call() {
        assert!(allowed("localhost:7330", "http://localhost:7330"));
        assert!(allowed("mcp.example", "https://mcp.example"));
        assert!(allowed("mcp.example", "https://mcp.example:443"));
        for origin in [
            "null",
            "",
            "https://localhost:7330",
            "http://localhost",
            "http://localhost:7331",
            "http://127.0.0.1:7330",
            "http://shop.localhost:7330",
            "http://localhost:7330.evil.example",
            "http://localhost:7330/path",
            "http://mcp.example",
        ] {
            assert!(!allowed("localhost:7330", origin), "{origin}");
        }
        assert!(!allowed("mcp.example", "http://mcp.example"));
    }

    #[test]
    fn a_host_carries_no_user() {
        assert!(authority("me@localhost:7330").is_none());
        assert!(authority("localhost:7330").is_some());
    }
}
