//! From a start command to the words that are executed.

use std::path::Path;

use crate::engine::StartCommand;

/// What is executed for `start`, in the release's folder.
pub(super) fn to_argv(start: &StartCommand, static_root: Option<&Path>, program: &Path) -> Vec<String> {
    match start {
        StartCommand::Shell(text) => shell(text),
        StartCommand::StaticSite | StartCommand::SinglePage => {
            let root = static_root.unwrap_or(Path::new("."));
            let words = [program, "serve-static".as_ref(), "--root".as_ref(), root];
            let mut words = words.map(|word| word.to_string_lossy().into_owned()).to_vec();
            if *start == StartCommand::SinglePage {
                words.push("--single-page".to_owned());
            }
            words
        }
    }
}

/// How a start command is shown to people.
pub(super) fn shown(start: &StartCommand) -> &str {
    match start {
        StartCommand::Shell(text) => text,
        StartCommand::StaticSite => "static site",
        StartCommand::SinglePage => "single page",
    }
}

/// `text` for the shell. A single command takes the shell's place, so that signals and the exit status are its own.
pub(super) fn shell(text: &str) -> Vec<String> {
    vec!["/bin/sh".to_owned(), "-c".to_owned(), build_plan::handed_over(text)]
}
