//! A rule: which line of which failure means what.

use super::pattern::capture;
use super::scene::Scene;
use super::{Confidence, Phase};
use crate::Runtime;

/// The longest name that advice repeats, in bytes.
const NAME_BYTES_MAX: usize = 100;

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

/// A rule whose title and fix are plain texts: code, phases, runtimes, patterns, title, fix. In both texts `{0}` is the
/// first capture, and `{0|word}` has a word for when there is none.
macro_rules! rule {
    ($code:literal, $phases:expr, $runtimes:expr, [$($pattern:literal),+ $(,)?], $title:literal, $fix:literal $(,)?) => {
        $crate::diagnose::rule::Rule {
            code: $code,
            phases: $phases,
            runtimes: $runtimes,
            patterns: &[$($pattern),+],
            title: |captured| $crate::diagnose::rule::filled($title, captured),
            fix: |captured| $crate::diagnose::rule::filled($fix, captured),
        }
    };
}
pub(super) use rule;

/// A rule that fits a line.
pub(super) struct Finding {
    pub(super) code: &'static str,
    /// The line that says so, where one does.
    pub(super) line: Option<usize>,
    pub(super) title: String,
    pub(super) fix: String,
    pub(super) confidence: Confidence,
    /// What the rule's `{}` captured.
    pub(super) captured: Vec<String>,
}

pub(super) const INSTALL: &[Phase] = &[Phase::Install];
pub(super) const MAKE: &[Phase] = &[Phase::Install, Phase::Build];
pub(super) const BUILD: &[Phase] = &[Phase::Build];
pub(super) const RUN: &[Phase] = &[Phase::Release, Phase::Start, Phase::Health, Phase::Test];
pub(super) const CODE: &[Phase] = &[Phase::Build, Phase::Test, Phase::Release, Phase::Start, Phase::Health];
pub(super) const TEST: &[Phase] = &[Phase::Test];
pub(super) const ANY: &[Phase] =
    &[Phase::Install, Phase::Build, Phase::Test, Phase::Release, Phase::Start, Phase::Health];

impl Rule {
    /// Whether the rule speaks about this phase at all.
    pub(super) fn is_of_phase(&self, scene: &Scene) -> bool {
        self.phases.contains(&scene.phase)
    }

    /// Whether it is about the project's own runtime. An unknown runtime may be any.
    pub(super) fn is_of_runtime(&self, scene: &Scene) -> bool {
        let own = scene.runtime.filter(|runtime| !matches!(runtime, Runtime::Command | Runtime::Static));
        own.is_none_or(|runtime| self.runtimes.is_empty() || self.runtimes.contains(&runtime))
    }

    /// Fits the rule to one line.
    pub(super) fn fit(&self, scene: &Scene, line: usize, confidence: Confidence) -> Option<Finding> {
        let text = scene.plain.get(line)?;
        // Tools that run others indent what those say.
        let is_tool = matches!(scene.phase, Phase::Install | Phase::Build);
        let inner = Some(text.trim_start()).filter(|inner| is_tool && inner.len() < text.len());
        let said = |pattern: &str| {
            let indented = || inner.and_then(|inner| capture(inner, pattern));
            capture(text, pattern).or_else(indented).filter(|_| !scene.is_quoted(line, pattern))
        };
        let captured = self.patterns.iter().find_map(|pattern| said(pattern))?;
        let names: Vec<&str> = captured.iter().map(|text| name(text)).collect();
        Some(Finding {
            code: self.code,
            line: Some(line),
            title: (self.title)(&captured),
            fix: (self.fix)(&names),
            confidence,
            captured: captured.into_iter().map(str::to_owned).collect(),
        })
    }
}

/// What advice may repeat of an app's words: a name, or of more than that the last word. A sentence could be advice itself.
fn name(text: &str) -> &str {
    let is_part = |c: char| c.is_ascii_graphic() && !matches!(c, '`' | '"' | '\'' | '\\');
    let word = text.rsplit(' ').next().unwrap_or(text).trim_matches(['\'', '"', '`']);
    let is_name = word.len() <= NAME_BYTES_MAX && word.chars().all(is_part);
    if is_name { word } else { "…" }
}

/// What the capture at this place is, or a word that stands for it.
pub(super) fn or<'a>(captured: Captured<'a>, at: usize, otherwise: &'a str) -> &'a str {
    captured.get(at).copied().filter(|text| !text.is_empty()).unwrap_or(otherwise)
}

/// The template with the captures in their places.
pub(super) fn filled(template: &str, captured: Captured<'_>) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((place, behind)) = after.split_once('}') else { break };
        let (number, otherwise) = place.split_once('|').unwrap_or((place, "?"));
        text.push_str(before);
        if let Ok(at) = number.parse() {
            text.push_str(or(captured, at, otherwise));
        } else {
            // A brace of the text's own.
            text.push('{');
            text.push_str(place);
            text.push('}');
        }
        rest = behind;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_take_captures_and_have_words_for_what_is_not_there() {
        assert_eq!(filled("a `{0}` b {1|none} {\"x\": 1}", &["x"]), "a `x` b none {\"x\": 1}");
        assert_eq!(filled("{0} {", &[]), "? {");
    }
}
