//! package.json, as far as it decides anything. Fields of a wrong type count as absent: npm is as lenient.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::PlanError;
use crate::project::Project;

/// The manifest of a Node project.
#[derive(Debug, Default)]
pub(crate) struct PackageJson {
    scripts: BTreeMap<String, String>,
    dependencies: BTreeMap<String, String>,
    dev_dependencies: BTreeMap<String, String>,
    pub(crate) main: Option<String>,
    pub(crate) node_engine: Option<String>,
}

impl PackageJson {
    /// The script of this name, unless it is npm's own placeholder.
    pub(crate) fn script(&self, name: &str) -> Option<&str> {
        let script = self.scripts.get(name)?.trim();
        (!script.is_empty() && !script.contains("Error: no test specified")).then_some(script)
    }

    /// Whether the package is needed at run time.
    pub(crate) fn depends_on(&self, name: &str) -> bool {
        self.dependencies.contains_key(name)
    }

    /// Whether the package is needed at all.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.depends_on(name) || self.dev_dependencies.contains_key(name)
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
    project.manifest("package.json")?.map(|text| parse(&text)).transpose()
}

fn parse(text: &str) -> Result<PackageJson, PlanError> {
    let invalid = |line: Option<u64>, message: String| PlanError::InvalidManifest {
        file: "package.json".to_owned(),
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
        scripts: texts("scripts"),
        dependencies: texts("dependencies"),
        dev_dependencies: texts("devDependencies"),
        main: text(object.get("main")),
        node_engine: text(object.get("engines").and_then(|engines| engines.get("node"))),
    })
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
        let error = parse("{\n  \"name\": \"x\",\n}").unwrap_err();
        assert_eq!(error.to_string(), "package.json:3: not valid JSON: trailing comma");
        assert!(parse("[]").is_err());
        assert!(parse(&"[".repeat(10_000)).is_err());
        let odd = parse(r#"{"scripts": "x", "dependencies": {"a": 1, "b": "2"}, "main": 3, "engines": []}"#)
            .unwrap();
        assert!(
            odd.depends_on("b") && !odd.depends_on("a") && odd.main.is_none() && odd.node_engine.is_none()
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,100}") {
            drop(parse(&text));
        }
    }
}
