//! Rules about apps that run and are not healthy.

use super::Phase;
use super::rule::{Captured, Rule, or};

/// What an app that runs prints when it will not get healthy. These are hints, not proof.
pub(super) const RUNNING: &[Rule] = &[
    Rule {
        code: "host_not_allowed",
        phases: &[Phase::Health],
        runtimes: &[],
        patterns: &[
            "Invalid HTTP_HOST header: '{}'",
            "Invalid host header",
            "Blocked request. This host (\"{}\") is not allowed.",
            "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: {}",
            "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked host: {}",
            "Host header is specified and is not an IP address or localhost",
        ],
        title: |c| format!("The app refuses requests for the host `{}`", or(c, 0, "of the platform")),
        fix: |_| {
            "allow the hosts `127.0.0.1` and `.localhost` (Django: ALLOWED_HOSTS, Rails: config.hosts, Vite: preview.allowedHosts)"
                .to_owned()
        },
    },
    Rule {
        code: "port_ignored",
        phases: &[Phase::Start, Phase::Health],
        runtimes: &[],
        patterns: &[
            "running on http://{}",
            "Running on http://{}",
            "running at http://{}",
            "Listening at: http://{}",
            "istening on http://{}",
            "istening on port {}",
            "istening on {}",
            "running on port {}",
            "tarted on port {}",
            "Local:   http://{}",
            "Local: http://{}",
        ],
        title: |c| format!("The app says that it listens on {}", or(c, 0, "a port of its own")),
        fix: |_| {
            "listen on the environment's PORT and HOST: `process.env.PORT`, `os.environ[\"PORT\"]`, or `--port $PORT` in the start command".to_owned()
        },
    },
];

/// Code, title and fix for an app that runs and opens no port.
pub(super) const NEVER_LISTENED: (&str, &str, &str) = (
    "never_listened",
    "The app runs and listens on no port",
    "start an HTTP server on $HOST:$PORT; if the app does slow work first, start listening before it",
);

/// Code, title and fix for an app that accepts connections and says nothing.
pub(super) const NEVER_ANSWERED: (&str, &str, &str) = (
    "never_answered",
    "The app accepts connections and answers no request",
    "something blocks the app: look at its output, do slow work in the background, and speak HTTP on $PORT",
);

/// What a server prints when a request, such as the probe, makes the app fail.
pub(super) const REQUESTS: &[&str] = &[
    "Exception in ASGI application",
    "Error handling request",
    "Internal Server Error:",
    "Exception on / [GET]",
    "Exception on /",
    "ActiveRecord::PendingMigrationError",
    "Phoenix.Ecto.PendingMigrationError",
    "Unhandled Exception",
    "An unhandled exception has occurred while executing the request",
    "production.ERROR: ",
    "local.ERROR: ",
    "[request error] [unhandled]",
    "[auth][error] ",
];

/// Ports that people write into code; an instance's own is never one of them.
const HABITUAL_PORTS: &[&str] = &[
    "80", "443", "1337", "3000", "3001", "4000", "4200", "5000", "5173", "8000", "8001", "8080", "8081",
    "8888", "9000",
];

/// Whether the captured address has a port out of habit.
pub(super) fn is_habitual(captured: Captured<'_>) -> bool {
    let address = or(captured, 0, "");
    let mut numbers = address.split(|c: char| !c.is_ascii_digit()).filter(|number| number.len() > 1);
    let port = match address.rsplit_once(':') {
        Some((_, port)) => port.split(|c: char| !c.is_ascii_digit()).next(),
        None => numbers.next(),
    };
    port.is_some_and(|port| HABITUAL_PORTS.contains(&port))
}
