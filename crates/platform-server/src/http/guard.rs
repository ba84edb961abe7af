//! Which requests are for this platform at all: the Host must be ours, so that no name somebody else controls reaches us
//! through a browser, and so must the Origin, where there is one.

use std::net::SocketAddr;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use platform_api::Code;

use super::Api;
use crate::platform::Refusal;

/// How the platform is reached.
#[derive(Debug, Clone, Copy)]
pub(super) struct Own {
    address: SocketAddr,
    scheme: Scheme,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Own {
    pub(super) const fn new(address: SocketAddr, scheme: Scheme) -> Self {
        Self { address, scheme }
    }

    /// Whether `authority` names this platform. On loopback only loopback's names and our port do; elsewhere every name
    /// may, since TLS tells whose it is.
    fn is_host(&self, authority: &Authority) -> bool {
        if !self.address.ip().is_loopback() {
            return true;
        }
        let is_loopback = matches!(authority.host(), "127.0.0.1" | "[::1]")
            || authority.host().eq_ignore_ascii_case("localhost")
            || authority.host().parse() == Ok(self.address.ip());
        is_loopback && authority.port_u16().unwrap_or(self.scheme.port()) == self.address.port()
    }

    /// Whether a page of `origin` is one of ours, seen under `host`.
    fn is_origin(&self, origin: &str, host: &Authority) -> bool {
        let rest = match self.scheme {
            Scheme::Http => origin.strip_prefix("http://"),
            Scheme::Https => origin.strip_prefix("https://"),
        };
        let Some(Ok(origin)) = rest.map(str::parse::<Authority>) else { return false };
        let port = |authority: &Authority| authority.port_u16().unwrap_or(self.scheme.port());
        origin.host().eq_ignore_ascii_case(host.host()) && port(&origin) == port(host)
    }

    /// Where a WebSocket client that came to `host` follows a deployment.
    pub(super) fn websocket(&self, host: &Host, id: platform_api::DeploymentId) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "ws",
            Scheme::Https => "wss",
        };
        format!("{scheme}://{}/ws?deploymentId={id}", host.0)
    }

    /// Where a person who is told of it by a caller that came to `host` finds a page of ours.
    pub(super) fn page(&self, host: &Host, path: &str) -> String {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        format!("{scheme}://{}{path}", host.0)
    }
}

/// Lets through what is meant for this platform.
pub(super) async fn check(State(api): State<Api>, request: Request, next: Next) -> Result<Response, Refusal> {
    let host = host(request.headers())?;
    let named = [Some(&host), request.uri().authority()];
    if !named.into_iter().flatten().all(|host| api.own.is_host(host)) {
        return Err(Refusal::new(Code::FORBIDDEN, "the Host of this request is not this platform's")
            .hint("Call the platform as localhost or 127.0.0.1, with its own port."));
    }
    match single(request.headers(), &ORIGIN)? {
        Some(origin) if !api.own.is_origin(origin, &host) => {
            Err(Refusal::new(Code::FORBIDDEN, "pages of other origins may not call this platform")
                .hint("Call it from a program, or from the platform's own pages."))
        }
        _ => Ok(next.run(request).await),
    }
}

/// The Host that the caller used.
pub(super) struct Host(Authority);

impl Host {
    /// Exactly as it came.
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<S: Sync> FromRequestParts<S> for Host {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        host(&parts.headers).map(Self)
    }
}

fn host(headers: &HeaderMap) -> Result<Authority, Refusal> {
    single(headers, &HOST)?
        .and_then(|host| host.parse().ok())
        .filter(|host: &Authority| !host.as_str().contains('@'))
        .ok_or_else(|| Refusal::malformed("the request has no valid Host"))
}

/// The only value of a header; two would let two readers disagree.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    match (first.map(|value| value.to_str()), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(text)), None) => Ok(Some(text)),
        _ => Err(Refusal::malformed(format!("the request has no single readable {name}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn authority(text: &str) -> Authority {
        text.parse().unwrap()
    }

    #[test]
    fn on_loopback_only_loopbacks_names_with_our_port_are_ours() {
        let own = Own::new("127.0.0.1:7310".parse().unwrap(), Scheme::Http);
        for host in ["localhost:7310", "LOCALHOST:7310", "127.0.0.1:7310", "[::1]:7310"] {
            assert!(own.is_host(&authority(host)), "{host}");
        }
        for host in
            ["localhost", "localhost:7311", "evil.example:7310", "shop.localhost:7310", "127.0.0.2:7310"]
        {
            assert!(!own.is_host(&authority(host)), "{host}");
        }
        assert!(
            Own::new("127.0.0.2:7310".parse().unwrap(), Scheme::Http).is_host(&authority("127.0.0.2:7310"))
        );
        assert!(Own::new("127.0.0.1:80".parse().unwrap(), Scheme::Http).is_host(&authority("localhost")));
    }

    #[test]
    fn only_the_origin_that_was_called_is_ours() {
        let own = Own::new("127.0.0.1:7310".parse().unwrap(), Scheme::Http);
        let host = authority("localhost:7310");
        assert!(own.is_origin("http://localhost:7310", &host));
        for origin in [
            "null",
            "",
            "https://localhost:7310",
            "http://localhost",
            "http://localhost:7311",
            "http://127.0.0.1:7310",
            "http://shop.localhost:7310",
            "http://localhost:7310.evil.example",
            "http://localhost:7310/path",
        ] {
            assert!(!own.is_origin(origin, &host), "{origin}");
        }
        let own = Own::new("10.0.0.1:443".parse().unwrap(), Scheme::Https);
        assert!(own.is_origin("https://paas.example", &authority("paas.example:443")));
        assert!(!own.is_origin("http://paas.example", &authority("paas.example:443")));
    }
}
