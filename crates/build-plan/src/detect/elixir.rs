//! Elixir: Phoenix and other programs of mix.

use super::text::{is_plain, quoted};
use super::{Context, versions};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Install, InstallMethod, PlanError, Runtime};

const FILE: &str = "mix.exs";

/// How many apps of an umbrella are looked at.
const APPS_MAX: usize = 32;

/// Packages that serve HTTP.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("phoenix", "phoenix"),
    ("bandit", "plug"),
    ("plug_cowboy", "plug"),
    ("cowboy", "cowboy"),
    ("ace", "ace"),
];

/// What mix.exs says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Mix {
    app: Option<String>,
    elixir: Option<String>,
    dependencies: Vec<String>,
    aliases: Vec<&'static str>,
}

/// Looks for a project of mix.
///
/// # Errors
/// [`PlanError::Unreadable`].
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let Some(text) = project.manifest(FILE)? else { return Ok(None) };
    let mut mix = parse(&text);
    let is_umbrella = text.contains("apps_path");
    if is_umbrella {
        join_apps(project, &mut mix)?;
    }
    let framework = FRAMEWORKS.iter().find(|(package, _)| mix.has(package));
    let is_program = text.contains("mod:") || framework.is_some();
    if !is_program && context.start.is_none() {
        return Ok(None);
    }
    let strength = if framework.is_some() { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Elixir, strength, FILE);
    if let Some((package, name)) = framework {
        draft.set_framework(name, format!("{FILE}: deps.{package}"));
    }
    version(project, &mix, &mut draft);
    install(project, &mut draft);
    draft.set_env("MIX_ENV", "prod");
    if is_umbrella {
        umbrella(&mix, &mut draft);
    } else {
        commands(project, &mix, &mut draft);
    }
    Ok(Some(draft))
}

/// Adds what the apps of an umbrella depend on.
fn join_apps(project: &Project<'_>, mix: &mut Mix) -> Result<(), PlanError> {
    let files = project.listing().under("apps").filter(|file| file.path.ends_with("/mix.exs"));
    for file in files.take(APPS_MAX) {
        let text = project.manifest(&file.path)?.unwrap_or_default();
        mix.dependencies.extend(parse(&text).dependencies);
    }
    Ok(())
}

/// An umbrella has a release only where its mix.exs describes one, so its apps are started by mix itself.
fn umbrella(mix: &Mix, draft: &mut Draft) {
    draft.set_build("mix compile", FILE);
    let start = if mix.has("phoenix") { "PHX_SERVER=true mix phx.server" } else { "mix run --no-halt" };
    draft.set_start(start, format!("{FILE}: apps_path"));
    if mix.has("ecto_sql") {
        draft.set_release("mix ecto.migrate", "apps");
    }
}

/// Reads the few words of mix.exs that count, line by line.
fn parse(text: &str) -> Mix {
    let mut mix = Mix::default();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some((_, rest)) = line.split_once("app: :")
            && mix.app.is_none()
        {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            mix.app = Some(rest[..end].to_owned()).filter(|app| !app.is_empty());
        }
        if let Some((_, rest)) = line.split_once("elixir: ")
            && mix.elixir.is_none()
        {
            mix.elixir = quoted(rest).map(str::to_owned);
        }
        for rest in line.split("{:").skip(1) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            mix.dependencies.push(rest[..end].to_owned());
        }
        let aliases = ["assets.deploy", "assets.setup"].into_iter();
        mix.aliases.extend(aliases.filter(|alias| line.starts_with(&format!("\"{alias}\":"))));
    }
    mix
}

impl Mix {
    fn has(&self, package: &str) -> bool {
        self.dependencies.iter().any(|known| known == package)
    }
}

fn version(project: &Project<'_>, mix: &Mix, draft: &mut Draft) {
    if let Some((version, file)) = versions::of_tool(project, &["elixir"]) {
        draft.set_version(&version, file);
    } else if let Some(version) = versions::line_of(project, ".elixir-version") {
        draft.set_version(&version, ".elixir-version");
    } else if let Some(version) = &mix.elixir {
        draft.set_version(version, format!("{FILE}: elixir"));
    }
}

fn install(project: &Project<'_>, draft: &mut Draft) {
    let lock = project.first_of(&["mix.lock"]);
    if lock.is_none() {
        draft.warn(
            "there is no mix.lock, so every install may bring other versions; `mix deps.get` writes one",
        );
    }
    draft.set_package_manager("mix", None, lock.unwrap_or(FILE));
    draft.installed = vec!["deps".to_owned()];
    draft.set_install(Install {
        method: InstallMethod::Tool,
        command: "mix local.hex --force && mix local.rebar --force && mix deps.get --only prod".to_owned(),
        inputs: [FILE].into_iter().chain(lock).map(str::to_owned).collect(),
        extra: Vec::new(),
        options: Vec::new(),
    });
    draft.keep("mix", &["_build", "~/.mix", "~/.hex"]);
}

fn commands(project: &Project<'_>, mix: &Mix, draft: &mut Draft) {
    let mut build = vec!["mix compile"];
    if mix.aliases.contains(&"assets.setup") {
        build.push("mix assets.setup");
    }
    if mix.aliases.contains(&"assets.deploy") {
        build.push("mix assets.deploy");
    }
    let app = mix.app.as_deref().filter(|app| is_plain(app)).unwrap_or("app");
    build.push("mix release --overwrite");
    draft.set_build(build.join(" && "), FILE);
    let program = format!("_build/prod/rel/{app}/bin/{app}");
    let is_phoenix = draft.framework.as_deref() == Some("phoenix");
    let flag = if is_phoenix { "PHX_SERVER=true " } else { "" };
    draft.set_start(format!("{flag}{program} start"), format!("{FILE}: app"));
    let release = format!("lib/{app}/release.ex");
    if project.has(&release) {
        draft.set_release(format!("{program} eval '{}.Release.migrate()'", camel(app)), release);
    } else if mix.has("ecto_sql") && project.listing().has_folder("priv/repo/migrations") {
        draft.set_release("mix ecto.migrate", "priv/repo/migrations");
    }
    if is_phoenix && project.has("config/runtime.exs") {
        draft.warn("Phoenix needs SECRET_KEY_BASE in production; set it as a variable of the project (`mix phx.gen.secret` makes one)");
    }
}

/// `MyShop` of `my_shop`.
fn camel(app: &str) -> String {
    let upper = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect::<String>())
    };
    app.split('_').map(upper).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix_files_are_read_line_by_line() {
        let mix = parse(
            "def project do\n [\n app: :my_shop,\n elixir: \"~> 1.15\",\n ]\nend\ndefp deps do\n [\n {:phoenix, \"~> 1.7\"},\n # {:x, \"1\"}\n {:ecto_sql, \"~> 3\"}]\n\"assets.deploy\": [\"x\"],\n",
        );
        assert_eq!((mix.app.as_deref(), mix.elixir.as_deref()), (Some("my_shop"), Some("~> 1.15")));
        assert_eq!(mix.dependencies, ["phoenix", "ecto_sql"]);
        assert_eq!(mix.aliases, ["assets.deploy"]);
        assert_eq!(camel("my_shop"), "MyShop");
    }

    proptest::proptest! {
        #[test]
        fn no_mix_file_makes_it_panic(text in "(app: :|elixir: |\"|\\{:|\\PC|\n){0,40}") {
            parse(&text);
        }
    }
}
