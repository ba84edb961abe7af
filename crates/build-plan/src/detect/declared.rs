//! What a project tells other platforms about itself: how it is started, from which folder, what runs once before. It
//! decides where the project's own files leave something open, and never against them.

use serde_json::Value as Json;

use super::{migrations, procfile};
use crate::config::yaml::{self, Value};
use crate::project::Project;
use crate::shell;

/// The largest such file that is read, in bytes.
const BYTES_MAX: usize = 64 << 10;

/// One program that a file of another platform describes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The file that says it.
    pub(crate) file: &'static str,
    /// The command that starts it, without what migrates a database first.
    pub(crate) start: Option<String>,
    /// The folder in which it runs, where it is not the top.
    pub(crate) root: Option<String>,
    /// What runs once before it.
    pub(crate) release: Option<String>,
    /// The path that tells whether it is well.
    pub(crate) health_path: Option<String>,
}

/// Reads all of them.
pub(crate) fn read(project: &Project<'_>) -> Vec<Declared> {
    let mut found = Vec::new();
    for file in ["render.yaml", "render.yml"] {
        found.extend(yaml(project, file).into_iter().flat_map(|root| render(file, &root)));
    }
    found.extend(json(project, "railway.json").and_then(|root| railway("railway.json", &root)));
    for (file, reader) in TOML {
        found.extend(toml(project, file).and_then(|root| reader(file, &root)));
    }
    for file in ["app.yaml", "app.yml"] {
        found.extend(yaml(project, file).and_then(|root| app_engine(file, &root)));
    }
    found.extend(yaml(project, "heroku.yml").and_then(|root| heroku("heroku.yml", &root)));
    found.into_iter().map(Declared::settled).filter(|declared| *declared != Declared::default()).collect()
}

type FromToml = fn(&'static str, &Json) -> Option<Declared>;

const TOML: &[(&str, FromToml)] =
    &[("railway.toml", railway), ("nixpacks.toml", nixpacks), ("fly.toml", fly)];

impl Declared {
    /// Takes apart what one command says in a row: the folder it enters, what it migrates, what it starts.
    fn settled(mut self) -> Self {
        if let Some(split) = self.start.as_deref().and_then(migrations::split) {
            self.release.get_or_insert(split.migrations);
            self.start = Some(split.start);
        }
        self.root = self.root.and_then(|root| plain_folder(&root));
        for command in [&mut self.start, &mut self.release] {
            let Some((folder, rest)) = command.as_deref().and_then(entered) else { continue };
            let rest = rest.to_owned();
            self.root = self.root.or_else(|| plain_folder(folder));
            *command = Some(rest);
        }
        self
    }
}

/// The folder that the Procfile's `web` enters first, with the line that says so.
pub(crate) fn entered_by_procfile(project: &Project<'_>) -> Option<(String, usize)> {
    let (command, line) = procfile::read(project).ok()??.web?;
    let (folder, _) = entered(&command)?;
    Some((plain_folder(folder)?, line))
}

/// `backend` and what is run there, of `cd backend && uvicorn main:app`.
pub(super) fn entered(command: &str) -> Option<(&str, &str)> {
    let (folder, rest) = command.strip_prefix("cd ")?.split_once("&&")?;
    Some((folder.trim().trim_matches(['"', '\'']), rest.trim()))
}

/// A folder of the project; nothing for its top, or for what leaves it.
pub(super) fn plain_folder(folder: &str) -> Option<String> {
    let folder = folder.trim_start_matches("./").trim_matches('/');
    (!folder.is_empty() && folder != "." && !folder.split('/').any(|part| part == ".."))
        .then(|| folder.to_owned())
}

fn text(project: &Project<'_>, file: &str) -> Option<std::rc::Rc<str>> {
    project.manifest(file).ok()?.filter(|text| text.len() <= BYTES_MAX)
}

fn yaml(project: &Project<'_>, file: &str) -> Option<Value> {
    Some(yaml::parse(&text(project, file)?).ok()?.value)
}

fn json(project: &Project<'_>, file: &str) -> Option<Json> {
    serde_json::from_str(&text(project, file)?).ok()
}

fn toml(project: &Project<'_>, file: &str) -> Option<Json> {
    toml::from_str(&text(project, file)?).ok()
}

fn word(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    }
}

/// The web services of a blueprint that run a program.
fn render(file: &'static str, root: &Value) -> Vec<Declared> {
    let Some(Value::List(services)) = root.get("services") else { return Vec::new() };
    let is_web = |service: &&Value| {
        let runtime = word(service, "runtime").or_else(|| word(service, "env"));
        matches!(word(service, "type").as_deref(), Some("web" | "pserv"))
            && runtime.as_deref() != Some("static")
    };
    let declared = |service: &Value| Declared {
        file,
        start: word(service, "startCommand"),
        root: word(service, "rootDir"),
        release: word(service, "preDeployCommand"),
        health_path: word(service, "healthCheckPath"),
    };
    services.iter().map(|service| &service.value).filter(is_web).map(declared).collect()
}

