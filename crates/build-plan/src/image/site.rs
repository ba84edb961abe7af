//! Sites: whatever makes the pages in the first stage, and a web server for files in the last.

use super::base::{self, Pair};
use super::recipe::{Installation, Recipe, Step, Taken};
use super::subject::Subject;
use super::{deno, node, python, ruby};
use crate::InstallMethod;

/// The web server's own user.
const USER: &str = "101";
const TEMPLATES: &str = "/etc/nginx/templates";
/// Generators that Debian does not have, with an image that does and where in it.
const ZOLA: (&str, &str) = ("ghcr.io/getzola/zola:v0.19.2", "/bin/zola");
const MDBOOK: &str = "cargo install mdbook --version 0.4.52 --locked --root /usr/local";

/// The stage that makes the pages.
pub(super) fn recipe(subject: &Subject<'_>) -> Recipe {
    let plan = subject.plan;
    let method = plan.install.as_ref().map(|install| install.method);
    let manager = plan.package_manager.as_ref().map(|manager| manager.name.as_str()).unwrap_or_default();
    match (method, manager) {
        (Some(InstallMethod::Deno), _) => deno::recipe(subject),
        (_, "bundler") => ruby::recipe(subject),
        (Some(InstallMethod::Command), "pip") => generated_by_python(subject),
        (_, "pip" | "uv" | "poetry" | "pdm" | "pipenv") => python::recipe(subject),
        (Some(_), _) | (None, "npm" | "pnpm" | "yarn" | "bun") => node::recipe(subject),
        (None, _) => generated(subject),
    }
}

/// Pages of a generator that makes an environment of its own among the project's files.
fn generated_by_python(subject: &Subject<'_>) -> Recipe {
    let mut recipe = Recipe::new(base::python(None));
    if let Some(install) = &subject.plan.install {
        let steps = vec![Step::run(&["/root/.cache/pip"], install.command.clone())];
        let inputs = subject.inputs(install, &[]);
        recipe.installation = if inputs.is_empty() {
            Installation { after: steps, ..Installation::default() }
        } else {
            Installation { inputs, before: steps, after: Vec::new() }
        };
    }
    recipe.build.extend(subject.plan.build.iter().map(|text| Step::run(&[], text.clone())));
    recipe
}

/// Pages of a generator that is a program of its own, or that lie there ready.
fn generated(subject: &Subject<'_>) -> Recipe {
    let needs = |name: &str| subject.plan.system_packages.iter().any(|package| package.name == name);
    let debian = || Pair { build: base::DEBIAN.to_owned(), run: base::NGINX.to_owned(), warning: None };
    let mut recipe = if needs("mdbook") {
        let mut recipe = Recipe::new(base::rust(None, base::Pin::Minimum));
        recipe.tools.push(Step::run(&["/usr/local/cargo/registry"], MDBOOK));
        recipe
    } else {
        Recipe::new(debian())
    };
    if needs("zola") {
        recipe.tools.push(Step::copy(ZOLA.0, ZOLA.1, "/usr/local/bin/"));
    }
    recipe.build.extend(subject.plan.build.iter().map(|text| Step::run(&[], text.clone())));
    recipe
}

/// Makes the last stage a web server for this folder.
pub(super) fn serve(subject: &Subject<'_>, folder: &str, recipe: &mut Recipe) {
    base::NGINX.clone_into(&mut recipe.images.run);
    recipe.user = Some(USER);
    recipe.taken = Taken::Site { folder: folder.to_owned() };
    let template = format!("{TEMPLATES}/default.conf.template");
    let write = format!("printf '%s\\n' \\\n{} \\\n        > {template}", settings(subject));
    let commands = vec![format!("mkdir -p {TEMPLATES}"), write];
    // The web server expands what stands in these quotes, and not the shell.
    recipe.last = vec![Step::Unlike("SC2016"), Step::Run { caches: Vec::new(), commands }];
}

/// The server's settings, as lines for `printf`. The image puts `$PORT` in when it starts.
fn settings(subject: &Subject<'_>) -> String {
    let otherwise = if subject.plan.single_page { "/index.html" } else { "=404" };
    let lines = [
        "server {",
        "    listen ${PORT};",
        "    root /srv;",
        "    absolute_redirect off;",
        "    error_page 404 /404.html;",
        &format!("    location / {{ try_files $uri $uri/ $uri.html {otherwise}; }}"),
        r"    location ~ /\.(?!well-known/) { return 404; }",
        "}",
    ];
    lines.map(|line| format!("        '{line}'")).join(" \\\n")
}
