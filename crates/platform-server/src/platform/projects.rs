//! Projects: the list, the history, the source of any commit, the end.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use platform_api::{
    BlobId, Code, DeletedProject, Deployment, DeploymentId, FileContent, FilePath, Page, PlanRequest,
    Project, ProjectFiles, ProjectId, ShortCommit,
};

use super::{Platform, Refusal, content};
use crate::deployment::remove_tree;
use crate::source::Repository;
use crate::store::ProjectRow;

/// How many items a page has.
const PAGE: usize = 50;

/// Which files of a commit come with their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WithContent {
    None,
    All,
    One(FilePath),
}

impl Platform {
    /// One page of projects, newest first.
    pub(crate) fn projects(&self, cursor: Option<&str>) -> Result<Page<Project>, Refusal> {
        let offset: usize = match cursor {
            None => 0,
            Some(text) => text.parse().map_err(|_| bad_cursor())?,
        };
        let rows = self.0.site.store.projects(offset, PAGE + 1)?;
        let more = rows.len() > PAGE;
        let items = rows.iter().take(PAGE).map(|row| self.project_view(row)).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: more.then(|| (offset + PAGE).to_string()) })
    }

    /// The project.
    pub(crate) fn project(&self, id: &ProjectId) -> Result<Project, Refusal> {
        self.project_view(&self.known(id)?)
    }

    /// One page of the project's deployments, newest first.
    pub(crate) fn deployments(
        &self,
        id: &ProjectId,
        cursor: Option<&str>,
    ) -> Result<Page<Deployment>, Refusal> {
        self.known(id)?;
        let before: Option<DeploymentId> =
            cursor.map(|text| text.parse().map_err(|_| bad_cursor())).transpose()?;
        let rows = self.0.site.store.deployments(id, before, PAGE + 1)?;
        let more = rows.len() > PAGE;
        let items: Vec<Deployment> =
            rows.iter().take(PAGE).map(|row| self.overview(row)).collect::<Result<_, _>>()?;
        let next_cursor = items.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(Page { items, next_cursor })
    }

    /// The source of a commit, by default of the newest.
    pub(crate) async fn files(
        &self,
        id: &ProjectId,
        commit: Option<ShortCommit>,
        with: WithContent,
    ) -> Result<ProjectFiles, Refusal> {
        let row = self.known(id)?;
        let (dir, id) = (self.0.site.repository_dir(id), id.clone());
        super::blocking(move || {
            let repository = Repository::open(&dir)?;
            let commit = match commit {
                Some(short) => {
                    repository.resolve(&short).ok_or_else(|| Refusal::not_found("commit", &short))?
                }
                None => row.tip.ok_or_else(|| Refusal::not_found("commit of project", &id))?,
            };
            let mut files = Vec::new();
            for entry in repository.entries(&commit)? {
                let wanted = match &with {
                    WithContent::None => false,
                    WithContent::All => true,
                    WithContent::One(path) if *path == entry.path => true,
                    WithContent::One(_) => continue,
                };
                let content = wanted.then(|| repository.read_blob(&entry.oid)).transpose()?;
                files.push(FileContent {
                    path: entry.path,
                    mode: entry.mode,
                    size: entry.size,
                    oid: entry.oid,
                    content: content.map(|bytes| STANDARD.encode(bytes)),
                });
            }
            Ok(ProjectFiles { project_id: id, commit_hash: commit.short(), files })
        })
        .await
    }

    /// Takes blobs that a manifest will name. They belong to this project alone.
    pub(crate) async fn put_blobs(
        &self,
        id: &ProjectId,
        blobs: Vec<(BlobId, Vec<u8>)>,
    ) -> Result<(), Refusal> {
        let dir = self.0.site.repository_dir(id);
        super::blocking(move || Ok(Repository::open_or_init(&dir)?.put_blobs(blobs)?)).await
    }

    /// Ends and forgets the project: instances, releases, repository, data and history.
    pub(crate) async fn delete_project(&self, id: &ProjectId) -> Result<DeletedProject, Refusal> {
        let gate = self.gate(id);
        let _line = gate.lock().await;
        self.known(id)?;
        self.0.drivers.delete(id).await;
        let mut deployments = Vec::new();
        let mut before = None;
        loop {
            let rows = self.0.site.store.deployments(id, before, PAGE)?;
            before = rows.last().map(|row| row.id);
            deployments.extend(rows.iter().map(|row| row.id));
            if rows.len() < PAGE {
                break;
            }
        }
        self.0.site.store.delete_project(id.clone()).await?;
        self.0.tips.forget(id);
        self.0.site.secrets.forget(id);
        self.0.site.secret_requests.forget(id);
        self.discard_files(id, &deployments);
        Ok(DeletedProject { project_id: id.clone() })
    }

    /// Moves the project's files out of the way at once and removes them in the background.
    fn discard_files(&self, id: &ProjectId, deployments: &[DeploymentId]) {
        let home = &self.0.site.home;
        let trash = home.join("trash").join(crate::clock::new_deployment().to_string());
        let mut doomed: Vec<_> =
            deployments.iter().map(|id| home.join("logs").join(id.to_string())).collect();
        let dir = self.0.site.project_dir(id);
        let moved = std::fs::create_dir_all(home.join("trash")).and_then(|()| std::fs::rename(&dir, &trash));
        doomed.push(if moved.is_ok() { trash } else { dir });
        self.0.site.background.spawn_blocking(move || {
            for dir in doomed {
                if let Err(error) = remove_tree(&dir) {
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(error, "could not remove files of a deleted project");
                }
            }
        });
    }

    pub(super) fn known(&self, id: &ProjectId) -> Result<ProjectRow, Refusal> {
        self.0.site.store.project(id)?.ok_or_else(|| {
            Refusal::not_found("project", id).hint("List the projects to see which there are.")
        })
    }

    fn project_view(&self, row: &ProjectRow) -> Result<Project, Refusal> {
        let store = &self.0.site.store;
        let live = row.live.map(|id| store.deployment(id)).transpose()?.flatten();
        let redactor = self.0.site.secrets.redaction(&row.id).now();
        let shown = |(name, value): (&String, &String)| (name.clone(), redactor.text(value).into_owned());
        let env = row.env.iter().map(shown).collect();
        let latest = store.latest(&row.id)?.map(|latest| self.overview(&latest)).transpose()?;
        Ok(Project {
            id: row.id.clone(),
            name: row.id.name().to_owned(),
            created_ms: row.created_ms,
            head: row.tip.as_ref().map(platform_api::CommitHash::short),
            live: row.live,
            live_commit: live.as_ref().map(|live| live.commit.short()),
            url: live.as_ref().map(|_| self.0.site.gateway.url(&row.id)),
            direct_url: live.as_ref().and_then(|_| self.0.site.gateway.direct_url(&row.id)),
            env,
            latest: latest.map(Box::new),
        })
    }
}

