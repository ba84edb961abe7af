//! A project's secrets: set, removed, listed by name, and asked for on a page. Nothing of this restarts anything.

use platform_api::{
    Code, ProjectId, Secret, SecretName, SecretRequest, SecretRequestState, SecretSource, Secrets,
};
use tokio::time::Instant;

use super::{Platform, Refusal};
use crate::secrets::{Answer, AskedFor, SecretError, SecretValue};

/// How much of what an asker says of itself, or of its source, a page shows, in characters.
const SHOWN_CHARS_MAX: usize = 400;

/// What a page is about.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) asked: AskedFor,
    /// When the value that would be replaced was set, in milliseconds since the Unix epoch.
    pub(crate) replaces_ms: Option<u64>,
}

impl Platform {
    /// What is told of the project's secrets.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such project.
    pub(crate) fn secrets(&self, project: &ProjectId) -> Result<Secrets, Refusal> {
        self.known(project)?;
        self.secrets_of(project)
    }

    /// Sets a secret; a project that does not exist yet comes to be, so that its first deploy finds it. `request` is the
    /// request that this fulfils.
    ///
    /// # Errors
    /// [`Refusal`] when the value or the project's secrets are over a limit, or it cannot be kept.
    pub(crate) async fn set_secret(
        &self,
        project: &ProjectId,
        name: &SecretName,
        value: String,
        request: Option<&str>,
    ) -> Result<Secrets, Refusal> {
        let refused = |error| Refusal::of_secret(error, project);
        let value = SecretValue::new(value).map_err(|error| refused(error.into()))?;
        if project.user() != self.identity().user {
            return Err(Refusal::not_found("project", project));
        }
        self.0.site.secrets.set(project, name, value).await.map_err(refused)?;
        if let Some(request) = request {
            self.0.site.secret_requests.fulfil(project, request);
        }
        tracing::info!(project.id = %project, secret.name = %name, "a secret was set");
        self.secrets_of(project)
    }

    /// Removes a secret.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such project or secret.
    pub(crate) async fn remove_secret(
        &self,
        project: &ProjectId,
        name: &SecretName,
    ) -> Result<Secrets, Refusal> {
        self.known(project)?;
        let removed = self.0.site.secrets.remove(project, name).await;
        removed.map_err(|error| Refusal::of_secret(error, project))?;
        tracing::info!(project.id = %project, secret.name = %name, "a secret was removed");
        self.secrets_of(project)
    }

    /// Asks a person for a secret.
    ///
    /// # Errors
    /// [`Refusal`] when too much is being asked already.
    pub(crate) fn ask_for_secret(
        &self,
        project: &ProjectId,
        mut request: SecretRequest,
    ) -> Result<AskedFor, Refusal> {
        if project.user() != self.identity().user {
            return Err(Refusal::not_found("project", project));
        }
        request.requested_by = shown(&request.requested_by);
        if let SecretSource::Environment { variable: place } | SecretSource::File { path: place } =
            &request.source
            && *place != shown(place)
        {
            return Err(Refusal::malformed("the page could not show this source as it is")
                .hint("Name a variable or a path of at most 400 visible characters."));
        }
        self.0.site.secret_requests.ask(project, &request).map_err(|_| {
            Refusal::new(Code::RATE_LIMITED, "too many secrets are being asked for at once")
                .hint("Let the person answer those that are open, or wait ten minutes.")
                .retryable()
        })
    }

    /// How far a request is, as soon as it is answered or at `deadline`.
    ///
    /// # Errors
    /// [`Refusal`] when there is no such request, or not any more.
    pub(crate) async fn secret_request(
        &self,
        project: &ProjectId,
        id: &str,
        deadline: Instant,
    ) -> Result<AskedFor, Refusal> {
        let found = self.0.site.secret_requests.wait(project, id, deadline).await;
        found.ok_or_else(|| {
            Refusal::new(Code::NOT_FOUND, "there is no such request, or it ended a while ago")
                .hint("Ask again: the person gets a new page.")
        })
    }

    /// What the page asks.
    pub(crate) fn question(&self, page: &str) -> Option<Question> {
        let asked = self.0.site.secret_requests.of_page(page)?;
        let known = self.secrets_of(&asked.project).ok();
        let known =
            known.and_then(|known| known.secrets.into_iter().find(|one| one.name == asked.request.name));
        Some(Question { asked, replaces_ms: known.map(|one| one.set_ms) })
    }

    /// Takes what the person says on the page. `None` when the page has been answered, or is over.
    ///
    /// # Errors
    /// [`SecretError`] when the value cannot be taken; the page then still waits.
    pub(crate) async fn answer_question(
        &self,
        page: &str,
        given: Given,
    ) -> Result<Option<AskedFor>, SecretError> {
        let requests = &self.0.site.secret_requests;
        let Some(asked) = requests.of_page(page) else { return Ok(None) };
        if asked.state != SecretRequestState::Waiting {
            return Ok(None);
        }
        let answer = match (given, &asked.request.source) {
            (Given::Declined, _) => Answer::Declined,
            (Given::Agreed(_), SecretSource::Environment { .. } | SecretSource::File { .. }) => {
                Answer::Approved
            }
            (Given::Agreed(value), SecretSource::Person) => {
                let value = SecretValue::new(value)?;
                self.0.site.secrets.set(&asked.project, &asked.request.name, value).await?;
                tracing::info!(project.id = %asked.project, secret.name = %asked.request.name, "a secret was set");
                Answer::Stored
            }
        };
        Ok(requests.answer(page, answer))
    }

    fn secrets_of(&self, project: &ProjectId) -> Result<Secrets, Refusal> {
        let live = self.0.site.store.secrets_of_live(project)?;
        let rows = self.0.site.store.secrets(project)?;
        let secrets = rows.into_iter().filter(|row| row.is_current).map(|row| Secret {
            applied: live.get(&row.name) == Some(&row.version),
            name: row.name,
            version: row.version,
            set_ms: row.set_ms,
        });
        Ok(Secrets { project_id: project.clone(), secrets: secrets.collect() })
    }
}

/// What a person says on a page. Never printed: it may hold a value.
pub(crate) enum Given {
    /// Yes; with the value, where it was asked for.
    Agreed(String),
    /// No.
    Declined,
}

/// A text of an asker, safe to be shown: one line of visible characters.
fn shown(text: &str) -> String {
    let visible = text.chars().filter(|c| !c.is_control() && !is_invisible(*c));
    visible.take(SHOWN_CHARS_MAX).collect::<String>().trim().to_owned()
}

/// Characters that change how their neighbours look, or show nothing.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_asker_says_of_itself_cannot_play_tricks() {
        assert_eq!(shown(" an\u{202e} agent\n\u{200b}<b>\0 "), "an agent<b>");
        assert_eq!(shown(&"x".repeat(1000)).len(), SHOWN_CHARS_MAX);
    }
}
