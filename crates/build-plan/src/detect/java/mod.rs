//! Java and its relatives: Maven and Gradle, Spring Boot and other frameworks. Manifests are read as text: Gradle's are
//! programs, and of Maven's only a few elements count.

mod choice;

use super::text::{at, between, element, folder, is_plain, without, without_elements};
use super::{Context, versions};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Install, InstallMethod, PlanError, Runtime};
use choice::choose;

/// How many modules are looked at.
const MODULES_MAX: usize = 48;
/// How many sources of a module are read to see whether it listens, where no framework says so.
const LISTENING_MAX: usize = 60;
/// How many sources of a module are looked through by their names.
const SOURCES_MAX: usize = 5_000;

/// What builds the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    Maven,
    Gradle,
}

/// A framework, known by a text in the manifest of the module that uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framework {
    Spring,
    Quarkus,
    Micronaut,
    Ktor,
    Other(&'static str),
}

/// Texts that give a framework away, the particular first.
const FRAMEWORKS: &[(&str, Framework)] = &[
    ("spring-boot-maven-plugin", Framework::Spring),
    ("org.springframework.boot", Framework::Spring),
    ("io.quarkus", Framework::Quarkus),
    ("io.micronaut", Framework::Micronaut),
    ("io.ktor", Framework::Ktor),
    ("io.javalin", Framework::Other("javalin")),
    ("io.helidon", Framework::Other("helidon")),
    ("com.sparkjava", Framework::Other("spark")),
    ("io.vertx", Framework::Other("vertx")),
    ("io.dropwizard", Framework::Other("dropwizard")),
    ("org.http4s", Framework::Other("http4s")),
    ("org.http4k", Framework::Other("http4k")),
    ("com.linecorp.armeria", Framework::Other("armeria")),
    ("io.ratpack", Framework::Other("ratpack")),
    ("io.jooby", Framework::Other("jooby")),
    ("io.undertow", Framework::Other("undertow")),
    ("org.eclipse.jetty", Framework::Other("jetty")),
    ("org.apache.tomcat.embed", Framework::Other("tomcat")),
    ("org.glassfish.jersey.containers", Framework::Other("jersey")),
    ("org.nanohttpd", Framework::Other("nanohttpd")),
];

/// One module that makes a program.
#[derive(Debug)]
struct Module {
    /// Its folder; empty for the project itself.
    folder: String,
    manifest: String,
    framework: Option<Framework>,
    /// Its manifest, without comments.
    text: String,
    /// Whether one of its sources is named like the one with which a program begins.
    has_main: bool,
}

/// Looks for a Java project.
///
/// # Errors
/// [`PlanError`] when several modules could be meant, or none can be started.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let marker = project.first_of(&[
        "pom.xml",
        "build.gradle",
        "build.gradle.kts",
        "settings.gradle",
        "settings.gradle.kts",
    ]);
    let Some(marker) = marker else { return Ok(None) };
    let tool = if marker == "pom.xml" { Tool::Maven } else { Tool::Gradle };
    let modules = modules(project, tool)?;
    let Some(module) = choose(context, tool, &modules)? else {
        return if context.start.is_some() { Ok(Some(bare(marker, tool, project))) } else { Ok(None) };
    };
    let serves = module.framework.is_some() || listens(project, &module.folder);
    let strength = if serves { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Java, strength, module.manifest.clone());
    if let Some(framework) = module.framework {
        draft.set_framework(framework.name(), module.manifest.clone());
    }
    version(project, &modules, &mut draft);
    build(project, tool, module, &mut draft);
    if let Some(start) = context.start.as_ref().filter(|start| start.command.contains("build/install/")) {
        let command = draft.build.as_deref().unwrap_or_default().replace(module.task(), "installDist");
        draft.set_build(command, format!("{}, {}", module.manifest, start.source));
    }
    install(project, tool, &mut draft);
    draft.set_start(start(tool, module), module.manifest.clone());
    Ok(Some(draft))
}

/// A project of which only the start command knows what it starts.
fn bare(marker: &str, tool: Tool, project: &Project<'_>) -> Draft {
    let mut draft = Draft::new(Runtime::Java, Strength::Program, marker);
    draft.set_build(format!("{} {}", program(project, tool), tool.packages()), marker);
    draft.set_package_manager(tool.name(), None, marker);
    draft
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Maven => "maven",
            Self::Gradle => "gradle",
        }
    }

    /// Makes packages of everything.
    fn packages(self) -> &'static str {
        match self {
            Self::Maven => "-B -DskipTests package",
            Self::Gradle => "--no-daemon build -x test",
        }
    }

    fn manifests(self) -> &'static [&'static str] {
        match self {
            Self::Maven => &["pom.xml"],
            Self::Gradle => &["build.gradle.kts", "build.gradle"],
        }
    }
}

