//! Changes of the command that starts, builds or releases the app, in the file that holds it.

use super::diff::Change;
use super::settings::set_key;
use super::{Files, json};
use crate::config::FILE_NAMES;
use crate::detect::python_application;

/// Where a Python application usually is, and the folder from which its module is named.
const APPLICATIONS: &[&str] = &[
    "main.py",
    "app.py",
    "server.py",
    "api.py",
    "run.py",
    "wsgi.py",
    "asgi.py",
    "app/main.py",
    "app/app.py",
    "app/server.py",
    "app/api.py",
    "api/main.py",
    "api/app.py",
    "src/main.py",
    "src/app.py",
    "backend/main.py",
    "backend/app.py",
    "server/main.py",
    "server/app.py",
];

/// Names the application of a start command by the only module that has one.
pub(super) fn name_module(files: &Files<'_>, module: &str) -> Option<Change> {
    let is_there =
        [format!("{}.py", module.replace('.', "/")), format!("{}/__init__.py", module.replace('.', "/"))];
    if module.is_empty() || is_there.iter().any(|path| files.has(path)) {
        return None;
    }
    let mut found =
        APPLICATIONS.iter().filter_map(|path| Some((path, python_application(&files.text(path)?)?)));
    let (path, name) = found.next().filter(|_| found.next().is_none())?;
    let named = format!("{}:{name}", path.trim_end_matches(".py").replace('/', "."));
    in_holder(files, |text| {
        let (before, after) = text.split_once(&format!(" {module}:"))?;
        let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).unwrap_or(after.len());
        // A factory is called, and what it is called with is for a person to say.
        (!after[end..].starts_with('(')).then(|| format!("{before} {named}{}", &after[end..]))
    })
}

/// Whether a start command names this module, which is then no package.
pub(super) fn names_module(files: &Files<'_>, module: &str) -> bool {
    in_holder(files, |text| text.contains(&format!(" {module}:")).then(String::new)).is_some()
}

/// Starts without watching the files for changes.
pub(super) fn stop_watching(files: &Files<'_>) -> Option<Change> {
    in_holder(files, |text| text.contains(" --reload").then(|| text.replace(" --reload", "")))
}

/// Lets a shell run a script that is not executable.
pub(super) fn run_by_shell(files: &Files<'_>, script: &str) -> Option<Change> {
    let path = script.rsplit_once("./").map_or(script, |(_, path)| path);
    let first = files.text(path)?.lines().next()?.to_owned();
    let shell = match first.rsplit(['/', ' ']).next()? {
        "bash" => "bash",
        "sh" | "dash" => "sh",
        _ => return None,
    };
    in_holder(files, |text| {
        let (before, after) = text.split_once(&format!("./{path}"))?;
        let is_command = before.ends_with([' ', '"', '\'']) && !before.ends_with("sh ");
        is_command.then(|| format!("{before}{shell} ./{path}{after}"))
    })
}

/// Answers the question of Artisan whether it may run in production.
pub(super) fn force_artisan(files: &Files<'_>) -> Option<Change> {
    in_holder(files, |text| {
        let (before, after) = text.split_once("artisan migrate")?;
        let rest = after.lines().next().unwrap_or_default();
        (!rest.contains("--force")).then(|| format!("{before}artisan migrate --force{after}"))
    })
}

/// Runs the migrations before the switch, with the tool whose files are there.
pub(super) fn migrate(files: &Files<'_>) -> Option<Change> {
    const TOOLS: &[(&str, &str)] = &[
        ("manage.py", "python manage.py migrate --noinput"),
        ("alembic.ini", "alembic upgrade head"),
        ("prisma/migrations/migration_lock.toml", "npx prisma migrate deploy"),
        ("bin/rails", "bundle exec rails db:migrate"),
        ("artisan", "php artisan migrate --force"),
    ];
    let mut there = TOOLS.iter().filter(|(file, _)| files.has(file));
    let (_, command) = there.next().filter(|_| there.next().is_none())?;
    set_key(files, "release", command)
}

/// Builds with webpack, for which the project's configuration is.
pub(super) fn build_with_webpack(files: &Files<'_>) -> Option<Change> {
    let text = files.text("package.json")?;
    let old = json::member(&text, "scripts", "build")?;
    let has_flag = old.contains("--webpack") || old.contains("--turbo");
    let new = (!has_flag && old.contains("next build"))
        .then(|| old.replacen("next build", "next build --webpack", 1))?;
    let new = text.replacen(&format!("\"{old}\""), &format!("\"{new}\""), 1);
    Some(Change::of("package.json", text, new))
}

/// The edit of the first file with commands that it changes.
fn in_holder(files: &Files<'_>, edit: impl Fn(&str) -> Option<String>) -> Option<Change> {
    ["Procfile"].iter().chain(FILE_NAMES).find_map(|path| {
        let text = files.text(path)?;
        let new = edit(&text).filter(|new| *new != text)?;
        Some(Change::of(path, text, new))
    })
}
