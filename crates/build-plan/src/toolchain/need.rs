//! From a plan to what it needs of the machine that builds and runs it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::package;
use super::program::find;
use super::range::Dialect;
use crate::{InstallMethod, Plan, Runtime};

/// Something that a plan needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The program, as on the `PATH`; or the package of the operating system, as in Debian.
    pub name: String,
    /// Which of the two it is.
    pub kind: Kind,
    /// Which versions do; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Wanted>,
    /// The program with which the platform fetches what this machine lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_with: Option<String>,
    /// Which file says so: `go.mod: go 1.24`.
    pub why: String,
}

/// What a plan needs, as it is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needs {
    /// All of it.
    pub needs: Vec<Need>,
}

/// What is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A program on the `PATH`.
    Program,
    /// A package of the operating system, known by a file that it brings.
    Package,
}

/// The versions that do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// In the project's own words.
    pub text: String,
    /// Whose words those are.
    pub dialect: Dialect,
    /// What becomes of an older version.
    pub older: Chance,
    /// What becomes of another version that is not older.
    pub other: Chance,
}

/// Whether a version that was not asked for works all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chance {
    /// Perhaps: nothing but the file that names the version insists on it.
    MayWork,
    /// No: the tool itself refuses it.
    Fails,
}

impl Need {
    fn program(name: &str, why: String) -> Self {
        let fetched_with = find(name).and_then(|program| program.fetched_with).map(str::to_owned);
        Self { name: name.to_owned(), kind: Kind::Program, version: None, fetched_with, why }
    }
}

/// What the plan needs: programs first, then packages of the operating system.
pub fn needs(plan: &Plan) -> Vec<Need> {
    let mut needs = of_runtime(plan);
    let mut add = |need: Need| {
        if needs.iter().all(|known| known.name != need.name) {
            needs.push(need);
        }
    };
    of_install(plan).into_iter().for_each(&mut add);
    of_commands(plan).into_iter().for_each(&mut add);
    let packages = plan.system_packages.iter().filter(|package| package::find(&package.name).is_some());
    for package in packages {
        add(Need {
            name: package.name.clone(),
            kind: Kind::Package,
            version: None,
            fetched_with: None,
            why: package.needed_by.clone(),
        });
    }
    needs
}

/// Changes with what is needed: 16 hex digits.
pub fn digest(needs: &[Need]) -> String {
    let json = serde_json::to_vec(needs).unwrap_or_default();
    hex::encode(&Sha256::digest(json)[..8])
}

/// A program without which nothing of the runtime works, for whoever finds it missing.
pub fn need_of(name: &str) -> Need {
    let needed_by = find(name).map_or("the project", |program| program.needed_by);
    Need::program(name, needed_by.to_owned())
}

fn of_runtime(plan: &Plan) -> Vec<Need> {
    let program = match plan.runtime {
        Runtime::Python => "python3",
        Runtime::Node => "node",
        Runtime::Bun => "bun",
        Runtime::Deno => "deno",
        Runtime::Go => "go",
        Runtime::Rust => "cargo",
        Runtime::Ruby => "ruby",
        Runtime::Php => "php",
        Runtime::Java => "java",
        Runtime::Dotnet => "dotnet",
        Runtime::Elixir => "elixir",
        Runtime::Static | Runtime::Command => return Vec::new(),
    };
    let source = evidence(plan, "runtime").unwrap_or_else(|| "the plan".to_owned());
    let mut needs = vec![Need::program(program, source.clone())];
    if let Some((wanted, why)) = wanted(plan) {
        if plan.runtime == Runtime::Rust && why.starts_with("rust-toolchain") {
            needs[0].fetched_with = Some("rustup".to_owned());
        }
        needs[0].why = why;
        needs[0].version = Some(wanted);
    }
    if plan.runtime == Runtime::Rust {
        needs.push(Need::program("cc", format!("{source}: Rust links with it")));
    }
    needs
}

