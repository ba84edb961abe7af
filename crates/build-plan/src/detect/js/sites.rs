//! Angular, whose workspace file says what it builds and where to.

use serde_json::Value;

use super::frameworks::{pages, server, text_at};
use super::{Js, jsonc};
use crate::draft::Draft;

/// Looks for an Angular application.
pub(super) fn angular(js: &Js<'_>) -> Option<Draft> {
    (js.package.uses("@angular/core") && js.project.has("angular.json")).then_some(())?;
    let config = jsonc::parse(&js.project.manifest("angular.json").ok()??)?;
    let (name, project) = application(&config)?;
    let build = project.get("architect").or(project.get("targets"))?.get("build")?;
    let options = &build["options"];
    let base = match &options["outputPath"] {
        Value::String(path) => path.clone(),
        path => path["base"].as_str().map_or_else(|| format!("dist/{name}"), str::to_owned),
    };
    let base = base.trim_start_matches("./").trim_end_matches('/').to_owned();
    if makes_server(options) {
        let file = crate::shell::word(&format!("{base}/server/server.mjs"));
        let mut draft = server(js, "angular", "@angular/core", ("ng build", &format!("node {file}")));
        // It renders nothing for hosts that it does not know, and nothing behind a proxy that it does not trust. Here the
        // gateway decides which hosts reach it, and lets no client write these headers.
        draft.set_env("NG_ALLOWED_HOSTS", "*");
        draft.set_env("NG_TRUST_PROXY_HEADERS", "x-forwarded-for,x-forwarded-host,x-forwarded-proto");
        return Some(draft);
    }
    // The newer builder puts what browsers get into a folder of its own.
    let is_new = text_at(build, &["builder"]).is_some_and(|builder| builder.ends_with(":application"));
    let browser = text_at(&options["outputPath"], &["browser"]).unwrap_or("browser");
    let root = if is_new && !browser.is_empty() { format!("{base}/{browser}") } else { base };
    let mut draft = pages(js, "angular", "@angular/core", "ng build");
    draft.set_static_root(&root, "angular.json: outputPath");
    draft.set_single_page(Js::dependency("@angular/core"));
    draft.keep("angular", &[".angular/cache"]);
    Some(draft)
}

/// Whether the build makes a server, and does not only render every page once.
fn makes_server(options: &Value) -> bool {
    let renders = options.get("ssr").is_some_and(|ssr| ssr.is_object() || ssr.as_bool() == Some(true));
    renders && text_at(options, &["outputMode"]) != Some("static")
}

/// The default project, or the first one that is an application.
fn application(config: &Value) -> Option<(&str, &Value)> {
    let projects = config["projects"].as_object()?;
    if let Some((name, project)) =
        config["defaultProject"].as_str().and_then(|name| projects.get_key_value(name))
    {
        return Some((name, project));
    }
    let is_app = |project: &Value| project["projectType"].as_str() != Some("library");
    projects.iter().find(|(_, project)| is_app(project)).map(|(name, project)| (name.as_str(), project))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_rendered_once_need_no_server() {
        for (options, makes) in [
            (serde_json::json!({"ssr": {"entry": "src/server.ts"}, "outputMode": "server"}), true),
            (serde_json::json!({"ssr": true}), true),
            (serde_json::json!({"ssr": {"entry": "src/server.ts"}, "outputMode": "static"}), false),
            (serde_json::json!({"ssr": false}), false),
            (serde_json::json!({}), false),
        ] {
            assert_eq!(makes_server(&options), makes, "{options}");
        }
    }
}