/// Plans without deploying; refuses with the ids of the files that detection asks for and did not get.
pub(crate) fn plan(request: &PlanRequest) -> Result<build_plan::Plan, Refusal> {
    let mut given: BTreeMap<BlobId, Vec<u8>> = BTreeMap::new();
    for entry in &request.manifest {
        if let Some(text) = request.files.get(&entry.path) {
            let bytes = STANDARD.decode(text);
            let bytes = bytes.map_err(|_| Refusal::malformed(format!("`{}` is not base64", entry.path)))?;
            given.insert(entry.oid, bytes);
        }
    }
    let asked = std::cell::RefCell::new(Vec::new());
    let read = |id: &BlobId| {
        let found = given.get(id).cloned();
        if found.is_none() {
            asked.borrow_mut().push(*id);
        }
        found
    };
    let planned = content::plan(&request.manifest, &read);
    let missing = asked.into_inner();
    if missing.is_empty() {
        return planned;
    }
    let refusal = Refusal::new(Code::MISSING_BLOBS, format!("planning needs {} more files", missing.len()))
        .hint("Repeat the call with the files of these ids in `files`.");
    Err(Refusal { missing, ..refusal })
}

fn bad_cursor() -> Refusal {
    Refusal::malformed("this is no cursor of this list")
        .hint("Pass `nextCursor` of the page before, unchanged.")
}
