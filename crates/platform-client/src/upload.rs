//! Sending what the platform lacks, and no more.
//!
//! - The platform knows the commit we start from: one request with the changed files in it.
//! - It does not know it, or has none: the list of all files, without contents.
//! - It then says which contents it lacks: they go as one compressed stream, and the request is made again.

use std::collections::{HashMap, HashSet};
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use platform_api::{
    BlobId, Change, Code, DeployRequest, DeploymentAccepted, FileMode, FilePath, ManifestEntry, ProjectId,
    limits,
};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use zstd::bulk::Compressor;

use crate::backend::blocking;
use crate::baseline::Baseline;
use crate::client::DeployAnswer;
use crate::deploy::Progress;
use crate::retry::Retry;
use crate::workspace::{Piece, Root, Snapshot};
use crate::{Client, ClientError, Endpoint};

/// How many contents travel inside a delta at most, all together, in bytes. Beyond it a compressed stream is quicker.
const INLINE_TOTAL_BYTES_MAX: u64 = 1 << 20;
/// How often the platform may ask for something before we give up.
const ROUNDS_MAX: u32 = 6;
/// How many bytes of a tar stream are compressed in one piece.
const FRAME_BYTES: usize = 2 << 20;
/// How many compressed pieces wait for the network at most.
const FRAMES_WAITING_MAX: usize = 8;
/// How many bytes one stream carries at most, before compression.
const STREAM_BYTES_MAX: u64 = limits::UPLOAD_BYTES_MAX / 4 * 3;
/// How many threads read and compress at most.
const THREADS_MAX: usize = 8;
/// How often progress is told while bytes flow.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);
/// How a stream of contents travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is: on this machine compressing takes longer than what it saves.
    Identity,
    /// Compressed, frame by frame.
    Zstd,
}

impl Encoding {
    fn to(endpoint: &Endpoint) -> Self {
        if endpoint.is_loopback() { Self::Identity } else { Self::Zstd }
    }

    /// As the `Content-Encoding` header says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Zstd => "zstd",
        }
    }

    fn compressor(self) -> Result<Option<Compressor<'static>>, ClientError> {
        match self {
            Self::Identity => Ok(None),
            Self::Zstd => Compressor::new(1).map(Some).map_err(not_packed),
        }
    }
}

/// The unit of a tar stream, in bytes.
const TAR_BLOCK_BYTES: usize = 512;

/// What a deploy sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct UploadReport {
    /// How many files the project has.
    pub files: u64,
    /// How many bytes they have.
    pub bytes: u64,
    /// How many contents were sent.
    pub sent_files: u64,
    /// How many bytes those have, before compression.
    pub sent_bytes: u64,
}

/// One upload: what to send where.
pub(crate) struct Upload<'a> {
    pub(crate) client: &'a Client,
    pub(crate) snapshot: &'a Arc<Snapshot>,
    /// The commit to start from.
    pub(crate) baseline: Option<Arc<Baseline>>,
    /// The request without its files.
    pub(crate) request: DeployRequest,
    /// The name of the deploy.
    pub(crate) act: &'a str,
    pub(crate) progress: &'a (dyn Fn(Progress) + Send + Sync),
}

