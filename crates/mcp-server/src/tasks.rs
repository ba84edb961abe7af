//! A deployment as a task, for clients that declare the extension: the same durable record under the same id, so that any
//! process, also one that was started later, answers for it. Nothing is kept here.

use std::time::Duration;

use platform_api::{Code, Deployment, DeploymentId, Status};
use platform_client::{Backend, ClientError, Target};
use rmcp::model::{DetailedTask, ErrorData, GetTaskResult, Task, TaskPayload, TaskStatus};
use serde_json::{Value, json};

use crate::{deployment, error, tools};

/// How long a deploy may take before it becomes a task: a quick one is answered like any other call.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// How often to ask for it, in milliseconds.
const POLL_INTERVAL_MS: u64 = 2_000;
/// How long clients may count on it, in milliseconds. The record lasts as long as its project.
const TTL_MS: u64 = 24 * 60 * 60 * 1_000;

/// The task that a deployment under way is.
pub(crate) fn of(deployment: &Deployment) -> Task {
    let spent = deployment.phases.iter().map(|phase| phase.ms).sum::<u64>();
    let updated_ms = deployment.ended_ms.unwrap_or(deployment.created_ms + spent);
    let (created, updated) = (tools::time(deployment.created_ms), tools::time(updated_ms));
    Task::new(deployment.id.to_string(), status(deployment.status), created, updated)
        .with_status_message(deployment::phase(deployment.status))
        .with_ttl_ms(TTL_MS)
        .with_poll_interval_ms(POLL_INTERVAL_MS)
}

fn status(status: Status) -> TaskStatus {
    match status {
        // A deploy that failed is a call that was answered, with what went wrong.
        Status::Complete | Status::Failed => TaskStatus::Completed,
        Status::Cancelled => TaskStatus::Cancelled,
        _ => TaskStatus::Working,
    }
}

/// Where the task is, with the result of the call once there is one.
///
/// # Errors
/// The protocol's error when there is no such task, or the platform cannot be asked.
pub(crate) async fn get(backend: &Backend, task_id: &str) -> Result<GetTaskResult, ErrorData> {
    let id = id(task_id)?;
    let deployment = backend.status(&Target::Deployment(id), Duration::ZERO).await;
    let deployment = deployment.map_err(|error| refusal(task_id, error))?;
    let task = of(&deployment);
    let payload = match task.status {
        TaskStatus::Completed => TaskPayload::Completed { result: result(deployment) },
        TaskStatus::Cancelled => TaskPayload::Cancelled,
        _ => TaskPayload::Working,
    };
    Ok(GetTaskResult::new(DetailedTask::new(task, payload)))
}

fn result(deployment: Deployment) -> rmcp::model::JsonObject {
    match serde_json::to_value(tools::deployed(deployment)) {
        Ok(Value::Object(mut result)) => {
            result.insert("resultType".to_owned(), json!("complete"));
            result
        }
        _ => unreachable!("a result is an object"),
    }
}

/// Stops the deployment; one that has ended stays as it is.
///
/// # Errors
/// As [`get`].
pub(crate) async fn cancel(backend: &Backend, task_id: &str) -> Result<(), ErrorData> {
    match backend.cancel(id(task_id)?).await {
        Ok(_) => Ok(()),
        Err(error) if error.code == Code::ALREADY_ENDED => Ok(()),
        Err(error) => Err(refusal(task_id, error)),
    }
}

/// Takes answers to questions of the task, of which it has none: there only has to be such a task.
///
/// # Errors
/// As [`get`].
pub(crate) async fn update(backend: &Backend, task_id: &str) -> Result<(), ErrorData> {
    get(backend, task_id).await.map(drop)
}

fn id(task_id: &str) -> Result<DeploymentId, ErrorData> {
    task_id.parse().map_err(|_| error::no_task(task_id))
}

fn refusal(task_id: &str, error: ClientError) -> ErrorData {
    if error.code == Code::NOT_FOUND { error::no_task(task_id) } else { error::unreadable(error) }
}
