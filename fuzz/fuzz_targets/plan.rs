//! Any project: `=== path` lines, each followed by the file's content, as `fuzz/seeds` writes them. Detection must come
//! back, with a plan or an error that says something.
#![no_main]

use std::collections::BTreeMap;

use build_plan::{ListedFile, Listing, plan};
use libfuzzer_sys::fuzz_target;

fn listed((path, content): (&String, &Vec<u8>)) -> ListedFile {
    ListedFile { path: path.clone(), size: content.len() as u64, mode: "100644", oid: "0".repeat(40) }
}

/// The next `=== ` at the start of a line.
fn split(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = bytes.windows(4).enumerate().filter(|(at, window)| {
        *window == b"=== " && (*at == 0 || bytes[at - 1] == b'\n')
    });
    let starts: Vec<usize> = starts.map(|(at, _)| at).collect();
    (0..starts.len()).map(move |n| &bytes[starts[n] + 4..starts.get(n + 1).copied().unwrap_or(bytes.len())])
}

fuzz_target!(|bytes: &[u8]| {
    let mut files = BTreeMap::new();
    for part in split(bytes) {
        let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
        let Ok(path) = std::str::from_utf8(&part[..end]) else { continue };
        files.insert(path.trim().to_owned(), part[(end + 1).min(part.len())..].to_vec());
    }
    let listing = Listing::new(files.iter().map(listed).collect());
    match plan(&listing, &|path| files.get(path).cloned()) {
        Ok(plan) => assert_eq!(plan.plan_hash.len(), 16),
        Err(error) => assert!(!error.to_string().is_empty() && !error.code().is_empty()),
    }
});
