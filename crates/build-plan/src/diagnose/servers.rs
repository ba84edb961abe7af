//! Rules about web servers that are started with a configuration of their own: nginx, Caddy, Apache.

use super::rule::{RUN, Rule, rule};

pub(super) const RULES: &[Rule] = &[rule!(
    "configuration_invalid",
    RUN,
    &[],
    [
        "nginx: [emerg] {}",
        "[emerg] {}",
        "adapting config using caddyfile: {}",
        "AH00526: Syntax error on line {}",
        "AH00534: apache2: Configuration error: {}"
    ],
    "The web server refuses its configuration: {0}",
    "mend the line of the configuration that the message names",
)];
