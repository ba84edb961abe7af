//! The blobs that a manifest named and the platform lacked.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use axum::response::NoContent;
use platform_api::limits::UPLOAD_BYTES_MAX;
use platform_api::{BlobId, ProjectId};
use serde::Deserialize;
use tokio::runtime::Handle;

use super::extract::Query;
use super::{Api, body};
use crate::platform::{Platform, Refusal};
use crate::source::archive::{Compression, read_blobs};

/// How much is gathered before it is stored, in bytes (64 MiB): one pack for each.
const BATCH_BYTES: usize = 64 << 20;

#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// The project that will name them. Blobs are never shared between projects.
    project_id: ProjectId,
}

/// Takes a tar stream of blobs, each named by its Git id, and refuses what does not match. `Content-Encoding` may be `gzip` or
/// `zstd`.
#[utoipa::path(
    post, path = "/api/blobs", tag = "deployments", params(Whose),
    request_body(content = Vec<u8>, content_type = "application/x-tar"),
    responses((status = 204)),
)]
pub(super) async fn store(
    State(api): State<Api>,
    Query(Whose { project_id }): Query<Whose>,
    headers: HeaderMap,
    body: Body,
) -> Result<NoContent, Refusal> {
    let compression = compression(&headers)?;
    let (runtime, platform) = (Handle::current(), api.platform);
    let work = move |reader| {
        let mut batch = Batch { runtime, platform, project: project_id, blobs: Vec::new(), bytes: 0 };
        read_blobs(reader, compression, |id, bytes| batch.add(id, bytes))?;
        batch.flush()
    };
    body::read_with(body.into_data_stream(), UPLOAD_BYTES_MAX, work).await?;
    Ok(NoContent)
}

fn compression(headers: &HeaderMap) -> Result<Compression, Refusal> {
    match headers.get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes().to_ascii_lowercase()).as_deref() {
        None | Some(b"identity") => Ok(Compression::Identity),
        Some(b"gzip" | b"x-gzip") => Ok(Compression::Gzip),
        Some(b"zstd") => Ok(Compression::Zstd),
        Some(_) => Err(Refusal::malformed("the Content-Encoding is none of gzip, zstd and identity")),
    }
}

/// Blobs on their way into the repository.
struct Batch {
    runtime: Handle,
    platform: Platform,
    project: ProjectId,
    blobs: Vec<(BlobId, Vec<u8>)>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, id: BlobId, bytes: Vec<u8>) -> Result<(), Refusal> {
        self.bytes += bytes.len();
        self.blobs.push((id, bytes));
        if self.bytes < BATCH_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Refusal> {
        self.bytes = 0;
        let blobs = std::mem::take(&mut self.blobs);
        self.runtime.block_on(self.platform.put_blobs(&self.project, blobs))
    }
}
