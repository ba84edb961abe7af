//! Changes for an app that does not listen where it is told: the one line that says where it listens.

use super::diff::Change;
use super::{Files, node_port, settings};
use crate::Runtime;
use crate::diagnose::scene::Scene;

/// Files that hold start commands.
const COMMANDS: &[&str] = &["Procfile", "backend-im.yml", "backend.yml", "backendim.yaml", "package.json"];
const PYTHON: &[&str] = &[
    "main.py",
    "app.py",
    "server.py",
    "run.py",
    "wsgi.py",
    "asgi.py",
    "src/main.py",
    "src/app.py",
    "app/main.py",
    "app/__main__.py",
    "app/__init__.py",
];
const GO: &[&str] =
    &["main.go", "cmd/server/main.go", "cmd/api/main.go", "cmd/web/main.go", "cmd/app/main.go"];
const RUST: &[&str] = &[
    "src/main.rs",
    "src/lib.rs",
    "src/server.rs",
    "src/startup.rs",
    "src/app.rs",
    "src/bin/server.rs",
    "src/bin/main.rs",
];
const RUBY: &[&str] = &["app.rb", "server.rb", "main.rb", "config/puma.rb", "config.ru"];
const SPRING: &[&str] = &[
    "src/main/resources/application.properties",
    "src/main/resources/application.yml",
    "src/main/resources/application.yaml",
];
/// How an address is written that only this machine reaches.
pub(super) const LOOPBACK: &[&str] = &["127.0.0.1", "localhost"];

/// The change that makes the app listen where it is told. `address` is where it listens instead.
pub(super) fn heed(scene: &Scene, address: &str, files: &Files<'_>) -> Option<Vec<Change>> {
    let port = address.rsplit(':').next().filter(|port| port.parse::<u16>().is_ok())?;
    let command = COMMANDS.iter().find_map(|path| in_command(files, path, port));
    let source = || match scene.runtime {
        Some(Runtime::Python) => in_sources(files, PYTHON, |text| python(text, port)),
        Some(Runtime::Node | Runtime::Bun) => node_port::heed(files, port),
        Some(Runtime::Go) => in_sources(files, GO, |text| go(text, port)),
        Some(Runtime::Rust) => in_sources(files, RUST, |text| rust(text, port)),
        Some(Runtime::Ruby) => in_sources(files, RUBY, |text| ruby(text, port)),
        Some(Runtime::Java) => in_sources(files, SPRING, |text| spring(text, port)),
        _ => None,
    };
    command.or_else(source).map(|change| vec![change])
}

/// The first source that the edit changes.
fn in_sources(files: &Files<'_>, paths: &[&str], edit: impl Fn(&str) -> Option<String>) -> Option<Change> {
    paths.iter().find_map(|path| {
        let text = files.text(path)?;
        let new = edit(&text)?;
        Some(Change::of(path, text, new))
    })
}

/// Options with the port or a loopback address, in the one line that has them.
fn in_command(files: &Files<'_>, path: &str, port: &str) -> Option<Change> {
    let text = files.text(path)?;
    let edited = |line: &str| {
        let mut new = line.to_owned();
        for option in ["--port ", "--port=", "-p ", "--bind 0.0.0.0:", "-b 0.0.0.0:", "--bind :", "-b :"] {
            new = replaced(&new, &format!("{option}{port}"), &format!("{option}$PORT"));
        }
        for host in LOOPBACK {
            for option in ["--host ", "--host=", "--hostname ", "-H "] {
                new = replaced(&new, &format!("{option}{host}"), &format!("{option}$HOST"));
            }
            for option in ["--bind ", "-b "] {
                new = replaced(&new, &format!("{option}{host}:{port}"), &format!("{option}$HOST:$PORT"));
            }
        }
        new
    };
    let new: String = text.split_inclusive('\n').map(edited).collect();
    (new != text).then(|| Change::of(path, text, new))
}

/// Replaces a text where no further digit or letter follows it.
fn replaced(line: &str, from: &str, to: &str) -> String {
    match line.split_once(from) {
        Some((before, after)) if !after.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
            format!("{before}{to}{after}")
        }
        _ => line.to_owned(),
    }
}

/// The only line that contains the text; nothing when several do, or none.
fn only_line(text: &str, wanted: impl Fn(&str) -> bool) -> Option<&str> {
    let mut found = text.lines().filter(|line| wanted(line));
    found.next().filter(|_| found.next().is_none())
}

