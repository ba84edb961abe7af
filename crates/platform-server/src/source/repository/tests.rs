use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use std::thread;
use std::time::Instant;

use platform_api::Code;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::source::{NewCommit, blob_id};

const TIME_S: i64 = 1_700_000_000;

fn repository() -> (TempDir, Repository) {
    let home = TempDir::new().unwrap();
    let repository = Repository::open_or_init(&home.path().join("project.git")).unwrap();
    (home, repository)
}

fn entry(path: &str, mode: FileMode, bytes: &[u8]) -> ManifestEntry {
    ManifestEntry { path: path.parse().unwrap(), mode, size: bytes.len() as u64, oid: blob_id(bytes) }
}

fn file(path: &str) -> ManifestEntry {
    entry(path, FileMode::File, b"")
}

type Files<'a> = &'a [(&'a str, FileMode, &'a [u8])];

fn commit(repository: &Repository, files: Files<'_>, parent: Option<&CommitHash>) -> CommitHash {
    let mut draft = repository.draft();
    draft.add_blobs(files.iter().map(|(_, _, bytes)| (blob_id(bytes), bytes.to_vec())).collect()).unwrap();
    let entries: Vec<_> = files.iter().map(|(path, mode, bytes)| entry(path, *mode, bytes)).collect();
    let tree = draft.add_trees(&entries).unwrap();
    let new = NewCommit { tree, parent, message: "why\n\nmore", author: "ada", time_s: TIME_S };
    draft.commit(&new).unwrap()
}

/// The real git, where there is one.
#[expect(clippy::disallowed_methods, reason = "the test asks the real git what it thinks")]
fn git(folder: &Path, args: &[&str]) -> Option<Output> {
    let mut command = Command::new("git");
    command.current_dir(folder).args(args).env_clear().env("HOME", folder);
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().ok()?;
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output)
}

const MIXED: Files<'static> = &[
    ("main.py", FileMode::File, b"print('hi')\n"),
    ("bin/run", FileMode::Executable, b"#!/bin/sh\n"),
    ("bin/link", FileMode::Link, b"../main.py"),
    ("a/b/c/deep.txt", FileMode::File, b"deep"),
    // Git sorts `a` (a folder) behind `a.txt` and `a-b`.
    ("a.txt", FileMode::File, b"deep"),
    ("a-b", FileMode::File, b""),
    ("ü/ñ.txt", FileMode::File, "ü".as_bytes()),
];

#[test]
fn the_real_git_accepts_what_is_written() {
    let (home, repository) = repository();
    let first = commit(&repository, MIXED, None);
    repository.set_head(&first).unwrap();
    let many: Vec<_> =
        (0..500).map(|n| (format!("src/m{}/f{n}.txt", n % 20), format!("file {n}\n"))).collect();
    let files: Vec<_> = many.iter().map(|(p, b)| (p.as_str(), FileMode::File, b.as_bytes())).collect();
    let second = commit(&repository, &files, Some(&first));
    repository.set_head(&second).unwrap();
    let third = commit(&repository, MIXED, Some(&second));
    repository.set_head(&third).unwrap();

    let Some(fsck) = git(&repository.path, &["fsck", "--strict", "--full"]) else { return };
    assert_eq!(String::from_utf8_lossy(&fsck.stderr), "");
    let log = git(&repository.path, &["log", "--format=%H %an <%ae> %at %s", "main"]).unwrap();
    let line = |hash: &CommitHash| format!("{hash} ada <ada@localhost> {TIME_S} why\n");
    assert_eq!(String::from_utf8_lossy(&log.stdout), [&third, &second, &first].map(line).concat());
    git(home.path(), &["clone", "-q", "project.git", "cloned"]).unwrap();
    let status = git(&home.path().join("cloned"), &["status", "--porcelain"]).unwrap();
    assert_eq!(String::from_utf8_lossy(&status.stdout), "");
    assert_eq!(fs::read(home.path().join("cloned/main.py")).unwrap(), b"print('hi')\n");
    git(&repository.path, &["gc", "-q"]).unwrap();
    assert_eq!(repository.head(), Some(third), "also out of packed refs");
    assert_eq!(repository.entries(&second).unwrap().len(), 500, "also out of a pack made by git");
}

