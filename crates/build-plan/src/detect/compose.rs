//! Compose files: which services a project expects around it. Nothing of them runs here, and the plan says so.

use crate::config::yaml::{self, Value};
use crate::project::Project;

/// Names under which a compose file is read.
const FILES: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// The largest compose file that is read, in bytes.
const BYTES_MAX: usize = 64 << 10;
/// How many services are named.
const SERVICES_MAX: usize = 12;

/// Services that a compose file starts from images of others.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Compose {
    pub(crate) file: &'static str,
    /// `db (postgres:16)`.
    pub(crate) images: Vec<String>,
    /// The commands of services that are built from the project.
    pub(crate) commands: Vec<String>,
}

/// Reads the project's compose file. One that does not parse decides nothing.
pub(crate) fn read(project: &Project<'_>) -> Option<Compose> {
    let file = project.first_of(FILES)?;
    let text = project.manifest(file).ok()??;
    let file = FILES.iter().find(|known| **known == file)?;
    Some(Compose { file, images: images(&text), commands: commands(&text) })
}

fn services(text: &str) -> Vec<yaml::Entry> {
    let parsed = (text.len() <= BYTES_MAX).then(|| yaml::parse(text).ok()).flatten();
    match parsed.as_ref().and_then(|root| root.value.get("services")) {
        Some(Value::Map(services)) => services.clone(),
        _ => Vec::new(),
    }
}

fn commands(text: &str) -> Vec<String> {
    let command = |entry: yaml::Entry| {
        entry.value.value.get("build")?;
        match entry.value.value.get("command")? {
            Value::Text(text) => Some(
                text.trim_start_matches("bash -c ").trim_start_matches("sh -c ").trim_matches('"').to_owned(),
            ),
            Value::List(words) => {
                Some(words.iter().filter_map(|word| word.value.text()).collect::<Vec<_>>().join(" "))
            }
            _ => None,
        }
    };
    services(text).into_iter().filter_map(command).take(SERVICES_MAX).collect()
}

fn images(text: &str) -> Vec<String> {
    let services = services(text);
    let image = |entry: &yaml::Entry| {
        let builds = entry.value.value.get("build").is_some();
        match entry.value.value.get("image") {
            Some(Value::Text(image)) if !builds => Some(format!("{} ({image})", entry.key)),
            _ => None,
        }
    };
    services.iter().filter_map(image).take(SERVICES_MAX).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn services_from_images_are_named() {
        let text = "services:\n  web:\n    build: .\n    image: me/web\n  db:\n    image: postgres:16\n  cache: {image: redis}\n";
        assert_eq!(images(text), ["db (postgres:16)", "cache (redis)"]);
        assert_eq!(images("services: [a]"), Vec::<String>::new());
    }

    #[test]
    fn aliases_that_multiply_are_refused_at_once() {
        let mut bomb = "a0: &a0 [x, x]\n".to_owned();
        for n in 1..30 {
            writeln!(bomb, "a{n}: &a{n} [*a{p}, *a{p}]", p = n - 1).unwrap();
        }
        assert_eq!(images(&bomb), Vec::<String>::new());
    }

    proptest::proptest! {
        #[test]
        fn no_compose_file_makes_it_panic(text in "(services:|  web:|    image: a|&a|\\*a|\\[|\\{|\\PC|\n){0,40}") {
            images(&text);
        }
    }
}
