//! Proof that what listens on a loopback port knows the token, before the token is sent to it.

use hmac::{Hmac, KeyInit, Mac};
use platform_api::Code;
use sha2::Sha256;

use crate::{ApiToken, ClientError};

/// How many random bytes a nonce has.
const NONCE_BYTES: usize = 32;

/// A fresh nonce in hex.
pub(crate) fn nonce() -> Result<String, ClientError> {
    let mut bytes = [0; NONCE_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        ClientError::new(Code::INTERNAL, "the system gave no random bytes").because(error)
    })?;
    Ok(hex::encode(bytes))
}

/// Whether `answer` is what the owner of `token` answers to `nonce` on `host`. Takes the same time for every wrong answer.
pub(crate) fn is_answer(token: &ApiToken, host: &str, nonce: &str, answer: &str) -> bool {
    hex::decode(answer).is_ok_and(|answer| mac(token, host, nonce).verify_slice(&answer).is_ok())
}

fn mac(token: &ApiToken, host: &str, nonce: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::new_from_slice(token.expose().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(format!("backend-im challenge v1\n{host}\n{nonce}").as_bytes());
    mac
}

/// What the platform answers.
#[cfg(test)]
pub(crate) fn answer(token: &ApiToken, host: &str, nonce: &str) -> String {
    hex::encode(mac(token, host, nonce).finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_of_the_token_on_this_host_can_answer() {
        let token: ApiToken = "the-token".parse().unwrap();
        let host = "127.0.0.1:7310";
        // HMAC-SHA-256 keyed `the-token` over `backend-im challenge v1\n127.0.0.1:7310\n00ff`, worked out apart.
        let right = ANSWER;
        assert!(is_answer(&token, host, "00ff", right));
        assert!(!is_answer(&token, "127.0.0.1:7311", "00ff", right), "passed on from another port");
        assert!(!is_answer(&token, host, "00fe", right), "an old answer");
        assert!(!is_answer(&"other".parse().unwrap(), host, "00ff", right), "another token");
        assert!(!is_answer(&token, host, "00ff", ""), "nothing");
        assert!(!is_answer(&token, host, "00ff", &right[..62]), "cut short");
    }

    #[test]
    fn no_two_nonces_are_equal() {
        assert_ne!(nonce().unwrap(), nonce().unwrap());
        assert_eq!(nonce().unwrap().len(), 2 * NONCE_BYTES);
    }

    const ANSWER: &str = "b3b580fbcb7363088fb2de6ba0862e28c977e1ae36fb334fbf43c2752feedf62";
}
