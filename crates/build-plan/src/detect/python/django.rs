//! Django: what manage.py and the settings module say about serving, static files and migrations.

use super::super::Context;
use super::entry::is_aside;
use super::packages::Packages;
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Runtime, shell};

/// How deep manage.py may lie.
const DEPTH_MAX: usize = 3;
/// Modules of a package of settings that the others build upon.
const BASES: &[&str] = &["base", "common", "defaults", "default", "production", "prod", "__init__"];
/// The variable that names the settings module.
const MODULE: &str = "DJANGO_SETTINGS_MODULE";

/// A Django project.
pub(super) struct Site {
    manage: String,
    /// The folder from which its modules are imported; empty for the project itself.
    folder: String,
    /// The files of its settings, the one that counts first.
    settings: Vec<String>,
    /// The settings module that manage.py names, or that is there.
    module: Option<String>,
    /// Whether neither manage.py nor its server says so, and both must be told.
    is_guess: bool,
}

/// A value that the settings assign.
struct Assigned {
    text: String,
    source: String,
}

/// What calls the application.
#[derive(Clone, Copy)]
enum Server {
    Daphne,
    Uvicorn,
    Granian,
    Gunicorn,
}

/// Looks for manage.py, the shallowest first.
pub(super) fn find(project: &Project<'_>) -> Option<Site> {
    let manage = manage(project)?;
    let folder = manage.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let source = project.source(&manage).filter(|source| source.contains("django"))?;
    let named = settings_module(&source);
    let is_guess = named.is_none();
    let module = named.or_else(|| unnamed(project, &folder));
    let folder = module.as_deref().map_or(folder.clone(), |module| beside(project, folder, module));
    let mut settings = Vec::new();
    if let Some(file) = module.as_deref().and_then(|module| module_file(project, &folder, module)) {
        let package = file.rsplit_once('/').map_or(String::new(), |(package, _)| package.to_owned());
        let bases = BASES.iter().map(|base| format!("{package}/{base}.py"));
        let is_package = file.contains("/settings/") || file.contains("/config/settings");
        settings.push(file);
        settings.extend(bases.filter(|base| is_package && project.has(base)));
    }
    Some(Site { manage, folder, settings, module, is_guess })
}

/// The folder from which the settings are imported: manage.py may put one beside it on the path.
fn beside(project: &Project<'_>, folder: String, module: &str) -> String {
    if module_file(project, &folder, module).is_some() {
        return folder;
    }
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let inner = project.listing().iter().find_map(|file| {
        let (inner, _) = file.path.strip_prefix(&prefix)?.split_once('/')?;
        let inner = format!("{prefix}{inner}");
        (!is_aside(&file.path) && module_file(project, &inner, module).is_some()).then_some(inner)
    });
    inner.unwrap_or(folder)
}

/// The settings module of a site whose manage.py leaves it to a file that is not uploaded: what its server names, else
/// the one beside that, that for production before that for everybody.
fn unnamed(project: &Project<'_>, folder: &str) -> Option<String> {
    const SERVED: &[&str] =
        &["production", "prod", "heroku", "deploy", "deployment", "live", "base", "common", "__init__"];
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let package = project.listing().iter().find_map(|file| {
        let package = file.path.strip_prefix(&prefix)?.strip_suffix("/wsgi.py")?;
        (!package.contains('/') && !is_aside(&file.path)).then_some(package)
    })?;
    let server = project.source(&at(folder, &format!("{package}/wsgi.py")));
    if let Some(module) = server.as_deref().and_then(settings_module) {
        return Some(module);
    }
    let has = |path: &str| project.has(&at(folder, &format!("{package}/{path}.py")));
    if has("settings") {
        return Some(format!("{package}.settings"));
    }
    let module = SERVED.iter().find(|module| has(&format!("settings/{module}")))?;
    Some(match *module {
        "__init__" => format!("{package}.settings"),
        module => format!("{package}.settings.{module}"),
    })
}