impl Upload<'_> {
    /// Sends until the platform accepts.
    pub(crate) async fn run(
        mut self,
        project: &ProjectId,
    ) -> Result<(DeploymentAccepted, UploadReport), ClientError> {
        let mut report = UploadReport {
            files: self.snapshot.files.len() as u64,
            bytes: self.snapshot.bytes(),
            ..UploadReport::default()
        };
        let mut there = HashSet::new();
        for round in 1..=ROUNDS_MAX {
            let (request, inlined) = self.request(&there).await?;
            (self.progress)(Progress::Creating);
            match self.client.deploy(&request, self.act).await? {
                DeployAnswer::Accepted(accepted) => {
                    report.count(&inlined);
                    return Ok((accepted, report));
                }
                DeployAnswer::UnknownBase if self.baseline.take().is_some() => {}
                DeployAnswer::UnknownBase => break,
                DeployAnswer::MissingBlobs(ids) => {
                    let sent = self.send_patiently(project, &ids, round).await?;
                    report.count(&sent);
                    if !sent.is_empty() {
                        there.extend(ids);
                    }
                }
            }
        }
        Err(ClientError::unexpected("the platform asks again and again for what it was sent"))
    }

    /// The request, and the lengths of the contents in it.
    async fn request(&self, there: &HashSet<BlobId>) -> Result<(DeployRequest, Vec<u64>), ClientError> {
        let Some(baseline) = self.baseline.clone() else {
            let manifest = Some(self.snapshot.files.clone());
            return Ok((DeployRequest { manifest, ..self.request.clone() }, Vec::new()));
        };
        let (snapshot, there) = (Arc::clone(self.snapshot), there.clone());
        let base = baseline.commit.clone();
        let delta = blocking(move || {
            let delta = Delta::between(&baseline.files, &snapshot.files);
            let inline = delta.is_small(&there);
            let root = Root::open(&snapshot.root)?;
            let mut inlined = Vec::new();
            let mut changes = Vec::with_capacity(delta.changed.len());
            for file in delta.changed {
                let content = if inline && !there.contains(&file.oid) {
                    inlined.push(file.size);
                    Some(STANDARD.encode(content(&root, file)?))
                } else {
                    None
                };
                changes.push(Change { path: file.path.clone(), mode: file.mode, oid: file.oid, content });
            }
            Ok((changes, delta.deleted, inlined))
        });
        let (changes, deleted, inlined) = delta.await?;
        let request = DeployRequest {
            base: Some(base),
            changes: Some(changes),
            deleted: Some(deleted),
            ..self.request.clone()
        };
        Ok((request, inlined))
    }

    /// Sends these blobs, and returns how long each is; nothing when they did not arrive for a reason that passes. A
    /// stream is not sent again: asked again, the platform says what of it is still missing.
    async fn send_patiently(
        &self,
        project: &ProjectId,
        ids: &[BlobId],
        round: u32,
    ) -> Result<Vec<u64>, ClientError> {
        match self.send_blobs(project, ids).await {
            Err(error) if error.retryable && error.code != Code::FILE_CHANGED => {
                let Some(wait) = Retry::default().wait(round, None) else { return Err(error) };
                tokio::time::sleep(wait).await;
                Ok(Vec::new())
            }
            other => other,
        }
    }

    /// Sends these blobs, and returns how long each is.
    async fn send_blobs(&self, project: &ProjectId, ids: &[BlobId]) -> Result<Vec<u64>, ClientError> {
        let files = self.files_with(ids)?;
        let bytes = files.iter().map(|file| file.size).sum();
        let done = Arc::new(AtomicU64::new(0));
        (self.progress)(Progress::Uploading { sent_bytes: 0, total_bytes: bytes });
        let sizes = files.iter().map(|file| file.size).collect();
        for batch in batches(files) {
            self.send_batch(project, batch, &done, bytes).await?;
        }
        (self.progress)(Progress::Uploading { sent_bytes: bytes, total_bytes: bytes });
        Ok(sizes)
    }

    /// One file for each of the ids.
    fn files_with(&self, ids: &[BlobId]) -> Result<Vec<ManifestEntry>, ClientError> {
        let by_id: HashMap<BlobId, &ManifestEntry> =
            self.snapshot.files.iter().map(|file| (file.oid, file)).collect();
        let wanted: HashSet<&BlobId> = ids.iter().collect();
        let found = wanted.into_iter().map(|id| by_id.get(id).map(|file| (*file).clone()));
        found.collect::<Option<_>>().ok_or_else(|| {
            ClientError::unexpected("the platform asks for contents that are not in the folder")
        })
    }

    async fn send_batch(
        &self,
        project: &ProjectId,
        files: Vec<ManifestEntry>,
        done: &Arc<AtomicU64>,
        bytes: u64,
    ) -> Result<(), ClientError> {
        let (frames, body) = mpsc::channel(FRAMES_WAITING_MAX);
        let (snapshot, counted) = (Arc::clone(self.snapshot), Arc::clone(done));
        let encoding = Encoding::to(self.client.endpoint());
        let packing = blocking(move || {
            Packer { snapshot: &snapshot, files: &files, encoding, frames, done: &counted }.run()
        });
        let body = reqwest::Body::wrap_stream(ReceiverStream::new(body));
        let sending = async { tokio::join!(packing, self.client.put_blobs(project, encoding, body)) };
        tokio::pin!(sending);
        let mut tick = tokio::time::interval(PROGRESS_EVERY);
        let (packed, sent) = loop {
            tokio::select! {
                ended = &mut sending => break ended,
                _ = tick.tick() => {
                    let sent_bytes = done.load(Ordering::Relaxed);
                    (self.progress)(Progress::Uploading { sent_bytes, total_bytes: bytes });
                }
            }
        };
        match sent {
            // A connection that breaks because a file cannot be read is about the file.
            Err(error) if error.code == Code::UNREACHABLE => packed.and(Err(error)),
            Err(error) => Err(error),
            Ok(()) => packed,
        }
    }
}

