//! Prisma: its client is made from the schema, which a shared layer of packages cannot know.

use super::Js;
use crate::draft::Draft;

const SCHEMAS: &[&str] = &["prisma/schema.prisma", "schema.prisma", "src/prisma/schema.prisma"];

/// Generates the client before the build, and says what migrations need.
pub(super) fn add(js: &Js<'_>, draft: &mut Draft) {
    if !(js.package.uses("prisma") || js.package.uses("@prisma/client")) {
        return;
    }
    let Some(schema) = js.project.first_of(SCHEMAS) else { return };
    let scripts = ["build", "prebuild", "postinstall", "prepare", "start", "prestart", "vercel-build"];
    let is_done = scripts
        .iter()
        .filter_map(|name| js.package.script(name))
        .any(|text| text.contains("prisma generate"));
    if !is_done {
        let generate = js.chosen.exec("prisma generate");
        let build = match &draft.build {
            Some(build) => format!("{generate} && {build}"),
            None => generate,
        };
        draft.set_build(build, schema);
    }
    let starts = draft.start.as_deref().unwrap_or_default();
    if js.project.listing().has_folder("prisma/migrations") && !starts.contains("migrate") {
        draft.warn("prisma/migrations is not applied by itself; set `release: prisma migrate deploy` in backend-im.yml");
    }
}
