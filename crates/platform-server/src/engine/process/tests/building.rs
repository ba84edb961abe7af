//! Installing, building, testing.

use super::*;

async fn prepare(home: &Home, job: &BuildJob) -> Result<Release, Failure> {
    timeout(DEADLINE, home.engine.prepare(job, &CancellationToken::new())).await.expect("in time")
}

fn platform_lines(job: &BuildJob) -> String {
    texts(&job.logs, LogStream::Platform).join("\n")
}

/// A duration that no other test or run sleeps for, so that the process that does is found.
fn long_sleep() -> String {
    format!("sleep 86400.{}", Uuid::now_v7().as_u128() % 1_000_000_000_000)
}

/// The ids that steps of builds gave to their processes are not known here, so the check goes by a word in the command.
fn is_running(word: &str) -> bool {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let commands = processes.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    commands
        .map(|command| String::from_utf8_lossy(&command).into_owned())
        .any(|command| command.contains(word))
}

fn requirements(home: &Home, text: &str) -> BuildJob {
    let mut plan = plan(Runtime::Python);
    plan.install =
        Some(install(InstallMethod::Requirements, "pip install -r requirements.txt", &["requirements.txt"]));
    plan.start = Some("python -c 'import sys; print(sys.prefix)'".to_owned());
    let job = home.job(plan);
    std::fs::write(job.source.join("requirements.txt"), text).unwrap();
    job
}

#[tokio::test]
async fn steps_run_in_order_and_say_so() {
    let home = Home::new().await;
    let mut plan = plan(Runtime::Command);
    plan.install = Some(install(InstallMethod::Command, "echo installed > state", &[]));
    plan.build = Some("cat state && echo built >> state".to_owned());
    plan.test =
        Some("cat state && test $DATA_DIR != data && touch $DATA_DIR/x && echo $PORT $HOST".to_owned());
    plan.start = Some("cat state".to_owned());
    plan.env.insert("COLOUR".to_owned(), "blue".to_owned());
    let job = home.job(plan);
    let release = prepare(&home, &job).await.unwrap();
    assert_eq!(release.start, StartCommand::Shell("cat state".to_owned()));
    assert_eq!(release.env["COLOUR"], "blue");
    let lines = texts(&job.logs, LogStream::Stdout);
    assert_eq!(lines[..3], ["installed", "installed", "built"]);
    assert!(lines[3].ends_with(" 127.0.0.1"));
    let notes = platform_lines(&job);
    assert!(notes.starts_with("$ echo installed > state\n$ cat state && echo built"), "{notes}");
    assert_eq!(std::fs::read_dir(home.path().join("tmp")).unwrap().count(), 0);
    assert!(job.logs.tail(100, Some(LogSource::Runtime)).unwrap().is_empty());
}

#[tokio::test]
async fn each_kind_of_failure_has_its_code() {
    let home = Home::new().await;
    let failing =
        [(Code::INSTALL_FAILED, "install"), (Code::BUILD_FAILED, "build"), (Code::TEST_FAILED, "test")];
    for (code, phase) in failing {
        let mut plan = plan(Runtime::Command);
        match phase {
            "install" => plan.install = Some(install(InstallMethod::Command, "exit 4", &[])),
            "build" => plan.build = Some("exit 4".to_owned()),
            _ => plan.test = Some("exit 4".to_owned()),
        }
        let failure = prepare(&home, &home.job(plan)).await.unwrap_err();
        assert_eq!(failure.code, code);
        assert_eq!(failure.message, "`exit 4` failed with exit status 4");
        assert!(failure.hint.is_some());
    }
    let mut full = plan(Runtime::Command);
    full.build = Some("echo 'write: No space left on device' >&2; exit 1".to_owned());
    assert_eq!(prepare(&home, &home.job(full)).await.unwrap_err().code, Code::DISK_FULL);
    let mut nothing = plan(Runtime::Command);
    nothing.start = None;
    assert_eq!(prepare(&home, &home.job(nothing)).await.unwrap_err().code, Code::START_FAILED);
}

#[tokio::test]
async fn a_build_sees_registry_settings_but_no_tokens() {
    let home = Home::new().await;
    let mut plan = plan(Runtime::Command);
    plan.build = Some("env".to_owned());
    let job = home.job(plan);
    prepare(&home, &job).await.unwrap();
    let lines = texts(&job.logs, LogStream::Stdout);
    assert!(lines.iter().any(|line| line.starts_with("PATH=")));
    // Cargo sets this for its tests: part of the platform's environment here, and nobody's business.
    assert!(std::env::vars_os().any(|(name, _)| name == "CARGO_MANIFEST_DIR"));
    let leaked =
        |line: &&String| line.contains(CANARY) || line.contains("tweet") || line.starts_with("CARGO_MAN");
    assert_eq!(lines.iter().find(leaked), None);
}

