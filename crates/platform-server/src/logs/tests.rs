//! Any interleaving of writes, rolls, retention and reads hands every line out once, in order, or counts it.

use std::os::unix::fs::FileExt as _;
use std::time::Duration;

use platform_api::LogStream;
use proptest::prelude::*;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;

fn query(lines_max: usize) -> ReadQuery {
    ReadQuery { source: None, lines_max, bytes_max: usize::MAX >> 1 }
}

fn texts(page: &LogPage) -> Vec<&str> {
    page.lines.iter().map(|line| line.text.as_str()).collect()
}

fn write(log: &LogDir, source: LogSource, lines: &[&str]) {
    let mut writer = log.writer(source).unwrap();
    for line in lines {
        writer.push(LogStream::Stdout, 7, line.as_bytes()).unwrap();
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Vec<u8>>),
    Flush,
    Reopen(LogSource),
    Read { lines_max: usize, bytes_max: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let line = prop::collection::vec(any::<u8>().prop_map(|b| if b == b'\n' { b'x' } else { b }), 0..60);
    let step = prop_oneof![
        4 => prop::collection::vec(line, 1..6).prop_map(Step::Write),
        3 => Just(Step::Flush),
        1 => prop_oneof![Just(LogSource::Build), Just(LogSource::Runtime)].prop_map(Step::Reopen),
        3 => (1..8_usize, 1..300_usize).prop_map(|(lines_max, bytes_max)| Step::Read { lines_max, bytes_max }),
    ];
    prop::collection::vec(step, 1..60)
}

/// A reader that checks what it gets against everything that was written.
struct Reader {
    source: Option<LogSource>,
    cursor: LogCursor,
    last_seq: u64,
    omitted: u64,
    seen: Vec<u64>,
}

impl Reader {
    fn new(source: Option<LogSource>) -> Self {
        Self { source, cursor: LogDir::start(), last_seq: 0, omitted: 0, seen: Vec::new() }
    }

    fn read(&mut self, log: &LogDir, written: &[(LogSource, Vec<u8>)], max: (usize, usize)) -> usize {
        let query = ReadQuery { source: self.source, lines_max: max.0, bytes_max: max.1 };
        let page = log.read(&self.cursor, &query).unwrap();
        assert!(page.lines.len() <= max.0);
        if let (None, Some(first)) = (self.source, page.lines.first()) {
            assert_eq!(first.seq, self.last_seq + page.omitted + 1);
        }
        self.omitted += page.omitted;
        for line in &page.lines {
            let (source, text) = &written[usize::try_from(line.seq).unwrap() - 1];
            assert_eq!((line.source, line.text.as_str()), (*source, &*String::from_utf8_lossy(text)));
            assert!(line.seq > self.last_seq);
            self.last_seq = line.seq;
            self.seen.push(line.seq);
        }
        if self.source.is_none() {
            assert!(page.lines.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
        }
        self.cursor = page.next_cursor;
        page.lines.len()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_read_once_in_order_or_counted_as_omitted(
        steps in steps(), total_bytes in 200..4000_u64, segments_max in 2..9_usize,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let retention = Retention { segment_bytes: 150, total_bytes, segments_max };
        let log = LogDir { path: dir.path().join("log"), retention, redaction: Redaction::default() };
        let mut written = Vec::new();
        let mut source = LogSource::Build;
        let mut writer = log.writer(source).unwrap();
        let mut readers = [None, Some(LogSource::Build), Some(LogSource::Runtime)].map(Reader::new);
        for step in steps {
            match step {
                Step::Write(lines) => for line in lines {
                    writer.push(LogStream::Stderr, 1, &line).unwrap();
                    written.push((source, line));
                },
                Step::Flush => writer.flush().unwrap(),
                Step::Reopen(next) => {
                    drop(writer);
                    source = next;
                    writer = log.writer(source).unwrap();
                }
                Step::Read { lines_max, bytes_max } => for reader in &mut readers {
                    reader.read(&log, &written, (lines_max, bytes_max));
                },
            }
        }
        drop(writer);
        for reader in &mut readers {
            while reader.read(&log, &written, (3, 500)) > 0 {}
        }
        let [all, build, runtime] = readers;
        let is_everything = all.seen.len() == written.len();
        prop_assert!(is_everything || all.omitted > 0);
        prop_assert_eq!(all.seen.len() as u64 + all.omitted, written.len() as u64);
        prop_assert_eq!(all.seen.last().copied().unwrap_or(0), written.len() as u64);
        if is_everything {
            prop_assert_eq!(build.seen.len() + runtime.seen.len(), written.len());
        }
        prop_assert_eq!(log.end().unwrap(), all.cursor);
        let mut fresh = Reader::new(None);
        while fresh.read(&log, &written, (4, 200)) > 0 {}
        let tail: Vec<u64> = log.tail(5, None).unwrap().iter().map(|line| line.seq).collect();
        prop_assert!(fresh.seen.ends_with(&tail));
        prop_assert_eq!(tail.len(), fresh.seen.len().min(5));
    }
}

#[test]
fn half_a_line_is_never_seen() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogDir::new(dir.path().to_owned());
    write(&log, LogSource::Build, &["one"]);
    let file = std::fs::OpenOptions::new().write(true).open(dir.path().join("000001-build.log")).unwrap();
    let end = file.metadata().unwrap().len();
    file.write_all_at(b"2 7 o tw", end).unwrap();
    let page = log.read(&LogDir::start(), &query(10)).unwrap();
    assert_eq!(texts(&page), ["one"]);
    assert_eq!(log.end().unwrap(), page.next_cursor);
    assert_eq!(log.tail(10, None).unwrap().len(), 1);
    file.write_all_at(b"2 7 o two\n", end).unwrap();
    assert_eq!(texts(&log.read(&page.next_cursor, &query(10)).unwrap()), ["two"]);
}

#[test]
fn a_dead_writers_half_line_does_not_disturb_the_next_writer() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogDir::new(dir.path().to_owned());
    std::fs::write(dir.path().join("000001-build.log"), b"1 7 o one\n2 7 o tw").unwrap();
    write(&log, LogSource::Runtime, &["next"]);
    let page = log.read(&LogDir::start(), &query(10)).unwrap();
    assert_eq!(texts(&page), ["one", "next"]);
    assert_eq!(page.lines[1].seq, 2);
}

#[test]
fn a_line_over_the_limit_is_split_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogDir::new(dir.path().to_owned());
    let endless = "ab".repeat(100_000);
    write(&log, LogSource::Build, &[&endless, "", "two\nlines"]);
    let page = log.read(&LogDir::start(), &query(10)).unwrap();
    let lengths: Vec<usize> = page.lines.iter().map(|line| line.text.len()).collect();
    assert_eq!(lengths, [65_536, 65_536, 65_536, 3_392, 0, 3, 5]);
    assert_eq!(texts(&page)[..4].concat(), endless);
    assert_eq!(log.tail(4, None).unwrap().last().unwrap().text, "lines");
}

