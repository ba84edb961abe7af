//! Projects that are no app of the web: each is refused with what it is, and what would make it one.

use super::entry;
use super::manifest::PackageJson;
use super::{Js, script, server};
use crate::PlanError;
use crate::draft::{Draft, Strength};
use crate::project::Project;

/// Packages of programs that talk to a service and open no port.
const BOTS: &[(&str, &str)] = &[
    ("discord.js", "a bot for Discord"),
    ("eris", "a bot for Discord"),
    ("oceanic.js", "a bot for Discord"),
    ("@discordjs/core", "a bot for Discord"),
    ("telegraf", "a bot for Telegram"),
    ("grammy", "a bot for Telegram"),
    ("node-telegram-bot-api", "a bot for Telegram"),
    ("whatsapp-web.js", "a bot for WhatsApp"),
    ("@whiskeysockets/baileys", "a bot for WhatsApp"),
    ("baileys", "a bot for WhatsApp"),
    ("tmi.js", "a bot for Twitch"),
    ("mineflayer", "a bot for Minecraft"),
    ("twit", "a bot for Twitter"),
    ("matrix-bot-sdk", "a bot for Matrix"),
];

/// What to do about a program that opens no port.
const HINT: &str = "a deployment must answer HTTP: have it listen on process.env.PORT beside what it does, if only for a \
     health check; where it does already, say so with `start` in backend-im.yml";

/// Refuses what runs elsewhere than on a server, whatever else its files look like.
///
/// # Errors
/// [`PlanError::Unrecognised`].
pub(super) fn check(js: &Js<'_>) -> Result<(), PlanError> {
    let found = KINDS.iter().find(|kind| (kind.is_it)(js));
    found.map_or(Ok(()), |kind| Err(refused(kind.reason, kind.hint)))
}

/// Why an app of Meteor is refused, and what to do.
const METEOR: (&str, &str) = (
    ".meteor makes this an app of Meteor, whose own tool builds it",
    "run `meteor build --directory ../out --server-only`, and deploy ../out/bundle with \
     `install: (cd programs/server && npm install)` and `start: node main.js` in backend-im.yml",
);

fn is_of_meteor(project: &Project<'_>) -> bool {
    project.first_of(&[".meteor/release", ".meteor/packages"]).is_some()
}

/// Refuses what has no package.json and is no project of Node all the same: Meteor long had none.
///
/// # Errors
/// [`PlanError::Unrecognised`].
pub(super) fn check_without_manifest(project: &Project<'_>) -> Result<(), PlanError> {
    if is_of_meteor(project) { Err(refused(METEOR.0, METEOR.1)) } else { Ok(()) }
}

/// Something that a package.json can be beside an app of the web.
struct Kind {
    is_it: fn(&Js<'_>) -> bool,
    reason: &'static str,
    hint: &'static str,
}

const KINDS: &[Kind] = &[
    Kind { is_it: |js| is_of_meteor(js.project), reason: METEOR.0, hint: METEOR.1 },
    Kind {
        is_it: |js| js.package.engines.contains_key("vscode"),
        reason: "package.json: engines.vscode makes this an extension of VS Code, which runs within the editor",
        hint: "publish it with `npx @vscode/vsce publish`; a server that belongs to it is deployed from its own folder",
    },
    Kind {
        is_it: is_of_desktop,
        reason: "package.json: electron makes this an app of the desktop, which answers no requests",
        hint: "package it with electron-builder or electron-forge; if it has a page for browsers too, name its folder \
               with `root` or `static_root` in backend-im.yml",
    },
    Kind {
        is_it: is_of_phones,
        reason: "package.json: react-native makes this an app of phones, and nothing of it is for browsers",
        hint: "with Expo, `npx expo install react-dom react-native-web` adds pages for browsers; its server is deployed \
               from its own folder",
    },
    Kind {
        is_it: is_of_browser,
        reason: "manifest.json makes this an extension of a browser",
        hint: "publish what `build` makes in the browser's store; a page of its own can be named with `static_root` in \
               backend-im.yml",
    },
    Kind {
        is_it: |js| {
            js.project.first_of(&["action.yml", "action.yaml"]).is_some() && js.package.uses("@actions/core")
        },
        reason: "action.yml makes this an action of GitHub, which runs within its workflows",
        hint: "tag a release of it there; it has nothing to deploy",
    },
    Kind {
        is_it: |js| js.package.uses("obsidian") && js.project.has("manifest.json"),
        reason: "package.json: obsidian makes this a plugin of Obsidian",
        hint: "publish what `build` makes as a release; it has nothing to deploy",
    },
];

fn is_of_desktop(js: &Js<'_>) -> bool {
    let mut scripts = ["start", "dev", "develop"].iter().filter_map(|name| js.package.script(name));
    js.package.uses("electron") && scripts.any(|text| text.contains("electron"))
}

fn is_of_phones(js: &Js<'_>) -> bool {
    let has_web = js.package.uses("react-native-web") && js.package.uses("expo");
    js.package.uses("react-native") && !has_web && super::frameworks::name(js).is_none()
}

fn is_of_browser(js: &Js<'_>) -> bool {
    let says = |file: &str| {
        let text = js.project.manifest(file).ok().flatten();
        text.is_some_and(|text| text.contains("\"manifest_version\""))
    };
    ["manifest.json", "src/manifest.json", "public/manifest.json"].iter().any(|file| says(file))
}

fn refused(reason: impl Into<String>, hint: impl Into<String>) -> PlanError {
    PlanError::Unrecognised { reason: reason.into(), hint: hint.into() }
}

/// Refuses a program about which nothing says that it serves, where something says what else it is; else warns.
///
/// # Errors
/// [`PlanError::Unrecognised`].
pub(super) fn check_program(js: &Js<'_>, draft: &mut Draft) -> Result<(), PlanError> {
    if draft.strength != Strength::Program {
        return Ok(());
    }
    let start = draft.start.clone().unwrap_or_default();
    if let Some((package, what)) = bot(&js.package) {
        return Err(refused(
            format!("package.json: {package} makes this {what}, and nothing in it opens a port"),
            HINT,
        ));
    }
    if js.package.has_bin {
        return Err(refused(
            "package.json: bin makes this a command for terminals, and nothing in it opens a port",
            HINT,
        ));
    }
    if let Some(worker) = worker(js) {
        return Err(refused(
            format!("{worker} is made for Cloudflare Workers, and nothing in the project listens by itself"),
            "deploy it with `npx wrangler deploy`, or give it a server for Node: with Hono, `serve(app)` of `@hono/node-server`",
        ));
    }
    if draft.framework.is_none() {
        draft.warn(format!(
            "nothing in the sources says that `{start}` answers HTTP; it must listen on $HOST:$PORT"
        ));
    }
    Ok(())
}

/// The package with which a bot is written that fetches its messages by itself, and what it makes.
pub(super) fn bot(package: &PackageJson) -> Option<&'static (&'static str, &'static str)> {
    BOTS.iter().find(|(name, _)| package.uses(name))
}

