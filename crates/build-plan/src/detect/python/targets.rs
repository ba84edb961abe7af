//! The application that the project's own files name: who wrote `gunicorn run:app` down knows it better than any order
//! of file names.

use super::super::declared::python_target;
use super::super::{Context, compose};
use crate::project::Project;

/// Scripts that hand an application to a server by its name.
const SCRIPTS: &[&str] = &["main.py", "run.py", "server.py", "app.py", "start.py", "__main__.py"];

/// A module, and what of it is the application, where that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) module: String,
    pub(crate) name: Option<String>,
}

impl Target {
    /// The one of `module:name`; a factory may have its brackets.
    fn parse(text: &str) -> Option<Self> {
        let (module, name) = text.split_once(':').map_or((text, None), |(module, name)| (module, Some(name)));
        let module = module.trim_end_matches(".py").replace('/', ".");
        let is_module =
            !module.is_empty() && module.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b));
        let name = name.map(|name| name.split('(').next().unwrap_or_default().to_owned());
        is_module.then_some(Self { module, name })
    }

    fn of_command(command: &str) -> Option<Self> {
        let (module, name) = python_target(command)?;
        Self::parse(&format!("{module}:{name}"))
    }

    /// The files that it may be.
    pub(crate) fn paths(&self) -> impl Iterator<Item = String> {
        let path = self.module.replace('.', "/");
        ["", "src/", "app/", "backend/", "api/", "server/"]
            .into_iter()
            .flat_map(move |folder| [format!("{folder}{path}.py"), format!("{folder}{path}/__init__.py")])
    }
}

/// All that are named, the surest first.
pub(crate) fn named(context: &Context<'_>) -> Vec<Target> {
    let project = context.project;
    let mut targets: Vec<Target> =
        context.starts_elsewhere().iter().filter_map(|start| Target::of_command(&start.command)).collect();
    targets.extend(entrypoint(project));
    let composed = compose::read(project).map(|compose| compose.commands).unwrap_or_default();
    targets.extend(composed.iter().filter_map(|command| Target::of_command(command)));
    targets.extend(flask(project));
    let scripts = SCRIPTS.iter().filter(|script| project.has(script));
    targets.extend(scripts.filter_map(|script| served(&project.source(script)?)));
    targets
}

/// `entrypoint` of the framework's own table, `tool.fastapi`, in pyproject.toml.
fn entrypoint(project: &Project<'_>) -> Option<Target> {
    let text = project.manifest("pyproject.toml").ok()??;
    let (_, table) = text.split_once("[tool.fastapi]")?;
    let line = table
        .lines()
        .take_while(|line| !line.starts_with('['))
        .find(|line| line.starts_with("entrypoint"))?;
    Target::parse(line.split_once('=')?.1.trim().trim_matches(['"', '\'']))
}

/// The variable with which Flask's own commands find the application.
fn flask(project: &Project<'_>) -> Option<Target> {
    let file = project.first_of(&[".flaskenv", "Dockerfile"])?;
    let text = project.manifest(file).ok()??;
    let (_, value) = text.split_once("FLASK_APP")?;
    let value = value.lines().next()?.trim_start_matches(['=', ' ', '"', '\'']);
    let end = value.find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'')).unwrap_or(value.len());
    Target::parse(&value[..end])
}

/// The text that is given to `uvicorn.run`.
fn served(source: &str) -> Option<Target> {
    let (_, call) = source.split_once("uvicorn.run(")?;
    let call = call.trim_start();
    let quote = call.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (text, _) = call[1..].split_once(quote)?;
    text.contains(':').then(|| Target::parse(text)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_in_every_form() {
        let target = |module: &str, name: Option<&str>| {
            Some(Target { module: module.to_owned(), name: name.map(str::to_owned) })
        };
        assert_eq!(Target::parse("shop.main:app"), target("shop.main", Some("app")));
        assert_eq!(Target::parse("shop:create_app()"), target("shop", Some("create_app")));
        assert_eq!(Target::parse("src/run.py"), target("src.run", None));
        assert_eq!(served("uvicorn.run(\n    'a.b:app', port=1)"), target("a.b", Some("app")));
        assert_eq!(served("uvicorn.run(app)"), None);
        assert_eq!(Target::parse("$APP"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(uvicorn.run\\(|\"|'|:|a\\.b|\\PC|\n){0,30}") {
            served(&text);
            Target::parse(&text);
        }
    }
}