#[tokio::test]
async fn a_step_that_takes_too_long_is_stopped() {
    let mut home = Home::new().await;
    home.engine.step_limit = Duration::from_millis(200);
    let mut plan = plan(Runtime::Command);
    let sleep = long_sleep();
    plan.build = Some(format!("echo begun; {sleep}"));
    let job = home.job(plan);
    let failure = prepare(&home, &job).await.unwrap_err();
    assert_eq!(failure.code, Code::TIMED_OUT);
    assert!(!is_running(&sleep));
    assert!(platform_lines(&job).contains("stopped after"));
}

#[tokio::test]
async fn cancelling_kills_everything_a_step_started() {
    let home = Home::new().await;
    let mut plan = plan(Runtime::Command);
    let sleep = long_sleep();
    let text = format!("echo begun; setsid {sleep} & {sleep}");
    plan.install = Some(install(InstallMethod::Command, &text, &[]));
    let job = home.job(plan);
    let cancel = CancellationToken::new();
    let cancelling = async {
        wait_for_line(&job.logs, "begun").await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(home.engine.prepare(&job, &cancel), cancelling);
    assert_eq!(outcome.unwrap_err().code.as_str(), "cancelled");
    assert!(!is_running(&sleep));
}

#[tokio::test]
async fn a_step_dies_with_its_platform() {
    let home = Home::new().await;
    let mut plan = plan(Runtime::Command);
    let sleep = long_sleep();
    plan.build = Some(format!("trap '' TERM; echo begun; {sleep} & {sleep}"));
    let job = home.job(plan);
    {
        let mut building = Box::pin(prepare(&home, &job));
        tokio::select! {
            _ = &mut building => panic!("it does not end"),
            () = wait_for_line(&job.logs, "begun") => {}
        }
    }
    wait_until("the step is gone", || !is_running(&sleep)).await;
}

#[tokio::test]
async fn a_tool_that_is_missing_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let env = BuildEnv::from_vars([("PATH".into(), "/nowhere".into())]);
    let engine = ProcessEngine::open(dir.path(), launcher_program(), env).await.unwrap();
    let home = Home { dir, engine, started: std::sync::Mutex::default() };
    for (runtime, tool) in [(Runtime::Python, "python3"), (Runtime::Node, "node"), (Runtime::Rust, "cargo")] {
        let failure = prepare(&home, &home.job(plan(runtime))).await.unwrap_err();
        assert_eq!(failure.code, Code::MISSING_TOOL);
        assert!(failure.message.contains(tool) && failure.hint.is_some());
    }
}

#[tokio::test]
async fn equal_dependencies_are_installed_once() {
    let home = Home::new().await;
    home.engine.tools.uv_is_unavailable.store(true, std::sync::atomic::Ordering::Relaxed);
    let first = requirements(&home, "# nothing\n");
    let release = prepare(&home, &first).await.unwrap();
    assert!(platform_lines(&first).contains("installing dependencies"));
    assert_eq!(release.layers.len(), 1);
    let second = requirements(&home, "# nothing\n");
    let again = prepare(&home, &second).await.unwrap();
    let notes = texts(&second.logs, LogStream::Platform);
    assert_eq!(notes, [format!("dependencies unchanged: reusing layer {}", &release.layers[0][..8])]);
    assert_eq!(again.layers, release.layers);
    assert_eq!(again.path_prefix, release.path_prefix);
    // The app runs in it.
    let mut spec = home.spec("true");
    spec.release = again;
    home.engine.launch(&spec).await.unwrap();
    assert!(home.engine.exited(spec.instance).await.success);
    let layer = home.path().join("layers").join(&release.layers[0]);
    assert_eq!(texts(&spec.logs, LogStream::Stdout), [layer.join("venv").display().to_string()]);
}

#[tokio::test]
async fn what_installs_see_of_the_projects_variables_makes_another_layer() {
    let home = Home::new().await;
    home.engine.tools.uv_is_unavailable.store(true, std::sync::atomic::Ordering::Relaxed);
    let first = prepare(&home, &requirements(&home, "# nothing\n")).await.unwrap();
    let mut other = requirements(&home, "# nothing\n");
    other.plan.env.insert("CFLAGS".to_owned(), "-O3".to_owned());
    let second = prepare(&home, &other).await.unwrap();
    assert!(platform_lines(&other).contains("installing dependencies"));
    assert_ne!(first.layers, second.layers);
}

