//! Which project a folder is: the argument, else the configured name, else the folder's link, else its slug. Only the
//! slug is a guess, so only the slug is refused where another folder or an existing project already has it.

use std::path::Path;

use platform_api::{Code, InvalidProjectId, Project, ProjectId, slug};

use crate::links::{Link, Links};
use crate::{Client, ClientError};

/// What names the project of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// Whoever asked: a name or an id.
    Explicitly(String),
    /// The configuration file.
    ByConfiguration(String),
    /// Nobody yet: the link, else the folder's own name.
    ByFolder,
}

/// A folder's project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) project: ProjectId,
    /// What the folder's link, or one that it takes over, says.
    pub(crate) link: Option<Link>,
}

/// The project that the folder at `root` is on the connected platform.
pub(crate) async fn of_folder(
    client: &Client,
    links: &Links,
    root: &Path,
    named: &Named,
) -> Result<Identity, ClientError> {
    let platform = client.endpoint().platform_name();
    let link = links.get(root, &platform);
    let project = match named {
        Named::Explicitly(text) => match link {
            Some(link) if is_called(&link.project_id, text) => link.project_id.clone(),
            _ => find(client, text).await?.0,
        },
        Named::ByConfiguration(name) => match link {
            Some(link) if link.project_id.name() == name => link.project_id.clone(),
            _ => named_project(client.user().await?, name)?,
        },
        Named::ByFolder => match link {
            Some(link) => link.project_id.clone(),
            None => return by_slug(client, links, root).await,
        },
    };
    let link = link.filter(|link| link.project_id == project).cloned();
    Ok(Identity { project, link })
}

/// The project that a text names, by name or id, and what the platform knows of it.
pub(crate) async fn find(client: &Client, text: &str) -> Result<(ProjectId, Option<Project>), ClientError> {
    let user = client.user().await?;
    // What looks like an id may also be a name that begins with the user's: whichever exists is meant.
    let id = text.parse::<ProjectId>().ok().filter(|id| id.user() == user);
    if let Some(id) = id
        && let Some(project) = client.find_project(&id).await?
    {
        return Ok((id, Some(project)));
    }
    let id = named_project(user, text)?;
    let project = client.find_project(&id).await?;
    Ok((id, project))
}

/// The project that a text names; an error where the platform has none.
pub(crate) async fn existing(client: &Client, text: &str) -> Result<Project, ClientError> {
    let (id, project) = find(client, text).await?;
    project.ok_or_else(|| {
        ClientError::new(Code::NOT_FOUND, format!("there is no project `{id}`"))
            .hint("list the projects to see their names")
    })
}

async fn by_slug(client: &Client, links: &Links, root: &Path) -> Result<Identity, ClientError> {
    let user = client.user().await?;
    let name = folder_slug(root, ProjectId::MAX_BYTES.saturating_sub(user.len() + 1))?;
    let project = named_project(user, &name)?;
    let platform = client.endpoint().platform_name();
    let mut left_behind = None;
    for (folder, link) in links.others(root, &platform, &project) {
        if folder.is_dir() {
            return Err(taken(&project, &format!("the folder `{}`", folder.display())));
        }
        left_behind = Some(link.clone());
    }
    // One that nothing was ever brought into belongs to nobody: its secrets were set before its first deploy.
    let is_used = |known: Project| known.head.is_some() || known.latest.is_some();
    if left_behind.is_none() && client.find_project(&project).await?.is_some_and(is_used) {
        return Err(taken(&project, "something else, which was not deployed from this folder"));
    }
    Ok(Identity { project, link: left_behind })
}

/// The name that a folder gives its project.
pub(crate) fn folder_slug(root: &Path, bytes_max: usize) -> Result<String, ClientError> {
    let name = root.file_name().map(|name| slug(&name.to_string_lossy(), bytes_max)).unwrap_or_default();
    if name.is_empty() {
        let what = format!("`{}` gives no name for a project", root.display());
        return Err(ClientError::new(Code::INVALID_PROJECT, what).hint(NAME_IT));
    }
    Ok(name)
}

/// The user's project of this name.
fn named_project(user: &str, name: &str) -> Result<ProjectId, ClientError> {
    ProjectId::new(user, name).map_err(|error| {
        let usable = slug(name, ProjectId::MAX_BYTES.saturating_sub(user.len() + 1));
        let hint = match &error {
            InvalidProjectId::Malformed { .. } | InvalidProjectId::TooLong { .. } if !usable.is_empty() => {
                format!("use `{usable}`")
            }
            _ => NAME_IT.to_owned(),
        };
        ClientError::new(Code::INVALID_PROJECT, format!("`{name}` is no name for a project: {error}"))
            .hint(hint)
            .because(error)
    })
}

fn is_called(project: &ProjectId, text: &str) -> bool {
    project.as_str() == text || project.name() == text
}

fn taken(project: &ProjectId, by: &str) -> ClientError {
    let what = format!("the project `{}` already belongs to {by}", project.name());
    ClientError::new(Code::PROJECT_TAKEN, what).hint(format!(
        "give this folder a project name of its own (`name` in backend-im.yml or the project argument), or name \
         `{}` as the project to deploy this folder into it",
        project.name()
    ))
}

const NAME_IT: &str =
    "set `name` in backend-im.yml, or give the project's name: lower-case letters, digits and hyphens";
