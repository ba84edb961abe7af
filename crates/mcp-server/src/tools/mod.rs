//! The nine tools: what one is, the list of them, and the way of a call through its tool.
//!
//! A tool's file holds its arguments, its result and a few lines that ask the client crate. Shared between tools are only
//! `follow.rs` (waiting for a deployment), `limits.rs` (reading bounded arguments) and `ignored.rs` (what stayed behind).

mod cancel;
mod delete;
mod deploy;
mod follow;
mod generate;
mod ignored;
mod limits;
mod logs;
mod plan;
mod projects;
mod rollback;
mod status;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use platform_client::Backend;
use rmcp::RoleServer;
use rmcp::model::{CallToolResult, ContentBlock, JsonObject, Tool as Definition, ToolAnnotations};
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use self::cancel::CancelDeployment;
use self::delete::DeleteProject;
use self::deploy::DeployProject;
use self::generate::GenerateCode;
use self::logs::StreamLogs;
use self::plan::PlanDeploy;
use self::projects::ListProjects;
use self::rollback::RollbackProject;
use self::status::GetStatus;
use crate::conversation::Conversation;
use crate::error::{self, ToolError};
use crate::output;
use crate::progress::{self, Opening, Voice};
use crate::root::Root;
use crate::schema;
use crate::server::Server;

/// Something an agent can do.
trait Tool {
    /// What it takes; an unknown argument is an error.
    type Arguments: DeserializeOwned + JsonSchema + Send;
    /// What it answers.
    type Output: Output;

    /// Its name; other programs are written against it.
    const NAME: &'static str;
    /// Its name for people.
    const TITLE: &'static str;
    /// When to use it and what to call next, for models.
    const DESCRIPTION: &'static str;
    /// What it does to the world.
    const EFFECT: Effect;

    /// What a caller is told first.
    fn opening(arguments: &Self::Arguments) -> Opening;

    /// Does it.
    fn call(
        call: &Call<'_>,
        arguments: Self::Arguments,
    ) -> impl Future<Output = Result<Self::Output, ToolError>> + Send;
}

/// A structured result that can also be said in a few lines.
trait Output: Serialize + JsonSchema + Send {
    /// The few lines.
    fn text(&self) -> String;
}

/// What a call gets to work with.
struct Call<'a> {
    backend: &'a Backend,
    root: &'a Root,
    conversation: &'a Conversation,
    voice: Voice,
    gone: Gone<'a>,
}

/// When the caller no longer waits. Ends waiting, never a deployment.
struct Gone<'a> {
    /// It cancelled this call.
    call: CancellationToken,
    /// It went away.
    client: &'a CancellationToken,
}

impl Gone<'_> {
    /// What `waiting` brings, unless the caller goes before.
    async fn run_until_cancelled<T>(&self, waiting: impl Future<Output = T>) -> Option<T> {
        let waiting = self.call.run_until_cancelled(waiting);
        self.client.run_until_cancelled(waiting).await.flatten()
    }
}

/// What a tool does to the world, as clients ask for it.
#[derive(Debug, Clone, Copy)]
enum Effect {
    /// Looks, changes nothing.
    Reads,
    /// Writes files, over others where it is told to.
    Writes,
    /// Puts a version beside the others and lets it serve; the same again changes nothing. Fetches dependencies.
    Deploys,
    /// Lets an earlier version serve; the same again may go further back.
    GoesBack,
    /// Ends something for good; the same again changes nothing.
    Ends,
}

impl Effect {
    fn annotations(self) -> ToolAnnotations {
        let hints = ToolAnnotations::new();
        match self {
            Self::Reads => hints.read_only(true).destructive(false).idempotent(true).open_world(false),
            Self::Writes => hints.read_only(false).destructive(true).idempotent(false).open_world(false),
            Self::Deploys => hints.read_only(false).destructive(false).idempotent(true).open_world(true),
            Self::GoesBack => hints.read_only(false).destructive(false).idempotent(false).open_world(false),
            Self::Ends => hints.read_only(false).destructive(true).idempotent(true).open_world(false),
        }
    }
}

/// Every tool, in the order in which a model should think of them.
pub(crate) fn all() -> Vec<Definition> {
    vec![
        definition::<GenerateCode>(),
        definition::<PlanDeploy>(),
        definition::<DeployProject>(),
        definition::<GetStatus>(),
        definition::<StreamLogs>(),
        definition::<ListProjects>(),
        definition::<RollbackProject>(),
        definition::<CancelDeployment>(),
        definition::<DeleteProject>(),
    ]
}

/// The call of the tool `name`; nothing if there is none.
pub(crate) fn call<'a>(
    server: &'a Server,
    name: &str,
    arguments: Option<JsonObject>,
    context: RequestContext<RoleServer>,
) -> Option<BoxFuture<'a, CallToolResult>> {
    Some(match name {
        GenerateCode::NAME => run::<GenerateCode>(server, arguments, context).boxed(),
        PlanDeploy::NAME => run::<PlanDeploy>(server, arguments, context).boxed(),
        DeployProject::NAME => run::<DeployProject>(server, arguments, context).boxed(),
        GetStatus::NAME => run::<GetStatus>(server, arguments, context).boxed(),
        StreamLogs::NAME => run::<StreamLogs>(server, arguments, context).boxed(),
        ListProjects::NAME => run::<ListProjects>(server, arguments, context).boxed(),
        RollbackProject::NAME => run::<RollbackProject>(server, arguments, context).boxed(),
        CancelDeployment::NAME => run::<CancelDeployment>(server, arguments, context).boxed(),
        DeleteProject::NAME => run::<DeleteProject>(server, arguments, context).boxed(),
        _ => return None,
    })
}

fn definition<T: Tool>() -> Definition {
    Definition::new(T::NAME, T::DESCRIPTION, schema::of_arguments::<T::Arguments>())
        .with_title(T::TITLE)
        .with_raw_output_schema(schema::of_result::<T::Output>())
        .with_annotations(T::EFFECT.annotations())
}

async fn run<T: Tool>(
    server: &Server,
    arguments: Option<JsonObject>,
    context: RequestContext<RoleServer>,
) -> CallToolResult {
    let arguments: T::Arguments = match error::arguments(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return error.into_result(),
    };
    let opening = T::opening(&arguments);
    let (voice, progress) = progress::of(&context);
    let call = Call {
        backend: server.backend(),
        root: server.root(),
        conversation: server.conversation(),
        voice,
        gone: Gone { call: context.ct, client: server.hung_up() },
    };
    match progress.during(opening, T::call(&call, arguments)).await {
        Ok(answer) => success(&answer),
        Err(error) => error.into_result(),
    }
}

/// The result that carries an answer: structured, and in a few lines for clients that show only text.
fn success(answer: &impl Output) -> CallToolResult {
    let mut structured = serde_json::to_value(answer).expect("results are plain data");
    output::clean_json(&mut structured);
    let mut result = CallToolResult::success(vec![ContentBlock::text(output::clean_text(&answer.text()))]);
    result.structured_content = Some(structured);
    result
}

#[cfg(test)]
mod tests;