impl Framework {
    fn name(self) -> &'static str {
        match self {
            Self::Spring => "spring-boot",
            Self::Quarkus => "quarkus",
            Self::Micronaut => "micronaut",
            Self::Ktor => "ktor",
            Self::Other(name) => name,
        }
    }
}

/// The wrapper, where the project brings one.
fn program(project: &Project<'_>, tool: Tool) -> &'static str {
    match tool {
        Tool::Maven if project.has("mvnw") => "sh mvnw",
        Tool::Maven => "mvn",
        Tool::Gradle if project.has("gradlew") => "sh gradlew",
        Tool::Gradle => "gradle",
    }
}

fn modules(project: &Project<'_>, tool: Tool) -> Result<Vec<Module>, PlanError> {
    let names = tool.manifests();
    let files = project.listing().iter().map(|file| file.path.as_str());
    let mut files: Vec<&str> = files
        .filter(|path| names.contains(&path.rsplit('/').next().unwrap_or_default()) && is_plain(path))
        .filter(|path| {
            !path.split('/').any(|part| {
                matches!(part, "src" | "target" | "build" | "buildSrc" | "examples" | "test" | "tests")
            })
        })
        .collect();
    files.sort_by_key(|path| path.matches('/').count());
    let mut modules: Vec<Module> = Vec::new();
    for path in files.into_iter().take(MODULES_MAX) {
        let Some(text) = project.manifest(path)? else { continue };
        if modules.iter().any(|known| known.folder == folder(path)) {
            continue;
        }
        let text = without(&text, "<!--", "-->");
        modules.push(Module {
            folder: folder(path).to_owned(),
            manifest: path.to_owned(),
            framework: framework_of(&text, project),
            text,
            has_main: has_main(project, folder(path)),
        });
    }
    Ok(modules)
}

/// Whether a module has a source such as `ShopApplication.java`.
fn has_main(project: &Project<'_>, folder: &str) -> bool {
    const ENDINGS: &[&str] =
        &["Application.java", "Application.kt", "Main.java", "Main.kt", "App.java", "App.kt"];
    let place = at(folder, "src/main");
    let sources = project.listing().under(&place);
    sources.take(SOURCES_MAX).any(|file| ENDINGS.iter().any(|ending| file.path.ends_with(ending)))
}

/// Whether a source of a module listens by itself, with what the language brings.
fn listens(project: &Project<'_>, folder: &str) -> bool {
    let place = at(folder, "src/main");
    let sources = project.listing().under(&place).map(|file| file.path.as_str());
    let mut sources =
        sources.filter(|path| matches!(extension(path), "java" | "kt" | "scala")).take(LISTENING_MAX);
    sources.any(|path| {
        let source = project.source(path);
        source.is_some_and(|source| ["HttpServer", "ServerSocket"].iter().any(|word| source.contains(word)))
    })
}

/// The framework of a manifest; with Gradle, a version catalog may hold the name that the manifest shortens.
fn framework_of(text: &str, project: &Project<'_>) -> Option<Framework> {
    let found =
        |text: &str| FRAMEWORKS.iter().find(|(word, _)| text.contains(word)).map(|(_, framework)| *framework);
    found(text).or_else(|| {
        let catalog =
            text.contains("libs.").then(|| project.manifest("gradle/libs.versions.toml").ok()?).flatten()?;
        let framework = found(&catalog)?;
        text.contains(framework.name().split('-').next().unwrap_or_default()).then_some(framework)
    })
}

fn build(project: &Project<'_>, tool: Tool, module: &Module, draft: &mut Draft) {
    let program = program(project, tool);
    let build = match (tool, module.folder.as_str()) {
        (Tool::Maven, "") => format!("{program} -B -DskipTests package"),
        (Tool::Maven, folder) => format!("{program} -B -DskipTests -pl {folder} -am package"),
        (Tool::Gradle, folder) => {
            let path =
                if folder.is_empty() { String::new() } else { format!(":{}:", folder.replace('/', ":")) };
            format!("{program} --no-daemon {path}{}", module.task())
        }
    };
    draft.set_build(build, module.manifest.clone());
    match tool {
        Tool::Maven => draft.keep("maven", &["~/.m2/repository"]),
        Tool::Gradle => draft.keep("gradle", &["~/.gradle/caches", "~/.gradle/wrapper"]),
    }
}

impl Module {
    /// The task of Gradle that makes the program.
    fn task(&self) -> &'static str {
        match self.framework {
            Some(Framework::Spring) => "bootJar",
            Some(Framework::Quarkus) => "quarkusBuild",
            Some(Framework::Ktor)
                if self.text.contains("io.ktor.plugin") || self.text.contains("ktor.plugin") =>
            {
                "buildFatJar"
            }
            _ if self.text.contains("shadow") => "shadowJar",
            _ => "installDist",
        }
    }

    /// The archive that the build makes; a pattern where its name is not written down.
    fn archive(&self, tool: Tool) -> String {
        let (output, pattern) = match tool {
            Tool::Maven => ("target", "*.jar"),
            Tool::Gradle if self.task() == "bootJar" => ("build/libs", "*.jar"),
            Tool::Gradle => ("build/libs", "*-all.jar"),
        };
        let output = at(&self.folder, output);
        match self.named(tool) {
            Some(name) => format!("{output}/{name}"),
            // Maven leaves others beside it, which the pattern would match.
            None => format!(
                "$(ls {output}/{pattern} | grep -Ev -- '-(sources|javadoc|plain|tests)\\.jar$' | head -n 1)"
            ),
        }
    }

    /// The archive's name, as Maven's manifest says it.
    fn named(&self, tool: Tool) -> Option<String> {
        if tool == Tool::Gradle {
            return None;
        }
        let ending = if self.text.contains("<packaging>war</packaging>") { "war" } else { "jar" };
        let build = between(&self.text, "<build>", "</build>");
        let own = without_elements(
            &self.text,
            &["parent", "dependencies", "dependencyManagement", "build", "profiles"],
        );
        let name = if let Some(name) = build.and_then(|build| element(build, "finalName")) {
            name.to_owned()
        } else {
            let parent = || element(between(&self.text, "<parent>", "</parent>")?, "version");
            format!("{}-{}", element(&own, "artifactId")?, element(&own, "version").or_else(parent)?)
        };
        // The assembly is a second archive, and the one with everything in it.
        let is_assembly = self.text.contains("jar-with-dependencies")
            && !self.text.contains("<appendAssemblyId>false</appendAssemblyId>");
        let kind = if is_assembly { "-jar-with-dependencies" } else { "" };
        is_plain(&name).then(|| format!("{name}{kind}.{ending}"))
    }
}

