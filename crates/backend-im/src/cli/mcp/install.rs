//! `backend-im mcp install` and `uninstall`: put this server into a client's own file, or take it out.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use platform_api::Code;
use platform_client::ClientError;

use crate::cli::context::Context;
use crate::cli::error::Error;
use crate::cli::render;
use crate::config;
use crate::install::{
    Client, ClientFile, Document, Entry, FileError, Places, Program, Scope, Server, Unreadable, Workspace,
    diff,
};
use crate::start;

/// The program's name, as a shell finds it.
const PROGRAM: &str = "backend-im";
/// The longest name of a server; clients put it before the name of every tool.
const NAME_CHARS_MAX: usize = 40;
/// The mode of a person's new file.
const USER_MODE: u32 = 0o600;
/// The mode of a project's new file; the system's mask applies.
const PROJECT_MODE: u32 = 0o666;

/// What to do with clients.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Install(InstallArguments),
    Uninstall(UninstallArguments),
}

/// Put this server into an MCP client's file.
///
/// Everything else in the file stays as it is, comments included; what was there before is kept beside it. No token is
/// written. stdout carries the file's path alone.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im mcp install codex
  backend-im mcp install cursor --dry-run
  backend-im mcp install claude-desktop --root ~/src/shop
  backend-im mcp install vscode --http http://127.0.0.1:7330/mcp")]
pub(super) struct InstallArguments {
    #[command(flatten)]
    target: Target,
    /// Where folders that an agent names must lie [default: the project that is open in the client; the current folder
    /// for clients that know no projects]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Let the client call a server that runs already, instead of starting one
    #[arg(long, value_name = "URL", conflicts_with = "root")]
    http: Option<String>,
    /// Replace an entry of that name which says something else
    #[arg(long)]
    force: bool,
}

/// Take this server out of an MCP client's file.
///
/// stdout carries the file's path alone.
#[derive(Debug, Args)]
pub(super) struct UninstallArguments {
    #[command(flatten)]
    target: Target,
}

/// Which entry of which file.
#[derive(Debug, Args)]
struct Target {
    /// The client
    client: Client,
    /// Whose file [default: user; project for cursor and vscode, where only that can say which folder is meant]
    #[arg(long)]
    scope: Option<Scope>,
    /// What the client calls the server
    #[arg(long, default_value = PROGRAM, value_parser = name)]
    name: String,
    /// Show what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when the file cannot be edited without a loss, [`Error::Usage`] when the client has no such place.
pub(super) fn run(context: &Context, command: Command) -> Result<(), Error> {
    match command {
        Command::Install(arguments) => install(context, arguments),
        Command::Uninstall(arguments) => uninstall(context, &arguments.target),
    }
}

fn install(context: &Context, arguments: InstallArguments) -> Result<(), Error> {
    let InstallArguments { target, root, http, force } = arguments;
    let place = target.place(context)?;
    let server = match http {
        Some(url) => Server::Address(config::parse_url(&url)?),
        None => target.program(context, place.scope, root)?,
    };
    let Some(entry) = Entry::new(target.client, target.name.clone(), &server) else {
        return Err(Error::usage(
            format!("the file of {} holds only programs that it starts itself", target.client.title()),
            "leave out --http",
        ));
    };
    let file = ClientFile::read(&place.path).map_err(|error| not_edited(&error))?;
    let document = target.document(&file);
    let unreadable = |error| unreadable(&place.path, &error);
    let existing = document.find(&entry.name).map_err(unreadable)?;
    if existing.as_ref() == Some(&entry.value) {
        render::tell(&format!("{} has it already; nothing is changed", target.client.title()));
        return render::data(&place.path.display().to_string());
    }
    if existing.is_some() && !force && !target.dry_run {
        return Err(taken(&target, &place.path));
    }
    let edited = document.put(&entry).map_err(unreadable)?;
    place.settle(&target, &file, &edited)
}

fn uninstall(context: &Context, target: &Target) -> Result<(), Error> {
    let place = target.place(context)?;
    let file = ClientFile::read(&place.path).map_err(|error| not_edited(&error))?;
    let document = target.document(&file);
    let unreadable = |error| unreadable(&place.path, &error);
    if document.find(&target.name).map_err(unreadable)?.is_none() {
        let title = target.client.title();
        render::tell(&format!("{title} has no server called {}; nothing is changed", target.name));
        return render::data(&place.path.display().to_string());
    }
    let edited = document.remove(&target.name).map_err(unreadable)?;
    place.settle(target, &file, &edited)
}

/// A file of a client.
struct Place {
    path: PathBuf,
    scope: Scope,
}

impl Place {
    /// Shows the edit or makes it.
    fn settle(&self, target: &Target, file: &ClientFile, edited: &str) -> Result<(), Error> {
        let path = self.path.display().to_string();
        if target.dry_run {
            render::tell("nothing is written");
            return render::data(&diff(&path, file.text(), edited));
        }
        let mode = if self.scope == Scope::User { USER_MODE } else { PROJECT_MODE };
        let backup = file.replace(edited, mode).map_err(|error| not_edited(&error))?;
        if let Some(backup) = backup {
            render::tell(&format!("what was there before is in {}", backup.display()));
        }
        render::tell(&format!("{} is changed: {}", target.client.title(), target.client.afterwards()));
        render::data(&path)
    }
}

impl Target {
    fn place(&self, context: &Context) -> Result<Place, Error> {
        let scope = self.scope.unwrap_or(self.client.default_scope());
        let path = match scope {
            Scope::User => places(context)?.user_file(self.client),
            Scope::Project => {
                let file = Places::project_file(self.client).ok_or_else(|| {
                    Error::usage(
                        format!("{} keeps no servers with a project", self.client.title()),
                        "leave out --scope project",
                    )
                })?;
                current_folder()?.join(file)
            }
        };
        Ok(Place { path, scope })
    }