fn manage(project: &Project<'_>) -> Option<String> {
    if project.has("manage.py") {
        return Some("manage.py".to_owned());
    }
    let files = project.listing().iter().map(|file| file.path.as_str());
    let deep = files.filter(|path| path.ends_with("/manage.py") && project.has(path) && !is_aside(path));
    let depth = |path: &&str| path.matches('/').count();
    deep.filter(|path| depth(path) <= DEPTH_MAX).min_by_key(depth).map(str::to_owned)
}

/// The text in quotes that follows the variable's name.
fn settings_module(source: &str) -> Option<String> {
    let (_, rest) = source.split_once(MODULE)?;
    let rest = rest.get(1..)?;
    let start = rest.find(['"', '\''])?;
    let quoted = &rest[start + 1..];
    let end = quoted.find(['"', '\''])?;
    let module = &quoted[..end];
    let is_module = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    (start < 40 && !module.is_empty() && module.chars().all(is_module)).then(|| module.to_owned())
}

fn at(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

fn module_file(project: &Project<'_>, folder: &str, module: &str) -> Option<String> {
    let path = at(folder, &module.replace('.', "/"));
    [format!("{path}.py"), format!("{path}/__init__.py")].into_iter().find(|file| project.has(file))
}

impl Site {
    /// The folder with everything of the site, as an option's value.
    fn place(&self) -> Option<String> {
        (!self.folder.is_empty()).then(|| shell::word(&self.folder))
    }

    /// The first assignment to a name in the settings.
    fn assigned(&self, project: &Project<'_>, name: &str) -> Option<Assigned> {
        self.settings.iter().find_map(|file| {
            let source = project.source(file)?;
            source.lines().enumerate().find_map(|(number, line)| {
                let rest = line.strip_prefix(name)?.trim_start();
                let value = rest.strip_prefix('=').filter(|value| !value.starts_with('='))?;
                let text = value.trim();
                (!text.starts_with("None"))
                    .then(|| Assigned { text: text.to_owned(), source: format!("{file}:{}", number + 1) })
            })
        })
    }

    /// `mysite.wsgi:application`, with the file and what says so.
    fn target(&self, project: &Project<'_>, kind: &str) -> Option<(String, String, String)> {
        let setting = format!("{}_APPLICATION", kind.to_ascii_uppercase());
        if let Some(assigned) = self.assigned(project, &setting) {
            let dotted = assigned.text.trim_matches(['"', '\'']);
            if let Some((module, name)) = dotted.rsplit_once('.')
                && let Some(file) = module_file(project, &self.folder, module)
            {
                return Some((format!("{module}:{name}"), file, assigned.source));
            }
        }
        let package = self.module.as_deref()?.split('.').next()?;
        let module = format!("{package}.{kind}");
        let file = module_file(project, &self.folder, &module)?;
        Some((format!("{module}:application"), file.clone(), file))
    }

    /// The plan of the site; nothing when no module serves it.
    pub(super) fn draft(&self, context: &Context<'_>, packages: Option<&Packages>) -> Option<Draft> {
        let project = context.project;
        let has = |name: &str| packages.is_some_and(|packages| packages.has(name));
        let asgi = self.target(project, "asgi").filter(|_| {
            let has_asgi = has("uvicorn") || has("granian");
            has("daphne") || has("channels") || (has_asgi && !has("gunicorn"))
        });
        let server = match &asgi {
            Some(_) if has("daphne") => Server::Daphne,
            Some(_) if has("granian") && !has("uvicorn") => Server::Granian,
            Some(_) => Server::Uvicorn,
            None => Server::Gunicorn,
        };
        let (target, file, source) = asgi.or_else(|| self.target(project, "wsgi"))?;
        let mut draft = Draft::new(Runtime::Python, Strength::Server, self.manage.clone());
        draft.set_framework("django", self.manage.clone());
        draft.set_start(self.start(&target, server), source);
        self.settings_module(project, &file, &mut draft);
        self.commands(project, packages, &mut draft);
        Some(draft)
    }

    fn start(&self, target: &str, server: Server) -> String {
        let target = shell::word(target);
        let with = |option: &str| self.place().map_or(String::new(), |place| format!(" {option} {place}"));
        match server {
            Server::Daphne => {
                let place = self.place().map_or(String::new(), |place| format!("PYTHONPATH={place} "));
                format!("{place}daphne -b $HOST -p $PORT {target}")
            }
            Server::Granian => {
                let place = with("--working-dir");
                format!("granian --interface asgi --host $HOST --port $PORT{place} {target}")
            }
            Server::Uvicorn => format!("uvicorn {target}{} --host $HOST --port $PORT", with("--app-dir")),
            Server::Gunicorn => format!("gunicorn -b $HOST:$PORT{} {target}", with("--pythonpath")),
        }
    }

    /// Where manage.py is for developers and the server for production, commands run as the server does.
    fn settings_module(&self, project: &Project<'_>, file: &str, draft: &mut Draft) {
        let module = project.source(file).and_then(|source| settings_module(&source));
        if let Some(module) = module.filter(|module| self.is_guess || self.module.as_ref() != Some(module)) {
            draft.set_env(MODULE, &module);
        } else if let Some(module) = self.module.as_deref().filter(|_| self.is_guess) {
            draft.set_env(MODULE, module);
        }
    }

    /// Whether the settings name a database, or take in something that may: without one there is nothing to migrate.
    fn may_have_database(&self, project: &Project<'_>) -> bool {
        const SIGNS: &[&str] = &["DATABASE", "import *", "include(", "exec", "globals()", "django_heroku"];
        let is_silent = |file: &String| {
            project.source(file).is_some_and(|source| !SIGNS.iter().any(|sign| source.contains(sign)))
        };
        self.settings.is_empty() || !self.settings.iter().all(is_silent)
    }

    /// Static files are collected once, and the database is migrated once per deployment.
    fn commands(&self, project: &Project<'_>, packages: Option<&Packages>, draft: &mut Draft) {
        let manage = shell::word(&self.manage);
        if let Some(root) = self.assigned(project, "STATIC_ROOT") {
            draft.set_build(
                format!("python {manage} collectstatic --noinput"),
                format!("{}: STATIC_ROOT", root.source),
            );
            if packages.is_some_and(|packages| !packages.has("whitenoise")) {
                draft.warn(
                    "nothing serves the files of STATIC_ROOT in production; WhiteNoise is the usual way",
                );
            }
        }
        if self.may_have_database(project) {
            draft.set_release(format!("python {manage} migrate --noinput"), self.manage.clone());
        }
        let is_sqlite = |file: &String| {
            project.source(file).is_some_and(|source| {
                source.contains("django.db.backends.sqlite3") && !source.contains("DATA_DIR")
            })
        };
        if let Some(file) = self.settings.iter().find(|file| is_sqlite(file)) {
            draft.warn(format!(
                "{file} keeps the SQLite database among the project's files, where every deployment starts anew; \
                 keep it in the folder that the environment's DATA_DIR names"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_settings_module_is_the_text_behind_its_variable() {
        let found = |source| settings_module(source);
        assert_eq!(
            found("os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')").as_deref(),
            Some("shop.settings")
        );
        assert_eq!(found("os.environ['DJANGO_SETTINGS_MODULE'] = \"a.b\"").as_deref(), Some("a.b"));
        assert_eq!(found("DJANGO_SETTINGS_MODULE"), None);
        assert_eq!(found("DJANGO_SETTINGS_MODULE', '$(reboot)'"), None);
        assert_eq!(found("DJANGO_SETTINGS_MODULE é"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_manage_py_makes_it_panic(source in "(DJANGO_SETTINGS_MODULE|'|\"|,|\\PC|\n| ){0,30}") {
            settings_module(&source);
        }
    }
}
