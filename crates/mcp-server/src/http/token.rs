//! Who may call: whoever has this server's token. It gives the rights of the tools and is not the platform's token.

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::refusal::Refusal;

/// The token that callers must send. Only its hash is kept: it can be compared, and there is no way to get it out again.
#[derive(Debug, Clone)]
pub struct HttpToken([u8; 32]);

impl HttpToken {
    /// The token with this text.
    pub fn new(text: &SecretString) -> Self {
        Self(Sha256::digest(text.expose_secret()).into())
    }

    /// Whether `candidate` is the token. Takes as long for a near miss as for a wild guess.
    fn is(&self, candidate: &str) -> bool {
        self.0.ct_eq(&Sha256::digest(candidate)).into()
    }
}

/// Lets through who has the token.
pub(super) async fn require(
    State(token): State<HttpToken>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    match bearer(request.headers()) {
        Some(candidate) if token.is(candidate) => Ok(next.run(request).await),
        Some(_) => Err(Refusal::WrongToken),
        None => Err(Refusal::NoToken),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_compared_and_never_kept() {
        let token = HttpToken::new(&"0123456789abcdef".into());
        assert!(token.is("0123456789abcdef"));
        for wrong in ["0123456789abcdeg", "0123456789abcde", ""] {
            assert!(!token.is(wrong), "{wrong}");
        }
        assert!(!format!("{token:?}").contains("0123"));
    }

    #[test]
    fn only_a_bearer_token_counts() {
        let bearer_of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(bearer_of("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(bearer_of("bearer  abc ").as_deref(), Some("abc"));
        assert_eq!(bearer_of("Basic abc"), None);
        assert_eq!(bearer_of("abc"), None);
    }
}
