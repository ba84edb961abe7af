//! Rules about Python programs.

use super::libraries::library_fix;
use super::rule::{CODE, Captured, RUN, Rule, or};
use crate::Runtime::{self, Python};

const PY: &[Runtime] = &[Python];

/// Modules whose package has another name.
const PACKAGES: &[(&str, &str)] = &[
    ("Crypto", "pycryptodome"),
    ("MySQLdb", "mysqlclient"),
    ("PIL", "Pillow"),
    ("attr", "attrs"),
    ("bs4", "beautifulsoup4"),
    ("corsheaders", "django-cors-headers"),
    ("crispy_forms", "django-crispy-forms"),
    ("cv2", "opencv-python-headless"),
    ("dateutil", "python-dateutil"),
    ("debug_toolbar", "django-debug-toolbar"),
    ("decouple", "python-decouple"),
    ("dj_database_url", "dj-database-url"),
    ("django_filters", "django-filter"),
    ("django_redis", "django-redis"),
    ("docx", "python-docx"),
    ("dotenv", "python-dotenv"),
    ("email_validator", "email-validator"),
    ("environ", "django-environ"),
    ("fitz", "PyMuPDF"),
    ("flask_cors", "Flask-Cors"),
    ("flask_login", "Flask-Login"),
    ("flask_migrate", "Flask-Migrate"),
    ("flask_sqlalchemy", "Flask-SQLAlchemy"),
    ("git", "GitPython"),
    ("google.protobuf", "protobuf"),
    ("jose", "python-jose"),
    ("jwt", "PyJWT"),
    ("magic", "python-magic"),
    ("multipart", "python-multipart"),
    ("nacl", "PyNaCl"),
    ("pgvector", "pgvector"),
    ("pkg_resources", "setuptools"),
    ("psycopg2", "psycopg2-binary"),
    ("pymysql", "PyMySQL"),
    ("pypdf", "pypdf"),
    ("pythonjsonlogger", "python-json-logger"),
    ("rest_framework", "djangorestframework"),
    ("rest_framework_simplejwt", "djangorestframework-simplejwt"),
    ("serial", "pyserial"),
    ("sklearn", "scikit-learn"),
    ("slugify", "python-slugify"),
    ("socketio", "python-socketio"),
    ("storages", "django-storages"),
    ("telegram", "python-telegram-bot"),
    ("websocket", "websocket-client"),
    ("yaml", "PyYAML"),
    ("zmq", "pyzmq"),
];

/// Packages that share the top of their modules' names.
const NAMESPACES: &[&str] = &["azure", "google", "opentelemetry", "zope"];

pub(super) fn package(module: &str) -> String {
    let top = module.split('.').next().unwrap_or(module);
    let known = PACKAGES.iter().find(|(name, _)| *name == module || *name == top);
    known.map_or_else(|| top.replace('_', "-"), |(_, package)| (*package).to_owned())
}

