//! Runtimes whose plans are plain commands: the engine only sees to it that the machine has the program they need.

use build_plan::{InstallMethod, Runtime};
use platform_api::Failure;

use super::prepare::Build;
use super::tools::missing;

/// Makes sure that the runtime's program is there, before anything is installed.
pub(super) fn require(build: &Build<'_>, runtime: Runtime) -> Result<(), Failure> {
    let Some((program, hint)) = program(runtime) else { return Ok(()) };
    build.engine.env.which(program).map(drop).ok_or_else(|| missing(program, hint))
}

/// The program that a runtime cannot do without, and how to get it.
fn program(runtime: Runtime) -> Option<(&'static str, &'static str)> {
    Some(match runtime {
        Runtime::Go => ("go", "install Go (Debian, Ubuntu: `apt install golang-go`)"),
        Runtime::Ruby => {
            ("bundle", "install Ruby and Bundler (Debian, Ubuntu: `apt install ruby-dev bundler`)")
        }
        Runtime::Php => ("php", "install PHP (Debian, Ubuntu: `apt install php-cli`)"),
        Runtime::Java => ("java", "install a JDK (Debian, Ubuntu: `apt install default-jdk-headless`)"),
        Runtime::Dotnet => ("dotnet", "install the .NET SDK (https://dotnet.microsoft.com/download)"),
        Runtime::Elixir => ("mix", "install Elixir (Debian, Ubuntu: `apt install elixir`)"),
        Runtime::Python
        | Runtime::Node
        | Runtime::Bun
        | Runtime::Deno
        | Runtime::Rust
        | Runtime::Static
        | Runtime::Command => return None,
    })
}

/// Programs that commands of plans start with and that do not come with their runtime, and how to get each.
const PROGRAMS: &[(&str, &str)] = &[
    ("mvn", "install Maven (Debian, Ubuntu: `apt install maven`)"),
    ("gradle", "install Gradle (https://gradle.org/install), or commit its wrapper, gradlew"),
    ("composer", "install Composer (Debian, Ubuntu: `apt install composer`)"),
    ("npm", "install Node.js with npm"),
    ("yarn", "install Yarn: `npm install -g yarn`"),
    ("pnpm", "install pnpm: `npm install -g pnpm`"),
    ("hugo", "install Hugo (Debian, Ubuntu: `apt install hugo`)"),
    ("zola", "install Zola (https://www.getzola.org)"),
    ("mdbook", "install mdBook: `cargo install mdbook`"),
    ("bundle", "install Ruby and Bundler (Debian, Ubuntu: `apt install ruby-dev bundler`)"),
];

/// Makes sure that the commands of the plan find their programs, before the first of them runs: a build that ends in
/// `not found` after ten minutes of downloads helps nobody.
pub(super) fn require_programs(build: &Build<'_>) -> Result<(), Failure> {
    let plan = &build.job.plan;
    // What another runtime needs may come with its own installation, and package managers are fetched: also for pages,
    // which only need one to be built.
    let is_served_elsewhere =
        matches!(plan.runtime, Runtime::Node | Runtime::Bun | Runtime::Deno | Runtime::Python);
    let is_fetched = plan
        .install
        .as_ref()
        .is_some_and(|install| !matches!(install.method, InstallMethod::Tool | InstallMethod::Command));
    if is_served_elsewhere || is_fetched {
        return Ok(());
    }
    let install = plan.install.as_ref().map(|install| &install.command);
    let texts = install.into_iter().chain(&plan.build).chain(&plan.release);
    for command in texts.flat_map(|text| text.split("&&")) {
        let mut words = command.split_whitespace().skip_while(|word| word.contains('='));
        let Some(first) = words.next() else { continue };
        if let Some((program, hint)) = PROGRAMS.iter().find(|(program, _)| *program == first)
            && build.engine.env.which(program).is_none()
        {
            return Err(missing(program, hint));
        }
    }
    Ok(())
}
