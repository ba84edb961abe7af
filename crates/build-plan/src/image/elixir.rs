//! Elixir: a release brings its own runtime, so the last stage only has what that was linked with.

use super::base;
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;

const RELEASES: &str = "_build/prod/rel";
/// Where mix keeps the tools it fetches: outside of the home folder, which is not the app's.
const MIX: &str = "/opt/mix";
const HEX: &str = "/opt/hex";

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let mut recipe = Recipe::new(base::elixir(plan.version.as_deref()));
    recipe.env.push(("LANG".to_owned(), "C.UTF-8".to_owned()));
    recipe.tools.push(Step::env(&[("MIX_HOME", MIX), ("HEX_HOME", HEX)]));
    if let Some(install) = &plan.install {
        let step = Step::run(&[HEX], install.command.clone());
        let inputs = subject.inputs(install, &[]);
        let is_umbrella = subject.has_folder("apps");
        recipe.installation = if inputs.is_empty() || is_umbrella {
            Installation { after: vec![step], ..Installation::default() }
        } else {
            Installation { inputs, before: vec![step], after: Vec::new() }
        };
    }
    recipe.build.extend(plan.build.iter().map(|text| Step::run(&[HEX], text.clone())));
    if plan.start.as_deref().is_some_and(|start| start.contains(RELEASES)) {
        // A release writes down what it runs with.
        recipe.env.push(("RELEASE_TMP".to_owned(), "/tmp".to_owned()));
        recipe.taken = Taken::Only { made: vec![RELEASES.to_owned()], files: Vec::new() };
    } else {
        recipe.env.push(("MIX_HOME".to_owned(), MIX.to_owned()));
        recipe.taken = Taken::Everything { beside: vec![MIX.to_owned()] };
    }
    recipe
}
