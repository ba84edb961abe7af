//! Procfile: its `web` line replaces the start command, its `release` line the release command, and nothing else.

use std::collections::BTreeMap;

use super::declared::{entered, plain_folder};
use crate::PlanError;
use crate::project::Project;

/// What a Procfile says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Procfile {
    /// The command of the `web` process, with its line.
    pub(crate) web: Option<(String, usize)>,
    /// The command of the `release` process, with its line.
    pub(crate) release: Option<(String, usize)>,
    /// The other processes, with their commands.
    pub(crate) others: BTreeMap<String, String>,
}

impl Procfile {
    /// What it says about one folder: the commands that enter it first, as they are run there.
    pub(crate) fn inside(&self, folder: &str) -> Self {
        let within = |command: &str| {
            let (entered, rest) = entered(command)?;
            (plain_folder(entered)? == folder).then(|| rest.to_owned())
        };
        let process = |process: &Option<(String, usize)>| {
            process.as_ref().and_then(|(command, line)| Some((within(command)?, *line)))
        };
        let others = self.others.iter().filter_map(|(name, command)| Some((name.clone(), within(command)?)));
        Self { web: process(&self.web), release: process(&self.release), others: others.collect() }
    }
}

/// Reads the project's Procfile.
///
/// # Errors
/// [`PlanError::Unreadable`].
pub(crate) fn read(project: &Project<'_>) -> Result<Option<Procfile>, PlanError> {
    Ok(project.manifest("Procfile")?.map(|text| parse(&text)))
}

/// Lines of `name: command`; everything else is a comment.
fn parse(text: &str) -> Procfile {
    let mut procfile = Procfile::default();
    for (number, line) in text.lines().enumerate() {
        let Some((name, command)) = line.split_once(':') else { continue };
        let (name, command) = (name.trim(), command.trim());
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !is_name || command.is_empty() {
            continue;
        }
        let command = command.to_owned();
        match name {
            "web" => procfile.web = Some((command, number + 1)),
            "release" => procfile.release = Some((command, number + 1)),
            _ => drop(procfile.others.insert(name.to_owned(), command)),
        }
    }
    procfile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_is_taken_and_the_others_are_named() {
        let parsed = parse(
            "# x: y\nworker: celery -A x\r\nweb:  gunicorn a:b --bind :$PORT \n\nbroken\n: x\nrelease: ./migrate\n",
        );
        let web = Some(("gunicorn a:b --bind :$PORT".to_owned(), 3));
        let release = Some(("./migrate".to_owned(), 7));
        let others = BTreeMap::from([("worker".to_owned(), "celery -A x".to_owned())]);
        assert_eq!(parsed, Procfile { web, release, others });
    }

    #[test]
    fn a_folder_gets_the_commands_that_enter_it() {
        let parsed = parse(
            "web: cd ./api/ && alembic upgrade head && uvicorn a:b\nrelease: python load.py\nworker: cd api && rq worker\nclock: cd clock && python tick.py\n",
        );
        let web = Some(("alembic upgrade head && uvicorn a:b".to_owned(), 1));
        let others = BTreeMap::from([("worker".to_owned(), "rq worker".to_owned())]);
        assert_eq!(parsed.inside("api"), Procfile { web, release: None, others });
        assert_eq!(parsed.inside("web"), Procfile::default());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|[:\n]){0,100}") {
            parse(&text);
        }
    }
}
