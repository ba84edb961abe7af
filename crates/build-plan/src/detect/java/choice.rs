//! Which module of a Java project is the program that serves.

use super::super::{Context, near_miss};
use super::{Framework, Module, Tool, start};
use crate::{Candidate, PlanError};

/// Words by which a module of Spring shows that it answers requests.
const WEB: &[&str] = &[
    "starter-web",
    "starter-jersey",
    "starter-graphql",
    "starter-data-rest",
    "starter-thymeleaf",
    "starter-gateway",
    "cloud-gateway",
    "netflix-eureka-server",
    "spring-cloud-config-server",
    "admin-starter-server",
    "vaadin",
];

/// The module that the start command or the Dockerfile names, else the only one that serves, else the only program.
///
/// # Errors
/// [`PlanError::Ambiguous`] where several serve, and [`PlanError::Unrecognised`] where there are programs and none does.
pub(super) fn choose<'m>(
    context: &Context<'_>,
    tool: Tool,
    modules: &'m [Module],
) -> Result<Option<&'m Module>, PlanError> {
    let programs: Vec<&Module> = modules.iter().filter(|module| module.is_program(tool, modules)).collect();
    let serving: Vec<&Module> =
        programs.iter().copied().filter(|module| module.framework.is_some()).collect();
    let answering: Vec<&Module> = serving.iter().copied().filter(|module| module.is_web()).collect();
    let command = context.start.as_ref().map(|start| start.command.as_str());
    let is_silent = serving.is_empty() && command.is_none();
    let candidates =
        [answering, serving, programs].into_iter().find(|some| !some.is_empty()).unwrap_or_default();
    let named = candidates.iter().copied().filter(|module| match command {
        Some(command) => !module.folder.is_empty() && command.contains(&format!("{}/", module.folder)),
        None => context.image_names(&module.folder),
    });
    let named: Vec<&Module> = named.collect();
    match (candidates.as_slice(), named.as_slice()) {
        ([], _) => Ok(modules.first().filter(|module| modules.len() == 1 && module.framework.is_some())),
        ([only], _) | (_, [only]) => Ok(Some(only)),
        (several, _) if is_silent => {
            Err(near_miss::tools(several.iter().map(|module| module.folder.as_str()), &modules[0].manifest))
        }
        (several, _) => {
            let candidate = |module: &&Module| Candidate {
                what: module
                    .framework
                    .map_or_else(|| "java".to_owned(), |framework| format!("java with {}", framework.name())),
                source: module.manifest.clone(),
                setting: format!("start: {}", start(tool, module)),
            };
            Err(PlanError::Ambiguous { candidates: several.iter().map(candidate).collect() })
        }
    }
}

impl Module {
    /// Whether what is built of it can be started. With Maven the plugin that makes it so may stand in the parent.
    fn is_program(&self, tool: Tool, all: &[Self]) -> bool {
        let is_parent = self.text.contains("<packaging>pom</packaging>") || self.text.contains("<modules>");
        let applies_nothing = self.text.contains("apply false") && !self.text.contains("mainClass");
        // An app for phones is a program, but none that serves.
        if is_parent || applies_nothing || self.text.contains("com.android") {
            return false;
        }
        let plugins: &[&str] = match tool {
            Tool::Maven => {
                &["spring-boot-maven-plugin", "quarkus-maven-plugin", "mainClass", "micronaut-maven-plugin"]
            }
            Tool::Gradle => &[
                "mainClass",
                "application",
                "shadow",
                "org.springframework.boot",
                "io.quarkus",
                "io.micronaut.application",
                "io.ktor.plugin",
            ],
        };
        let is_made_by_parent = || {
            tool == Tool::Maven && all.iter().any(|module| module.text.contains("spring-boot-maven-plugin"))
        };
        plugins.iter().any(|word| self.text.contains(word)) || self.has_main && is_made_by_parent()
    }

    /// Whether it answers requests: with Spring, not every program does.
    fn is_web(&self) -> bool {
        self.framework != Some(Framework::Spring) || WEB.iter().any(|word| self.text.contains(word))
    }
}
