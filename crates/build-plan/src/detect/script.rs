//! Start scripts: what `entrypoint.sh` of a container runs before the app, and how it starts it.

use super::migrations::is_migration;
use super::start::runtime_of;
use crate::project::{Project, extension};
use crate::shell;

/// Folders in which people keep such scripts.
const FOLDERS: &[&str] = &["", "docker/", "scripts/", "bin/", "deploy/", ".docker/", "compose/"];
/// Programs that only start another one.
const WRAPPERS: &[&str] =
    &["sh", "bash", "ash", "exec", "tini", "dumb-init", "docker-entrypoint.sh", "--", "-g", "-e", "-x", "-c"];
/// How many lines are read.
const LINES_MAX: usize = 300;

/// What a start script does.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) file: String,
    /// The last program that it starts, with its line.
    pub(crate) start: Option<(String, usize)>,
    /// What of it migrates a database, with the line of the first.
    pub(crate) migrations: Option<(String, usize)>,
    /// Whether it starts what it is given: `exec "$@"`.
    pub(crate) passes_on: bool,
    /// Whether it does nothing else, so that it need not run itself.
    pub(crate) is_plain: bool,
}

/// Reads the script that a command starts, wherever the container has it.
pub(crate) fn read(project: &Project<'_>, command: &str) -> Option<Script> {
    let word = shell::words(command).find(|word| {
        let name = word.rsplit('/').next().unwrap_or(word);
        !WRAPPERS.contains(&name) || word.contains('/') && extension(name) == "sh"
    })?;
    let file = file(project, word.trim_matches(['"', '\'']))?;
    let text = project.manifest(&file).ok()??;
    (text.starts_with("#!") && text.lines().next()?.contains("sh") || extension(&file) == "sh")
        .then(|| Script { file, ..parse(&text) })
}

/// The file of the project that a path of the container stands for.
fn file(project: &Project<'_>, path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let suffixes = std::iter::once(path).chain(path.match_indices('/').map(|(at, _)| &path[at + 1..]));
    let name = path.rsplit('/').next().unwrap_or(path);
    let usual = FOLDERS.iter().map(|folder| format!("{folder}{name}"));
    suffixes.map(str::to_owned).chain(usual).find(|file| project.has(file))
}

/// The commands of a script, continuations joined, each with the line on which it starts.
fn commands(text: &str) -> Vec<(usize, String)> {
    let mut commands: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (number, line) in text.lines().enumerate().take(LINES_MAX) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (code, goes_on) = line.strip_suffix('\\').map_or((line, false), |code| (code.trim_end(), true));
        match commands.last_mut().filter(|_| is_open) {
            Some((_, open)) => {
                open.push(' ');
                open.push_str(code);
            }
            None => commands.push((number + 1, code.strip_prefix("exec ").unwrap_or(code).trim().to_owned())),
        }
        is_open = goes_on;
    }
    commands
}

fn parse(text: &str) -> Script {
    let mut script = Script { is_plain: true, ..Script::default() };
    let mut migrations = Vec::new();
    for (line, command) in commands(text) {
        if command.trim_start_matches('"').starts_with("$@") {
            script.passes_on = true;
        } else if is_migration(&command) && !shell::is_compound(&command) {
            migrations.push((command, line));
        } else if runtime_of(&command).is_some() && shell::sequence(&command).is_some() {
            // What ran before was not the app, and does something else.
            script.is_plain &= script.start.as_ref().is_none_or(|(before, _)| is_build(before));
            script.is_plain &= !takes_arguments(&command);
            script.start = Some((command, line));
        } else {
            script.is_plain &= says_nothing(&command);
        }
    }
    let first = migrations.first().map(|(_, line)| *line);
    let texts: Vec<&str> = migrations.iter().map(|(text, _)| text.as_str()).collect();
    script.migrations = first.map(|line| (texts.join(" && "), line));
    script
}

/// Whether a command is made of what its script is given, and means nothing outside of it: `--port "$2"`.
fn takes_arguments(command: &str) -> bool {
    let mut rests = command.match_indices('$').map(|(at, _)| command[at + 1..].trim_start_matches('{'));
    rests.any(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '@' | '*')))
}

/// Whether a command only collects files, as builds do here.
fn is_build(command: &str) -> bool {
    command.contains("collectstatic") || command.contains("assets:precompile")
}

/// Whether a line only talks, or sets how the script itself behaves.
fn says_nothing(command: &str) -> bool {
    ["echo ", "set -", "#"].iter().any(|start| command.starts_with(start)) && !command.contains('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_tells_what_it_runs_once_and_what_it_starts() {
        let text = "#!/bin/sh\nset -e\n# alembic upgrade head\nflask db upgrade\nif x; then\n  flask seed\nfi\nexec gunicorn -b :5000 \\\n  --access-logfile - app:app\n";
        let script = parse(text);
        assert_eq!(script.migrations, Some(("flask db upgrade".to_owned(), 4)));
        assert_eq!(script.start, Some(("gunicorn -b :5000 --access-logfile - app:app".to_owned(), 8)));
        assert!(!script.passes_on && !script.is_plain);
        assert!(
            parse("#!/bin/sh\nset -e\necho hi\npython manage.py collectstatic\ngunicorn a.wsgi").is_plain
        );
        assert!(!parse("python seed.py\ngunicorn a.wsgi").is_plain);
        assert!(parse("#!/bin/bash\nexec \"$@\"").passes_on);
        assert!(parse("#!/bin/sh\nexec gunicorn -b :$PORT app:app\n").is_plain);
        assert!(!parse("#!/bin/sh\nexec gunicorn -b :\"$2\" app:app\n").is_plain);
    }

    proptest::proptest! {
        #[test]
        fn no_script_makes_it_panic(text in "(exec |gunicorn|alembic upgrade|\\$@|\"|\\\\|\\PC|\n| ){0,60}") {
            parse(&text);
        }
    }
}
