//! Deno: what it downloads is what runs, so that lies beside the code and travels with it.

use super::base;
use super::recipe::{Installation, Recipe, Step};
use super::subject::{APP, Subject};
use crate::project::extension;

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let mut recipe = Recipe::new(base::deno(plan.version.as_deref()));
    let downloads = format!("{APP}/.deno");
    let env = [("DENO_DIR", downloads.as_str()), ("DENO_NO_UPDATE_CHECK", "1"), ("DENO_NO_PROMPT", "1")];
    recipe.tools.push(Step::env(&env));
    recipe.env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    if let Some(install) = &plan.install {
        // The entry names files of its own, so that only the manifest can be installed without them.
        let is_list = |path: &&String| matches!(extension(path), "json" | "jsonc" | "lock");
        let lists = crate::Install {
            inputs: install.inputs.iter().filter(is_list).cloned().collect(),
            ..install.clone()
        };
        let inputs = subject.inputs(&lists, &[]);
        let frozen = if install.command.contains("--frozen") { " --frozen" } else { "" };
        let before = (!inputs.is_empty()).then(|| Step::run(&[], format!("deno install{frozen}")));
        recipe.installation = Installation {
            inputs,
            before: before.into_iter().collect(),
            after: vec![Step::run(&[], install.command.clone())],
        };
    }
    recipe.build.extend(plan.build.iter().map(|text| Step::run(&[], text.clone())));
    recipe
}
