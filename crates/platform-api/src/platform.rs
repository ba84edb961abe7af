//! What the platform says of itself.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::ProjectId;

/// The answer to `GET /api/version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Version {
    /// The version of the wire contract.
    pub contract: String,
    /// The version of the platform's program.
    pub server: String,
    /// Which engine runs the apps.
    pub engine: String,
}

/// The answer to `GET /api/auth/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Verification {
    /// Always true; an invalid token is a 401.
    pub valid: bool,
    /// The caller.
    pub user_id: String,
    /// The caller's address.
    pub email: String,
}

/// The answer to `GET /api/challenge?nonce=…`: proof that the platform knows the token, before the token is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Challenge {
    /// Hex of HMAC-SHA-256, keyed with the token, over `backend-im challenge v1\n{host}\n{nonce}`, where `host` is the
    /// request's Host header, so that an answer cannot be fetched from another port and passed on.
    pub answer: String,
}

/// `$BACKEND_IM_HOME/platform.json`: how the embedded platform of this machine is reached. Holds no token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlatformFile {
    /// Process id.
    pub pid: u32,
    /// The program's version.
    pub version: String,
    /// Port of the API.
    pub api_port: u16,
    /// Port of the gateway.
    pub gateway_port: u16,
    /// Where on this machine both listen; loopback unless it was started for others as well.
    #[serde(default = "loopback")]
    pub address: IpAddr,
    /// The certificate of both, where they speak TLS: programs of this home trust this one and no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateHash>,
}

impl PlatformFile {
    /// The base of every call to the API, such as `http://127.0.0.1:7310/`.
    pub fn api_url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/", SocketAddr::new(self.address, self.api_port))
    }
}

/// What a file says that names no address: platforms used to listen on loopback only.
fn loopback() -> IpAddr {
    Ipv4Addr::LOCALHOST.into()
}

/// SHA-256 over a certificate as it travels (DER): 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertificateHash(String);

/// Not the hash of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the hash of a certificate is 64 lower-case hex digits, this text has {length} bytes")]
pub struct InvalidCertificateHash {
    /// How long the text was.
    pub length: usize,
}

impl CertificateHash {
    /// The hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CertificateHash {
    type Error = InvalidCertificateHash;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hex && text.len() == 64 {
            return Ok(Self(text));
        }
        Err(InvalidCertificateHash { length: text.len() })
    }
}

impl From<CertificateHash> for String {
    fn from(hash: CertificateHash) -> Self {
        hash.0
    }
}

/// The answer to `GET /api/platform`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlatformStatus {
    /// The program's version.
    pub version: String,
    /// Process id.
    pub pid: u32,
    /// Which engine runs the apps.
    pub engine: String,
    /// Since when it runs, in milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// Where the gateway listens.
    pub gateway: String,
    /// Projects that have a live version.
    pub live: Vec<ProjectId>,
    /// How many deployments are under way.
    pub deployments_under_way: usize,
}

/// An app that `platform stop` ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoppedApp {
    /// Whose app.
    pub project_id: ProjectId,
    /// Where it answered.
    pub url: String,
}

/// The answer to `POST /api/platform/stop?apps=stop|keep`; with `keep` the apps go on and the next platform adopts them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopAnswer {
    /// What was ended.
    pub stopped: Vec<StoppedApp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_of_an_earlier_platform_means_plain_loopback() {
        let file: PlatformFile =
            serde_json::from_str(r#"{"pid":7,"version":"0.1.0","apiPort":7310,"gatewayPort":7311}"#).unwrap();
        assert_eq!(file.api_url(), "http://127.0.0.1:7310/");
    }

    #[test]
    fn certificate_makes_it_https_and_rubbish_is_no_certificate() {
        let json = |certificate: &str| {
            format!(
                r#"{{"pid":7,"version":"1","apiPort":1,"gatewayPort":2,"address":"::1","certificate":"{certificate}"}}"#
            )
        };
        let file: PlatformFile = serde_json::from_str(&json(&"0a".repeat(32))).unwrap();
        assert_eq!(file.api_url(), "https://[::1]:1/");
        assert_eq!(serde_json::to_string(&file).unwrap(), json(&"0a".repeat(32)));
        for bad in ["", "0a", &"0A".repeat(32), &"zz".repeat(32)] {
            assert!(serde_json::from_str::<PlatformFile>(&json(bad)).is_err(), "{bad}");
        }
    }
}
