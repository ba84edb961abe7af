//! The compact form of what the client remembers of a workspace. A file that is cut short, damaged or of another version
//! reads as `None` and is made again: nothing here is the only copy of anything.

use platform_api::{BlobId, FileMode};
use sha1::{Digest, Sha1};

const MAGIC: &[u8; 8] = b"bim-v1\0\n";
const DIGEST_BYTES: usize = 20;

/// Puts values one after the other.
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn new(bytes_about: usize) -> Self {
        let mut bytes = Vec::with_capacity(bytes_about);
        bytes.extend_from_slice(MAGIC);
        Self(bytes)
    }

    pub(crate) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn number(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn signed(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn count(&mut self, value: usize) {
        self.number(value as u64);
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(crate) fn oid(&mut self, oid: &BlobId) {
        self.0.extend_from_slice(oid.as_bytes());
    }

    pub(crate) fn mode(&mut self, mode: FileMode) {
        self.byte(match mode {
            FileMode::File => 0,
            FileMode::Executable => 1,
            FileMode::Link => 2,
        });
    }

    /// The whole, with a digest that shows damage.
    pub(crate) fn seal(mut self) -> Vec<u8> {
        let digest = Sha1::digest(&self.0);
        self.0.extend_from_slice(&digest);
        self.0
    }
}

/// Takes the values out again, in the same order.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// `None` when the bytes are damaged or of another version.
    pub(crate) fn open(bytes: &'a [u8]) -> Option<Self> {
        let (content, digest) = bytes.split_at_checked(bytes.len().checked_sub(DIGEST_BYTES)?)?;
        (Sha1::digest(content).as_slice() == digest).then_some(())?;
        content.strip_prefix(MAGIC).map(Self)
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        Some(self.take(1)?[0])
    }

    pub(crate) fn number(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// How many things follow; never more than there are bytes left.
    pub(crate) fn count(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok().filter(|count| *count <= self.0.len())
    }

    pub(crate) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(crate) fn oid(&mut self) -> Option<BlobId> {
        Some(BlobId::from_bytes(self.take(20)?.try_into().ok()?))
    }

    pub(crate) fn mode(&mut self) -> Option<FileMode> {
        match self.byte()? {
            0 => Some(FileMode::File),
            1 => Some(FileMode::Executable),
            2 => Some(FileMode::Link),
            _ => None,
        }
    }

    pub(crate) fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.count()?).map(|_| item(self)).collect()
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_written_is_read_and_damage_is_seen() {
        let oid = BlobId::from_bytes([7; 20]);
        let mut writer = Writer::new(0);
        writer.text("ü");
        writer.signed(-5);
        writer.mode(FileMode::Link);
        writer.oid(&oid);
        writer.count(2);
        writer.byte(1);
        writer.byte(2);
        let sealed = writer.seal();
        let mut reader = Reader::open(&sealed).unwrap();
        assert_eq!(
            (reader.text(), reader.signed(), reader.mode()),
            (Some("ü"), Some(-5), Some(FileMode::Link))
        );
        assert_eq!(reader.oid(), Some(oid));
        assert_eq!(reader.list(Reader::byte), Some(vec![1, 2]));
        assert_eq!(reader.byte(), None);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(Reader::open(&damaged).is_none(), "byte {at}");
            assert!(Reader::open(&sealed[..at]).is_none(), "cut at {at}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader(&bytes);
            while reader.text().is_some() || reader.list(Reader::oid).is_some() || reader.byte().is_some() {}
        }
    }
}
