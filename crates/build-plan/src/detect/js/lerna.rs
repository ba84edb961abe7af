//! Members of which Lerna alone knows: they stand in lerna.json, and the package manager neither installs them nor runs a
//! script of theirs by name.

use super::Js;
use super::inner;
use super::manager::Manager;
use super::members::Member;
use crate::shell;

/// The first version of Lerna that leaves the members' packages to the package manager.
const INSTALLS_NOTHING_SINCE: u32 = 7;
/// Gives later versions `bootstrap` back.
const BOOTSTRAP: &str = "@lerna/legacy-package-management";

/// Whether nobody else knows the members.
pub(super) fn is_alone(js: &Js<'_>) -> bool {
    js.package.workspaces.is_empty() && js.project.has("lerna.json") && js.chosen.manager != Manager::Pnpm
}

/// What installs the members that nobody else installs: Lerna, which links them to each other too, or each on its own
/// where it does not.
pub(super) fn installs<'m>(js: &Js<'_>, members: impl Iterator<Item = &'m Member>) -> Vec<String> {
    if !is_alone(js) {
        return Vec::new();
    }
    let is_early =
        js.package.version_of("lerna").and_then(major).is_some_and(|it| it < INSTALLS_NOTHING_SINCE);
    if is_early || js.package.uses(BOOTSTRAP) {
        return vec![js.chosen.exec("lerna bootstrap")];
    }
    members
        .filter(|member| member.package.has_packages())
        .map(|member| inside(member, inner::install(js.project, &member.folder)))
        .collect()
}

/// The command that builds the member.
pub(super) fn run_build(js: &Js<'_>, member: &Member) -> String {
    inside(member, &js.chosen.run("build"))
}

fn inside(member: &Member, command: &str) -> String {
    format!("(cd {} && {command})", shell::word(&member.folder))
}

/// The first number of `^6.4.0`.
fn major(asked: &str) -> Option<u32> {
    let digits = asked.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    digits.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::{ListedFile, Listing, plan};

    /// How a program is built that stands on a package which is built too.
    fn build(package: &str) -> Option<String> {
        let files = BTreeMap::from([
            ("package.json", package),
            ("lerna.json", r#"{"packages": ["packages/*"]}"#),
            ("packages/api/package.json", API),
            ("packages/api/index.js", "require('express')().listen(process.env.PORT)"),
            ("packages/prices/package.json", r#"{"name": "prices", "scripts": {"build": "tsc"}}"#),
        ]);
        let file = |(path, text): (&&str, &&str)| ListedFile {
            path: (*path).to_owned(),
            size: text.len() as u64,
            mode: "100644",
            oid: "0".repeat(40),
        };
        let listing = Listing::new(files.iter().map(file).collect());
        plan(&listing, &|path| files.get(path).map(|text| text.as_bytes().to_vec())).expect("a plan").build
    }

    const API: &str = r#"{"name": "api", "scripts": {"start": "node index.js", "build": "tsc"},
        "dependencies": {"express": "^5", "prices": "*"}}"#;

    #[test]
    fn members_are_built_where_they_lie_and_installed_by_lerna_only_as_long_as_it_does_that() {
        let built = "(cd packages/prices && npm run build) && (cd packages/api && npm run build)";
        let early = format!("lerna bootstrap && {built}");
        let late = format!("(cd packages/api && npm install) && {built}");
        for (package, expected) in [
            (r#"{"devDependencies": {"lerna": "^6.6.2"}}"#, &early),
            (r#"{"devDependencies": {"lerna": "^8.0.0", "@lerna/legacy-package-management": "8"}}"#, &early),
            (r#"{"devDependencies": {"lerna": "^8.0.0"}}"#, &late),
            (r#"{"name": "run by npx"}"#, &late),
        ] {
            assert_eq!(build(package).as_ref(), Some(expected), "{package}");
        }
        let top = r#"{"scripts": {"start": "lerna run start --scope api", "build": "tsc -b"}, "devDependencies": {"lerna": "6"}}"#;
        assert_eq!(build(top).as_deref(), Some("lerna bootstrap && npm run build"));
        let npm_knows = build(r#"{"workspaces": ["packages/*"], "devDependencies": {"lerna": "^8"}}"#);
        assert_eq!(
            npm_knows.as_deref(),
            Some("npm run build --workspace=packages/prices && npm run build --workspace=packages/api")
        );
    }
}