fn missing_module(c: Captured<'_>) -> String {
    let module = or(c, 0, "?");
    let top = module.split('.').next().unwrap_or(module);
    // Python names the whole path only where it found the top: then that one is there, and its part is not.
    if top != module && !NAMESPACES.contains(&top) {
        return format!(
            "if `{top}` is a folder or file of this project, check that it holds that part and is not excluded by an ignore \
             file; if it is a package, install the version that has it or import it from where it went"
        );
    }
    format!(
        "add `{}` to requirements.txt (or to `dependencies` in pyproject.toml); if `{top}` is a folder or file of this \
         project, import it by its path from the folder in which the app is started",
        package(module)
    )
}

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "missing_optional_package",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "Form data requires \"{}\" to be installed",
            "ImportError: {} is not installed, run `pip install {}`",
            "`{}` must be installed to use",
            "AssertionError: {} must be installed to use",
            "RuntimeError: {} is required",
            "You must have `{}` installed",
            "To use the fastapi command, please install \"{}\"",
        ],
        title: |c| format!("The package `{}` is needed and not installed", or(c, 0, "?")),
        fix: |c| {
            format!(
                "add `{}` to requirements.txt (or to `dependencies` in pyproject.toml)",
                or(c, 0, "?").trim_matches('`')
            )
        },
    },
    Rule {
        code: "missing_optional_package",
        phases: CODE,
        runtimes: PY,
        patterns: &["Error: {}pip install {}", "Missing optional dependency {}. {}"],
        title: |c| format!("A package is needed and not installed: {}", or(c, 1, "see the message")),
        fix: |_| {
            "add the package that the message names to requirements.txt (or to `dependencies` in pyproject.toml)"
                .to_owned()
        },
    },
    Rule {
        code: "pydantic_settings_moved",
        phases: CODE,
        runtimes: PY,
        patterns: &["`BaseSettings` has been moved to the `pydantic-settings` package"],
        title: |_| "Pydantic 2 has no `BaseSettings` of its own".to_owned(),
        fix: |_| {
            "add `pydantic-settings` to requirements.txt and write `from pydantic_settings import BaseSettings`".to_owned()
        },
    },
    Rule {
        code: "shared_library_missing",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "ImportError: {}: cannot open shared object file",
            "OSError: {}: cannot open shared object file",
            "OSError: cannot load library '{}'",
            "ImportError: Error loading shared library {}:",
            "ImportError: failed to find {} library",
        ],
        title: |c| format!("The system library `{}` is missing", or(c, 0, "?")),
        fix: |c| match or(c, 0, "?") {
            "libGL.so.1" => "use `opencv-python-headless` instead of `opencv-python`".to_owned(),
            library => library_fix(library),
        },
    },
    Rule {
        code: "missing_module",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "^ModuleNotFoundError: No module named '{}'",
            "^ImportError: No module named '{}'",
            "ModuleNotFoundError: No module named '{}'",
            ": No module named {}",
        ],
        title: |c| format!("Python finds no module `{}`", or(c, 0, "?")),
        fix: missing_module,
    },
    Rule {
        code: "circular_import",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "cannot import name '{}' from partially initialized module '{}'",
            "partially initialized module '{}' has no attribute '{}'",
        ],
        title: |c| format!("Modules import each other in a circle (`{}`)", or(c, 1, or(c, 0, "?"))),
        fix: |c| {
            format!(
                "move what both need into a third module, or import `{}` inside the function that uses it",
                or(c, 0, "?")
            )
        },
    },
    Rule {
        code: "import_error",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "^ImportError: cannot import name '{}' from '{}'",
            "^ImportError: attempted relative import {}",
            "^ImportError: {}",
        ],
        title: |c| match c {
            [name, module, ..] => format!("`{module}` has no `{name}`"),
            [rest] => format!("An import fails: {rest}"),
            [] => "An import fails".to_owned(),
        },
        fix: |c| {
            match c {
            [name, module, ..] => format!("correct the name, or pin the version of `{}` that has `{name}`", package(module)),
            _ => "start the app from the project's top folder and import by full names, such as `from app.models import …`".to_owned(),
        }
        },
    },
    Rule {
        code: "app_object_missing",
        phases: RUN,
        runtimes: PY,
        patterns: &[
            "Error loading ASGI app. Attribute \"{}\" not found in module \"{}\"",
            "Failed to find attribute '{}' in '{}'",
            "Failed to parse '{}' as an attribute name or function call",
            "Could not find a Flask application or factory in module '{}'",
            "Could not find FastAPI app in module",
            "Could not find a default file to run",
        ],
        title: |c| match c {
            [name, module, ..] => format!("The module `{module}` has no `{name}`"),
            _ => format!("There is no application in `{}`", or(c, 0, "?")),
        },
        fix: |c| {
            match c {
            [name, module, ..] => format!("name the application `{name}` at the top level of {}.py, or correct the start command", module.replace('.', "/")),
            _ => "make the application a variable of the module, such as `app = Flask(__name__)`, or correct the start command".to_owned(),
        }
        },
    },
    Rule {
        code: "app_module_missing",
        phases: RUN,
        runtimes: PY,
        patterns: &[
            "Error loading ASGI app. Could not import module \"{}\"",
            "Error: Could not import '{}'",
            "Could not locate a Flask application{}",
            "can't open file '{}': [Errno 2]",
            "can't find '__main__' module in '{}'",
            "Error: Invalid value: File does not exist: {}",
            "Unable to load celery application",
            "Cannot load application from '{}', module not found",
        ],
        title: |c| format!("The start command names `{}`, which is not there", or(c, 0, "?")),
        fix: |c| {
            format!(
                "correct the start command, or add the file {}; names are relative to the project's top folder",
                file_of(or(c, 0, "?"))
            )
        },
    },
    Rule {
        code: "factory_needs_flag",
        phases: RUN,
        runtimes: PY,
        patterns: &["ASGI app factory detected", "Error loading ASGI app factory: {}"],
        title: |_| "The application is made by a factory".to_owned(),
        fix: |_| {
            "start it with `uvicorn --factory module:create_app`, or make the application a variable of the module".to_owned()
        },
    },
    Rule {
        code: "asgi_wsgi_mismatch",
        phases: RUN,
        runtimes: PY,
        patterns: &[
            "__call__() missing 1 required positional argument: 'send'",
            "__call__() takes from 2 to 3 positional arguments but 4 were given",
            "__call__() takes 3 positional arguments but 4 were given",
            "__call__() missing 1 required positional argument: 'start_response'",
        ],
        title: |_| "The server and the application speak different protocols".to_owned(),
        fix: |_| {
            "start FastAPI and Starlette with `uvicorn` (or `gunicorn -k uvicorn.workers.UvicornWorker`), Flask and Django's wsgi with `gunicorn`".to_owned()
        },
    },
    Rule {
        code: "syntax_error",
        phases: CODE,
        runtimes: PY,
        patterns: &["^SyntaxError: {}", "^IndentationError: {}", "^TabError: {}"],
        title: |c| format!("Python cannot parse the source: {}", or(c, 0, "invalid syntax")),
        fix: |_| {
            "mend the line that the message names; if it is right in a newer Python, say which one in .python-version".to_owned()
        },
    },
    Rule {
        code: "invalid_database_url",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "Could not parse SQLAlchemy URL from {}",
            "Could not parse rfc1738 URL from string '{}'",
            "Expected string or URL object, got None",
            "Can't load plugin: sqlalchemy.dialects:{}",
            "The asyncio extension requires an async driver to be used",
            "No support for '{}'. We support:",
            "Scheme '{}://' is unknown",
        ],
        title: |_| "The database's URL is missing or not in the form that SQLAlchemy reads".to_owned(),
        fix: |_| {
            "set the variable that holds it under `env` in backend-im.yml, such as `postgresql://user@host/name` (not `postgres://`; with the driver for an async engine: `postgresql+asyncpg://`), or use a SQLite file below DATA_DIR".to_owned()
        },
    },
    Rule {
        code: "missing_file",
        phases: CODE,
        runtimes: PY,
        patterns: &["Resource {} not found.", "Can't find model '{}'", "Can't find model \"{}\""],
        title: |c| format!("The data of a model are not there: `{}`", or(c, 0, "?")),
        fix: |_| {
            "download them in `build` into a folder of the project (`nltk.download(…, download_dir=…)`, `python -m spacy download …`)".to_owned()
        },
    },
    Rule {
        code: "missing_file",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "^FileNotFoundError: [Errno 2] No such file or directory: '{}'",
            "RuntimeError: Directory '{}' does not exist",
            "jinja2.exceptions.TemplateNotFound: {}",
            "^Error: '{}' doesn't exist",
            "^FileNotFoundError: [Errno 2] No such file or directory",
        ],
        title: |c| format!("The file `{}` does not exist", or(c, 0, "?")),
        fix: |c| {
            format!(
                "check that `{}` is part of the project and not excluded by an ignore file, and create what the app itself writes below DATA_DIR",
                or(c, 0, "?")
            )
        },
    },
    Rule {
        code: "configuration_invalid",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "yaml.scanner.ScannerError: {}",
            "yaml.parser.ParserError: {}",
            "TOMLDecodeError: {}",
            "TomlDecodeError: {}",
            "configparser.{}Error: {}",
        ],
        title: |_| "A configuration file does not parse".to_owned(),
        fix: |_| "mend the file at the line and column that the message names".to_owned(),
    },
    Rule {
        code: "locale_missing",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "^UnicodeDecodeError: 'ascii' codec can't {}",
            "^UnicodeEncodeError: 'ascii' codec can't {}",
            "Python 3 was configured to use ASCII as encoding for the environment",
            "^locale.Error: unsupported locale setting",
        ],
        title: |_| "Python takes text for ASCII, because no locale is set".to_owned(),
        fix: |_| {
            "set `PYTHONUTF8: \"1\"` and `LANG: C.UTF-8` under `env` in backend-im.yml, or name the encoding where the file is opened".to_owned()
        },
    },
    Rule {
        code: "missing_attribute",
        phases: CODE,
        runtimes: PY,
        patterns: &[
            "^AttributeError: module '{}' has no attribute '{}'",
            "^1. module '{}' has no attribute '{}'",
        ],
        title: |c| format!("The module `{}` has no `{}`", or(c, 0, "?"), or(c, 1, "?")),
        fix: |c| {
            format!(
                "pin the version of `{}` that has `{}`, or use its new name; a file of the project that is named like the package hides it",
                or(c, 0, "?"),
                or(c, 1, "?")
            )
        },
    },
    Rule {
        code: "undefined_name",
        phases: CODE,
        runtimes: PY,
        patterns: &["^NameError: name '{}' is not defined", "^UnboundLocalError: {}"],
        title: |c| format!("`{}` is used and nowhere defined", or(c, 0, "?")),
        fix: |c| format!("import or define `{}` before it is used", or(c, 0, "?")),
    },
];

fn file_of(module: &str) -> String {
    if module.contains('/') || crate::project::extension(module) == "py" {
        return format!("`{module}`");
    }
    format!("`{}.py`", module.replace('.', "/"))
}
