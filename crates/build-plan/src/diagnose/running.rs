//! A process that runs and is not healthy. What it printed cannot be why it ended; little of it says why nobody gets an
//! answer.

use super::evidence::short;
use super::rule::Finding;
use super::scene::Scene;
use super::{Confidence, Phase, TAIL_LINES, checks, is_cause, network, pattern, rules};

/// The process runs and is not healthy.
pub(super) fn running(scene: &Scene) -> Option<Finding> {
    let lines = || (0..scene.plain.len()).rev();
    let allowed = lines().find_map(|at| checks::RUNNING[0].fit(scene, at, Confidence::High));
    allowed.or_else(|| failed_request(scene)).or_else(|| waiting(scene)).or_else(|| port_ignored(scene))
}

/// The probe's request makes the app fail.
fn failed_request(scene: &Scene) -> Option<Finding> {
    let at = scene.plain.iter().rposition(|line| checks::REQUESTS.iter().any(|text| line.contains(text)))?;
    if scene.phase != Phase::Health {
        return None;
    }
    let fatal = scene.fatal_lines().into_iter().find(|line| *line > at);
    let cause = fatal.unwrap_or(at);
    let known =
        ["table_missing", "database_missing", "asgi_wsgi_mismatch", "missing_file", "missing_env_var"];
    let particular = rules(scene)
        .filter(|rule| known.contains(&rule.code))
        .find_map(|rule| rule.fit(scene, cause, Confidence::Medium).filter(|found| is_cause(scene, found)));
    particular.or_else(|| {
        Some(Finding {
            code: "request_failed",
            line: cause,
            title: format!("The app answers the probe with an error: {}", short(&scene.plain[cause], 160)),
            fix: "mend the handler, or set `health_path` in backend-im.yml to a path that answers without it"
                .to_owned(),
            confidence: Confidence::Medium,
        })
    })
}

/// The app waits for something that does not answer.
fn waiting(scene: &Scene) -> Option<Finding> {
    const WAITING: &[&str] =
        &["database_refused", "database_auth_failed", "host_not_found", "connection_refused"];
    let start = scene.plain.len().saturating_sub(TAIL_LINES);
    (start..scene.plain.len()).rev().find_map(|at| {
        let mut fitting = network::RULES.iter().filter(|rule| WAITING.contains(&rule.code));
        fitting.find_map(|rule| rule.fit(scene, at, Confidence::Medium))
    })
}

fn port_ignored(scene: &Scene) -> Option<Finding> {
    let rule = &checks::RUNNING[1];
    (0..scene.plain.len()).rev().find_map(|at| {
        let captured =
            rule.patterns.iter().find_map(|pattern| pattern::capture(&scene.plain[at], pattern))?;
        rule.fit(scene, at, Confidence::Medium).filter(|_| checks::is_habitual(&captured))
    })
}
