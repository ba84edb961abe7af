//! `tests/projects/RUN.txt`: a line for each project.

use std::path::Path;

use crate::harness::has_tool;

/// What the table says about a project.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) how: How,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It is deployed; the answer at `path` contains `text`.
    Run { pace: Pace, needs: Option<String>, path: String, text: String },
    /// It cannot be.
    NotRun { reason: String },
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// With every run of the tests.
    Usual,
    /// It takes minutes: only where that is asked for.
    Nightly,
}

impl Row {
    /// Whether it is deployed now. `choice` is empty, `all`, or names projects.
    pub(super) fn is_run(&self, choice: &str) -> bool {
        let How::Run { pace, needs, .. } = &self.how else { return false };
        let is_chosen = match choice {
            "" => *pace == Pace::Usual,
            "all" => true,
            names => names.split(',').any(|name| name == self.name),
        };
        is_chosen && needs.as_ref().is_none_or(|tool| has_tool(&self.name, tool))
    }

    /// Why it is not deployed.
    pub(super) fn reason(&self) -> String {
        match &self.how {
            How::NotRun { reason } => reason.clone(),
            How::Run { needs: Some(tool), .. } if !has_tool(&self.name, tool) => {
                format!("`{tool}` is not on this machine")
            }
            How::Run { .. } => "not chosen; BACKEND_IM_PROJECTS=all runs every one".to_owned(),
        }
    }
}

/// Reads the table; a line that says nothing fails the test.
pub(super) fn read(path: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(path).expect("RUN.txt");
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| row(line).unwrap_or_else(|| panic!("RUN.txt: `{line}` says nothing"))).collect()
}

fn row(line: &str) -> Option<Row> {
    let (how, rest) = word(line)?;
    let (name, mut rest) = word(rest)?;
    let pace = match how {
        "run" => Pace::Usual,
        "nightly" => Pace::Nightly,
        "not-run" => {
            return Some(Row { name: name.to_owned(), how: How::NotRun { reason: rest.to_owned() } });
        }
        _ => return None,
    };
    let mut needs = None;
    if let Some((tool, after)) = rest.strip_prefix("needs=").and_then(word) {
        (needs, rest) = (Some(tool.to_owned()), after);
    }
    let (path, text) = word(rest).filter(|(path, text)| path.starts_with('/') && !text.is_empty())?;
    let (path, text) = (path.to_owned(), text.to_owned());
    Some(Row { name: name.to_owned(), how: How::Run { pace, needs, path, text } })
}

/// The first word, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let (word, rest) = text.split_once(' ')?;
    Some((word, rest.trim()))
}
