//! Rules about Ruby programs, Rails and Rack.

use super::rule::{CODE, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Ruby};

const RB: &[Runtime] = &[Ruby];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "database_refused",
        MAKE,
        RB,
        [
            "CannotConnectError: {}",
            "ActiveRecord::ConnectionNotEstablished: {}",
            "PG::ConnectionBad: {}",
            "Mysql2::Error::ConnectionError: {}"
        ],
        "The build asks a database or Redis, and none answers",
        "what runs while assets are built (initializers) must not ask it; or set its address in `env`",
    ),
    rule!(
        "missing_env_var",
        CODE,
        RB,
        ["key not found: \"{}\""],
        "The environment variable `{0}` is not set",
        "set `{0}` under `env` in backend-im.yml or as a secret, or give it a default: `ENV.fetch(\"{0}\", \"…\")`",
    ),
    rule!(
        "parse_failed",
        CODE,
        RB,
        [
            "SassC::SyntaxError: {}",
            "Sass::SyntaxError: {}",
            "Terser::Error: {}",
            "Uglifier::Error: {}",
            "ExecJS::RuntimeError: {}",
            "ExecJS::ProgramError: {}"
        ],
        "An asset does not parse: {0}",
        "mend what the lines below name; new CSS and JavaScript need newer tools (cssbundling, jsbundling or propshaft instead of sassc and uglifier)",
    ),
    rule!(
        "missing_file",
        CODE,
        RB,
        [
            "Sprockets::FileNotFound: {}",
            "ActionView::MissingTemplate",
            "No such file or directory @ rb_sysopen - {}",
            "configuration {} not found",
            "No application configured, nothing to run"
        ],
        "A file is not there: {0|see the message}",
        "check the path and that no ignore file excludes it; what yarn or npm brings must be installed before the assets are built",
    ),
    rule!(
        "configuration_invalid",
        CODE,
        RB,
        [
            "(Psych::SyntaxError)",
            "Cannot load database configuration:",
            "YAML syntax error occurred while parsing {}"
        ],
        "A YAML file does not parse",
        "mend the line that the message names; YAML wants blanks, no tabs, and quotes around text with a colon",
    ),
    rule!(
        "missing_module",
        CODE,
        RB,
        [
            "cannot load such file -- {} (LoadError)",
            "Missing a gem it depends on? {} is not part of the bundle",
            "Could not find {} in locally installed gems",
            "Bundler::GemNotFound: Could not find {} in",
            "bundler: command not found: {}",
            "bundler: failed to load command: {} (",
        ],
        "Ruby finds no `{0}`",
        "add the gem that brings `{0}` to the Gemfile (outside the groups `development` and `test`), run `bundle install` and deploy Gemfile.lock",
    ),
    rule!(
        "secret_key_missing",
        CODE,
        RB,
        [
            "Missing `secret_key_base` for '{}' environment",
            "Missing encryption key to decrypt file with",
            "ActiveSupport::MessageEncryptor::InvalidMessage",
            "Devise.secret_key was not set",
            "environment must be a type of String"
        ],
        "Rails has no secret key",
        "set SECRET_KEY_BASE (or RAILS_MASTER_KEY, the content of config/master.key) as a secret; `SECRET_KEY_BASE_DUMMY=1` is enough for precompiling assets",
    ),
    rule!(
        "missing_module",
        RUN,
        RB,
        ["Sinatra could not start, the required gems weren't found"],
        "Sinatra has no server",
        "run `bundle add rackup puma` and deploy the Gemfile with Gemfile.lock",
    ),
    rule!(
        "javascript_runtime_missing",
        CODE,
        RB,
        ["Could not find a JavaScript runtime"],
        "The assets need a JavaScript runtime, and none is installed",
        "install Node on this machine, or add the gem `mini_racer`; without old assets remove `uglifier` and `coffee-rails` from the Gemfile",
    ),
    rule!(
        "stale_pid_file",
        RUN,
        RB,
        ["A server is already running (pid: {}, file: {})", "A server is already running. Check {}"],
        "A file of an earlier start says that the server runs already",
        "never deploy tmp/pids (`/tmp/pids/*` in .gitignore), or start with `rm -f tmp/pids/server.pid && bin/rails server …`",
    ),
    rule!(
        "migrations_pending",
        RUN,
        RB,
        ["ActiveRecord::PendingMigrationError", "Migrations are pending"],
        "The database lacks migrations",
        "run them before the switch: `release: bundle exec rails db:migrate` in backend-im.yml",
    ),
    rule!(
        "assets_not_precompiled",
        RUN,
        RB,
        [
            "The asset \"{}\" is not present in the asset pipeline",
            "Sprockets::Rails::Helper::AssetNotPrecompiled"
        ],
        "Assets were not precompiled",
        "build with `bundle exec rails assets:precompile`",
    ),
    rule!(
        "syntax_error",
        CODE,
        RB,
        ["syntax error, {}", "syntax errors found (SyntaxError)", "(SyntaxError)"],
        "Ruby cannot parse the source: {0|see the message}",
        "mend the line that the message names",
    ),
    rule!(
        "undefined_name",
        CODE,
        RB,
        [
            "uninitialized constant {} (NameError)",
            "undefined local variable or method `{}'",
            "undefined local variable or method '{}'",
            "expected file {} to define constant {}"
        ],
        "`{0}` is used and nowhere defined",
        "require the file or gem that defines `{0}`; with Zeitwerk a file must be named after its constant",
    ),
    rule!(
        "undefined_method",
        CODE,
        RB,
        ["undefined method `{}' for {}", "undefined method '{}' for {}"],
        "There is no method `{0}` on {1|the object}",
        "correct the name, or check what is nil there",
    ),
];

/// The exception that no rule knows.
pub(super) const GENERAL: &[Rule] = &[rule!(
    "ruby_exception",
    CODE,
    RB,
    [":in `{}': {} (", ":in '{}': {} ("],
    "The program ends with an error of Ruby: {1}",
    "mend the place in the code that the line names",
)];
