//! From a prompt to an API that answers and keeps its data, as an agent and as a person.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Api, Done, Home, Mcp, Project, send};

const PROMPT: &str =
    "Create a REST API for user management with users and roles, users have an email and a name";

/// Path and text of every file below a folder.
fn on_disk(folder: &Path) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("below it").to_str().expect("UTF-8").to_owned();
            files.insert(name, std::fs::read_to_string(&path).expect("a text"));
        }
    }
    files
}

/// Path and text of every file of a commit on the platform.
fn committed(api: &Api, project: &str, commit: &str) -> BTreeMap<String, String> {
    let answer = api.get(&format!("/api/projects/{project}/files?commit={commit}&content=true")).json();
    let text = |file: &Value, part: &str| file[part].as_str().unwrap_or_else(|| panic!("{file}")).to_owned();
    let file = |file: &Value| {
        let bytes = STANDARD.decode(text(file, "content")).expect("base64");
        (text(file, "path"), String::from_utf8(bytes).expect("text"))
    };
    answer["files"].as_array().unwrap_or_else(|| panic!("{answer}")).iter().map(file).collect()
}

/// The app that a deployment brought live; on a slow machine that takes longer than a call waits.
#[track_caller]
fn app(home: &Home, deployed: &Value) -> Api {
    let id = deployed["deployment_id"]
        .as_str()
        .or(deployed["id"].as_str())
        .unwrap_or_else(|| panic!("{deployed:#}"));
    let ended = home.api().ended(id);
    assert_eq!(ended["status"], "complete", "{ended:#}");
    let base = ended["directUrl"].as_str().expect("a direct URL").trim_end_matches('/').to_owned();
    Api { base, token: "the app does not ask for one".to_owned() }
}

#[test]
fn a_prompt_becomes_an_api_that_answers_and_keeps_its_data() {
    let (home, workspace) = (Home::new(), Project::empty("workspace"));
    let mut agent = Mcp::start(&home, &workspace.path());
    let written = agent.ok("generate_code", &json!({"prompt": PROMPT, "output_dir": "users"}));
    let folder = workspace.path().join("users");
    let files = on_disk(&folder);
    for path in
        ["main.py", "models.py", "schemas.py", "schema.sql", "requirements.txt", ".env.example", "README.md"]
    {
        assert!(files.contains_key(path), "{path}: {:?}", files.keys());
    }
    assert!(files.keys().any(|path| path.starts_with("tests/")), "{:?}", files.keys());
    let project = written["project"].as_str().expect("a project");
    assert!(project.ends_with("-user-management"), "named after the subject: {project}");
    assert_eq!(written["stack"], "fastapi");
    let commit = written["commit_hash"].as_str().expect("a commit");
    assert_eq!(committed(&home.api(), project, commit), files, "what is here is what was committed");

    let live = agent.ok("deploy_project", &json!({"path": "users"}));
    assert_eq!(live["project_id"], project, "the folder is the project's");
    assert_eq!(live["commit_hash"], commit, "it deploys as it is");
    let api = app(&home, &live);
    let ada = json!({"email": "ada@example.org", "name": "Ada"});
    let made = api.post("/users", &ada);
    assert_eq!(made.status, 201, "{}", made.text);
    let id = made.json()["id"].clone();
    let user = format!("/users/{id}");
    assert_eq!(api.get(&user).json()["email"], "ada@example.org");
    assert_eq!(api.post("/users", &ada).status, 409, "an email belongs to one user");
    assert_eq!(api.post("/users", &json!({"email": "no address", "name": "x"})).status, 422);
    let renamed = send(api.request("PATCH", &user).json(&json!({"name": "Ada L."}))).expect("an answer");
    assert_eq!((renamed.status, &renamed.json()["name"]), (200, &json!("Ada L.")), "{}", renamed.text);
    let bob = api.post("/users", &json!({"email": "bob@example.org", "name": "Bob"})).json();
    assert_eq!(api.get("/users").json().as_array().map(Vec::len), Some(2));
    assert_eq!(api.delete(&format!("/users/{}", bob["id"])).status, 204);
    assert_eq!(api.get(&format!("/users/{}", bob["id"])).status, 404);
    assert_eq!(api.post("/roles", &json!({"name": "admin"})).status, 201);

    let main = folder.join("main.py");
    std::fs::write(&main, files["main.py"].replace("User management API", "People")).expect("a file");
    let api = app(&home, &agent.ok("deploy_project", &json!({"path": "users"})));
    assert_eq!(api.get("/openapi.json").json()["info"]["title"], "People");
    assert_eq!(api.get(&user).json()["name"], "Ada L.", "data survives a redeploy");
    agent.ok("rollback_project", &json!({"project": "user-management"}));
    assert_eq!(api.get(&user).json()["name"], "Ada L.", "and a rollback");
}

