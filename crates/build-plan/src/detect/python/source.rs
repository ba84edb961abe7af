//! What a Python module offers: application objects, factories, imports. From the code, not from file names.

use std::collections::BTreeMap;

use super::frameworks::{DASH_SERVER, Framework, PLAIN_ASGI, PLAIN_WSGI, Protocol, is_factory_name};
use super::lines::{Line, logical_lines};

/// How an application is had from a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A variable of the module.
    Instance,
    /// A function without required arguments that returns it.
    Factory,
}

/// An application that a module offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct App {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// Unknown where another module's factory makes it.
    pub(crate) framework: Option<&'static Framework>,
    pub(crate) line: usize,
}

/// An import: how many dots, and the module's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Import {
    pub(crate) dots: usize,
    pub(crate) module: String,
}

impl Import {
    fn is_of(&self, top: &str) -> bool {
        self.dots == 0 && first_part(&self.module) == top
    }
}

/// What a module offers and needs.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) apps: Vec<App>,
    pub(crate) imports: Vec<Import>,
    /// The imports within its functions: they too need the folder from which the module is imported.
    pub(crate) inner_imports: Vec<Import>,
    /// A factory that cannot be called without arguments, with its line.
    pub(crate) closed_factory: Option<(String, usize)>,
    /// The line of `if __name__ == "__main__":`.
    pub(crate) main_guard: Option<usize>,
    /// Names that are imported from the project's modules or from others, with their lines.
    imported: BTreeMap<String, usize>,
}

impl Module {
    /// The application to start: a variable before a factory, the usual names before others.
    pub(crate) fn best_app(&self) -> Option<&App> {
        const NAMES: &[&str] = &["app", "application", "api", "server", "asgi", "wsgi"];
        let rank = |app: &&App| {
            let name = NAMES.iter().position(|name| *name == app.name).unwrap_or(NAMES.len());
            let is_inner = !app.framework.is_some_and(Framework::wraps_others);
            let is_own = app.framework.is_some_and(|known| known.protocol == Protocol::Own);
            let is_part = app.framework.is_some_and(Framework::is_mounted);
            (app.kind == Kind::Factory, app.framework.is_none(), is_own || is_part, is_inner, name, app.line)
        };
        self.apps.iter().min_by_key(rank)
    }

    /// The line on which this name is imported from another module.
    pub(crate) fn line_of_import(&self, name: &str) -> Option<usize> {
        self.imported.get(name).copied()
    }

    /// Whether the module imports this one, or a part of it.
    pub(crate) fn imports_from(&self, top: &str) -> bool {
        self.imports.iter().any(|import| import.is_of(top))
    }

    /// Whether a function of the module does.
    pub(crate) fn imports_from_within(&self, top: &str) -> bool {
        self.inner_imports.iter().any(|import| import.is_of(top))
    }
}

fn first_part(module: &str) -> &str {
    module.split('.').next().unwrap_or_default()
}

/// Reads a module's source.
pub(crate) fn scan(source: &str) -> Module {
    let lines = logical_lines(source);
    let mut scanner = Scanner::default();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let block = block_after(&lines, at);
        at = if scanner.statement(line, &lines[at + 1..block]) { block } else { at + 1 };
    }
    scanner.module
}

/// The index behind the lines that are indented deeper than this one.
fn block_after(lines: &[Line], at: usize) -> usize {
    if !lines[at].text.ends_with(':') {
        return at + 1;
    }
    let inner = lines[at + 1..].iter().take_while(|line| line.indent > lines[at].indent).count();
    at + 1 + inner
}

#[derive(Default)]
struct Scanner {
    module: Module,
    /// What a name in this module stands for elsewhere: `Flask` for `flask.Flask`.
    aliases: BTreeMap<String, String>,
    /// The modules of which all names are imported.
    stars: Vec<String>,
}

impl Scanner {
    /// Looks at one statement of the module's own level; returns whether the block below it is done with.
    fn statement(&mut self, line: &Line, block: &[Line]) -> bool {
        let text = line.text.as_str();
        if let Some(rest) = text.strip_prefix("from ") {
            self.import_from(rest, line.number);
        } else if let Some(rest) = text.strip_prefix("import ") {
            self.import(rest);
        } else if let Some(rest) = text.strip_prefix("def ") {
            self.function(rest, line.number, block);
            self.imports_within(block);
            return true;
        } else if let Some(rest) = text.strip_prefix("async def ") {
            self.imports_within(block);
            self.callable(rest, line.number, &PLAIN_ASGI, &["scope", "receive", "send"]);
            return true;
        } else if text.starts_with("class ") {
            return true;
        } else if is_main_guard(text) {
            self.module.main_guard = Some(line.number);
            return true;
        } else {
            self.assignment(line);
        }
        false
    }

