//! What to say when nothing was recognised: the likeliest slip first.

use super::python::{entry, packages};
use super::{compose, dockerfile, js};
use crate::draft::Draft;
use crate::project::{Project, extension};
use crate::{Listing, PlanError};

/// Names that are almost right, and what they should be.
const MISSPELT: &[(&str, &str)] = &[
    ("requirement.txt", "requirements.txt"),
    ("requirments.txt", "requirements.txt"),
    ("requirements.text", "requirements.txt"),
    ("requirements.tx", "requirements.txt"),
    ("requirements", "requirements.txt"),
    ("dependencies.txt", "requirements.txt"),
    ("procfile.txt", "Procfile"),
    ("procfile", "Procfile"),
    ("package.jsn", "package.json"),
    ("packages.json", "package.json"),
    ("cargo.tml", "Cargo.toml"),
    ("index.htm", "index.html"),
    ("home.html", "index.html"),
];

/// Manifests of runtimes that this version does not build.
const OTHER_RUNTIMES: &[(&str, &str)] = &[
    ("Package.swift", "Swift"),
    ("shard.yml", "Crystal"),
    ("build.sbt", "Scala"),
    ("project.clj", "Clojure"),
    ("deps.edn", "Clojure"),
    ("rebar.config", "Erlang"),
    ("gleam.toml", "Gleam"),
    ("stack.yaml", "Haskell"),
    ("cabal.project", "Haskell"),
    ("build.zig", "Zig"),
    ("pubspec.yaml", "Dart"),
    ("dub.json", "D"),
    ("CMakeLists.txt", "C++"),
    ("Makefile", "make"),
];

/// Files that make a folder a project of its own.
const MARKERS: &[&str] = &[
    "requirements.txt",
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "go.mod",
    "Gemfile",
    "composer.json",
    "pom.xml",
    "build.gradle",
    "mix.exs",
    "Procfile",
];

/// How many programs are named.
const NAMES_MAX: usize = 6;

const LOOKED_FOR: &str = "looked for: a Python application with requirements.txt or pyproject.toml, package.json, deno.json, go.mod, \
    Cargo.toml, Gemfile, composer.json or index.php, pom.xml or build.gradle, *.csproj, mix.exs, index.html, a Procfile, \
    and `start` in backend-im.yml";

/// The error for a project that nothing recognised.
pub(crate) fn unrecognised(project: &Project<'_>) -> PlanError {
    let found = misspelt(project.listing())
        .or_else(|| python(project))
        .or_else(|| node(project))
        .or_else(|| rust(project))
        .or_else(|| java_archive(project))
        .or_else(|| windows_only(project))
        .or_else(|| library(project))
        .or_else(|| image(project))
        .or_else(|| function(project))
        .or_else(|| other_runtime(project))
        .or_else(|| composed(project))
        .or_else(|| pages(project))
        .or_else(|| inner_project(project.listing()));
    let (reason, hint) = found
        .unwrap_or_else(|| ("no file says what kind of project this is".to_owned(), LOOKED_FOR.to_owned()));
    PlanError::Unrecognised { reason, hint }
}

type Slip = Option<(String, String)>;

/// The error for a program that starts and never answers.
pub(crate) fn silent(project: &Project<'_>, draft: &Draft) -> PlanError {
    let source = draft.evidence[0].source.as_str();
    let (reason, hint) = bot(project).unwrap_or_else(|| {
        let start = draft.start.as_deref().unwrap_or("…");
        (
            format!("{source} makes a program, and nothing in it says that it answers requests"),
            format!(
                "a tool for the command line has no address to be reached at; if it serves HTTP all the same, say so in \
                 backend-im.yml: `start: {start}` with what makes it listen on $HOST:$PORT"
            ),
        )
    });
    PlanError::Unrecognised { reason, hint }
}

/// The error for several programs of which none answers.
pub(crate) fn tools<'n>(names: impl Iterator<Item = &'n str>, file: &str) -> PlanError {
    let names: Vec<&str> = names.take(NAMES_MAX).collect();
    PlanError::Unrecognised {
        reason: format!("{file} makes programs ({}), and nothing in them says that they answer requests", names.join(", ")),
        hint: "a tool for the command line has no address to be reached at; if one of them serves HTTP all the same, say in \
               backend-im.yml how it starts: `start: …`"
            .to_owned(),
    }
}

