//! The ways in which a project reaches the platform besides the published one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Platform, app, refusal};
use crate::harness::{Answer, send, visit};

fn multipart(platform: &Platform, parts: &[(&str, &[u8])]) -> Answer {
    let (body, kind) = app::form(parts);
    let request = platform.api.request("POST", "/api/deploy").header("Content-Type", kind).body(body);
    send(request).expect("an answer")
}

fn send_blobs(platform: &Platform, project: &str, encoding: Option<&str>, body: Vec<u8>) -> Answer {
    let request = platform.api.request("POST", &format!("/api/blobs?projectId={project}")).body(body);
    let request = encoding.into_iter().fold(request, |request, it| request.header("Content-Encoding", it));
    send(request).expect("an answer")
}

#[track_caller]
fn serves(platform: &Platform, accepted: &Value, text: &str) -> Value {
    let ended = platform.api.ended(accepted["deploymentId"].as_str().expect("an id"));
    assert_eq!(ended["status"], "complete", "{ended:#}");
    assert_eq!(visit(ended["url"].as_str().expect("a URL")).text, text);
    ended
}

/// Path, mode and text of every file of a commit.
fn files(platform: &Platform, project: &str, commit: &Value) -> Vec<(String, String, String)> {
    let commit = commit.as_str().expect("a commit");
    let answer =
        platform.api.get(&format!("/api/projects/{project}/files?commit={commit}&content=true")).json();
    let file = |file: &Value| {
        let part = |name: &str| file[name].as_str().unwrap_or_else(|| panic!("{answer:#}")).to_owned();
        let bytes = STANDARD.decode(part("content")).expect("base64");
        (part("path"), part("mode"), String::from_utf8(bytes).expect("text"))
    };
    answer["files"].as_array().expect("files").iter().map(file).collect()
}

#[test]
fn an_archive_is_deployed_with_its_modes() {
    let platform = Platform::start();
    let project = platform.project("packed");
    let mut project_files = app::answering("packed");
    project_files["run.sh"] = json!("#!/bin/sh\n");
    project_files["deep/er/ü.txt"] = json!("ü");
    let config = json!({"projectId": project, "message": "in one piece"}).to_string();
    let answer =
        multipart(&platform, &[("config", config.as_bytes()), ("source", &app::tar_gz(&project_files))]);
    assert_eq!(answer.status, 202, "{}", answer.text);
    let ended = serves(&platform, &answer.json(), "packed");
    assert_eq!(ended["message"], "in one piece");
    let kept = files(&platform, &project, &ended["commitHash"]);
    assert_eq!(kept.len(), 4);
    assert!(kept.contains(&("run.sh".to_owned(), "100755".to_owned(), "#!/bin/sh\n".to_owned())), "{kept:?}");
    assert!(kept.contains(&("deep/er/ü.txt".to_owned(), "100644".to_owned(), "ü".to_owned())), "{kept:?}");
}

#[test]
fn an_archive_in_base64_is_deployed() {
    let platform = Platform::start();
    let project = platform.project("packed");
    let source = STANDARD.encode(app::tar_gz(&app::answering("text")));
    let accepted = platform.accepted(&json!({"projectId": project, "source": source}));
    serves(&platform, &accepted, "text");
}

#[test]
fn archives_that_are_none_or_lead_out_are_refused_whole() {
    let platform = Platform::start();
    let project = platform.project("packed");
    let config = json!({"projectId": project}).to_string();
    let refused =
        |source: &[u8]| refusal(&multipart(&platform, &[("source", source), ("config", config.as_bytes())]));
    assert_eq!(refused(b"no archive at all").0, 400);
    let whole = app::tar_gz(&app::answering("cut short"));
    assert_eq!(refused(&whole[..whole.len() / 2]).0, 400);

    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    header.set_mode(0o777);
    tar.append_link(&mut header, "server.py", "../../etc/passwd").expect("a tar in memory");
    assert_eq!(refused(&app::gzip(&tar.into_inner().expect("a tar"))), (400, "invalid_path".to_owned()));

    assert_eq!(refusal(&multipart(&platform, &[("config", config.as_bytes())])).0, 400, "no archive");
    assert_eq!(refusal(&multipart(&platform, &[("source", &whole), ("source", &whole)])).0, 400, "two");
    assert_eq!(platform.api.get(&format!("/api/projects/{project}")).status, 404, "nothing was made");
}

#[test]
fn a_manifest_asks_for_what_is_missing_and_nothing_else() {
    let platform = Platform::start();
    let project = platform.project("blobs");
    let plain: fn(&[u8]) -> Vec<u8> = <[u8]>::to_vec;
    let zstd: fn(&[u8]) -> Vec<u8> = |bytes| zstd::encode_all(bytes, 1).expect("zstd in memory");
    for (text, encoding, encode) in
        [("plain", None, plain), ("gzip", Some("gzip"), app::gzip), ("zstd", Some("zstd"), zstd)]
    {
        let project_files = app::answering(text);
        let body = json!({"projectId": project, "manifest": app::manifest(&project_files)});
        let lacks = platform.api.post("/api/deploy", &body);
        assert_eq!(refusal(&lacks), (422, "missing_blobs".to_owned()));
        let missing = lacks.json()["missing"].as_array().expect("ids").len();
        // The Procfile is the same each time.
        assert_eq!(missing, if text == "plain" { 2 } else { 1 }, "{}", lacks.text);

        let stored = send_blobs(&platform, &project, encoding, encode(&app::blobs(&project_files)));
        assert_eq!(stored.status, 204, "{}", stored.text);
        serves(&platform, &platform.accepted(&body), text);
    }
}

