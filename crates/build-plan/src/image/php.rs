//! PHP: extensions are built for both stages at once, packages come with Composer.

use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;
use super::{base, node};

const CACHE: &str = "/root/.cache/composer";
/// What frameworks with a database want; the app's settings pick one of the drivers.
const WITH_DATABASE: &[&str] = &["opcache", "pdo_mysql", "pdo_pgsql"];

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let mut recipe = Recipe::new(base::php(plan.version.as_deref()));
    let extensions = extensions(subject);
    if !extensions.is_empty() {
        recipe.shared = vec![
            Step::copy(base::PHP_EXTENSIONS, "/usr/bin/install-php-extensions", "/usr/local/bin/"),
            Step::run(&[], format!("install-php-extensions {}", extensions.join(" "))),
        ];
    }
    let Some(install) = &plan.install else {
        recipe.taken = Taken::Sources { made: Vec::new() };
        return built(subject, recipe);
    };
    recipe.tools = vec![
        Step::Packages(vec!["git".to_owned(), "unzip".to_owned()]),
        Step::copy(base::COMPOSER, "/usr/bin/composer", "/usr/bin/"),
        Step::env(&[("COMPOSER_ALLOW_SUPERUSER", "1"), ("COMPOSER_CACHE_DIR", CACHE)]),
    ];
    recipe.tools.extend(node::beside(subject));
    let inputs = subject.inputs(install, &[]);
    let (composer, pages) = install.command.split_once(" && ").unwrap_or((&install.command, ""));
    let is_apart = composer.starts_with("composer install") && !inputs.is_empty();
    recipe.installation = if is_apart {
        // Scripts and the list of classes want the code; packages do not.
        let mut before = vec![Step::run(
            &[CACHE],
            "composer install --no-dev --no-interaction --no-scripts --no-autoloader",
        )];
        if !pages.is_empty() {
            before.push(Step::run(&["/root/.npm"], pages));
        }
        Installation { inputs, before, after: vec![Step::run(&[CACHE], composer)] }
    } else {
        Installation { after: vec![Step::run(&[CACHE], install.command.clone())], ..Installation::default() }
    };
    built(subject, recipe)
}

fn built(subject: &Subject<'_>, mut recipe: Recipe) -> Recipe {
    if let Some(text) = &subject.plan.build {
        recipe.build.push(Step::run(&[], text.clone()));
        recipe.taken = Taken::Everything { beside: Vec::new() };
    }
    recipe
}

/// The extensions that composer.json requires, and those that its framework cannot do without.
fn extensions(subject: &Subject<'_>) -> Vec<String> {
    let required = subject
        .plan
        .system_packages
        .iter()
        .filter_map(|package| package.needed_by.split_once("require.ext-"));
    let mut names: Vec<String> = required.map(|(_, name)| name.to_owned()).collect();
    if matches!(subject.plan.framework.as_deref(), Some("laravel" | "symfony")) {
        names.extend(WITH_DATABASE.iter().map(|name| (*name).to_owned()));
    }
    names.retain(|name| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    names.sort_unstable();
    names.dedup();
    names
}
