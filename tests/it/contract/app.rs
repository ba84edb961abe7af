//! What is deployed: apps of Python's standard library, so that nothing is installed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::harness::python_server;

/// How many lines [`talkative`] prints while it is built.
pub(super) const LINES: usize = 2000;

/// A server that answers `text`.
pub(super) fn answering(text: &str) -> Value {
    json!({"server.py": python_server(text), "Procfile": "web: python3 server.py\n"})
}

/// The same, with a build that prints `line 0`, `line 1`, … in bursts.
pub(super) fn talkative(text: &str) -> Value {
    let lines = format!(
        "import time\nfor n in range({LINES}):\n    print('line', n, flush=True)\n    if n % 50 == 0:\n        time.sleep(0.01)\n"
    );
    built_with("python3 lines.py", ("lines.py", &lines), text)
}

/// The same, with a build that does not end by itself in the time of a test.
pub(super) fn slow(text: &str) -> Value {
    built_with("python3 wait.py", ("wait.py", "import time\ntime.sleep(600)\n"), text)
}

fn built_with(command: &str, (name, script): (&str, &str), text: &str) -> Value {
    let mut files = answering(text);
    files["backend-im.yml"] = json!(format!("build: {command}\n"));
    files[name] = json!(script);
    files
}

/// An app that ends before it serves anything.
pub(super) fn broken() -> Value {
    json!({"server.py": "raise SystemExit('no thanks')\n", "Procfile": "web: python3 server.py\n"})
}

/// Path and bytes of every file.
pub(super) fn contents(files: &Value) -> Vec<(String, Vec<u8>)> {
    let files = files.as_object().expect("files").iter();
    files.map(|(path, text)| (path.clone(), text.as_str().expect("a text").as_bytes().to_vec())).collect()
}

/// The id that Git gives to these bytes.
pub(super) fn blob_id(bytes: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    hex::encode(hash.finalize())
}

/// Every file by its id alone.
pub(super) fn manifest(files: &Value) -> Vec<Value> {
    let entry = |(path, bytes): (String, Vec<u8>)| json!({"path": path, "mode": "100644", "size": bytes.len(), "oid": blob_id(&bytes)});
    contents(files).into_iter().map(entry).collect()
}

/// One file of a delta, with its content.
pub(super) fn change(path: &str, bytes: &[u8]) -> Value {
    json!({"path": path, "mode": "100644", "oid": blob_id(bytes), "content": STANDARD.encode(bytes)})
}

/// A tar of the files; `(name, mode, bytes)`.
pub(super) fn tar(files: &[(String, u32, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, mode, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(*mode);
        tar.append_data(&mut header, name, bytes.as_slice()).expect("a tar in memory");
    }
    tar.into_inner().expect("a tar in memory")
}

/// A tar of the files as an upload brings it.
pub(super) fn tar_gz(files: &Value) -> Vec<u8> {
    let plain = |(path, bytes): (String, Vec<u8>)| {
        let mode = if path == "run.sh" { 0o755 } else { 0o644 };
        (path, mode, bytes)
    };
    gzip(&tar(&contents(files).into_iter().map(plain).collect::<Vec<_>>()))
}

/// A tar of the files' blobs, each named by its id.
pub(super) fn blobs(files: &Value) -> Vec<u8> {
    let blob = |(_, bytes): (String, Vec<u8>)| (blob_id(&bytes), 0o644, bytes);
    tar(&contents(files).into_iter().map(blob).collect::<Vec<_>>())
}

/// Compressed as `Content-Encoding: gzip` says.
pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).and_then(|()| gzip.finish()).expect("gzip in memory")
}

/// The body of a multipart form and its `Content-Type`.
pub(super) fn form(parts: &[(&str, &[u8])]) -> (Vec<u8>, &'static str) {
    let mut body = Vec::new();
    for (name, bytes) in parts {
        let head = format!(
            "--between\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--between--\r\n");
    (body, "multipart/form-data; boundary=between")
}
