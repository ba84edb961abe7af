//! A plan in the making: what one detector found, before the configuration has its say.

use std::borrow::Cow;

use crate::{Evidence, Install, Runtime};

/// How sure a detector is that the project is what it says. On a tie the person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Files that can be served as they are.
    Files,
    /// Files that can be served once they are built.
    Assets,
    /// A program that can be started; nothing says that it serves.
    Program,
    /// A program that serves HTTP: its framework or its own code says so.
    Server,
}

/// What one detector found.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) runtime: Runtime,
    pub(crate) strength: Strength,
    pub(crate) framework: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) install: Option<Install>,
    pub(crate) build: Option<String>,
    pub(crate) start: Option<String>,
    pub(crate) static_root: Option<String>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) warnings: Vec<String>,
}

impl Draft {
    pub(crate) fn new(runtime: Runtime, strength: Strength, source: impl Into<String>) -> Self {
        let mut draft = Self {
            runtime,
            strength,
            framework: None,
            version: None,
            install: None,
            build: None,
            start: None,
            static_root: None,
            evidence: Vec::new(),
            warnings: Vec::new(),
        };
        draft.note("runtime", runtime.name(), source);
        draft
    }

    /// Records which file decided a field; a later decision about the same field replaces the earlier one's.
    pub(crate) fn note(&mut self, field: &'static str, value: impl Into<String>, source: impl Into<String>) {
        let evidence = Evidence { field: Cow::Borrowed(field), value: value.into(), source: source.into() };
        match self.evidence.iter_mut().find(|known| known.field == field) {
            Some(known) => *known = evidence,
            None => self.evidence.push(evidence),
        }
    }

    pub(crate) fn set_framework(&mut self, name: &str, source: impl Into<String>) {
        self.note("framework", name, source);
        self.framework = Some(name.to_owned());
    }

    pub(crate) fn set_version(&mut self, version: &str, source: impl Into<String>) {
        self.note("version", version, source);
        self.version = Some(version.to_owned());
    }

    pub(crate) fn set_install(&mut self, install: Install) {
        self.note("install", install.command.clone(), install.inputs.join(", "));
        self.install = Some(install);
    }

    pub(crate) fn set_build(&mut self, build: impl Into<String>, source: impl Into<String>) {
        let build = build.into();
        self.note("build", build.clone(), source);
        self.build = Some(build);
    }

    pub(crate) fn set_start(&mut self, start: impl Into<String>, source: impl Into<String>) {
        let start = start.into();
        self.note("start", start.clone(), source);
        self.start = Some(start);
    }

    pub(crate) fn set_static_root(&mut self, root: &str, source: impl Into<String>) {
        self.note("static_root", root, source);
        self.static_root = Some(root.to_owned());
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}
