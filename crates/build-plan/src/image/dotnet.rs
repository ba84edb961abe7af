//! .NET: built with the SDK, run with ASP.NET's runtime, which has a user for it.

use super::base;
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;

const PACKAGES: &str = "/root/.nuget/packages";
const OUTPUT: &str = ".backend-im/publish";
/// The user `app` of Microsoft's images.
const USER: &str = "1654:1654";

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let mut recipe = Recipe::new(base::dotnet(plan.version.as_deref()));
    recipe.user = Some(USER);
    if let Some(install) = &plan.install {
        let step = Step::run(&[PACKAGES], install.command.clone());
        let inputs = subject.inputs(install, &[]);
        recipe.installation = if inputs.is_empty() {
            Installation { after: vec![step], ..Installation::default() }
        } else {
            Installation { inputs, before: vec![step], after: Vec::new() }
        };
    }
    recipe.build.extend(plan.build.iter().map(|text| Step::run(&[PACKAGES], text.clone())));
    if plan.start.as_deref().is_some_and(|start| start.contains(OUTPUT)) {
        recipe.taken = Taken::Only { made: vec![OUTPUT.to_owned()], files: Vec::new() };
    } else {
        recipe.images.run.clone_from(&recipe.images.build);
    }
    recipe
}
