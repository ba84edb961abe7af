//! HTTPS, which everything but loopback needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use platform_api::CertificateHash;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use super::ListenError;

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, leaf first.
    pub cert: PathBuf,
    /// The leaf's private key.
    pub key: PathBuf,
}

/// A certificate that was read and goes with its key.
#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    /// Answers handshakes with it.
    pub(crate) config: Arc<ServerConfig>,
    /// By what its owner's own programs know it.
    pub(crate) hash: CertificateHash,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// [`ListenError::Certificate`] for the file that cannot be used.
    pub(crate) fn open(&self) -> Result<Certificate, ListenError> {
        let chain = CertificateDer::pem_file_iter(&self.cert)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(unusable(&self.cert))?;
        let leaf = chain.first().ok_or("there is no certificate in it").map_err(unusable(&self.cert))?;
        let hash = CertificateHash::try_from(hex::encode(Sha256::digest(leaf))).expect("a digest in hex");
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(unusable(&self.key))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key))
            .map_err(unusable(&self.cert))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Certificate { config: Arc::new(config), hash })
    }
}

fn unusable<E>(path: &Path) -> impl FnOnce(E) -> ListenError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| ListenError::Certificate { path: path.to_owned(), source: error.into() }
}
