//! `set_secret`: a value gets from a person to an app and never comes this way.
//!
//! ```text
//! ask ───────────────► page of the platform ◄── the person types it ──► stored
//! from_env, from_file ─► allowed at the start? ──yes──────────────────► read here, sent to the platform
//!                              └─no─► page ◄── the person agrees ─────────┘
//! ```

use std::path::PathBuf;
use std::time::Duration;

use platform_api::{
    Code, SecretName, SecretRequest, SecretRequestState, SecretRequestView, SecretSource, Secrets, limits,
};
use platform_client::{ClientError, SecretValue};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{Call, Effect, Output, Tool};
use crate::config;
use crate::elicit::{Answer, Question};
use crate::error::{Halt, ToolError};
use crate::progress::Opening;

/// How long one call waits for the person.
const WAIT: Duration = Duration::from_secs(limits::LONG_POLL_S_MAX);

pub(super) struct SetSecret;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretArguments {
    /// Name or id; may be new
    project: String,
    /// `[A-Z_][A-Z0-9_]*`, as the app reads it
    name: String,
    ask: Option<bool>,
    /// Variable of this server
    from_env: Option<String>,
    /// File of this machine
    from_file: Option<String>,
    remove: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct SecretOut {
    project: String,
    names: Vec<String>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    next: String,
}

/// The one thing that a call is to do.
enum Act {
    Set(Source),
    Remove,
}

/// Where the value comes from.
enum Source {
    Person,
    Variable(String),
    File(PathBuf),
}

/// What came of asking the person.
enum Asked {
    /// The value is stored.
    Stored,
    /// The value may be taken from where it is.
    Approved(SecretRequestView),
    /// Nobody has answered yet.
    Waiting(SecretRequestView),
}

impl Tool for SetSecret {
    type Arguments = SecretArguments;
    type Output = SecretOut;

    const NAME: &'static str = "set_secret";
    const TITLE: &'static str = "Set a secret";
    const DESCRIPTION: &'static str = "\
Gives an app a password, key or token as an environment variable, without the value passing this conversation: never ask \
for one here, never write one into `env` or a file. One of `ask: true` (the person enters it on a page), `from_env`, \
`from_file` (what the person allowed, or agrees to there), `remove: true`. While state is waiting, tell the person the \
page and call again. Next: deploy_project, which applies it.";
    const EFFECT: Effect = Effect::Replaces;

    fn opening(_: &SecretArguments) -> Opening {
        Opening::Now("looking after the secret")
    }

