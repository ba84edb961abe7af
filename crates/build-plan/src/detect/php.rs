//! PHP: Laravel, Symfony, other frameworks of Composer, and folders of plain scripts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::page_packages;
use super::text::{at, folder};
use super::{Context, versions};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Install, InstallMethod, PlanError, Runtime, shell};

const FILE: &str = "composer.json";

/// Packages that make a framework, those built upon others first.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("laravel/framework", "laravel"),
    ("laravel/lumen-framework", "lumen"),
    ("api-platform/core", "symfony"),
    ("symfony/framework-bundle", "symfony"),
    ("slim/slim", "slim"),
    ("cakephp/cakephp", "cakephp"),
    ("codeigniter4/framework", "codeigniter"),
    ("yiisoft/yii2", "yii"),
    ("laminas/laminas-mvc", "laminas"),
    ("drupal/core-recommended", "drupal"),
    ("drupal/core", "drupal"),
    ("mezzio/mezzio", "mezzio"),
    ("hyperf/hyperf", "hyperf"),
    ("roots/wordpress", "wordpress"),
    ("johnpbloch/wordpress", "wordpress"),
    ("flightphp/core", "flight"),
    ("leafs/leaf", "leaf"),
];
/// Folders from which pages are served, likeliest first; empty for the project itself.
const ROOTS: &[&str] = &["public", "web", "webroot", "html", "htdocs", "public_html", "www", ""];
/// Extensions that Debian has in a package of another name; the others are `php-NAME`.
const EXTENSIONS: &[(&str, &str)] = &[
    ("dom", "php-xml"),
    ("simplexml", "php-xml"),
    ("xmlreader", "php-xml"),
    ("xmlwriter", "php-xml"),
    ("pdo_mysql", "php-mysql"),
    ("mysqli", "php-mysql"),
    ("pdo_pgsql", "php-pgsql"),
    ("pdo_sqlite", "php-sqlite3"),
];
/// Extensions that PHP always has.
const BUILT_IN: &[&str] = &[
    "ctype",
    "date",
    "fileinfo",
    "filter",
    "hash",
    "iconv",
    "json",
    "openssl",
    "pcre",
    "pdo",
    "phar",
    "posix",
    "session",
    "sodium",
    "spl",
    "tokenizer",
    "pcntl",
    "ftp",
    "exif",
    "calendar",
    "sockets",
];

/// Looks for a PHP project.
///
/// # Errors
/// [`PlanError::Unreadable`] and [`PlanError::InvalidManifest`].
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let composer = composer(project)?;
    let root = ROOTS.iter().find(|root| project.has(&at(root, "index.php")));
    let root = root
        .or_else(|| ROOTS.iter().find(|root| composer.is_none() && has_scripts_beside_page(project, root)));
    let framework = composer.as_ref().and_then(Composer::framework);
    let marker = match (&composer, root) {
        (Some(_), _) if framework.is_some() || root.is_some() || context.start.is_some() => FILE.to_owned(),
        (_, Some(root)) => first_page(project, root),
        (_, None) if context.start.is_some() && context.starts_with(Runtime::Php) => "index.php".to_owned(),
        _ => return Ok(None),
    };
    let mut draft = Draft::new(Runtime::Php, Strength::Server, marker);
    if let Some((package, name)) = framework {
        draft.set_framework(name, format!("{FILE}: require.{package}"));
    }
    match framework {
        Some((_, "laravel")) => laravel(project, &mut draft),
        Some((_, "symfony")) => symfony(project, composer.as_ref(), &mut draft),
        _ => {}
    }
    if project.has("wp-includes/version.php") {
        draft.set_framework("wordpress", "wp-includes/version.php");
    }
    if draft.framework.as_deref() == Some("wordpress") {
        draft.need_system_package("php-mysql", draft.evidence[0].source.clone());
        draft.warn("WordPress keeps everything in a MySQL database; wp-config.php must be told where it is");
    }
    if draft.start.is_none() {
        serve(project, root.copied().unwrap_or("public"), &mut draft);
    }
    if let Some(start) = context.start.as_ref().filter(|start| is_for_heroku(&start.command)) {
        heroku(project, &start.command, &mut draft);
    }
    version(project, composer.as_ref(), &mut draft);
    if let Some(composer) = &composer {
        install(project, composer, &mut draft);
    }
    Ok(Some(draft))
}

/// Whether a folder's first page is plain, and others beside it are scripts, such as the one behind a form.
fn has_scripts_beside_page(project: &Project<'_>, root: &str) -> bool {
    let is_script = |path: &str| extension(path) == "php" && folder(path) == root;
    project.has(&at(root, "index.html")) && project.listing().under(root).any(|file| is_script(&file.path))
}

/// The page that answers `/`.
fn first_page(project: &Project<'_>, root: &str) -> String {
    let script = at(root, "index.php");
    if project.has(&script) { script } else { at(root, "index.html") }
}

/// What composer.json requires.
struct Composer {
    require: BTreeMap<String, String>,
    platform: Option<String>,
}

fn composer(project: &Project<'_>) -> Result<Option<Composer>, PlanError> {
    let Some(text) = project.manifest(FILE)? else { return Ok(None) };
    let root: Value = serde_json::from_str(&text).map_err(|error| PlanError::InvalidManifest {
        file: FILE.to_owned(),
        line: Some(error.line() as u64),
        message: "not valid JSON".to_owned(),
    })?;
    let require = root.get("require").and_then(Value::as_object);
    let platform = root.pointer("/config/platform/php").and_then(Value::as_str).map(str::to_owned);
    Ok(Some(Composer { require: require.map(texts).unwrap_or_default(), platform }))
}

