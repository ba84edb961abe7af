//! Ruby: Rails, Sinatra and everything else that has a config.ru.

use super::text::quoted;
use super::{Context, page_packages, versions};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Install, InstallMethod, PlanError, Runtime, shell};

const FILE: &str = "Gemfile";

/// Gems that serve HTTP, those built upon others first.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("rails", "rails"),
    ("hanami", "hanami"),
    ("padrino", "padrino"),
    ("sinatra", "sinatra"),
    ("roda", "roda"),
    ("grape", "grape"),
    ("cuba", "cuba"),
    ("camping", "camping"),
    ("rack", "rack"),
];
/// Packages of the operating system that gems need, by their Debian names.
const NEEDS: &[(&str, &[&str])] = &[
    ("pg", &["libpq-dev"]),
    ("mysql2", &["default-libmysqlclient-dev"]),
    ("sqlite3", &["libsqlite3-dev"]),
    ("ruby-vips", &["libvips"]),
    ("image_processing", &["libvips"]),
    ("rmagick", &["libmagickwand-dev"]),
    ("mini_magick", &["imagemagick"]),
    ("charlock_holmes", &["libicu-dev"]),
    ("rugged", &["cmake", "libssl-dev"]),
    ("tiny_tds", &["freetds-dev"]),
    ("ffi", &["libffi-dev"]),
];

/// What the Gemfile says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gemfile {
    gems: Vec<String>,
    ruby: Option<String>,
}

/// Looks for a Ruby project.
///
/// # Errors
/// [`PlanError::Unreadable`].
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let gemfile = match project.manifest(FILE)? {
        Some(text) => parse(&text),
        None if project.has("config.ru") => Gemfile::default(),
        None => return Ok(None),
    };
    let marker = project.first_of(&[FILE, "config.ru"]).unwrap_or(FILE);
    let framework = FRAMEWORKS.iter().find(|(gem, _)| gemfile.has(gem));
    let generator = GENERATORS.iter().find(|generator| gemfile.has(generator.name));
    let generator = generator.or_else(|| GENERATORS.first().filter(|_| gemfile.has("github-pages")));
    let mut draft = Draft::new(Runtime::Ruby, Strength::Server, marker);
    match (framework, generator) {
        (Some(("rails", name)), _) => {
            draft.set_framework(name, format!("{FILE}: gem rails"));
            rails(project, &gemfile, &mut draft);
        }
        (_, Some(generator)) => pages(generator, &mut draft),
        (framework, None) => {
            if !rack(context, &gemfile, &mut draft) {
                return Ok(None);
            }
            if let Some((gem, name)) = framework {
                draft.set_framework(name, format!("{FILE}: gem {gem}"));
            }
        }
    }
    version(project, &gemfile, &mut draft)?;
    system_packages(&gemfile, &mut draft);
    if project.has(FILE) {
        install(project, &mut draft);
    }
    Ok(Some(draft))
}

/// Reads the `gem` and `ruby` lines of a Gemfile.
fn parse(text: &str) -> Gemfile {
    let mut gemfile = Gemfile::default();
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("gem ").or_else(|| line.strip_prefix("gem(")) {
            gemfile.gems.extend(quoted(rest).map(str::to_owned));
        } else if let Some(rest) = line.strip_prefix("ruby ").filter(|rest| rest.starts_with(['"', '\''])) {
            gemfile.ruby = quoted(rest).map(str::to_owned);
        }
    }
    gemfile
}

impl Gemfile {
    fn has(&self, gem: &str) -> bool {
        self.gems.iter().any(|known| known == gem)
    }
}

fn rails(project: &Project<'_>, gemfile: &Gemfile, draft: &mut Draft) {
    let source = project.first_of(&["bin/rails", "config/application.rb"]).unwrap_or(FILE);
    draft.set_start("bundle exec rails server -b $HOST -p $PORT", source);
    for (name, value) in [
        ("RAILS_ENV", "production"),
        ("RACK_ENV", "production"),
        ("RAILS_LOG_TO_STDOUT", "1"),
        ("RAILS_SERVE_STATIC_FILES", "1"),
    ] {
        draft.set_env(name, value);
    }
    let has_assets =
        ["sprockets-rails", "propshaft", "webpacker", "shakapacker", "vite_rails", "jsbundling-rails"];
    if has_assets.iter().any(|gem| gemfile.has(gem)) || project.listing().has_folder("app/assets") {
        let source = if project.listing().has_folder("app/assets") { "app/assets" } else { FILE };
        draft.set_build("SECRET_KEY_BASE_DUMMY=1 bundle exec rails assets:precompile", source);
        draft.keep("rails", &["tmp/cache/assets"]);
    }
    if let Some(database) = project.first_of(&["config/database.yml", "db/schema.rb", "db/structure.sql"]) {
        draft.set_release("bundle exec rails db:prepare", database);
    }
    if project.source("config/routes.rb").is_some_and(|routes| routes.contains("rails/health#show")) {
        draft.set_health_path("/up", "config/routes.rb");
    }
    if project.has("config/credentials.yml.enc") {
        draft.warn("config/credentials.yml.enc is there: the app needs RAILS_MASTER_KEY, or SECRET_KEY_BASE where it reads nothing else");
    } else {
        draft.warn("Rails needs SECRET_KEY_BASE in production; set it as a variable of the project");
    }
}

