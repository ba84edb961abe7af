//! Folders that are made to hurt whoever reads them: huge files, circles of links, names that are no text, bombs.

use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use crate::harness::{Done, Home, Project, run_within};

/// A program that may not have more than 512 MiB of memory, the mapped included.
fn bounded(home: &Home, folder: &str) -> Done {
    let mut command = Command::new("sh");
    let program = home.program(&["plan", folder]);
    command
        .args(["-c", "ulimit -v 524288; exec \"$@\"", "sh"])
        .arg(program.get_program())
        .args(program.get_args());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    run_within(20, &mut command)
}

#[test]
fn folders_that_are_made_to_hurt_end_in_a_sentence_within_bounded_memory() {
    let home = Home::new();
    let level =
        |level: usize| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", "));
    let laughs = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{}", (1..12).map(level).collect::<String>());

    let huge = Project::of("huge", &[("server.js", "")]);
    let file = std::fs::File::create(huge.path().join("package.json")).expect("a file");
    file.set_len(2 << 30).expect("a sparse file");
    let links = Project::of("links", &[("index.html", "<p>")]);
    for (from, to) in [("a", "b"), ("b", "a"), ("self", "../links"), ("folder", ".")] {
        std::os::unix::fs::symlink(to, links.path().join(from)).expect("a link");
    }
    let names = Project::of("names", &[("index.html", "<p>")]);
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.txt");
    std::fs::write(names.path().join(name), "x").expect("a file");
    let laughing = Project::of("laughing", &[("backend-im.yml", &laughs), ("index.html", "<p>")]);
    let deep = Project::of("deep", &[("package.json", &"[".repeat(900_000))]);
    for (project, code) in [
        (&huge, "too_large"),
        (&links, "symlink_escapes"),
        (&names, "invalid_path"),
        (&laughing, "invalid_config"),
        (&deep, "invalid_config"),
    ] {
        let done = bounded(&home, &project.arg());
        assert!(done.stderr.contains(&format!("({code})")), "{code}: {done:#?}");
        assert!(done.stderr.contains("hint: "), "{code}: {done:#?}");
        assert!(done.stderr.len() < 2_000, "{code}: {done:#?}");
    }

    // What detection reads beside the settings may laugh too: the plan is made from what else is there.
    let others = Project::quick("others", "one");
    for file in ["pnpm-workspace.yaml", "docker-compose.yml", "pnpm-lock.yaml"] {
        others.write(file, &laughs);
    }
    let cycle = "[[package]]\nname = \"a\"\nversion = \"1\"\ndependencies = [{name = \"b\"}]\n\n[[package]]\nname = \"b\"\n\
                 version = \"1\"\ndependencies = [{name = \"a\"}]\n";
    for lock in ["uv.lock", "poetry.lock", "Cargo.lock"] {
        others.write(lock, cycle);
    }
    let done = bounded(&home, &others.arg());
    assert!(done.code == 0 && done.stdout.contains("python3 server.py"), "{done:#?}");
}