    /// The imports of a function's block, which bind no name of the module.
    fn imports_within(&mut self, block: &[Line]) {
        let mut inner = Self::default();
        for line in block {
            if let Some(rest) = line.text.strip_prefix("from ") {
                inner.import_from(rest, line.number);
            } else if let Some(rest) = line.text.strip_prefix("import ") {
                inner.import(rest);
            }
        }
        self.module.inner_imports.extend(inner.module.imports);
    }

    fn import_from(&mut self, rest: &str, line: usize) {
        let Some((from, names)) = rest.split_once(" import") else { return };
        let from = from.trim();
        let module = from.trim_start_matches('.').trim();
        let dots = from.len() - from.trim_start_matches('.').len();
        self.module.imports.push(Import { dots, module: module.to_owned() });
        for name in names.trim().trim_matches(['(', ')']).split(',') {
            let (name, alias) = split_alias(name);
            if name == "*" && dots == 0 {
                self.stars.push(module.to_owned());
            }
            if dots > 0 && module.is_empty() && !name.is_empty() {
                self.module.imports.push(Import { dots, module: name.to_owned() });
            }
            let from = if dots > 0 { "." } else { module };
            self.module.imported.insert(alias.to_owned(), line);
            self.aliases.insert(alias.to_owned(), format!("{from}.{name}"));
        }
    }

    fn import(&mut self, rest: &str) {
        for name in rest.split(',') {
            let (name, alias) = split_alias(name);
            self.module.imports.push(Import { dots: 0, module: name.to_owned() });
            // `import a.b` binds `a`, `import a.b as c` binds `c`.
            let bound = if alias == name { (first_part(name), first_part(name)) } else { (alias, name) };
            self.aliases.insert(bound.0.to_owned(), bound.1.to_owned());
        }
    }

    fn function(&mut self, rest: &str, number: usize, block: &[Line]) {
        let Some((name, signature)) = rest.split_once('(') else { return };
        let name = name.trim();
        let (parameters, behind) = split_parameters(signature);
        let annotated = self.annotated(behind);
        if !is_factory_name(name) && annotated.is_none() {
            return self.callable(rest, number, &PLAIN_WSGI, &["environ", "start_response"]);
        }
        let inline = behind.split_once(':').map_or("", |(_, body)| body.trim());
        let inline = Line { number, indent: 0, text: inline.to_owned() };
        let body = || block.iter().chain([&inline]);
        let (aliases, stars) = (self.aliases.clone(), self.stars.clone());
        let mut inner = Self { aliases, stars, ..Self::default() };
        for line in body() {
            inner.statement(line, &[]);
        }
        let made = inner.module.apps.iter().find_map(|app| app.framework);
        let returned = || body().find_map(|line| inner.returned(line));
        let Some(framework) = made.or_else(returned).or(annotated) else { return };
        if parameters.into_iter().any(is_required) {
            self.module.closed_factory = Some((name.to_owned(), number));
            return;
        }
        let framework = Some(framework);
        self.module.apps.push(App { name: name.to_owned(), kind: Kind::Factory, framework, line: number });
    }

    /// A function of the module that is an application by itself: its parameters say so.
    fn callable(&mut self, rest: &str, line: usize, framework: &'static Framework, wanted: &[&str]) {
        let Some((name, signature)) = rest.split_once('(') else { return };
        let (parameters, _) = split_parameters(signature);
        let names = parameters.iter().map(|parameter| parameter.split(':').next().unwrap_or_default().trim());
        if names.eq(wanted.iter().copied()) {
            let (name, framework) = (name.trim().to_owned(), Some(framework));
            self.module.apps.push(App { name, kind: Kind::Instance, framework, line });
        }
    }

