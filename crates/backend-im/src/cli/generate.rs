//! `backend-im generate`: a project from a description.

use std::path::{Path, PathBuf};

use clap::Args;
use platform_client::{GenerateOptions, Generated, Overwrite, PlanOptions};

use super::board::Board;
use super::context::{Context, Work};
use super::error::Error;
use super::render::{self, Format};
use super::{Json, clean, text};
use crate::start;

/// Where a reader of a generated project begins, for editors that open no folders.
const FIRST_FILES: &[&str] = &["README.md", "main.py", "app/main.py"];
/// The largest specification, in bytes.
const SPEC_BYTES_MAX: u64 = 1 << 20;

/// Write a project from a description.
///
/// Derives entities, fields and relations from plain language, writes a project that deploys as it is, and commits it on
/// the platform. What was not understood is listed. Files that you changed are not touched.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  backend-im generate \"Create a REST API for user management with users and roles\"
  backend-im generate \"A shop with products and orders\" --output-dir shop --editor code
  backend-im generate \"A blog\" && backend-im deploy blog")]
pub(crate) struct Arguments {
    /// What to write, in plain language
    prompt: String,
    /// The project [default: named after the description's subject]
    #[arg(long, short)]
    project: Option<String>,
    /// The folder to write into [default: this one, if it is empty or the project's already]
    #[arg(long, short, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// What to write it in, such as fastapi
    #[arg(long)]
    stack: Option<String>,
    /// A JSON file with entities and fields given exactly
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Write over files that were changed since they were generated
    #[arg(long)]
    overwrite: bool,
    /// Open the result: code, vim, nano or any other PROGRAM
    #[arg(long, value_name = "PROGRAM")]
    editor: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command. stdout carries the folder alone.
///
/// # Errors
/// [`Error::Client`] when it was refused or files are in the way.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let spec = arguments.spec.as_deref().map(read_spec).transpose()?;
    let output_dir = match arguments.output_dir {
        Some(folder) => folder,
        None => this_folder(&work).await?,
    };
    let options = GenerateOptions {
        prompt: arguments.prompt,
        project: arguments.project.or_else(|| work.settings.project.clone()),
        output_dir,
        stack: arguments.stack,
        spec,
        overwrite: if arguments.overwrite { Overwrite::Always } else { Overwrite::Never },
    };
    let board = Board::new(context.screen);
    board.now("writing");
    let generated = work.backend.generate(options).await?;
    board.clear();
    show(context, arguments.json.format(), &generated)?;
    match arguments.editor {
        Some(editor) => open(context, &editor, &generated).await,
        None => Ok(()),
    }
}

/// The folder in which the command was started, unless it is something else's: nobody wants fifteen files in their home.
async fn this_folder(work: &Work) -> Result<PathBuf, Error> {
    let cannot = |error| Error::machine("cannot read the current folder", error);
    let folder = std::env::current_dir().map_err(cannot)?;
    let is_empty = std::fs::read_dir(&folder).map_err(cannot)?.next().is_none();
    let options = PlanOptions { path: folder.clone(), project: None };
    if is_empty || work.backend.plan(options).await.is_ok() {
        return Ok(folder);
    }
    Err(Error::usage(
        format!("{} is neither empty nor a project", folder.display()),
        "say where to write: --output-dir NAME",
    ))
}

fn show(context: &Context, format: Format, generated: &Generated) -> Result<(), Error> {
    let folder = generated.output_dir.display().to_string();
    if format == Format::Json {
        return render::json(&serde_json::json!({
            "project": generated.project,
            "outputDir": folder,
            "stack": generated.stack,
            "generator": generated.generator,
            "files": generated.files.iter()
                .map(|file| serde_json::json!({"path": file.path, "bytes": file.bytes}))
                .collect::<Vec<_>>(),
            "commitHash": generated.commit_hash,
            "warnings": generated.warnings,
        }));
    }
    let paint = context.screen.paint;
    render::tell(&format!(
        "{}  {} with the {} generator",
        paint.bold(generated.project.name()),
        generated.stack,
        generated.generator
    ));
    for file in &generated.files {
        render::tell(&format!("  {:<40} {:>9}", clean::line(file.path.as_str()), text::bytes(file.bytes)));
    }
    for warning in &generated.warnings {
        render::tell(&format!("warning: {}", clean::line(warning)));
    }
    render::tell(&format!("\nnext: backend-im deploy {folder}"));
    render::data(&folder)
}

async fn open(context: &Context, editor: &str, generated: &Generated) -> Result<(), Error> {
    let folder = &generated.output_dir;
    let first = FIRST_FILES.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    let file = first.unwrap_or_else(|| folder.clone());
    let cannot = |error| Error::machine(format!("cannot open {editor}"), error);
    let status = start::open_editor(editor, folder, &file, &context.env).await.map_err(cannot)?;
    if status.success() { Ok(()) } else { Err(cannot(std::io::Error::other(status.to_string()))) }
}

fn read_spec(path: &Path) -> Result<serde_json::Value, Error> {
    let shown = path.display();
    let length = std::fs::metadata(path).map(|found| found.len());
    let length = length.map_err(|error| Error::machine(format!("cannot read {shown}"), error))?;
    if length > SPEC_BYTES_MAX {
        return Err(Error::usage(format!("{shown} is too large"), "a specification has at most 1 MiB"));
    }
    let bytes = std::fs::read(path).map_err(|error| Error::machine(format!("cannot read {shown}"), error))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Error::usage(format!("{shown} is no JSON: {error}"), "correct it and try again"))
}