#[test]
fn a_checkout_is_what_was_committed() {
    let (home, repository) = repository();
    let hash = commit(&repository, MIXED, None);
    let into = home.path().join("release/root");
    repository.checkout(&hash, &into).unwrap();
    for (path, mode, bytes) in MIXED {
        let path = into.join(path);
        if *mode == FileMode::Link {
            assert_eq!(fs::read_link(&path).unwrap().to_str().unwrap().as_bytes(), *bytes);
            continue;
        }
        assert_eq!(fs::read(&path).unwrap(), *bytes, "{}", path.display());
        let executable = fs::metadata(&path).unwrap().permissions().mode() & 0o100 != 0;
        assert_eq!(executable, *mode == FileMode::Executable, "{}", path.display());
    }
    assert!(repository.checkout(&hash, &into).is_err(), "nothing is overwritten");
}

#[test]
fn a_draft_is_found_at_once_and_on_disk_only_with_its_commit() {
    let (home, repository) = repository();
    let oid = blob_id(b"new");
    let mut draft = repository.draft();
    draft.add_blobs(vec![(oid, b"new".to_vec()), (oid, b"new".to_vec())]).unwrap();
    let tree = draft.add_trees(&[entry("a/b", FileMode::File, b"new")]).unwrap();
    assert_eq!(draft.missing(&[oid, blob_id(b"other")]), [blob_id(b"other")]);
    assert_eq!((draft.reader()(&oid).unwrap(), draft.size_of(&oid)), (b"new".to_vec(), Some(3)));

    let reopened = || Repository::open(&home.path().join("project.git")).unwrap();
    assert_eq!(reopened().missing(&[oid]), [oid]);
    let new = NewCommit { tree, parent: None, message: "m", author: "a", time_s: 1 };
    let hash = draft.commit(&new).unwrap();
    assert_eq!(reopened().missing(&[oid]), []);
    assert_eq!(reopened().entries(&hash).unwrap(), [entry("a/b", FileMode::File, b"new")]);
}

#[test]
fn commits_are_found_listed_and_compared() {
    let (_home, repository) = repository();
    assert_eq!(repository.head(), None);
    let first = commit(&repository, MIXED, None);
    let second = commit(
        &repository,
        &[
            ("main.py", FileMode::File, b"changed"),
            ("bin/run", FileMode::File, b"#!/bin/sh\n"),
            ("bin/link", FileMode::Link, b"../main.py"),
            ("new", FileMode::File, b"new"),
        ],
        Some(&first),
    );
    assert_eq!(repository.resolve(&first.short()), Some(first.clone()));
    assert_eq!(repository.resolve(&"0123456789ab".parse().unwrap()), None);
    let tree = repository.tree_of(&first).unwrap();
    assert_eq!(repository.resolve(&tree.parse().unwrap()), None, "a tree is no commit");
    let changed: Vec<String> =
        repository.changed_paths(&first, &second).unwrap().into_iter().map(String::from).collect();
    assert_eq!(changed, ["a-b", "a.txt", "a/b/c/deep.txt", "bin/run", "main.py", "new", "ü/ñ.txt"]);
    assert_eq!(repository.changed_paths(&first, &first).unwrap(), []);
    let mut expected: Vec<_> = MIXED.iter().map(|(path, mode, bytes)| entry(path, *mode, bytes)).collect();
    expected.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(repository.entries(&first).unwrap(), expected);
    assert_eq!(repository.read_blob(&blob_id(b"changed")).unwrap(), b"changed");
    let unknown: CommitHash = "0".repeat(40).parse().unwrap();
    for error in [
        repository.set_head(&unknown).unwrap_err(),
        repository.entries(&unknown).unwrap_err(),
        repository.read_blob(&blob_id(b"never seen")).unwrap_err(),
        repository.entries(&"0".repeat(64).parse().unwrap()).unwrap_err(),
    ] {
        assert_eq!(error.code(), Code::NOT_FOUND);
    }
}

#[test]
fn a_blob_that_is_not_what_its_id_says_stores_nothing() {
    let (_home, repository) = repository();
    let good = (blob_id(b"good"), b"good".to_vec());
    let error = repository.put_blobs(vec![good.clone(), (blob_id(b"one"), b"other".to_vec())]).unwrap_err();
    assert_eq!(error.code(), Code::BLOB_MISMATCH);
    assert_eq!(repository.missing(&[good.0, good.0]), [good.0]);
}

