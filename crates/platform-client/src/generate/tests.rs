use std::fs;

use super::*;
use crate::testing::{Platform, Server, write};

struct Fixture {
    platform: Platform,
    server: Server,
    state: tempfile::TempDir,
    folder: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let platform = Platform::default();
        let server = platform.start().await;
        Self { platform, server, state: tempfile::tempdir().unwrap(), folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    async fn generate(&self, files: &[(&str, &str)], overwrite: Overwrite) -> Result<Generated, ClientError> {
        let files = files.iter().map(|(path, text)| (path.parse().unwrap(), (*text).to_owned()));
        self.platform.store().generated = files.collect();
        let options = GenerateOptions {
            prompt: "users".to_owned(),
            output_dir: self.path(),
            overwrite,
            ..GenerateOptions::default()
        };
        self.server.backend(self.state.path()).generate(options).await
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }
}

#[tokio::test]
async fn generated_files_are_written_and_written_again_until_somebody_changes_them() {
    let it = Fixture::new().await;
    let first = it.generate(&[("main.py", "one"), ("app/models.py", "m")], Overwrite::Never).await.unwrap();
    assert_eq!(first.project.as_str(), "me-users");
    assert_eq!(it.text("app/models.py"), "m");
    it.generate(&[("main.py", "two"), ("app/models.py", "m")], Overwrite::Never).await.unwrap();
    assert_eq!(it.text("main.py"), "two", "nobody had changed it");

    write(&it.path(), "main.py", "mine");
    write(&it.path(), "notes.md", "mine too");
    let next = [("main.py", "three"), ("app/models.py", "m2"), ("notes.md", "n"), ("new.py", "n")];
    let error = it.generate(&next, Overwrite::Never).await.unwrap_err();
    assert_eq!(error.code, Code::WOULD_OVERWRITE);
    let named: Vec<_> = error.changed.iter().map(FilePath::as_str).collect();
    assert_eq!(named, ["main.py", "notes.md"], "all of them");
    assert_eq!((it.text("main.py").as_str(), it.text("app/models.py").as_str()), ("mine", "m"));
    assert!(!it.path().join("new.py").exists(), "nothing was written");
    assert_eq!(it.platform.texts("me-users")["main.py"], "two", "nor committed");

    it.generate(&next, Overwrite::Always).await.unwrap();
    assert_eq!((it.text("main.py").as_str(), it.text("notes.md").as_str()), ("three", "n"));
}

#[tokio::test]
async fn the_same_text_is_in_nobodys_way() {
    let it = Fixture::new().await;
    write(&it.path(), "main.py", "one");
    it.generate(&[("main.py", "one")], Overwrite::Never).await.unwrap();
}

#[tokio::test]
async fn a_generated_folder_is_linked_so_that_it_deploys_into_its_project() {
    let it = Fixture::new().await;
    let generated = it.generate(&[("index.html", "one")], Overwrite::Never).await.unwrap();
    let backend = it.server.backend(it.state.path());
    let options = crate::DeployOptions { path: it.path(), ..crate::DeployOptions::default() };
    let deployed = backend.deploy(options, &|_| {}).await.unwrap();
    assert_eq!(deployed.accepted.project_id, generated.project);
    let request = it.platform.store().deploys.last().unwrap().0.clone();
    assert_eq!(request.last_equal, Some(generated.commit_hash));
    assert_eq!(deployed.upload.sent_files, 0, "the platform has what it wrote");
}

#[tokio::test]
async fn nothing_is_written_through_a_link() {
    let it = Fixture::new().await;
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir(it.path()).unwrap();
    std::os::unix::fs::symlink(outside.path(), it.path().join("app")).unwrap();
    let error = it.generate(&[("app/main.py", "x")], Overwrite::Always).await.unwrap_err();
    assert_eq!(error.code, Code::SYMLINK_ESCAPES);
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
