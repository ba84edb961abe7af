//! The project as detection sees it: the listing, and the texts of the few files that it asks for.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::{Listing, PlanError};

/// How much is read of one kind of file, in bytes.
struct Limit {
    file: u64,
    altogether: u64,
}

/// Manifests: package.json, pyproject.toml, requirements.txt.
const MANIFEST: Limit = Limit { file: 1 << 20, altogether: 16 << 20 };
/// Lock files: as much as a client lends of one file.
const LOCK: Limit = Limit { file: 4 << 20, altogether: 16 << 20 };
/// Sources that are scanned.
const SOURCE: Limit = Limit { file: 512 << 10, altogether: 16 << 20 };

/// What stands behind the last dot of a file's name, in the case in which it is written.
pub(crate) fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Returns a file's bytes; nothing when it is unreadable or too big.
pub(crate) type Read<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// A listing with a way to read from it. Every file is read at most once.
pub(crate) struct Project<'a> {
    listing: &'a Listing,
    read: Read<'a>,
    texts: RefCell<BTreeMap<String, Rc<str>>>,
    spent: Rc<Spent>,
}

/// What was read already, in bytes; a project and those within it share it.
#[derive(Default)]
struct Spent {
    sources: Cell<u64>,
    manifests: Cell<u64>,
}

/// Takes bytes from a budget, if it has them.
fn spend(spent: &Cell<u64>, bytes: u64, bytes_max: u64) -> bool {
    let total = spent.get().saturating_add(bytes);
    let is_enough = total <= bytes_max;
    if is_enough {
        spent.set(total);
    }
    is_enough
}

impl<'a> Project<'a> {
    pub(crate) fn new(listing: &'a Listing, read: Read<'a>) -> Self {
        Self { listing, read, texts: RefCell::default(), spent: Rc::default() }
    }

    /// A project within this one: what it reads is read at this one's expense.
    pub(crate) fn within(&self, listing: &'a Listing, read: Read<'a>) -> Self {
        Self { spent: Rc::clone(&self.spent), ..Self::new(listing, read) }
    }

    pub(crate) fn listing(&self) -> &'a Listing {
        self.listing
    }

    /// A file's bytes, as the caller lends them.
    pub(crate) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        (self.read)(path)
    }

    /// Whether there is a plain file at this path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.listing.get(path).is_some_and(|file| !file.is_link())
    }

    /// The first of these that is a plain file.
    pub(crate) fn first_of<'p>(&self, paths: &[&'p str]) -> Option<&'p str> {
        paths.iter().copied().find(|path| self.has(path))
    }

    /// The text of a manifest; nothing when there is none.
    ///
    /// # Errors
    /// [`PlanError::Unreadable`] when it is there and cannot be used.
    pub(crate) fn manifest(&self, path: &str) -> Result<Option<Rc<str>>, PlanError> {
        self.text(path, &MANIFEST, &self.spent.manifests)
    }

    /// The text of a lock file; nothing when there is none.
    ///
    /// # Errors
    /// [`PlanError::Unreadable`] when it is there and cannot be used.
    pub(crate) fn lock(&self, path: &str) -> Result<Option<Rc<str>>, PlanError> {
        self.text(path, &LOCK, &self.spent.manifests)
    }

    /// The text of a source file. One that is too big, unreadable or not text says nothing, and once enough was
    /// scanned the rest says nothing either.
    pub(crate) fn source(&self, path: &str) -> Option<Rc<str>> {
        self.text(path, &SOURCE, &self.spent.sources).ok().flatten()
    }

    fn text(&self, path: &str, limit: &Limit, spent: &Cell<u64>) -> Result<Option<Rc<str>>, PlanError> {
        if let Some(text) = self.texts.borrow().get(path) {
            return Ok(Some(Rc::clone(text)));
        }
        let Some(file) = self.listing.get(path).filter(|file| !file.is_link()) else { return Ok(None) };
        let unreadable = |reason: String| PlanError::Unreadable { file: path.to_owned(), reason };
        if file.size > limit.file {
            let (size, most) = (file.size, limit.file);
            return Err(unreadable(format!("it has {size} bytes, and at most {most} make sense")));
        }
        if !spend(spent, file.size, limit.altogether) {
            let most = limit.altogether;
            return Err(unreadable(format!("detection reads at most {most} bytes of such files")));
        }
        let bytes = self.bytes(path).ok_or_else(|| unreadable("reading it failed".to_owned()))?;
        let text = decode(&bytes).ok_or_else(|| unreadable("it is not UTF-8 text".to_owned()))?;
        self.texts.borrow_mut().insert(path.to_owned(), Rc::clone(&text));
        Ok(Some(text))
    }
}

/// Text in UTF-8 or, with a byte order mark, UTF-16, as `pip freeze > requirements.txt` leaves it on Windows.
fn decode(bytes: &[u8]) -> Option<Rc<str>> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16(&units).ok().map(Rc::from)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => std::str::from_utf8(rest).ok().map(Rc::from),
        _ => std::str::from_utf8(bytes).ok().map(Rc::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_text_is_read_and_noise_is_not() {
        assert_eq!(decode(b"flask\n").as_deref(), Some("flask\n"));
        assert_eq!(decode(b"\xff\xfef\0l\0").as_deref(), Some("fl"));
        assert_eq!(decode(b"\xef\xbb\xbfa").as_deref(), Some("a"));
        assert_eq!(decode(b"\x80\x81"), None);
    }
}