/// Packages with which bots are written that fetch their messages by themselves.
const BOTS: &[&str] = &[
    "python-telegram-bot",
    "pytelegrambotapi",
    "aiogram",
    "telethon",
    "pyrogram",
    "discord",
    "discord-py",
    "py-cord",
    "nextcord",
    "disnake",
    "github.com/bwmarrin/discordgo",
    "github.com/go-telegram-bot-api/telegram-bot-api",
    "gopkg.in/telebot",
    "serenity",
    "poise",
    "teloxide",
];

/// A bot: it asks for messages, and nobody asks it.
pub(crate) fn bot(project: &Project<'_>) -> Slip {
    let (file, package) =
        ["requirements.txt", "pyproject.toml", "go.mod", "Cargo.toml"].into_iter().find_map(|file| {
            let text = project.manifest(file).ok()??;
            let is_named = |bot: &&&str| {
                text.lines().any(|line| {
                    let line = line.trim().trim_start_matches("require ").trim_start_matches(['"', '\'']);
                    line.starts_with(**bot) || packages::named(line).is_some_and(|(name, _)| name == **bot)
                })
            };
            Some((file, *BOTS.iter().find(is_named)?))
        })?;
    Some((
        format!("this is a bot ({file}: {package}): it fetches its messages and answers no requests"),
        "what is deployed here must listen on $HOST:$PORT; a bot that receives its messages by webhook does: say how it \
         starts in backend-im.yml, `start: …`"
            .to_owned(),
    ))
}

fn misspelt(listing: &Listing) -> Slip {
    let at_top = listing.iter().filter(|file| !file.path.contains('/'));
    let names = at_top.map(|file| file.path.as_str());
    let slip = names.filter(|name| listing.get(name).is_some_and(|file| !file.is_link())).find_map(|name| {
        let lower = name.to_ascii_lowercase();
        let exact = [
            ("requirements.txt", "requirements.txt"),
            ("package.json", "package.json"),
            ("cargo.toml", "Cargo.toml"),
            ("index.html", "index.html"),
        ];
        let known = MISSPELT.iter().chain(&exact).find(|(slip, _)| *slip == lower)?;
        (known.1 != name).then_some((name, known.1))
    });
    let (name, right) = slip?;
    Some((format!("`{name}` is not read"), format!("rename it to `{right}`")))
}

fn python(project: &Project<'_>) -> Slip {
    if let Some(place) = entry::closed_factory(project) {
        return Some((
            format!("the factory at {place} needs arguments, so no server can call it"),
            "give its parameters default values, or make the application a variable: `app = create_app(...)`"
                .to_owned(),
        ));
    }
    if let Some(slip) = bot(project).or_else(|| conda(project)) {
        return Some(slip);
    }
    if let Some(slip) = python_library(project) {
        return Some(slip);
    }
    let script = project.first_of(&["main.py", "app.py", "server.py", "run.py"]);
    let script = script.or_else(|| {
        let mut scripts = project.listing().iter().map(|file| file.path.as_str());
        scripts.find(|path| extension(path) == "py" && !path.contains('/') && !entry::is_aside(path))
    })?;
    Some((
        format!(
            "`{script}` makes no web application (no `app = FastAPI()` or `app = Flask(__name__)` was found)"
        ),
        format!(
            "if it serves HTTP by itself, say how to start it in backend-im.yml: `start: python {script}`"
        ),
    ))
}

/// Packages that only Conda would install.
fn conda(project: &Project<'_>) -> Slip {
    let file = project.first_of(&["environment.yml", "environment.yaml"])?;
    let has_list = ["requirements.txt", "pyproject.toml", "Pipfile"].iter().any(|list| project.has(list));
    (!has_list).then(|| {
        (
            format!("only {file} says what to install, and Conda is not used here"),
            "write the packages that it lists into a requirements.txt, by the names that `pip install` takes"
                .to_owned(),
        )
    })
}

