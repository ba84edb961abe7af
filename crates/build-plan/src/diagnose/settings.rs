//! Settings that a program checks all at once: the names that are missing stand around the line that says so.

use super::Confidence;
use super::environment::is_setting;
use super::rule::Finding;
use super::scene::Scene;

/// How many lines above and below the complaint may name settings.
const LINES_ABOVE: usize = 12;
const LINES_BELOW: usize = 40;
/// How many names a diagnosis tells.
const NAMES_MAX: usize = 8;
/// Within how many of the last lines such a complaint is why the program ended.
const TAIL_LINES: usize = 60;

/// How the libraries that check settings speak of them all, and what they say of them.
const SETTINGS: &[&str] = &[
    "environment variables",
    "env variables",
    "env vars",
    "environment validation",
    "environment configuration",
];
const COMPLAINTS: &[&str] = &["invalid", "missing", "failed", "required", "not set", "undefined"];

/// The settings that the last such complaint names.
pub(super) fn missing(scene: &Scene) -> Option<Finding> {
    let start = scene.plain.len().saturating_sub(TAIL_LINES);
    let line = (start..scene.plain.len()).rev().find(|at| !scene.is_chat(*at) && is_complaint(scene, *at))?;
    let names = names(scene, line);
    if names.is_empty() {
        return None;
    }
    let shown: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let shown = shown.join(", ");
    Some(Finding {
        code: "missing_env_var",
        line: Some(naming(scene, line, &names)),
        title: format!("Settings are not set: {shown}"),
        fix: format!(
            "set {shown} under `env` in backend-im.yml or in the deploy's `env`, or give the fields defaults"
        ),
        confidence: Confidence::High,
        captured: Vec::new(),
    })
}

fn is_complaint(scene: &Scene, at: usize) -> bool {
    let line = scene.plain[at].as_str();
    // Pydantic, Zod, and whoever says it in words.
    (line.contains("ValidationError: ") && line.contains("validation error"))
        || line.starts_with("ZodError: [")
        || complains_of_settings(line)
}

fn complains_of_settings(line: &str) -> bool {
    let lower = line.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    has(SETTINGS) && has(COMPLAINTS) && !lower.contains("throw ")
}

/// The line that names them, if it is one: an exception behind it may only say that there was something.
fn naming(scene: &Scene, line: usize, names: &[String]) -> usize {
    let start = line.saturating_sub(LINES_ABOVE);
    let tells = |at: &usize| scene.plain[*at].contains(&names[0]) && is_complaint(scene, *at);
    (start..=line).rev().find(tells).unwrap_or(line)
}

fn names(scene: &Scene, line: usize) -> Vec<String> {
    let text = &scene.plain[line];
    let below = &scene.plain[line + 1..scene.plain.len().min(line + LINES_BELOW)];
    let above = &scene.plain[line.saturating_sub(LINES_ABOVE)..=line];
    let mut names: Vec<String> = if text.contains("ValidationError: ") {
        of_pydantic(below)
    } else if text.starts_with("ZodError: [") {
        below.iter().filter_map(|line| in_quotes(line)).map(str::to_owned).collect()
    } else {
        let around = below.iter().filter(|line| !line.starts_with("    at ")).chain(above.iter().rev());
        around
            .filter(|line| tells_setting(line))
            .flat_map(|line| variables(line))
            .map(str::to_owned)
            .collect()
    };
    let mut seen = Vec::new();
    names.retain(|name| {
        let is_new = !seen.contains(name);
        seen.push(name.clone());
        is_new
    });
    names.truncate(NAMES_MAX);
    names
}

/// Pydantic writes the field's name, and below it what is wrong.
fn of_pydantic(below: &[String]) -> Vec<String> {
    let pairs = below.iter().zip(below.iter().skip(1));
    let missing = pairs.filter(|(_, said)| {
        said.contains("Field required [type=missing") || said.contains("(type=value_error.missing)")
    });
    missing.map(|(name, _)| name.trim().to_ascii_uppercase()).collect()
}

/// Whether the line says of settings that they are required, undefined or invalid.
fn tells_setting(line: &str) -> bool {
    let lower = line.to_lowercase();
    ["required", "undefined", "missing", "invalid", "expected", "not set", "must be", "path: ["]
        .iter()
        .any(|word| lower.contains(word))
}

fn variables(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|word| is_setting(word))
}

/// The name in a line such as `"DATABASE_URL"`.
fn in_quotes(line: &str) -> Option<&str> {
    let name = line.trim().trim_end_matches(',').strip_prefix('"')?.strip_suffix('"')?;
    is_setting(name).then_some(name)
}