/// A gem that makes the pages of a site.
struct Generator {
    name: &'static str,
    command: &'static str,
    output: &'static str,
    /// The variable that says that the pages are for everybody.
    variable: &'static str,
}

const GENERATORS: &[Generator] = &[
    Generator { name: "jekyll", command: "jekyll build", output: "_site", variable: "JEKYLL_ENV" },
    Generator { name: "middleman", command: "middleman build", output: "build", variable: "MM_ENV" },
    Generator { name: "nanoc", command: "nanoc compile", output: "output", variable: "NANOC_ENV" },
];

fn pages(generator: &Generator, draft: &mut Draft) {
    draft.runtime = Runtime::Static;
    draft.strength = Strength::Assets;
    draft.note("runtime", Runtime::Static.name(), FILE);
    draft.set_framework(generator.name, format!("{FILE}: gem {}", generator.name));
    draft.set_build(format!("bundle exec {}", generator.command), FILE);
    draft.set_static_root(generator.output, FILE);
    draft.set_env(generator.variable, "production");
}

/// A program under config.ru, or a script that Sinatra itself serves; whether there is one.
fn rack(context: &Context<'_>, gemfile: &Gemfile, draft: &mut Draft) -> bool {
    let project = context.project;
    draft.set_env("RACK_ENV", "production");
    draft.set_env("APP_ENV", "production");
    let bundled = if project.has(FILE) { "bundle exec " } else { "" };
    if project.has("config.ru") {
        let start = if gemfile.has("puma") {
            format!("{bundled}puma -b tcp://$HOST:$PORT config.ru")
        } else {
            format!("{bundled}rackup -o $HOST -p $PORT config.ru")
        };
        draft.set_start(start, "config.ru");
        return true;
    }
    if let Some((path, line)) = sinatra_script(project) {
        draft.set_start(
            format!("{bundled}ruby {} -o $HOST -p $PORT", shell::word(&path)),
            format!("{path}:{line}"),
        );
        return true;
    }
    draft.strength = Strength::Program;
    context.start.is_some()
}

/// The script at the top that requires Sinatra's classic form.
fn sinatra_script(project: &Project<'_>) -> Option<(String, usize)> {
    const FILES: &[&str] = &["app.rb", "main.rb", "server.rb", "web.rb", "index.rb"];
    let others = project.listing().iter().map(|file| file.path.as_str());
    let others = others.filter(|path| extension(path) == "rb" && !path.contains('/')).take(64);
    FILES.iter().copied().filter(|file| project.has(file)).chain(others).find_map(|path| {
        let source = project.source(path)?;
        let is_require = |line: &str| {
            line.trim_start().starts_with("require")
                && matches!(quoted(line), Some("sinatra" | "sinatra/base"))
        };
        let line = source.lines().position(is_require)?;
        Some((path.to_owned(), line + 1))
    })
}

fn version(project: &Project<'_>, gemfile: &Gemfile, draft: &mut Draft) -> Result<(), PlanError> {
    project.manifest(".ruby-version")?;
    if let Some(version) = versions::line_of(project, ".ruby-version") {
        draft.set_version(version.trim_start_matches("ruby-"), ".ruby-version");
    } else if let Some((version, file)) = versions::of_tool(project, &["ruby"]) {
        draft.set_version(&version, file);
    } else if let Some(version) = &gemfile.ruby {
        draft.set_version(version, format!("{FILE}: ruby"));
    }
    Ok(())
}

fn system_packages(gemfile: &Gemfile, draft: &mut Draft) {
    for (gem, needs) in NEEDS.iter().filter(|(gem, _)| gemfile.has(gem)) {
        needs.iter().for_each(|need| draft.need_system_package(need, format!("{FILE}: gem {gem}")));
    }
}

fn install(project: &Project<'_>, draft: &mut Draft) {
    let lock = project.first_of(&["Gemfile.lock"]);
    if lock.is_none() {
        draft.warn(
            "there is no Gemfile.lock, so every install may bring other versions; `bundle lock` writes one",
        );
    }
    let mut inputs = vec![FILE.to_owned()];
    inputs.extend(lock.map(str::to_owned));
    let mut command = "bundle install".to_owned();
    draft.set_env("BUNDLE_PATH", "vendor/bundle");
    draft.set_env("BUNDLE_WITHOUT", "development:test");
    if lock.is_some() {
        draft.set_env("BUNDLE_FROZEN", "true");
    }
    page_packages::add(project, draft, &mut inputs, &mut command);
    draft.set_package_manager("bundler", None, lock.unwrap_or(FILE));
    draft.installed = vec!["vendor/bundle".to_owned()];
    draft.set_install(Install {
        method: InstallMethod::Tool,
        command,
        inputs,
        extra: Vec::new(),
        options: Vec::new(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gemfiles_are_read_line_by_line() {
        let gemfile = parse(
            "source 'https://x'\nruby \"3.3.1\"\ngem 'rails', '~> 7.1'\n# gem 'pg'\ngroup :test do\n  gem(\"rspec\")\nend\n",
        );
        assert_eq!(gemfile.ruby.as_deref(), Some("3.3.1"));
        assert_eq!(gemfile.gems, ["rails", "rspec"]);
        assert_eq!(parse("ruby file: '.ruby-version'").ruby, None);
    }

    proptest::proptest! {
        #[test]
        fn no_gemfile_makes_it_panic(text in "(gem |ruby |'|\"|\\PC|\n){0,60}") {
            parse(&text);
        }
    }
}
