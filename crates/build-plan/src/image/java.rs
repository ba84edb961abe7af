//! Java: built with a JDK, run with a JRE that gets the archive alone.

use super::base::{self, JavaTool};
use super::quote::is_plain;
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;
use crate::shell;

/// What Maven's wrapper is made of.
const MAVEN_WRAPPER: &[&str] = &["mvnw", ".mvn"];

pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let build = plan.build.as_deref().unwrap_or_default();
    let tool = match shell::program(build) {
        Some("mvn") => JavaTool::Maven,
        Some("gradle") => JavaTool::Gradle,
        _ => JavaTool::Wrapper,
    };
    let mut recipe = Recipe::new(base::java(plan.version.as_deref(), tool));
    let is_gradle = build.contains("gradle");
    if is_gradle {
        recipe.tools.push(Step::env(&[("GRADLE_USER_HOME", "/root/.gradle")]));
    }
    let caches = if is_gradle { ["/root/.gradle"] } else { ["/root/.m2/repository"] };
    if let Some(install) = &plan.install {
        let inputs = subject.inputs(install, MAVEN_WRAPPER);
        // Of several modules each wants the others built before its own packages can be told.
        let is_single = install.inputs.len() == 1 && !inputs.is_empty();
        if is_single {
            recipe.installation = Installation {
                inputs,
                before: vec![Step::run(&caches, install.command.clone())],
                after: Vec::new(),
            };
        }
    }
    if !build.is_empty() {
        recipe.build.push(Step::run(&caches, build));
    }
    if let Some(made) = plan.start.as_deref().and_then(archive).filter(|made| is_plain(made)) {
        recipe.taken = Taken::Only { made: vec![made], files: Vec::new() };
    }
    recipe
}

/// What the start command runs: an archive, the folder that holds it where its name is a pattern, or a folder of them.
fn archive(start: &str) -> Option<String> {
    if let Some((_, rest)) = start.split_once("-jar ") {
        let (path, is_pattern) = match rest.strip_prefix("$(ls ") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let path = path.split_whitespace().next()?.trim_start_matches("./");
        let folder = path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        return if is_pattern || path.ends_with("quarkus-run.jar") { folder } else { Some(path.to_owned()) };
    }
    let program = shell::words(start).next()?.trim_start_matches("./");
    let (folder, rest) = program.split_once("build/install/")?;
    let name = rest.split('/').next()?;
    Some(format!("{folder}build/install/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archive_is_found_in_the_command() {
        for (start, made) in [
            ("java -jar target/demo-1.jar --x", Some("target/demo-1.jar")),
            ("java -Da=b -jar target/quarkus-app/quarkus-run.jar", Some("target/quarkus-app")),
            ("java -jar $(ls api/build/libs/*.jar | head -n 1)", Some("api/build/libs")),
            ("A=1 ./build/install/shop/bin/shop", Some("build/install/shop")),
            ("mvn exec:java", None),
        ] {
            assert_eq!(archive(start).as_deref(), made, "{start}");
        }
    }
}