impl UploadReport {
    fn count(&mut self, sizes: &[u64]) {
        self.sent_files += sizes.len() as u64;
        self.sent_bytes += sizes.iter().sum::<u64>();
    }
}

/// What is different between two lists of files, both by path.
#[derive(Debug, PartialEq, Eq)]
struct Delta<'a> {
    changed: Vec<&'a ManifestEntry>,
    deleted: Vec<FilePath>,
}

impl<'a> Delta<'a> {
    fn between(before: &[ManifestEntry], now: &'a [ManifestEntry]) -> Self {
        let mut delta = Self { changed: Vec::new(), deleted: Vec::new() };
        let mut before = before.iter().peekable();
        for file in now {
            while let Some(gone) = before.next_if(|old| old.path < file.path) {
                delta.deleted.push(gone.path.clone());
            }
            if before.next_if(|old| old.path == file.path).is_none_or(|old| old != file) {
                delta.changed.push(file);
            }
        }
        delta.deleted.extend(before.map(|old| old.path.clone()));
        delta
    }

    /// Whether the contents that are not `there` yet travel well inside the request.
    fn is_small(&self, there: &HashSet<BlobId>) -> bool {
        let mut sum = 0;
        self.changed.iter().filter(|file| !there.contains(&file.oid)).all(|file| {
            sum += file.size;
            file.size <= limits::INLINE_BYTES_MAX as u64 && sum <= INLINE_TOTAL_BYTES_MAX
        })
    }
}

/// A file's bytes, or a link's target.
fn content(root: &Root, file: &ManifestEntry) -> Result<Vec<u8>, ClientError> {
    match file.mode {
        FileMode::Link => root.link_target(file.path.as_str()).map(String::into_bytes),
        FileMode::File | FileMode::Executable => root.bytes_of(file.path.as_str(), file.oid),
    }
}

fn batches(files: Vec<ManifestEntry>) -> Vec<Vec<ManifestEntry>> {
    let mut batches = vec![Vec::new()];
    let mut bytes = 0;
    for file in files {
        if bytes + file.size > STREAM_BYTES_MAX {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += file.size;
        batches.last_mut().expect("one at least").push(file);
    }
    batches
}

/// Makes one tar stream of files, named by their blob ids. Every thread packs and compresses pieces of its own; zstd
/// frames one after the other are one stream, and so are tar entries in whatever order.
struct Packer<'a> {
    snapshot: &'a Snapshot,
    files: &'a [ManifestEntry],
    encoding: Encoding,
    frames: mpsc::Sender<io::Result<Bytes>>,
    done: &'a AtomicU64,
}

