//! The web frameworks of Python, known by what makes their application objects, and how each is served.

use std::sync::LazyLock;

use aho_corasick::packed::Searcher;

/// How an application is called by its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// Under uvicorn.
    Asgi,
    /// Under gunicorn.
    Wsgi,
    /// Under gunicorn, with the worker that aiohttp has for it.
    Aiohttp,
    /// The module that makes it also serves it, when it is run.
    Own,
}

/// A web framework.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Framework {
    pub(crate) name: &'static str,
    /// The modules of which one must be imported for the constructor to be this framework's.
    modules: &'static [&'static str],
    constructor: &'static str,
    pub(crate) protocol: Protocol,
    /// The package to install; empty where there is none.
    pub(crate) package: &'static str,
}

/// The frameworks, those first that others are built upon last.
pub(crate) const FRAMEWORKS: &[Framework] = &[
    Framework { package: "python-socketio", ..asgi("socketio", &["socketio"], "ASGIApp") },
    Framework { package: "python-socketio", ..wsgi("socketio", &["socketio"], "WSGIApp") },
    asgi("fastapi", &["fastapi"], "FastAPI"),
    asgi("litestar", &["litestar"], "Litestar"),
    asgi("starlite", &["starlite"], "Starlite"),
    asgi("quart", &["quart"], "Quart"),
    asgi("sanic", &["sanic"], "Sanic"),
    asgi("blacksheep", &["blacksheep"], "Application"),
    asgi("esmerald", &["esmerald"], "Esmerald"),
    asgi("lilya", &["lilya"], "Lilya"),
    asgi("starlette", &["starlette"], "Starlette"),
    asgi("falcon", &["falcon.asgi"], "App"),
    wsgi("falcon", &["falcon"], "App"),
    wsgi("falcon", &["falcon"], "API"),
    wsgi("apiflask", &["apiflask"], "APIFlask"),
    wsgi("eve", &["eve"], "Eve"),
    wsgi("flask", &["flask", "flask_openapi3"], "Flask"),
    wsgi("flask", &["flask_openapi3"], "OpenAPI"),
    wsgi("bottle", &["bottle"], "Bottle"),
    wsgi("pyramid", &["pyramid"], "make_wsgi_app"),
    wsgi("django", &["django"], "get_wsgi_application"),
    asgi("django", &["django", "channels"], "get_asgi_application"),
    Framework { package: "channels", ..asgi("django", &["channels"], "ProtocolTypeRouter") },
    Framework { package: "python-fasthtml", ..asgi("fasthtml", &["fasthtml"], "fast_app") },
    Framework { package: "python-fasthtml", ..asgi("fasthtml", &["fasthtml"], "FastHTML") },
    asgi("connexion", &["connexion"], "FlaskApp"),
    asgi("connexion", &["connexion"], "AsyncApp"),
    asgi("connexion", &["connexion"], "App"),
    Framework { package: "strawberry-graphql", ..asgi("strawberry", &["strawberry.asgi"], "GraphQL") },
    asgi("ariadne", &["ariadne.asgi"], "GraphQL"),
    wsgi("ariadne", &["ariadne.wsgi"], "GraphQL"),
    Framework { protocol: Protocol::Aiohttp, ..wsgi("aiohttp", &["aiohttp"], "Application") },
    Framework { protocol: Protocol::Own, ..wsgi("dash", &["dash", "dash_extensions"], "Dash") },
    Framework { protocol: Protocol::Own, ..wsgi("robyn", &["robyn"], "Robyn") },
];

/// Frameworks whose programs serve by themselves: the module, the name, and the package that brings it.
const SCRIPTED: &[(&str, &str, &str)] = &[
    ("tornado", "tornado", "tornado"),
    ("cherrypy", "cherrypy", "cherrypy"),
    ("nicegui", "nicegui", "nicegui"),
    ("taipy", "taipy", "taipy"),
    ("web", "web.py", "web-py"),
    ("aiohttp", "aiohttp", "aiohttp"),
];

/// `server = app.server` of a Dash application.
pub(crate) const DASH_SERVER: Framework = wsgi("dash", &["dash"], "server");
/// A function that is a WSGI application by itself.
pub(crate) const PLAIN_WSGI: Framework = Framework { package: "", ..wsgi("wsgi", &[], "") };
/// A coroutine that is an ASGI application by itself.
pub(crate) const PLAIN_ASGI: Framework = Framework { package: "", ..asgi("asgi", &[], "") };

