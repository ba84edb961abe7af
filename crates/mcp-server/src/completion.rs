//! Completions while a person fills in a prompt's or a template's argument.

use std::time::Duration;

use platform_api::Page;
use platform_client::{Backend, ClientError};
use rmcp::model::{CompleteRequestParams, CompletionInfo, Reference};
use tokio::time::timeout;

use crate::prompts::{self, Values};
use crate::resources;

/// How long somebody who types is let wait.
const LIMIT: Duration = Duration::from_secs(2);
/// How many pages of the platform are gone through.
const PAGES_MAX: usize = 10;

/// The values that begin with what was typed, newest first. Empty where nothing can be suggested: that is no error.
pub(crate) async fn complete(backend: &Backend, request: &CompleteRequestParams) -> CompletionInfo {
    let typed = request.argument.value.to_lowercase();
    let project = request.context.as_ref().and_then(|context| context.get_argument("project"));
    let found = match values(&request.r#ref, &request.argument.name) {
        Values::Free => return CompletionInfo::default(),
        Values::Of(values) => {
            Found { values: values.iter().copied().map(str::to_owned).collect(), more: false }
        }
        Values::Projects => in_time(projects(backend)).await,
        Values::Deployments => in_time(deployments(backend, project)).await,
    };
    found.suggest(&typed)
}

fn values(of: &Reference, argument: &str) -> Values {
    match of {
        Reference::Prompt(prompt) => prompts::values(&prompt.name, argument),
        Reference::Resource(template) if argument == "id" && resources::is_template(&template.uri) => {
            Values::Deployments
        }
        _ => Values::Free,
    }
}

/// All values, or the first of them.
#[derive(Default)]
struct Found {
    values: Vec<String>,
    more: bool,
}

impl Found {
    fn suggest(self, typed: &str) -> CompletionInfo {
        let mut values = self.values;
        values.retain(|value| value.to_lowercase().starts_with(typed));
        let all = values.len();
        values.truncate(CompletionInfo::MAX_VALUES);
        let total = if self.more { None } else { u32::try_from(all).ok() };
        let more = self.more || all > values.len();
        CompletionInfo::with_pagination(values, total, more).expect("cut to what may be sent")
    }
}

async fn in_time(found: impl Future<Output = Result<Found, ClientError>>) -> Found {
    timeout(LIMIT, found).await.ok().and_then(Result::ok).unwrap_or_default()
}

async fn projects(backend: &Backend) -> Result<Found, ClientError> {
    pages(|cursor| backend.projects(cursor), |project| Some(project.name)).await
}

/// Those of the project, where it is known already; else the newest of each.
async fn deployments(backend: &Backend, project: Option<&String>) -> Result<Found, ClientError> {
    match project {
        Some(project) => {
            pages(|cursor| backend.deployments(project, cursor), |deployment| Some(deployment.id.to_string()))
                .await
        }
        None => {
            pages(|cursor| backend.projects(cursor), |project| Some(project.latest?.id.to_string())).await
        }
    }
}

async fn pages<T, Asking>(
    ask: impl Fn(Option<String>) -> Asking,
    value: impl Fn(T) -> Option<String>,
) -> Result<Found, ClientError>
where
    Asking: Future<Output = Result<Page<T>, ClientError>>,
{
    let mut found = Found::default();
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = ask(cursor).await?;
        found.values.extend(page.items.into_iter().filter_map(&value));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(found);
        }
    }
    found.more = true;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_begin_with_what_was_typed_and_say_how_many_there_are() {
        let names = |n: usize| (0..n).map(|n| format!("App-{n}")).collect::<Vec<_>>();
        let few = Found { values: names(12), more: false }.suggest("app-1");
        assert_eq!(few.values, ["App-1", "App-10", "App-11"]);
        assert_eq!((few.total, few.has_more), (Some(3), Some(false)));
        let many = Found { values: names(250), more: false }.suggest("");
        assert_eq!((many.values.len(), many.total, many.has_more), (100, Some(250), Some(true)));
        let unknown = Found { values: names(5), more: true }.suggest("app");
        assert_eq!((unknown.values.len(), unknown.total, unknown.has_more), (5, None, Some(true)));
    }
}