impl Packer<'_> {
    fn run(self) -> Result<(), ClientError> {
        let root = Root::open(&self.snapshot.root)?;
        let next = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(THREADS_MAX);
        let packed: Result<Vec<()>, ClientError> = thread::scope(|scope| {
            let work = || self.pack(&root, &next);
            let workers: Vec<_> = (0..threads.min(self.files.len())).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|it| it.join().expect("packing does not panic")).collect()
        });
        let packed = packed.and_then(|_| {
            let end = vec![0; 2 * TAR_BLOCK_BYTES];
            self.send(&mut self.encoding.compressor()?, end)
        });
        if packed.is_err() {
            // The platform must not take what was sent so far for the whole.
            drop(self.frames.blocking_send(Err(io::ErrorKind::Interrupted.into())));
        }
        packed
    }

    fn pack(&self, root: &Root, next: &AtomicUsize) -> Result<(), ClientError> {
        let mut compressor = self.encoding.compressor()?;
        let new_piece = || Vec::with_capacity(FRAME_BYTES + (64 << 10));
        let (mut piece, mut buffer) = (new_piece(), Vec::new());
        while let Some(file) = self.files.get(next.fetch_add(1, Ordering::Relaxed)) {
            append(root, file, &mut piece, &mut buffer)?;
            if piece.len() >= FRAME_BYTES {
                self.send(&mut compressor, std::mem::replace(&mut piece, new_piece()))?;
            }
            self.done.fetch_add(file.size, Ordering::Relaxed);
        }
        if piece.is_empty() { Ok(()) } else { self.send(&mut compressor, piece) }
    }

    fn send(&self, compressor: &mut Option<Compressor<'_>>, piece: Vec<u8>) -> Result<(), ClientError> {
        let frame = match compressor {
            Some(compressor) => compressor.compress(&piece).map_err(not_packed)?,
            None => piece,
        };
        // Nobody listens any more when the platform has answered early; its answer says why.
        self.frames.blocking_send(Ok(frame.into())).map_err(|_| {
            ClientError::new(Code::UNREACHABLE, "the platform stopped listening to the upload").retryable()
        })
    }
}

fn not_packed(error: io::Error) -> ClientError {
    ClientError::new(Code::INTERNAL, "the upload could not be compressed").because(error)
}

/// Appends a tar entry: header, bytes, padding.
fn append(
    root: &Root,
    file: &ManifestEntry,
    piece: &mut Vec<u8>,
    buffer: &mut Vec<u8>,
) -> Result<(), ClientError> {
    let mut header = tar::Header::new_gnu();
    header.set_path(file.oid.to_string()).map_err(not_packed)?;
    header.set_size(file.size);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    piece.extend_from_slice(header.as_bytes());
    let start = piece.len();
    if file.mode == FileMode::Link {
        piece.extend(content(root, file)?);
    } else {
        let mut keep = |read: Piece<'_>| match read {
            Piece::Start { .. } => piece.truncate(start),
            Piece::Bytes(bytes) => piece.extend_from_slice(bytes),
        };
        let reading = root.read_file(file.path.as_str(), buffer, &mut keep)?;
        if reading.oid != file.oid {
            return Err(crate::workspace::changed(file.path.as_str()));
        }
    }
    if (piece.len() - start) as u64 != file.size {
        return Err(crate::workspace::changed(file.path.as_str()));
    }
    piece.resize(piece.len().next_multiple_of(TAR_BLOCK_BYTES), 0);
    Ok(())
}

/// Packs everything, as it would travel.
#[cfg(test)]
pub(crate) fn packed(snapshot: &Snapshot, encoding: Encoding) -> Vec<u8> {
    let (frames, mut packed) = mpsc::channel::<io::Result<Bytes>>(FRAMES_WAITING_MAX);
    let done = AtomicU64::new(0);
    thread::scope(|scope| {
        let drain = scope.spawn(|| {
            let frames = std::iter::from_fn(|| packed.blocking_recv());
            frames.flat_map(Result::unwrap).collect::<Vec<u8>>()
        });
        Packer { snapshot, files: &snapshot.files, encoding, frames, done: &done }.run().unwrap();
        drain.join().unwrap()
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;
    use crate::testing::folder;

    #[test]
    fn contents_travel_the_same_whether_compressed_or_not() {
        let (app, state) = (folder(&[("a.txt", "one"), ("b/c.txt", "two")]), tempfile::tempdir().unwrap());
        let snapshot = Snapshot::take(app.path(), state.path()).unwrap();
        let entries = |tar: Vec<u8>| {
            let mut archive = tar::Archive::new(&tar[..]);
            let read = archive.entries().unwrap().map(|entry| {
                let (mut entry, mut text) = (entry.unwrap(), String::new());
                entry.read_to_string(&mut text).unwrap();
                (entry.path().unwrap().to_str().unwrap().to_owned(), text)
            });
            read.collect::<HashMap<_, _>>()
        };
        let plain = entries(packed(&snapshot, Encoding::Identity));
        assert_eq!(plain.len(), 2);
        assert_eq!(plain[&snapshot.files[1].oid.to_string()], "two");
        let compressed = packed(&snapshot, Encoding::Zstd);
        assert_eq!(entries(zstd::stream::decode_all(&compressed[..]).unwrap()), plain);
    }
}
