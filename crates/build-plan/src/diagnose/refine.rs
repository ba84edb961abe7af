//! Findings whose meaning depends on more than one line.

use super::Confidence;
use super::rule::Finding;
use super::scene::Scene;

/// How far around a finding its context lies, in lines.
const CONTEXT_LINES: usize = 10;

/// Looks at the lines around what an installation or a build printed.
pub(super) fn refined(scene: &Scene, found: Finding) -> Finding {
    match found.code {
        "dependency_version_missing" => needs_other_python(scene, found),
        "compile_error" => manifest_error(scene, found),
        "missing_crate" => at_its_error(scene, found),
        "wrong_rust_version" => needs_other_rust(scene, found),
        _ => found,
    }
}

/// pip lists versions that exist and need another Python; the wanted one may be among them.
fn needs_other_python(scene: &Scene, found: Finding) -> Finding {
    const IGNORED: &str = "ERROR: Ignored the following versions that require a different python version";
    let version = said(scene, &found).rsplit("==").next().unwrap_or_default().trim().to_owned();
    let is_wanted =
        |line: &String| line.starts_with(IGNORED) && line.contains(&format!(" {version} Requires-Python"));
    match scene.plain.iter().position(is_wanted) {
        Some(line) => Finding {
            code: "wrong_python_version",
            line: Some(line),
            title: format!("Version {version} of a package does not run on the installed Python"),
            fix: "choose a version of the package for the installed Python, or say in .python-version which Python the project needs".to_owned(),
            confidence: Confidence::High,
            captured: vec![version],
        },
        None => found,
    }
}

/// Cargo says first which Rust there is, and below which one each crate wants.
fn needs_other_rust(scene: &Scene, found: Finding) -> Finding {
    let wanted =
        |line: &String| line.split_once(" requires rustc ").map(|(_, version)| version.trim().to_owned());
    let known = scene.plain.iter().enumerate().find_map(|(at, line)| Some((at, wanted(line)?)));
    match known {
        Some((line, version)) => Finding {
            line: Some(line),
            title: format!("The project needs another Rust ({version})"),
            ..found
        },
        None => found,
    }
}

/// Cargo reports a broken manifest like a compile error, only in another file.
fn manifest_error(scene: &Scene, found: Finding) -> Finding {
    let context = scene.plain.iter().skip(found.line.unwrap_or_default()).take(CONTEXT_LINES);
    let place = context.map(|line| line.trim()).find(|line| line.starts_with("--> "));
    match place.filter(|place| place.contains("Cargo.toml") || place.contains("Cargo.lock")) {
        Some(place) => Finding {
            code: "invalid_manifest",
            title: format!(
                "A manifest does not parse: {}",
                said(scene, &found).trim_start_matches("error: ")
            ),
            fix: format!("mend {} at the place that the message names", place.trim_start_matches("--> ")),
            ..found
        },
        None => found,
    }
}

/// rustc says in an annotation that a crate is not known; the error itself stands above.
fn at_its_error(scene: &Scene, found: Finding) -> Finding {
    let Some(line) = found.line else { return found };
    let start = line.saturating_sub(CONTEXT_LINES);
    let error = (start..=line).rev().find(|at| scene.plain[*at].starts_with("error"));
    Finding { line: Some(error.unwrap_or(line)), ..found }
}

fn said<'s>(scene: &'s Scene, found: &Finding) -> &'s str {
    found.line.map(|line| scene.plain[line].as_str()).unwrap_or_default()
}

/// Settings that Pydantic reads from the environment are missing: the names stand below the exception.
pub(super) fn missing_settings(scene: &Scene, exception: usize) -> Option<Finding> {
    let line = &scene.plain[exception];
    if !line.contains("ValidationError: ") || !line.contains("validation error") {
        return None;
    }
    let below = &scene.plain[exception + 1..];
    let pairs = below.iter().zip(below.iter().skip(1));
    let missing = pairs.filter(|(_, said)| said.contains("Field required [type=missing"));
    let names: Vec<String> =
        missing.map(|(name, _)| format!("`{}`", name.trim().to_ascii_uppercase())).take(8).collect();
    if names.is_empty() {
        return None;
    }
    let names = names.join(", ");
    Some(Finding {
        code: "missing_env_var",
        line: Some(exception),
        title: format!("Settings are not set: {names}"),
        fix: format!(
            "set {names} under `env` in backend-im.yml or in the deploy's `env`, or give the fields defaults"
        ),
        confidence: Confidence::High,
        captured: Vec::new(),
    })
}
