//! What the settings file may say, and what is said about the rest.

use super::*;

fn complaint(text: &str) -> (Option<u64>, String, String) {
    let error = parse("backend-im.yml", text).expect_err(text);
    (error.line, error.message, error.hint.unwrap_or_default())
}

#[test]
fn the_current_spelling_is_applied_in_full() {
    let text = "
name: my-todo            # a comment
url: https://platform.example.com
root: ./backend/
runtime: python
version: 3.10
install: pip install -r requirements.txt
build: make assets
test: [pytest -q, ruff check]
release: python migrate.py
start: |
  uvicorn main:app --host $HOST --port $PORT
health_path: healthz
static_root: ./public/
port: 9000
env:
  LOG_LEVEL: debug
  RETRIES: 3
  RATIO: 1.50
  ON: yes
  EMPTY:
";
    let settings = parse("backend-im.yml", text).unwrap();
    let expected = Settings {
        name: Some("my-todo".to_owned()),
        url: Some("https://platform.example.com".to_owned()),
        root: Some("backend".to_owned()),
        runtime: Some(Runtime::Python),
        version: Some("3.10".to_owned()),
        install: Some("pip install -r requirements.txt".to_owned()),
        build: Some("make assets".to_owned()),
        test: Some("pytest -q && ruff check".to_owned()),
        release: Some("python migrate.py".to_owned()),
        start: Some("uvicorn main:app --host $HOST --port $PORT".to_owned()),
        entrypoint: None,
        static_root: Some("public".to_owned()),
        health_path: Some("/healthz".to_owned()),
        port: Some(9000),
        env: [("LOG_LEVEL", "debug"), ("RETRIES", "3"), ("RATIO", "1.50"), ("ON", "yes"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        warnings: Vec::new(),
    };
    assert_eq!(settings, expected);
}

/// One project in the three spellings that the file has had.
const SPELLINGS: [(&str, &str); 3] = [
    (
        "backend.yml",
        "
name: shop
runtime: node:20
entrypoint: server.js
port: 3000
build: npm run build
health_check: /health
env:
  NODE_ENV: production
  DATABASE_URL: secret:database-url
  API_KEY: ${SECRET:API_KEY}
  GREETING: hello ${SECRET:who}
resources: {cpu: 500m, memory: 512Mi}
scaling: {min: 1, max: 4}
",
    ),
    (
        "backend-im.yml",
        "
name: shop
runtime: node
version: 20
entrypoint: server.js
port: 3000
build:
  command: npm run build
health_check:
  path: /health
  interval: 10s
env:
  - NODE_ENV=production
  - {name: DATABASE_URL, secret: database-url}
  - API_KEY=secret:API_KEY
  - GREETING=hello ${SECRET:WHO}
cpu_threshold: 70
",
    ),
    (
        "backendim.yaml",
        "
name: 'shop'
runtime: nodejs@20
entrypoint: [server.js]
port: '3000'
build: [npm run build]
health_path: health
env:
  NODE_ENV: {value: production}
  DATABASE_URL: {secret: DATABASE_URL}
  API_KEY: {secret: api-key}
  GREETING: hello ${SECRET:WHO}
replicas: 2
",
    ),
];

#[test]
fn the_three_spellings_parse_to_the_same_settings() {
    let [first, second, third] = SPELLINGS.map(|(file, text)| parse(file, text).unwrap());
    assert!([&first, &second, &third].iter().all(|settings| !settings.warnings.is_empty()));
    let quiet = |settings: Settings| Settings { warnings: Vec::new(), ..settings };
    let first = quiet(first);
    assert_eq!(first, quiet(second));
    assert_eq!(first, quiet(third));
    assert_eq!(first.version.as_deref(), Some("20"));
    assert_eq!(first.env["DATABASE_URL"], "${SECRET:DATABASE_URL}");
    assert_eq!(first.env.len(), 4);
    for (file, _) in SPELLINGS {
        assert!(FILE_NAMES.contains(&file));
    }
}

#[test]
fn the_older_spellings_are_applied_or_warned_about() {
    let text = "
runtime: node:20
entrypoint: server.js
build:
  command: npm run build
health_check:
  path: /health
  interval: 10s
resources: {cpu: 500m, memory: 512Mi}
scaling:
  min: 1
  max: 4
  cpu_threshold: 80
cpu_threshold: 70
env:
  NODE_ENV: production
  DATABASE_URL: {secret: database-url}
  API_KEY: ${SECRET:api-key}
  PORT: 3000
";
    let settings = parse("backend.yml", text).unwrap();
    assert_eq!((settings.runtime, settings.version.as_deref()), (Some(Runtime::Node), Some("20")));
    assert_eq!(settings.entrypoint.as_deref(), Some("server.js"));
    assert_eq!(settings.build.as_deref(), Some("npm run build"));
    assert_eq!(settings.health_path.as_deref(), Some("/health"));
    let env: Vec<_> = settings.env.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        env,
        ["API_KEY=${SECRET:API_KEY}", "DATABASE_URL=${SECRET:DATABASE_URL}", "NODE_ENV=production"]
    );
    insta::assert_snapshot!(settings.warnings.join("\n"), @r"
    `health_check.interval` is known but not applied by this version: the platform probes until the app answers or a time limit is over
    `resources` is known but not applied by this version: the app runs without limits of its own
    `scaling` is known but not applied by this version: one instance runs
    `cpu_threshold` is known but not applied by this version: one instance runs
    `env.PORT` is not applied: the platform gives every app its PORT
    ");
}

#[test]
fn env_may_be_a_list() {
    let settings = parse("f", "env:\n  - A=1=2\n  - {name: B, value: x}\n  - {name: C, secret: c}").unwrap();
    assert_eq!(
        settings.env.into_iter().collect::<Vec<_>>(),
        [("A", "1=2"), ("B", "x"), ("C", "${SECRET:C}")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert_eq!(settings.warnings, Vec::<String>::new());
}

#[test]
fn a_reference_to_no_secret_is_an_error() {
    for bad in ["A: {secret: a b}", "A: {secret: [b]}", "A: 'x${SECRET:'", "A: {secret: }", "A: ${SECRET:é}"]
    {
        let error = parse("f", &format!("env:\n  {bad}")).unwrap_err();
        assert_eq!(error.line, Some(2), "{bad}");
        assert!(error.hint.unwrap().contains("secret set"), "{bad}");
    }
}

#[test]
fn an_unknown_key_names_the_nearest_known_one_and_its_line() {
    let cases = [
        ("name: x\nstrat: y", 2, "strat", "did you mean `start`?"),
        ("health-path: /x", 1, "health-path", "did you mean `health_path`?"),
        ("environment: {}", 1, "environment", "did you mean `env`?"),
        ("command: x", 1, "command", "did you mean `start`?"),
        ("Runtime: node", 1, "Runtime", "did you mean `runtime`?"),
        ("build:\n  comand: x", 2, "build.comand", "did you mean `command`?"),
        ("health_check:\n  pth: /x", 2, "health_check.pth", "did you mean `path`?"),
    ];
    for (text, line, key, hint) in cases {
        assert_eq!(complaint(text), (Some(line), format!("unknown key `{key}`"), hint.to_owned()), "{text}");
    }
    assert!(complaint("zzz: 1").2.starts_with("known keys: name, url"));
}

#[test]
fn impossible_values_are_refused_with_their_line() {
    for text in [
        "port: 0",
        "port: 70000",
        "port: http",
        "url: example.com",
        "static_root: ../x",
        "static_root: /srv",
        "health_path: http://x/y",
        "health_path: /a b",
        "runtime: cobol",
        "name: [a]",
        "name: |\n  a\n  b",
        "start: {a: b}",
        "start: [[a]]",
        "env: text",
        "env: {1A: x}",
        "env: {A: {b: c}}",
        "env: [A]",
        "- a\n- b",
        "just a text",
        "start: [",
        "start: 'x",
        "a: 1\na: 2",
        "start: a\n---\nstart: b",
    ] {
        let (line, message, _) = complaint(text);
        assert!(line.is_some(), "{text}: {message}");
    }
}

#[test]
fn bombs_end_in_an_error() {
    let level =
        |level: usize| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "));
    let laughs = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{}", (1..12).map(level).collect::<String>());
    complaint(&laughs);
    complaint(&"[".repeat(5_000));
    complaint(&"- ".repeat(5_000));
    complaint(&"a:\n".repeat(5_000));
    complaint(&" ".repeat(70_000));
    complaint(&format!("env: {{{}}}", (0..300).map(|i| format!("A{i}: x")).collect::<Vec<_>>().join(", ")));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|[\n:\\-{}\\[\\]&*!|>'\"%@`#,? ]){0,200}") {
        drop(parse("backend-im.yml", &text));
    }

    #[test]
    fn no_value_of_a_known_key_makes_it_panic(key in 0..KEYS.len(), value in "\\PC{0,60}") {
        drop(parse("backend-im.yml", &format!("{}: {value}", KEYS[key].name)));
    }
}
