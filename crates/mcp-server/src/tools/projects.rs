//! `list_projects`: the projects, or one project's deployments.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use platform_api::{Deployment, Page, Project};
use platform_client::{Backend, ClientError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Effect, Output, Tool, limits};
use crate::error::Halt;
use crate::output;
use crate::progress::Opening;
use crate::schema;

pub(super) struct ListProjects;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListArguments {
    /// Name or id: list this project's deployments instead
    project: Option<String>,
    /// `next_cursor` of the page before
    cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ListOut {
    #[serde(skip_serializing_if = "Option::is_none")]
    projects: Option<Vec<ProjectOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployments: Option<Vec<EntryOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
    next: String,
}

/// A project in a line.
#[derive(Debug, Serialize, JsonSchema)]
struct ProjectOut {
    project: String,
    project_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_commit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::plain")]
    latest: Option<EntryOut>,
}

/// A deployment in a line.
#[derive(Debug, Serialize, JsonSchema)]
struct EntryOut {
    deployment_id: String,
    commit_hash: String,
    status: String,
    live: bool,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Tool for ListProjects {
    type Arguments = ListArguments;
    type Output = ListOut;

    const NAME: &'static str = "list_projects";
    const TITLE: &'static str = "List projects or deployments";
    const DESCRIPTION: &'static str = "\
Lists the projects with their URLs and newest deployment, or with `project` that one's deployments, newest first. Use it to \
find a project, a deployment_id for get_status and stream_logs, or a commit_hash for rollback_project.";
    const EFFECT: Effect = Effect::Reads;

    fn opening(_: &ListArguments) -> Opening {
        Opening::IfSlow("asking the platform")
    }

    async fn call(call: &Call<'_>, arguments: ListArguments) -> Result<ListOut, Halt> {
        let place = arguments
            .cursor
            .as_deref()
            .map_or(Ok(Place::default()), |cursor| limits::parse("cursor", cursor))?;
        let page = place.page.clone();
        Ok(match arguments.project {
            Some(project) => of_deployments(place.cut(call.backend.deployments(&project, page).await?)),
            None => of_projects(place.cut(call.backend.projects(page).await?)),
        })
    }
}

/// The first page of the projects, as the tool shows it.
pub(crate) async fn projects_json(backend: &Backend) -> Result<String, ClientError> {
    let page = backend.projects(None).await?;
    Ok(super::json(&of_projects(Place::default().cut(page))))
}

/// Where in a list a page begins: a page of the platform, and how many of its items are past. Lets a result stay small
/// whatever the platform's pages hold.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Place {
    page: Option<String>,
    skip: usize,
}

/// Not a cursor that this tool gave.
#[derive(Debug, thiserror::Error)]
#[error("it is no cursor of this list")]
struct InvalidPlace;

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (skip, page) = text.split_once('@').ok_or(InvalidPlace)?;
        let page = (!page.is_empty()).then(|| page.to_owned());
        Ok(Self { page, skip: skip.parse().map_err(|_| InvalidPlace)? })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.skip, self.page.as_deref().unwrap_or_default())
    }
}

impl Place {
    /// As many items of the platform's page as fit a result, from this place on, and the place after them.
    fn cut<T, U: From<T> + Serialize>(self, page: Page<T>) -> Page<U> {
        let shown = page.items.into_iter().map(U::from).collect::<Vec<_>>();
        let mut bytes = 0;
        let fits = |item: &&U| {
            bytes += serde_json::to_string(item).map_or(0, |json| json.len() + 1);
            bytes <= output::RESULT_BYTES_MAX
        };
        let count = shown.iter().skip(self.skip).take_while(fits).count().max(1);
        let end = self.skip + count;
        let next = if end < shown.len() {
            Some(Self { page: self.page, skip: end })
        } else {
            page.next_cursor.map(|page| Self { page: Some(page), skip: 0 })
        };
        let items = shown.into_iter().skip(self.skip).take(count).collect();
        Page { items, next_cursor: next.map(|place| place.to_string()) }
    }
}

