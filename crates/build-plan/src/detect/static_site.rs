//! Static sites: files that are served as they are.

use super::Context;
use crate::Runtime;
use crate::draft::{Draft, Strength};

/// Folders that hold the pages, likeliest first; `""` is the project itself.
const ROOTS: &[&str] = &["", "public", "dist", "site", "_site", "build", "out", "www"];

/// Looks for an index.html.
pub(crate) fn detect(context: &Context<'_>) -> Option<Draft> {
    let project = context.project;
    if let Some(root) = &context.settings.static_root {
        let source = context.setting("static_root");
        let mut draft = Draft::new(Runtime::Static, Strength::Files, source.clone());
        draft.set_static_root(root, source);
        return Some(draft);
    }
    let at =
        |root: &str| if root.is_empty() { "index.html".to_owned() } else { format!("{root}/index.html") };
    let root = ROOTS.iter().find(|root| project.has(&at(root)))?;
    let mut draft = Draft::new(Runtime::Static, Strength::Files, at(root));
    draft.set_static_root(if root.is_empty() { "." } else { root }, at(root));
    Some(draft)
}
