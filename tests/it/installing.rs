//! `backend-im mcp install`: what it writes into clients' files, and what it leaves alone.

mod bundle;
mod real;

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Done, Home};

const CLIENTS: [&str; 8] =
    ["claude-code", "claude-desktop", "cursor", "vscode", "windsurf", "zed", "codex", "gemini"];

/// Somebody with a home directory, who stands in a project.
struct Person {
    home: Home,
}

impl Person {
    fn new() -> Self {
        let person = Self { home: Home::new() };
        std::fs::create_dir_all(person.project()).expect("a folder");
        person
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.person().canonicalize().expect("a folder").join(name)
    }

    fn project(&self) -> PathBuf {
        self.path("src/shop")
    }

    /// Runs `backend-im …` in the project.
    fn run(&self, line: &str) -> Done {
        self.run_in(&self.project(), line)
    }

    fn run_in(&self, folder: &Path, line: &str) -> Done {
        let mut command = self.home.program(&[]);
        self.home.lend(&mut command);
        let words: Vec<&str> = line.strip_prefix("backend-im ").unwrap_or(line).split(' ').collect();
        Done::of(command.args(words).current_dir(folder).output().expect("the program runs"))
    }

    /// Writes a file of a client.
    fn has(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// The text with this machine's paths as the documentation writes them.
    fn as_documented(&self, text: &str) -> String {
        let program = Command::new(env!("CARGO_BIN_EXE_backend-im"));
        let home = self.path("");
        let home = home.to_str().expect("UTF-8").trim_end_matches('/');
        text.replace(program.get_program().to_str().expect("UTF-8"), "/usr/local/bin/backend-im")
            .replace(home, "/home/you")
    }
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder.
fn files_of(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// A command of the documentation, the file that it is said to write, and the content.
struct Snippet {
    command: String,
    file: String,
    text: String,
}

fn snippets() -> Vec<Snippet> {
    let text = read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/clients.md"));
    let blocks = text.split("```console\nbackend-im mcp install ").skip(1);
    let snippet = |block: &str| {
        let (command, rest) = block.split_once("\n```\n\n`").expect("a command and a file");
        let (file, rest) = rest.split_once("`:\n\n```").expect("a file and a snippet");
        let (_, rest) = rest.split_once('\n').expect("a language");
        let (text, _) = rest.split_once("```").expect("an end");
        Snippet { command: command.to_owned(), file: file.to_owned(), text: text.to_owned() }
    };
    blocks.map(snippet).collect()
}

#[test]
fn every_snippet_of_the_documentation_is_what_its_command_writes() {
    let snippets = snippets();
    for client in CLIENTS {
        assert!(snippets.iter().any(|snippet| snippet.command == client), "{client}");
        let over_http = |snippet: &Snippet| snippet.command.starts_with(&format!("{client} --http "));
        assert_eq!(snippets.iter().any(over_http), client != "claude-desktop", "{client}");
    }
    for Snippet { command, file, text } in snippets {
        let person = Person::new();
        let line = format!("mcp install {command}");
        let written = person.run(&line).ok().stdout;
        let expected = match file.strip_prefix("~/") {
            Some(file) => person.path(file),
            None => person.project().join(&file),
        };
        assert_eq!(written.trim(), expected.to_str().expect("UTF-8"), "{command}");
        assert_eq!(person.as_documented(&read(&expected)), text, "{command}");
        let again = person.run(&line).ok();
        assert!(again.stderr.contains("nothing is changed"), "{again:#?}");
        let folder = expected.parent().expect("a folder");
        assert!(!files_of(folder).iter().any(|name| name.contains("backup")), "{command}");
    }
}

#[test]
fn no_token_reaches_a_clients_file() {
    let person = Person::new();
    for (name, token) in [("token", "canary-5d41"), ("mcp-token", "canary-7c9e")] {
        std::fs::write(person.home.path().join(name), token).expect("a file");
    }
    for client in CLIENTS {
        person.run(&format!("--url https://platform.example mcp install {client} --scope user")).ok();
        person.run(&format!("mcp install {client} --scope user --name b --http https://x.example/mcp"));
    }
    let mut folders = vec![person.path("")];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for name in files_of(&folder) {
            let path = folder.join(name);
            if path.is_dir() {
                folders.push(path);
            } else {
                assert!(!read(&path).contains("canary"), "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= CLIENTS.len(), "{seen} files");
    let refused = person.run("mcp install codex --http https://me:canary@x.example/mcp");
    assert_eq!(refused.code, 3, "{refused:#?}");
    assert!(!refused.stderr.contains("canary"), "{refused:#?}");
}

#[test]
fn another_entry_of_that_name_stays_unless_it_is_forced() {
    let person = Person::new();
    let before = "{\n  // mine\n  \"mcpServers\": {\"backend-im\": {\"command\": \"old\"}},\n}\n";
    let path = person.has(".gemini/settings.json", before);
    let refused = person.run("mcp install gemini");
    assert_eq!(refused.code, 6, "{refused:#?}");
    assert!(refused.stderr.contains("--force replaces it"), "{refused:#?}");
    assert_eq!(read(&path), before);

    person.run("mcp install gemini --name second").ok();
    let both = read(&path);
    assert!(both.contains("\"command\": \"old\"") && both.contains("\"second\""), "{both}");
    let forced = person.run("mcp install gemini --force").ok();
    assert!(!read(&path).contains("old") && read(&path).contains("// mine"), "{}", read(&path));
    let folder = path.parent().expect("a folder");
    let kept = ["settings.json", "settings.json.backup-1", "settings.json.backup-2"];
    assert_eq!(files_of(folder), kept, "{forced:#?}");
    assert_eq!(read(folder.join(kept[1])), before);
    assert_eq!(read(folder.join(kept[2])), both);
}

#[test]
fn a_dry_run_shows_the_difference_and_writes_nothing() {
    let person = Person::new();
    let shown = person.run("mcp install codex --dry-run").ok();
    assert!(shown.stdout.contains("+[mcp_servers.backend-im]\n+command = \"backend-im\"\n"), "{shown:#?}");
    assert!(shown.stderr.contains("nothing is written"), "{shown:#?}");
    assert_eq!(files_of(&person.path("")), ["src"]);

    let secret = "model = \"x\"\nkey = \"a secret of somebody else\"\n";
    let path = person.has(".codex/config.toml", secret);
    let shown = person.run("mcp install codex --dry-run").ok();
    assert!(!shown.stdout.contains("somebody else"), "{shown:#?}");
    assert_eq!(read(&path), secret);
    let other = person.has(".gemini/settings.json", "{\"mcpServers\": {\"backend-im\": {}}}");
    let shown = person.run("mcp install gemini --dry-run").ok();
    assert!(shown.stdout.contains("\n-{") && shown.stdout.contains("\"command\""), "{shown:#?}");
    assert_eq!(files_of(other.parent().expect("a folder")), ["settings.json"]);
}

#[test]
fn a_link_stays_a_link_and_a_mode_stays_what_it_was() {
    let person = Person::new();
    let dotfile = person.has("dotfiles/codex.toml", "# mine\n");
    std::fs::set_permissions(&dotfile, std::fs::Permissions::from_mode(0o640)).expect("a mode");
    let link = person.path(".codex/config.toml");
    std::fs::create_dir_all(link.parent().expect("a folder")).expect("a folder");
    symlink("../dotfiles/codex.toml", &link).expect("a link");
    person.run("mcp install codex").ok();
    assert!(link.symlink_metadata().expect("a link").is_symlink());
    assert!(read(&dotfile).starts_with("# mine\n") && read(&dotfile).contains("[mcp_servers.backend-im]"));
    let mode = |path: &Path| path.metadata().expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(&dotfile), 0o640);
    let backup = person.path("dotfiles/codex.toml.backup-1");
    assert_eq!((read(&backup).as_str(), mode(&backup)), ("# mine\n", 0o640));

    person.run("mcp install claude-code").ok();
    assert_eq!(mode(&person.path(".claude.json")), 0o600, "a person's new file is theirs alone");
    let nowhere = person.path(".gemini/settings.json");
    std::fs::create_dir_all(nowhere.parent().expect("a folder")).expect("a folder");
    symlink("../gone/settings.json", &nowhere).expect("a link");
    let refused = person.run("mcp install gemini");
    assert_eq!(refused.code, 6, "{refused:#?}");
}

#[test]
fn a_file_that_cannot_be_read_is_left_alone() {
    let person = Person::new();
    let cases: [(&str, &str, &[u8]); 5] = [
        ("gemini", ".gemini/settings.json", b"{\n  \"a\": \n"),
        ("gemini", ".gemini/settings.json", b"{\"mcpServers\": [1]}"),
        ("codex", ".codex/config.toml", b"[mcp_servers\n"),
        ("zed", ".config/zed/settings.json", b"\xff\xfe{}"),
        ("windsurf", ".codeium/windsurf/mcp_config.json", b"[]"),
    ];
    for (client, name, bytes) in cases {
        let path = person.has(name, "");
        std::fs::write(&path, bytes).expect("a file");
        for line in [format!("mcp install {client} --force"), format!("mcp uninstall {client}")] {
            let refused = person.run(&line);
            assert!(matches!(refused.code, 3 | 6), "{line}: {refused:#?}");
            assert!(refused.stderr.contains("hint:"), "{line}: {refused:#?}");
        }
        assert_eq!(std::fs::read(&path).expect("a file"), bytes);
        assert_eq!(files_of(path.parent().expect("a folder")).len(), 1, "{client}");
    }
}

#[test]
fn uninstall_takes_out_what_install_put_in() {
    let person = Person::new();
    let before = "// Zed's\n{\n  \"theme\": \"One\", // dark\n  \"context_servers\": {\n    \"other\": { \"command\": \"x\" },\n  },\n}\n";
    let path = person.has(".config/zed/settings.json", before);
    person.run("mcp install zed").ok();
    assert!(read(&path).contains("\"timeout\": 600"));
    person.run("mcp uninstall zed").ok();
    assert_eq!(read(&path), before);
    let again = person.run("mcp uninstall zed").ok();
    assert!(again.stderr.contains("nothing is changed"), "{again:#?}");
}

#[test]
fn the_entry_says_which_folder_and_which_platform_are_meant() {
    let person = Person::new();
    let entry = |file: &str| -> Value {
        let file: Value = serde_json::from_str(&read(person.path(file))).expect("JSON");
        file["mcpServers"]["backend-im"]["args"].clone()
    };
    let refused = person.run_in(&person.path(""), "mcp install claude-desktop");
    assert_eq!(refused.code, 2, "{refused:#?}");
    assert!(refused.stderr.contains("--root DIR"), "{refused:#?}");
    person.run_in(&person.path(""), "mcp install claude-desktop --root src").ok();
    let file = ".config/Claude/claude_desktop_config.json";
    assert_eq!(entry(file), json!(["mcp", "--root", person.path("src")]));

    person.run("--home state --url https://platform.example mcp install gemini").ok();
    let state = person.project().join("state");
    let expected = json!(["--home", state, "--url", "https://platform.example/", "mcp"]);
    assert_eq!(entry(".gemini/settings.json"), expected);
    let refused = person.run("mcp install windsurf --scope project");
    assert_eq!(refused.code, 2, "{refused:#?}");
    let refused = person.run("mcp install gemini --name a.b");
    assert_eq!(refused.code, 2, "{refused:#?}");
}
