//! Plans of projects as people write them, of which a few words decide.

use crate::{ListedFile, Listing, Plan, PlanError, plan};

fn planned(files: &[(&str, &str)]) -> Result<Plan, PlanError> {
    let listed = files.iter().map(|(path, text)| ListedFile {
        path: (*path).to_owned(),
        size: text.len() as u64,
        mode: "100644",
        oid: "0".repeat(40),
    });
    let read =
        |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_bytes().to_vec());
    plan(&Listing::new(listed.collect()), &read)
}

fn start(files: &[(&str, &str)]) -> String {
    planned(files).unwrap().start.unwrap_or_default()
}

const EXPRESS: &str = "const app = require('express')();\napp.listen(process.env.PORT);\n";

#[test]
fn nuxt_before_its_third_version_has_no_server_of_its_own() {
    let package =
        r#"{"scripts": {"build": "nuxt build"}, "dependencies": {"nuxt": "^1.4.0", "express": "4"}}"#;
    assert_eq!(start(&[("package.json", package)]), "nuxt start --host $HOST --port $PORT");
    let server = "const { Nuxt } = require('nuxt');\nconst app = require('express')();\napp.listen(process.env.PORT);\n";
    assert_eq!(start(&[("package.json", package), ("server/web.js", server)]), "node server/web.js");
    let pages = r#"{"scripts": {"build": "nuxt generate"}, "devDependencies": {"nuxt": "2.15.8"}}"#;
    assert_eq!(planned(&[("package.json", pages)]).unwrap().static_root.as_deref(), Some("dist"));
}

#[test]
fn meteor_is_refused_with_or_without_a_manifest() {
    let old =
        [(".meteor/packages", "blaze"), ("index.html", "<body>"), ("server/a.js", "Meteor.publish('a')")];
    assert!(planned(&old).unwrap_err().to_string().contains("Meteor"));
}

#[test]
fn a_bot_is_refused_although_another_platform_is_told_how_it_starts() {
    let files = [
        ("package.json", r#"{"scripts": {"start": "node bot.js"}, "dependencies": {"discord.js": "14"}}"#),
        ("bot.js", "require('discord.js')"),
        ("fly.toml", "app = \"x\"\n[processes]\napp = \"npm start\"\n"),
    ];
    assert!(planned(&files).unwrap_err().to_string().contains("a bot for Discord"));
}

#[test]
fn the_server_of_deno_may_lie_anywhere() {
    let files = [
        (
            "deno.json",
            r#"{"tasks": {"dev": "deno run --watch main.ts"}, "imports": {"@oak/oak": "jsr:@oak/oak@17"}}"#,
        ),
        (
            "web/start.ts",
            "import { Application } from '@oak/oak';\nnew Application().listen({ port: 6969 });\n",
        ),
        ("go.mod", "module x\n\ngo 1.23\n"),
        ("tool/main.go", "package main\n\nfunc main() {}\n"),
    ];
    assert!(start(&files).ends_with("web/start.ts"), "{}", start(&files));
}

#[test]
fn a_server_that_bun_bundles_is_no_page() {
    let package = r#"{"scripts": {"dev": "vite", "build": "vite build && bun build ./src/web.tsx --outdir ./dist --target bun"},
        "dependencies": {"hono": "4", "react": "18"}, "devDependencies": {"vite": "5"}}"#;
    let server = "import { Hono } from 'hono';\nconst server = new Hono();\nexport default server;\n";
    let files = [("package.json", package), ("bun.lock", "{}"), ("index.html", ""), ("src/web.tsx", server)];
    assert_eq!(start(&files), "bun run dist/web.js");
}

#[test]
fn a_port_is_told_under_the_name_that_is_asked_for() {
    let package = r#"{"scripts": {"start": "node web.js"}, "dependencies": {"express": "4"}}"#;
    let server = "const app = require('express')();\napp.listen(process.env.SERVER_PORT || 4000);\n";
    assert_eq!(start(&[("package.json", package), ("web.js", server)]), "SERVER_PORT=$PORT node web.js");
    assert_eq!(start(&[("package.json", package), ("web.js", EXPRESS)]), "node web.js");
}