#[test]
fn bytes_that_are_no_text_stay_on_disk_as_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogDir::new(dir.path().to_owned());
    log.writer(LogSource::Build).unwrap().push(LogStream::Stdout, 7, b"caf\xe9\r").unwrap();
    assert_eq!(std::fs::read(dir.path().join("000001-build.log")).unwrap(), b"1 7 o caf\xe9\r\n");
    assert_eq!(texts(&log.read(&LogDir::start(), &query(1)).unwrap()), ["caf\u{fffd}\r"]);
}

#[test]
fn a_page_keeps_to_its_limits_and_has_at_least_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogDir::new(dir.path().to_owned());
    write(&log, LogSource::Build, &["12345", "12345", "12345"]);
    let page = |bytes_max| {
        let query = ReadQuery { source: None, lines_max: 10, bytes_max };
        log.read(&LogDir::start(), &query).unwrap().lines.len()
    };
    assert_eq!([page(1), page(5), page(10), page(14), page(15)], [1, 1, 2, 2, 3]);
}

#[test]
fn a_foreign_cursor_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogDir::new(dir.path().to_owned());
    write(&log, LogSource::Build, &["one", "two"]);
    for text in ["", "x", "1", "1:2", "1:2:3:4", "1:3:0", "1:999:0", "9:0:0", "1:-1:0"] {
        let error = log.read(&LogCursor(text.to_owned()), &query(10)).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{text}");
    }
}

/// Reads until it has `wanted` lines, waiting only when there is nothing new; how many it got.
async fn read_lines(log: &LogDir, watch: &mut LogWatch, wanted: usize) -> usize {
    let (mut cursor, mut count) = (LogDir::start(), 0);
    while count < wanted {
        let page = log.read(&cursor, &query(500)).unwrap();
        count += page.lines.len();
        if page.next_cursor == cursor {
            watch.changed().await;
        }
        cursor = page.next_cursor;
    }
    count
}

#[tokio::test]
async fn a_hundred_watchers_wake_and_read_every_line() {
    let dir = tempfile::tempdir().unwrap();
    let log = LogDir::new(dir.path().join("log"));
    let tasks = TaskTracker::new();
    let shutdown = CancellationToken::new();
    let watches = LogWatches::start(&tasks, shutdown.clone()).unwrap();
    let mut readers = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (log, mut watch) = (log.clone(), watches.watch(&log).unwrap());
        readers.spawn(async move { read_lines(&log, &mut watch, 2_000).await });
    }
    let mut writer = log.writer(LogSource::Runtime).unwrap();
    for batch in 0..20 {
        for line in 0..100 {
            writer.push(LogStream::Stdout, 7, format!("{batch} {line}").as_bytes()).unwrap();
        }
        writer.flush().unwrap();
        tokio::task::yield_now().await;
    }
    let done = tokio::time::timeout(Duration::from_secs(20), readers.join_all()).await.unwrap();
    assert_eq!(done, [2_000; 100]);
    shutdown.cancel();
    tasks.close();
    tasks.wait().await;
}

#[tokio::test]
async fn a_watch_is_level_triggered_and_per_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (LogDir::new(dir.path().join("1")), LogDir::new(dir.path().join("2")));
    let tasks = TaskTracker::new();
    let watches = LogWatches::start(&tasks, CancellationToken::new()).unwrap();
    let (mut on_one, mut on_other) = (watches.watch(&one).unwrap(), watches.watch(&other).unwrap());
    drop(watches.watch(&one).unwrap());
    write(&one, LogSource::Build, &["before anyone waits"]);
    let limit = Duration::from_secs(10);
    tokio::time::timeout(limit, on_one.changed()).await.unwrap();
    write(&other, LogSource::Build, &["x"]);
    tokio::time::timeout(limit, on_other.changed()).await.unwrap();
    std::fs::remove_dir_all(one.path()).unwrap();
    while !on_one.is_gone() {
        tokio::time::timeout(limit, on_one.changed()).await.unwrap();
    }
}