/// The version that the plan asks for, and which file says so.
fn wanted(plan: &Plan) -> Option<(Wanted, String)> {
    use Chance::{Fails, MayWork};
    let text = plan.version.clone()?;
    let source = evidence(plan, "version").unwrap_or_default();
    let says = |word: &str| source.contains(word);
    let (dialect, older, other) = match plan.runtime {
        Runtime::Node | Runtime::Bun | Runtime::Deno => (Dialect::Npm, Fails, MayWork),
        // Only uv compares what runs with what the project asks for; a file with a version is a habit.
        Runtime::Python if says("requires-python") => {
            let is_checked = plan.install.as_ref().is_some_and(|it| it.method == InstallMethod::UvSync);
            (Dialect::Python, Fails, if is_checked { Fails } else { MayWork })
        }
        Runtime::Python if says("pyproject.toml") || says("Pipfile") || says("setup.") => {
            (Dialect::Python, Fails, MayWork)
        }
        Runtime::Python => (Dialect::Python, MayWork, MayWork),
        // What the `toolchain` line names is a wish.
        Runtime::Go if says("toolchain") => (Dialect::Minimum, MayWork, MayWork),
        Runtime::Go => (Dialect::Minimum, Fails, MayWork),
        Runtime::Rust if says("rust-version") => (Dialect::Minimum, Fails, MayWork),
        Runtime::Ruby if says("Gemfile") => (Dialect::Gem, Fails, Fails),
        Runtime::Elixir if says("mix.exs") => (Dialect::Gem, Fails, Fails),
        Runtime::Php if says("require.php") => (Dialect::Composer, Fails, Fails),
        Runtime::Php if says("config.platform") => (Dialect::Minor, MayWork, MayWork),
        Runtime::Java if says("LanguageVersion") || says("jvmToolchain") => (Dialect::Major, Fails, MayWork),
        Runtime::Java if says(": ") => (Dialect::Minimum, Fails, MayWork),
        Runtime::Java => (Dialect::Major, Fails, MayWork),
        Runtime::Dotnet if says("TargetFramework") => (Dialect::Major, Fails, MayWork),
        Runtime::Ruby | Runtime::Elixir | Runtime::Php | Runtime::Dotnet | Runtime::Rust => {
            (Dialect::Minor, Fails, MayWork)
        }
        Runtime::Static | Runtime::Command => return None,
    };
    let why = if source.contains(": ") { format!("{source} {text}") } else { format!("{source}: {text}") };
    Some((Wanted { text, dialect, older, other }, why))
}

/// The program that installs the dependencies.
fn of_install(plan: &Plan) -> Vec<Need> {
    let Some(install) = &plan.install else { return Vec::new() };
    let program = match install.method {
        InstallMethod::NpmCi | InstallMethod::NpmInstall => "npm",
        InstallMethod::Pnpm => "pnpm",
        InstallMethod::YarnClassic | InstallMethod::YarnBerry => "yarn",
        InstallMethod::Bun => "bun",
        // Those of Python do with what Python brings, and the others are told by their commands.
        _ => return Vec::new(),
    };
    let why = evidence(plan, "package_manager").or_else(|| evidence(plan, "install"));
    vec![Need::program(program, why.unwrap_or_else(|| install.command.clone()))]
}

/// The programs that the plan's commands start with: a build that ends in `not found` after ten minutes of downloads
/// helps nobody.
fn of_commands(plan: &Plan) -> Vec<Need> {
    // What these run may come with their own installation.
    if matches!(plan.runtime, Runtime::Python | Runtime::Node | Runtime::Bun | Runtime::Deno) {
        return Vec::new();
    }
    let install = plan.install.as_ref().map(|install| ("install", install.command.as_str()));
    let others =
        [("build", &plan.build), ("test", &plan.test), ("release", &plan.release), ("start", &plan.start)];
    let others = others.into_iter().filter_map(|(step, text)| Some((step, text.as_deref()?)));
    let mut needs = Vec::new();
    let mut seen = BTreeSet::new();
    for (step, text) in install.into_iter().chain(others) {
        for (command, program) in programs_in(text) {
            let why = || format!("{step}: {command}");
            if seen.insert(program) {
                needs.push(Need::program(program, why()));
            }
            if matches!(program, "mvn" | "gradle") && seen.insert("javac") {
                needs.push(Need::program("javac", why()));
            }
        }
    }
    needs
}

/// The known programs that a text for the shell starts, with the command of each.
fn programs_in(text: &str) -> Vec<(&str, &'static str)> {
    let commands = text.split("&&").flat_map(|part| part.split([';', '\n'])).map(str::trim);
    let first = |command: &str| {
        let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
        let word =
            words.next().map(|word| if word == "exec" { words.next().unwrap_or(word) } else { word })?;
        match word {
            "./mvnw" | "mvnw" | "./gradlew" | "gradlew" => Some("javac"),
            "mix" | "iex" => Some("elixir"),
            "npx" => Some("npm"),
            "python" => Some("python3"),
            word => find(word).map(|program| program.name),
        }
    };
    commands.filter_map(|command| Some((command, first(command)?))).collect()
}

