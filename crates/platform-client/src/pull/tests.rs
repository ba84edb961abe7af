use std::fs;
use std::path::Path;

use super::*;
use crate::testing::{Platform, Server, folder, write};

async fn pull(server: &Server, state: &Path, path: &Path) -> Result<Pulled, ClientError> {
    let project = Some("app".to_owned());
    server.backend(state).pull(PullOptions { path: path.to_owned(), project, commit: None }).await
}

fn texts(paths: &[FilePath]) -> Vec<&str> {
    paths.iter().map(FilePath::as_str).collect()
}

#[tokio::test]
async fn a_pull_takes_what_changed_there_and_keeps_what_changed_here() {
    let platform = Platform::default();
    let server = platform.start().await;
    let (state, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("new");
    let original =
        [("a.txt", "a"), ("b.txt", "b"), ("public/index.html", "d"), ("gone.txt", "g"), ("dropped.txt", "x")];
    platform.commit("me-app", &original);
    let first = pull(&server, state.path(), &path).await.unwrap();
    assert_eq!(first.written.len(), 5);

    write(&path, "b.txt", "changed here");
    write(&path, "mine.txt", "only here");
    fs::remove_file(path.join("dropped.txt")).unwrap();
    let there = [
        ("a.txt", "changed there"),
        ("b.txt", "b"),
        ("public/index.html", "d"),
        ("new.txt", "n"),
        ("dropped.txt", "x"),
    ];
    let commit = platform.commit("me-app", &there);
    let second = pull(&server, state.path(), &path).await.unwrap();
    assert_eq!(second.commit_hash, commit);
    assert_eq!(texts(&second.written), ["a.txt", "new.txt"]);
    assert_eq!(texts(&second.deleted), ["gone.txt"]);
    assert_eq!(texts(&second.kept), ["b.txt", "dropped.txt"]);
    assert_eq!(second.unchanged, 1);
    assert_eq!(fs::read_to_string(path.join("a.txt")).unwrap(), "changed there");
    assert_eq!(fs::read_to_string(path.join("b.txt")).unwrap(), "changed here");
    assert!(path.join("mine.txt").exists() && !path.join("gone.txt").exists());

    let options = crate::DeployOptions { path, ..crate::DeployOptions::default() };
    let deployed = server.backend(state.path()).deploy(options, &|_| {}).await.unwrap();
    assert_eq!(deployed.upload.sent_files, 2, "a pull is what the next delta starts from");
    assert_eq!(platform.store().deploys[0].0.last_equal, Some(commit));
    assert_eq!(platform.texts("me-app").len(), 5);
}

#[tokio::test]
async fn a_file_that_changed_on_both_sides_stops_the_pull_before_anything_is_written() {
    let platform = Platform::default();
    let server = platform.start().await;
    let state = tempfile::tempdir().unwrap();
    let folder = folder(&[("a.txt", "stranger")]);
    platform.commit("me-app", &[("a.txt", "a"), ("z.txt", "z")]);
    let error = pull(&server, state.path(), folder.path()).await.unwrap_err();
    assert_eq!((error.code, texts(&error.changed)), (Code::WOULD_OVERWRITE, vec!["a.txt"]));
    assert!(!folder.path().join("z.txt").exists());

    write(folder.path(), "a.txt", "a");
    pull(&server, state.path(), folder.path()).await.unwrap();
    platform.commit("me-app", &[("a.txt", "there")]);
    write(folder.path(), "a.txt", "here");
    write(folder.path(), "z.txt", "here as well");
    let error = pull(&server, state.path(), folder.path()).await.unwrap_err();
    assert_eq!(texts(&error.changed), ["a.txt", "z.txt"], "also what was deleted there");
    assert_eq!(fs::read_to_string(folder.path().join("a.txt")).unwrap(), "here");
}
