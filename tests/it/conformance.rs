//! The official conformance suite, in both eras, at the other end of the real program, and of fixtures served through its
//! HTTP. The suite asks for tools, resources and prompts that no product has: what fails for want of them, and nothing
//! else, is listed in `tests/conformance`; an entry that has come to pass fails the run.
#![expect(deprecated, reason = "the suite still tests sampling, roots and logging")]

mod asking;
mod changes;
mod handler;
mod reading;
mod tools;

use std::path::Path;
use std::sync::mpsc;

use mcp_server::{Access, HttpConfig, Legacy, serve_handler};
use tokio_util::sync::CancellationToken;

use self::handler::Fixture;
use crate::harness::{Home, McpHttp, Project, block_on, npm, run_within};

const LIMIT_S: u64 = 300;

/// Runs every scenario of one era against a server. Whatever is not in the baseline must pass, and the README must say
/// how many checks that are.
fn hold(test: &str, url: &str, era: &str, baseline: Option<&str>) {
    let Some(mut suite) = npm(test, "conformance") else { return };
    suite.args(["server", "--url", url, "--suite", "all", "--spec-version", era]);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Some(baseline) = baseline {
        suite.arg("--expected-failures").arg(root.join("tests/conformance").join(baseline));
    }
    let done = run_within(LIMIT_S, &mut suite);
    assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
    let total = done.stdout.lines().find_map(|line| line.strip_prefix("Total: ")).expect("a total");
    let (passed, failed) = total.split_once(" passed, ").expect("two numbers");
    assert!(baseline.is_some() || failed == "0 failed", "{}", done.stdout);
    let stated = format!("{passed} checks of {era}");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("a README");
    assert!(readme.contains(&stated), "the README does not say «{stated}»");
}

/// Serves the fixtures behind the product's guards while `test` runs.
fn with_fixtures(test: impl FnOnce(&str)) {
    // The suite sends no token.
    let http = HttpConfig {
        address: ([127, 0, 0, 1], 0).into(),
        hosts: Vec::new(),
        access: Access::Anyone,
        legacy: Legacy::Sessions,
    };
    let closing = CancellationToken::new();
    let (ready, address) = mpsc::channel();
    std::thread::scope(|scope| {
        let (fixture, until) = (Fixture::default(), closing.clone());
        let tell = move |address| ready.send(address).expect("the test waits");
        scope.spawn(|| {
            block_on(serve_handler(move || fixture.clone(), http, tell, until)).expect("it serves")
        });
        let _ends = closing.drop_guard();
        test(&format!("http://{}/mcp", address.recv().expect("an address")));
    });
}

#[test]
fn the_suite_of_2025_11_25_finds_nothing_wrong_with_the_transport() {
    let test = "the_suite_of_2025_11_25_finds_nothing_wrong_with_the_transport";
    with_fixtures(|url| hold(test, url, "2025-11-25", None));
}

#[test]
fn the_suite_of_2026_07_28_finds_nothing_wrong_with_the_transport() {
    let test = "the_suite_of_2026_07_28_finds_nothing_wrong_with_the_transport";
    with_fixtures(|url| hold(test, url, "2026-07-28", None));
}

#[test]
fn the_product_fails_only_what_needs_a_fixture() {
    let test = "the_product_fails_only_what_needs_a_fixture";
    let (home, project) = (Home::new(), Project::quick("hello", "one"));
    let server = McpHttp::start(&home, &project.path(), &["--no-auth"]);
    for era in ["2025-11-25", "2026-07-28"] {
        hold(test, &server.url(), era, Some(&format!("product-{era}.yml")));
    }
}
