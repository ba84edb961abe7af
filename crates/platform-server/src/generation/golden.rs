//! Whole projects: one word for word, many for what must hold in all of them.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Prompts of every kind. What is generated for each must at least be valid Python and SQL names.
const PROMPTS: &[&str] = &[
    "Create a REST API for user management with users and roles, users have an email and a name",
    "a blog with posts (title, body, published at) and tags",
    "a todo list API",
    "inventory",
    "a bookstore",
    "url shortener",
    "CRM with companies, contacts and deals",
    "posts have many comments and each comment belongs to a post",
    "Build an online shop. Customers place orders. Each order has a status (pending, paid, shipped) and belongs to a \
     customer. Products have a name, a price and a stock quantity. Orders have many products. Add Stripe payments.",
    "Users have an age (integer), title: string, required, optional bio",
    "Entities:\n- User: name, email\n- Post: title: string, required, body: text\n- Comment (body)\nRelations:\n\
     - each post belongs to a user\n- posts have many comments",
    "- User\n  - name\n  - email (unique)\n- Project\n  - title\n  - status: open, closed",
    "Create an API for books with title, author, price and tags",
    "Messages have a sender (user) and a recipient (user), a body and is_read. Users have a username and a password.",
    "Employees belong to a department. A department has a manager (employee). Categories have a parent category.",
    "movies and actors in a many-to-many relationship; movies have a title, release year and rating (1-5)",
    "class: from, import, lambda, \"quote'; DROP TABLE x; --\"",
    "Tables have a metadata, a registry, a schema, a model_config, a copy and an id",
    "Sessions have a db, a response, a limit, an offset and a payload. Routers have many sessions.",
    "Enums (None, True, int, str, Optional, sa, dt). Exceptions (name). Bases (base).",
    "\"\"\"\nimport os\n\"\"\" API for x'); -- with users {name}, `roles` <script>alert(1)</script>",
    "Cafés with naïve names, a Größe and a prix; and 日本 with 名前",
    "An API for things with 2fa enabled, 3d model, 100 points and a_very_long_field_name_that_goes_on_and_on_and_on_for_ever",
    "Survey app with questions and answers; questions have a text and a type (single, multiple, text)",
    "Kanban board API where boards have lists, lists have cards, cards have a title, position and labels",
    "hospital: patients (name, date of birth, gender (male, female, other)), appointments (date, time). Each appointment \
     belongs to a patient.",
    "Products: name (required), price (decimal, default 9.99), currency (USD, EUR), released on, weight (float, optional)",
    "equipment, series and staff. Staff have a password. Equipment belongs to a series.",
    "Profiles have a website url. Each user has a profile. Users have many addresses.",
    "Events have a uuid, a timezone, a starts at, an opening time, a date of birth and settings (json), created_at, updated_at",
];

fn is_python(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension == "py")
}

fn request(prompt: &str) -> GenerationRequest<'_> {
    GenerationRequest { prompt, project: "", stack: None, spec: None }
}

fn generated(prompt: &str) -> Generation {
    generate(&request(prompt)).unwrap_or_else(|error| panic!("{prompt}: {error}"))
}

fn spec_error(spec: &Value) -> String {
    let request = GenerationRequest { prompt: "", project: "", stack: None, spec: Some(spec) };
    generate(&request).unwrap_err().to_string()
}

#[test]
fn the_example_of_the_contract_is_written_word_for_word() {
    let Generation { subject, files, warnings, .. } = generated(PROMPTS[0]);
    let mut text = format!("subject: {subject}\nwarnings: {warnings:#?}\n");
    for (path, content) in &files {
        text.extend(["\n======== ", path, "\n", content]);
    }
    insta::assert_snapshot!("user_management", text);
}

#[test]
fn the_published_names_are_always_there() {
    for prompt in PROMPTS {
        let files = generated(prompt).files;
        for name in ["main.py", "models.py", "requirements.txt", "schema.sql", "README.md", ".env.example"] {
            assert!(files.contains_key(name), "{name} for {prompt}");
        }
        for (path, text) in &files {
            assert!(path.parse::<platform_api::FilePath>().is_ok(), "{path}");
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path} of {prompt}");
            let long = |line: &&str| is_python(path) && line.chars().count() > 88;
            assert_eq!(text.lines().find(long), None, "{path} of {prompt}");
            assert_eq!(text.lines().find(|line| line.ends_with(' ')), None, "{path} of {prompt}");
        }
    }
}