fn texts(map: &Map<String, Value>) -> BTreeMap<String, String> {
    map.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

impl Composer {
    fn framework(&self) -> Option<(&'static str, &'static str)> {
        FRAMEWORKS.iter().find(|(package, _)| self.require.contains_key(*package)).copied()
    }
}

fn laravel(project: &Project<'_>, draft: &mut Draft) {
    draft.set_start("php artisan serve --host=$HOST --port=$PORT", "artisan");
    for (name, value) in
        [("APP_ENV", "production"), ("LOG_CHANNEL", "stderr"), ("PHP_CLI_SERVER_WORKERS", "4")]
    {
        draft.set_env(name, value);
    }
    let mut build = vec!["php artisan view:cache"];
    let pages = page_packages::build(project);
    if let Some(script) = &pages {
        build.insert(0, script);
    }
    if !project.listing().has_folder("resources/views") {
        build.pop();
    }
    if !build.is_empty() {
        draft
            .set_build(build.join(" && "), if pages.is_some() { "package.json, artisan" } else { "artisan" });
    }
    if project.listing().has_folder("database/migrations") {
        draft.set_release("php artisan migrate --force", "database/migrations");
    }
    if project.source("bootstrap/app.php").is_some_and(|source| source.contains("health: '/up'")) {
        draft.set_health_path("/up", "bootstrap/app.php");
    }
    draft.warn("Laravel needs APP_KEY; set it as a variable of the project (`php artisan key:generate --show` makes one)");
}

fn symfony(project: &Project<'_>, composer: Option<&Composer>, draft: &mut Draft) {
    let has = |package: &str| composer.is_some_and(|composer| composer.require.contains_key(package));
    draft.set_env("APP_ENV", "prod");
    draft.set_env("APP_DEBUG", "0");
    let mut build = Vec::new();
    let pages = page_packages::build(project);
    build.extend(pages.as_deref());
    if has("symfonycasts/tailwind-bundle") {
        build.push("php bin/console tailwind:build --minify");
    }
    if has("symfonycasts/sass-bundle") {
        build.push("php bin/console sass:build");
    }
    if has("symfony/asset-mapper") {
        build.push("php bin/console asset-map:compile");
    }
    if !build.is_empty() {
        draft.set_build(build.join(" && "), FILE);
    }
    if has("doctrine/doctrine-migrations-bundle") && project.listing().has_folder("migrations") {
        draft.set_release(
            "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration",
            "migrations",
        );
    }
    if !project.has("public/index.php") && project.has("web/app.php") {
        serve(project, "web", draft);
    }
}

/// PHP's own server over a folder of scripts.
fn serve(project: &Project<'_>, root: &str, draft: &mut Draft) {
    let index = first_page(project, root);
    let folder = if root.is_empty() { ".".to_owned() } else { shell::word(root) };
    let router = project.has("router.php") && root.is_empty();
    let router = if router { " router.php" } else { "" };
    draft.set_start(format!("php -S $HOST:$PORT -t {folder}{router}"), index);
    draft.set_env("PHP_CLI_SERVER_WORKERS", "4");
}

/// Whether a command starts the servers that only Heroku's builds install.
fn is_for_heroku(command: &str) -> bool {
    shell::program(command).is_some_and(|program| program.starts_with("heroku-php-"))
}

/// What Heroku would serve is served here by other means: the last word names the folder.
fn heroku(project: &Project<'_>, command: &str, draft: &mut Draft) {
    let last = shell::words(command).last().unwrap_or_default().trim_matches('/');
    let start = draft.start.clone();
    if project.has(&at(last, "index.php")) && draft.framework.as_deref() != Some("laravel") {
        serve(project, last, draft);
    }
    draft.built_start = draft.start.clone().or(start);
    draft.warn("the Procfile's `web` starts a server that only Heroku has; PHP serves the same folder here");
}

fn version(project: &Project<'_>, composer: Option<&Composer>, draft: &mut Draft) {
    if let Some(version) = versions::line_of(project, ".php-version") {
        draft.set_version(&version, ".php-version");
    } else if let Some((version, file)) = versions::of_tool(project, &["php"]) {
        draft.set_version(&version, file);
    } else if let Some(composer) = composer {
        if let Some(version) = &composer.platform {
            draft.set_version(version, format!("{FILE}: config.platform.php"));
        } else if let Some(version) = composer.require.get("php") {
            draft.set_version(version, format!("{FILE}: require.php"));
        }
    }
}

fn install(project: &Project<'_>, composer: &Composer, draft: &mut Draft) {
    for name in composer.require.keys().filter_map(|name| name.strip_prefix("ext-")) {
        if BUILT_IN.contains(&name) || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        let other = EXTENSIONS.iter().find(|(extension, _)| *extension == name);
        let package = other.map_or_else(|| format!("php-{name}"), |(_, package)| (*package).to_owned());
        draft.need_system_package(&package, format!("{FILE}: require.ext-{name}"));
    }
    let lock = project.first_of(&["composer.lock"]);
    if lock.is_none() {
        draft.warn("there is no composer.lock, so every install may bring other versions; `composer update` writes one");
    }
    let mut inputs = vec![FILE.to_owned()];
    inputs.extend(lock.map(str::to_owned));
    let mut command = "composer install --no-dev --no-interaction --optimize-autoloader".to_owned();
    if draft.build.as_ref().is_some_and(|build| build.contains("npm ")) {
        page_packages::add(project, draft, &mut inputs, &mut command);
    }
    draft.set_package_manager("composer", None, lock.unwrap_or(FILE));
    draft.installed = vec!["vendor".to_owned()];
    draft.set_install(Install {
        method: InstallMethod::Tool,
        command,
        inputs,
        extra: Vec::new(),
        options: Vec::new(),
    });
}