/// A package that others install: it has no program of its own, and no script at the top either.
fn python_library(project: &Project<'_>) -> Slip {
    let describes = |file: &&&str| {
        let text = project.manifest(file).ok().flatten().unwrap_or_default();
        project.has(file)
            && (**file != "pyproject.toml" || text.contains("[project]") || text.contains("[tool.poetry]"))
    };
    let file = ["pyproject.toml", "setup.py", "setup.cfg"].iter().find(describes)?;
    let mut scripts = project.listing().iter().map(|file| file.path.as_str());
    let has_script =
        scripts.any(|path| extension(path) == "py" && !path.contains('/') && !entry::is_aside(path));
    (!has_script).then(|| {
        (
            format!("{file} describes a package that others install; no module of it makes a web application"),
            "if it serves HTTP all the same, say how to start it in backend-im.yml, such as `start: python -m NAME`; an \
             example of it is deployed by naming its folder: `root: examples/…`"
                .to_owned(),
        )
    })
}

fn node(project: &Project<'_>) -> Slip {
    if project.has("rush.json") {
        return Some((
            "rush.json has its projects installed by Rush, which installs and builds them all together"
                .to_owned(),
            "say how in backend-im.yml: `install: node common/scripts/install-run-rush.js install`, \
             `build: node common/scripts/install-run-rush.js build --to NAME`, `runtime: node`, and \
             `start: cd FOLDER && node dist/index.js`"
                .to_owned(),
        ));
    }
    if project.has("package.json") {
        return Some(js::lacking(project));
    }
    let script = project.first_of(&["server.js", "app.js", "index.js", "main.js"])?;
    Some((
        format!("`{script}` imports no web framework and does not listen"),
        format!("if it serves HTTP, say how to start it in backend-im.yml: `start: node {script}`"),
    ))
}

fn rust(project: &Project<'_>) -> Slip {
    project.has("Cargo.toml").then(|| {
        (
            "Cargo.toml defines no program, only a library".to_owned(),
            "add src/main.rs, or a `[[bin]]` to Cargo.toml".to_owned(),
        )
    })
}

/// A WAR, which only a container of servlets runs.
fn java_archive(project: &Project<'_>) -> Slip {
    let (file, _) =
        [("pom.xml", "<packaging>war</packaging>"), ("build.gradle", "war"), ("build.gradle.kts", "war")]
            .into_iter()
            .find(|(file, mark)| {
                project.manifest(file).ok().flatten().is_some_and(|text| {
                    text.contains(mark)
                        && (*file == "pom.xml" || project.listing().has_folder("src/main/webapp"))
                })
            })?;
    Some((
        format!("{file} makes a WAR, which runs inside a container of servlets such as Tomcat or Jetty, and brings none"),
        "bring one along, with Spring Boot or Jetty's runner for instance, and say in backend-im.yml how it starts: \
         `start: java -jar …` on $HOST:$PORT"
            .to_owned(),
    ))
}

/// A project of the .NET that only Windows has.
fn windows_only(project: &Project<'_>) -> Slip {
    let mut files = project.listing().iter().map(|file| file.path.as_str());
    let file = files.find(|path| matches!(extension(path), "csproj" | "vbproj"))?;
    let text = project.manifest(file).ok()??;
    let is_old = text.contains("<TargetFrameworkVersion>v4") || text.contains("ProjectTypeGuids");
    is_old.then(|| {
        (
            format!("{file} is for .NET Framework, which only Windows runs"),
            "move it to today's .NET first: a project with `Sdk=\"Microsoft.NET.Sdk.Web\"` is built and started here"
                .to_owned(),
        )
    })
}

/// A manifest of a runtime that is known, in a project without a program.
fn library(project: &Project<'_>) -> Slip {
    const MANIFESTS: &[(&str, &str)] = &[
        ("go.mod", "no package has `func main`"),
        ("Gemfile", "there is neither Rails nor a config.ru nor a script that requires sinatra"),
        ("composer.json", "there is no index.php, at the top or in public/"),
        ("pom.xml", "no module makes an executable archive"),
        ("build.gradle", "no module applies a plugin that makes a program"),
        ("build.gradle.kts", "no module applies a plugin that makes a program"),
        ("mix.exs", "it neither starts an application nor names Phoenix or Plug"),
    ];
    let mut files = project.listing().iter().map(|file| file.path.as_str());
    let of_dotnet =
        || files.find(|path| extension(path) == "csproj").map(|path| (path, "no project makes a program"));
    let found = MANIFESTS.iter().copied().find(|(file, _)| project.has(file));
    let (file, lacks) = found.or_else(of_dotnet)?;
    Some((
        format!("`{file}` is there, but {lacks}"),
        "say how it starts in backend-im.yml: `build: …` where it needs one, and `start: …` with a command that listens \
         on $HOST:$PORT"
            .to_owned(),
    ))
}

