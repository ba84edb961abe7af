use std::io::Write;

use flate2::write::GzEncoder;
use platform_api::Code;
use proptest::prelude::*;
use tar::Header;

use super::*;

/// An entry as an attacker would write it: nothing is checked.
fn entry(kind: EntryType, path: &[u8], link: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.as_mut_bytes()[157..157 + link.len()].copy_from_slice(link);
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    let mut block = header.as_bytes().to_vec();
    block.extend_from_slice(bytes);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

fn plain_file(path: &str, bytes: &[u8]) -> Vec<u8> {
    entry(EntryType::Regular, path.as_bytes(), b"", bytes)
}

fn tar(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut tar = entries.concat();
    tar.extend_from_slice(&[0; 1024]);
    tar
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn refusal(archive: &[u8]) -> Code {
    read(archive, Compression::Detect).expect_err("must be refused").code()
}

#[test]
fn files_links_and_modes_arrive_however_the_archive_is_compressed() {
    let mut script = Header::new_gnu();
    script.set_path("run").unwrap();
    script.set_mode(0o755);
    script.set_size(2);
    script.set_cksum();
    let script = [script.as_bytes().as_slice(), b"hi", &[0; 510]].concat();
    let archive = tar(&[
        entry(EntryType::Directory, b"./", b"", b""),
        plain_file("./src/main.py", b"print()"),
        script,
        entry(EntryType::Symlink, b"src/link", b"../run", b""),
        entry(EntryType::Link, b"same", b"./src/main.py", b""),
        plain_file("empty", b""),
    ]);
    let zstd = zstd::encode_all(archive.as_slice(), 1).unwrap();
    let text = BASE64_STANDARD.encode(gzip(&archive));
    let files = read(archive.as_slice(), Compression::Detect).unwrap();
    assert_eq!(read(gzip(&archive).as_slice(), Compression::Detect).unwrap(), files);
    assert_eq!(read(zstd.as_slice(), Compression::Zstd).unwrap(), files);
    assert_eq!(read_base64(&text).unwrap(), files);
    let found: Vec<_> =
        files.iter().map(|f| (f.path.as_str(), f.mode, String::from_utf8_lossy(&f.bytes))).collect();
    let expected = [
        ("empty", FileMode::File, ""),
        ("run", FileMode::Executable, "hi"),
        ("same", FileMode::File, "print()"),
        ("src/link", FileMode::Link, "../run"),
        ("src/main.py", FileMode::File, "print()"),
    ];
    assert_eq!(found, expected.map(|(path, mode, bytes)| (path, mode, bytes.into())));
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let long = format!("{}/file", "d".repeat(200));
    let gnu = [
        entry(EntryType::GNULongName, b"././@LongLink", b"", format!("{long}\0").as_bytes()),
        plain_file("cut", b"1"),
    ];
    let record = format!("215 path={long}\n");
    assert_eq!(record.len(), 215);
    let pax = [entry(EntryType::XHeader, b"pax", b"", record.as_bytes()), plain_file("cut", b"1")];
    for archive in [gnu, pax] {
        let files = read(tar(&archive).as_slice(), Compression::Detect).unwrap();
        assert_eq!(files[0].path.as_str(), long);
    }
}

#[test]
fn one_bad_entry_refuses_the_whole_archive() {
    let setuid = {
        let mut header = Header::new_gnu();
        header.set_path("su").unwrap();
        header.set_mode(0o4755);
        header.set_size(0);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let bad: Vec<(&str, Vec<u8>)> = vec![
        ("parent", plain_file("../x", b"")),
        ("inner parent", plain_file("a/../../x", b"")),
        ("absolute", plain_file("/etc/passwd", b"")),
        ("absolute folder", entry(EntryType::Directory, b"/etc/", b"", b"")),
        ("git", plain_file(".git/config", b"")),
        ("control character", plain_file("a\u{1b}[2J", b"")),
        ("backslash", plain_file("a\\b", b"")),
        ("not UTF-8", entry(EntryType::Regular, b"\xff", b"", b"")),
        ("link out", entry(EntryType::Symlink, b"a", b"../x", b"")),
        ("absolute link", entry(EntryType::Symlink, b"a", b"/etc/passwd", b"")),
        ("hard link out", entry(EntryType::Link, b"a", b"/etc/passwd", b"")),
        ("hard link to nothing", entry(EntryType::Link, b"a", b"b", b"")),
        ("character device", entry(EntryType::Char, b"a", b"", b"")),
        ("block device", entry(EntryType::Block, b"a", b"", b"")),
        ("fifo", entry(EntryType::Fifo, b"a", b"", b"")),
        ("sparse", entry(EntryType::GNUSparse, b"a", b"", b"")),
        ("setuid", setuid),
        ("duplicate", [plain_file("good", b"1"), plain_file("./good", b"2")].concat()),
    ];
    for (what, entry) in bad {
        let archive = tar(&[plain_file("first", b"fine"), entry]);
        assert_eq!(refusal(&archive), Code::INVALID_PATH, "{what}");
    }
}

#[test]
fn damaged_archives_are_malformed() {
    let archive = tar(&[plain_file("a", &[7; 3000])]);
    let zipped = gzip(&archive);
    let mut flipped = zipped.clone();
    let crc = flipped.len() - 6;
    flipped[crc] ^= 1;
    for bytes in [&archive[..2000], b"hello, I am no archive", &zipped[..zipped.len() - 3], &flipped] {
        assert_eq!(refusal(bytes), Code::MALFORMED);
    }
    assert_eq!(read_base64("%%%").unwrap_err().code(), Code::MALFORMED);
    let sizes = [entry(EntryType::XHeader, b"x", b"", b"9 size=0\n"), plain_file("a", b"1234")];
    assert_eq!(refusal(&tar(&sizes)), Code::MALFORMED);
    let sparse = b"22 GNU.sparse.major=1\n";
    assert_eq!(refusal(&tar(&[entry(EntryType::XHeader, b"x", b"", sparse)])), Code::MALFORMED);
}

#[test]
fn bombs_are_refused_early() {
    // A gibibyte of zeros in a mebibyte: stopped by the ratio, long before it fills the memory.
    let block = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    for file in 0..20 {
        let mut header = Header::new_gnu();
        header.set_path(format!("zeros-{file}")).unwrap();
        header.set_mode(0o644);
        header.set_size(48 << 20);
        header.set_cksum();
        encoder.write_all(header.as_bytes()).unwrap();
        (0..48).for_each(|_| encoder.write_all(&block).unwrap());
    }
    let bomb = encoder.finish().unwrap();
    let mut unread = bomb.as_slice();
    let error = read(&mut unread, Compression::Detect).unwrap_err();
    assert_eq!(error.code(), Code::TOO_LARGE);
    assert!(unread.len() > bomb.len() / 2, "it was read to {} of {}", bomb.len() - unread.len(), bomb.len());

    // A name of 64 MiB; a file that claims to be larger than any may be; more copies than bytes.
    let mut long = Header::new_gnu();
    long.set_entry_type(EntryType::GNULongName);
    long.set_size(64 << 20);
    long.set_cksum();
    assert_eq!(refusal(long.as_bytes()), Code::TOO_LARGE);
    let mut huge = Header::new_gnu();
    huge.set_path("huge").unwrap();
    huge.set_mode(0o644);
    huge.set_size(FILE_BYTES_MAX + 1);
    huge.set_cksum();
    assert_eq!(refusal(huge.as_bytes()), Code::TOO_LARGE);
    let mut copies = vec![plain_file("a", &vec![7; 20 << 20])];
    copies.extend((0..3).map(|n| entry(EntryType::Link, format!("b{n}").as_bytes(), b"a", b"")));
    assert_eq!(refusal(&tar(&copies)), Code::TOO_LARGE);
}

#[test]
fn more_files_than_a_project_may_have_are_refused() {
    let mut archive = Vec::new();
    for file in 0..=PROJECT_FILES_MAX {
        archive.extend_from_slice(&plain_file(&format!("f{file}"), b""));
    }
    assert_eq!(refusal(&archive), Code::TOO_LARGE);
}

#[test]
fn blobs_come_named_by_their_id() {
    let id = super::super::blob_id(b"hello");
    let archive = tar(&[plain_file(&id.to_string(), b"hello")]);
    let mut got = Vec::new();
    let taken = read_blobs(gzip(&archive).as_slice(), Compression::Gzip, |id, bytes| {
        got.push((id, bytes));
        Ok::<_, SourceError>(())
    });
    taken.unwrap();
    assert_eq!(got, [(id, b"hello".to_vec())]);
    let named = tar(&[plain_file("main.py", b"hello")]);
    assert!(read_blobs(named.as_slice(), Compression::Identity, |_, _| Ok::<_, SourceError>(())).is_err());
    // What the header of the request says is believed.
    assert!(read_blobs(archive.as_slice(), Compression::Gzip, |_, _| Ok::<_, SourceError>(())).is_err());
}

proptest! {
    #[test]
    fn whatever_the_bytes_nothing_leaves_the_project(
        entries in prop::collection::vec(
            (any::<u8>(), "[a./\\\\]{0,12}|\\PC{0,20}", "[a./]{0,10}", prop::collection::vec(any::<u8>(), 0..700)),
            0..6,
        ),
        cut in any::<prop::sample::Index>(),
    ) {
        let kinds = b"0\x007125346LKxgSV";
        let archive: Vec<u8> = entries
            .iter()
            .flat_map(|(kind, path, link, bytes)| {
                let path: Vec<u8> = path.bytes().take(99).collect();
                entry(EntryType::new(kinds[usize::from(*kind) % kinds.len()]), &path, link.as_bytes(), bytes)
            })
            .collect();
        let archive = tar(&[archive]);
        for bytes in [&archive[..], &archive[..cut.index(archive.len())]] {
            for file in read(bytes, Compression::Detect).unwrap_or_default() {
                prop_assert!(file.path.as_str().parse::<FilePath>().is_ok());
                prop_assert!(file.mode != FileMode::Link || stays_inside(&file.path, &file.bytes));
            }
        }
    }
}