/// Refused because of this file; what was told.
#[track_caller]
fn generate_refused(done: &Done, path: &str) -> String {
    assert_ne!(done.code, 0, "{done:#?}");
    let told = format!("{}{}", done.stdout, done.stderr);
    assert!(told.contains("would_overwrite") && told.contains(path), "{told}");
    told
}

#[test]
fn a_person_generates_deploys_and_keeps_what_was_changed_by_hand() {
    let (home, workspace) = (Home::new(), Project::empty("workspace"));
    let generate = |more: &[&str]| {
        let args = [&["generate", PROMPT, "--output-dir", "users", "--json"], more].concat();
        home.run_in(&workspace.path(), &args)
    };
    let folder = workspace.path().join("users");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("main.py"), "print('mine')\n").expect("a file");
    generate_refused(&generate(&[]), "main.py");
    let projects = home.run(&["projects", "--json"]).ok().json();
    assert_eq!(projects["items"], json!([]), "what was refused left no project");
    std::fs::remove_file(folder.join("main.py")).expect("a file");

    let written = generate(&[]).ok().json();
    let (before, project) = (on_disk(&folder), written["project"].as_str().expect("a project"));
    let commit = written["commitHash"].as_str().expect("a commit");
    assert_eq!(committed(&home.api(), project, commit), before);
    let again = generate(&[]).ok().json();
    assert_eq!(again["commitHash"], commit, "the same prompt is the same commit");

    let mine = "# Mine, and mine alone.\n";
    std::fs::write(folder.join("crud.py"), mine).expect("a file");
    std::fs::remove_file(folder.join("schema.sql")).expect("a file");
    let told = generate_refused(&generate(&[]), "crud.py");
    assert!(!told.contains("models.py"), "only what is in the way is named: {told}");
    let after = on_disk(&folder);
    assert_eq!(after["crud.py"], mine);
    assert!(!after.contains_key("schema.sql"), "nothing at all is written then");

    let mut agent = Mcp::start(&home, &workspace.path());
    let arguments = json!({"prompt": PROMPT, "output_dir": "users"});
    let refused = agent.refused("generate_code", &arguments);
    assert_eq!((&refused["code"], &refused["changed"]), (&json!("would_overwrite"), &json!(["crud.py"])));
    let other = json!({"prompt": "An API for books with a title", "output_dir": "users"});
    agent.refused("generate_code", &other);
    drop(agent);
    let deployed = home.run_in(&workspace.path(), &["deploy", "users", "--detach", "--json"]).ok().json();
    assert_eq!(deployed["projectId"], project, "what was refused is in nobody's way");
    home.api().ended(deployed["id"].as_str().or(deployed["deploymentId"].as_str()).expect("an id"));
    generate(&["--overwrite"]).ok();
    assert_eq!(on_disk(&folder), before, "unless it is asked for");

    let done = home.run_in(&workspace.path(), &["deploy", "users", "--json"]).ok().json();
    assert_eq!(app(&home, &done).get("/users").json(), json!([]));
}
