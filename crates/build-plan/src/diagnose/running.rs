//! A process that runs and is not healthy. What it printed cannot be why it ended; little of it says why nobody gets an
//! answer. What the health check saw decides.

use super::evidence::short;
use super::rule::Finding;
use super::scene::Scene;
use super::{Confidence, Phase, Seen, TAIL_LINES, checks, database, is_cause, network, pattern, rules};
use crate::Runtime;

/// The process runs and is not healthy.
pub(super) fn running(scene: &Scene) -> Option<Finding> {
    let lines = || (0..scene.plain.len()).rev();
    let allowed = || lines().find_map(|at| checks::RUNNING[0].fit(scene, at, Confidence::High));
    match &scene.seen {
        Some(Seen::OtherPort(address)) => Some(on_other_port(scene, address)),
        Some(Seen::OtherAddress(address)) => Some(on_other_address(scene, address)),
        Some(Seen::Nothing) => waiting(scene).or_else(|| Some(of_sight(checks::NEVER_LISTENED))),
        Some(Seen::Silence) => waiting(scene).or_else(|| Some(of_sight(checks::NEVER_ANSWERED))),
        Some(Seen::Status { path, status }) => {
            let failed = || failed_request(scene).filter(|_| *status >= 500);
            allowed().or_else(failed).or_else(|| Some(by_status(path, *status)))
        }
        None => allowed()
            .or_else(|| failed_request(scene))
            .or_else(|| waiting(scene))
            .or_else(|| port_ignored(scene)),
    }
}

/// A finding that stands on what the health check saw and on no line.
fn of_sight((code, title, fix): (&'static str, &str, &str)) -> Finding {
    Finding {
        code,
        line: None,
        title: title.to_owned(),
        fix: fix.to_owned(),
        confidence: Confidence::Medium,
        captured: Vec::new(),
    }
}

fn on_other_port(scene: &Scene, address: &str) -> Finding {
    let port = address.rsplit(':').next().unwrap_or(address);
    let says = |line: &String| line.split(|c: char| !c.is_ascii_digit()).any(|number| number == port);
    Finding {
        code: "port_ignored",
        line: scene.plain.iter().rposition(says),
        title: format!("The app listens on {address} and not on the port that it was told"),
        fix: format!(
            "read the port from the PORT environment variable instead of using {port} always (and the address from HOST): \
             {}, or `--port $PORT` in the start command",
            reading_port(scene.runtime)
        ),
        confidence: Confidence::High,
        captured: vec![address.to_owned()],
    }
}

/// How the runtime's programs read the port.
fn reading_port(runtime: Option<Runtime>) -> &'static str {
    match runtime {
        Some(Runtime::Python) => "`os.environ[\"PORT\"]`",
        Some(Runtime::Node | Runtime::Bun) => "`process.env.PORT`",
        Some(Runtime::Deno) => "`Deno.env.get(\"PORT\")`",
        Some(Runtime::Go) => "`os.Getenv(\"PORT\")`",
        Some(Runtime::Rust) => "`std::env::var(\"PORT\")`",
        Some(Runtime::Ruby) => "`ENV[\"PORT\"]`",
        Some(Runtime::Php) => "`getenv(\"PORT\")`",
        Some(Runtime::Java) => "`System.getenv(\"PORT\")` (`server.port=${PORT:8080}` for Spring Boot)",
        Some(Runtime::Dotnet) => "`Environment.GetEnvironmentVariable(\"PORT\")`",
        Some(Runtime::Elixir) => "`System.get_env(\"PORT\")`",
        Some(Runtime::Static | Runtime::Command) | None => "`process.env.PORT`, `os.environ[\"PORT\"]`",
    }
}

fn on_other_address(scene: &Scene, address: &str) -> Finding {
    let says = |line: &String| line.contains(address);
    Finding {
        code: "wrong_address",
        line: scene.plain.iter().rposition(says),
        title: format!("The app listens on {address} only, where nobody else can reach it"),
        fix: "bind the address in $HOST (or 0.0.0.0) together with the port in $PORT, not 127.0.0.1 or localhost"
            .to_owned(),
        confidence: Confidence::High,
        captured: vec![address.to_owned()],
    }
}

/// What a status alone says about the path that was asked.
fn by_status(path: &str, status: u16) -> Finding {
    let (code, fix) = match status {
        404 => (
            "health_path_missing",
            "set `health_path` in backend-im.yml to a path that the app answers with success",
        ),
        401 | 403 => (
            "health_path_protected",
            "set `health_path` in backend-im.yml to a path that answers without a login, and allow the host of the platform",
        ),
        300..=399 => (
            "health_path_redirects",
            "set `health_path` in backend-im.yml to a path that answers by itself; an app that redirects to https must trust \
             X-Forwarded-Proto",
        ),
        _ => (
            "answers_with_error",
            "look at the app's own output (logs), mend what makes it answer an error, and deploy again",
        ),
    };
    Finding {
        code,
        line: None,
        title: format!("The app answers {path} with status {status}"),
        fix: fix.to_owned(),
        confidence: Confidence::Medium,
        captured: vec![path.to_owned()],
    }
}

/// The probe's request makes the app fail.
fn failed_request(scene: &Scene) -> Option<Finding> {
    let at = scene.plain.iter().rposition(|line| checks::REQUESTS.iter().any(|text| line.contains(text)))?;
    if scene.phase != Phase::Health {
        return None;
    }
    let fatal = scene.fatal_lines().into_iter().find(|line| *line > at);
    let cause = fatal.unwrap_or(at);
    let known = [
        "migrations_pending",
        "table_missing",
        "database_missing",
        "database_refused",
        "asgi_wsgi_mismatch",
        "missing_file",
        "missing_env_var",
        "secret_key_missing",
        "static_file_missing",
        "assets_not_built",
        "assets_not_precompiled",
        "storage_not_writable",
        "missing_module",
    ];
    let particular = rules(scene)
        .filter(|rule| known.contains(&rule.code))
        .find_map(|rule| rule.fit(scene, cause, Confidence::Medium).filter(|found| is_cause(scene, found)));
    particular.or_else(|| {
        Some(Finding {
            code: "request_failed",
            line: Some(cause),
            title: format!("The app answers the probe with an error: {}", short(&scene.plain[cause], 160)),
            fix: "mend the handler, or set `health_path` in backend-im.yml to a path that answers without it"
                .to_owned(),
            confidence: Confidence::Medium,
            captured: Vec::new(),
        })
    })
}

/// The app waits for something that does not answer.
fn waiting(scene: &Scene) -> Option<Finding> {
    const WAITING: &[&str] = &[
        "database_refused",
        "database_auth_failed",
        "database_tls_required",
        "host_not_found",
        "connection_refused",
    ];
    let start = scene.plain.len().saturating_sub(TAIL_LINES);
    (start..scene.plain.len()).rev().find_map(|at| {
        let mut fitting =
            database::RULES.iter().chain(network::RULES).filter(|rule| WAITING.contains(&rule.code));
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