/// The settings file of Cloudflare Workers.
fn worker(js: &Js<'_>) -> Option<&'static str> {
    js.project.first_of(&["wrangler.toml", "wrangler.jsonc", "wrangler.json"])
}

/// Frameworks whose application does nothing before somebody has it listen.
const LISTENED_FOR: &[&str] = &["express", "koa", "connect", "polka", "restify", "tinyhttp", "hono", "h3"];

/// Refuses a server whose file makes an application, where nothing listens: functions of a provider are written so.
///
/// # Errors
/// [`PlanError::Unrecognised`].
pub(super) fn check_entry(js: &Js<'_>) -> Result<(), PlanError> {
    let is_started = |text: &str| !script::is_development(text) && server::missing(js, text).is_none();
    if script::start(&js.package).is_some_and(|(_, text)| is_started(text)) {
        return Ok(());
    }
    let Some(entry) = entry::find(js.context, Some(&js.package)) else { return Ok(()) };
    let is_idle = entry.script.listens.is_none()
        && (worker(js).is_some() || !entry.script.exports_handler)
        && entry.serves.as_ref().is_some_and(|(name, _)| LISTENED_FOR.contains(&name.as_str()));
    if !is_idle {
        return Ok(());
    }
    let path = &entry.path;
    let provider =
        worker(js).or_else(|| js.project.first_of(&["vercel.json", "netlify.toml", "serverless.yml"]));
    let reason = match provider {
        Some(file) => format!(
            "{path} makes an application and never listens: {file} hands it to a provider's functions"
        ),
        None => format!("{path} makes an application, and nothing in the project listens"),
    };
    let hint = format!(
        "add a file that imports {path} and listens, `app.listen(process.env.PORT)` or, for Hono, `serve(app)` of \
         `@hono/node-server`, and start it: `\"start\": \"node server.js\"`"
    );
    Err(refused(reason, hint))
}

/// Refuses a file that imports what nothing installs.
pub(super) fn without_manifest(path: &str, module: &str) -> PlanError {
    refused(
        format!("`{path}` imports `{module}`, and there is no package.json that says so"),
        format!("write one: `npm init -y && npm install {module}`, and what else it imports"),
    )
}

/// What a package.json lacks that makes no app of the web, and what to do about it.
pub(super) fn lacking(project: &Project<'_>, package: &PackageJson) -> (String, String) {
    let hint = "if it has a server, name it: `\"scripts\": {\"start\": \"node server.js\"}`; if it has pages, a `build` script makes them \
                and `static_root` in backend-im.yml says where";
    let started = script::start(package).and_then(|(name, text)| Some((name, script::plain(text)?.file()?)));
    let reason = if let Some((name, file)) =
        started.filter(|(_, file)| entry::resolve(project, file).is_none())
    {
        format!("package.json: scripts.{name} starts `{file}`, which is not there")
    } else if package.has_bin {
        "package.json: bin makes this a command for terminals, and nothing in it serves".to_owned()
    } else if let Some(key) = package.imported_by {
        format!("package.json: {key} makes this a library that others import, and nothing in it serves")
    } else {
        "package.json has no `start` script, and no server.js, app.js, index.js or main.js imports a web framework"
            .to_owned()
    };
    (reason, hint.to_owned())
}
