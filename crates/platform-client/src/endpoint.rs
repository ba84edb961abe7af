//! Where a platform is and what proves us to it.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use platform_api::{CertificateHash, Code};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Position, Url};

use crate::ClientError;

/// The longest token, in bytes.
const TOKEN_BYTES_MAX: usize = 4096;

/// A platform: its address and the token for it.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The base of every call, such as `http://127.0.0.1:7310/`.
    pub url: Url,
    /// The token, sent as a bearer.
    pub token: ApiToken,
    /// The one certificate it may show, where it is the platform of our own home and speaks TLS.
    pub certificate: Option<CertificateHash>,
}

/// A bearer token. It leaves this box in the `Authorization` header and in the key of the challenge, nowhere else.
///
/// ```
/// let token: platform_client::ApiToken = "s3cret".parse().unwrap();
/// assert!(!format!("{token:?}").contains("s3cret"));
/// ```
///
/// It cannot be printed:
/// ```compile_fail
/// fn log(token: &platform_client::ApiToken) -> String { format!("{token}") }
/// ```
///
/// Nor serialised:
/// ```compile_fail
/// fn save(token: &platform_client::ApiToken) -> String { serde_json::to_string(token).unwrap() }
/// ```
#[derive(Clone)]
pub struct ApiToken(SecretString);

/// Not a token. Says nothing of the text, which may be most of a real one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a token is 1 to {TOKEN_BYTES_MAX} visible ASCII characters without spaces, this text has {length}")]
pub struct InvalidApiToken {
    /// How long the text was.
    pub length: usize,
}

impl ApiToken {
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken([redacted])")
    }
}

impl FromStr for ApiToken {
    type Err = InvalidApiToken;

    /// Takes the text of a token file as it is: white space around the token is dropped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        match text.len() {
            1..=TOKEN_BYTES_MAX if visible => Ok(Self(SecretString::from(text))),
            length => Err(InvalidApiToken { length }),
        }
    }
}

impl Endpoint {
    /// A platform that is recognised as its address says: on this machine by a challenge, elsewhere by TLS.
    pub fn new(url: Url, token: ApiToken) -> Self {
        Self { url, token, certificate: None }
    }

    /// The same, where one is named, recognised by this certificate and no other.
    #[must_use]
    pub fn pinned(self, certificate: Option<CertificateHash>) -> Self {
        Self { certificate, ..self }
    }

    /// Whether it is a platform of this machine, also where it is called by an address that others reach as well.
    pub(crate) fn is_here(&self) -> bool {
        self.is_loopback() || self.certificate.is_some()
    }

    /// Whether the platform is on this machine, where plain HTTP stays out of anyone's sight.
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        }
    }

    /// The Host header of every request to it: the port only where it is not the scheme's own.
    pub(crate) fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// What this platform is called in the client's state. The embedded one changes its port with every start.
    pub(crate) fn platform_name(&self) -> String {
        if self.is_here() { "local".to_owned() } else { self.url.origin().ascii_serialization() }
    }

    /// Refuses an address that the token must not travel to.
    pub(crate) fn check(&self) -> Result<(), ClientError> {
        if !self.url.username().is_empty() || self.url.password().is_some() {
            return Err(ClientError::new(Code::MALFORMED, "the platform's URL carries a user or a password")
                .hint("give the URL without them; the token goes into its own setting"));
        }
        match self.url.scheme() {
            "https" => Ok(()),
            "http" if self.is_loopback() => Ok(()),
            "http" => Err(ClientError::new(
                Code::INSECURE_URL,
                format!("the token would travel over plain HTTP to {}", self.authority()),
            )
            .hint("use https://, or a tunnel that ends on 127.0.0.1")),
            other => Err(ClientError::new(Code::MALFORMED, format!("`{other}:` is no URL of a platform"))
                .hint("a platform's URL starts with https://, or http:// on this machine")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str) -> Result<(), Code> {
        let endpoint = Endpoint::new(url.parse().unwrap(), "t".parse().unwrap());
        endpoint.check().map_err(|error| error.code)
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for good in ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "https://backend.im/x/"]
        {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["http://backend.im/", "http://10.0.0.1/", "http://localhost.evil.example/"] {
            assert_eq!(check(bad), Err(Code::INSECURE_URL), "{bad}");
        }
        assert_eq!(check("ftp://127.0.0.1/"), Err(Code::MALFORMED));
        assert_eq!(check("https://user:word@backend.im/"), Err(Code::MALFORMED));
    }

    #[test]
    fn a_token_is_one_visible_word() {
        assert_eq!(" abc\n".parse::<ApiToken>().unwrap().expose(), "abc");
        for bad in ["", "  \n", "a b", "a\nb", "ü"] {
            assert!(bad.parse::<ApiToken>().is_err(), "{bad:?}");
        }
    }
}
