//! `list_projects`: the projects, or one project's deployments.

use jiff::Timestamp;
use platform_api::{Deployment, Page, Project};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Effect, Output, Tool};
use crate::error::ToolError;
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
Lists the projects on the platform with their URLs and newest deployment, or with `project` that project's deployments, \
newest first. Use it to find a project, a deployment_id for get_status and stream_logs, or a commit_hash for \
rollback_project. Pass next_cursor as cursor for more.";
    const EFFECT: Effect = Effect::Reads;

    fn opening(_: &ListArguments) -> Opening {
        Opening::IfSlow("asking the platform")
    }

    async fn call(call: &Call<'_>, arguments: ListArguments) -> Result<ListOut, ToolError> {
        Ok(match arguments.project {
            Some(project) => of_deployments(call.backend.deployments(&project, arguments.cursor).await?),
            None => of_projects(call.backend.projects(arguments.cursor).await?),
        })
    }
}

fn of_projects(page: Page<Project>) -> ListOut {
    let next = match (page.items.is_empty(), &page.next_cursor) {
        (true, _) => "Nothing is deployed yet: call deploy_project, or generate_code for something new.",
        (_, Some(_)) => "Pass next_cursor as cursor for more; with project its deployments are listed.",
        (_, None) => "Call list_projects with project for its deployments, get_status for one's state.",
    };
    ListOut {
        projects: Some(page.items.into_iter().map(ProjectOut::from).collect()),
        deployments: None,
        next_cursor: page.next_cursor,
        next: next.to_owned(),
    }
}

fn of_deployments(page: Page<Deployment>) -> ListOut {
    let next = match &page.next_cursor {
        Some(_) => "Pass next_cursor as cursor for more; get_status and stream_logs take a deployment_id.",
        None => "get_status and stream_logs take a deployment_id, rollback_project a commit_hash as `to`.",
    };
    ListOut {
        projects: None,
        deployments: Some(page.items.into_iter().map(EntryOut::from).collect()),
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
pub(super) fn time(ms: u64) -> String {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(time(1_763_700_000_120), "2025-11-21T04:40:00.120Z");
        assert_eq!(time(u64::MAX), format!("{} ms", u64::MAX));
    }
}
