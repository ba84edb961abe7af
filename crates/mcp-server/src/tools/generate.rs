//! `generate_code`: from a description to a project's files.

use platform_api::Code;
use platform_client::{ClientError, GenerateOptions, Overwrite};
use rmcp::model::JsonObject;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Call, Effect, Output, Tool};
use crate::elicit::{Answer, Question};
use crate::error::{Halt, ToolError};
use crate::progress::Opening;
use crate::root::Expect;
use crate::{output, quote};

/// How many files a person is named before they are only counted.
const PATHS_MAX: usize = 20;

pub(super) struct GenerateCode;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GenerateArguments {
    /// What the API is about: things, their fields, how they belong together
    prompt: String,
    /// Project name; default: named after the prompt's subject
    project: Option<String>,
    /// Folder within the workspace to write to; default: the workspace itself
    output_dir: Option<String>,
    /// Such as `fastapi`, the default
    stack: Option<String>,
    /// Entities and fields given exactly instead of derived from the prompt
    spec: Option<JsonObject>,
    /// Also write over files that were changed by hand; default false
    overwrite: Option<bool>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct GenerateOut {
    project: String,
    output_dir: String,
    stack: String,
    generator: String,
    files: Vec<FileOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit_hash: Option<String>,
    warnings: Vec<String>,
    next: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct FileOut {
    path: String,
    bytes: u64,
}

impl Tool for GenerateCode {
    type Arguments = GenerateArguments;
    type Output = GenerateOut;

    const NAME: &'static str = "generate_code";
    const TITLE: &'static str = "Generate an API";
    const DESCRIPTION: &'static str = "\
Writes a complete REST API from a plain-language description: models, validation, CRUD routes, database schema, tests. Use \
it for a new backend, e.g. \"users and roles, users have an email and a name\"; an existing project's files are edited \
instead. Files that were changed by hand stay unless overwrite is true or the person agrees. `warnings` lists what was not \
understood: mend that in the files. Next: deploy_project with path set to output_dir.";
    const EFFECT: Effect = Effect::Writes;

    fn opening(_: &GenerateArguments) -> Opening {
        Opening::Now("writing the code")
    }

    async fn call(call: &Call<'_>, arguments: GenerateArguments) -> Result<GenerateOut, Halt> {
        let given = arguments.output_dir.as_deref();
        let options = GenerateOptions {
            prompt: arguments.prompt,
            project: call.project(arguments.project),
            output_dir: call.root.resolve("output_dir", given, Expect::MaybeNew)?,
            stack: arguments.stack,
            spec: arguments.spec.map(Value::Object),
            overwrite: if arguments.overwrite == Some(true) { Overwrite::Always } else { Overwrite::Never },
        };
        let generated = match call.backend.generate(options.clone()).await {
            // Told not to, or told to and something is in the way that is never written over: that is the answer.
            Err(error) if error.code == Code::WOULD_OVERWRITE && arguments.overwrite.is_none() => {
                agreed(call, error).await?;
                call.backend.generate(GenerateOptions { overwrite: Overwrite::Always, ..options }).await?
            }
            generated => generated?,
        };
        let output_dir = output::clean_line(&generated.output_dir.display().to_string());
        Ok(GenerateOut {
            project: generated.project.to_string(),
            stack: generated.stack,
            generator: generated.generator,
            files: generated
                .files
                .into_iter()
                .map(|file| FileOut { path: file.path.to_string(), bytes: file.bytes })
                .collect(),
            commit_hash: Some(generated.commit_hash.to_string()),
            warnings: generated.warnings,
            next: format!("Look at `warnings`, then call deploy_project with path {output_dir}."),
            output_dir,
        })
    }
}

/// Goes on only if the person lets their changes go.
async fn agreed(call: &Call<'_>, error: ClientError) -> Result<(), Halt> {
    let paths: Vec<_> = error.changed.iter().take(PATHS_MAX).map(|path| format!("`{path}`")).collect();
    let more = error.changed.len() - paths.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let message = format!("These files were changed by hand: {}{more}. Write over them?", paths.join(", "));
    let answer = call.ask(&Question::consent("overwrite", message, "Write over my changes")).await?;
    if let Answer::Accepted(_) = answer {
        return Ok(());
    }
    let instead =
        "call generate_code again with another output_dir, or, if the person agrees, with overwrite true";
    Err(ToolError::from(error).hint(answer.hint(instead)).into())
}

impl Output for GenerateOut {
    fn text(&self) -> String {
        let mut lines = vec![
            format!(
                "{} files ({}) in {} for project {}",
                self.files.len(),
                self.stack,
                self.output_dir,
                self.project
            ),
            self.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", "),
        ];
        let warnings: Vec<_> = self.warnings.iter().map(|warning| format!("warning: {warning}")).collect();
        lines.extend(quote::fence(warnings.iter().map(String::as_str)));
        lines.push(format!("next: {}", self.next));
        lines.join("\n")
    }

    fn quotes(&self) -> bool {
        !self.warnings.is_empty()
    }
}
