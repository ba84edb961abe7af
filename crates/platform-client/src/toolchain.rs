//! What the machine that builds lacks of what a plan needs: shown by a plan, and asked for before anything is uploaded.

use std::sync::Arc;

use build_plan::Plan;
use build_plan::toolchain::{Need, Shortfall, needs, refusal};
use futures_util::future::BoxFuture;
use platform_api::Code;

use crate::{Backend, Client, ClientError};

/// Looks at the machine that would build and says what it lacks; `None` where that cannot be known without starting
/// something. Given by the program: nothing in this crate starts a process.
pub type Look = Arc<dyn Fn(Vec<Need>) -> BoxFuture<'static, Option<Vec<Shortfall>>> + Send + Sync>;

impl Backend {
    /// What the machine that would build lacks, as far as that can be told without starting a platform.
    pub(crate) async fn lacking(&self, plan: &Plan) -> Vec<Shortfall> {
        let needs = needs(plan);
        let Some(look) = self.look().filter(|_| !needs.is_empty()) else { return Vec::new() };
        look(needs).await.unwrap_or_default()
    }
}

/// Asks the platform whether it has what the plan needs, and returns what it lacks and may do without. A platform that
/// does not answer this is not in the way: it will say so itself when it builds.
///
/// # Errors
/// [`Code::MISSING_TOOL`] or [`Code::WRONG_TOOL_VERSION`], naming everything that is lacking with the way to get it.
pub(crate) async fn require(client: &Client, needs: &[Need]) -> Result<Vec<Shortfall>, ClientError> {
    if needs.is_empty() {
        return Ok(Vec::new());
    }
    let lacking = client.toolchains(needs).await.unwrap_or_else(|error| {
        tracing::debug!(%error, "the platform does not say what it lacks");
        Vec::new()
    });
    match refusal(&lacking) {
        Some(refusal) => Err(ClientError::new(Code::other(refusal.code), refusal.message).hint(refusal.hint)),
        None => Ok(lacking),
    }
}
