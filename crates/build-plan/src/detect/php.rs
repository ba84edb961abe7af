//! PHP: Laravel, Symfony, other frameworks of Composer, and folders of plain scripts.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::page_packages;
use super::text::at;
use super::{Context, versions};
use crate::draft::{Draft, Strength};
use crate::project::Project;
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
    let framework = composer.as_ref().and_then(Composer::framework);
    let marker = match (&composer, root) {
        (Some(_), _) if framework.is_some() || root.is_some() || context.start.is_some() => FILE.to_owned(),
        (_, Some(root)) => at(root, "index.php"),
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
    if draft.start.is_none() {
        serve(project, root.copied().unwrap_or("public"), &mut draft);
    }
    version(project, composer.as_ref(), &mut draft);
    if let Some(composer) = &composer {
        install(project, composer, &mut draft);
    }
    Ok(Some(draft))
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
    if project.has("package.json") {
        build.insert(0, "npm run build");
    }
    if !project.listing().has_folder("resources/views") {
        build.pop();
    }
    if !build.is_empty() {
        draft.set_build(
            build.join(" && "),
            if project.has("package.json") { "package.json, artisan" } else { "artisan" },
        );
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
    if project.has("package.json") {
        build.push("npm run build");
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
    let index = at(root, "index.php");
    let folder = if root.is_empty() { ".".to_owned() } else { shell::word(root) };
    let router = project.has("router.php") && root.is_empty();
    let router = if router { " router.php" } else { "" };
    draft.set_start(format!("php -S $HOST:$PORT -t {folder}{router}"), index);
    draft.set_env("PHP_CLI_SERVER_WORKERS", "4");
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
