//! Rules about Django and about the servers of Python.

use super::rule::{CODE, RUN, Rule, rule};
use crate::Runtime::{self, Python};

const PY: &[Runtime] = &[Python];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "secret_key_missing",
        CODE,
        PY,
        [
            "The SECRET_KEY setting must not be empty",
            "The session is unavailable because no secret key was set"
        ],
        "The app has no secret key",
        "set the variable that the settings read SECRET_KEY (Flask: `app.secret_key`) from as a secret of the project",
    ),
    rule!(
        "static_root_missing",
        CODE,
        PY,
        ["using the staticfiles app without having set the STATIC_ROOT setting"],
        "`collectstatic` runs and STATIC_ROOT is not set",
        "add `STATIC_ROOT = BASE_DIR / \"staticfiles\"` to the settings",
    ),
    rule!(
        "static_file_missing",
        CODE,
        PY,
        ["Missing staticfiles manifest entry for '{}'", "The file '{}' could not be found with <"],
        "A static file was not collected: `{0}`",
        "run `python manage.py collectstatic --noinput` in `build`, and check that the file is in one of STATICFILES_DIRS",
    ),
    rule!(
        "migration_tool_unconfigured",
        CODE,
        PY,
        [
            "No 'script_location' key found in configuration",
            "No config file 'alembic.ini' found",
            "Path doesn't exist: {}. Please use the 'init' command to create a new scripts folder",
            "Path doesn't exist: {}.  Please use the 'init' command to create a new scripts folder",
        ],
        "Alembic does not find its configuration or its migrations",
        "commit the folder with the migrations and run it where that is, or name the file: `alembic -c path/alembic.ini upgrade head`; \
         a project without migrations makes them once with `alembic init` or `flask db init`, or needs no such command",
    ),
    rule!(
        "django_settings_missing",
        CODE,
        PY,
        [
            "Requested setting {}, but settings are not configured",
            "No module named '{}.settings'",
            "Could not import settings '{}'",
        ],
        "Django does not find its settings ({0})",
        "set DJANGO_SETTINGS_MODULE under `env` in backend-im.yml to the module's path, such as `mysite.settings`, and start from the folder with manage.py",
    ),
    rule!(
        "django_app_not_ready",
        CODE,
        PY,
        [
            "AppRegistryNotReady: {}",
            "doesn't declare an explicit app_label and isn't in an application in INSTALLED_APPS"
        ],
        "A model is imported before Django is set up, or its app is not installed",
        "add the app to INSTALLED_APPS, and import models only after `django.setup()`",
    ),
    rule!(
        "worker_timeout",
        RUN,
        PY,
        ["WORKER TIMEOUT (pid:{})"],
        "A worker of gunicorn took too long and was ended",
        "let the start do less (load models in the background or before the fork with `--preload`), or raise `--timeout`",
    ),
    rule!(
        "flask_context_missing",
        CODE,
        PY,
        ["Working outside of application context", "Working outside of request context"],
        "Something of Flask is used outside of a request",
        "put it into `with app.app_context():`, or into the factory after the app is made",
    ),
    rule!(
        "event_loop_conflict",
        CODE,
        PY,
        [
            "asyncio.run() cannot be called from a running event loop",
            "There is no current event loop in thread",
            "attached to a different loop",
            "Event loop is closed",
            "RuntimeError: no running event loop",
            "This event loop is already running"
        ],
        "Code runs an event loop inside of another one",
        "make what the server calls a coroutine and `await` it, and create clients inside of the running loop (in the lifespan)",
    ),
    rule!(
        "signal_outside_main_thread",
        CODE,
        PY,
        [
            "set_wakeup_fd only works in main thread",
            "signal only works in main thread of the main interpreter"
        ],
        "Signals are set outside of the main thread",
        "start the bot or loop in the main thread, and the web server beside it",
    ),
    rule!(
        "invalid_response_model",
        CODE,
        PY,
        ["fastapi.exceptions.FastAPIError: {}"],
        "FastAPI cannot make a schema of a handler: {0}",
        "use types that Pydantic knows in the signature, or set `response_model=None`",
    ),
];

/// Exceptions of Django that say little by their name.
pub(super) const GENERAL: &[Rule] = &[
    rule!(
        "django_check_failed",
        CODE,
        PY,
        ["SystemCheckError: System check identified some issues", "^CommandError: {}"],
        "Django's own checks refuse the project: {0|see the lines below}",
        "mend what the lines with `ERRORS` name",
    ),
    rule!(
        "django_misconfigured",
        CODE,
        PY,
        ["django.core.exceptions.ImproperlyConfigured: {}"],
        "Django's settings do not work: {0}",
        "mend the setting that the message names",
    ),
];
