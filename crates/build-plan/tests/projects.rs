//! Every folder of `tests/projects` is a project as people write them; beside it lies the plan that it must get.
//!
//! After a change for the better, `INSTA_UPDATE=always cargo test -p build-plan --test projects` writes the plans anew:
//! read what changed before committing it.

mod fixtures;

use std::fs;
use std::path::Path;

use build_plan::plan;
use fixtures::{folder, listing, projects};

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
