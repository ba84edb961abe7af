//! The built-in generator: from a prompt, or an exact spec, to a project that deploys as it is.
//!
//! ```text
//! prompt ─► sentences ─► statements ─► blueprint ─► files
//!           prompt.rs    statements.rs entities.rs  fastapi/
//! spec ───────────────────────────────►┘ spec.rs
//! ```
//!
//! Everything here is a pure function: no I/O, no clock, no chance; the same request gives the same files. What a prompt
//! holds reaches the files only as names made in `name.rs` and as literals quoted by the writer of each language.

mod blueprint;
mod entities;
mod error;
mod familiar;
mod features;
mod fields;
mod items;
mod name;
mod nouns;
mod prompt;
mod relations;
mod statements;
mod verbs;

pub(crate) use error::GenerationError;

/// The stacks that can be written for; the first one is the default.
pub(crate) const STACKS: &[&str] = &["fastapi"];

#[cfg(test)]
mod dbg_tests {
    #[test]
    fn show() {
        let text = std::fs::read_to_string("/tmp/prompts.txt").unwrap_or_default();
        for prompt in text.split("\n---\n") {
            println!("=== {prompt}");
            match super::entities::understand(prompt).and_then(|b| b.finish()) {
                Ok(b) => {
                    println!("subject: {}", b.subject);
                    for e in &b.entities {
                        let f: Vec<String> = e.fields.iter().map(|f| format!("{}:{:?}{}{}{}", f.name, f.kind, if f.presence == super::blueprint::Presence::Optional {"?"} else {""}, if f.unique {"!"} else {""}, f.default.as_ref().map(|d| format!("={d:?}")).unwrap_or_default())).collect();
                        let r: Vec<String> = e.references.iter().map(|r| format!("{}->{}{}{}", r.name, b.entities[r.to].name.snake(), if r.presence == super::blueprint::Presence::Optional {"?"} else {""}, if r.unique {"!"} else {""})).collect();
                        println!("  {} [{}] {}", e.name.snake(), f.join(", "), r.join(", "));
                    }
                    for l in &b.links { println!("  link {}", b.link_table(*l)); }
                    for w in &b.warnings { println!("  ! {w}"); }
                }
                Err(e) => println!("  ERROR {e}"),
            }
        }
    }
}
