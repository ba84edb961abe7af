//! Prisma: its client is made from the schema, which a shared layer of packages cannot know.

use super::Js;
use crate::draft::Draft;

const SCHEMAS: &[&str] =
    &["prisma/schema.prisma", "schema.prisma", "src/prisma/schema.prisma", "db/schema.prisma"];

/// Generates the client before the build.
pub(super) fn add(js: &Js<'_>, draft: &mut Draft) {
    if !(js.package.uses("prisma") || js.package.uses("@prisma/client")) {
        return;
    }
    let Some(schema) = js.project.first_of(SCHEMAS).map(str::to_owned).or_else(|| several(js)) else {
        return;
    };
    let scripts = ["build", "prebuild", "postinstall", "prepare", "start", "prestart", "vercel-build"];
    let is_done = scripts
        .iter()
        .filter_map(|name| js.package.script(name))
        .any(|text| text.contains("prisma generate") || text.contains("prisma:generate"));
    if !is_done {
        let generate = js.chosen.exec("prisma generate");
        let build = match &draft.build {
            Some(build) => format!("{generate} && {build}"),
            None => generate,
        };
        draft.set_build(build, schema);
    }
}

/// A schema of several files lies in a folder of its own.
fn several(js: &Js<'_>) -> Option<String> {
    let mut files = js.project.listing().under("prisma/schema").map(|file| file.path.clone());
    files.find(|path| crate::project::extension(path) == "prisma")
}
