//! The Dockerfiles that come of the projects' plans. `tests/dockerfiles` shows one of each kind; the rules hold for all.
//!
//! After a change for the better, `INSTA_UPDATE=always cargo test -p build-plan --test image` writes them anew.

mod fixtures;
mod rules;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use build_plan::{Image, Plan, Runtime, image, plan};
use fixtures::{folder, listing, projects};

/// One of each runtime and each way to install.
const SHOWN: &[&str] = &[
    "django_cookiecutter",
    "dotnet_web",
    "fastapi_factory_pdm",
    "fastapi_poetry",
    "fastapi_requirements",
    "fastapi_template",
    "fastapi_uv",
    "flask_pipenv",
    "go_cmd_server",
    "hugo",
    "jekyll",
    "js-bun-hono-default-export",
    "js-create-react-app",
    "js-deno-serve",
    "js-express-listens-elsewhere",
    "js-express-typescript-bare",
    "js-hono-node",
    "js-next",
    "js-workspace-one-server",
    "js-yarn-berry-plug-and-play",
    "ktor_gradle",
    "laravel",
    "mkdocs",
    "phoenix",
    "procfile_all_types",
    "rails",
    "rust_axum_workspace",
    "spring_boot_maven",
    "static_docs",
    "uv_workspace_root",
];

/// Projects whose dependencies cannot be installed before their code is there, and why.
const ALL_AT_ONCE: &[(&str, &str)] = &[
    ("pyramid_ini", "the list is made by running the project's own setup"),
    ("flask_setup_cfg", "the list is made by running the project's own setup"),
    ("tornado_in_a_package", "the list is made by running the project's own setup"),
    ("js-nuxt", "what runs after its installation reads the code"),
    ("js-prisma", "Prisma makes its client from a schema"),
    ("js-deno-without-manifest", "what it imports stands in its code"),
];

fn imaged(name: &str) -> Option<(Plan, Image)> {
    let root = folder().join(name);
    let listing = listing(&root);
    let read = |path: &str| fs::read(root.join(path)).ok();
    let mut plan = plan(&listing, &read).ok()?;
    "0123456789abcdef".clone_into(&mut plan.plan_hash);
    let image = image(&plan, &listing, &read, &["certificates/server.pem".to_owned()]);
    Some((plan, image))
}

#[test]
fn every_kind_of_project_gets_the_dockerfile_beside_it() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dockerfiles"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for name in SHOWN {
            let (_, image) = imaged(name).expect("a plan");
            insta::assert_snapshot!(*name, image.dockerfile);
        }
        let (_, image) = imaged("js-next").expect("a plan");
        insta::assert_snapshot!("dockerignore", image.dockerignore);
    });
}

#[test]
fn what_is_shown_is_every_runtime_and_every_way_to_install_that_projects_have() {
    let kinds = |names: &mut dyn Iterator<Item = &str>| -> BTreeSet<String> {
        let plans = names.filter_map(imaged).map(|(plan, _)| plan);
        let words = |plan: Plan| {
            let method = plan.install.map(|install| format!("{:?}", install.method));
            [Some(plan.runtime.name().to_owned()), method]
        };
        plans.flat_map(words).flatten().collect()
    };
    let all = projects();
    assert_eq!(kinds(&mut SHOWN.iter().copied()), kinds(&mut all.iter().map(String::as_str)));
}

#[test]
fn every_dockerfile_keeps_the_rules() {
    let mut broken = Vec::new();
    for name in projects() {
        let Some((plan, image)) = imaged(&name) else { continue };
        let is_apart = !ALL_AT_ONCE.iter().any(|(known, _)| *known == name);
        let order = if is_apart { rules::Order::DependenciesFirst } else { rules::Order::Any };
        broken.extend(
            rules::broken(&plan, &image.dockerfile, order).into_iter().map(|rule| format!("{name}: {rule}")),
        );
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn nothing_secret_is_in_the_image() {
    let (mut plan, _) = imaged("fastapi_uv").expect("a plan");
    for (name, value) in [
        ("DATABASE_URL", "postgres://u:${SECRET:P}@h/d"),
        ("API_TOKEN", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
        ("LEVEL", "info"),
    ] {
        plan.env.insert(name.to_owned(), value.to_owned());
    }
    let root = folder().join("fastapi_uv");
    let image = image(&plan, &listing(&root), &|path| fs::read(root.join(path)).ok(), &[]);
    assert!(image.dockerfile.contains("LEVEL=info"), "{}", image.dockerfile);
    for secret in ["postgres://", "SECRET:", "ghp_"] {
        assert!(!image.dockerfile.contains(secret), "{}", image.dockerfile);
    }
    assert!(
        image.dockerfile.contains("docker run --env API_TOKEN --env DATABASE_URL"),
        "{}",
        image.dockerfile
    );
    assert!(
        image.warnings.iter().any(|warning| warning.starts_with("API_TOKEN, DATABASE_URL")),
        "{:?}",
        image.warnings
    );
}

#[test]
fn a_dockerfile_of_ours_decides_nothing_about_the_next_plan() {
    let root = folder().join("fastapi_requirements");
    let (before, image) = imaged("fastapi_requirements").expect("a plan");
    let mut files: Vec<_> = listing(&root).iter().cloned().collect();
    let mut dockerfile = files[0].clone();
    "Dockerfile".clone_into(&mut dockerfile.path);
    files.push(dockerfile);
    let read = |path: &str| match path {
        "Dockerfile" => Some(image.dockerfile.clone().into_bytes()),
        path => fs::read(root.join(path)).ok(),
    };
    let after = plan(&build_plan::Listing::new(files), &read).expect("a plan");
    assert_eq!(after.evidence, before.evidence);
    assert_eq!(after.system_packages, before.system_packages);
}

#[test]
fn texts_of_the_project_stay_texts() {
    let mut plan = Plan { start: Some("./x".to_owned()), ..Plan::bare(Runtime::Command) };
    plan.framework = Some("x\nRUN reboot".to_owned());
    plan.build = Some("a\nUSER root".to_owned());
    plan.release = Some("b\nUSER root".to_owned());
    plan.env.insert("GREETING".to_owned(), "say \"$HOME\" \\".to_owned());
    plan.health_path = Some("/x' || reboot #".to_owned());
    let image = image(&plan, &build_plan::Listing::default(), &|_| None, &[]);
    let instructions = rules::instructions(&image.dockerfile);
    assert!(
        instructions.iter().all(|(name, rest)| name != "USER" || rest.starts_with("10001")),
        "{instructions:#?}"
    );
    assert!(!image.dockerfile.lines().any(|line| line.starts_with("RUN reboot")), "{}", image.dockerfile);
    assert!(image.dockerfile.contains(r#"GREETING="say \"\$HOME\" \\""#), "{}", image.dockerfile);
    assert!(!image.dockerfile.contains("|| reboot"), "{}", image.dockerfile);
}
