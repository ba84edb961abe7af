//! `backend-im projects`: the list, and the history of one.

use clap::Args;
use platform_api::{Deployment, Page, Project, Status};
use serde::Serialize;

use super::context::Context;
use super::error::Error;
use super::render::{self, Format};
use super::{Json, clean, text};

/// List projects, or the deployments of one.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Show this project's deployments
    project: Option<String>,
    /// Go on after an earlier page
    #[arg(long)]
    cursor: Option<String>,
    #[command(flatten)]
    pub(crate) json: Json,
}

/// Runs the command.
///
/// # Errors
/// [`Error::Client`] when there is no such project.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let format = arguments.json.format();
    if let Some(project) = arguments.project {
        let page = work.backend.deployments(&project, arguments.cursor).await?;
        return show(format, &page, &format!("projects {project}"), |page| history(context, page));
    }
    let page = work.backend.projects(arguments.cursor).await?;
    show(format, &page, "projects", |page| list(context, page))
}

fn show<T: Serialize>(
    format: Format,
    page: &Page<T>,
    command: &str,
    text: impl Fn(&Page<T>) -> String,
) -> Result<(), Error> {
    if format == Format::Json {
        return render::json(page);
    }
    render::data(&text(page))?;
    if let Some(cursor) = &page.next_cursor {
        render::tell(&format!("more: backend-im {command} --cursor {cursor}"));
    }
    Ok(())
}

fn list(context: &Context, page: &Page<Project>) -> String {
    if page.items.is_empty() {
        render::tell("no projects yet: `backend-im deploy` makes one from a folder");
        return String::new();
    }
    let row = |project: &Project| {
        let live = project.live_commit.as_ref().map_or("-", |commit| commit.as_str());
        let newest = project.latest.as_ref();
        vec![
            project.name.clone(),
            live.to_owned(),
            newest.map_or_else(|| "-".to_owned(), |newest| newest.status.to_string()),
            newest.map_or_else(|| "-".to_owned(), |newest| text::ago(newest.created_ms, render::now_ms())),
            project.url.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let rows: Vec<_> = page.items.iter().map(row).collect();
    text::table(context.screen.data_paint, &["PROJECT", "LIVE", "NEWEST", "MADE", "URL"], &rows)
}

fn history(context: &Context, page: &Page<Deployment>) -> String {
    if page.items.is_empty() {
        render::tell("no deployments yet");
        return String::new();
    }
    let row = |one: &Deployment| {
        let status = match one.status {
            Status::Complete if one.live => "live".to_owned(),
            status => status.to_string(),
        };
        let took = one.ended_ms.map(|end| text::duration(end.saturating_sub(one.created_ms)));
        vec![
            one.id.to_string(),
            one.commit_hash.to_string(),
            status,
            text::ago(one.created_ms, render::now_ms()),
            took.unwrap_or_else(|| "-".to_owned()),
            text::word(&one.trigger),
            one.message.as_deref().map(clean::line).unwrap_or_default(),
        ]
    };
    let rows: Vec<_> = page.items.iter().map(row).collect();
    let header = ["DEPLOYMENT", "COMMIT", "STATUS", "MADE", "TOOK", "BY", "MESSAGE"];
    text::table(context.screen.data_paint, &header, &rows)
}
