//! `delete_project`: a project with all its versions, its history and its data.

use platform_api::Code;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Call, Effect, Output, Tool};
use crate::error::ToolError;
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
Deletes a project from the platform for good: its running app, all versions, history and stored data. Local files stay. \
Only on the person's explicit wish: ask them, then pass the project's name as `confirm`. Without it nothing is deleted. \
To only undo a bad version use rollback_project.";
    const EFFECT: Effect = Effect::Ends;

    fn opening(_: &DeleteArguments) -> Opening {
        Opening::Now("looking at the project")
    }

    async fn call(call: &Call<'_>, arguments: DeleteArguments) -> Result<DeleteOut, ToolError> {
        let project = call.backend.project(&arguments.project).await?;
        let confirmed = arguments.confirm.as_deref();
        if confirmed != Some(project.name.as_str()) {
            return Err(unconfirmed(&project.name, confirmed));
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

fn unconfirmed(name: &str, confirmed: Option<&str>) -> ToolError {
    let message = match confirmed {
        None => format!("deleting `{name}` ends its app and removes its versions, history and data for good"),
        Some(other) => format!("argument `confirm` is `{other}`, but the project's name is `{name}`"),
    };
    ToolError::new(Code::CONFIRMATION_REQUIRED, message)
        .hint(format!("ask the person; if they agree, call delete_project again with confirm `{name}`"))
}

impl Output for DeleteOut {
    fn text(&self) -> String {
        format!("deleted {}\nnext: {}", self.project, self.next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_the_name_the_answer_says_what_would_be_lost_and_how_to_go_on() {
        let absent = unconfirmed("todo", None);
        assert_eq!(absent.code(), "confirmation_required");
        assert!(absent.text().contains("confirm `todo`"), "{}", absent.text());
        assert!(unconfirmed("todo", Some("tood")).message().contains("`confirm`"));
    }
}
