//! Sites that a settings file of `PasteDeploy` puts together, as those made with Pyramid: the file names the package whose
//! entry point makes the application, and gunicorn reads it in the place of `pserve`, whose port is written in the file.

use super::manifest::Manifest;
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Runtime, shell};

/// Settings that people keep side by side, those for production first.
const FILES: &[&str] = &["production.ini", "prod.ini", "heroku.ini", "app.ini", "development.ini"];

/// Looks for such a file.
pub(super) fn detect(project: &Project<'_>, manifest: Option<&Manifest>) -> Option<Draft> {
    let (file, line) = FILES.iter().find_map(|file| {
        let text = if project.has(file) { project.source(file)? } else { return None };
        Some((*file, application(&text)?))
    })?;
    let source = format!("{file}:{line}");
    let mut draft = Draft::new(Runtime::Python, Strength::Server, source.clone());
    if manifest.is_some_and(|manifest| manifest.packages.has("pyramid")) {
        draft.set_framework("pyramid", source.clone());
    }
    draft.set_start(format!("gunicorn -b $HOST:$PORT --paste {}", shell::word(file)), source);
    // The entry point is found by what an installation would write down of the project; its packages are there already.
    if project.has("setup.py") {
        draft.set_build("python setup.py -q egg_info", "setup.py");
    } else if project.has("pyproject.toml") {
        let setup = "python -c 'import setuptools; setuptools.setup()' -q egg_info";
        draft.set_build(setup, "pyproject.toml");
    }
    Some(draft)
}

/// The line on which an application is taken from a package's entry point.
fn application(text: &str) -> Option<usize> {
    let mut is_application = false;
    text.lines().enumerate().find_map(|(number, line)| {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            is_application = section.starts_with("app:") || section.starts_with("application:");
        }
        let (key, value) = line.split_once('=')?;
        (is_application && key.trim() == "use" && value.trim().starts_with("egg:")).then_some(number + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_application_of_a_package_counts() {
        assert_eq!(application("# x\n[app:main]\nuse = egg:shop\n[server:main]\n"), Some(3));
        assert_eq!(application("[server:main]\nuse = egg:waitress#main\n"), None);
        assert_eq!(application("[alembic]\nscript_location = a\n"), None);
    }
}