/// A Dockerfile, which no engine of processes builds.
fn image(project: &Project<'_>) -> Slip {
    let dockerfile = dockerfile::read(project)?;
    let base = dockerfile.base.unwrap_or_else(|| "an image".to_owned());
    let command =
        dockerfile.command.map_or_else(String::new, |(command, _)| format!(" and runs `{command}`"));
    Some((
        format!(
            "only {} says what this project is: it stands on `{base}`{command}, and no image is built here",
            dockerfile.file
        ),
        "say how it is built and started without the image, in backend-im.yml: `build: …` and `start: …`"
            .to_owned(),
    ))
}

/// A compose file that only starts images of others.
fn composed(project: &Project<'_>) -> Slip {
    let compose = compose::read(project).filter(|compose| !compose.images.is_empty())?;
    Some((
        format!("{} only starts images: {}", compose.file, compose.images.join(", ")),
        "an app of your own is deployed from its source; images are for engines of containers".to_owned(),
    ))
}

/// Pages, but none that answers `/`.
fn pages(project: &Project<'_>) -> Slip {
    let paths = project.listing().iter().map(|file| file.path.as_str());
    let page = paths.filter(|path| extension(path) == "html").min_by_key(|path| path.matches('/').count())?;
    Some((
        format!("there are pages, such as `{page}`, but no index.html answers `/`"),
        "name the first page index.html, or set `static_root` in backend-im.yml to the folder that is to be served"
            .to_owned(),
    ))
}

/// Functions of a provider, and nothing beside them.
fn function(project: &Project<'_>) -> Slip {
    let file = project.first_of(&["vercel.json", "netlify.toml"])?;
    let folders = ["api/", "netlify/functions/"];
    let mut paths = project.listing().iter().map(|file| file.path.as_str());
    let is_function = |path: &&str| {
        folders.iter().any(|folder| path.starts_with(folder))
            && ["js", "mjs", "ts", "py", "go"].contains(&extension(path))
    };
    let path = paths.find(is_function)?;
    Some((
        format!("`{path}` is a function that the provider of {file} calls, and nothing in the project listens"),
        "add a server that hands requests to it and listens on $HOST:$PORT, and say how it starts in backend-im.yml: \
         `start: …`"
            .to_owned(),
    ))
}

fn other_runtime(project: &Project<'_>) -> Slip {
    let (file, runtime) = OTHER_RUNTIMES.iter().find(|(file, _)| project.has(file))?;
    Some((
        format!("`{file}` is for {runtime}, which this version does not detect"),
        "say how in backend-im.yml: `build: …` where it needs one, and `start: …` with a command that listens on \
         $HOST:$PORT"
            .to_owned(),
    ))
}

fn inner_project(listing: &Listing) -> Slip {
    let inner = listing.iter().filter_map(|file| file.path.rsplit_once('/'));
    let marked = |(folder, name): (&str, &str)| {
        let is_other = folder.split('/').any(|part| part == "node_modules" || part.starts_with('.'));
        (MARKERS.contains(&name) && !is_other).then(|| folder.to_owned())
    };
    let mut folders: Vec<String> = inner.filter_map(marked).collect();
    folders.sort_by_key(|folder| (folder.matches('/').count(), folder.clone()));
    folders.dedup();
    let first = folders.first()?.clone();
    folders.truncate(5);
    Some((
        format!(
            "the project lies deeper, in {}",
            folders.iter().map(|f| format!("`{f}/`")).collect::<Vec<_>>().join(", ")
        ),
        format!("deploy that folder itself, such as `backend-im deploy {first}`"),
    ))
}