fn at(root: &Json, pointer: &str) -> Option<String> {
    let text = root.pointer(pointer)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn railway(file: &'static str, root: &Json) -> Option<Declared> {
    root.get("deploy")?;
    Some(Declared {
        file,
        start: at(root, "/deploy/startCommand"),
        root: None,
        release: at(root, "/deploy/preDeployCommand").or_else(|| at(root, "/deploy/preDeployCommand/0")),
        health_path: at(root, "/deploy/healthcheckPath"),
    })
}

fn nixpacks(file: &'static str, root: &Json) -> Option<Declared> {
    let start = at(root, "/start/cmd").or_else(|| at(root, "/start"))?;
    Some(Declared { file, start: Some(start), ..Declared::default() })
}

fn fly(file: &'static str, root: &Json) -> Option<Declared> {
    let health_path = at(root, "/http_service/checks/0/path").or_else(|| at(root, "/checks/health/path"));
    // A path of the container says nothing here.
    let here = |command: &String| !command.starts_with('/');
    let start = at(root, "/processes/app").or_else(|| at(root, "/processes/web")).filter(here);
    let release = at(root, "/deploy/release_command").filter(here);
    let says_something = start.is_some() || release.is_some() || health_path.is_some();
    says_something.then_some(Declared { file, start, root: None, release, health_path })
}

fn app_engine(file: &'static str, root: &Value) -> Option<Declared> {
    word(root, "runtime")?;
    Some(Declared { file, start: Some(word(root, "entrypoint")?), ..Declared::default() })
}

fn heroku(file: &'static str, root: &Value) -> Option<Declared> {
    let release = root.get("release").and_then(|release| match release.get("command") {
        Some(Value::List(commands)) => commands.iter().find_map(|node| match &node.value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }),
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    });
    let start = root.get("run").and_then(|run| word(run, "web"));
    (start.is_some() || release.is_some()).then(|| Declared { file, start, release, ..Declared::default() })
}

/// The module and the application of a server's command, such as `app.main` and `app` of `uvicorn app.main:app`.
pub(crate) fn python_target(command: &str) -> Option<(&str, &str)> {
    const SERVERS: &[&str] = &["uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "waitress-serve"];
    let steps = shell::sequence(command)?;
    let step = steps.last()?.command;
    SERVERS.iter().find(|server| shell::mentions(step, server))?;
    let words = step.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    words.filter_map(|word| word.split_once(':')).find(|(module, name)| {
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b))
        };
        is_name(module) && is_name(name.trim_end_matches("()"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_yaml(text: &str) -> Vec<Declared> {
        let root = yaml::parse(text).unwrap().value;
        render("render.yaml", &root).into_iter().map(Declared::settled).collect()
    }

    #[test]
    fn a_blueprint_names_its_web_services() {
        let text = "services:\n  - type: web\n    env: python\n    startCommand: cd backend && python manage.py migrate && gunicorn a.wsgi\n    healthCheckPath: /up\n  - type: web\n    env: static\n    rootDir: frontend\n  - type: worker\n    startCommand: celery\n";
        let expected = Declared {
            file: "render.yaml",
            start: Some("gunicorn a.wsgi".to_owned()),
            root: Some("backend".to_owned()),
            release: Some("python manage.py migrate".to_owned()),
            health_path: Some("/up".to_owned()),
        };
        assert_eq!(of_yaml(text), [expected]);
    }

    #[test]
    fn a_folder_outside_of_the_project_is_none() {
        let text = "services:\n  - type: web\n    rootDir: ../x\n    startCommand: a\n";
        assert_eq!(of_yaml(text)[0].root, None);
        assert_eq!(plain_folder("./api/"), Some("api".to_owned()));
    }

    #[test]
    fn the_module_of_a_server_is_found() {
        for (command, target) in [
            ("uvicorn app.main:app --host 0.0.0.0 --port 80", Some(("app.main", "app"))),
            ("gunicorn -b 0.0.0.0:80 'shop:create_app()'", Some(("shop", "create_app()"))),
            ("python -m uvicorn a:b", Some(("a", "b"))),
            ("gunicorn shop.wsgi", None),
            ("node a:b", None),
        ] {
            assert_eq!(python_target(command), target, "{command}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_file_makes_it_panic(text in "(services:|  - type: web|    startCommand: cd x && y|\\[|\\{|\"|\\PC|\n){0,30}") {
            if let Ok(root) = yaml::parse(&text) {
                for declared in render("render.yaml", &root.value) {
                    declared.settled();
                }
            }
            python_target(&text);
        }
    }
}