#[test]
fn what_another_value_wrote_is_seen_at_once() {
    let (_home, one) = repository();
    let other = Repository::open(&one.path).unwrap();
    assert_eq!(other.missing(&[blob_id(b"0")]), [blob_id(b"0")]);
    for batch in 0..3 {
        let blobs: Vec<_> = (0..50)
            .map(|n| format!("{batch} {n}").into_bytes())
            .map(|bytes| (blob_id(&bytes), bytes))
            .collect();
        let ids: Vec<BlobId> = blobs.iter().map(|(id, _)| *id).collect();
        assert_eq!(other.missing(&ids), ids);
        one.put_blobs(blobs).unwrap();
        assert_eq!(other.missing(&ids), []);
    }
    one.put_blobs(vec![(blob_id(b"loose"), b"loose".to_vec())]).unwrap();
    assert_eq!(other.missing(&[blob_id(b"loose")]), []);
    assert_eq!(other.read_blob(&blob_id(b"2 49")).unwrap(), b"2 49");
}

#[test]
fn a_repository_of_very_many_uploads_still_opens() {
    let (_home, repository) = repository();
    let upload = |name: &str| {
        let blobs = (0..9).map(|n| format!("{name} {n}").into_bytes()).map(|bytes| (blob_id(&bytes), bytes));
        repository.put_blobs(blobs.collect()).unwrap();
    };
    upload("first");
    let packs = repository.path.join("objects/pack");
    for file in fs::read_dir(&packs).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>() {
        for copy in 0..600 {
            let extension = file.extension().unwrap().to_str().unwrap();
            fs::hard_link(&file, packs.join(format!("pack-{copy:040x}.{extension}"))).unwrap();
        }
    }
    upload("last");
    let again = Repository::open(&repository.path).unwrap();
    assert_eq!(again.read_blob(&blob_id(b"first 0")).unwrap(), b"first 0");
    assert_eq!(again.read_blob(&blob_id(b"last 8")).unwrap(), b"last 8");
    assert_eq!(again.missing(&[blob_id(b"never")]), [blob_id(b"never")]);
}

#[test]
fn trees_that_no_folder_can_hold_are_refused() {
    let (_home, repository) = repository();
    let escape = (blob_id(b"../../etc/passwd"), b"../../etc/passwd".to_vec());
    repository.put_blobs(vec![escape]).unwrap();
    let cases = [
        vec![file("a"), file("a/b")],
        vec![file("a/b/c"), file("a/b")],
        vec![file("a"), file("a")],
        vec![file("git~1/config")],
        vec![file("x/.g\u{200c}it")],
        vec![entry("x/link", FileMode::Link, b"../../etc/passwd")],
    ];
    for entries in cases {
        let error = repository.draft().add_trees(&entries).unwrap_err();
        assert_eq!(error.code(), Code::INVALID_PATH, "{error}");
        assert!(error.hint().is_some());
    }
    let error = repository.draft().add_trees(&[file("a/b/c"), file("a/b")]).unwrap_err();
    assert_eq!(error.to_string(), "`a/b` is a file, so `a/b/c` cannot lie in it");
}

#[test]
fn a_repository_that_a_crash_left_half_made_is_finished() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("p.git");
    fs::create_dir_all(path.join("objects/pack")).unwrap();
    let repository = Repository::open_or_init(&path).unwrap();
    let hash = commit(&repository, MIXED, None);
    repository.set_head(&hash).unwrap();
    assert_eq!(Repository::open_or_init(&path).unwrap().head(), Some(hash));
    assert!(Repository::open(&home.path().join("none")).is_err());
}

#[test]
fn many_threads_write_and_read_one_repository() {
    let (_home, repository) = repository();
    thread::scope(|scope| {
        for worker in 0..8 {
            let repository = &repository;
            scope.spawn(move || {
                let mut parent = None;
                for round in 0..5 {
                    let many: Vec<_> =
                        (0..20).map(|n| (format!("d{n}/f"), format!("{} {round} {n}", worker / 2))).collect();
                    let files: Vec<_> =
                        many.iter().map(|(p, b)| (p.as_str(), FileMode::File, b.as_bytes())).collect();
                    let hash = commit(repository, &files, parent.as_ref());
                    assert_eq!(repository.entries(&hash).unwrap().len(), 20);
                    repository.set_head(&hash).unwrap();
                    parent = Some(hash);
                }
            });
        }
    });
    assert!(repository.head().is_some());
    git(&repository.path, &["fsck", "--strict", "--full"]);
}

