//! A rule: which line of which failure means what.

use super::pattern::capture;
use super::scene::Scene;
use super::{Confidence, Phase};
use crate::Runtime;

/// What a rule's `{}` captured.
pub(super) type Captured<'a> = &'a [&'a str];

/// One rule. The first pattern that matches decides.
pub(super) struct Rule {
    /// The stable code.
    pub(super) code: &'static str,
    /// The phases in which the text means this.
    pub(super) phases: &'static [Phase],
    /// The runtimes that say it like this; none: all.
    pub(super) runtimes: &'static [Runtime],
    pub(super) patterns: &'static [&'static str],
    pub(super) title: fn(Captured<'_>) -> String,
    pub(super) fix: fn(Captured<'_>) -> String,
}

/// A rule that fits a line.
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) line: usize,
    pub(super) title: String,
    pub(super) fix: String,
    pub(super) confidence: Confidence,
}

pub(super) const INSTALL: &[Phase] = &[Phase::Install];
pub(super) const MAKE: &[Phase] = &[Phase::Install, Phase::Build];
pub(super) const BUILD: &[Phase] = &[Phase::Build];
pub(super) const RUN: &[Phase] = &[Phase::Start, Phase::Health, Phase::Test, Phase::Release];
pub(super) const CODE: &[Phase] = &[Phase::Build, Phase::Test, Phase::Release, Phase::Start, Phase::Health];
pub(super) const TEST: &[Phase] = &[Phase::Test];
pub(super) const ANY: &[Phase] =
    &[Phase::Install, Phase::Build, Phase::Test, Phase::Release, Phase::Start, Phase::Health];

impl Rule {
    /// Whether the rule speaks about this kind of failure at all. An unknown runtime may be any.
    pub(super) fn applies(&self, scene: &Scene) -> bool {
        let knows = |runtime: Runtime| matches!(runtime, Runtime::Python | Runtime::Node | Runtime::Rust);
        let fits = match scene.runtime.filter(|runtime| knows(*runtime)) {
            Some(runtime) => self.runtimes.is_empty() || self.runtimes.contains(&runtime),
            None => true,
        };
        fits && self.phases.contains(&scene.phase)
    }

    /// Fits the rule to one line.
    pub(super) fn fit(&self, scene: &Scene, line: usize, confidence: Confidence) -> Option<Finding> {
        let text = scene.plain.get(line)?;
        let captured = self.patterns.iter().find_map(|pattern| capture(text, pattern))?;
        Some(Finding {
            code: self.code,
            line,
            title: (self.title)(&captured),
            fix: (self.fix)(&captured),
            confidence,
        })
    }
}

/// What the capture at this place is, or a word that stands for it.
pub(super) fn or<'a>(captured: Captured<'a>, at: usize, otherwise: &'a str) -> &'a str {
    captured.get(at).copied().filter(|text| !text.is_empty()).unwrap_or(otherwise)
}
