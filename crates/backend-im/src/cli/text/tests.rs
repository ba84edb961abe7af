//! What people read, pinned.

use platform_api::{Code, Trigger};
use platform_client::{Parcel, PlanReport};

use super::*;

fn finished() -> Deployment {
    serde_json::from_value(serde_json::json!({
        "id": "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10",
        "projectId": "ada-shop",
        "commitHash": "0123456789ab",
        "status": "complete",
        "url": "http://ada-shop.localhost:4000",
        "directUrl": "http://127.0.0.1:4001",
        "logs": [],
        "live": true,
        "trigger": Trigger::Deploy,
        "message": "Add \u{1b}[31msearch",
        "createdMs": 1_000,
        "endedMs": 4_250,
        "phases": [
            {"status": "committing", "ms": 4},
            {"status": "building", "ms": 2_100},
            {"status": "health_check", "ms": 61_000}
        ],
        "seq": 9,
        "logCursor": "1:0",
        "receipt": {"requests": 214, "failed": 0, "inFlight": 3, "drainMs": 12},
        "instances": [{
            "id": "0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d11",
            "address": "127.0.0.1:5000",
            "startedMs": 4_000,
            "restarts": 1
        }]
    }))
    .unwrap()
}

#[test]
fn a_deployment_shows_where_it_answers_and_what_its_switch_cost() {
    insta::assert_snapshot!(deployment(Paint::PLAIN, &finished(), 64_250), @r"
    shop
      status      ✓ complete in 3.2 s, live
      url         http://ada-shop.localhost:4000
      direct url  http://127.0.0.1:4001
      commit      0123456789ab
      deployment  0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d10
      made        1 min ago, by a deploy
      message     Add search
      phases      commit 4 ms · build 2.1 s · health check and switch 1 min 1 s
      switch      none of 214 requests failed during the switch; 3 requests in flight had 12 ms to finish on the old version
      runs        on 127.0.0.1:5000 for 1 min 0 s, started again 1 time
    ");
}

#[test]
fn a_deployment_that_was_replaced_shows_no_address() {
    let mut replaced = finished();
    replaced.live = false;
    replaced.superseded_by = Some("0190b5a4-6e1f-7c3a-9b1d-2f6c8e4a7d12".parse::<DeploymentId>().unwrap());
    let shown = deployment(Paint::PLAIN, &replaced, 64_250);
    assert!(shown.contains("complete in 3.2 s, replaced by a later one"), "{shown}");
    assert!(!shown.contains("http://"), "{shown}");
}

#[test]
fn a_failure_names_the_cause_then_the_output_then_what_to_do() {
    let mut error = Failure::new(Code::INSTALL_FAILED, "installing dependencies ended with exit status 1")
        .hint("deploy again when it is corrected");
    error.diagnosis = Some(serde_json::json!({
        "code": "no_such_package",
        "title": "A package does not exist",
        "cause_line": "ERROR: No matching distribution found for fastapii==1.0",
        "evidence": ["requirements.txt:1"],
        "fix": "correct the name in requirements.txt:1; did you mean fastapi?",
        "confidence": "high"
    }));
    let mut failed = finished();
    failed.logs = vec![
        "Collecting fastapii==1.0".to_owned(),
        "\u{1b}[31mERROR: No matching distribution found for fastapii==1.0\u{1b}[0m".to_owned(),
    ];
    failed.error = Some(error.clone());
    insta::assert_snapshot!(failure(Paint::PLAIN, &failed, &error), @r"
    error: installing dependencies ended with exit status 1 (install_failed)

    cause: ERROR: No matching distribution found for fastapii==1.0

    the last lines of its output:
      | Collecting fastapii==1.0
      | ERROR: No matching distribution found for fastapii==1.0

    hint: correct the name in requirements.txt:1; did you mean fastapi?

    hint: deploy again when it is corrected
    ");
}

#[test]
fn a_failure_says_in_one_line_how_trying_its_patch_went() {
    let line = |verification: &str, note: Option<&str>| {
        let mut error = Failure::new(Code::EXITED_EARLY, "the app ended");
        error.diagnosis = Some(serde_json::json!({
            "code": "missing_module", "title": "t", "fix": "add it", "confidence": "high", "patch": "--- a/x\n+++ b/x",
            "verification": verification, "verification_note": note
        }));
        let mut failed = finished();
        (failed.logs, failed.error) = (Vec::new(), Some(error.clone()));
        let shown = failure(Paint::PLAIN, &failed, &error);
        shown.lines().find(|line| line.contains("tried")).unwrap().to_owned()
    };
    assert_eq!(
        line("passed", Some("with the patch the app is healthy 0.4 s after its start")),
        "✓ it was tried: with the patch the app is healthy 0.4 s after its start"
    );
    assert_eq!(
        line("failed", Some("with the patch it is x: \u{1b}[2Jy")),
        "✗ it was tried and is not enough alone: with the patch it is x: y"
    );
    let id = finished().id;
    assert_eq!(
        line("pending", None),
        format!("it is being tried; `backend-im status {id}` says how that went")
    );
}

#[test]
fn a_plan_says_which_file_decided_what_and_what_was_left_out() {
    let plan_: Plan = serde_json::from_value(serde_json::json!({
        "runtime": "python",
        "framework": "fastapi",
        "install": {
            "method": "requirements",
            "command": "uv pip install -r requirements.txt",
            "inputs": ["requirements.txt"],
            "extra": []
        },
        "start": "uvicorn main:app --host $HOST --port $PORT",
        "port": 8000,
        "env": {},
        "layers": [{"name": "dependencies", "holds": [".venv"], "key": "fedcba9876543210"}],
        "evidence": [
            {"field": "runtime", "value": "python", "source": "requirements.txt"},
            {"field": "framework", "value": "fastapi", "source": "main.py:3"}
        ],
        "files": 6,
        "bytes": 4_321,
        "plan_hash": "0123456789abcdef",
        "warnings": ["`scaling` is known but not applied by this version"]
    }))
    .unwrap();
    insta::assert_snapshot!(plan_line(&plan_), @"python · fastapi · uv pip install -r requirements.txt · uvicorn main:app --host $HOST --port $PORT");
    let left_out = |path: &str, reason: &str| Ignored { path: path.to_owned(), reason: reason.to_owned() };
    let report = PlanReport {
        plan: plan_,
        missing: Vec::new(),
        ignored: vec![left_out(".venv/", "dependencies"), left_out(".env", "may hold secrets")],
        root: "/src/shop".into(),
        project: "shop".to_owned(),
    };
    let preview = Preview { report, parcel: Parcel::default() };
    insta::assert_snapshot!(plan(Paint::PLAIN, &preview, Extent::Folded), @r"
    runtime         python  (requirements.txt)
    framework       fastapi  (main.py:3)
    install         uv pip install -r requirements.txt
    start           uvicorn main:app --host $HOST --port $PORT
    port            8000
    layers          dependencies (.venv) fedcba9876543210
    plan hash       0123456789abcdef
    upload          6 files, 4.3 kB

    left out: .venv/ (dependencies); .env (may hold secrets)

    warning: `scaling` is known but not applied by this version
    ");
}

#[test]
fn what_was_left_out_is_grouped_by_reason_and_folded() {
    let many =
        (0..9).map(|n| Ignored { path: format!("cache{n}/"), reason: "ignored by .gitignore".to_owned() });
    let mut all: Vec<_> = many.collect();
    all.push(Ignored { path: ".env".to_owned(), reason: "may hold secrets".to_owned() });
    insta::assert_snapshot!(ignored(&all).unwrap(), @"left out: cache0/, cache1/, cache2/, cache3/, cache4/, cache5/ and 3 more (ignored by .gitignore); .env (may hold secrets)");
    assert_eq!(ignored(&[]), None);
}

#[test]
fn an_upload_says_what_really_travelled() {
    let report = |files, bytes, sent_files, sent_bytes| UploadReport { files, bytes, sent_files, sent_bytes };
    assert_eq!(upload(&report(8, 12_300, 8, 12_300)), "8 files, 12.3 kB sent");
    assert_eq!(upload(&report(8, 12_300, 1, 900)), "8 files, 12.3 kB; sent 1 file, 900 B");
    assert_eq!(upload(&report(1, 5, 0, 0)), "1 file, 5 B; the platform has them all, nothing sent");
}

#[test]
fn receipts_are_honest() {
    let cost =
        |requests, failed, in_flight, drain_ms| Receipt { requests, failed, in_flight, drain_ms, open: 0 };
    assert_eq!(receipt(&cost(0, 0, 0, 0)), "no request came during the switch");
    assert_eq!(receipt(&cost(1, 0, 0, 0)), "none of 1 request failed during the switch");
    assert_eq!(receipt(&cost(20, 2, 0, 0)), "2 of 20 requests failed during the switch");
    assert_eq!(
        receipt(&cost(20, 0, 1, 1_500)),
        "none of 20 requests failed during the switch; 1 request in flight had 1.5 s to finish on the old version"
    );
    assert_eq!(
        receipt(&Receipt { open: 2, ..cost(20, 0, 3, 2_000) }),
        "none of 20 requests failed during the switch; 1 request in flight had 2.0 s to finish on the old version, 2 are still open there"
    );
}

#[test]
fn numbers_have_units_that_fit() {
    for (count, shown) in [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (99_949, "99.9 kB"),
        (99_950, "100 kB"),
        (999_949, "1000 kB"),
        (999_950, "1.0 MB"),
        (34_000_000, "34.0 MB"),
        (2_500_000_000, "2.5 GB"),
    ] {
        assert_eq!(bytes(count), shown, "{count}");
    }
    for (ms, shown) in [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1.0 s"),
        (59_990, "59.9 s"),
        (125_000, "2 min 5 s"),
        (12_000_000, "3 h 20 min"),
        (200_000_000, "2 d"),
    ] {
        assert_eq!(duration(ms), shown, "{ms}");
    }
    assert_eq!(ago(5_000, 4_000), "just now");
    assert_eq!(ago(0, 90_000), "1 min ago");
}

#[test]
fn tables_are_aligned_and_end_without_spaces() {
    let rows = [vec!["shop".to_owned(), "-".to_owned()], vec!["a".to_owned(), "live".to_owned()]];
    assert_eq!(table(Paint::PLAIN, &["PROJECT", "IS"], &rows), "PROJECT  IS\nshop     -\na        live\n");
}

#[test]
fn colour_never_carries_the_meaning_alone() {
    for status in [Status::Complete, Status::Failed, Status::Cancelled, Status::Building] {
        let (plain, colour) = (state(Paint::PLAIN, status), state(Paint::COLOUR, status));
        assert_eq!(clean::line(&colour), plain);
        assert!(plain.contains(status.as_str()));
    }
}
