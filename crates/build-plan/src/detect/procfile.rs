//! Procfile: its `web` line replaces the start command and nothing else.

use crate::PlanError;
use crate::project::Project;

/// What a Procfile says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Procfile {
    /// The command of the `web` process, with its line.
    pub(crate) web: Option<(String, usize)>,
    /// The other processes.
    pub(crate) others: Vec<String>,
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
        if name == "web" {
            procfile.web = Some((command.to_owned(), number + 1));
        } else {
            procfile.others.push(name.to_owned());
        }
    }
    procfile
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn web_is_taken_and_the_others_are_named() {
        let parsed =
            parse("# x: y\nworker: celery -A x\r\nweb:  gunicorn a:b --bind :$PORT \n\nbroken\n: x\n");
        let web = Some(("gunicorn a:b --bind :$PORT".to_owned(), 3));
        assert_eq!(parsed, Procfile { web, others: vec!["worker".to_owned()] });
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|[:\n]){0,100}") {
            parse(&text);
        }
    }
}
