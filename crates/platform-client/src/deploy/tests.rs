use std::fs;
use std::sync::Mutex;

use build_plan::toolchain::{Lacking, Shortage};

use super::*;
use crate::PlanOptions;
use crate::testing::{Platform, Server, folder, write};

struct Fixture {
    platform: Platform,
    server: Server,
    state: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let platform = Platform::default();
        let server = platform.start().await;
        Self { platform, server, state: tempfile::tempdir().unwrap() }
    }

    fn backend(&self) -> Backend {
        self.server.backend(self.state.path())
    }

    async fn deploy(&self, path: &Path) -> Result<Deployed, ClientError> {
        let options = DeployOptions { path: path.to_owned(), ..DeployOptions::default() };
        self.backend().deploy(options, &|_| {}).await
    }

    async fn deploy_as(&self, path: &Path, project: &str) -> Result<Deployed, ClientError> {
        let project = Some(project.to_owned());
        let options = DeployOptions { path: path.to_owned(), project, ..DeployOptions::default() };
        self.backend().deploy(options, &|_| {}).await
    }
}

/// A folder of this name with these files.
fn named(name: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let outer = folder(&[]);
    let path = outer.path().join(name);
    fs::create_dir(&path).unwrap();
    for (file, text) in files {
        write(&path, file, text);
    }
    (outer, path)
}

/// What a platform without Go says.
fn no_go() -> Lacking {
    let missing = Shortfall {
        name: "go".to_owned(),
        shortage: Shortage::Missing,
        needed: "Go 1.24 or newer".to_owned(),
        found: None,
        why: "go.mod: go 1.24".to_owned(),
        install: "apt install -y golang-go".to_owned(),
        note: None,
        blocks: true,
    };
    Lacking { missing: vec![missing] }
}

/// The same where the plan may come true without it.
fn no_go_needed() -> Lacking {
    let may_do = |missing| Shortfall { blocks: false, ..missing };
    Lacking { missing: no_go().missing.into_iter().map(may_do).collect() }
}

const GO: &[(&str, &str)] = &[
    ("go.mod", "module a.b/c\n\ngo 1.24\n"),
    ("main.go", "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":1\", nil) }\n"),
];

#[tokio::test]
async fn what_the_platform_lacks_is_said_before_anything_is_sent() {
    let it = Fixture::new().await;
    let (_outer, app) = named("app", GO);
    it.platform.store().lacking = no_go();
    let error = it.deploy(&app).await.unwrap_err();
    assert_eq!(error.code, Code::MISSING_TOOL);
    assert!(error.message.contains("Go 1.24 or newer"), "{}", error.message);
    assert!(error.hint.unwrap().contains("apt install -y golang-go"));
    let store = it.platform.store();
    assert!(store.deploys.is_empty() && store.blobs.is_empty() && store.heads.is_empty());
    assert_eq!(store.asked[0].needs[0].name, "go");
}

#[tokio::test]
async fn the_platform_is_asked_again_only_when_something_else_is_needed() {
    let it = Fixture::new().await;
    let (_outer, app) = named("app", GO);
    it.platform.store().lacking = no_go_needed();
    let first = it.deploy(&app).await.unwrap();
    assert_eq!(first.plan.missing.len(), 1, "what may be done without is told");
    let asked = || it.platform.store().asked.len();
    assert_eq!(asked(), 1);
    write(
        &app,
        "main.go",
        "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\":2\", nil) }\n",
    );
    it.deploy(&app).await.unwrap();
    assert_eq!(asked(), 1, "a changed line needs nothing new");
    write(&app, "go.mod", "module a.b/c\n\ngo 1.25\n");
    it.deploy(&app).await.unwrap();
    assert_eq!(asked(), 2);
    let (_outer, page) = named("page", &[("index.html", "one")]);
    it.deploy(&page).await.unwrap();
    assert_eq!(asked(), 2, "a page needs nothing");
}

#[tokio::test]
async fn a_plan_looks_where_it_is_given_eyes() {
    let it = Fixture::new().await;
    let (_outer, app) = named("app", GO);
    let options = PlanOptions { path: app, ..PlanOptions::default() };
    let blind = it.backend().plan(options.clone()).await.unwrap();
    assert!(blind.report.missing.is_empty());
    let backend = it.backend().looking_with(Arc::new(|needs| {
        Box::pin(async move { (needs[0].name == "go").then(|| no_go().missing) })
    }));
    assert_eq!(backend.plan(options).await.unwrap().report.missing, no_go().missing);
    assert!(it.platform.store().asked.is_empty(), "the platform is not looked for");
}