#[test]
fn the_same_request_gives_the_same_files() {
    for prompt in PROMPTS {
        assert_eq!(generated(prompt), generated(prompt));
    }
}

/// Parses every file, imports nothing and runs nothing. Skipped where there is no Python.
#[test]
fn everything_that_is_written_is_valid_python() {
    const PARSE: &str =
        "import ast, json, sys\nfor path, text in json.load(sys.stdin):\n    ast.parse(text, path)\n";
    let sources: Vec<(String, String)> = PROMPTS
        .iter()
        .enumerate()
        .flat_map(|(number, prompt)| {
            let named = move |(path, text)| (format!("{number}/{path}"), text);
            generated(prompt).files.into_iter().filter(|(path, _)| is_python(path)).map(named)
        })
        .collect();
    #[expect(clippy::disallowed_methods, reason = "a test that asks Python itself")]
    let command = std::process::Command::new("python3")
        .args(["-I", "-c", PARSE])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut python) = command else { return };
    let input = serde_json::to_vec(&sources).unwrap();
    python.stdin.take().unwrap().write_all(&input).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn schema_sql_loads() {
    for prompt in PROMPTS {
        let schema = &generated(prompt).files["schema.sql"];
        let database = rusqlite::Connection::open_in_memory().unwrap();
        database.execute_batch(schema).unwrap_or_else(|error| panic!("{prompt}: {error}\n{schema}"));
    }
}

#[test]
fn features_that_are_not_generated_are_quoted() {
    let warnings = generated(PROMPTS[8]).warnings;
    assert!(
        warnings.contains(&"not generated: payments (\"Add Stripe payments\")".to_owned()),
        "{warnings:?}"
    );
    let warnings = generated("Users have a name. Zebras gallop over hills.").warnings;
    assert!(warnings.iter().any(|w| w == "not understood: \"Zebras gallop over hills\""), "{warnings:?}");
}

#[test]
fn a_subject_alone_says_what_was_assumed() {
    let todo = generated("a todo list API");
    assert_eq!(todo.subject, "todo-list");
    assert_eq!(todo.warnings[0], "only the subject was given, so these were assumed: todos");
    assert!(todo.files["models.py"].contains("class Todo(Base):"));
}

#[test]
fn what_cannot_be_generated_says_what_to_do() {
    assert_eq!(generate(&request("  \n")).unwrap_err(), GenerationError::EmptyPrompt);
    for prompt in ["asdf", "make me something", "???", "hello", "create an api"] {
        let error = generate(&request(prompt)).unwrap_err();
        assert_eq!(error, GenerationError::NothingUnderstood, "{prompt}");
        assert!(error.hint().contains("users and roles"));
    }
    let unknown = generate(&GenerationRequest { stack: Some("rails"), ..request("users") }).unwrap_err();
    assert_eq!(unknown.to_string(), "there is no stack `rails`; known: fastapi");
    assert_eq!(unknown.code(), platform_api::Code::UNSUPPORTED);
    let long = "users ".repeat(20_000);
    assert!(matches!(generate(&request(&long)).unwrap_err(), GenerationError::PromptTooLong { .. }));
    let thing = |number| format!("Thing{number}s have a name. ");
    let many: String = (0..60).map(thing).collect();
    let error = generate(&request(&many)).unwrap_err();
    assert_eq!(error.to_string(), "60 entities; the limit is 40");
}

#[test]
fn a_spec_is_written_exactly() {
    let spec = json!({"entities": [
        {"name": "post", "fields": [
            {"name": "title", "type": "string", "required": true, "unique": true},
            {"name": "kind", "type": "enum", "values": ["A \"quote\"", "it's"], "default": "it's"},
        ], "relations": [{"kind": "belongs_to", "to": "user", "name": "author"}, {"kind": "many_to_many", "to": "tags"}]},
        {"name": "user", "fields": [{"name": "email", "required": false}]},
        {"name": "tag", "fields": [{"name": "name"}]},
    ]});
    let request =
        GenerationRequest { prompt: "A weblog", project: "", stack: Some("fastapi"), spec: Some(&spec) };
    let generation = generate(&request).unwrap();
    assert_eq!((generation.subject.as_str(), generation.warnings.len()), ("weblog", 0));
    let schema = &generation.files["schema.sql"];
    assert!(schema.contains("DEFAULT 'it''s' CHECK (kind IN ('A \"quote\"', 'it''s'))"), "{schema}");
    assert!(
        generation.files["models.py"].contains("ITS = ")
            || generation.files["models.py"].contains("IT_S = \"it's\"")
    );
    assert!(generation.files["models.py"].contains("author_id: Mapped[int]"));
}

