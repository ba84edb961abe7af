//! Many objects in one pack with its index (both version 2): one pair of synced files, however many files a project has.
//!
//! ```text
//! pack   "PACK" version count | entry… | sha1 of all before
//! entry  kind and length | zlib stream              (no deltas: written once, read at once)
//! index  "\377tOc" version | 256 counts by first byte | ids | crc32s | offsets | offsets over 2 GiB
//!        | the pack's sha1 | sha1 of all before
//! ```

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use gix::objs::Kind;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::data::{Version, header};
use sha1::{Digest, Sha1};

use super::loose::{Unnamed, put_in_place, sync_folder};
use super::{Object, SourceError};

/// Offsets from here on do not fit the 31 bits of the index's first table.
const WIDE_OFFSET: u64 = 1 << 31;
/// Threads beyond this gain nothing: the pack is written by one.
const THREADS_MAX: usize = 8;

/// One object as the pack has it.
struct Packed {
    /// Which object of the batch.
    index: usize,
    /// Of `bytes`.
    crc32: u32,
    /// Header and zlib stream.
    bytes: Vec<u8>,
}

/// Where an object lies in the pack.
struct Place {
    id: [u8; 20],
    crc32: u32,
    offset: u64,
}

/// Writes the objects, each once, as one pack below `objects`, durably. The index comes last: readers look for it first.
pub(super) fn write(objects: &Path, new: &[Object<'_>]) -> Result<(), SourceError> {
    let count = u32::try_from(new.len()).map_err(|_| SourceError::TooLarge {
        what: "the number of files".to_owned(),
        limit: u32::MAX.to_string(),
    })?;
    let packed = compress(new);
    let head = header::encode(Version::V2, count);
    let (places, trailer) = lay_out(new, &packed, &head);
    let index = index(places, trailer);

    let folder = objects.join("pack");
    let name = format!("pack-{}", hex::encode(trailer));
    let mut parts: Vec<&[u8]> = vec![&head];
    parts.extend(packed.iter().map(|packed| packed.bytes.as_slice()));
    parts.push(&trailer);
    put_in_place(vec![
        Unnamed::write(&folder, "tmp_pack_", folder.join(format!("{name}.pack")), &parts)?,
        Unnamed::write(&folder, "tmp_idx_", folder.join(format!("{name}.idx")), &[&index])?,
    ])?;
    sync_folder(&folder)
}

/// Compresses on all cores.
fn compress(new: &[Object<'_>]) -> Vec<Packed> {
    let next = AtomicUsize::new(0);
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| compress_some(new, &next))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("compressing does not panic")).collect()
    })
}

fn compress_some(new: &[Object<'_>], next: &AtomicUsize) -> Vec<Packed> {
    let mut zlib = Compress::new(Compression::fast(), true);
    let mut done = Vec::new();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(object) = new.get(index) else { return done };
        let bytes = entry(object, &mut zlib);
        let mut crc = Crc::new();
        crc.update(&bytes);
        done.push(Packed { index, crc32: crc.sum(), bytes });
    }
}

/// Header and zlib stream of one object.
fn entry(object: &Object<'_>, zlib: &mut Compress) -> Vec<u8> {
    let kind = match object.kind {
        Kind::Blob => Header::Blob,
        Kind::Tree => Header::Tree,
        Kind::Commit => Header::Commit,
        Kind::Tag => Header::Tag,
    };
    let mut bytes = Vec::with_capacity(object.bytes.len() / 2 + 64);
    kind.write_to(object.bytes.len() as u64, &mut bytes).expect("a vector takes every byte");
    zlib.reset();
    loop {
        let done = usize::try_from(zlib.total_in()).expect("fits: it was in memory");
        let status = zlib
            .compress_vec(&object.bytes[done..], &mut bytes, FlushCompress::Finish)
            .expect("deflate has no invalid input");
        if status == Status::StreamEnd {
            return bytes;
        }
        bytes.reserve(bytes.capacity().max(256));
    }
}

/// Where each object begins, and the pack's trailer.
fn lay_out(new: &[Object<'_>], packed: &[Packed], head: &[u8]) -> (Vec<Place>, [u8; 20]) {
    let mut digest = Sha1::new();
    digest.update(head);
    let mut offset = head.len() as u64;
    let mut places = Vec::with_capacity(packed.len());
    for packed in packed {
        digest.update(&packed.bytes);
        places.push(Place { id: new[packed.index].id, crc32: packed.crc32, offset });
        offset += packed.bytes.len() as u64;
    }
    (places, digest.finalize().into())
}

fn index(mut places: Vec<Place>, pack: [u8; 20]) -> Vec<u8> {
    places.sort_unstable_by_key(|place| place.id);
    let mut index = Vec::with_capacity(8 + 256 * 4 + places.len() * 28 + 40);
    index.extend_from_slice(b"\xfftOc\0\0\0\x02");
    let mut below = 0;
    for first in 0..=255u8 {
        below += places[below..].iter().take_while(|place| place.id[0] == first).count();
        index.extend_from_slice(&u32::try_from(below).expect("counted before").to_be_bytes());
    }
    index.extend(places.iter().flat_map(|place| place.id));
    index.extend(places.iter().flat_map(|place| place.crc32.to_be_bytes()));
    let mut wide: Vec<u8> = Vec::new();
    for place in &places {
        let short = if place.offset < WIDE_OFFSET {
            place.offset
        } else {
            wide.extend_from_slice(&place.offset.to_be_bytes());
            WIDE_OFFSET | (wide.len() as u64 / 8 - 1)
        };
        index.extend_from_slice(&u32::try_from(short).expect("31 bits and a flag").to_be_bytes());
    }
    index.extend_from_slice(&wide);
    index.extend_from_slice(&pack);
    let own: [u8; 20] = Sha1::digest(&index).into();
    index.extend_from_slice(&own);
    index
}