#[test]
fn odd_authors_and_messages_still_make_commits_that_git_reads() {
    let (_home, repository) = repository();
    for (author, message) in [("", ""), ("a <b>\nc", "x\0y\n\n\n"), ("<>", "\n \n"), ("ü", "gpgsig x\ntree")]
    {
        let mut draft = repository.draft();
        let tree = draft.add_trees(&[]).unwrap();
        let new = NewCommit { tree, parent: None, message, author, time_s: TIME_S };
        let hash = draft.commit(&new).unwrap();
        repository.set_head(&hash).unwrap();
        git(&repository.path, &["fsck", "--strict", "--full"]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_manifest_that_is_accepted_comes_back_the_same(
        files in prop::collection::btree_map("[a-c.]{1,2}(/[a-c.]{1,2}){0,3}", (any::<bool>(), "[x-z]{0,3}"), 0..20)
    ) {
        let (_home, repository) = repository();
        let mut entries: Vec<_> = files
            .iter()
            .filter(|(path, _)| path.parse::<FilePath>().is_ok())
            .map(|(path, (executable, text))| {
                let mode = if *executable { FileMode::Executable } else { FileMode::File };
                entry(path, mode, text.as_bytes())
            })
            .collect();
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        let blobs = files.values().map(|(_, text)| (blob_id(text.as_bytes()), text.as_bytes().to_vec()));
        repository.put_blobs(blobs.collect()).unwrap();
        let mut draft = repository.draft();
        let Ok(tree) = draft.add_trees(&entries) else { return Ok(()) };
        let new = NewCommit { tree, parent: None, message: "m", author: "a", time_s: 1 };
        let hash = draft.commit(&new).unwrap();
        prop_assert_eq!(repository.tree_of(&hash).unwrap(), tree.to_string());
        prop_assert_eq!(repository.entries(&hash).unwrap(), entries);
    }
}

#[test]
#[ignore = "a measurement: run it alone, optimised, with --nocapture"]
fn measures_a_cold_upload_of_three_thousand_files() {
    let mut random = 1_u64;
    let mut word = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("word{} ", random >> 54)
    };
    let blobs: Vec<_> = (0..3139)
        .map(|_| (0..1400).map(|_| word()).collect::<String>().into_bytes())
        .map(|bytes| (blob_id(&bytes), bytes))
        .collect();
    let bytes: usize = blobs.iter().map(|(_, bytes)| bytes.len()).sum();
    let (home, repository) = repository();
    let entries: Vec<_> = blobs
        .iter()
        .enumerate()
        .map(|(n, (_, bytes))| entry(&format!("d{}/e{}/f{n}", n % 17, n % 31), FileMode::File, bytes))
        .collect();
    let timed = |what: &str, begun: Instant| eprintln!("{what}: {:?}", begun.elapsed());
    let begun = Instant::now();
    crate::source::draft::verify(&blobs).unwrap();
    timed("hashed alone", begun);
    let begun = Instant::now();
    repository.put_blobs(blobs).unwrap();
    timed(&format!("{bytes} bytes stored"), begun);
    let begun = Instant::now();
    let mut draft = repository.draft();
    let tree = draft.add_trees(&entries).unwrap();
    timed("trees", begun);
    let begun = Instant::now();
    let new = NewCommit { tree, parent: None, message: "m", author: "a", time_s: 1 };
    let hash = draft.commit(&new).unwrap();
    timed("commit", begun);
    let begun = Instant::now();
    let missing = repository.missing(&entries.iter().map(|entry| entry.oid).collect::<Vec<_>>());
    assert_eq!(missing, []);
    timed("missing", begun);
    let begun = Instant::now();
    assert_eq!(repository.entries(&hash).unwrap().len(), 3139);
    timed("entries", begun);
    let begun = Instant::now();
    repository.checkout(&hash, &home.path().join("out")).unwrap();
    timed("checkout", begun);
    let begun = Instant::now();
    Repository::open(&repository.path).unwrap();
    timed("open", begun);
}
