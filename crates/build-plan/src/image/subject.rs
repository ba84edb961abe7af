//! The plan, and the few files that say more about an image than it does.

use std::rc::Rc;

use super::quote::is_plain;
use crate::project::{Project, Read};
use crate::{Install, Listing, Plan};

/// Where the project lies in the image.
pub(super) const APP: &str = "/app";

/// What an image is made of.
pub(super) struct Subject<'a> {
    pub(super) plan: &'a Plan,
    /// All that is uploaded.
    whole: Project<'a>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(plan: &'a Plan, listing: &'a Listing, read: Read<'a>) -> Self {
        Self { plan, whole: Project::new(listing, read) }
    }

    /// A path of the plan as one of what is uploaded.
    pub(super) fn at(&self, path: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in self.plan.root.iter().flat_map(|root| root.split('/')).chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    /// The folder of the image in which commands run.
    pub(super) fn place(&self) -> String {
        match &self.plan.root {
            Some(_) => format!("{APP}/{}", self.at("")),
            None => APP.to_owned(),
        }
    }

    /// A path of the plan as one of the image.
    pub(super) fn placed(&self, path: &str) -> String {
        format!("{APP}/{}", self.at(path)).trim_end_matches('/').to_owned()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.whole.has(&self.at(path))
    }

    pub(super) fn has_folder(&self, path: &str) -> bool {
        self.whole.listing().has_folder(&self.at(path))
    }

    /// The text of a manifest or a lock; nothing where there is none that can be read.
    pub(super) fn text(&self, path: &str) -> Option<Rc<str>> {
        self.whole.lock(&self.at(path)).ok().flatten()
    }

    /// The paths of all that is uploaded.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.whole.listing().iter().map(|file| file.path.as_str())
    }

    /// The paths of the project's files, relative to it.
    pub(super) fn files(&self) -> Vec<&'a str> {
        let root = self.at("");
        let length = if root.is_empty() { 0 } else { root.len() + 1 };
        self.whole.listing().under(&root).map(|file| &file.path[length..]).collect()
    }

    /// The text of an ignore file at the top of what is uploaded.
    pub(super) fn ignore_files(&self, name: &str) -> Vec<(String, Rc<str>)> {
        let ours = self.paths().filter(|path| path.rsplit('/').next() == Some(name));
        let folder =
            |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
        ours.filter_map(|path| Some((folder(path), self.whole.manifest(path).ok()??))).collect()
    }

    /// The files that decide what is installed, relative to what is uploaded, with those of `more` that are there.
    /// Folders end with a slash. Nothing where a name of one is not for a Dockerfile.
    pub(super) fn inputs(&self, install: &Install, more: &[&str]) -> Vec<String> {
        let more = more.iter().filter(|path| self.has(path) || self.has_folder(path));
        let paths = install.inputs.iter().map(String::as_str).chain(more.copied());
        let mut inputs: Vec<String> = Vec::new();
        for path in paths.map(|path| self.at(path)) {
            if !is_plain(&path) {
                return Vec::new();
            }
            let is_folder = !self.whole.has(&path);
            let path = if is_folder { format!("{path}/") } else { path };
            if !inputs.contains(&path) {
                inputs.push(path);
            }
        }
        inputs
    }

    /// Whether a command of the plan names this program as a word of its own.
    pub(super) fn starts_with_program(&self, program: &str) -> bool {
        let texts = [&self.plan.start, &self.plan.release];
        texts.into_iter().flatten().any(|text| text.split_whitespace().any(|word| word == program))
    }

    /// The folders that the tools of a build keep valid by themselves, for cache mounts.
    pub(super) fn caches(&self) -> Vec<String> {
        let kept =
            self.plan.layers.iter().filter(|layer| layer.inputs.is_empty()).flat_map(|layer| &layer.holds);
        let place = |folder: &String| match folder.strip_prefix("~/") {
            Some(inside) => format!("/root/{inside}"),
            None => self.placed(folder),
        };
        kept.map(place).filter(|folder| is_plain(folder)).collect()
    }
}
