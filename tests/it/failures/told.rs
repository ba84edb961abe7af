//! What a person and a program are told when something goes wrong.

use std::path::Path;

use platform_api::Code;
use serde_json::Value;

use crate::harness::{Done, Home, Mcp};

/// An error as it came out, the same for people and for programs.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) message: String,
    pub(crate) hint: String,
    /// What a person read.
    pub(crate) text: String,
    /// The exit code.
    pub(crate) exit: i32,
}

impl Told {
    /// The error of a command that was run with `--json`: one document on stdout, the same in words on stderr.
    #[track_caller]
    pub(crate) fn of(done: &Done, code: &Code) -> Self {
        let document = done.json();
        let told = Self::of_error(&document["error"], code, &done.stderr, done.code);
        assert!(done.stderr.contains(&told.message), "people read the same: {done:#?}");
        told
    }

    /// The error in a JSON document, and the text that tells it to people.
    #[track_caller]
    pub(crate) fn of_error(error: &Value, code: &Code, text: &str, exit: i32) -> Self {
        assert_eq!(error["code"], code.as_str(), "{error:#} {text}");
        assert!(Code::ALL.contains(code), "`{code}` is no code of the contract");
        let words = |field: &str| error[field].as_str().unwrap_or_default().trim().to_owned();
        let told = Self { message: words("message"), hint: words("hint"), text: text.to_owned(), exit };
        assert!(!told.message.is_empty() && !told.hint.is_empty(), "{error:#}");
        assert!(text.contains(&format!("({code})")) && text.contains("hint: "), "{text}");
        assert_ne!(exit, 0);
        told
    }

    /// Fails the test unless the message says all of `words`.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.message.contains(word), "`{word}` is not in: {self:#?}");
        }
        self
    }

    /// Fails the test unless the hint says all of `words`.
    #[track_caller]
    pub(crate) fn hints(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.hint.contains(word), "`{word}` is not in the hint: {self:#?}");
        }
        self
    }

    /// Fails the test unless the program ended with this exit code.
    #[track_caller]
    pub(crate) fn exits(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{self:#?}");
        self
    }
}

/// Runs a command with `--json` that must fail with `code`.
#[track_caller]
pub(crate) fn refused(home: &Home, args: &[&str], code: &Code) -> Told {
    let args = [args, &["--json"]].concat();
    Told::of(&home.run(&args), code)
}

/// Calls a tool as an agent in `root`; it must fail with `code`.
#[track_caller]
pub(crate) fn tool_refused(home: &Home, root: &Path, call: (&str, &Value), code: &Code) -> Value {
    let error = Mcp::start(home, root).refused(call.0, call.1);
    assert_eq!(error["code"], code.as_str(), "{error:#}");
    for field in ["message", "hint"] {
        assert!(error[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {error:#}");
    }
    error
}
