use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, SystemTime};

use super::index::Folder;
use super::*;
use crate::testing::{folder, write};

/// A workspace that is scanned again and again.
struct Fixture {
    folder: tempfile::TempDir,
    state: tempfile::TempDir,
}

impl Fixture {
    fn new(files: &[(&str, &str)]) -> Self {
        Self { folder: folder(files), state: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn snapshot(&self) -> Result<Snapshot, ClientError> {
        Snapshot::take(self.path(), self.state.path())
    }

    fn paths(&self) -> Vec<String> {
        self.snapshot().unwrap().files.iter().map(|file| file.path.to_string()).collect()
    }

    fn code(&self) -> Code {
        self.snapshot().unwrap_err().code
    }

    /// What a scan without any memory finds.
    fn found_afresh(&self) -> Vec<ManifestEntry> {
        Snapshot::take(self.path(), tempfile::tempdir().unwrap().path()).unwrap().files
    }

    fn index_path(&self) -> PathBuf {
        state::workspace_file(self.state.path(), &self.path().canonicalize().unwrap(), "index")
    }

    fn edit_index(&self, edit: impl Fn(&mut Folder)) {
        let root = self.path().canonicalize().unwrap();
        let mut index = Index::load(&self.index_path(), &root);
        assert!(!index.folders.is_empty());
        index.folders.iter_mut().for_each(edit);
        index.save(&self.index_path(), &root).unwrap();
    }

    /// As if the last scan had been long ago.
    fn settle(&self) {
        self.edit_index(|folder| {
            folder.racy = false;
            folder.rules.iter_mut().for_each(|rule| rule.racy = false);
            folder.files.iter_mut().for_each(|file| file.racy = false);
        });
    }
}

#[test]
fn a_workspace_is_what_nothing_excludes_with_the_reason_for_the_rest() {
    let it = Fixture::new(&[
        ("main.py", "print()"),
        (".env", "SECRET=1"),
        (".env.example", "SECRET="),
        ("node_modules/x/index.js", ""),
        ("tls/site.pem", "-----BEGIN PRIVATE KEY-----"),
        ("tls/ca.pem", "-----BEGIN CERTIFICATE-----"),
        ("build/lib/CACHEDIR.TAG", ""),
        ("a.log", ""),
        (".gitignore", "*.log\n"),
    ]);
    fs::set_permissions(it.path().join("main.py"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("main.py", it.path().join("link")).unwrap();
    let snapshot = it.snapshot().unwrap();
    let listed: Vec<_> = snapshot.files.iter().map(|file| (file.path.as_str(), file.mode)).collect();
    assert_eq!(
        listed,
        [
            (".env.example", FileMode::File),
            (".gitignore", FileMode::File),
            ("link", FileMode::Link),
            ("main.py", FileMode::Executable),
            ("tls/ca.pem", FileMode::File),
        ]
    );
    assert_eq!(snapshot.files[2].oid, blob_id(b"main.py"));
    let ignored: Vec<_> = snapshot.ignored.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(ignored, [".env", "a.log", "build/lib/", "node_modules/", "tls/site.pem"]);
    assert_eq!(snapshot.ignored[1].reason, "matches `*.log` in .gitignore");
}

#[test]
fn many_files_that_one_pattern_excludes_are_told_as_one() {
    let names: Vec<_> = (0..100).map(|number| format!("{number}.csv")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "")).collect();
    let it = Fixture::new(&files);
    write(it.path(), ".gitignore", "*.csv");
    let ignored = it.snapshot().unwrap().ignored;
    assert_eq!(ignored.len(), 1);
    assert_eq!(ignored[0].path, "(100 files)");
}

/// Something that happens to a workspace.
type Happening<'a> = (&'a str, &'a dyn Fn(&Path));

#[test]
fn every_kind_of_change_is_seen() {
    let it = Fixture::new(&[("a/b/one.txt", "1"), ("a/two.txt", "2"), ("three.txt", "3"), ("gone/x", "x")]);
    let changes: &[Happening<'_>] = &[
        ("nothing", &|_| {}),
        ("an edit", &|root| write(root, "a/b/one.txt", "1 and more")),
        ("an edit of equal length", &|root| write(root, "three.txt", "4")),
        ("a new file deep down", &|root| write(root, "a/b/c/d/new.txt", "")),
        ("a removed folder", &|root| fs::remove_dir_all(root.join("gone")).unwrap()),
        ("a rename", &|root| fs::rename(root.join("a/two.txt"), root.join("a/2.txt")).unwrap()),
        ("a file in place of a folder", &|root| {
            fs::remove_dir_all(root.join("a/b")).unwrap();
            write(root, "a/b", "file");
        }),
        ("an executable", &|root| {
            fs::set_permissions(root.join("a/b"), fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("a folder moved in", &|root| {
            write(root, "elsewhere/x/y", "y");
            fs::rename(root.join("elsewhere"), root.join("a/moved")).unwrap();
        }),
        ("a link in place of a file", &|root| {
            fs::remove_file(root.join("three.txt")).unwrap();
            symlink("a/2.txt", root.join("three.txt")).unwrap();
        }),
    ];
    it.snapshot().unwrap();
    for (what, change) in changes {
        // Without this everything would be looked at again, because it is all so young.
        it.settle();
        change(it.path());
        assert_eq!(it.snapshot().unwrap().files, it.found_afresh(), "{what}");
    }
}

#[test]
fn an_unchanged_workspace_is_neither_read_nor_is_its_index_written() {
    let it = Fixture::new(&[("a/one.txt", "1"), (".gitignore", "x")]);
    it.snapshot().unwrap();
    it.settle();
    let lie = blob_id(b"what the file never held");
    it.edit_index(|folder| folder.files.iter_mut().for_each(|file| file.oid = Some(lie)));
    let before = fs::metadata(it.index_path()).unwrap().modified().unwrap();
    assert!(it.snapshot().unwrap().files.iter().all(|file| file.oid == lie), "the stamps are trusted");
    assert_eq!(fs::metadata(it.index_path()).unwrap().modified().unwrap(), before);
}

#[test]
fn a_file_that_changed_within_the_clocks_tick_is_read_again() {
    let it = Fixture::new(&[("one.txt", "1")]);
    it.snapshot().unwrap();
    // The same stamp for another content: as if both writes fell into one tick.
    let lie = blob_id(b"2");
    it.edit_index(|folder| {
        for file in &mut folder.files {
            file.oid = Some(lie);
            file.racy = true;
        }
    });
    assert_eq!(it.snapshot().unwrap().files[0].oid, blob_id(b"1"));

    let young = fs::metadata(it.path().join("one.txt")).unwrap().modified().unwrap();
    assert!(SystemTime::now().duration_since(young).unwrap() < Duration::from_secs(10));
    let far = SystemTime::now() + Duration::from_hours(1);
    fs::File::options().write(true).open(it.path().join("one.txt")).unwrap().set_modified(far).unwrap();
    it.snapshot().unwrap();
    let root = it.path().canonicalize().unwrap();
    assert!(
        Index::load(&it.index_path(), &root).folders[0].files[0].racy,
        "a stamp from the future is never trusted"
    );
}

#[test]
fn an_ignore_file_that_comes_changes_or_goes_counts_everywhere_below() {
    let it = Fixture::new(&[("a/b/x.log", ""), ("a/b/y.txt", ""), ("z.log", "")]);
    assert_eq!(it.paths(), ["a/b/x.log", "a/b/y.txt", "z.log"]);
    it.settle();
    write(it.path(), ".gitignore", "*.log");
    assert_eq!(it.paths(), [".gitignore", "a/b/y.txt"]);
    it.settle();
    write(it.path(), ".gitignore", "*.txt");
    assert_eq!(it.paths(), [".gitignore", "a/b/x.log", "z.log"]);
    it.settle();
    write(it.path(), "a/.backendimignore", "!*.txt\nx.log");
    assert_eq!(it.paths(), [".gitignore", "a/.backendimignore", "a/b/y.txt", "z.log"]);
    it.settle();
    fs::remove_file(it.path().join(".gitignore")).unwrap();
    fs::remove_file(it.path().join("a/.backendimignore")).unwrap();
    assert_eq!(it.paths(), ["a/b/x.log", "a/b/y.txt", "z.log"]);
}

#[test]
fn an_ignore_file_above_the_workspace_counts_when_it_changes() {
    let outer = folder(&[(".git/HEAD", ""), ("app/x.log", ""), ("app/y.txt", "")]);
    let state = tempfile::tempdir().unwrap();
    let count = || Snapshot::take(&outer.path().join("app"), state.path()).unwrap().files.len();
    assert_eq!(count(), 2);
    write(outer.path(), ".gitignore", "*.log");
    assert_eq!(count(), 1);
    fs::remove_file(outer.path().join(".gitignore")).unwrap();
    assert_eq!(count(), 2);
}

#[test]
fn a_damaged_index_is_made_again() {
    let it = Fixture::new(&[("one.txt", "1")]);
    let before = it.snapshot().unwrap().files;
    for damage in [&b""[..], b"nonsense", &fs::read(it.index_path()).unwrap()[..40]] {
        fs::write(it.index_path(), damage).unwrap();
        assert_eq!(it.snapshot().unwrap().files, before);
    }
}

#[test]
fn a_key_that_takes_the_place_of_a_certificate_stays_here() {
    let it = Fixture::new(&[("site.pem", "-----BEGIN CERTIFICATE-----")]);
    assert_eq!(it.paths(), ["site.pem"]);
    it.settle();
    write(it.path(), "site.pem", "-----BEGIN EC PRIVATE KEY-----");
    assert_eq!(it.paths(), Vec::<String>::new());
}

#[test]
fn links_that_leave_are_errors_unless_they_are_excluded() {
    for target in ["/etc/passwd", "../x", "a/../../x"] {
        let it = Fixture::new(&[("a/x", "")]);
        symlink(target, it.path().join("away")).unwrap();
        let error = it.snapshot().unwrap_err();
        assert_eq!(error.code, Code::SYMLINK_ESCAPES, "{target}");
        assert!(error.message.contains("away") && error.message.contains(target), "{error}");
        write(it.path(), ".backendimignore", "/away");
        assert_eq!(it.paths(), [".backendimignore", "a/x"]);
    }
    let outside = folder(&[("secret", "")]);
    let it = Fixture::new(&[("node_modules/x", "")]);
    symlink(outside.path(), it.path().join("node_modules/out")).unwrap();
    symlink("node_modules/out/secret", it.path().join("over")).unwrap();
    assert_eq!(it.code(), Code::SYMLINK_ESCAPES, "out over a link in a folder that nobody looks into");
    fs::remove_file(it.path().join("over")).unwrap();
    symlink("round", it.path().join("round")).unwrap();
    symlink("nowhere", it.path().join("dangling")).unwrap();
    assert_eq!(it.paths(), ["dangling", "round"]);
}

#[test]
fn what_cannot_travel_is_named_with_the_way_out() {
    let it = Fixture::new(&[("a/x", "")]);
    let large = fs::File::create(it.path().join("a/large.bin")).unwrap();
    large.set_len(limits::FILE_BYTES_MAX + 1).unwrap();
    let error = it.snapshot().unwrap_err();
    assert_eq!(error.code, Code::TOO_LARGE);
    assert!(error.message.contains("a/large.bin") && error.message.contains("67108865"), "{error}");
    assert!(error.hint.unwrap().contains("/a/large.bin"));

    let it = Fixture::new(&[]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    fs::write(it.path().join(name), "").unwrap();
    let error = it.snapshot().unwrap_err();
    assert_eq!(error.code, Code::INVALID_PATH);
    assert!(error.message.contains("caf\\xe9.txt"), "{error}");

    let it = Fixture::new(&[("a\u{1b}[31m", "")]);
    let error = it.snapshot().unwrap_err();
    assert_eq!(error.code, Code::INVALID_PATH);
    assert!(!error.message.contains('\u{1b}'), "escaped");

    let it = Fixture::new(&[("x", "")]);
    assert_eq!(Snapshot::take(&it.path().join("x"), it.state.path()).unwrap_err().code, Code::NO_SUCH_FOLDER);
    assert_eq!(
        Snapshot::take(&it.path().join("no"), it.state.path()).unwrap_err().code,
        Code::NO_SUCH_FOLDER
    );
}

#[test]
fn a_pipe_is_left_out_and_never_waited_for() {
    let it = Fixture::new(&[("x", "")]);
    let pipe = it.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    let snapshot = it.snapshot().unwrap();
    assert_eq!(snapshot.files.len(), 1);
    assert_eq!(snapshot.ignored[0].path, "pipe");
}

#[test]
fn thousands_of_files_are_scanned_in_parallel_to_the_same_end() {
    let it = Fixture::new(&[]);
    for number in 0..2_000 {
        write(it.path(), &format!("d{}/f{number}.txt", number % 40), &format!("{number}"));
    }
    assert_eq!(it.snapshot().unwrap().files, it.found_afresh());
    it.settle();
    write(it.path(), "d7/f7.txt", "changed");
    write(it.path(), "d8/new.txt", "new");
    fs::remove_file(it.path().join("d9/f9.txt")).unwrap();
    let snapshot = it.snapshot().unwrap();
    assert_eq!(snapshot.files, it.found_afresh());
    assert_eq!(snapshot.files.len(), 2_000);
}
