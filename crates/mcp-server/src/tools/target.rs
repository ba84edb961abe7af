//! The deployment, or the project, that a call is about.

use platform_api::DeploymentId;
use platform_client::Target;

use super::{Call, limits};
use crate::elicit::{Answer, Question};
use crate::error::{Halt, ToolError};

/// How many projects a person is given to choose from.
const CHOICES_MAX: usize = 20;

/// What the arguments name; where they name nothing, what the person chooses.
pub(super) async fn of(
    call: &Call<'_>,
    deployment_id: Option<&str>,
    project: Option<String>,
) -> Result<Target, Halt> {
    match (deployment_id, call.project(project)) {
        (Some(id), _) => Ok(Target::Deployment(limits::parse::<DeploymentId>("deployment_id", id)?)),
        (None, Some(project)) => Ok(Target::Project(project)),
        (None, None) => chosen(call).await,
    }
}

async fn chosen(call: &Call<'_>) -> Result<Target, Halt> {
    if !call.person.takes_forms() {
        return Err(missing(&Answer::Unaskable).into());
    }
    let newest = call.backend.projects(None).await?.items.into_iter().take(CHOICES_MAX);
    let mut ids: Vec<String> = newest.map(|project| project.id.to_string()).collect();
    if ids.len() < 2 {
        // Where there is nothing to choose between, nobody is bothered.
        return ids.pop().map(Target::Project).ok_or_else(|| missing(&Answer::Unaskable).into());
    }
    match call.ask(&Question::choice("project", "Which project is this about?", ids)).await? {
        Answer::Accepted(id) => Ok(Target::Project(id)),
        other => Err(missing(&other).into()),
    }
}

fn missing(answer: &Answer) -> ToolError {
    ToolError::argument("deployment_id", "is missing, and `project` is too")
        .hint(answer.hint("give one of the two; list_projects shows the projects"))
}