#[tokio::test]
async fn the_first_deploy_sends_everything_once_and_the_next_only_what_changed() {
    let it = Fixture::new().await;
    let (_outer, app) =
        named("My App", &[("index.html", "one"), ("copy.html", "one"), ("a/b.css", "body {}")]);
    std::os::unix::fs::symlink("index.html", app.join("link.html")).unwrap();
    let seen = Mutex::new(Vec::new());
    let options = DeployOptions { path: app.clone(), ..DeployOptions::default() };
    let first = it.backend().deploy(options, &|progress| seen.lock().unwrap().push(progress)).await.unwrap();
    assert_eq!(first.accepted.project_id.as_str(), "me-my-app");
    assert_eq!((first.upload.files, first.upload.sent_files), (4, 3), "equal contents travel once");
    assert_eq!(it.platform.texts("me-my-app")["link.html"], "index.html");
    let seen = seen.into_inner().unwrap();
    assert_eq!(seen[..3], [Progress::Reading, Progress::Planned, Progress::Creating]);
    assert!(seen.contains(&Progress::Uploading { sent_bytes: 20, total_bytes: 20 }), "{seen:?}");

    write(&app, "index.html", "two");
    write(&app, "new.txt", "new");
    fs::remove_file(app.join("a/b.css")).unwrap();
    it.platform.store().deploys.clear();
    let second = it.deploy(&app).await.unwrap();
    assert_eq!((second.upload.sent_files, second.upload.sent_bytes), (2, 6));
    assert_eq!(it.platform.store().uploads.len(), 1, "no stream for small changes");
    let (request, _, _) = it.platform.store().deploys.remove(0);
    assert_eq!(request.base.as_ref(), Some(&first.accepted.commit_hash));
    assert_eq!(request.last_equal, Some(first.accepted.commit_hash));
    assert!(request.manifest.is_none());
    let texts = it.platform.texts("me-my-app");
    assert_eq!((texts["index.html"].as_str(), texts["new.txt"].as_str()), ("two", "new"));
    assert!(!texts.contains_key("a/b.css"));
}

#[tokio::test]
async fn large_changes_go_as_a_stream_and_the_delta_stays_a_delta() {
    let it = Fixture::new().await;
    let (_outer, app) = named("app", &[("index.html", "one")]);
    it.deploy(&app).await.unwrap();
    let large = "x".repeat(300_000);
    write(&app, "large.txt", &large);
    it.platform.store().deploys.clear();
    it.platform.store().uploads.clear();
    let deployed = it.deploy(&app).await.unwrap();
    assert_eq!((deployed.upload.sent_files, deployed.upload.sent_bytes), (1, 300_000));
    assert_eq!(it.platform.texts("me-app")["large.txt"], large);
    let store = it.platform.store();
    assert_eq!((store.deploys.len(), store.uploads.len()), (2, 1));
    assert!(store.deploys.iter().all(|(request, _, _)| request.manifest.is_none()));
    assert_eq!(store.deploys[0].2, store.deploys[1].2, "the same request under the same key");
}

#[tokio::test]
async fn a_platform_that_forgot_the_base_gets_everything_again() {
    let it = Fixture::new().await;
    let (_outer, app) = named("app", &[("index.html", "one")]);
    it.deploy(&app).await.unwrap();
    {
        let mut store = it.platform.store();
        store.commits.clear();
        store.blobs.clear();
        store.deploys.clear();
    }
    write(&app, "index.html", "two");
    it.deploy(&app).await.unwrap();
    assert_eq!(it.platform.texts("me-app")["index.html"], "two");
    let store = it.platform.store();
    let kinds: Vec<_> = store.deploys.iter().map(|(request, _, _)| request.manifest.is_some()).collect();
    assert_eq!(kinds, [false, true, true]);
    assert_ne!(store.deploys[0].2, store.deploys[1].2, "another request under another key");
}