/// The command that serves on `$HOST:$PORT`.
fn start(tool: Tool, module: &Module) -> String {
    let output = |path: &str| at(&module.folder, path);
    let archive = module.archive(tool);
    match module.framework {
        Some(Framework::Spring) => format!("java -Dserver.address=$HOST -Dserver.port=$PORT -jar {archive}"),
        Some(Framework::Quarkus) => {
            let place = output(if tool == Tool::Maven { "target" } else { "build" });
            format!(
                "java -Dquarkus.http.host=$HOST -Dquarkus.http.port=$PORT -jar {place}/quarkus-app/quarkus-run.jar"
            )
        }
        Some(Framework::Micronaut) if tool == Tool::Maven || module.task() != "installDist" => {
            format!("MICRONAUT_SERVER_HOST=$HOST MICRONAUT_SERVER_PORT=$PORT java -jar {archive}")
        }
        _ if tool == Tool::Maven => format!("java -jar {archive}"),
        framework if module.task() == "installDist" => {
            let name = module.folder.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("*");
            let place = format!("{}/{name}/bin", output("build/install"));
            let program = format!("$(ls {place}/* | grep -v '\\.bat$' | head -n 1)");
            match framework {
                Some(Framework::Micronaut) => {
                    format!("MICRONAUT_SERVER_HOST=$HOST MICRONAUT_SERVER_PORT=$PORT {program}")
                }
                Some(Framework::Ktor) => format!("{program} -host=$HOST -port=$PORT"),
                _ => program,
            }
        }
        Some(Framework::Ktor) => format!("java -jar {archive} -host=$HOST -port=$PORT"),
        _ => format!("java -jar {archive}"),
    }
}

fn version(project: &Project<'_>, modules: &[Module], draft: &mut Draft) {
    if let Some(version) = versions::line_of(project, ".java-version") {
        return draft.set_version(&version, ".java-version");
    }
    if let Some((version, file)) = versions::of_tool(project, &["java"]) {
        return draft.set_version(&version, file);
    }
    for (file, key) in [(".sdkmanrc", "java="), ("system.properties", "java.runtime.version=")] {
        let text = project.manifest(file).ok().flatten();
        let line =
            text.as_deref().and_then(|text| text.lines().find_map(|line| line.trim().strip_prefix(key)));
        if let Some(version) = line.map(str::trim).filter(|version| !version.is_empty()) {
            return draft.set_version(version, file);
        }
    }
    for module in modules {
        if let Some((version, key)) = module.java() {
            return draft.set_version(&version, format!("{}: {key}", module.manifest));
        }
    }
}