/// A project whose installation takes npm half a second.
fn node_job(home: &Home) -> BuildJob {
    let mut plan = plan(Runtime::Node);
    plan.install = Some(install(InstallMethod::NpmCi, "npm ci", &["package.json", "package-lock.json"]));
    plan.start = Some("node -e 'console.log(process.env.NODE_ENV, process.env.PORT > 0)'".to_owned());
    let job = home.job(plan);
    let package = r#"{"name":"a","version":"1.0.0"}"#;
    let lock = r#"{"name":"a","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"a","version":"1.0.0"}}}"#;
    std::fs::write(job.source.join("package.json"), package).unwrap();
    std::fs::write(job.source.join("package-lock.json"), lock).unwrap();
    job
}

#[tokio::test]
async fn a_layer_that_was_interrupted_is_made_again_and_one_that_nobody_needs_goes() {
    let home = Home::new().await;
    let release = prepare(&home, &node_job(&home)).await.unwrap();
    let layer = home.path().join("layers").join(&release.layers[0]);
    std::fs::remove_file(layer.join(".complete")).unwrap();
    std::fs::write(layer.join("rubbish"), "").unwrap();
    let again = node_job(&home);
    prepare(&home, &again).await.unwrap();
    assert!(platform_lines(&again).contains("installing dependencies"));
    assert!(!layer.join("rubbish").exists());
    home.engine.retain_layers(&release.layers.iter().cloned().collect()).await.unwrap();
    assert!(layer.exists());
    home.engine.retain_layers(&BTreeSet::new()).await.unwrap();
    assert!(!layer.exists());
}

#[tokio::test]
async fn builds_that_want_one_layer_make_it_once() {
    let home = Home::new().await;
    let (one, two) = (node_job(&home), node_job(&home));
    let (first, second) = tokio::join!(prepare(&home, &one), prepare(&home, &two));
    assert_eq!(first.unwrap().layers, second.unwrap().layers);
    let installed = [&one, &two].map(|job| platform_lines(job).contains("installing dependencies"));
    assert!(installed[0] != installed[1]);
}

#[tokio::test]
async fn cancelling_an_installation_leaves_no_layer_that_looks_whole() {
    let home = Home::new().await;
    let job = node_job(&home);
    let cancel = CancellationToken::new();
    let cancelling = async {
        wait_for_note(&job.logs, "npm ci").await;
        cancel.cancel();
    };
    let (outcome, ()) = tokio::join!(home.engine.prepare(&job, &cancel), cancelling);
    assert_eq!(outcome.unwrap_err().code.as_str(), "cancelled");
    let again = node_job(&home);
    prepare(&home, &again).await.unwrap();
    assert!(platform_lines(&again).contains("installing dependencies"));
}

#[tokio::test]
async fn node_modules_are_a_layer() {
    let home = Home::new().await;
    let (first, second) = (node_job(&home), node_job(&home));
    let release = prepare(&home, &first).await.unwrap();
    assert!(platform_lines(&first).contains("npm ci --omit=dev"));
    prepare(&home, &second).await.unwrap();
    assert!(platform_lines(&second).starts_with("dependencies unchanged"), "{}", platform_lines(&second));
    let mut spec = home.spec("true");
    spec.release = release;
    home.engine.launch(&spec).await.unwrap();
    assert!(home.engine.exited(spec.instance).await.success);
    assert_eq!(texts(&spec.logs, LogStream::Stdout), ["production true"]);
}

#[tokio::test]
async fn a_rust_program_is_built_where_its_last_build_was() {
    let home = Home::new().await;
    let mut plan = plan(Runtime::Rust);
    let job = |plan: &Plan, text: &str| {
        let job = home.job(plan.clone());
        std::fs::create_dir(job.source.join("src")).unwrap();
        std::fs::write(job.source.join("Cargo.toml"), "[package]\nname = \"hello\"\nedition = \"2024\"\n")
            .unwrap();
        std::fs::write(job.source.join("src/main.rs"), format!("fn main() {{ println!({text:?}) }}"))
            .unwrap();
        job
    };
    for (text, start) in [("one", ".backend-im/bin/hello"), ("two", "target/release/hello")] {
        let mut spec = home.spec("true");
        plan.start = Some(start.to_owned());
        spec.release = prepare(&home, &job(&plan, text)).await.unwrap();
        home.engine.launch(&spec).await.unwrap();
        assert!(home.engine.exited(spec.instance).await.success);
        assert_eq!(texts(&spec.logs, LogStream::Stdout), [text]);
    }
}
