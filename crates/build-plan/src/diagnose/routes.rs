//! Rules about routes that a framework refuses when the app starts.

use super::rule::{CODE, Rule, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "duplicate_route",
        CODE,
        &[],
        [
            "View function mapping is overwriting an existing endpoint function: {}",
            "Blueprint name '{}' is already registered",
            "handlers are already registered for path '{}'",
            "Overlapping method route. Handler for `{}` already exists",
            "Invalid route \"{}\": insertion failed due to conflict with previously registered route",
            "http: multiple registrations for {}",
            "conflicts with existing wildcard '{}'",
            "panic: pattern {} conflicts with pattern {}:",
            "Method '{}' already declared for route",
            "Ambiguous mapping. Cannot map '{}' method",
            "Duplicate operationId {}",
            "Another route has already been assigned name {}"
        ],
        "Two handlers have the same route or name: {0|see the message}",
        "rename or remove one route of the two, or give it a name of its own (`endpoint`)",
    ),
    rule!(
        "invalid_route",
        CODE,
        &[],
        [
            "Missing parameter name at {}",
            "Unexpected {} at {}, expected END",
            "Path segments must not start with {}",
            "Paths must start with a `/`",
            "catch-all routes are only allowed at the end of the path",
            "parsing \"{}\": at offset {}: bad wildcard",
        ],
        "A route is written in a form that this version of the framework does not read: {0|see the message}",
        "write it anew: Express 5 wants names for wildcards (`/{*path}` instead of `*`), axum 0.8 wants `/{id}` instead of `/:id`",
    ),
];