#[test]
fn the_base_image_says_which_node() {
    let package = r#"{"scripts": {"start": "node web.js"}, "dependencies": {"express": "4"}}"#;
    let image = "FROM node:22-alpine AS build\nRUN npm ci\nFROM node:22-alpine\nEXPOSE 3000\nCMD [\"node\", \"web.js\"]\n";
    let files = [("package.json", package), ("web.js", EXPRESS), ("Dockerfile", image)];
    let plan = planned(&files).unwrap();
    assert_eq!(plan.version.as_deref(), Some("22"));
    let exact = package.replacen('{', r#"{"engines": {"node": "20"}, "#, 1);
    let files = [("package.json", exact.as_str()), ("web.js", EXPRESS), ("Dockerfile", image)];
    assert_eq!(planned(&files).unwrap().version.as_deref(), Some("20"));
}

#[test]
fn a_build_that_goes_on_to_start_is_cut_short() {
    let package = r#"{"scripts": {"start": "node web.js", "build": "webpack && npm run start"}, "dependencies": {"express": "4"}}"#;
    let plan = planned(&[("package.json", package), ("web.js", EXPRESS)]).unwrap();
    assert_eq!(plan.build.as_deref(), Some("webpack"));
}

#[test]
fn types_of_bun_choose_the_package_manager_where_no_lock_does() {
    let package = r#"{"module": "index.ts", "devDependencies": {"@types/bun": "latest"}}"#;
    let files = [("package.json", package), ("index.ts", "Bun.serve({ fetch: () => new Response('x') });\n")];
    let manager = planned(&files).unwrap().package_manager.unwrap();
    assert_eq!(manager.name, "bun");
}

#[test]
fn the_page_of_a_bundle_is_served_with_it() {
    let package =
        r#"{"scripts": {"build": "webpack"}, "devDependencies": {"webpack": "5", "webpack-cli": "5"}}"#;
    let config = "module.exports = { output: { path: __dirname + '/public/js', filename: 'a.js' } };\n";
    let files = [("package.json", package), ("webpack.config.js", config), ("public/index.html", "")];
    assert_eq!(planned(&files).unwrap().static_root.as_deref(), Some("public"));
}

#[test]
fn json_server_finds_the_folder_that_it_lists() {
    let package = r#"{"scripts": {"start": "npx json-server ./db.json"}, "dependencies": {"json-server": "^1.0.0-beta.3"}}"#;
    let build = |files: &[(&str, &str)]| planned(files).unwrap().build;
    assert_eq!(build(&[("package.json", package), ("db.json", "{}")]).as_deref(), Some("mkdir -p public"));
    assert_eq!(build(&[("package.json", package), ("public/a.html", "")]), None);
    let old = package.replace("^1.0.0-beta.3", "0.17.4");
    assert_eq!(build(&[("package.json", &old), ("db.json", "{}")]), None);
}

#[test]
fn functions_without_anything_else_are_named() {
    let files = [("vercel.json", "{}"), ("api/index.ts", "export default () => new Response('x')\n")];
    assert!(planned(&files).unwrap_err().to_string().contains("`api/index.ts` is a function"));
}

#[test]
fn a_manual_is_built_by_the_script_that_is_called_after_it() {
    let package =
        r#"{"scripts": {"docs:build": "vuepress build manual"}, "devDependencies": {"vuepress": "^2.0.0"}}"#;
    let plan = planned(&[("package.json", package), ("manual/README.md", "# Tea\n")]).unwrap();
    assert_eq!(plan.build.as_deref(), Some("npm run docs:build"));
    assert_eq!(plan.static_root.as_deref(), Some("manual/.vuepress/dist"));
}
