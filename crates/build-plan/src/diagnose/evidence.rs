//! From a finding to what is shown: the cause, and the lines that say where in the project it is.

use super::Diagnosis;
use super::rule::Finding;
use super::scene::Scene;

/// How many lines of evidence a diagnosis carries.
const EVIDENCE_MAX: usize = 5;
/// The longest line that a diagnosis shows, in characters.
pub(super) const SHOWN_CHARS_MAX: usize = 500;

/// The diagnosis that a finding makes.
pub(super) fn shown(scene: &Scene, finding: Finding) -> Diagnosis {
    let Finding { code, line, title, fix, confidence, .. } = finding;
    Diagnosis {
        code: code.to_owned(),
        title: short(&title, SHOWN_CHARS_MAX),
        cause_line: line.map(|line| short(scene.lines[line].trim(), SHOWN_CHARS_MAX)),
        evidence: line.map(|line| evidence(scene, line)).unwrap_or_default(),
        fix,
        patch: None,
        confidence,
        docs: None,
        verification: None,
        verification_note: None,
    }
}

/// The lines around the cause that say where in the project it is.
fn evidence(scene: &Scene, line: usize) -> Vec<String> {
    let mut places: Vec<usize> = Vec::new();
    let before = (line.saturating_sub(60)..line).rev();
    let place = before.clone().find(|at| is_own_frame(&scene.lines[*at]));
    if let Some(at) = place {
        places.push(at);
        // Python prints the line of source below its place.
        places.extend(Some(at + 1).filter(|at| *at < line && scene.lines[*at].starts_with("    ")));
    }
    places.push(line);
    let after = line + 1..scene.lines.len().min(line + 12);
    places.extend(after.clone().find(|at| scene.lines[*at].trim_start().starts_with("--> ")));
    places.extend(after.clone().find(|at| is_own_stack(&scene.lines[*at])));
    let shown = places.into_iter().take(EVIDENCE_MAX);
    shown.map(|at| short(scene.lines[at].trim(), SHOWN_CHARS_MAX)).collect()
}

/// A Python frame in the project's own code.
fn is_own_frame(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("File \"")
        && !["site-packages", "/lib/python", "<frozen", "dist-packages"]
            .iter()
            .any(|part| line.contains(part))
}

/// A Node frame in the project's own code.
fn is_own_stack(line: &str) -> bool {
    line.starts_with("    at ") && !line.contains("node:internal") && !line.contains("node_modules")
}

/// The text, cut at this many characters.
pub(super) fn short(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
