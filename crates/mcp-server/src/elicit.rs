//! Asking the person behind the client, in both eras of the protocol.
//!
//! Older clients are sent a request while the call waits. Newer ones get the question as the result of the call and make the
//! call again with the answer; what was asked and answered travels with them in a sealed state, which is worth nothing for
//! another tool, for other arguments, or after [`STATE_LIFE`]. Whoever cannot or does not answer is told to the tool like an
//! answer: what the caller can do instead is a result of the tool, never an error of the protocol.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::{
    CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction,
    ElicitationCapability, ElicitationSchema, EnumSchema, ErrorData, FormElicitationCapability, InputRequest,
    InputRequiredResult, InputResponses, RequestStateCodec, RequestStateError, SealOptions,
};
use rmcp::service::{Peer, RequestContext};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::era::Era;
use crate::error::{self, Halt};
use crate::output;

/// How long a person may think while a call waits.
const ANSWER_LIMIT: Duration = Duration::from_mins(10);
/// How long a call may be made again with an answer.
const STATE_LIFE: Duration = Duration::from_mins(30);

/// Seals what travels with the client. One key for the whole process, because any of its server values may see the call
/// again; after a restart the question is simply asked anew.
static SEAL: LazyLock<RequestStateCodec> = LazyLock::new(|| {
    let mut key = [0; RequestStateCodec::MIN_KEY_LENGTH];
    getrandom::fill(&mut key).expect("the system has a source of random numbers");
    RequestStateCodec::try_new(key).expect("the key is long enough")
});

/// Something that only a person can decide.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// What tells it from the other questions of its tool.
    key: &'static str,
    message: String,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// Yes or no.
    Consent { title: String },
    /// One of these.
    Choice { options: Vec<String> },
    /// A page to visit; what is entered there passes neither client nor model.
    Page { url: String, id: String },
}

impl Question {
    /// Whether to do something; `title` says what a yes does.
    pub(crate) fn consent(key: &'static str, message: impl Into<String>, title: impl Into<String>) -> Self {
        Self { key, message: message.into(), form: Form::Consent { title: title.into() } }
    }

    /// Which of `options`, of which there must be at least one.
    pub(crate) fn choice(key: &'static str, message: impl Into<String>, options: Vec<String>) -> Self {
        Self { key, message: message.into(), form: Form::Choice { options } }
    }

    /// To visit the page at `url`, which is known to the server as `id`.
    pub(crate) fn page(key: &'static str, message: impl Into<String>, url: String, id: String) -> Self {
        Self { key, message: message.into(), form: Form::Page { url, id } }
    }

    fn params(&self) -> ElicitRequestParams {
        let message = output::clean_text(&self.message);
        let schema = ElicitationSchema::builder();
        let schema = match &self.form {
            Form::Page { url, id } => {
                let (url, elicitation_id) = (url.clone(), id.clone());
                return ElicitRequestParams::UrlElicitationParams {
                    meta: None,
                    message,
                    url,
                    elicitation_id,
                };
            }
            Form::Consent { title } => {
                let title = output::clean_line(title);
                schema.required_bool_with(self.key, |field| field.title(title))
            }
            Form::Choice { options } => {
                schema.required_enum_schema(self.key, EnumSchema::builder(options.clone()).build())
            }
        };
        let requested_schema = schema.build().expect("one property, which is the required one");
        ElicitRequestParams::FormElicitationParams { meta: None, message, requested_schema }
    }

    /// What a client's response says, read as strictly as the question was put.
    fn answer(&self, response: &ElicitResult) -> Answer {
        match response.action {
            ElicitationAction::Accept => {}
            ElicitationAction::Decline => return Answer::Declined,
            _ => return Answer::Unanswered,
        }
        let given = response.content.as_ref().and_then(|content| content.get(self.key));
        match (&self.form, given) {
            (Form::Page { .. }, _) | (Form::Consent { .. }, Some(Value::Bool(true))) => {
                Answer::Accepted(String::new())
            }
            (Form::Consent { .. }, Some(Value::Bool(false))) => Answer::Declined,
            (Form::Choice { options }, Some(Value::String(chosen))) if options.contains(chosen) => {
                Answer::Accepted(chosen.clone())
            }
            _ => Answer::Unanswered,
        }
    }
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The person agrees; with what was chosen, where there was a choice.
    Accepted(String),
    /// The person does not want it.
    Declined,
    /// Nobody decided: the question was closed, not answered in time or in no way that fits it, or nobody is there.
    Unanswered,
    /// This client cannot ask.
    Unaskable,
}

impl Answer {
    /// Why there is no yes and what to do instead, where `instead` says how the call can be made without asking.
    pub(crate) fn hint(&self, instead: &str) -> String {
        match self {
            Self::Accepted(_) => String::new(),
            Self::Declined => {
                format!("the person said no: do not repeat this unless they ask for it; then {instead}")
            }
            Self::Unanswered => {
                format!("nobody answered the question (perhaps no person is at this client): {instead}")
            }
            Self::Unaskable => instead.to_owned(),
        }
    }
}