impl Module {
    /// Which Java the manifest asks for, and the words that say so.
    fn java(&self) -> Option<(String, &'static str)> {
        let elements = ["java.version", "maven.compiler.release", "maven.compiler.source", "release"];
        let of_maven = elements.into_iter().find_map(|tag| Some((element(&self.text, tag)?, tag)));
        let of_gradle = || {
            let number = |word: &'static str| {
                let (_, rest) = self.text.split_once(word)?;
                let rest = rest
                    .trim_start_matches([' ', '=', '(', '"', '\''])
                    .trim_start_matches("JavaVersion.VERSION_")
                    .trim_start_matches("JavaVersion.toVersion(")
                    .trim_start_matches(['"', '\'']);
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                (end > 0).then(|| (&rest[..end], word))
            };
            ["JavaLanguageVersion.of", "jvmToolchain", "sourceCompatibility", "JavaVersion.VERSION_"]
                .into_iter()
                .find_map(number)
        };
        let (version, key) = of_maven.or_else(of_gradle)?;
        is_plain(version).then(|| (version.to_owned(), key))
    }
}

fn install(project: &Project<'_>, tool: Tool, draft: &mut Draft) {
    let wrapper = match tool {
        Tool::Maven => ".mvn/wrapper/maven-wrapper.properties",
        Tool::Gradle => "gradle/wrapper/gradle-wrapper.properties",
    };
    let version = project.manifest(wrapper).ok().flatten().and_then(|text| wrapper_version(&text));
    let source = project.first_of(&[wrapper]).unwrap_or(tool.manifests()[0]);
    draft.set_package_manager(tool.name(), version, source);
    // What modules need of each other is nowhere to be had before it is built.
    let has_modules =
        project.manifest("pom.xml").ok().flatten().is_some_and(|text| text.contains("<modules>"));
    if tool == Tool::Maven && !has_modules {
        let inputs = project.listing().iter().map(|file| file.path.as_str());
        let inputs = inputs.filter(|path| *path == "pom.xml" || path.ends_with("/pom.xml")).take(MODULES_MAX);
        draft.installed = vec!["~/.m2/repository".to_owned()];
        draft.set_install(Install {
            method: InstallMethod::Tool,
            command: format!("{} -B dependency:go-offline", program(project, tool)),
            inputs: inputs.map(str::to_owned).collect(),
            extra: Vec::new(),
            options: Vec::new(),
        });
    }
}

/// `8.9` of `…/gradle-8.9-bin.zip`.
fn wrapper_version(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("distributionUrl"))?;
    let name = line.rsplit('/').next()?;
    let version = name.split('-').find(|part| part.starts_with(|c: char| c.is_ascii_digit()))?;
    is_plain(version).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(text: &str) -> Module {
        Module {
            folder: String::new(),
            manifest: "pom.xml".to_owned(),
            framework: None,
            text: text.to_owned(),
            has_main: false,
        }
    }

    #[test]
    fn the_archive_is_named_as_maven_names_it() {
        let named = |text: &str| module(text).named(Tool::Maven);
        let parent = "<project><parent><artifactId>p</artifactId><version>9</version></parent><artifactId>shop</artifactId>";
        assert_eq!(named(&format!("{parent}<version>1.0</version>")).as_deref(), Some("shop-1.0.jar"));
        assert_eq!(named(parent).as_deref(), Some("shop-9.jar"));
        assert_eq!(
            named(&format!("{parent}<build><finalName>app</finalName></build>")).as_deref(),
            Some("app.jar")
        );
        assert_eq!(named(&format!("{parent}<version>${{revision}}</version>")), None);
    }

    #[test]
    fn versions_are_found_in_every_dialect() {
        for (text, version) in [
            ("<java.version>21</java.version>", Some("21")),
            ("languageVersion = JavaLanguageVersion.of(17)", Some("17")),
            ("kotlin { jvmToolchain(21) }", Some("21")),
            ("sourceCompatibility = JavaVersion.VERSION_17", Some("17")),
            ("sourceCompatibility = '11'", Some("11")),
            ("<release>${x}</release>", None),
        ] {
            assert_eq!(module(text).java().map(|(version, _)| version).as_deref(), version, "{text}");
        }
        let url = "distributionUrl=https\\://services.gradle.org/distributions/gradle-8.9-bin.zip";
        assert_eq!(wrapper_version(url).as_deref(), Some("8.9"));
    }

    proptest::proptest! {
        #[test]
        fn no_manifest_makes_it_panic(text in "(<parent>|</parent>|<version>|</version>|<build>|JavaLanguageVersion.of|\\(|distributionUrl=|\\PC|\n){0,40}") {
            let module = module(&text);
            module.named(Tool::Maven);
            module.java();
            wrapper_version(&text);
        }
    }
}
