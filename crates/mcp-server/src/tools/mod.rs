//! The ten tools: what one is, the list of them, and the way of a call through its tool.
//!
//! A tool's file holds its arguments, its result and a few lines that ask the client crate. Shared between tools are only
//! `follow.rs` (waiting for a deployment), `limits.rs` (reading bounded arguments), `target.rs` (what a call is about) and
//! `ignored.rs` (what stayed behind).

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
mod secret;
mod status;
mod target;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use platform_api::Deployment;
use platform_client::Backend;
use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, Tool as Definition,
    ToolAnnotations,
};
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub(crate) use self::projects::{projects_json, time};
pub(crate) use self::status::{deployment_json, log_text};

use self::cancel::CancelDeployment;
use self::delete::DeleteProject;
use self::deploy::{DeployOut, DeployProject};
use self::generate::GenerateCode;
use self::logs::StreamLogs;
use self::plan::PlanDeploy;
use self::projects::ListProjects;
use self::rollback::RollbackProject;
use self::secret::SetSecret;
use self::status::GetStatus;
use crate::AllowedSecrets;
use crate::conversation::Conversation;
use crate::elicit::{Answer, Person, Question};
use crate::era::Era;
use crate::error::{self, Halt};
use crate::output;
use crate::progress::{self, Opening, Voice};
use crate::quote;
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
    ) -> impl Future<Output = Result<Self::Output, Halt>> + Send;
}

/// A structured result that can also be said in a few lines.
trait Output: Serialize + JsonSchema + Send {
    /// How much of it there may be.
    const SIZE: Size = Size::Small;

    /// The few lines.
    fn text(&self) -> String;

    /// Whether something in it was written by the project or its app.
    fn quotes(&self) -> bool;
}

/// How large a result may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Size {
    /// Cut until it fits [`quote::RESULT_BYTES_MAX`].
    Small,
    /// What the caller asked for.
    AsAsked,
}

/// What a call gets to work with.
struct Call<'a> {
    backend: &'a Backend,
    root: &'a Root,
    project: Option<&'a str>,
    /// Where the person allowed secrets to be taken from.
    secrets: &'a AllowedSecrets,
    /// What the client calls itself.
    client: String,
    conversation: &'a Conversation,
    voice: Voice,
    person: Person,
    takes_tasks: bool,
    gone: Gone<'a>,
}

/// When the caller no longer waits. Ends waiting, never a deployment.
struct Gone<'a> {
    /// It cancelled this call.
    call: CancellationToken,
    /// It went away, or the server closes.
    client: &'a CancellationToken,
}

impl Gone<'_> {
    /// What `waiting` brings, unless the caller goes before.
    async fn run_until_cancelled<T>(&self, waiting: impl Future<Output = T>) -> Option<T> {
        // Boxed, because what waits for a platform is large and would be held here once more for each of the two.
        let waiting = self.call.run_until_cancelled(Box::pin(waiting));
        self.client.run_until_cancelled(waiting).await.flatten()
    }
}

impl Call<'_> {
    /// Asks the person, or answers with what they said before; see [`Person::ask`].
    async fn ask(&self, question: &Question) -> Result<Answer, Halt> {
        self.voice.say("waiting for the person's answer");
        self.person.ask(question).await
    }

    /// The project that is meant: the one that was named, else the server's own, if it has one.
    fn project(&self, named: Option<String>) -> Option<String> {
        named.or_else(|| self.project.map(str::to_owned))
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
    /// Takes the place of what was there; the same again changes nothing.
    Replaces,
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
            Self::Replaces | Self::Ends => {
                hints.read_only(false).destructive(true).idempotent(true).open_world(false)
            }
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
        definition::<SetSecret>(),
        definition::<CancelDeployment>(),
        definition::<DeleteProject>(),
    ]
}

/// The response of a tool, or what was wrong with the protocol.
type Response = Result<CallToolResponse, ErrorData>;

/// The call that was requested; nothing if there is no such tool.
pub(crate) fn call(
    server: &Server,
    request: CallToolRequestParams,
    context: RequestContext<RoleServer>,
) -> Option<BoxFuture<'_, Response>> {
    Some(match &*request.name {
        GenerateCode::NAME => run::<GenerateCode>(server, request, context).boxed(),
        PlanDeploy::NAME => run::<PlanDeploy>(server, request, context).boxed(),
        DeployProject::NAME => run::<DeployProject>(server, request, context).boxed(),
        GetStatus::NAME => run::<GetStatus>(server, request, context).boxed(),
        StreamLogs::NAME => run::<StreamLogs>(server, request, context).boxed(),
        ListProjects::NAME => run::<ListProjects>(server, request, context).boxed(),
        RollbackProject::NAME => run::<RollbackProject>(server, request, context).boxed(),
        SetSecret::NAME => run::<SetSecret>(server, request, context).boxed(),
        CancelDeployment::NAME => run::<CancelDeployment>(server, request, context).boxed(),
        DeleteProject::NAME => run::<DeleteProject>(server, request, context).boxed(),
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
    request: CallToolRequestParams,
    context: RequestContext<RoleServer>,
) -> Response {
    let person = Person::of(&request, &context)?;
    let arguments: T::Arguments = match error::arguments(request.arguments) {
        Ok(arguments) => arguments,
        Err(error) => return Ok(error.into_result().into()),
    };
    let opening = T::opening(&arguments);
    let (era, peer) = (Era::of(&context), context.peer.clone());
    let (voice, progress) = progress::of(&context);
    let call = Call {
        backend: server.backend(),
        root: server.root(),
        project: server.project(),
        secrets: server.secrets(),
        client: client(&context),
        conversation: server.conversation(),
        voice,
        person,
        takes_tasks: context.client_capabilities().is_some_and(|client| client.supports_tasks()),
        gone: Gone { call: context.ct, client: server.closing() },
    };
    let answer = progress.during(opening, T::call(&call, arguments)).await;
    if !matches!(T::EFFECT, Effect::Reads) && matches!(answer, Ok(_) | Err(Halt::GoesOn(_))) {
        server.acted(era, &peer).await;
    }
    Ok(match answer {
        Ok(answer) => success(&answer).into(),
        Err(halt) => halt.into_response(),
    })
}

/// What `deploy_project` answers about a deployment that went on as a task.
pub(crate) fn deployed(deployment: Deployment) -> CallToolResult {
    success(&DeployOut::of_task(deployment))
}

/// What the client calls itself, for a person who wonders who asks.
fn client(context: &RequestContext<RoleServer>) -> String {
    context.client_info().map_or_else(String::new, |about| {
        let name = about.title.unwrap_or(about.name);
        output::clean_line(&format!("{name} {}", about.version))
    })
}

/// The result that carries an answer: structured, and in a few lines for clients that show only text.
fn success<O: Output>(answer: &O) -> CallToolResult {
    let mut text = output::clean_text(&answer.text());
    if O::SIZE == Size::Small {
        text = quote::fit_text(text);
    }
    let structured = structured(answer);
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(structured);
    result
}

/// The result as resources show it.
fn json<O: Output>(answer: &O) -> String {
    structured(answer).to_string()
}

/// What others wrote in it is clean, cut to what fits, and said to be theirs.
fn structured<O: Output>(answer: &O) -> Value {
    let mut structured = serde_json::to_value(answer).expect("results are plain data");
    output::clean_json(&mut structured);
    if O::SIZE == Size::Small {
        quote::fit(&mut structured);
    }
    if answer.quotes() { quote::labelled(structured) } else { structured }
}

#[cfg(test)]
mod tests;