/// The person behind one call.
pub(crate) struct Person {
    modes: ElicitationCapability,
    way: Way,
}

/// How this client is asked.
enum Way {
    /// By a request, while the call waits.
    Request { peer: Peer<RoleServer>, gone: CancellationToken },
    /// By a result, after which the call comes again.
    Result { call: Vec<u8>, heard: BTreeMap<String, Heard> },
}

/// A response, and to what.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Heard {
    message: String,
    response: ElicitResult,
}

/// What travels with the client.
#[derive(Debug, Default, Serialize, Deserialize)]
struct State {
    heard: BTreeMap<String, Heard>,
    asked: Option<(String, String)>,
}

impl Person {
    /// The person behind a call, with what they answered already.
    ///
    /// # Errors
    /// An error of the protocol when the call comes with a state that was not made for it.
    pub(crate) fn of(
        request: &CallToolRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<Self, ErrorData> {
        let capabilities = context.client_capabilities().unwrap_or_default();
        let mut modes = capabilities.elicitation;
        if let Some(modes) = &mut modes
            && modes.form.is_none()
            && modes.url.is_none()
        {
            // As clients declared it before there were two modes.
            modes.form = Some(FormElicitationCapability::default());
        }
        let way = match Era::of(context) {
            Era::Sessions => Way::Request { peer: context.peer.clone(), gone: context.ct.clone() },
            Era::Requests => {
                let call = binding(request);
                let heard = heard(&call, request.request_state.as_deref(), request.input_responses.as_ref())?;
                Way::Result { call, heard }
            }
        };
        Ok(Self { modes: modes.unwrap_or_default(), way })
    }

    /// Asks, or answers at once with what this call's person said before.
    ///
    /// # Errors
    /// [`Halt::Asks`] where the call has to end for the client to ask; it comes again.
    pub(crate) async fn ask(&self, question: &Question) -> Result<Answer, Halt> {
        if !self.can_be_asked(question) {
            return Ok(Answer::Unaskable);
        }
        match &self.way {
            Way::Request { peer, gone } => {
                let asking = peer.create_elicitation_with_timeout(question.params(), Some(ANSWER_LIMIT));
                // A client that says it can ask and then cannot is one without a person.
                let response = gone.run_until_cancelled(asking).await.and_then(Result::ok);
                Ok(response.map_or(Answer::Unanswered, |response| question.answer(&response)))
            }
            Way::Result { call, heard } => {
                let message = output::clean_text(&question.message);
                // Only an answer to these very words counts: what they are about may have changed since.
                match heard.get(question.key) {
                    Some(heard) if heard.message == message => Ok(question.answer(&heard.response)),
                    _ => Err(Halt::Asks(Box::new(asks(question, message, call, heard)))),
                }
            }
        }
    }

    /// Whether this client shows forms to a person.
    pub(crate) fn takes_forms(&self) -> bool {
        self.modes.form.is_some()
    }

    fn can_be_asked(&self, question: &Question) -> bool {
        match question.form {
            Form::Consent { .. } | Form::Choice { .. } => self.takes_forms(),
            Form::Page { .. } => self.modes.url.is_some(),
        }
    }
}

/// The result that puts the question.
fn asks(
    question: &Question,
    message: String,
    call: &[u8],
    heard: &BTreeMap<String, Heard>,
) -> InputRequiredResult {
    let request = InputRequest::Elicitation(ElicitRequest::new(question.params()));
    let state = State { heard: heard.clone(), asked: Some((question.key.to_owned(), message)) };
    let options = SealOptions::new().associated_data(call).ttl(STATE_LIFE);
    let sealed = SEAL.seal_json_with(&state, &options).expect("texts are JSON");
    InputRequiredResult::new(Some(BTreeMap::from([(question.key.to_owned(), request)])), Some(sealed))
}

/// What the person answered in this call's earlier rounds and in this one.
fn heard(
    call: &[u8],
    sealed: Option<&str>,
    responses: Option<&InputResponses>,
) -> Result<BTreeMap<String, Heard>, ErrorData> {
    // Responses without a state answer nothing that was asked.
    let Some(sealed) = sealed else { return Ok(BTreeMap::new()) };
    let state: State = match SEAL.open_json_with(sealed, call) {
        Ok(state) => state,
        Err(RequestStateError::Expired) => State::default(),
        Err(_) => return Err(error::foreign_state()),
    };
    let State { mut heard, asked } = state;
    if let Some((key, message)) = asked
        && let Some(response) = responses.and_then(|responses| responses.get(&key))
        // What is no response at all is asked for again.
        && let Ok(response) = serde_json::from_value(response.clone())
    {
        heard.insert(key, Heard { message, response });
    }
    Ok(heard)
}

/// What a state is bound to: the tool and its arguments, in whatever order the client writes them.
fn binding(request: &CallToolRequestParams) -> Vec<u8> {
    let mut arguments = Value::Object(request.arguments.clone().unwrap_or_default());
    arguments.sort_all_objects();
    format!("tools/call {}\n{arguments}", request.name).into_bytes()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(tool: &'static str, arguments: &Value) -> CallToolRequestParams {
        CallToolRequestParams::new(tool).with_arguments(arguments.as_object().cloned().unwrap())
    }

    fn question() -> Question {
        Question::consent("confirm", "Delete `todo`?", "Delete it")
    }

    /// The state that a client gets with the question, for a call.
    fn asked(call: &[u8]) -> String {
        let question = question();
        let result = asks(&question, question.message.clone(), call, &BTreeMap::new());
        let request = serde_json::to_value(&result.input_requests.unwrap()["confirm"]).unwrap();
        assert_eq!(request["method"], "elicitation/create");
        assert_eq!(request["params"]["mode"], "form");
        assert_eq!(request["params"]["requestedSchema"]["required"], json!(["confirm"]));
        result.request_state.unwrap()
    }

    fn responses(key: &str, response: Value) -> InputResponses {
        InputResponses::from([(key.to_owned(), response)])
    }

    fn yes() -> Value {
        json!({"action": "accept", "content": {"confirm": true}})
    }

    #[test]
    fn an_answer_counts_for_the_call_that_asked_in_any_order_of_its_arguments() {
        let call = binding(&request("delete_project", &json!({"project": "todo", "x": {"b": 1, "a": 2}})));
        let same = binding(&request("delete_project", &json!({"x": {"a": 2, "b": 1}, "project": "todo"})));
        let state = asked(&call);
        let heard = heard(&same, Some(&state), Some(&responses("confirm", yes()))).unwrap();
        assert_eq!(question().answer(&heard["confirm"].response), Answer::Accepted(String::new()));
        assert_eq!(heard["confirm"].message, "Delete `todo`?");
    }

    #[test]
    fn a_state_is_worth_nothing_elsewhere_changed_or_late() {
        let call = binding(&request("delete_project", &json!({"project": "todo"})));
        let (state, yes) = (asked(&call), responses("confirm", yes()));
        for other in [
            request("delete_project", &json!({"project": "other"})),
            request("delete_project", &json!({})),
            request("rollback_project", &json!({"project": "todo"})),
        ] {
            assert!(heard(&binding(&other), Some(&state), Some(&yes)).is_err());
        }
        let mut forged = state.clone();
        let middle = forged.len() / 2;
        let other = if forged.as_bytes()[middle] == b'A' { "B" } else { "A" };
        forged.replace_range(middle..=middle, other);
        for bad in [forged.as_str(), "", "rs1.x.y", "\u{0}"] {
            assert!(heard(&call, Some(bad), Some(&yes)).is_err(), "{bad}");
        }
        let late =
            State { asked: Some(("confirm".to_owned(), "Delete `todo`?".to_owned())), ..State::default() };
        let options = SealOptions::new().associated_data(&call).ttl(Duration::ZERO);
        let late = SEAL.seal_json_with(&late, &options).unwrap();
        // Its life is over with the next millisecond; then it is asked anew.
        while !heard(&call, Some(&late), Some(&yes)).unwrap().is_empty() {
            std::thread::yield_now();
        }
    }

    #[test]
    fn only_what_was_asked_is_answered() {
        let call = binding(&request("delete_project", &json!({"project": "todo"})));
        let state = asked(&call);
        assert!(heard(&call, None, Some(&responses("confirm", yes()))).unwrap().is_empty(), "nobody asked");
        assert!(heard(&call, Some(&state), None).unwrap().is_empty());
        for (key, response) in
            [("other", yes()), ("confirm", json!("yes")), ("confirm", json!({"action": "go"}))]
        {
            assert!(heard(&call, Some(&state), Some(&responses(key, response))).unwrap().is_empty());
        }
    }

    #[test]
    fn responses_are_read_as_strictly_as_the_question_was_put() {
        let choice = Question::choice("project", "Which?", vec!["me-a".to_owned(), "me-b".to_owned()]);
        let page = Question {
            key: "page",
            message: String::new(),
            form: Form::Page { url: String::new(), id: String::new() },
        };
        let accepted = |text: &str| Answer::Accepted(text.to_owned());
        for (question, response, answer) in [
            (question(), yes(), accepted("")),
            (question(), json!({"action": "accept", "content": {"confirm": false}}), Answer::Declined),
            (question(), json!({"action": "accept", "content": {"confirm": "true"}}), Answer::Unanswered),
            (question(), json!({"action": "accept", "content": {}}), Answer::Unanswered),
            (question(), json!({"action": "accept"}), Answer::Unanswered),
            (question(), json!({"action": "decline", "content": {"confirm": true}}), Answer::Declined),
            (question(), json!({"action": "cancel"}), Answer::Unanswered),
            (choice.clone(), json!({"action": "accept", "content": {"project": "me-b"}}), accepted("me-b")),
            (choice, json!({"action": "accept", "content": {"project": "me-c"}}), Answer::Unanswered),
            (page.clone(), json!({"action": "accept"}), accepted("")),
            (page, json!({"action": "decline"}), Answer::Declined),
        ] {
            let response: ElicitResult = serde_json::from_value(response).unwrap();
            assert_eq!(question.answer(&response), answer, "{question:?} {response:?}");
        }
    }
}