fn of_projects(page: Page<ProjectOut>) -> ListOut {
    let next = match (page.items.is_empty(), &page.next_cursor) {
        (true, _) => "Nothing is deployed yet: call deploy_project, or generate_code for something new.",
        (_, Some(_)) => "Pass next_cursor as cursor for more; with project its deployments are listed.",
        (_, None) => "Call list_projects with project for its deployments, get_status for one's state.",
    };
    ListOut {
        projects: Some(page.items),
        deployments: None,
        next_cursor: page.next_cursor,
        next: next.to_owned(),
    }
}

fn of_deployments(page: Page<EntryOut>) -> ListOut {
    let next = match &page.next_cursor {
        Some(_) => "Pass next_cursor as cursor for more; get_status and stream_logs take a deployment_id.",
        None => "get_status and stream_logs take a deployment_id, rollback_project a commit_hash as `to`.",
    };
    ListOut {
        projects: None,
        deployments: Some(page.items),
        next_cursor: page.next_cursor,
        next: next.to_owned(),
    }
}

impl From<Project> for ProjectOut {
    fn from(project: Project) -> Self {
        Self {
            project: project.name,
            project_id: project.id.to_string(),
            url: project.url,
            direct_url: project.direct_url,
            live_commit: project.live_commit.map(|commit| commit.to_string()),
            latest: project.latest.map(|latest| EntryOut::from(*latest)),
        }
    }
}

impl From<Deployment> for EntryOut {
    fn from(deployment: Deployment) -> Self {
        Self {
            deployment_id: deployment.id.to_string(),
            commit_hash: deployment.commit_hash.to_string(),
            status: deployment.status.as_str().to_owned(),
            live: deployment.live,
            created: time(deployment.created_ms),
            message: deployment.message,
            error: deployment.error.map(|error| error.code.to_string()),
        }
    }
}

/// A time as people and models read it, in UTC.
pub(crate) fn time(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    time.map_or_else(|| format!("{ms} ms"), |time| format!("{time:.3}"))
}

impl Output for ListOut {
    fn text(&self) -> String {
        let projects = self.projects.iter().flatten().map(|project| {
            let url = project.url.as_deref().unwrap_or("not live");
            let latest = project.latest.as_ref().map_or("no deployment", |latest| latest.status.as_str());
            format!("{}: {url} (newest deployment: {latest})", project.project)
        });
        let deployments = self.deployments.iter().flatten().map(|entry| {
            let live = if entry.live { ", live" } else { "" };
            format!(
                "{}: {}{live}, commit {}, {}",
                entry.deployment_id, entry.status, entry.commit_hash, entry.created
            )
        });
        let mut lines: Vec<_> = projects.chain(deployments).collect();
        lines.extend(self.next_cursor.iter().map(|cursor| format!("next_cursor: {cursor}")));
        lines.push(format!("next: {}", self.next));
        lines.join("\n")
    }

    fn quotes(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_pages_are_cut_and_go_on_where_they_were_cut() {
        let texts: Vec<String> = (0..100).map(|n| format!("{n} {}", "x".repeat(300))).collect();
        let mut place = Place::default();
        let mut seen = Vec::new();
        while place.page.is_none() {
            let page = Page { items: texts.clone(), next_cursor: Some("more".to_owned()) };
            let cut: Page<String> = place.cut(page);
            assert!(!cut.items.is_empty() && cut.items.len() < 30, "{}", cut.items.len());
            seen.extend(cut.items);
            place = cut.next_cursor.unwrap().parse().unwrap();
        }
        assert_eq!(seen, texts);
        assert_eq!(place, Place { page: Some("more".to_owned()), skip: 0 });
        assert!("more".parse::<Place>().is_err());
    }

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(time(1_763_700_000_120), "2025-11-21T04:40:00.120Z");
        assert_eq!(time(u64::MAX), format!("{} ms", u64::MAX));
    }
}