/// The only place with the address, where the environment can be read already.
fn go(text: &str, port: &str) -> Option<String> {
    let has_os = |line: &str| line.trim() == "\"os\"" || line.trim() == "import \"os\"";
    let literals = [
        format!("\":{port}\""),
        format!("\"0.0.0.0:{port}\""),
        format!("\"127.0.0.1:{port}\""),
        format!("\"localhost:{port}\""),
    ];
    let is_address = |line: &str| literals.iter().any(|literal| line.contains(literal));
    let line = only_line(text, is_address).filter(|_| text.lines().any(has_os))?;
    let listens = ["ListenAndServe(", ".Run(", ".Listen(", ".Start(", "Addr:", "net.Listen("];
    if !listens.iter().any(|call| line.contains(call)) {
        return None;
    }
    let literal = literals.iter().find(|literal| line.contains(literal.as_str()))?;
    Some(text.replacen(line, &line.replacen(literal, "\":\" + os.Getenv(\"PORT\")", 1), 1))
}

/// The only place with the address, whatever its form: `"127.0.0.1:3000"`, `("127.0.0.1", 3000)`, `([127, 0, 0, 1], 3000)`.
fn rust(text: &str, port: &str) -> Option<String> {
    const HOSTS: &[&str] = &["127.0.0.1", "0.0.0.0", "localhost", "[::]", "[::1]"];
    // A constant cannot be read from the environment, and what is printed listens nowhere.
    let is_other = |line: &str| {
        let line = line.trim_start();
        ["//", "const ", "pub const ", "static ", "pub static "].iter().any(|word| line.starts_with(word))
            || ["println!", "info!", "log!", "debug!", ": &str"].iter().any(|word| line.contains(word))
    };
    let literals: Vec<String> = HOSTS.iter().map(|host| format!("\"{host}:{port}\"")).collect();
    let of_environment = format!(
        "format!(\"{{}}:{{}}\", std::env::var(\"HOST\").unwrap_or_else(|_| \"0.0.0.0\".into()), \
         std::env::var(\"PORT\").unwrap_or_else(|_| \"{port}\".into()))"
    );
    let is_address = |line: &str| !is_other(line) && literals.iter().any(|literal| line.contains(literal));
    if let Some(line) = only_line(text, is_address) {
        let literal = literals.iter().find(|literal| line.contains(literal.as_str()))?;
        return Some(text.replacen(line, &line.replacen(literal, &of_environment, 1), 1));
    }
    let pair = format!(", {port})");
    let calls = ["bind(", ".run(", "SocketAddr", ".serve(", "addr"];
    let line = only_line(text, |line| {
        !is_other(line) && line.contains(&pair) && calls.iter().any(|call| line.contains(call))
    })?;
    let number =
        format!(", std::env::var(\"PORT\").ok().and_then(|port| port.parse().ok()).unwrap_or({port}))");
    Some(text.replacen(line, &line.replacen(&pair, &number, 1), 1))
}

fn ruby(text: &str, port: &str) -> Option<String> {
    let setting = |line: &str| {
        let line = line.trim();
        line == format!("set :port, {port}") || line == format!("port {port}")
    };
    let line = only_line(text, setting)?;
    let new = line.replacen(port, &format!("ENV.fetch(\"PORT\", {port})"), 1);
    Some(text.replacen(line, &new, 1))
}

/// `server.port=8080`, or `port: 8080` below `server:`.
fn spring(text: &str, port: &str) -> Option<String> {
    let line = only_line(text, |line| {
        let line: String = line.split_whitespace().collect();
        line == format!("server.port={port}") || line == format!("port:{port}")
    })?;
    let is_nested = line.trim_start().starts_with("port:");
    if is_nested && !text.lines().any(|line| line.trim_end() == "server:") {
        return None;
    }
    Some(text.replacen(line, &line.replacen(port, &format!("${{PORT:{port}}}"), 1), 1))
}

fn python(text: &str, port: &str) -> Option<String> {
    let argument = format!("port={port}");
    let line = only_line(text, |line| line.contains(&argument) && line.contains('('))?;
    let mut new = replaced(line, &argument, &format!("port=int(os.environ.get(\"PORT\", {port}))"));
    for host in LOOPBACK {
        for quote in ['\'', '"'] {
            let literal = format!("host={quote}{host}{quote}");
            new = new.replace(&literal, "host=os.environ.get(\"HOST\", \"0.0.0.0\")");
        }
    }
    if new == line {
        return None;
    }
    let changed = text.replacen(line, &new, 1);
    let imports_os = |line: &str| {
        line.strip_prefix("import ").is_some_and(|names| names.split(',').any(|name| name.trim() == "os"))
    };
    if text.lines().any(imports_os) {
        return Some(changed);
    }
    let first = changed.lines().position(|line| {
        (line.starts_with("import ") || line.starts_with("from ")) && !line.contains("__future__")
    })?;
    Some(settings::inserted(&changed, first, "import os\n"))
}
