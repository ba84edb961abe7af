//! Ruby: gems in a folder of the project, where the plan's variables tell Bundler to look for them.

use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;
use super::{base, node};

/// Words with which a Gemfile reads other files of the project.
const LOCAL: &[&str] = &["gemspec", "path:", ":path", "eval_gemfile", "File."];

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let mut recipe = Recipe::new(base::ruby(plan.version.as_deref()));
    recipe.tools = node::beside(subject);
    recipe.tools.push(Step::env(&[("BUNDLE_GLOBAL_GEM_CACHE", "true")]));
    if let Some(install) = &plan.install {
        let is_local =
            subject.text("Gemfile").is_some_and(|text| LOCAL.iter().any(|word| text.contains(word)));
        let step = Step::run(&["/root/.bundle/cache"], install.command.clone());
        let inputs = subject.inputs(install, &[".ruby-version", ".tool-versions"]);
        let is_alone = inputs.is_empty() || is_local || !plan.env.contains_key("BUNDLE_PATH");
        recipe.installation = if is_alone {
            Installation { after: vec![step], ..Installation::default() }
        } else {
            Installation { inputs, before: vec![step], after: Vec::new() }
        };
        if !is_alone && !install.command.contains("&&") {
            let made = plan.env.get("BUNDLE_PATH").map(|folder| subject.placed(folder));
            recipe.taken = Taken::Sources { made: made.into_iter().collect() };
        }
    } else {
        recipe.taken = Taken::Sources { made: Vec::new() };
    }
    if let Some(text) = &plan.build {
        recipe.build.push(Step::Run { caches: subject.caches(), commands: vec![text.clone()] });
        recipe.taken = Taken::Everything { beside: Vec::new() };
    }
    recipe
}