#[test]
fn a_wrong_spec_names_the_place() {
    let entity = |fields: Value| json!({"entities": [{"name": "post", "fields": fields}]});
    for (spec, expected) in [
        (json!([]), "spec: expected an object, found a list"),
        (json!({}), "spec: `entities` is missing"),
        (json!({"entities": [], "x": 1}), "spec: unknown key `x`; known: entities"),
        (json!({"entities": [{"fields": []}]}), "spec.entities[0]: `name` is missing"),
        (
            entity(json!([{"name": "a", "type": "strng"}])),
            "spec.entities[0].fields[0].type: unknown type `strng`; known: ",
        ),
        (
            entity(json!([{"name": "a", "required": "yes"}])),
            "spec.entities[0].fields[0].required: expected true or false",
        ),
        (
            entity(json!([{"name": "a"}, {"name": "A"}])),
            "spec.entities[0].fields[1]: there are two fields `a`",
        ),
        (
            entity(json!([{"name": "a", "type": "enum"}])),
            "spec.entities[0].fields[0]: an enum needs `values`",
        ),
        (
            entity(json!([{"name": "a", "type": "integer", "default": "x"}])),
            "spec.entities[0].fields[0].default: does not fit",
        ),
        (
            entity(json!([{"name": "名前"}])),
            "spec.entities[0].fields[0].name: a name needs at least one ASCII letter",
        ),
        (
            json!({"entities": [{"name": "a", "fields": [{"name": "n"}], "relations": [{"kind": "owns", "to": "a"}]}]}),
            "spec.entities[0].relations[0].kind: unknown kind",
        ),
        (
            json!({"entities": [{"name": "a", "relations": [{"kind": "belongs_to", "to": "b"}]}]}),
            "spec.entities[0].relations[0].to: no such entity; there are a",
        ),
    ] {
        let error = spec_error(&spec);
        assert!(error.starts_with(expected), "{error}");
    }
}

/// Words that a prompt is likely to have, and words that it should better not have.
fn fragment() -> impl Strategy<Value = String> {
    let known = [
        "users",
        "posts",
        "have",
        "has",
        "a",
        "many",
        "each",
        "belongs to",
        "with",
        "and",
        ",",
        ".",
        ":",
        "(",
        ")",
        "title",
        "status",
        "open",
        "or",
        "can",
        "be",
        "email",
        "unique",
        "is",
        "API for",
        "create",
        "tags",
        "class",
        "from",
        "import",
        "\n- ",
        "\n",
        "author",
        "'",
        "\"",
        "\\",
        "{",
        "}",
        "%s",
        "--",
        ";",
        "None",
        "1",
        "2fa",
        "json",
        "default",
        "optional",
        "many-to-many",
        "order",
        "table",
        "session",
        "models",
        "one of",
        "/",
        "employee",
        "manager",
        "parent category",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,12}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn no_prompt_makes_an_invalid_project(parts in prop::collection::vec(fragment(), 0..40)) {
        let prompt = parts.join(" ");
        let Ok(generation) = generate(&request(&prompt)) else { return Ok(()) };
        let database = rusqlite::Connection::open_in_memory().unwrap();
        prop_assert!(database.execute_batch(&generation.files["schema.sql"]).is_ok(), "{}", generation.files["schema.sql"]);
        prop_assert!(!generation.subject.is_empty());
        let paths: BTreeSet<String> = generation.files.keys().map(|path| path.to_lowercase()).collect();
        prop_assert_eq!(paths.len(), generation.files.len());
        for (path, text) in &generation.files {
            prop_assert!(path.parse::<platform_api::FilePath>().is_ok());
            if is_python(path) {
                prop_assert!(text.is_ascii(), "{}", path);
            }
        }
    }
}
