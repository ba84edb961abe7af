//! Who may call: whoever has the platform's token.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::Response;
use hmac::{Hmac, KeyInit, Mac};
use platform_api::{Code, Verification};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Api;
use crate::platform::Refusal;

/// The shortest token, in characters: what 128 random bits need.
const TOKEN_CHARS_MIN: usize = 22;
/// The longest token, in characters.
const TOKEN_CHARS_MAX: usize = 512;

/// Not a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token has {TOKEN_CHARS_MIN} to {TOKEN_CHARS_MAX} printable characters and no spaces; this one, of {length} characters, does not"
)]
pub(crate) struct InvalidToken {
    /// How long it is. Nothing else of it is told.
    pub(crate) length: usize,
}

/// The token of the platform's owner. It can be compared and used as a key; there is no way to get it out again.
#[derive(Clone)]
pub(crate) struct ApiToken(Arc<SecretString>);

impl FromStr for ApiToken {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_token = (TOKEN_CHARS_MIN..=TOKEN_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_token { Ok(Self(Arc::new(text.into()))) } else { Err(InvalidToken { length: text.len() }) }
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken([redacted])")
    }
}

impl ApiToken {
    /// Whether `candidate` is the token. Takes as long for a near miss as for a wild guess.
    fn is(&self, candidate: &str) -> bool {
        let own = Sha256::digest(self.0.expose_secret());
        own.ct_eq(&Sha256::digest(candidate)).into()
    }

    /// The answer to a challenge: see [`platform_api::Challenge`].
    pub(super) fn answer(&self, host: &str, nonce: &str) -> String {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(self.0.expose_secret().as_bytes())
            .expect("a key of any length");
        mac.update(format!("backend-im challenge v1\n{host}\n{nonce}").as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Lets through who has the token.
pub(super) async fn require(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    match bearer(request.headers()) {
        Some(token) if api.token.is(token) => Ok(next.run(request).await),
        Some(_) => Err(unauthorized("the token is not this platform's")),
        None => Err(unauthorized("this call needs a token")),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized(detail: &str) -> Refusal {
    Refusal::new(Code::UNAUTHORIZED, detail).hint(
        "Send `Authorization: Bearer` and the token; an embedded platform keeps it in the file `token` of its home.",
    )
}

/// Whose token it is.
#[utoipa::path(get, path = "/api/auth/verify", tag = "platform", responses((status = 200, body = Verification)))]
pub(super) async fn verify(State(api): State<Api>) -> Json<Verification> {
    let identity = api.platform.identity();
    Json(Verification { valid: true, user_id: identity.user.clone(), email: identity.email.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_compared_and_never_shown() {
        let text = "0123456789abcdefghijklmnop";
        let token: ApiToken = text.parse().unwrap();
        assert!(token.is(text));
        assert!(!token.is("0123456789abcdefghijklmnoq"));
        assert!(!token.is(""));
        assert!(!format!("{token:?}").contains("0123"));
        let error = "short secret".parse::<ApiToken>().unwrap_err();
        assert!(!error.to_string().contains("short secret"));
    }

    #[test]
    fn a_challenge_is_answered_for_one_host_and_one_nonce() {
        let token: ApiToken = "the-token-of-this-platform".parse().unwrap();
        let right = token.answer("127.0.0.1:7310", "00ff");
        // Worked out apart, with Python's hmac.
        assert_eq!(right, "5f8e16d622355b93956b2f082d13aa3e2995c515734b1a9b8caa14c11dcd1c39");
        assert_ne!(right, token.answer("127.0.0.1:7311", "00ff"));
        assert_ne!(right, token.answer("127.0.0.1:7310", "00fe"));
    }
}
