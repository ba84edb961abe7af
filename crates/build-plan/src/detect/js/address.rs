//! PORT and HOST: what listens elsewhere is said, and a tool that has options for them gets them.

use super::script::{Plain, plain};
use super::source::{Native, Script, scan};
use super::{Js, server};
use crate::detect::Context;
use crate::draft::Draft;

/// Tools that ignore the environment's PORT or HOST, with their options for both.
const OPTIONS: &[(&str, &str, &str)] = &[
    ("next", "-H", "-p"),
    ("nuxt", "--host", "--port"),
    ("nuxi", "--host", "--port"),
    ("json-server", "--host", "--port"),
    ("fastify", "-a", "-p"),
    ("astro", "--host", "--port"),
    ("vinxi", "--host", "--port"),
    ("vite", "--host", "--port"),
    ("micro", "-H", "-p"),
];

/// Options that say where to listen, in all spellings.
const GIVEN: &[&str] =
    &["-H", "--hostname", "--host", "-h", "-p", "--port", "-a", "--address", "-l", "--listen"];

/// The command with $HOST and $PORT where its program does not read them from the environment.
pub(super) fn heeded(command: &str) -> Option<String> {
    let parts = plain(command)?;
    let (program, host, port) = OPTIONS.iter().find(|(name, _, _)| *name == parts.program)?;
    let words = parts.variables.iter().copied().chain([*program]).chain(without(&parts.arguments));
    Some(format!("{} {host} $HOST {port} $PORT", words.collect::<Vec<_>>().join(" ")))
}

/// The arguments without those that say where to listen.
pub(super) fn without<'w>(arguments: &[&'w str]) -> Vec<&'w str> {
    let mut kept = Vec::new();
    let mut words = arguments.iter().copied().peekable();
    while let Some(word) = words.next() {
        if GIVEN.contains(&word) {
            words.next_if(|value| !value.starts_with('-'));
        } else if !GIVEN
            .iter()
            .any(|given| word.strip_prefix(given).is_some_and(|rest| rest.starts_with('=')))
        {
            kept.push(word);
        }
    }
    kept
}

/// Notes the port on which a file listens, and says where it listens elsewhere than it is told.
pub(super) fn check(context: &Context<'_>, path: &str, script: &Script, draft: &mut Draft) {
    let is_told =
        script.reads_port || script.other_port.is_some() || matches!(script.native, Some((Native::Deno, _)));
    let has_other = context.dockerfile.as_ref().is_some_and(|dockerfile| dockerfile.port.is_some());
    let serves = script.listens.is_some() || script.exports_handler;
    if let Some((port, line)) = script.port.filter(|_| serves) {
        // A port that only stands in for PORT gives way to what the Dockerfile exposes.
        if draft.port.is_none() && (!is_told || !has_other) {
            draft.set_port(port, format!("{path}:{line}"));
        }
        let warning = format!(
            "{path}:{line} listens on port {port}, whatever it is told; it must listen on process.env.PORT"
        );
        if !is_told && !draft.warnings.contains(&warning) {
            draft.warn(warning);
        }
    }
    if let Some(line) = script.loopback {
        draft.warn(format!(
            "{path}:{line} listens on this machine alone, which nobody reaches in a container; use process.env.HOST"
        ));
    }
}

/// Tells the port under the name by which the started file asks for it, where that is not PORT.
pub(super) fn tell_by_name(js: &Js<'_>, draft: &mut Draft) {
    let Some(start) = draft.start.clone() else { return };
    let Some(path) = plain(&start).and_then(|parts| server::source_file(js, &parts)) else { return };
    let Some(source) = js.project.source(&path) else { return };
    let script = scan(&source);
    if let Some((name, line)) = script.other_port.filter(|_| !script.reads_port) {
        let said = draft.evidence.iter().find(|evidence| evidence.field == "start");
        let said = said.map(|evidence| format!("{}; ", evidence.source)).unwrap_or_default();
        draft.set_start(format!("{name}=$PORT {start}"), format!("{said}{path}:{line}"));
    }
}

/// The variables in front of a program without those that say where to listen: the platform does.
pub(super) fn heeding<'s>(parts: Plain<'s>, source: &str, draft: &mut Draft) -> Plain<'s> {
    let port = parts.variables.iter().find_map(|word| word.strip_prefix("PORT=")?.parse().ok());
    if let Some(port) = port {
        draft.set_port(port, source);
    }
    let is_other = |word: &&str| !["PORT=", "HOST=", "HOSTNAME="].iter().any(|name| word.starts_with(name));
    Plain { variables: parts.variables.into_iter().filter(is_other).collect(), ..parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_projects_own_give_way() {
        for (command, expected) in [
            ("next start -p 3000", Some("next start -H $HOST -p $PORT")),
            (
                "NODE_ENV=production next start --port=80 -H 0.0.0.0",
                Some("NODE_ENV=production next start -H $HOST -p $PORT"),
            ),
            ("json-server db.json --watch", Some("json-server db.json --watch --host $HOST --port $PORT")),
            ("vite --open --mode ssr", Some("vite --open --mode ssr --host $HOST --port $PORT")),
            ("node server.js", None),
            ("next start && x", None),
        ] {
            assert_eq!(heeded(command).as_deref(), expected, "{command}");
        }
    }
}
