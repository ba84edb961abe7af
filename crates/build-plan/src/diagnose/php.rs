//! Rules about PHP, Composer, Laravel and Symfony.

use super::rule::{ANY, INSTALL, MAKE, RUN, Rule, rule};
use crate::Runtime::{self, Php};

const PHP: &[Runtime] = &[Php];

pub(super) const RULES: &[Rule] = &[
    rule!(
        "php_extension_missing",
        ANY,
        PHP,
        [
            "requires ext-{} * -> it is missing from your system",
            "requires PHP extension ext-{} * but it is missing",
            "require ext-{} * -> it is missing from your system",
            "requires ext-{} ",
            "could not find driver (Connection: {},",
            "could not find driver",
            "Call to undefined function mysqli_connect()",
            "Class \"PDO\" not found",
            "require the following PHP extensions to be installed: {}",
            "The requested PHP extension {} is missing from your system",
            "Call to undefined function mb_{}()",
            "Call to undefined function curl_{}()",
            "Class \"Redis\" not found",
            "Class \"ZipArchive\" not found",
            "Class \"NumberFormatter\" not found",
            "Class \"Imagick\" not found",
            "Class \"SoapClient\" not found",
            "Class \"DOMDocument\" not found"
        ],
        "PHP lacks the extension `{0|pdo}`",
        "install it on this machine (Debian, Ubuntu: `apt install php-{0|pgsql php-mysql php-sqlite3}`; drivers of PDO come with it), or remove what needs it from composer.json",
    ),
    rule!(
        "wrong_php_version",
        ANY,
        PHP,
        [
            "your php version ({}) does not satisfy that requirement",
            "Your Composer dependencies require a PHP version \"{}\"",
            "requires php {} -> your php version",
            "incompatible with your PHP version"
        ],
        "The project needs another PHP ({0|see the message})",
        "install the PHP that composer.json asks for, or lower `require.php` there",
    ),
    rule!(
        "missing_file",
        INSTALL,
        PHP,
        ["Could not open input file: {}"],
        "A script of Composer runs `{0}`, which is not there",
        "deploy `{0}` with the project, and copy it before `composer install` in a Dockerfile",
    ),
    rule!(
        "dependency_scripts_blocked",
        MAKE,
        PHP,
        ["{} contains a Composer plugin which is blocked by your allow-plugins config"],
        "The plugin {0} of Composer may not run",
        "run `composer config allow-plugins.{0} true` and deploy composer.json",
    ),
    rule!(
        "dependency_policy",
        INSTALL,
        PHP,
        [
            "because they are affected by security advisories",
            "these were not loaded, because they are affected by {}"
        ],
        "Composer refuses versions with known security holes",
        "update the package to a version without, or list the advisory under `config.audit.ignore` of composer.json",
    ),
    rule!(
        "configuration_invalid",
        ANY,
        PHP,
        ["Your configuration files are not serializable", "Your configuration files could not be serialized"],
        "Laravel's configuration holds what cannot be cached",
        "take closures and objects out of config/*.php, or leave `config:cache` out of the build",
    ),
    rule!(
        "lock_out_of_sync",
        INSTALL,
        PHP,
        [
            "The lock file is not up to date with the latest changes in composer.json",
            "is not present in the lock file",
            "is in the lock file as \"{}\" but that does not satisfy your constraint",
        ],
        "composer.lock does not match composer.json",
        "run `composer update --lock`, and deploy composer.lock with composer.json",
    ),
    rule!(
        "dependency_version_missing",
        INSTALL,
        PHP,
        [
            "Root composer.json requires {}, it could not be found in any version",
            "Could not find a matching version of package {}.",
            "Could not find package {}.",
            "found {} but it does not match the constraint",
        ],
        "There is no such package or version: `{0}`",
        "correct the name or version of `{0}` in composer.json",
    ),
    rule!(
        "dependency_conflict",
        INSTALL,
        PHP,
        ["Your requirements could not be resolved to an installable set of packages"],
        "The wanted versions contradict each other",
        "loosen or align the versions that the lines below name in composer.json",
    ),
    rule!(
        "database_refused",
        MAKE,
        PHP,
        ["SQLSTATE[HY000] [2002] {}", "SQLSTATE[08006] [7] {}"],
        "A script of the installation asks the database, and none answers",
        "what runs when the app boots (service providers, configuration) must not ask the database; or set its address in `env`",
    ),
    rule!(
        "dependency_injection_failed",
        ANY,
        PHP,
        [
            "Cannot autowire service \"{}\": {}",
            "Target [{}] is not instantiable",
            "Unresolvable dependency resolving [{}]"
        ],
        "The container cannot make `{0}`",
        "configure the argument that the message names (Symfony: config/services.yaml; Laravel: bind it in a service provider)",
    ),
    rule!(
        "missing_file",
        RUN,
        PHP,
        [
            "Directory {} does not exist.",
            "Could not open input file: {}",
            "Failed to open stream: No such file or directory in {}",
            "View [{}] not found"
        ],
        "The file or folder `{0}` does not exist",
        "correct the start command (`php -S $HOST:$PORT -t public`), and check that no ignore file excludes it",
    ),
    rule!(
        "assets_not_built",
        ANY,
        PHP,
        [
            "Vite manifest not found at: {}",
            "Unable to locate file in Vite manifest: {}",
            "Mix manifest not found at: {}"
        ],
        "The pages' assets were not built",
        "build them: `npm ci && npm run build` in `build`, so that public/build/manifest.json exists",
    ),
    rule!(
        "dependencies_not_installed",
        RUN,
        PHP,
        [
            "Failed opening required '{}vendor/autoload.php'",
            "Failed to open stream: No such file or directory in {}/artisan",
            "vendor/autoload.php: Failed to open stream",
        ],
        "The packages of Composer are not there",
        "deploy composer.json with composer.lock, so that `composer install` runs before the start",
    ),
    rule!(
        "secret_key_missing",
        ANY,
        PHP,
        ["No application encryption key has been specified", "Unsupported cipher or incorrect key length"],
        "Laravel has no application key",
        "set APP_KEY as a secret to what `php artisan key:generate --show` prints",
    ),
    rule!(
        "missing_env_var",
        ANY,
        PHP,
        ["Environment variable not found: \"{}\""],
        "The environment variable `{0}` is not set",
        "set `{0}` under `env` in backend-im.yml or in the deploy's `env`, or give it a default in .env",
    ),
    rule!(
        "storage_not_writable",
        ANY,
        PHP,
        [
            "could not be opened in append mode: Failed to open stream: Permission denied",
            "Please provide a valid cache path",
            "directory must be present and writable",
            "The stream or file \"{}\" could not be opened",
        ],
        "The framework's storage folder is missing or not writable",
        "commit storage/framework/{cache,sessions,views} and bootstrap/cache with a .gitignore in each, so that the folders exist",
    ),
    rule!(
        "syntax_error",
        ANY,
        PHP,
        ["PHP Parse error: {}", "Parse error: {}", "ParseError: {}"],
        "PHP cannot parse the source: {0}",
        "mend the line that the message names; if it is right in a newer PHP, say which one in composer.json",
    ),
    rule!(
        "missing_module",
        ANY,
        PHP,
        ["Symfony Runtime is missing"],
        "The package `symfony/runtime` is not installed",
        "run `composer require symfony/runtime`, allow its plugin (`config.allow-plugins`), and deploy composer.json with composer.lock",
    ),
    rule!(
        "missing_module",
        ANY,
        PHP,
        [
            "Uncaught Error: Class \"{}\" not found",
            "Class \"{}\" not found",
            "Class '{}' not found",
            "Target class [{}] does not exist",
            "Interface \"{}\" not found",
            "Trait \"{}\" not found"
        ],
        "PHP finds no class `{0}`",
        "add the package that brings `{0}` to `require` of composer.json (what stands in `require-dev` is not there in production); a class of this project needs the folder of its namespace under `autoload.psr-4`",
    ),
    rule!(
        "undefined_name",
        ANY,
        PHP,
        ["Uncaught Error: Call to undefined function {}()", "Call to undefined function {}()"],
        "`{0}` is called and nowhere defined",
        "install the extension or include the file that defines `{0}`",
    ),
];

/// The fatal error that no rule knows.
pub(super) const GENERAL: &[Rule] = &[
    rule!(
        "php_fatal_error",
        MAKE,
        PHP,
        ["^PHP Fatal error:  {}", "^Fatal error: {}"],
        "PHP ends with an error: {0}",
        "mend the place that the message names",
    ),
    rule!(
        "php_fatal_error",
        RUN,
        PHP,
        ["^PHP Fatal error:  {}", "^PHP Fatal error: {}", "^Fatal error: {}"],
        "PHP ends with an error: {0}",
        "mend the place that the message names",
    ),
];
