//! Rules about the address that an app listens on.

use super::rule::{RUN, Rule, or, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "unexpanded_variable",
        RUN,
        &[],
        [
            "'$PORT' is not a valid {}",
            "'$PORT' is not a valid port number",
            "invalid literal for int() with base 10: '$PORT'",
            "invalid port: $PORT",
            "Invalid value for '--port': '{}' is not a valid integer",
            "argument --port: invalid int value: '{}'",
            "options.port should be >= 0 and < 65536. Received type string ('${}')",
            "could not parse port \"{}\"",
        ],
        "The start command passes the text of a variable instead of its value ({0|$PORT})",
        "let a shell expand it: write `$PORT` without single quotes and not as a JSON list, or read PORT in the code",
    ),
    Rule {
        code: "privileged_port",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "listen EACCES: permission denied {}",
            "bind: permission denied",
            "error while attempting to bind on address ('{}', {}): permission denied",
            "Can't connect to ('{}', 80)",
            "bind() to {} failed (13: Permission denied)",
            "Permission denied - bind(2) for {}",
            "AccessDenied: Permission denied (bind",
        ],
        title: |c| format!("The app may not listen on {}", or(c, 0, "a port below 1024")),
        fix: |_| "listen on the environment's PORT and HOST instead of a fixed port".to_owned(),
    },
    Rule {
        code: "port_in_use",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "EADDRINUSE: address already in use {}",
            "EADDRINUSE",
            "error while attempting to bind on address ('{}', {}): address already in use",
            "Connection in use: ('{}', {})",
            "[Errno 98] Address already in use",
            "Address already in use",
            "AddrInUse",
            "Port {} is in use by another program",
            "bind: address already in use",
            "Web server failed to start. Port {} was already in use",
            "Failed to bind to address {}: address already in use",
            "Address already in use - bind(2) for {}",
            "Errno::EADDRINUSE",
            "Failed to listen on {} (reason: Address already in use)",
            "(eaddrinuse)",
            "port is already allocated",
            "AddrInUse: {}",
            "bind() to {} failed (98: Address already in use)",
            "(address already in use)",
            "Cannot find empty port in range: {}.",
            "for reason :eaddrinuse",
            "Port {} is already in use",
            "Port {} was already in use",
            "java.net.BindException: {}",
        ],
        title: |c| format!("The address {} is already in use", at(c)),
        fix: |_| {
            "listen on the environment's PORT (every instance gets its own) instead of a fixed port, and listen only once per process".to_owned()
        },
    },
    Rule {
        code: "address_not_available",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "EADDRNOTAVAIL: address not available {}",
            "could not bind on any address out of {}",
            "Cannot assign requested address",
            "AddrNotAvailable",
        ],
        title: |_| "The address to listen on does not belong to this machine".to_owned(),
        fix: |_| "listen on the environment's HOST, or on 0.0.0.0".to_owned(),
    },
];

/// The address of a bind error: one capture, or host and port.
fn at(c: &[&str]) -> String {
    match c {
        [] => "to listen on".to_owned(),
        [one] => format!("`{one}`"),
        [host, port, ..] => format!("`{host}:{port}`"),
    }
}
