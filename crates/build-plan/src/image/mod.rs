//! The same plan for any engine of containers: a Dockerfile, and what its build leaves out.
//!
//! ```text
//!                 ┌─► base: which images      ┐
//! Plan + files ───┼─► {python, node, go, …}   ├─► Recipe ─► stages ─► Dockerfile
//!                 └─► system: which packages  ┘
//!              └────► ignore ─────────────────────────────────────► .dockerignore
//! ```
//!
//! A runtime's file says what is particular to it; [`stages`] writes all of them down in the same way. Nothing secret gets
//! in, nothing runs as root, and what decides the dependencies is copied before the code, so that a change of code installs
//! nothing.

mod base;
mod compiled;
mod deno;
mod dockerfile;
mod dotnet;
mod elixir;
mod environment;
mod health;
mod ignore;
mod java;
mod node;
mod php;
mod plain;
mod python;
mod quote;
mod recipe;
mod ruby;
mod site;
mod stages;
mod start;
mod subject;
mod system;
mod version;

use crate::project::Read;
use crate::{Listing, Plan, Runtime};
use subject::Subject;

/// What a Dockerfile of ours says about itself; detection reads nothing out of one that does.
pub(crate) const SIGNATURE: &str = "Written by `backend-im init --dockerfile`";

/// A plan as files for an engine of containers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The text of the Dockerfile, for the top of what is uploaded.
    pub dockerfile: String,
    /// The text of the .dockerignore beside it.
    pub dockerignore: String,
    /// What a person should know before the image runs anywhere.
    pub warnings: Vec<String>,
}

/// Writes the plan of the listed project as a Dockerfile. `read` lends the few files that say more than the plan;
/// `left_out` are paths that an upload leaves out for what is in them, which no pattern can know.
pub fn image(
    plan: &Plan,
    listing: &Listing,
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
    left_out: &[String],
) -> Image {
    let subject = Subject::new(plan, listing, read as Read<'_>);
    let mut recipe = match plan.runtime {
        Runtime::Python => python::recipe(&subject),
        Runtime::Node | Runtime::Bun => node::recipe(&subject),
        Runtime::Deno => deno::recipe(&subject),
        Runtime::Go => compiled::go(&subject),
        Runtime::Rust => compiled::rust(&subject),
        Runtime::Ruby => ruby::recipe(&subject),
        Runtime::Php => php::recipe(&subject),
        Runtime::Java => java::recipe(&subject),
        Runtime::Dotnet => dotnet::recipe(&subject),
        Runtime::Elixir => elixir::recipe(&subject),
        Runtime::Static => site::recipe(&subject),
        Runtime::Command => plain::recipe(&subject),
    };
    if matches!(plan.runtime, Runtime::Python | Runtime::Go | Runtime::Rust | Runtime::Elixir) {
        node::add_beside(&subject, &mut recipe);
    }
    if let Some(folder) = &plan.static_root {
        site::serve(&subject, folder, &mut recipe);
    }
    let variables = environment::part(&subject);
    if !variables.withheld.is_empty() {
        recipe.warnings.push(format!(
            "{} is not in the image, because it is or may be secret: give it to the container when it runs",
            variables.withheld.join(", ")
        ));
    }
    Image {
        dockerfile: stages::written(&subject, &recipe, &variables),
        dockerignore: ignore::text(&subject, left_out),
        warnings: recipe.warnings,
    }
}
