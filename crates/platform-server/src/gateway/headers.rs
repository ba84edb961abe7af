//! The headers that end at the gateway and the ones that it adds. An app sees where a request came from only through
//! what the gateway itself saw: what a client claims about that is removed.

use http::header::{
    CONNECTION, CONTENT_LENGTH, EXPECT, FORWARDED, HOST, HeaderMap, HeaderName, HeaderValue,
    PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE, TRANSFER_ENCODING, UPGRADE,
};

use super::connection::Scheme;

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");
const PROXY_CONNECTION: HeaderName = HeaderName::from_static("proxy-connection");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What clients could lie about. Servers that turn names into variables read `X_Forwarded_For` as the same header, so
/// that spelling goes as well.
const CLAIMS: [&str; 2] = ["x-forwarded-", "x-real-ip"];

/// Whether a request asks for another protocol on its connection, and for which.
pub(super) fn wanted_upgrade(headers: &HeaderMap) -> Option<HeaderValue> {
    let protocol = headers.get(UPGRADE)?;
    // HTTP/2 on the app's connection would carry requests that nobody here has seen.
    let hidden = protocol.as_bytes().to_ascii_lowercase().starts_with(b"h2c");
    let asked = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|token| token.trim().eq_ignore_ascii_case("upgrade"));
    (asked && !hidden).then(|| protocol.clone())
}

/// Makes the client's headers those of the request to the app.
pub(super) fn towards_app(
    headers: &mut HeaderMap,
    client: &HeaderValue,
    scheme: Scheme,
    upgrade: Option<HeaderValue>,
) {
    let trailers = headers.get(TE).is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    remove_hop_by_hop(headers);
    headers.remove(EXPECT);
    headers.remove(PROXY_AUTHORIZATION);
    remove_claims(headers);
    if let Some(host) = headers.get(HOST).cloned() {
        headers.insert(X_FORWARDED_HOST, host);
    }
    headers.insert(X_FORWARDED_FOR, client.clone());
    headers.insert(X_FORWARDED_PROTO, HeaderValue::from_static(scheme.name()));
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
        headers.insert(CONNECTION, HeaderValue::from_static("te"));
    }
    if let Some(protocol) = upgrade {
        headers.insert(UPGRADE, protocol);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    }
}

/// Frames a body of unknown length, also for the methods that usually have none.
pub(super) fn chunked(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
}

/// Makes the app's headers those of the answer to the client.
pub(super) fn towards_client(headers: &mut HeaderMap) {
    remove_hop_by_hop(headers);
    headers.remove(PROXY_AUTHENTICATE);
}

/// Makes the app's headers those of the answer that ends HTTP on a connection.
pub(super) fn towards_client_upgraded(headers: &mut HeaderMap) {
    let protocol = headers.get(UPGRADE).cloned();
    remove_hop_by_hop(headers);
    if let Some(protocol) = protocol {
        headers.insert(UPGRADE, protocol);
    }
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
}

/// Removes what concerns one connection only, also what `Connection` itself names.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) {
        let named: Vec<HeaderName> = headers
            .get_all(CONNECTION)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(|token| token.trim().parse().ok())
            // Naming these would let a client take away what the gateway and the app rely on.
            .filter(|name| *name != HOST && *name != CONTENT_LENGTH)
            .collect();
        for name in named {
            headers.remove(name);
        }
        headers.remove(CONNECTION);
    }
    for name in [KEEP_ALIVE, PROXY_CONNECTION, TE, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
}

fn remove_claims(headers: &mut HeaderMap) {
    let is_claim = |name: &HeaderName| {
        let name = name.as_str();
        name.starts_with('x') && name.len() > 8 && {
            let dashed = name.replace('_', "-");
            CLAIMS.iter().any(|claim| dashed.starts_with(claim))
        }
    };
    headers.remove(FORWARDED);
    if headers.keys().any(is_claim) {
        let claims: Vec<HeaderName> = headers.keys().filter(|name| is_claim(name)).cloned().collect();
        for name in claims {
            headers.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        map
    }

    fn shown(headers: &HeaderMap) -> Vec<String> {
        let mut shown: Vec<String> =
            headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        shown.sort();
        shown
    }

    fn to_app(pairs: &[(&str, &str)]) -> Vec<String> {
        let mut map = headers(pairs);
        let upgrade = wanted_upgrade(&map);
        towards_app(&mut map, &HeaderValue::from_static("127.0.0.1"), Scheme::Http, upgrade);
        shown(&map)
    }

    const ADDED: [&str; 4] =
        ["host: a", "x-forwarded-for: 127.0.0.1", "x-forwarded-host: a", "x-forwarded-proto: http"];

    #[test]
    fn what_concerns_one_connection_ends_here() {
        let got = to_app(&[
            ("host", "a"),
            ("connection", "keep-alive, X-Secret, host"),
            ("keep-alive", "timeout=5"),
            ("x-secret", "1"),
            ("te", "gzip"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("expect", "100-continue"),
        ]);
        assert_eq!(got, ADDED);
    }

    #[test]
    fn what_a_client_claims_about_itself_is_replaced() {
        let got = to_app(&[
            ("host", "a"),
            ("x-forwarded-for", "6.6.6.6"),
            ("x_forwarded_for", "6.6.6.6"),
            ("x-forwarded-host", "bank"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-prefix", "/x"),
            ("x-real-ip", "6.6.6.6"),
            ("forwarded", "for=6.6.6.6"),
        ]);
        assert_eq!(got, ADDED);
    }

    #[test]
    fn an_upgrade_passes_unless_it_would_hide_requests() {
        let asking =
            |protocol| to_app(&[("host", "a"), ("connection", "keep-alive, Upgrade"), ("upgrade", protocol)]);
        assert!(asking("websocket").contains(&"upgrade: websocket".to_owned()));
        assert!(asking("websocket").contains(&"connection: upgrade".to_owned()));
        assert_eq!(asking("h2c"), ADDED);
    }

    #[test]
    fn everything_else_passes_in_both_directions() {
        assert!(
            to_app(&[("host", "a"), ("cookie", "a=b"), ("te", "trailers")])
                .contains(&"cookie: a=b".to_owned())
        );
        let mut answer =
            headers(&[("set-cookie", "a"), ("set-cookie", "b"), ("connection", "close"), ("date", "x")]);
        towards_client(&mut answer);
        assert_eq!(shown(&answer), ["date: x", "set-cookie: a", "set-cookie: b"]);
    }
}
