//! package.json, as far as it decides anything. Fields of a wrong type count as absent: npm is as lenient.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::PlanError;
use crate::project::Project;

/// The manifest of a Node project.
#[derive(Debug, Default, Clone)]
pub(crate) struct PackageJson {
    pub(crate) name: Option<String>,
    scripts: BTreeMap<String, String>,
    dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
    pub(crate) main: Option<String>,
    /// Versions of tools that the project asks for: `node`, `pnpm`.
    pub(crate) engines: BTreeMap<String, String>,
    /// Versions that Volta is to use.
    pub(crate) volta: BTreeMap<String, String>,
    /// `pnpm@9.1.0`, without the checksum behind it.
    pub(crate) package_manager: Option<String>,
    /// The folders of a workspace's members, as patterns.
    pub(crate) workspaces: Vec<String>,
    /// What `nodemonConfig` has run.
    pub(crate) nodemon: Option<String>,
    /// Whether it installs a command.
    pub(crate) has_bin: bool,
    /// The key that says what others import.
    pub(crate) imported_by: Option<&'static str>,
}

/// Scripts that build, likeliest first. The later ones are what providers run in place of `build`.
const BUILDS: &[&str] = &["build", "heroku-postbuild", "build:prod", "build:production", "gcp-build"];

impl PackageJson {
    /// The script of this name, unless it is npm's own placeholder.
    pub(crate) fn script(&self, name: &str) -> Option<&str> {
        let script = self.scripts.get(name)?.trim();
        (!script.is_empty() && !script.contains("Error: no test specified")).then_some(script)
    }

    /// The names of all scripts.
    pub(crate) fn script_names(&self) -> impl Iterator<Item = &str> {
        self.scripts.keys().map(String::as_str)
    }

    /// The name of the script that builds.
    pub(crate) fn build_script(&self) -> Option<&'static str> {
        BUILDS.iter().copied().find(|name| self.script(name).is_some())
    }

    /// Whether the package is needed at run time.
    pub(crate) fn depends_on(&self, name: &str) -> bool {
        self.dependencies.contains_key(name)
    }

    /// Whether the package is needed at all.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.depends_on(name) || self.dev_dependencies.contains_key(name)
    }

    /// The version of a package that is asked for, in the project's own words.
    pub(crate) fn version_of(&self, name: &str) -> Option<&str> {
        self.dependencies.get(name).or_else(|| self.dev_dependencies.get(name)).map(String::as_str)
    }

    /// Whether there is anything to install.
    pub(crate) fn has_packages(&self) -> bool {
        !self.dependencies.is_empty() || !self.dev_dependencies.is_empty()
    }
}

/// Reads package.json.
///
/// # Errors
/// [`PlanError::Unreadable`] and [`PlanError::InvalidManifest`].
pub(crate) fn read(project: &Project<'_>) -> Result<Option<PackageJson>, PlanError> {
    project.manifest(FILE)?.map(|text| parse(FILE, &text)).transpose()
}

const FILE: &str = "package.json";

/// Parses the text of the manifest at this path.
///
/// # Errors
/// [`PlanError::InvalidManifest`].
pub(crate) fn parse(file: &str, text: &str) -> Result<PackageJson, PlanError> {
    let invalid = |line: Option<u64>, message: String| PlanError::InvalidManifest {
        file: file.to_owned(),
        line,
        message,
    };
    let value: Value = serde_json::from_str(text)
        .map_err(|error| invalid(Some(error.line() as u64), format!("not valid JSON: {}", cause(&error))))?;
    let Value::Object(object) = &value else {
        return Err(invalid(None, "it is not a JSON object".to_owned()));
    };
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let texts = |key: &str| match object.get(key) {
        Some(Value::Object(map)) => {
            map.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect()
        }
        _ => BTreeMap::new(),
    };
    Ok(PackageJson {
        name: text(object.get("name")),
        scripts: texts("scripts"),
        dependencies: texts("dependencies"),
        dev_dependencies: texts("devDependencies"),
        main: text(object.get("main")),
        engines: texts("engines"),
        volta: texts("volta"),
        package_manager: package_manager(&value),
        workspaces: workspaces(object.get("workspaces")),
        nodemon: text(object.get("nodemonConfig").and_then(|settings| settings.get("exec"))),
        imported_by: ["exports", "types", "typings", "module", "files", "peerDependencies"]
            .into_iter()
            .find(|key| object.contains_key(*key)),
        has_bin: object.get("bin").is_some_and(|bin| bin.is_string() || bin.is_object()),
    })
}

/// `packageManager`, or `devEngines.packageManager`, as `name@version`.
fn package_manager(value: &Value) -> Option<String> {
    if let Some(text) = value["packageManager"].as_str() {
        return text.split('+').next().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    }
    let asked = &value["devEngines"]["packageManager"];
    let asked = asked.get(0).unwrap_or(asked);
    let name = asked["name"].as_str()?;
    Some(asked["version"].as_str().map_or_else(|| name.to_owned(), |version| format!("{name}@{version}")))
}

/// A list of patterns, or an object with one.
fn workspaces(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(|value| value.get("packages").or(Some(value))).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The parser's complaint without its own "at line 3 column 5".
fn cause(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_json_names_its_line_and_odd_types_count_as_absent() {
        let error = parse(FILE, "{\n  \"name\": \"x\",\n}").unwrap_err();
        assert_eq!(error.to_string(), "package.json:3: not valid JSON: trailing comma");
        assert!(parse(FILE, "[]").is_err());
        assert!(parse(FILE, &"[".repeat(10_000)).is_err());
        let odd =
            parse(FILE, r#"{"scripts": "x", "dependencies": {"a": 1, "b": "2"}, "main": 3, "engines": []}"#)
                .unwrap();
        assert!(odd.depends_on("b") && !odd.depends_on("a") && odd.main.is_none() && odd.engines.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,100}") {
            drop(parse(FILE, &text));
        }
    }
}
