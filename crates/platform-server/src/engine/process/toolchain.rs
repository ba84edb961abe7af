//! Runtimes whose plans are plain commands: the engine only sees to it that the machine has the program they need.

use build_plan::{InstallMethod, Runtime};
use platform_api::{Code, Failure};

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

/// The failure for a package manager that this engine does not run.
pub(super) fn cannot_install(method: InstallMethod) -> Failure {
    let message = format!("this engine does not install packages by `{}` yet", name(method));
    Failure::new(Code::UNSUPPORTED, message)
        .hint("say how they are installed with `install` in backend-im.yml")
}

fn name(method: InstallMethod) -> String {
    let text = serde_json::to_value(method).ok();
    text.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
