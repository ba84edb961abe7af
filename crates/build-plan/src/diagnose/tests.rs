//! Failures as tools and programs print them, each with the diagnosis it must get.

use super::*;

/// Failures as tools and programs print them. Each starts with a line of code, phase, runtime, how it ended, a part of
/// the cause and a part of the fix.
const CASES: &str = include_str!("cases.txt");

struct Case {
    code: &'static str,
    phase: Phase,
    runtime: Runtime,
    exit: &'static str,
    cause: &'static str,
    fix: &'static str,
    output: &'static str,
}

fn cases() -> Vec<Case> {
    let case = |text: &'static str| {
        let (head, output) = text.split_once('\n').unwrap();
        let parts: Vec<&str> = head.split('|').map(str::trim).collect();
        let &[code, phase, runtime, exit, cause, fix] = parts.as_slice() else { panic!("{head}") };
        let phase = serde_json::from_value(phase.into()).unwrap();
        let runtime = serde_json::from_value(runtime.into()).unwrap();
        Case { code, phase, runtime, exit, cause, fix, output }
    };
    CASES.split("#### ").filter(|text| !text.is_empty()).map(case).collect()
}

fn diagnosed(phase: Phase, runtime: Runtime, exit: &str, output: &str) -> Diagnosis {
    let lines: Vec<String> = output.lines().map(str::to_owned).collect();
    let exit = (!exit.is_empty()).then(|| exit.to_owned());
    diagnose(&FailedStep { phase, runtime: Some(runtime), exit, seen: None }, &lines, &|_| None)
}

use Phase::{Build, Health, Install, Start, Test};
use Runtime::{Command, Node, Python, Rust};

const PYTHON_TRACE: &str = "Traceback (most recent call last):\n  File \"/srv/v/bin/uvicorn\", line 8, in <module>\n    sys.exit(main())\n  File \"/srv/v/lib/python3.11/site-packages/uvicorn/importer.py\", line 19, in import_from_string\n    module = importlib.import_module(module_str)\n  File \"<frozen importlib._bootstrap>\", line 241, in _call_with_frames_removed\n  File \"/srv/app/main.py\", line 2, in <module>\n    import it\n";

