//! A deploy in any of its forms: JSON, or multipart with an archive beside it.

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use futures_util::TryStreamExt;
use platform_api::DeployRequest;
use platform_api::limits::{JSON_BYTES_MAX, UPLOAD_BYTES_MAX};
use sha2::{Digest, Sha256};

use super::body;
use super::extract::{Posted, json, key, request_hash};
use crate::platform::{DeployInput, Refusal};
use crate::source::ArchiveFile;
use crate::source::archive::{self, Compression};
use crate::store::IdempotencyKey;

/// A deploy as it came.
pub(super) struct Upload(pub(super) DeployInput);

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
        if kind.to_ascii_lowercase().starts_with("multipart/form-data") {
            return multipart(request, state).await.map(Self);
        }
        let posted = Posted::<DeployRequest, JSON_BYTES_MAX>::from_request(request, state).await?;
        Ok(Self(DeployInput { request: posted.value, archive: None, idempotency: posted.idempotency }))
    }
}

/// The parts of a multipart deploy, so far.
#[derive(Default)]
struct Received {
    config: Option<bytes::Bytes>,
    source: Option<(Vec<ArchiveFile>, [u8; 32])>,
}

async fn multipart<S: Send + Sync>(request: Request, state: &S) -> Result<DeployInput, Refusal> {
    let (parts, body) = request.into_parts();
    let key = key(&parts.headers)?;
    let request = Request::from_parts(parts.clone(), body);
    let mut multipart = Multipart::from_request(request, state)
        .await
        .map_err(|error| Refusal::malformed(error.body_text()))?;
    let mut received = Received::default();
    while let Some(field) =
        multipart.next_field().await.map_err(|error| Refusal::malformed(error.body_text()))?
    {
        received.take(field).await?;
    }
    received.finish(&parts, key)
}

impl Received {
    async fn take(&mut self, field: Field<'_>) -> Result<(), Refusal> {
        match field.name() {
            Some("config") if self.config.is_none() => {
                self.config = Some(body::collect_stream(field, JSON_BYTES_MAX).await?);
            }
            Some("source") if self.source.is_none() => {
                let mut hash = Sha256::new();
                let stream = field.inspect_ok(|piece| hash.update(piece));
                let read = |reader| Ok(archive::read(reader, Compression::Detect)?);
                let files = body::read_with(stream, UPLOAD_BYTES_MAX, read).await?;
                self.source = Some((files, hash.finalize().into()));
            }
            name => {
                let name = name.unwrap_or_default().escape_debug();
                return Err(Refusal::malformed(format!("the part `{name}` is not known, or there twice"))
                    .hint("Send one part `source` (a tar.gz) and one part `config` (JSON)."));
            }
        }
        Ok(())
    }

    fn finish(self, parts: &Parts, key: Option<String>) -> Result<DeployInput, Refusal> {
        let (archive, source_hash) = self.source.ok_or_else(|| {
            Refusal::malformed("the part `source` is missing").hint("Send the project as a tar.gz in it.")
        })?;
        let config = self.config.unwrap_or_default();
        let body_hash = request_hash(parts, &[&config, &source_hash]);
        let idempotency = key.map(|key| IdempotencyKey { key, body_hash });
        Ok(DeployInput { request: json(&config)?, archive: Some(archive), idempotency })
    }
}
