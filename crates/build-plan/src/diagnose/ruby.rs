//! Rules about Ruby, Bundler, Rails and Rack.

use super::rule::{CODE, INSTALL, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Ruby};

const RB: &[Runtime] = &[Ruby];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "wrong_ruby_version",
        super::rule::ANY,
        RB,
        [
            "Your Ruby version is {}, but your Gemfile specified {}",
            "requires ruby version {}, which is incompatible",
            "requires Ruby version {}. The current ruby version is {}",
            "rbenv: version `{}' is not installed",
        ],
        "The project needs another Ruby ({1|see the Gemfile})",
        "install the Ruby that the Gemfile and .ruby-version name, or change both to the one that is installed",
    ),
    rule!(
        "wrong_bundler_version",
        super::rule::ANY,
        RB,
        ["Could not find 'bundler' ({}) required by", "You must use Bundler {} or greater"],
        "Gemfile.lock was written by another Bundler ({0})",
        "run `gem install bundler -v {0}`, or `bundle update --bundler` and deploy the new Gemfile.lock",
    ),
    rule!(
        "lock_platform_missing",
        INSTALL,
        RB,
        ["Your bundle only supports platforms {}"],
        "Gemfile.lock was written for another platform",
        "run `bundle lock --add-platform x86_64-linux` and deploy the new Gemfile.lock",
    ),
    rule!(
        "lock_out_of_sync",
        MAKE,
        RB,
        [
            "You are trying to install in deployment mode after changing",
            "The gemspecs for path gems changed",
            "because frozen mode is set",
            "The lockfile can't be updated because frozen mode is set",
            "your Gemfile.lock is corrupt",
        ],
        "Gemfile.lock does not match the Gemfile",
        "run `bundle install` and deploy the new Gemfile.lock with the Gemfile",
    ),
    rule!(
        "dependency_version_missing",
        INSTALL,
        RB,
        [
            "Could not find gem '{}' in",
            "Could not find {} in any of the sources",
            "Could not find compatible versions",
        ],
        "There is no such gem or version: `{0|see the message}`",
        "correct the name or version of `{0|the gem}` in the Gemfile, then run `bundle install` and deploy Gemfile.lock",
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
            "undefined local variable or method '{}'"
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
