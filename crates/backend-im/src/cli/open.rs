//! `backend-im open`: a project in the browser.

use clap::Args;
use platform_api::Code;
use platform_client::ClientError;
use url::Url;

use super::context::Context;
use super::error::Error;
use super::render;
use crate::start;

/// Open a project in the browser, and print its URL.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The project [default: the folder's]
    project: Option<String>,
    /// The address by port instead of the one by name
    #[arg(long)]
    direct: bool,
}

/// Runs the command. Without a desktop the URL is all there is.
///
/// # Errors
/// [`Error::Client`] when nothing of the project is live.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> Result<(), Error> {
    let work = context.work_here()?;
    let project = work.project(arguments.project)?;
    let project = work.backend.project(&project).await?;
    let address = if arguments.direct { project.direct_url } else { project.url };
    let url = address.as_deref().and_then(|text| Url::parse(text).ok()).ok_or_else(|| {
        ClientError::new(Code::NOT_FOUND, format!("nothing of {} is live", project.name))
            .hint("backend-im deploy brings a folder live")
    })?;
    if context.env.has_desktop() {
        if let Err(error) = start::open_browser(&url, &context.env).await {
            render::tell(&format!("no browser opened ({error}); the address is:"));
        }
    } else {
        render::tell("there is no desktop here; the address is:");
    }
    render::data(url.as_str())
}
