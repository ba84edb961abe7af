//! `delete_project`: a project with all its versions, its history and its data.

use platform_api::{Code, Project};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Effect, Output, Tool};
use crate::elicit::{Answer, Question};
use crate::error::{Halt, ToolError};
use crate::progress::Opening;

pub(super) struct DeleteProject;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeleteArguments {
    /// Name or id
    project: String,
    /// The project's name again, once the person has agreed
    confirm: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct DeleteOut {
    project: String,
    deleted: bool,
    next: String,
}

impl Tool for DeleteProject {
    type Arguments = DeleteArguments;
    type Output = DeleteOut;

    const NAME: &'static str = "delete_project";
    const TITLE: &'static str = "Delete a project";
    const DESCRIPTION: &'static str = "\
Deletes a project for good: its running app, versions, history and stored data. Local files stay. Only on the person's \
explicit wish: the client asks them where it can, else ask them yourself and pass the project's name as `confirm`. To undo a \
bad version use rollback_project.";
    const EFFECT: Effect = Effect::Ends;

    fn opening(_: &DeleteArguments) -> Opening {
        Opening::Now("looking at the project")
    }

    async fn call(call: &Call<'_>, arguments: DeleteArguments) -> Result<DeleteOut, Halt> {
        let project = call.backend.project(&arguments.project).await?;
        match arguments.confirm.as_deref() {
            Some(confirmed) if confirmed == project.name => {}
            Some(other) => return Err(unlike(&project.name, other).into()),
            None => match call.ask(&question(&project)).await? {
                Answer::Accepted(_) => {}
                other => return Err(unconfirmed(&project.name, &other).into()),
            },
        }
        call.voice.say("deleting the project");
        let deleted = call.backend.delete(project.id.as_str()).await?;
        Ok(DeleteOut {
            project: deleted.project_id.to_string(),
            deleted: true,
            next: "It is gone from the platform; deploy_project on its folder would start anew.".to_owned(),
        })
    }
}

fn question(project: &Project) -> Question {
    let Project { id, name, .. } = project;
    let message = format!(
        "Delete the project `{name}` ({id}) for good? Its running app ends; all its versions, its history and its stored \
         data are removed. Local files stay."
    );
    Question::consent("confirm", message, format!("Delete `{name}`"))
}

fn unlike(name: &str, other: &str) -> ToolError {
    let message = format!("argument `confirm` is `{other}`, but the project's name is `{name}`");
    ToolError::new(Code::CONFIRMATION_REQUIRED, message).hint(instead(name))
}

fn unconfirmed(name: &str, answer: &Answer) -> ToolError {
    let message =
        format!("deleting `{name}` ends its app and removes its versions, history and data for good");
    ToolError::new(Code::CONFIRMATION_REQUIRED, message).hint(answer.hint(&instead(name)))
}

fn instead(name: &str) -> String {
    format!("ask the person; if they agree, call delete_project again with confirm `{name}`")
}

impl Output for DeleteOut {
    fn text(&self) -> String {
        format!("deleted {}\nnext: {}", self.project, self.next)
    }

    fn quotes(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_name_the_answer_says_what_would_be_lost_and_how_to_go_on() {
        for answer in [Answer::Unaskable, Answer::Unanswered, Answer::Declined] {
            let error = unconfirmed("todo", &answer);
            assert_eq!(error.code(), "confirmation_required");
            assert!(error.text().contains("confirm `todo`"), "{}", error.text());
        }
        assert!(unlike("todo", "tood").message().contains("`confirm`"));
    }
}