fn evidence(plan: &Plan, field: &str) -> Option<String> {
    let found = plan.evidence.iter().find(|evidence| evidence.field == field)?;
    Some(found.source.clone()).filter(|source| !source.is_empty())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::{Evidence, Install, SystemPackage};

    fn plan(runtime: Runtime, version: Option<(&str, &str)>) -> Plan {
        let note = |field, value: &str, source: &str| Evidence {
            field: Cow::Borrowed(field),
            value: value.to_owned(),
            source: source.to_owned(),
        };
        let mut plan = Plan::bare(runtime);
        plan.evidence.push(note("runtime", runtime.name(), "a manifest"));
        if let Some((text, source)) = version {
            plan.version = Some(text.to_owned());
            plan.evidence.push(note("version", text, source));
        }
        plan
    }

    fn names(plan: &Plan) -> Vec<String> {
        needs(plan).into_iter().map(|need| need.name).collect()
    }

    #[test]
    fn what_a_version_means_depends_on_the_file_that_names_it() {
        use Chance::{Fails, MayWork};
        for (runtime, text, source, expected) in [
            (Runtime::Go, "1.24", "go.mod: go", (Dialect::Minimum, Fails, MayWork)),
            (Runtime::Go, "1.24.1", "go.mod: toolchain", (Dialect::Minimum, MayWork, MayWork)),
            (Runtime::Java, "21", "pom.xml: java.version", (Dialect::Minimum, Fails, MayWork)),
            (Runtime::Java, "21", "build.gradle: JavaLanguageVersion.of", (Dialect::Major, Fails, MayWork)),
            (Runtime::Java, "21.0.2-tem", ".sdkmanrc", (Dialect::Major, Fails, MayWork)),
            (Runtime::Php, "^8.3", "composer.json: require.php", (Dialect::Composer, Fails, Fails)),
            (Runtime::Ruby, "3.2.1", ".ruby-version", (Dialect::Minor, Fails, MayWork)),
            (Runtime::Ruby, "3.2.1", "Gemfile: ruby", (Dialect::Gem, Fails, Fails)),
            (Runtime::Dotnet, "8.0", "App.csproj: TargetFramework", (Dialect::Major, Fails, MayWork)),
            (Runtime::Elixir, "~> 1.17", "mix.exs: elixir", (Dialect::Gem, Fails, Fails)),
            (Runtime::Python, ">=3.12", "pyproject.toml: requires-python", (Dialect::Python, Fails, MayWork)),
            (Runtime::Python, "3.12", ".python-version", (Dialect::Python, MayWork, MayWork)),
            (Runtime::Rust, "1.80", "Cargo.toml: rust-version", (Dialect::Minimum, Fails, MayWork)),
        ] {
            let needs = needs(&plan(runtime, Some((text, source))));
            let wanted = needs[0].version.as_ref().expect("a version");
            assert_eq!((wanted.dialect, wanted.older, wanted.other), expected, "{source}");
        }
        let needs = needs(&plan(Runtime::Go, Some(("1.24", "go.mod: go"))));
        assert_eq!(needs[0].why, "go.mod: go 1.24");
    }

    #[test]
    fn commands_name_their_programs() {
        let mut java = plan(Runtime::Java, None);
        java.build = Some("FOO=1 mvn -B package -DskipTests && echo done".to_owned());
        java.start = Some("java -jar app.jar".to_owned());
        assert_eq!(names(&java), ["java", "mvn", "javac"]);
        java.build = Some("./mvnw -B package".to_owned());
        assert_eq!(names(&java), ["java", "javac"]);
        let mut site = plan(Runtime::Static, None);
        site.build = Some("hugo --minify".to_owned());
        site.system_packages =
            vec![SystemPackage { name: "hugo".to_owned(), needed_by: "hugo.toml".to_owned() }];
        assert_eq!(names(&site), ["hugo"], "said once");
        assert_eq!(needs(&site)[0].why, "build: hugo --minify");
    }

    #[test]
    fn package_managers_are_needed_with_what_fetches_them() {
        let mut node = plan(Runtime::Node, Some((">=22", "package.json: engines.node")));
        let install = |method| Install {
            method,
            command: "install".to_owned(),
            inputs: Vec::new(),
            extra: Vec::new(),
            options: Vec::new(),
        };
        node.install = Some(install(InstallMethod::Pnpm));
        node.build = Some("hugo".to_owned());
        let needs = needs(&node);
        let fetched: Vec<_> =
            needs.iter().map(|need| (need.name.as_str(), need.fetched_with.as_deref())).collect();
        assert_eq!(fetched, [("node", Some("npm")), ("pnpm", Some("npm"))]);
        node.install = Some(install(InstallMethod::NpmCi));
        assert_eq!(names(&node), ["node", "npm"]);
        assert_ne!(digest(&needs), digest(&super::needs(&node)));
    }

    #[test]
    fn packages_are_needed_where_their_presence_can_be_seen() {
        let mut python = plan(Runtime::Python, None);
        python.system_packages = ["libpq-dev", "no-such-package"]
            .map(|name| SystemPackage {
                name: name.to_owned(),
                needed_by: "requirements.txt: psycopg2".to_owned(),
            })
            .into();
        assert_eq!(names(&python), ["python3", "libpq-dev"]);
    }
}
