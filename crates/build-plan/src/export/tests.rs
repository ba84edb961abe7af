//! What the lists and locks of each manager become.

use super::*;

fn install(method: InstallMethod, inputs: &[&str], options: &[&str]) -> Install {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Install {
        method,
        command: String::new(),
        inputs: texts(inputs),
        extra: Vec::new(),
        options: texts(options),
    }
}

fn exported(install: &Install, files: &[(&str, &str)]) -> Requirements {
    let read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
    python_requirements(install, &read).unwrap().unwrap()
}

const POETRY: &str = "
[tool.poetry.dependencies]
python = \"^3.9\"
Flask = {extras = [\"async\"], version = \"^3.0\"}
gunicorn = {version = \"*\", optional = true}
[tool.poetry.extras]
server = [\"gunicorn\"]
[tool.poetry.group.dev.dependencies]
pytest = \"^8\"
";

#[test]
fn an_older_poetry_lock_is_walked() {
    let lock = "
[[package]]
name = \"flask\"
version = \"3.0.3\"
files = [{file = \"f.whl\", hash = \"sha256:aa\"}, {file = \"f.tar.gz\", hash = \"md5:bb\"}]
[package.dependencies]
asgiref = {version = \">=3.2\", optional = true, markers = \"extra == \\\"async\\\"\"}
importlib-metadata = {version = \">=3.6\", markers = \"python_version < \\\"3.10\\\"\"}
python-dotenv = {version = \"*\", optional = true}
Werkzeug = \">=3\"
[package.extras]
async = [\"asgiref (>=3.2)\"]
dotenv = [\"python-dotenv\"]
[[package]]
name = \"asgiref\"
version = \"3.8.1\"
[[package]]
name = \"python-dotenv\"
version = \"1.0\"
[[package]]
name = \"importlib-metadata\"
version = \"8.0\"
dependencies = {zipp = \">=0.5\"}
[[package]]
name = \"zipp\"
version = \"3.20\"
dependencies = {importlib-metadata = \"*\"}
[[package]]
name = \"werkzeug\"
version = \"3.0.4\"
dependencies = {flask = \"*\"}
[[package]]
name = \"pytest\"
version = \"8.0\"
[[package]]
name = \"gunicorn\"
version = \"23.0.0\"
[metadata.files]
werkzeug = [{file = \"w.whl\", hash = \"sha256:cc\"}]
";
    let files = [("pyproject.toml", POETRY), ("poetry.lock", lock)];
    let inputs = ["pyproject.toml", "poetry.lock"];
    let found = exported(&install(InstallMethod::Poetry, &inputs, &[]), &files);
    assert!(found.is_complete);
    insta::assert_snapshot!(found.text, @r#"
    asgiref==3.8.1
    flask==3.0.3 --hash=sha256:aa
    importlib-metadata==8.0 ; python_version < "3.10"
    werkzeug==3.0.4 --hash=sha256:cc
    zipp==3.20 ; python_version < "3.10"
    "#);
    let found = exported(&install(InstallMethod::Poetry, &inputs, &["--extras", "server"]), &files);
    assert!(found.text.contains("gunicorn==23.0.0\n"), "{}", found.text);
}

#[test]
fn a_newer_poetry_lock_says_itself_who_needs_what() {
    let lock = "
[[package]]
name = \"flask\"
version = \"3.1.0\"
optional = false
groups = [\"main\"]
[[package]]
name = \"colorama\"
version = \"0.4.6\"
groups = [\"main\", \"dev\"]
markers = {main = \"platform_system == \\\"Windows\\\"\", dev = \"sys_platform == \\\"win32\\\"\"}
[[package]]
name = \"gunicorn\"
version = \"23.0.0\"
optional = true
groups = [\"main\"]
markers = \"extra == \\\"server\\\"\"
[[package]]
name = \"pytest\"
version = \"8\"
groups = [\"dev\"]
[[package]]
name = \"own\"
version = \"0.1\"
groups = [\"main\"]
[package.source]
type = \"git\"
url = \"https://example.com/own.git\"
reference = \"HEAD\"
resolved_reference = \"abc\"
[[package]]
name = \"private\"
version = \"2\"
groups = [\"main\"]
[package.source]
type = \"legacy\"
url = \"https://example.com/simple\"
";
    let files = [("pyproject.toml", POETRY), ("poetry.lock", lock)];
    let inputs = ["pyproject.toml", "poetry.lock"];
    insta::assert_snapshot!(exported(&install(InstallMethod::Poetry, &inputs, &[]), &files).text, @r#"
    --extra-index-url https://example.com/simple
    flask==3.1.0
    colorama==0.4.6 ; platform_system == "Windows"
    gunicorn==23.0.0 ; python_version < "0"
    own @ git+https://example.com/own.git@abc
    private==2
    "#);
    let server = install(InstallMethod::Poetry, &inputs, &["--extras", "server"]);
    assert!(exported(&server, &files).text.contains("gunicorn==23.0.0 ; python_version >= \"0\""));
}

#[test]
fn a_lock_that_lacks_what_the_project_names_is_refused() {
    let files = [("pyproject.toml", POETRY), ("poetry.lock", "package = []\n")];
    let read = |path: &str| files.iter().find(|(name, _)| *name == path).map(|(_, text)| (*text).to_owned());
    let refused = install(InstallMethod::Poetry, &["pyproject.toml", "poetry.lock"], &[]);
    let error = python_requirements(&refused, &read).unwrap_err();
    assert_eq!(
        error.to_string(),
        "poetry.lock: it lacks `flask`, which pyproject.toml names; `poetry lock` brings them together"
    );
}

#[test]
fn poetry_without_a_lock_becomes_ranges() {
    let text = "
[tool.poetry.dependencies]
python = \"^3.9\"
fastapi = {extras = [\"standard\"], version = \"^0.115\"}
numpy = [{version = \"<2\", python = \"<3.10\"}, {version = \">=2\", python = \">=3.10\"}]
own = {git = \"https://example.com/own.git\", tag = \"v1\"}
near = {path = \"libs/near\", develop = true}
any = \"*\"
";
    let files = [("pyproject.toml", text)];
    let found = exported(&install(InstallMethod::Poetry, &["pyproject.toml"], &[]), &files);
    assert!(!found.is_complete);
    insta::assert_snapshot!(found.text, @r#"
    any
    fastapi[standard]>=0.115,<0.116
    ./libs/near
    numpy<2 ; python_version < "3.10"
    numpy>=2 ; python_version >= "3.10"
    own @ git+https://example.com/own.git@v1
    "#);
}

#[test]
fn a_pdm_lock_is_taken_by_its_groups() {
    let lock = "
[metadata]
lock_version = \"4.5.0\"
[[package]]
name = \"uvicorn\"
version = \"0.34.0\"
groups = [\"default\"]
files = [{file = \"u.whl\", hash = \"sha256:aa\"}]
[[package]]
name = \"uvicorn\"
version = \"0.34.0\"
extras = [\"standard\"]
groups = [\"default\"]
[[package]]
name = \"colorama\"
version = \"0.4.6\"
groups = [\"default\"]
marker = \"sys_platform == \\\"win32\\\"\"
[[package]]
name = \"pytest\"
version = \"8\"
groups = [\"test\"]
";
    let found =
        exported(&install(InstallMethod::Pdm, &["pyproject.toml", "pdm.lock"], &[]), &[("pdm.lock", lock)]);
    insta::assert_snapshot!(found.text, @r#"
    uvicorn==0.34.0 --hash=sha256:aa
    colorama==0.4.6 ; sys_platform == "win32"
    "#);
}

#[test]
fn pipenv_is_read_with_and_without_its_lock() {
    let lock = r#"{"_meta": {"sources": [{"url": "https://pypi.example/simple"}, {"url": "https://example.com/simple"}]},
        "default": {"flask": {"version": "==3.1.0", "hashes": ["sha256:aa", "sha256:bb"], "markers": "python_version >= '3.9'"},
        "own": {"git": "https://example.com/own.git", "ref": "abc"}, "-e evil": {"version": "==1"}}, "develop": {"pytest": {"version": "==8"}}}"#;
    let found = exported(
        &install(InstallMethod::Pipenv, &["Pipfile", "Pipfile.lock"], &[]),
        &[("Pipfile.lock", lock)],
    );
    insta::assert_snapshot!(found.text, @r#"
    --extra-index-url https://example.com/simple
    flask==3.1.0 ; python_version >= '3.9' --hash=sha256:aa --hash=sha256:bb
    own @ git+https://example.com/own.git@abc
    "#);
    let file = "[packages]\nflask = \"*\"\nuvicorn = {version = \">=0.3\", extras = [\"standard\"]}\n[dev-packages]\npytest = \"*\"\n";
    let found = exported(&install(InstallMethod::Pipenv, &["Pipfile"], &[]), &[("Pipfile", file)]);
    insta::assert_snapshot!(found.text, @r#"
    flask
    uvicorn[standard]>=0.3
    "#);
}

proptest::proptest! {
    #[test]
    fn no_lock_makes_it_panic(text in "(\\[\\[package\\]\\]\n|name = \"(a|b)\"\n|version = \"1\"\n|dependencies = \\{(a|b) = \"\\*\"\\}\n|groups = \\[\"main\"\\]\n|markers = \"extra == '\"\n|files = \\[\\{hash = \"sha256:a\"\\}\\]\n|\\PC){0,20}") {
        let pyproject = "[tool.poetry.dependencies]\na = \"*\"\n";
        let read = |path: &str| Some(if path == "pyproject.toml" { pyproject.to_owned() } else { text.clone() });
        for method in [InstallMethod::Poetry, InstallMethod::Pdm, InstallMethod::Pipenv] {
            for inputs in [&["pyproject.toml", "poetry.lock", "Pipfile.lock"][..], &["Pipfile"]] {
                drop(python_requirements(&install(method, inputs, &["--extras", "x"]), &read));
            }
        }
    }
}
