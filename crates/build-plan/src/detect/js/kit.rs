//! `SvelteKit` and Astro, whose adapters decide what a build makes.

use super::{Js, frameworks};
use crate::PlanError;
use crate::draft::Draft;

/// Adapters that make something for one provider alone.
const FOREIGN: &[(&str, &str)] = &[
    ("@sveltejs/adapter-vercel", "Vercel"),
    ("@sveltejs/adapter-netlify", "Netlify"),
    ("@sveltejs/adapter-cloudflare", "Cloudflare"),
    ("@sveltejs/adapter-cloudflare-workers", "Cloudflare"),
    ("svelte-adapter-appengine", "App Engine"),
];

/// Looks for `SvelteKit`.
///
/// # Errors
/// [`PlanError::Unrecognised`] when its adapter makes something that runs nowhere but at one provider.
pub(super) fn svelte(js: &Js<'_>) -> Result<Option<Draft>, PlanError> {
    if !js.package.uses("@sveltejs/kit") {
        return Ok(None);
    }
    let (path, config) = js.config("svelte.config").unwrap_or(("svelte.config.js".to_owned(), String::new()));
    let imports = |package: &str| {
        config.contains(&format!("'{package}'")) || config.contains(&format!("\"{package}\""))
    };
    if imports("@sveltejs/adapter-static") {
        let mut draft = frameworks::pages(js, "sveltekit", "@sveltejs/kit", "vite build");
        let root = frameworks::literal(&config, "pages").unwrap_or_else(|| "build".to_owned());
        draft.set_static_root(&root, format!("{path}: adapter-static"));
        if frameworks::literal(&config, "fallback").is_some_and(|page| page == "index.html") {
            draft.set_single_page(format!("{path}: fallback"));
        }
        return Ok(Some(draft));
    }
    if let Some((package, provider)) = FOREIGN.iter().find(|(package, _)| imports(package)) {
        return Err(foreign(&path, package, provider, "@sveltejs/adapter-node"));
    }
    let mut draft = frameworks::server(js, "sveltekit", "@sveltejs/kit", ("vite build", "node build"));
    // Behind the gateway only these headers say under which address the app is asked.
    draft.set_env("PROTOCOL_HEADER", "x-forwarded-proto");
    draft.set_env("HOST_HEADER", "x-forwarded-host");
    if imports("@sveltejs/adapter-node") {
        let out = frameworks::literal(&config, "out").unwrap_or_else(|| "build".to_owned());
        draft.set_start(
            js.chosen.exec(&format!("node {}", crate::shell::word(&out))),
            format!("{path}: adapter-node"),
        );
    } else {
        // `adapter-auto` makes a server of Node where this variable says that one is wanted.
        let build = draft.build.clone().unwrap_or_default();
        draft.set_build(format!("GCP_BUILDPACKS=1 {build}"), format!("{path}: adapter-auto"));
        draft.extra.push("@sveltejs/adapter-node@5".to_owned());
    }
    Ok(Some(draft))
}

/// Looks for Astro.
///
/// # Errors
/// As for `SvelteKit`.
pub(super) fn astro(js: &Js<'_>) -> Result<Option<Draft>, PlanError> {
    if !js.package.uses("astro") {
        return Ok(None);
    }
    let (path, config) = js.config("astro.config").unwrap_or(("astro.config.mjs".to_owned(), String::new()));
    if config.contains("@astrojs/node") {
        let start = "node ./dist/server/entry.mjs";
        let mut draft = frameworks::server(js, "astro", "astro", ("astro build", start));
        if config.contains("'middleware'") || config.contains("\"middleware\"") {
            draft.warn(format!(
                "{path}: the adapter's mode is `middleware`, which needs a server of the project's own"
            ));
        }
        return Ok(Some(draft));
    }
    let adapters = [
        ("@astrojs/vercel", "Vercel"),
        ("@astrojs/netlify", "Netlify"),
        ("@astrojs/cloudflare", "Cloudflare"),
    ];
    let is_server = frameworks::literal(&config, "output").is_some_and(|output| output != "static");
    if let Some((package, provider)) =
        adapters.iter().find(|(package, _)| is_server && config.contains(package))
    {
        return Err(foreign(&path, package, provider, "@astrojs/node"));
    }
    let mut draft = frameworks::pages(js, "astro", "astro", "astro build");
    let root = frameworks::literal(&config, "outDir").unwrap_or_else(|| "./dist".to_owned());
    draft.set_static_root(root.trim_start_matches("./").trim_end_matches('/'), Js::dependency("astro"));
    Ok(Some(draft))
}

fn foreign(path: &str, package: &str, provider: &str, instead: &str) -> PlanError {
    PlanError::Unrecognised {
        reason: format!("{path} uses `{package}`, and what that makes runs at {provider} alone"),
        hint: format!("install `{instead}` and name it in {path}"),
    }
}