    fn document<'a>(&self, file: &'a ClientFile) -> Document<'a> {
        Document::new(self.client.format(), self.client.servers(), file.text())
    }

    /// This program, as the client is to start it.
    fn program(&self, context: &Context, scope: Scope, root: Option<PathBuf>) -> Result<Server, Error> {
        let mut args = Vec::new();
        if let Some(home) = &context.flags.home {
            args.extend(["--home".to_owned(), text(&absolute(home)?)?]);
        }
        if let Some(url) = &context.flags.url {
            args.extend(["--url".to_owned(), config::parse_url(url).map(String::from)?]);
        }
        args.push("mcp".to_owned());
        if let Some(root) = self.root(context, scope, root)? {
            args.extend(["--root".to_owned(), root]);
        }
        Ok(Server::Program { command: self.command(context, scope)?, args })
    }

    /// What `--root` has to say, if anything.
    fn root(&self, context: &Context, scope: Scope, root: Option<PathBuf>) -> Result<Option<String>, Error> {
        if let Some(root) = root {
            let root = root.canonicalize().map_err(|error| Error::machine("cannot find the root", error))?;
            return text(&root).map(Some);
        }
        match (self.client.workspace(), scope) {
            (Workspace::Told, _) => Ok(None),
            (Workspace::Variable(variable), Scope::Project) => Ok(Some(variable.to_owned())),
            (Workspace::Variable(_), Scope::User) => {
                let title = self.client.title();
                render::tell(&format!("{title} may not tell a server of all projects which one is open"));
                Ok(None)
            }
            (Workspace::Unknown, _) => {
                let here = current_folder()?;
                let home = places(context)?.home().canonicalize().ok();
                if here.parent().is_none() || home.as_deref() == Some(&here) {
                    let what = format!("{} knows no projects, and this folder is none", self.client.title());
                    return Err(Error::usage(what, "name the folder of your projects with --root DIR"));
                }
                text(&here).map(Some)
            }
        }
    }

    /// How the client is to call the program.
    fn command(&self, context: &Context, scope: Scope) -> Result<String, Error> {
        let own = start::own_program().map_err(|error| Error::machine("cannot find this program", error))?;
        let is_own = |path: &PathBuf| path.canonicalize().ok() == own.canonicalize().ok();
        let named = context.env.on_path(PROGRAM).filter(is_own);
        if scope == Scope::Project {
            // Others work in the project too; the program is elsewhere on their machines.
            if named.is_none() {
                render::tell(&format!("the entry says `{PROGRAM}`, which PATH does not lead to here"));
            }
            return Ok(PROGRAM.to_owned());
        }
        match (self.client.program(), named) {
            (Program::ByName, Some(_)) => Ok(PROGRAM.to_owned()),
            (_, named) => text(&named.unwrap_or(own)),
        }
    }
}

fn name(text: &str) -> Result<String, String> {
    let is_fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.is_empty() || text.len() > NAME_CHARS_MAX || !text.chars().all(is_fit) {
        return Err(format!("a name has 1 to {NAME_CHARS_MAX} letters, digits, `-` and `_`"));
    }
    Ok(text.to_owned())
}

fn places(context: &Context) -> Result<Places, Error> {
    Places::of(&context.env).ok_or_else(|| Error::usage("there is no home directory", "set HOME"))
}

fn current_folder() -> Result<PathBuf, Error> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.map_err(|error| Error::machine("there is no current folder", error))
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| Error::machine("there is no current folder", error))
}

fn text(path: &Path) -> Result<String, Error> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Error::usage(
            format!("{} is no UTF-8", path.display()),
            "clients' files can only hold UTF-8: rename it",
        )
    })
}

fn taken(target: &Target, path: &Path) -> Error {
    let what = format!("{} has another entry called {}", path.display(), target.name);
    ClientError::new(Code::WOULD_OVERWRITE, what)
        .hint("--dry-run shows the difference, --force replaces it, --name adds a second one")
        .into()
}

fn unreadable(path: &Path, error: &Unreadable) -> Error {
    ClientError::new(Code::INVALID_CONFIG, format!("{} is left alone: {error}", path.display()))
        .hint("mend the file, or put the entry there by hand: docs/clients.md shows it")
        .into()
}

fn not_edited(error: &FileError) -> Error {
    let (code, hint) = match error {
        FileError::Io { .. } => (Code::UNREADABLE_FILE, "check that the file is there and yours to write"),
        FileError::NoText(_) => (Code::UNREADABLE_FILE, "look at the file: no client has written that"),
        FileError::Changed(_) => (Code::FILE_CHANGED, "close the client and run the command again"),
        FileError::ManyBackups(_) => (Code::WOULD_OVERWRITE, "delete those that you no longer need"),
    };
    let source = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    ClientError::new(code, format!("{error}{source}")).hint(hint).into()
}