const fn asgi(name: &'static str, modules: &'static [&'static str], constructor: &'static str) -> Framework {
    Framework { name, modules, constructor, protocol: Protocol::Asgi, package: name }
}

const fn wsgi(name: &'static str, modules: &'static [&'static str], constructor: &'static str) -> Framework {
    Framework { name, modules, constructor, protocol: Protocol::Wsgi, package: name }
}

impl Framework {
    /// Whether the module that makes the application also serves it.
    pub(crate) fn serves_itself(&self) -> bool {
        self.protocol == Protocol::Own
    }

    /// Whether this is most often a part of another application, which mounts it.
    pub(crate) fn is_mounted(&self) -> bool {
        self.constructor == "GraphQL"
    }

    /// Whether this is a wrapper around the application of another framework, which it then serves as well.
    pub(crate) fn wraps_others(&self) -> bool {
        self.name == "socketio" || self.constructor == "ProtocolTypeRouter"
    }

    /// The framework whose application the imported name makes, such as `fastapi.FastAPI`.
    pub(crate) fn made_by(origin: &str) -> Option<&'static Self> {
        let (path, name) = origin.rsplit_once('.')?;
        FRAMEWORKS.iter().find(|known| {
            known.constructor == name
                && known.modules.iter().any(|module| {
                    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                })
        })
    }

    /// The framework that a package brings.
    pub(crate) fn of_package(has: impl Fn(&str) -> bool) -> Option<&'static Self> {
        // aiohttp is as often a client.
        let is_telling = |known: &&Self| !known.wraps_others() && known.protocol != Protocol::Aiohttp;
        FRAMEWORKS.iter().filter(is_telling).find(|known| has(known.package))
    }
}

/// The framework that a script is made with, of the module with which it serves: a mere server is none.
pub(crate) fn of_script(module: &str) -> Option<&'static str> {
    let scripted = SCRIPTED.iter().find(|(known, ..)| *known == module).map(|(_, name, _)| *name);
    scripted
        .or_else(|| FRAMEWORKS.iter().find(|known| known.modules.contains(&module)).map(|known| known.name))
}

/// The framework that a list of packages names. One that is as often a client says nothing there.
pub(crate) fn named_by(has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let scripted = || {
        SCRIPTED
            .iter()
            .find(|(_, name, package)| *name != "aiohttp" && has(package))
            .map(|(_, name, _)| *name)
    };
    Framework::of_package(&has).map(|known| known.name).or_else(scripted)
}

/// The package that brings the framework of this name.
pub(crate) fn package_of(name: &str) -> Option<&'static str> {
    let framework = FRAMEWORKS.iter().find(|known| known.name == name).map(|known| known.package);
    framework.or_else(|| SCRIPTED.iter().find(|(_, known, _)| *known == name).map(|(.., package)| *package))
}

/// Whether the source has any of the words without which it offers nothing; most modules of a project do not.
pub(crate) fn may_offer(source: &str) -> bool {
    const OTHERS: &[&str] = &["create_", "make_", "build_", "_app", "get_a", "app_", "environ", "receive"];
    // Vectorised: a project may have hundreds of modules to look through.
    static WORDS: LazyLock<Option<Searcher>> = LazyLock::new(|| {
        let constructors = FRAMEWORKS.iter().map(|framework| framework.constructor);
        Searcher::new(constructors.chain(OTHERS.iter().copied()))
    });
    WORDS.as_ref().is_none_or(|words| words.find(source).is_some())
}

/// Whether people would call a factory of applications like this.
pub(crate) fn is_factory_name(name: &str) -> bool {
    const VERBS: &[&str] = &[
        "create",
        "make",
        "build",
        "get",
        "init",
        "setup",
        "configure",
        "new",
        "bootstrap",
        "factory",
        "generate",
    ];
    const THINGS: &[&str] =
        &["app", "application", "api", "asgi", "wsgi", "webapp", "server", "flask", "fastapi", "dash"];
    let lower = name.to_ascii_lowercase();
    let has = |words: &[&str]| lower.split('_').any(|part| words.contains(&part));
    has(VERBS) && has(THINGS) || matches!(lower.as_str(), "createapp" | "makeapp" | "getapp" | "buildapp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_particular_framework_is_found() {
        let name = |origin| Framework::made_by(origin).map(|known| (known.name, known.protocol));
        assert_eq!(name("fastapi.FastAPI"), Some(("fastapi", Protocol::Asgi)));
        assert_eq!(name("fastapi.applications.FastAPI"), Some(("fastapi", Protocol::Asgi)));
        assert_eq!(name("falcon.asgi.App"), Some(("falcon", Protocol::Asgi)));
        assert_eq!(name("falcon.App"), Some(("falcon", Protocol::Wsgi)));
        assert_eq!(name("fastapix.FastAPI"), None);
        assert_eq!(name("FastAPI"), None);
        assert_eq!(name("django.core.wsgi.get_wsgi_application"), Some(("django", Protocol::Wsgi)));
    }

    #[test]
    fn factories_are_known_by_their_names() {
        for name in
            ["create_app", "get_application", "create_flask_app", "app_factory", "make_api", "createApp"]
        {
            assert!(is_factory_name(name), "{name}");
        }
        for name in ["app", "create_user", "get_db", "approve", "setup", "map_app_name"] {
            assert!(!is_factory_name(name), "{name}");
        }
    }
}
