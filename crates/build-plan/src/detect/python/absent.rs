//! A start command that names a module which the project does not have: it was written for an older layout, for another
//! folder, or for an installed copy. What is there is started in its place.

use super::super::Context;
use super::super::declared::python_target;
use super::entry::{self, Entry, Search};
use super::frameworks::Framework;
use super::source::Kind;
use crate::draft::Draft;
use crate::project::Project;
use crate::shell;

/// Servers that are given the name of a module.
const SERVERS: &[&str] = &["gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "waitress-serve"];
/// What makes other folders than the project's a place for modules.
const ELSEWHERE: &[&str] = &["--chdir", "--pythonpath", "--app-dir", "PYTHONPATH=", "cd "];

/// Has the draft start what is there. `command` is how the application that was found is started.
pub(super) fn replace(
    context: &Context<'_>,
    search: &Search,
    command: impl Fn(&Entry) -> Option<String>,
    draft: &mut Draft,
) {
    // Whoever writes the settings file means what it says.
    let Some(start) = context.start.as_ref().filter(|_| context.settings.start.is_none()) else { return };
    let Some(named) = module(&start.command) else { return };
    if is_there(context.project, named) || ELSEWHERE.iter().any(|word| start.command.contains(word)) {
        return;
    }
    let detected = match (draft.start.take(), search.entries.first()) {
        (Some(start), _) => Some(start),
        (None, Some(found)) if search.ranked || search.entries.len() == 1 => {
            in_place(&start.command, found).or_else(|| command(found))
        }
        (None, _) => None,
    };
    let Some(detected) = detected else { return };
    draft.warn(format!(
        "{} starts `{named}`, which is not in the project; `{detected}` is started instead",
        start.source
    ));
    draft.built_start = Some(detected);
}

/// The given command with another application, where that can be imported from the project's own folder.
fn in_place(given: &str, found: &Entry) -> Option<String> {
    let (module, name) = python_target(given)?;
    let is_plain = found.folder.is_none() && found.app.kind == Kind::Instance;
    let is_server = !found.app.framework.is_some_and(Framework::serves_itself);
    (is_plain && is_server).then(|| given.replacen(&format!("{module}:{name}"), &entry::target(found), 1))
}

/// The module that a server is to load.
fn module(command: &str) -> Option<&str> {
    if let Some((module, _)) = python_target(command) {
        return Some(module);
    }
    let steps = shell::sequence(command)?;
    let step = steps.last()?.command;
    SERVERS.iter().find(|server| shell::mentions(step, server))?;
    let is_module = |word: &&str| {
        [".wsgi", ".asgi"].iter().any(|end| word.ends_with(end))
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
    };
    step.split_whitespace().find(is_module)
}

/// Whether the first part of the module's name is a module or a folder at the top.
fn is_there(project: &Project<'_>, module: &str) -> bool {
    let top = module.split('.').next().unwrap_or(module);
    project.has(&format!("{top}.py")) || project.listing().has_folder(top)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_a_server_is_read_with_and_without_an_application() {
        for (command, expected) in [
            ("gunicorn shop:app", Some("shop")),
            ("gunicorn shop.wsgi --log-file -", Some("shop.wsgi")),
            ("python manage.py migrate && gunicorn shop.wsgi", Some("shop.wsgi")),
            ("python -m uvicorn shop.main:app", Some("shop.main")),
            ("python shop.py", None),
            ("gunicorn -c gunicorn.conf.py", None),
        ] {
            assert_eq!(module(command), expected, "{command}");
        }
    }
}
