//! Which Node the packages of a project run on. Few projects say which one they want; their packages do, and a framework
//! that needs a newer Node than this machine's fails in the middle of a build, with words that explain little.

use std::path::{Path, PathBuf};

use build_plan::toolchain::{Dialect, Range};
use serde_json::Value;

/// The lines of Node that are maintained, the oldest first: it fits most.
const LINES: [&str; 3] = ["22", "24", "26"];
/// Larger than any minor version and patch: the newest of a line.
const NEWEST: &str = "9999.9999";

/// What one package says about Node.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) package: String,
    pub(super) range: String,
}

impl Need {
    pub(super) fn is_met_by(&self, version: &str) -> bool {
        satisfies(version, &self.range)
    }
}

/// Which of a manifest's packages count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kinds {
    /// What runs.
    Runtime,
    /// What runs, and what builds.
    All,
}

/// What the packages that these manifests name say, as far as they are installed or locked by npm.
pub(super) fn read(root: &Path, manifests: &[String], kinds: Kinds) -> Vec<Need> {
    let lock = json(&root.join("package-lock.json")).unwrap_or_default();
    let mut needs: Vec<Need> = Vec::new();
    for manifest in manifests.iter().filter(|path| path.ends_with("package.json")) {
        let folder = Path::new(manifest).parent().unwrap_or(Path::new(""));
        let Some(package) = json(&root.join(manifest)) else { continue };
        for name in names(&package, kinds) {
            let places = [folder, Path::new("")].map(|folder| folder.join("node_modules").join(name));
            if let Some(range) = places.iter().find_map(|place| engine(root, &lock, place)) {
                needs.push(Need { package: name.to_owned(), range });
            }
        }
    }
    needs
}

/// The line of Node on which all of these run, and with which the project's own wish is content.
pub(super) fn line(needs: &[Need], wish: Option<&str>) -> Option<&'static str> {
    LINES.into_iter().find(|line| {
        let newest = format!("{line}.{NEWEST}");
        needs.iter().all(|need| need.is_met_by(&newest)) && wish.is_none_or(|wish| satisfies(&newest, wish))
    })
}

fn satisfies(version: &str, range: &str) -> bool {
    Range::parse(range, Dialect::Npm).allows(version)
}

fn names(package: &Value, kinds: Kinds) -> impl Iterator<Item = &str> {
    let fields: &[&str] = match kinds {
        Kinds::Runtime => &["dependencies"],
        Kinds::All => &["dependencies", "devDependencies"],
    };
    let maps = fields.iter().filter_map(|field| package[*field].as_object());
    maps.flat_map(|map| map.keys()).map(String::as_str)
}

/// What a package says: where it is installed, and before that in the lock.
fn engine(root: &Path, lock: &Value, place: &PathBuf) -> Option<String> {
    let installed = json(&root.join(place).join("package.json"));
    let said = installed.as_ref().unwrap_or(&lock["packages"][&*place.to_string_lossy()]);
    said["engines"]["node"].as_str().map(str::to_owned)
}

fn json(path: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(range: &str) -> Need {
        Need { package: "x".to_owned(), range: range.to_owned() }
    }

    #[test]
    fn the_oldest_line_on_which_all_run_is_taken() {
        let framework = need("^22.22.3 || ^24.15.0 || >=26.0.0");
        assert_eq!(line(&[framework], None), Some("22"));
        assert_eq!(line(&[need("^20.19.0 || >=22.12.0"), need(">=24")], None), Some("24"));
        assert_eq!(line(&[need(">=22")], Some(">=24 <25")), Some("24"));
        assert_eq!(line(&[need(">=22")], Some("20.18.0")), None, "the project's own wish is kept");
        assert_eq!(line(&[need("^8")], None), None);
    }

    #[test]
    fn installed_packages_count_before_the_lock_and_tools_where_something_is_built() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "package.json",
            r#"{"dependencies": {"a": "1"}, "devDependencies": {"tool": "1", "quiet": "1"}}"#,
        );
        write(
            "package-lock.json",
            r#"{"packages": {"node_modules/a": {"engines": {"node": ">=18"}}, "node_modules/tool": {"engines": {"node": ">=24"}}}}"#,
        );
        let said = |kinds| {
            let needs = read(root.path(), &["package.json".to_owned(), ".npmrc".to_owned()], kinds);
            needs.into_iter().map(|need| format!("{} {}", need.package, need.range)).collect::<Vec<_>>()
        };
        assert_eq!(said(Kinds::Runtime), ["a >=18"]);
        assert_eq!(said(Kinds::All), ["a >=18", "tool >=24"]);
        write("node_modules/a/package.json", r#"{"engines": {"node": ">=22"}}"#);
        assert_eq!(said(Kinds::Runtime), ["a >=22"]);
    }
}
