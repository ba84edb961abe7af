//! Opening what a URL's path names, without ever leaving the site's folder.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// The only name with a dot in front that the web has a use for.
const WELL_KNOWN: &[u8] = b".well-known";
/// How often an opening that met a concurrent renaming is tried.
const ATTEMPTS_MAX: usize = 4;

/// The site's folder.
#[derive(Debug)]
pub(super) struct Root(OwnedFd);

/// A path within the site, decoded, and whether it was written with a slash at its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SitePath {
    pub(super) path: PathBuf,
    pub(super) is_folder: bool,
}

impl SitePath {
    /// Decodes a URL's path. `None` for what names nothing that a site shows: names with a dot in front, names that
    /// hide a separator, malformed escapes.
    pub(super) fn parse(url_path: &str) -> Option<Self> {
        let mut path = PathBuf::new();
        for part in url_path.split('/').filter(|part| !part.is_empty()) {
            let name = decoded(part)?;
            let hidden = name.starts_with(b".") && !(path.as_os_str().is_empty() && name == WELL_KNOWN);
            if hidden || name.iter().any(|byte| matches!(byte, b'/' | 0)) {
                return None;
            }
            path.push(OsStr::from_bytes(&name));
        }
        Some(Self { path, is_folder: url_path.ends_with('/') })
    }

    /// The path as a URL writes it, with a slash at its end. Begins with exactly one slash, so that it can never name
    /// another host.
    pub(super) fn folder_url(&self) -> String {
        let mut url = String::from("/");
        for part in &self.path {
            part.as_bytes().iter().for_each(|byte| escape(*byte, &mut url));
            url.push('/');
        }
        url
    }
}

fn escape(byte: u8, url: &mut String) {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => url.push(char::from(byte)),
        _ => {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            let digit = |value: u8| char::from(DIGITS[usize::from(value)]);
            url.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    let mut bytes = part.bytes();
    let mut name = Vec::with_capacity(part.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            name.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit()?, digit()?);
        name.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(name)
}

impl Root {
    /// Opens the folder `path`.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Opens `path` for reading. Links are followed as long as they stay within the folder.
    pub(super) fn file(&self, path: &Path) -> io::Result<File> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let mut opened = self.resolved(path);
        for _ in 1..ATTEMPTS_MAX {
            match opened {
                Err(Errno::AGAIN) => opened = self.resolved(path),
                // Old kernels and some sandboxes do not know the call.
                Err(Errno::NOSYS | Errno::PERM) => return Ok(self.walked(path)?.into()),
                _ => break,
            }
        }
        Ok(opened?.into())
    }

    fn resolved(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        rustix::fs::openat2(&self.0, path, READ, Mode::empty(), resolve)
    }

    /// Opens name by name and follows no link at all.
    fn walked(&self, path: &Path) -> Result<OwnedFd, Errno> {
        let mut at = rustix::fs::openat(&self.0, ".", READ, Mode::empty())?;
        for name in path {
            at = rustix::fs::openat(&at, name, READ | OFlags::NOFOLLOW, Mode::empty())?;
        }
        Ok(at)
    }
}

/// Waits for nobody, should the path be a pipe.
const READ: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;

    use super::*;

    fn parsed(url_path: &str) -> Option<(String, bool)> {
        SitePath::parse(url_path).map(|parsed| (parsed.path.display().to_string(), parsed.is_folder))
    }

    #[test]
    fn a_url_path_is_decoded_once() {
        assert_eq!(parsed("/"), Some((String::new(), true)));
        assert_eq!(parsed("/a%20b/%E2%82%AC.txt"), Some(("a b/€.txt".to_owned(), false)));
        assert_eq!(parsed("//a//b/"), Some(("a/b".to_owned(), true)));
        assert_eq!(parsed("/%2541"), Some(("%41".to_owned(), false)));
        assert_eq!(parsed("/.well-known/acme"), Some((".well-known/acme".to_owned(), false)));
    }

    #[test]
    fn nothing_hidden_and_nothing_above_is_named() {
        for path in [
            "/..",
            "/../x",
            "/a/../b",
            "/%2e%2e/x",
            "/a/%2E%2e",
            "/.env",
            "/a/.git/config",
            "/a/.well-known",
            "/.",
            "/a%2fb",
            "/a%2F..%2Fb",
            "/a%00b",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
        ] {
            assert_eq!(parsed(path), None, "{path}");
        }
    }

    #[test]
    fn a_folder_redirect_stays_on_its_host() {
        assert_eq!(SitePath::parse("//evil.example/a b").unwrap().folder_url(), "/evil.example/a%20b/");
        assert_eq!(SitePath::parse("/\\evil").unwrap().folder_url(), "/%5Cevil/");
    }

    #[test]
    fn links_are_followed_inside_and_refused_when_they_leave() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "secret").unwrap();
        let site = tempfile::tempdir().unwrap();
        std::fs::create_dir(site.path().join("a")).unwrap();
        std::fs::write(site.path().join("a/file"), "text").unwrap();
        symlink("a/file", site.path().join("inside")).unwrap();
        symlink(outside.path().join("secret"), site.path().join("absolute")).unwrap();
        symlink(
            format!("../{}/secret", outside.path().file_name().unwrap().display()),
            site.path().join("up"),
        )
        .unwrap();
        symlink(outside.path(), site.path().join("folder")).unwrap();
        let root = Root::open(site.path()).unwrap();
        for (path, text) in [
            ("a/file", Some("text")),
            ("inside", Some("text")),
            ("absolute", None),
            ("up", None),
            ("folder/secret", None),
        ] {
            let read = root.file(Path::new(path)).ok().map(|mut file| {
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                text
            });
            assert_eq!(read.as_deref(), text, "{path}");
        }
        assert!(root.walked(Path::new("a/file")).is_ok());
        for link in ["inside", "absolute", "up", "folder/secret"] {
            assert!(root.walked(Path::new(link)).is_err(), "{link}");
        }
    }
}
