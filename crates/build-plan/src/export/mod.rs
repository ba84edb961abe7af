//! From the lists and locks of Python's package managers to a requirements file, which every installer reads.
//!
//! A lock names versions and hashes, so whoever installs from the result installs exactly what the manager would, without
//! the manager: only the platform's own installer has to work here, with the package index that it is set up for.

mod constraint;
mod pdm;
mod pipenv;
mod poetry;
mod requirement;

#[cfg(test)]
mod tests;

use crate::detect::normalised_name;
use crate::{Install, InstallMethod, PlanError};
use requirement::Requirement;

/// Requirements for an installer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirements {
    /// The text of a requirements file.
    pub text: String,
    /// Whether it names everything that is to be installed, so that nothing has to be resolved.
    pub is_complete: bool,
}

/// Makes requirements of the files that an installation names. `read` returns the text of one of them. Nothing when the
/// method has no list of its own kind.
///
/// # Errors
/// [`PlanError::InvalidManifest`] when a file does not parse, or a lock lacks what its project names.
pub fn python_requirements(
    install: &Install,
    read: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Requirements>, PlanError> {
    let has = |file: &str| install.inputs.iter().any(|input| input == file);
    let text = |file: &'static str| {
        read(file)
            .ok_or_else(|| PlanError::Unreadable { file: file.to_owned(), reason: "it is gone".to_owned() })
    };
    let asked = Asked::of(&install.options);
    Ok(Some(match install.method {
        InstallMethod::Poetry if has("poetry.lock") => {
            poetry::locked(&text("pyproject.toml")?, &text("poetry.lock")?, &asked)?
        }
        InstallMethod::Poetry => poetry::unlocked(&text("pyproject.toml")?, &asked)?,
        InstallMethod::Pdm => pdm::locked(&text("pdm.lock")?, &asked)?,
        InstallMethod::Pipenv if has("Pipfile.lock") => pipenv::locked(&text("Pipfile.lock")?)?,
        InstallMethod::Pipenv => pipenv::unlocked(&text("Pipfile")?)?,
        _ => return Ok(None),
    }))
}

/// The groups and extras that are installed besides the main ones.
#[derive(Debug, Default)]
struct Asked {
    groups: Vec<String>,
    extras: Vec<String>,
}

impl Asked {
    /// Reads the options of a plan's installation: pairs of an option and a name.
    fn of(options: &[String]) -> Self {
        let mut asked = Self::default();
        for pair in options.chunks_exact(2) {
            let list = if pair[0].starts_with("--extra") { &mut asked.extras } else { &mut asked.groups };
            list.push(normalised_name(&pair[1]));
        }
        asked
    }

    fn has_group(&self, name: &str) -> bool {
        let name = normalised_name(name);
        name == "main" || name == "default" || self.groups.contains(&name) || self.extras.contains(&name)
    }
}

/// Writes the requirements down, indexes first.
fn written(requirements: impl IntoIterator<Item = Requirement>, indexes: &[String]) -> String {
    let mut text = String::new();
    for index in indexes {
        text.push_str("--extra-index-url ");
        text.push_str(index);
        text.push('\n');
    }
    for requirement in requirements {
        text.push_str(&requirement.line());
        text.push('\n');
    }
    text
}
