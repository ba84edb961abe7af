//! Every folder of `tests/projects` is a project as people write them; beside it lies the plan that it must get.
//!
//! After a change for the better, `INSTA_UPDATE=always cargo test -p build-plan --test projects` writes the plans anew:
//! read what changed before committing it.

use std::fs;
use std::path::{Path, PathBuf};

use build_plan::{ListedFile, Listing, plan};
use sha1::{Digest as _, Sha1};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects").canonicalize().expect("the projects")
}

/// The names of the projects.
fn projects() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("a folder").flatten();
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_unstable();
    names
}

/// The files below a folder, as the client would list them.
fn listing(root: &Path) -> Listing {
    let mut files = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else {
                files.push(listed(root, &path));
            }
        }
    }
    Listing::new(files)
}

fn listed(root: &Path, path: &Path) -> ListedFile {
    let content = fs::read(path).expect("a file");
    let mut digest = Sha1::new();
    digest.update(format!("blob {}\0", content.len()));
    digest.update(&content);
    ListedFile {
        path: path.strip_prefix(root).expect("inside").to_str().expect("a text").to_owned(),
        size: content.len() as u64,
        mode: "100644",
        oid: hex::encode(digest.finalize()),
    }
}

/// The plan as `backend-im plan --json` shows it; hashes and sizes say nothing to a reader.
fn shown(root: &Path) -> String {
    let listing = listing(root);
    let shown = match plan(&listing, &|path| fs::read(root.join(path)).ok()) {
        Ok(plan) => {
            let mut shown = serde_json::to_value(&plan).expect("plain JSON");
            shown["plan_hash"] = "…".into();
            for layer in shown["layers"].as_array_mut().into_iter().flatten() {
                layer["key"] = "…".into();
            }
            shown.as_object_mut().expect("a plan").retain(|field, _| field != "files" && field != "bytes");
            shown
        }
        Err(error) => serde_json::json!({
            "code": error.code(), "message": error.to_string(), "hint": error.hint(),
        }),
    };
    serde_json::to_string_pretty(&shown).expect("plain JSON")
}

#[test]
fn every_project_gets_the_plan_beside_it() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in projects() {
            insta::assert_snapshot!(name.as_str(), shown(&folder().join(&name)));
        }
    });
}

#[test]
fn every_plan_has_its_project() {
    let entries = fs::read_dir(folder()).expect("a folder").flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    for plan in names.filter_map(|name| name.strip_suffix(".snap").map(str::to_owned)) {
        assert!(projects().contains(&plan), "{plan}.snap has no folder");
    }
}
