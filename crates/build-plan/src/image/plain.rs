//! A start command of which nobody knows what it needs: the project's files on a bare system.

use super::base::{self, Pair};
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let images = Pair { build: base::DEBIAN.to_owned(), run: base::DEBIAN.to_owned(), warning: None };
    let mut recipe = Recipe::new(images);
    recipe.packages = vec!["ca-certificates"];
    let install = plan.install.iter().map(|install| Step::run(&[], install.command.clone()));
    recipe.installation = Installation { after: install.collect(), ..Installation::default() };
    recipe.build.extend(plan.build.iter().map(|text| Step::run(&[], text.clone())));
    if recipe.build.is_empty() && recipe.installation.after.is_empty() {
        recipe.taken = Taken::Sources { made: Vec::new() };
    }
    recipe.warnings.push(format!(
        "nothing says what `{}` runs on, so the image is bare Debian; `runtime` in backend-im.yml says it",
        plan.start.as_deref().unwrap_or_default()
    ));
    recipe
}
