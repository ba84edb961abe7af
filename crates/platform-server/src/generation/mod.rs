//! The built-in generator: from a prompt, or an exact spec, to a project that deploys as it is.
//!
//! ```text
//! prompt ─► sentences ─► statements ─► blueprint ─► files
//!           prompt.rs    outline.rs    entities.rs  fastapi/
//!                        statements.rs reading.rs
//! spec ───────────────────────────────►┘ spec.rs
//! ```
//!
//! Everything here is a pure function: no I/O, no clock, no chance; the same request gives the same files. What a prompt
//! holds reaches the files only as names made in `name.rs` and as literals quoted by the writer of each language.

mod blueprint;
mod entities;
mod error;
mod familiar;
mod fastapi;
mod features;
mod fields;
mod items;
mod name;
mod nouns;
mod outline;
mod prompt;
mod reading;
mod relations;
mod spec;
mod statements;
mod verbs;
mod words;

#[cfg(test)]
mod golden;

use std::collections::BTreeMap;

use platform_api::limits::PROMPT_BYTES_MAX;
use platform_api::slug;
use serde_json::Value;

pub(crate) use error::GenerationError;

/// The stacks that can be written for; the first one is the default.
pub(crate) const STACKS: &[&str] = &["fastapi"];
/// What this generator is called in answers.
const GENERATOR: &str = "built-in";
/// The longest slug of a subject, in bytes: with a user's name before it, it is still a project's id.
const SUBJECT_BYTES_MAX: usize = 30;
/// The longest title, in characters.
const TITLE_CHARS_MAX: usize = 60;

/// What is to be generated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GenerationRequest<'a> {
    /// What to write, in plain language.
    pub prompt: &'a str,
    /// The project's name, for titles; empty when the prompt's subject names it.
    pub project: &'a str,
    /// The stack to write for; the default one without it.
    pub stack: Option<&'a str>,
    /// Entities and fields given exactly; the prompt then says nothing but the subject.
    pub spec: Option<&'a Value>,
}

/// A generated project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generation {
    /// What it is about, as a slug that can name a project.
    pub subject: String,
    /// What it is written in.
    pub stack: String,
    /// What wrote it.
    pub generator: &'static str,
    /// The files, path to text.
    pub files: BTreeMap<String, String>,
    /// What was assumed, not understood or not done.
    pub warnings: Vec<String>,
}

/// Writes a project. The same request gives the same files.
///
/// # Errors
/// [`GenerationError`] when the prompt names nothing to keep, the spec is wrong, the stack is unknown or a limit is passed.
pub(crate) fn generate(request: &GenerationRequest<'_>) -> Result<Generation, GenerationError> {
    let stack = request.stack.map_or(STACKS[0], str::trim);
    if !STACKS.contains(&stack) {
        return Err(GenerationError::UnknownStack { stack: prompt::quote(stack) });
    }
    let bytes = request.prompt.len();
    if bytes > PROMPT_BYTES_MAX {
        return Err(GenerationError::PromptTooLong { bytes });
    }
    let blueprint = match request.spec {
        Some(spec) => spec::read(spec)?,
        None if request.prompt.trim().is_empty() => return Err(GenerationError::EmptyPrompt),
        None => entities::understand(request.prompt)?,
    };
    let blueprint = blueprint.finish()?;
    let subject = subject(request, &blueprint);
    let named = if request.project.trim().is_empty() { &subject } else { request.project };
    let files = fastapi::write(&blueprint, &title(named, &subject));
    Ok(Generation {
        subject,
        stack: stack.to_owned(),
        generator: GENERATOR,
        files,
        warnings: blueprint.warnings,
    })
}

/// What the project is about, as a slug.
fn subject(request: &GenerationRequest<'_>, blueprint: &blueprint::Blueprint) -> String {
    let of_spec = request.spec.map(|_| entities::subject_of(request.prompt));
    let first = blueprint.entities.first().map_or_else(String::new, |entity| entity.name.plural_label());
    let candidates = [of_spec.unwrap_or_default(), blueprint.subject.clone(), first];
    let slugs = candidates.iter().map(|text| slug(text, SUBJECT_BYTES_MAX));
    slugs.into_iter().find(|slug| !slug.is_empty()).unwrap_or_else(|| "api".to_owned())
}

/// A title of plain words: `User management API`.
fn title(named: &str, subject: &str) -> String {
    let words = name::words(named);
    let text = if words.is_empty() { subject.replace('-', " ") } else { words.join(" ") };
    let mut title: String = name::capitalised(&text).chars().take(TITLE_CHARS_MAX).collect();
    if !title.to_lowercase().ends_with("api") {
        title.push_str(" API");
    }
    title
}
