//! The one table of the programs that plans need: what each is called, how it is asked for its version, and how its
//! answer is read.

use super::version::Place;

/// The oldest and the newest minor version of Python 3 that is looked for by name.
const PYTHON_MINORS: std::ops::RangeInclusive<u32> = 8..=20;

/// Prints what decides whether a Python environment fits: the real interpreter (not a shim before it), version and ABI.
const IDENTIFY_PYTHON: &str = "import sys, sysconfig\n\
    print(sys.executable)\n\
    print('.'.join(map(str, sys.version_info[:3])))\n\
    print(sysconfig.get_config_var('SOABI'))";

/// Prints what decides whether installed packages of Node fit, compiled ones included.
const IDENTIFY_NODE: &str = "process.version + ' ' + process.versions.modules + ' ' + process.arch";

/// A program that plans may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Program {
    /// Its name on the `PATH`.
    pub name: &'static str,
    /// What people call it: `Go`.
    pub label: &'static str,
    /// The arguments with which it says its version, and what else decides about it.
    pub question: &'static [&'static str],
    /// What needs it, for people.
    pub needed_by: &'static str,
    /// The program with which the platform fetches it where the machine has none that fits.
    pub fetched_with: Option<&'static str>,
    pub(super) place: Place,
}

impl Program {
    /// Other names under which further versions of it are on the `PATH`, the newest first.
    pub fn other_names(&self) -> Vec<String> {
        match self.name {
            "python3" => PYTHON_MINORS.rev().map(|minor| format!("python3.{minor}")).collect(),
            _ => Vec::new(),
        }
    }

    /// Where version managers keep further versions of it, in the home folder: a folder with one folder for each
    /// version, and the program's place in that.
    pub fn kept_in(&self) -> &'static [(&'static str, &'static str)] {
        match self.name {
            "python3" => &[(".pyenv/versions", "bin/python3"), (".local/share/uv/python", "bin/python3")],
            _ => &[],
        }
    }

    /// The versions that its answer names.
    pub fn versions(&self, said: &str) -> Vec<String> {
        let versions = super::version::versions_in(said, self.place);
        match self.name {
            // Java 8 calls itself 1.8.
            "java" | "javac" => versions
                .into_iter()
                .map(|version| version.strip_prefix("1.").map_or_else(|| version.clone(), str::to_owned))
                .collect(),
            _ => versions,
        }
    }
}

const fn row(
    name: &'static str,
    label: &'static str,
    question: &'static [&'static str],
    place: Place,
    needed_by: &'static str,
) -> Program {
    Program { name, label, question, needed_by, fetched_with: None, place }
}

const fn fetched(program: Program, fetched_with: &'static str) -> Program {
    Program { fetched_with: Some(fetched_with), ..program }
}

const VERSION: &[&str] = &["--version"];
const FIRST: Place = Place::After("");

/// The programs, in the order in which they are shown.
pub const PROGRAMS: &[Program] = &[
    row("python3", "Python", &["-c", IDENTIFY_PYTHON], Place::After("\n"), "Python apps"),
    fetched(row("uv", "uv", VERSION, FIRST, "Python apps"), "python3"),
    fetched(row("node", "Node.js", &["-p", IDENTIFY_NODE], FIRST, "Node apps and pages"), "npm"),
    row("npm", "npm", VERSION, FIRST, "Node apps with dependencies"),
    fetched(row("pnpm", "pnpm", VERSION, FIRST, "projects with a pnpm-lock.yaml"), "npm"),
    fetched(row("yarn", "Yarn", VERSION, FIRST, "projects with a yarn.lock"), "npm"),
    fetched(row("bun", "Bun", VERSION, FIRST, "Bun apps"), "npm"),
    fetched(row("deno", "Deno", VERSION, FIRST, "Deno apps"), "npm"),
    row("go", "Go", &["version"], Place::After("go version"), "Go apps"),
    row("cargo", "Rust", VERSION, FIRST, "Rust apps"),
    row("rustup", "rustup", VERSION, FIRST, "Rust apps that name their toolchain"),
    row("cc", "a C compiler", VERSION, FIRST, "Rust apps, and packages with C in them"),
    row("java", "Java", &["-version"], Place::After(" version "), "Java apps"),
    row("javac", "a JDK", &["-version"], FIRST, "Java apps"),
    row("mvn", "Maven", VERSION, Place::After("Apache Maven "), "Maven builds without a wrapper"),
    row("gradle", "Gradle", VERSION, Place::After("Gradle "), "Gradle builds without a wrapper"),
    row("php", "PHP", VERSION, FIRST, "PHP apps"),
    row("composer", "Composer", VERSION, Place::After("version "), "PHP apps with dependencies"),
    row("ruby", "Ruby", VERSION, FIRST, "Ruby apps"),
    row("bundle", "Bundler", VERSION, FIRST, "Ruby apps with dependencies"),
    row("dotnet", "the .NET SDK", &["--list-sdks"], Place::EachLine, ".NET apps"),
    row("elixir", "Elixir", VERSION, Place::After("Elixir "), "Elixir apps"),
    row("git", "Git", VERSION, FIRST, "packages that come from Git repositories"),
    row("hugo", "Hugo", &["version"], FIRST, "sites made with Hugo"),
    row("zola", "Zola", VERSION, FIRST, "sites made with Zola"),
    row("mdbook", "mdBook", VERSION, FIRST, "books made with mdBook"),
];

/// The program of this name.
pub fn find(name: &str) -> Option<&'static Program> {
    PROGRAMS.iter().find(|program| program.name == name)
}