    /// The framework of `-> FastAPI:`, which stands behind a function's parameters.
    fn annotated(&self, behind: &str) -> Option<&'static Framework> {
        let (annotation, _) = behind.trim_start().strip_prefix("->")?.split_once(':')?;
        self.constructed(&format!("{}()", annotation.trim()))
    }

    /// The framework of `return FastAPI(…)`.
    fn returned(&self, line: &Line) -> Option<&'static Framework> {
        self.constructed(line.text.strip_prefix("return ")?)
    }

    fn assignment(&mut self, line: &Line) {
        let Some((target, value)) = split_assignment(&line.text).or_else(|| split_pair(&line.text)) else {
            return;
        };
        let framework = self.constructed(value).or_else(|| self.dash_server(value));
        if framework.is_none() && !self.is_factory_call(value) {
            return;
        }
        let app = App { name: target.to_owned(), kind: Kind::Instance, framework, line: line.number };
        // The last assignment to a name is the one that a server sees; the first one says which framework it is.
        match self.module.apps.iter_mut().find(|known| known.name == app.name && known.kind == app.kind) {
            Some(known) => known.framework = known.framework.or(app.framework),
            None => self.module.apps.push(app),
        }
    }

    /// `app.server`, where `app` is a Dash application.
    fn dash_server(&self, value: &str) -> Option<&'static Framework> {
        let owner = value.strip_suffix(".server")?;
        let is_dash =
            |app: &App| app.name == owner && app.framework.is_some_and(|known| known.name == "dash");
        self.module.apps.iter().any(is_dash).then_some(&DASH_SERVER)
    }

    /// The framework whose application this expression makes.
    fn constructed(&self, value: &str) -> Option<&'static Framework> {
        let callee = callee(value)?;
        if callee.ends_with(".make_wsgi_app") {
            return Framework::made_by("pyramid.make_wsgi_app");
        }
        let (first, rest) = callee.split_once('.').unwrap_or((callee, ""));
        let Some(origin) = self.aliases.get(first) else {
            return self.stars.iter().find_map(|star| Framework::made_by(&format!("{star}.{callee}")));
        };
        Framework::made_by(&if rest.is_empty() { origin.clone() } else { format!("{origin}.{rest}") })
    }

    fn is_factory_call(&self, value: &str) -> bool {
        let Some(callee) = callee(value) else { return false };
        let name = callee.rsplit('.').next().unwrap_or(callee);
        let origin = self.aliases.get(name).map_or(name, |origin| origin.rsplit('.').next().unwrap_or(name));
        is_factory_name(origin)
    }
}

fn split_alias(name: &str) -> (&str, &str) {
    let name = name.trim();
    name.split_once(" as ").map_or((name, name), |(name, alias)| (name.trim(), alias.trim()))
}

fn is_main_guard(text: &str) -> bool {
    text.strip_prefix("if")
        .is_some_and(|rest| rest.trim_start().trim_start_matches('(').starts_with("__name__"))
}

/// `app = value` and `app: FastAPI = value`; the target is one plain name.
fn split_assignment(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    let (target, rest) = text.split_at(end);
    let rest = rest.trim_start();
    let value = match rest.strip_prefix(':') {
        Some(annotated) => annotated.split_once('=')?.1,
        None => rest.strip_prefix('=').filter(|value| !value.starts_with('='))?,
    };
    (!target.is_empty()).then(|| (target, value.trim()))
}

/// `app, rt = fast_app()`: the application is the first of what this gives back.
fn split_pair(text: &str) -> Option<(&str, &str)> {
    let (targets, value) = text.split_once('=')?;
    let (first, _) = targets.split_once(',')?;
    let is_name = !first.is_empty() && first.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && callee(value.trim())?.ends_with("fast_app")).then(|| (first, value.trim()))
}

/// The dotted name in front of the first bracket: `a.b` of `a.b(c)`.
fn callee(value: &str) -> Option<&str> {
    let value = value.strip_prefix("await ").unwrap_or(value);
    let name = value.split_once('(')?.0.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    is_name.then_some(name)
}

