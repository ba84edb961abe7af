//! The Dockerfiles that come of the projects' plans.

mod fixtures;

use std::fs;
use std::path::Path;

use build_plan::{Image, Plan, image, plan};
use fixtures::{folder, listing, projects};

fn imaged(root: &Path) -> Option<(Plan, Image)> {
    let listing = listing(root);
    let read = |path: &str| fs::read(root.join(path)).ok();
    let mut plan = plan(&listing, &read).ok()?;
    plan.plan_hash = "0123456789abcdef".to_owned();
    let image = image(&plan, &listing, &read, &[]);
    Some((plan, image))
}

#[test]
fn dump() {
    let Ok(to) = std::env::var("IMAGE_DUMP") else { return };
    for name in projects() {
        if let Some((_, image)) = imaged(&folder().join(&name)) {
            let to = Path::new(&to).join(&name);
            fs::create_dir_all(&to).unwrap();
            fs::write(to.join("Dockerfile"), image.dockerfile).unwrap();
            fs::write(to.join(".dockerignore"), image.dockerignore).unwrap();
            if !image.warnings.is_empty() { fs::write(to.join("warnings"), image.warnings.join("\n")).unwrap(); }
        }
    }
}
