//! Rules about building and running container images.

use super::rule::{ANY, MAKE, RUN, Rule, rule};

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_command",
        RUN,
        &[],
        [
            "exec: \"{}\": executable file not found in $PATH",
            "exec: \"{}\": stat {}: no such file or directory",
            "executable file `{}` not found in $PATH",
            "OCI runtime create failed: {}",
            "exec {}: no such file or directory",
            "failed to run command '{}': No such file or directory",
        ],
        "The image's command starts `{0}`, which is not in it",
        "correct CMD or ENTRYPOINT to a program that the image holds, in the form `[\"program\", \"argument\"]`, and check WORKDIR",
    ),
    rule!(
        "image_file_missing",
        MAKE,
        &[],
        [
            "failed to compute cache key: {}: not found",
            "failed to calculate checksum of ref {}: not found",
            "COPY failed: file not found in build context or excluded by .dockerignore: {}",
            "COPY failed: {}",
            "no items matching glob \"{}\" copied",
            "copier: stat: \"{}\": no such file or directory",
        ],
        "The Dockerfile copies a file that is not in the project: {0}",
        "correct the path in COPY (it is relative to the project's top), and check that .dockerignore or .gitignore does not exclude it",
    ),
    rule!(
        "rate_limited",
        MAKE,
        &[],
        ["toomanyrequests: {}"],
        "The registry of images answers no more requests for now",
        "wait a few minutes and deploy again, or log in to the registry; nothing in the project needs to change",
    ),
    rule!(
        "image_missing",
        MAKE,
        &[],
        [
            "manifest for {} not found",
            "manifest unknown",
            "pull access denied for {}",
            "initializing source docker://{}",
            "failed to resolve source metadata for {}",
            "short-name \"{}\" did not resolve to an alias",
        ],
        "The base image is not there ({0|see FROM})",
        "correct name and tag in FROM, and log in where the registry is private",
    ),
    rule!(
        "dockerfile_invalid",
        MAKE,
        &[],
        [
            "dockerfile parse error {}",
            "Dockerfile parse error {}",
            "failed to solve with frontend dockerfile.v0",
            "unknown instruction: {}",
            "no build stage in current context",
            "the Dockerfile (Dockerfile) cannot be empty",
        ],
        "The Dockerfile does not parse: {0|see the message}",
        "mend the line that the message names; every file starts with FROM",
    ),
    rule!(
        "container_engine_unavailable",
        ANY,
        &[],
        [
            "Cannot connect to the Docker daemon at {}",
            "permission denied while trying to connect to the Docker daemon socket",
            "Cannot connect to Podman",
        ],
        "The container engine does not answer",
        "start it and give the platform's user access to its socket; nothing in the project needs to change",
    ),
];