#[test]
fn every_failure_gets_its_code_its_cause_and_a_fix_that_names_things() {
    let cases = cases();
    assert!(cases.len() > 80);
    let mut wrong = Vec::new();
    for Case { code, phase, runtime, exit, cause, fix, output } in cases {
        let found = diagnosed(phase, runtime, exit, output);
        let line = found.cause_line.as_deref().unwrap_or_default();
        if found.code != code || !line.contains(cause) || !found.fix.contains(fix) {
            wrong.push(format!("{code} in {phase:?}: {cause} / {fix}\n{output}\ngot {found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn python_exceptions_are_told_apart_by_their_last_line() {
    for (last, code, fix) in [
        ("ModuleNotFoundError: No module named 'yaml'", "missing_module", "`PyYAML`"),
        ("ModuleNotFoundError: No module named 'shop.models'", "missing_module", "`shop` is a folder"),
        (
            "ImportError: cannot import name 'x' from 'flask' (/srv/v/flask/__init__.py)",
            "import_error",
            "`flask`",
        ),
        (
            "ImportError: cannot import name 'a' from partially initialized module 'b' (most likely due to a circular import)",
            "circular_import",
            "third module",
        ),
        (
            "ImportError: libGL.so.1: cannot open shared object file: No such file or directory",
            "shared_library_missing",
            "headless",
        ),
        ("KeyError: 'DATABASE_URL'", "missing_env_var", "`DATABASE_URL`"),
        (
            "RuntimeError: Form data requires \"python-multipart\" to be installed. ",
            "missing_optional_package",
            "`python-multipart`",
        ),
        (
            "pydantic.errors.PydanticImportError: `BaseSettings` has been moved to the `pydantic-settings` package.",
            "pydantic_settings_moved",
            "pydantic-settings",
        ),
        ("NameError: name 'x' is not defined", "undefined_name", "`x`"),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: 'data/a.csv'",
            "missing_file",
            "data/a.csv",
        ),
        (
            "sqlalchemy.exc.ArgumentError: Could not parse SQLAlchemy URL from given URL string",
            "invalid_database_url",
            "postgresql://",
        ),
        ("RuntimeError: Directory 'static' does not exist", "missing_file", "static"),
        ("MemoryError", "out_of_memory", "need less"),
        ("KeyError: 'user'", "python_exception", "mend"),
        ("shop.errors.Nope: no", "python_exception", "mend"),
        (
            "pydantic_core._pydantic_core.ValidationError: 2 validation errors for S\ndatabase_url\n  Field required [type=missing, input_value={}, input_type=dict]\n    For further information visit x\nport\n  Field required [type=missing, input_value={}, input_type=dict]",
            "missing_env_var",
            "`DATABASE_URL`, `PORT`",
        ),
    ] {
        let found = diagnosed(Start, Python, "exit status 1", &format!("{PYTHON_TRACE}{last}"));
        assert_eq!(found.code, code, "{found:#?}");
        assert!(found.fix.contains(fix), "{found:#?}");
        assert!(found.evidence.iter().any(|line| line.contains("/srv/app/main.py\", line 2")), "{found:#?}");
    }
}

#[test]
fn the_end_counts_and_not_what_was_caught_before() {
    let output = format!(
        "{PYTHON_TRACE}ModuleNotFoundError: No module named 'optional'\nINFO: going on without it\nERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 1): address already in use"
    );
    assert_eq!(diagnosed(Start, Python, "exit status 1", &output).code, "port_in_use");
    let output = format!("connect ECONNREFUSED 127.0.0.1:6379\n{PYTHON_TRACE}KeyError: 'TOKEN'");
    assert_eq!(diagnosed(Start, Python, "exit status 1", &output).code, "missing_env_var");
}

#[test]
fn an_app_that_runs_is_not_accused_of_what_it_prints() {
    for output in [
        "ModuleNotFoundError: No module named 'x'",
        "SyntaxError: invalid syntax",
        "Error: Cannot find module 'express'\n    at x",
        "listening on http://127.0.0.1:41873",
        "JavaScript heap out of memory",
        "",
    ] {
        assert_eq!(diagnosed(Health, Python, "", output).code, "not_healthy", "{output}");
        assert_eq!(diagnosed(Health, Node, "", output).code, "not_healthy", "{output}");
    }
}

#[test]
fn what_is_shown_is_short_and_clean() {
    let output =
        format!("\u{1b}[31mError: Cannot find module '\u{202e}x'\u{1b}[0m {}\n    at y\n", "z".repeat(5_000));
    let found = diagnosed(Start, Node, "exit status 1", &output);
    let cause = found.cause_line.unwrap();
    assert!(cause.starts_with("Error: Cannot find module 'x' z") && cause.chars().count() <= 501, "{cause}");
    assert!(found.evidence.len() <= 5);
}

#[test]
fn codes_are_stable_snake_case_and_many() {
    let codes: std::collections::BTreeSet<&str> =
        RULES.iter().chain([&checks::RUNNING]).flat_map(|rules| rules.iter()).map(|rule| rule.code).collect();
    assert!(codes.len() >= 120, "{}", codes.len());
    for code in codes {
        assert!(code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{code}");
    }
}

proptest::proptest! {
    // Every case tries hundreds of patterns on every line, unoptimised.
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_output_makes_it_panic(lines in proptest::collection::vec("(npm error |error|E   |Error: |Traceback \\(most recent call last\\):|KeyError: 'X'|    at x|not ok|\\PC|\u{1b}){0,8}", 0..30), phase in 0..6_usize, runtime in 0..6_usize, exit in 0..4_usize) {
        let phase = [Install, Build, Test, Phase::Release, Start, Health][phase];
        let runtime = [Some(Python), Some(Node), Some(Rust), Some(Command), Some(Runtime::Static), None][runtime];
        let exit = [None, Some("exit status 1".to_owned()), Some("signal 9".to_owned()), Some("gone".to_owned())][exit].clone();
        let found = diagnose(&FailedStep { phase, runtime, exit, seen: None }, &lines, &|_| None);
        proptest::prop_assert!(!found.fix.is_empty() && !found.title.is_empty());
    }
}
