//! Rules about test commands, and about apps that run and are not healthy.

use super::Phase;
use super::rule::{Captured, Rule, TEST, or};

/// What test programs print when a test fails.
pub(super) const TESTS: &[Rule] = &[
    Rule {
        code: "no_tests",
        phases: TEST,
        runtimes: &[],
        patterns: &[
            "no tests ran in",
            "^collected 0 items",
            "No tests found, exiting with code 1",
            "No test files found, exiting",
            "Error: no test specified",
        ],
        title: |_| "The test command finds no tests".to_owned(),
        fix: |_| {
            "write tests where the command looks for them, or remove `test` from backend-im.yml".to_owned()
        },
    },
    Rule {
        code: "tests_failed",
        phases: TEST,
        runtimes: &[],
        patterns: &[
            "^FAILED {}",
            "^ERROR {}",
            "^FAIL: {}",
            "^ERROR: {}",
            "^FAIL {}",
            "^test {} ... FAILED",
            "^not ok {}",
            "^✖ {}",
            "^  ● {}",
            "^thread '{}' panicked",
            "^AssertionError{}",
        ],
        title: |c| format!("A test fails: {}", or(c, 0, "see the output")),
        fix: |_| {
            "mend the code or the test and deploy again; the version that was live keeps serving".to_owned()
        },
    },
];

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
        ],
        title: |c| format!("The app refuses requests for the host `{}`", or(c, 0, "of the platform")),
        fix: |_| {
            "allow the hosts `127.0.0.1` and `.localhost` (Django: ALLOWED_HOSTS, Vite: server.allowedHosts)"
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
