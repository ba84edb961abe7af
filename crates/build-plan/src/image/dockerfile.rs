//! A Dockerfile in the making: instructions, one below the other, in paragraphs.

use std::fmt::Write as _;

use super::quote::{self, command, comment};
use super::recipe::Step;
use super::system;

/// The text so far.
pub(super) struct Dockerfile {
    text: String,
    /// Whether the newest line is a sentence about what follows.
    is_introduced: bool,
}

impl Dockerfile {
    /// Begins with these lines of comment.
    pub(super) fn begun(about: &[&str]) -> Self {
        let mut file = Self { text: "# syntax=docker/dockerfile:1\n".to_owned(), is_introduced: false };
        for line in about {
            file.line(&comment(line));
        }
        file
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        self.is_introduced = false;
    }

    /// Begins a paragraph.
    pub(super) fn space(&mut self) {
        self.text.push('\n');
    }

    /// Begins a paragraph with a sentence.
    pub(super) fn say(&mut self, sentence: &str) {
        self.space();
        self.line(&comment(sentence));
        self.is_introduced = true;
    }

    pub(super) fn from(&mut self, image: &str, name: Option<&str>) {
        if !self.is_introduced {
            self.space();
        }
        let name = name.map_or_else(String::new, |name| format!(" AS {name}"));
        self.instruction("FROM", &format!("{image}{name}"));
    }

    pub(super) fn instruction(&mut self, name: &str, rest: &str) {
        writeln!(self.text, "{name} {rest}").expect("writing to a String");
        self.is_introduced = false;
    }

    pub(super) fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Say(sentence) => self.say(sentence),
                Step::Unlike(rule) => self.line(&format!("# hadolint ignore={rule}")),
                Step::Packages(packages) => self.packages(packages),
                Step::Env(variables) => self.env(variables),
                Step::Copy { from, what, to } => self.copy_from(from, what, to),
                Step::Run { caches, commands } => self.run(caches, commands),
            }
        }
    }

    pub(super) fn copy_from(&mut self, image: &str, what: &str, to: &str) {
        self.instruction("COPY", &format!("--from={image} {what} {to}"));
    }

    pub(super) fn env(&mut self, variables: &[(String, String)]) {
        let pair = |(name, text): &(String, String)| match name.as_str() {
            // It goes on with the one before.
            "PATH" if text.ends_with(":$PATH") => format!("{name}={text}"),
            _ => format!("{name}={}", quote::value(text)),
        };
        let pairs: Vec<String> = variables.iter().map(pair).collect();
        self.instruction("ENV", &pairs.join(" \\\n    "));
    }

    pub(super) fn run(&mut self, caches: &[String], commands: &[String]) {
        let mounts = caches.iter().map(|cache| format!("--mount=type=cache,target={cache}"));
        let parts: Vec<String> = mounts.chain([quote::commands(commands)]).collect();
        self.instruction("RUN", &parts.join(" \\\n    "));
    }

    pub(super) fn packages(&mut self, packages: &[String]) {
        if !packages.is_empty() {
            // Debian keeps no older versions of a package that could be named.
            self.line("# hadolint ignore=DL3008");
            self.run(&[], &system::command(packages));
        }
    }

    pub(super) fn run_one(&mut self, text: &str) {
        self.instruction("RUN", &command(text));
    }
}