/// The parameters of a function, from the text behind its opening bracket, and what stands behind the closing one.
fn split_parameters(signature: &str) -> (Vec<&str>, &str) {
    let mut depth = 0_usize;
    let mut start = 0;
    let mut parameters = Vec::new();
    for (at, c) in signature.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                parameters.push(&signature[start..at]);
                return (parameters, &signature[at + 1..]);
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parameters.push(&signature[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parameters.push(&signature[start..]);
    (parameters, "")
}

/// Whether a parameter must be given.
fn is_required(parameter: &str) -> bool {
    let parameter = parameter.trim();
    !parameter.is_empty() && !parameter.starts_with(['*', '/']) && !parameter.contains('=')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(source: &str) -> Option<(String, Kind, Option<&'static str>, usize)> {
        let module = scan(source);
        let app = module.best_app()?;
        Some((app.name.clone(), app.kind, app.framework.map(|framework| framework.name), app.line))
    }

    #[test]
    fn applications_are_found_however_they_are_written() {
        for (source, name, framework, line) in [
            ("from fastapi import FastAPI\napp = FastAPI()", "app", "fastapi", 2),
            (
                "import fastapi\n\napi: fastapi.FastAPI = fastapi.FastAPI(\n  title='x'\n)",
                "api",
                "fastapi",
                3,
            ),
            ("from fastapi import (\n  Depends,\n  FastAPI as F,\n)\nweb=F()", "web", "fastapi", 5),
            ("from flask import Flask\nsub = Flask('a')\napp = Flask(__name__)", "app", "flask", 3),
            ("import flask as f\napp = f.Flask(__name__)", "app", "flask", 2),
            (
                "from flask import Flask\ntry:\n    app = Flask(__name__)\nexcept E:\n    pass",
                "app",
                "flask",
                3,
            ),
            (
                "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()",
                "application",
                "django",
                2,
            ),
            ("from starlette.applications import Starlette\napp = Starlette()", "app", "starlette", 2),
            ("from fastapi import FastAPI\napp = FastAPI()\napp = Wrap(app)", "app", "fastapi", 2),
            ("from dash import Dash\napp = Dash(__name__)\nserver = app.server", "server", "dash", 3),
            (
                "import socketio\nfrom fastapi import FastAPI\napp = FastAPI()\nsio_app = socketio.ASGIApp(sio, app)",
                "sio_app",
                "socketio",
                4,
            ),
            ("import falcon.asgi\napp = falcon.asgi.App()", "app", "falcon", 2),
            ("def application(environ, start_response):\n    return []", "application", "wsgi", 1),
            ("async def app(scope, receive, send):\n    pass", "app", "asgi", 1),
            ("async def app(scope: Scope, receive: R, send: S) -> None:\n    pass", "app", "asgi", 1),
            (
                "from pyramid.config import Configurator\nwith Configurator() as config:\n    app = config.make_wsgi_app()",
                "app",
                "pyramid",
                3,
            ),
        ] {
            assert_eq!(
                best(source),
                Some((name.to_owned(), Kind::Instance, Some(framework), line)),
                "{source}"
            );
        }
    }

    #[test]
    fn words_that_only_look_like_applications_are_none() {
        for source in [
            "\"\"\"\nfrom fastapi import FastAPI\napp = FastAPI()\n\"\"\"",
            "# from fastapi import FastAPI\n# app = FastAPI()",
            "from mylib import FastAPI\napp = FastAPI()",
            "class FastAPI: pass\napp = FastAPI()",
            "from fastapi import FastAPI\ndef test():\n    app = FastAPI()",
            "from fastapi import FastAPI\nif __name__ == '__main__':\n    app = FastAPI()",
            "from fastapi import FastAPI\napp == FastAPI()",
            "from fastapi import FastAPI\nx.app = FastAPI()",
            "from flask import Flask\ndef create_app(config):\n    return Flask(__name__)",
            "from flask import Flask\nasync def create_app():\n    return Flask(__name__)",
        ] {
            assert_eq!(best(source), None, "{source}");
        }
    }

    #[test]
    fn factories_count_when_they_can_be_called_without_arguments() {
        let source = "from flask import Flask\ndef create_app(config=None, *, debug=f(1, 2)) -> Flask:\n    app = Flask(__name__)\n    return app\n";
        assert_eq!(best(source), Some(("create_app".to_owned(), Kind::Factory, Some("flask"), 2)));
        let closed = scan("from flask import Flask\ndef create_app(config):\n    return Flask(__name__)");
        assert_eq!(closed.closed_factory, Some(("create_app".to_owned(), 2)));
        let short = "from fastapi import FastAPI\ndef create_app() -> FastAPI: return FastAPI()";
        assert_eq!(best(short), Some(("create_app".to_owned(), Kind::Factory, Some("fastapi"), 2)));
        let used = "from shop import create_app\napp = create_app()";
        assert_eq!(best(used), Some(("app".to_owned(), Kind::Instance, None, 2)));
        let inside = "def create_app():\n    from fastapi import FastAPI\n    if x:\n        app = FastAPI()\n    return app";
        assert_eq!(best(inside), Some(("create_app".to_owned(), Kind::Factory, Some("fastapi"), 1)));
    }

    #[test]
    fn imports_know_their_dots() {
        let module = scan(
            "from . import db\nfrom .models import User\nfrom ..core import x\nimport os.path, app.x as y",
        );
        let imports: Vec<_> = module.imports.iter().map(|i| (i.dots, i.module.as_str())).collect();
        assert_eq!(imports, [(1, ""), (1, "db"), (1, "models"), (2, "core"), (0, "os.path"), (0, "app.x")]);
        assert!(module.imports_from("app") && !module.imports_from("models"));
        let module =
            scan("def create_app():\n    app = Flask(__name__)\n    from .routes import bp\n    return app");
        assert!(module.imports.is_empty());
        assert_eq!(module.inner_imports, [Import { dots: 1, module: "routes".to_owned() }]);
    }

    #[test]
    fn a_function_that_says_it_returns_an_application_is_a_factory() {
        let typed = "from sanic import Sanic\ndef main() -> Sanic:\n    return container[Sanic]";
        assert_eq!(best(typed), Some(("main".to_owned(), Kind::Factory, Some("sanic"), 2)));
        assert_eq!(best("from flask import Flask\ndef site(x) -> Flask:\n    return x"), None);
        assert_eq!(best("from shop import Flask\ndef site() -> Flask:\n    return x"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_source_makes_it_panic(source in "(from|import|def|=|:|\\.|,|\\(|\\)|app|Flask|as|\\PC|\n| ){0,120}") {
            scan(&source);
        }
    }
}