    async fn call(call: &Call<'_>, arguments: SecretArguments) -> Result<SecretOut, Halt> {
        let name: SecretName = arguments.name.parse().map_err(|wrong| {
            ToolError::argument("name", &format!("does not fit: {wrong}"))
                .hint("name it as the app reads it, such as DATABASE_URL; the value goes nowhere here")
        })?;
        let project = arguments.project.as_str();
        let source = match act(call, &arguments)? {
            Act::Set(source) => source,
            Act::Remove => {
                let left = call.backend.remove_secret(project, &name).await?;
                return Ok(SecretOut::changed(&left, "removed", "Its app goes on with it until then."));
            }
        };
        let approved = match person_needed(call, &source)? {
            None => None,
            Some(source) => {
                let request = SecretRequest { name: name.clone(), source, requested_by: call.client.clone() };
                match ask(call, project, request).await? {
                    Asked::Stored => return Ok(stored(&call.backend.secrets(project).await?)),
                    Asked::Approved(request) => Some(request.id),
                    Asked::Waiting(request) => return waiting(call, request).await,
                }
            }
        };
        let value = read(source).await?;
        let set = call.backend.set_secret(project, &name, &value, approved.as_deref()).await?;
        Ok(stored(&set))
    }
}

/// What the arguments say, if they say one thing.
fn act(call: &Call<'_>, arguments: &SecretArguments) -> Result<Act, ToolError> {
    let one_of = || {
        ToolError::argument(
            "ask",
            "is to be given, or `from_env`, `from_file` or `remove`, and only one of them",
        )
        .hint("let the person enter the value with `ask: true`")
    };
    let SecretArguments { ask, from_env, from_file, remove, .. } = arguments;
    match (ask.unwrap_or(false), from_env, from_file, remove.unwrap_or(false)) {
        (true, None, None, false) => Ok(Act::Set(Source::Person)),
        (false, Some(variable), None, false) if is_variable(variable) => {
            Ok(Act::Set(Source::Variable(variable.clone())))
        }
        (false, Some(_), None, false) => {
            Err(ToolError::argument("from_env", "is no name of a variable")
                .hint("give the name, not the value"))
        }
        (false, None, Some(path), false) => {
            // Without links, so that what the person sees is what is read.
            let real = call.root.place(path).canonicalize().map_err(|error| {
                ToolError::argument("from_file", &format!("names a file that cannot be read: {error}"))
                    .hint("name a file by its path, from the workspace or absolute")
            })?;
            Ok(Act::Set(Source::File(real)))
        }
        (false, None, None, true) => Ok(Act::Remove),
        _ => Err(one_of()),
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// What a person has to be asked about; nothing where they allowed the source when they started the server.
fn person_needed(call: &Call<'_>, source: &Source) -> Result<Option<SecretSource>, ToolError> {
    Ok(match source {
        Source::Person => Some(SecretSource::Person),
        Source::Variable(variable) if call.secrets.allows_variable(variable) => None,
        Source::Variable(variable) => Some(SecretSource::Environment { variable: variable.clone() }),
        Source::File(path) if call.secrets.allows_file(path) => None,
        Source::File(path) => {
            let path =
                path.to_str().ok_or_else(|| ToolError::argument("from_file", "is no readable text"))?;
            Some(SecretSource::File { path: path.to_owned() })
        }
    })
}

async fn read(source: Source) -> Result<SecretValue, ToolError> {
    match source {
        Source::Person => unreachable!("the platform stores what a person enters"),
        Source::Variable(variable) => {
            let value = config::secret_variable(&variable).ok_or_else(|| {
                ToolError::new(Code::NOT_FOUND, format!("the variable {variable} is not set for this server"))
                    .hint("let the person enter the value with `ask: true`")
            })?;
            Ok(SecretValue::new(value)?)
        }
        Source::File(path) => {
            let read = tokio::task::spawn_blocking(move || SecretValue::read_real_file(&path)).await;
            Ok(read.unwrap_or_else(|_| Err(ClientError::new(Code::INTERNAL, "reading the file broke")))?)
        }
    }
}

/// Asks the person, in whatever way this client has; waits a while for the answer.
async fn ask(call: &Call<'_>, project: &str, request: SecretRequest) -> Result<Asked, Halt> {
    let until = Instant::now() + WAIT;
    let opened = call.backend.ask_for_secret(project, &request).await?;
    if opened.state != SecretRequestState::Waiting {
        return outcome(opened);
    }
    call.voice.say("waiting for the person");
    // The page may be answered while the client still thinks about showing it.
    let question = question(&opened);
    let told = tokio::select! {
        told = call.ask(&question) => told?,
        answered = answered(call, &opened, until) => return outcome(answered?),
    };
    match told {
        Answer::Declined => return Err(declined().into()),
        // They cannot know of the page before this call is over.
        Answer::Unaskable if opened.is_new => return Ok(Asked::Waiting(opened)),
        Answer::Unanswered => return Ok(Asked::Waiting(opened)),
        Answer::Accepted(_) | Answer::Unaskable => {}
    }
    outcome(answered(call, &opened, until).await?)
}

/// The request once it is answered, or as it is at the end of the wait.
async fn answered(
    call: &Call<'_>,
    opened: &SecretRequestView,
    until: Instant,
) -> Result<SecretRequestView, ClientError> {
    let mut request = opened.clone();
    while request.state == SecretRequestState::Waiting {
        let left = until.saturating_duration_since(Instant::now());
        if left < Duration::from_secs(1) {
            break;
        }
        let asking = call.backend.secret_request(&opened.project_id, &opened.id, left);
        match call.gone.run_until_cancelled(asking).await {
            Some(answer) => request = answer?,
            None => break,
        }
    }
    Ok(request)
}

fn outcome(request: SecretRequestView) -> Result<Asked, Halt> {
    match request.state {
        SecretRequestState::Waiting => Ok(Asked::Waiting(request)),
        SecretRequestState::Approved => Ok(Asked::Approved(request)),
        SecretRequestState::Stored => Ok(Asked::Stored),
        SecretRequestState::Declined => Err(declined().into()),
        SecretRequestState::Expired => {
            Err(ToolError::new(Code::TIMED_OUT, "the person did not answer in time")
                .hint("ask whether they still want to; then call set_secret again for a new page")
                .into())
        }
    }
}

fn declined() -> ToolError {
    ToolError::new(Code::DECLINED, "the person does not want to give this secret")
        .hint("do not repeat this unless they ask for it")
}

fn question(request: &SecretRequestView) -> Question {
    let (name, project) = (&request.name, request.project_id.name());
    let message =
        format!("The app `{project}` needs the secret {name}. Open this page of your platform to answer.");
    Question::page("secret", message, request.page_url.clone(), request.id.clone())
}

async fn waiting(call: &Call<'_>, request: SecretRequestView) -> Result<SecretOut, Halt> {
    let names = match call.backend.secrets(request.project_id.as_str()).await {
        Ok(secrets) => names(&secrets),
        // The first secret makes the project.
        Err(error) if error.code == Code::NOT_FOUND => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let next = format!(
        "Tell the person to open {} and answer there, within ten minutes. Never take the value here. Then call set_secret \
         again with the same arguments.",
        request.page_url
    );
    let (project, page) = (request.project_id.to_string(), Some(request.page_url));
    Ok(SecretOut { project, names, state: "waiting", page, next })
}

fn stored(secrets: &Secrets) -> SecretOut {
    SecretOut::changed(secrets, "set", "What runs goes on with what it has.")
}

fn names(secrets: &Secrets) -> Vec<String> {
    secrets.secrets.iter().map(|secret| secret.name.to_string()).collect()
}

impl SecretOut {
    fn changed(secrets: &Secrets, state: &'static str, until_then: &str) -> Self {
        Self {
            project: secrets.project_id.to_string(),
            names: names(secrets),
            state,
            page: None,
            next: format!("The next deployment applies it: call deploy_project. {until_then}"),
        }
    }
}

impl Output for SecretOut {
    fn text(&self) -> String {
        let mut lines = vec![format!("{} · project {}", self.state, self.project)];
        lines.push(format!("secrets: {}", self.names.join(", ")));
        lines.extend(self.page.iter().map(|page| format!("page: {page}")));
        lines.push(format!("next: {}", self.next));
        lines.join("\n")
    }

    fn quotes(&self) -> bool {
        false
    }
}