#[test]
fn blobs_are_never_shared_between_projects() {
    let platform = Platform::start();
    let (mine, yours) = (platform.project("mine"), platform.project("yours"));
    let project_files = app::answering("private");
    let live = platform.live(&mine, "private");
    let body = json!({"projectId": yours, "manifest": app::manifest(&project_files)});
    let lacks = platform.api.post("/api/deploy", &body);
    assert_eq!(refusal(&lacks), (422, "missing_blobs".to_owned()), "an id is no claim to content");
    assert_eq!(lacks.json()["missing"].as_array().map(Vec::len), Some(2));
    let delta = json!({"projectId": yours, "base": live["commitHash"], "changes": []});
    assert_eq!(refusal(&platform.api.post("/api/deploy", &delta)), (422, "unknown_base".to_owned()));
}

#[test]
fn a_change_travels_alone() {
    let platform = Platform::start();
    let project = platform.project("delta");
    let mut project_files = app::answering("one");
    project_files["old.txt"] = json!("old");
    let live = platform.deployed(&project, &project_files);
    assert_eq!(live["status"], "complete", "{live:#}");

    let changed = app::answering("two");
    let server = changed["server.py"].as_str().expect("a text");
    let delta = json!({
        "projectId": project,
        "base": live["commitHash"],
        "changes": [app::change("server.py", server.as_bytes()), app::change("new.txt", b"new")],
        "deleted": ["old.txt"],
    });
    let ended = serves(&platform, &platform.accepted(&delta), "two");
    let mut paths: Vec<String> =
        files(&platform, &project, &ended["commitHash"]).into_iter().map(|(path, ..)| path).collect();
    paths.sort();
    assert_eq!(paths, ["Procfile", "new.txt", "server.py"]);

    // What the project has already needs no content, whatever commit it came with.
    let back = json!({"path": "old.txt", "mode": "100644", "oid": app::blob_id(b"old")});
    let again = json!({"projectId": project, "base": ended["commitHash"], "changes": [back]});
    serves(&platform, &platform.accepted(&again), "two");
}

#[test]
fn what_does_not_fit_its_name_is_refused() {
    let platform = Platform::start();
    let project = platform.project("delta");
    let live = platform.live(&project, "one");
    let refused = |changes: Value| {
        let body = json!({"projectId": project, "base": live["commitHash"], "changes": changes});
        refusal(&platform.api.post("/api/deploy", &body))
    };
    let mut forged = app::change("server.py", b"print('hello')\n");
    forged["oid"] = json!(app::blob_id(b"something else"));
    assert_eq!(refused(json!([forged])), (422, "blob_mismatch".to_owned()));
    assert_eq!(refused(json!([app::change("../server.py", b"x")])).0, 400);
    assert_eq!(
        refused(json!([app::change("big.txt", &vec![b'x'; (64 << 10) + 1])])),
        (413, "too_large".to_owned())
    );
    let absent = json!({"path": "a.txt", "mode": "100644", "oid": app::blob_id(b"nobody sent this")});
    assert_eq!(refused(json!([absent])), (422, "missing_blobs".to_owned()));

    let named = app::tar(&[(app::blob_id(b"one thing"), 0o644, b"another".to_vec())]);
    assert_eq!(refusal(&send_blobs(&platform, &project, None, named)), (422, "blob_mismatch".to_owned()));
    assert_eq!(refusal(&send_blobs(&platform, &project, Some("br"), Vec::new())).0, 400);
    assert_eq!(refusal(&send_blobs(&platform, &project, Some("gzip"), b"no gzip".to_vec())).0, 400);
    let unknown = json!({"projectId": project, "base": "000000000000", "changes": []});
    assert_eq!(refusal(&platform.api.post("/api/deploy", &unknown)), (422, "unknown_base".to_owned()));
    assert_eq!(platform.history(&project).len(), 1, "nothing was deployed");
}

#[test]
fn what_to_deploy_is_said_in_exactly_one_form() {
    let platform = Platform::start();
    let project = platform.project("forms");
    let project_files = app::answering("one");
    for body in [
        json!({"projectId": project}),
        json!({"projectId": project, "files": project_files, "manifest": app::manifest(&project_files)}),
        json!({"files": project_files}),
    ] {
        assert_eq!(
            refusal(&platform.api.post("/api/deploy", &body)),
            (400, "malformed".to_owned()),
            "{body}"
        );
    }
    let empty = json!({"projectId": project, "files": {}});
    assert_eq!(refusal(&platform.api.post("/api/deploy", &empty)).0, 422);
    let huge = json!([{"path": "film.bin", "mode": "100644", "size": 1_u64 << 40, "oid": app::blob_id(b"")}]);
    let answer = platform.api.post("/api/deploy", &json!({"projectId": project, "manifest": huge}));
    assert_eq!(refusal(&answer), (413, "too_large".to_owned()));
    assert!(answer.text.contains("film.bin") && answer.json()["hint"].is_string(), "{}", answer.text);
}