#[tokio::test]
async fn the_platform_of_a_lost_connection_is_looked_for_again() {
    let it = Fixture::new().await;
    let (_outer, app) = named("app", &[("index.html", "one")]);
    let gone = Server::start(axum::Router::new()).await;
    let clients = Arc::new(Mutex::new(vec![it.server.client(), gone.client()]));
    drop(gone);
    let left = Arc::clone(&clients);
    let connect = move || {
        let client = left.lock().unwrap().pop().unwrap();
        Box::pin(async move { Ok(client) }) as futures_util::future::BoxFuture<'static, _>
    };
    let backend = Backend::new(Arc::new(connect), it.state.path().to_owned());
    let options = DeployOptions { path: app, ..DeployOptions::default() };
    backend.deploy(options, &|_| {}).await.unwrap();
    assert!(clients.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_slug_that_is_taken_is_refused_and_a_name_is_not() {
    let it = Fixture::new().await;
    let (_one, first) = named("shop", &[("index.html", "first")]);
    let (_two, second) = named("Shop", &[("index.html", "second")]);
    it.deploy(&first).await.unwrap();
    let error = it.deploy(&second).await.unwrap_err();
    assert_eq!(error.code, Code::PROJECT_TAKEN);
    assert!(error.message.contains(first.to_str().unwrap()), "{error}");
    assert_eq!(it.platform.texts("me-shop")["index.html"], "first");

    let (_three, third) = named("third", &[("index.html", "third"), ("backend-im.yml", "name: shop\n")]);
    it.deploy(&third).await.unwrap();
    assert_eq!(it.platform.texts("me-shop")["index.html"], "third", "a configured name links");
    it.deploy_as(&second, "me-shop").await.unwrap();
    assert_eq!(it.platform.texts("me-shop")["index.html"], "second", "an argument links");
    it.deploy(&second).await.unwrap();
    it.deploy_as(&second, "other").await.unwrap();
    assert_eq!(it.deploy(&second).await.unwrap().accepted.project_id.as_str(), "me-other", "it stays linked");

    it.platform.commit("me-elsewhere", &[("x", "")]);
    let (_four, fourth) = named("elsewhere", &[("index.html", "")]);
    assert_eq!(it.deploy(&fourth).await.unwrap_err().code, Code::PROJECT_TAKEN, "made by nobody here");
}

#[tokio::test]
async fn a_folder_that_moved_takes_its_project_along() {
    let it = Fixture::new().await;
    let (outer, first) = named("shop", &[("index.html", "1")]);
    let deployed = it.deploy(&first).await.unwrap();
    let moved = outer.path().join("moved/shop");
    fs::create_dir(outer.path().join("moved")).unwrap();
    fs::rename(&first, &moved).unwrap();
    it.deploy(&moved).await.unwrap();
    let last_equal = it.platform.store().deploys.last().unwrap().0.last_equal.clone();
    assert_eq!(last_equal, Some(deployed.accepted.commit_hash));
    fs::create_dir(&first).unwrap();
    write(&first, "index.html", "another");
    assert_eq!(it.deploy(&first).await.unwrap_err().code, Code::PROJECT_TAKEN, "the old place gave it up");
}

#[tokio::test]
async fn a_plan_needs_no_platform_and_an_old_one_is_refused() {
    let it = Fixture::new().await;
    let connect =
        || -> futures_util::future::BoxFuture<'static, _> { panic!("planning connects to nothing") };
    let backend = Backend::new(Arc::new(connect), it.state.path().to_owned());
    let (_outer, app) = named("app", &[("index.html", "one"), (".env", "X=1")]);
    let plan = backend.plan(crate::PlanOptions { path: app.clone(), project: None }).await.unwrap();
    assert_eq!((plan.report.project.as_str(), plan.report.ignored[0].path.as_str()), ("app", ".env"));

    write(&app, "index.html", "two");
    let plan_hash = Some(plan.report.plan.plan_hash);
    let options = DeployOptions { path: app, plan_hash, ..DeployOptions::default() };
    assert_eq!(backend.deploy(options, &|_| {}).await.unwrap_err().code, Code::PLAN_CHANGED);

    let (_outer, empty) = named("empty", &[(".env", "X=1")]);
    let error = backend.plan(crate::PlanOptions { path: empty, project: None }).await.unwrap_err();
    assert_eq!(error.code, Code::EMPTY_FOLDER);
    assert!(error.hint.unwrap().contains("`.env`"), "says what it left out");
}

#[test]
fn what_backend_returns_can_move_between_threads() {
    fn check<T: Send>(_: T) {}
    let backend = Backend::new(Arc::new(|| panic!("not called")), PathBuf::new());
    check(backend.deploy(DeployOptions::default(), &|_| {}));
    check(backend.plan(crate::PlanOptions::default()));
    check(backend.generate(crate::GenerateOptions::default()));
    check(backend.pull(crate::PullOptions::default()));
    check(backend.status(&crate::Target::Project(String::new()), std::time::Duration::ZERO));
    check(backend.logs(&crate::Target::Project(String::new()), crate::LogQuery::default()));
    check(backend.projects(None));
    check(backend.project(""));
    check(backend.deployments("", None));
    check(backend.rollback("", None));
    check(backend.delete(""));
    check(backend.client());
}
