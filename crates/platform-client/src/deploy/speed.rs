//! How long a deploy takes on this side, on 3,000 files of 34 MB:
//! `cargo test --release -p platform-client speed -- --ignored --nocapture`.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant};

use super::*;
use crate::testing::Platform;
use crate::upload::{Encoding, packed};

const FILES: usize = 3_000;
const FOLDERS: usize = 300;
const BYTES: usize = 34 << 20;
const ROUNDS: usize = 41;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints times, and proves nothing"]
async fn speed_of_a_deploy() {
    let outer = tempfile::tempdir().unwrap();
    let app = outer.path().join("mid");
    generate(&app);
    let state = tempfile::tempdir().unwrap();

    let cold = median(|| {
        let fresh = tempfile::tempdir().unwrap();
        timed(|| drop(Snapshot::take(&app, fresh.path()).unwrap()))
    });
    tell("scan, nothing known", cold);
    Snapshot::take(&app, state.path()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    Snapshot::take(&app, state.path()).unwrap();
    tell("scan, nothing changed", median(|| timed(|| drop(Snapshot::take(&app, state.path()).unwrap()))));
    let edited = median(|| {
        edit(&app);
        timed(|| drop(Snapshot::take(&app, state.path()).unwrap()))
    });
    tell("scan, one line changed", edited);
    let planned = median(|| {
        edit(&app);
        timed(|| drop(crate::plan::plan_folder(&app, None, state.path()).unwrap()))
    });
    tell("scan and plan, one line changed", planned);

    let snapshot = Snapshot::take(&app, state.path()).unwrap();
    tell("list for the plan", median(|| timed(|| drop(crate::plan::listing(&snapshot)))));
    let listing = crate::plan::listing(&snapshot);
    let read = |path: &str| fs::read(app.join(path)).ok();
    tell("plan alone", median(|| timed(|| drop(build_plan::plan(&listing, &read).unwrap()))));

    let pack = || timed(|| assert!(!packed(&snapshot, Encoding::Zstd).is_empty()));
    tell("read, hash and compress all", tokio::task::block_in_place(|| median(pack)));

    let platform = Platform::default();
    let server = platform.start().await;
    let mut times = Vec::new();
    for _ in 0..5 {
        *platform.store() = crate::testing::Store::default();
        let fresh = tempfile::tempdir().unwrap();
        let backend = server.backend(fresh.path());
        let start = Instant::now();
        deploy(&backend, &app).await;
        times.push(start.elapsed());
    }
    tell("first deploy, with the fake platform's own work", middle(times));
    let sent = platform.store().uploads.clone();
    eprintln!("  streamed {} bytes", sent[0]);
    let mut times = Vec::new();
    let backend = server.backend(state.path());
    *platform.store() = crate::testing::Store::default();
    deploy(&backend, &app).await;
    for _ in 0..ROUNDS {
        edit(&app);
        let start = Instant::now();
        deploy(&backend, &app).await;
        times.push(start.elapsed());
    }
    tell("next deploy, one line changed", middle(times));
}

async fn deploy(backend: &Backend, app: &Path) {
    let options = DeployOptions { path: app.to_owned(), ..DeployOptions::default() };
    backend.deploy(options, &|_| {}).await.unwrap();
}

/// Text that compresses about as source code does.
fn generate(app: &Path) {
    let mut seed = 1_u64;
    for number in 0..FILES {
        let folder = app.join(format!("package_{:03}/module", number % FOLDERS));
        fs::create_dir_all(&folder).unwrap();
        let mut text = String::new();
        while text.len() < BYTES / FILES {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            writeln!(text, "def function_{}(value):\n    return value * {}", seed >> 40, seed >> 52).unwrap();
        }
        fs::write(folder.join(format!("file_{number}.py")), text).unwrap();
    }
    fs::write(app.join("main.py"), "from fastapi import FastAPI\napp = FastAPI()\n").unwrap();
    fs::write(app.join("requirements.txt"), "fastapi\nuvicorn\n").unwrap();
    fs::write(app.join(".gitignore"), "*.pyc\n.venv/\n/dist/\n*.log\n").unwrap();
}

fn edit(app: &Path) {
    let file = app.join("package_007/module/file_307.py");
    writeln!(fs::File::options().append(true).open(file).unwrap(), "# one more line").unwrap();
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

fn median(act: impl FnMut() -> Duration) -> (Duration, Duration) {
    middle(std::iter::repeat_with(act).take(ROUNDS).collect())
}

/// The middle and the least: on a busy machine only the least says something of us.
fn middle(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[0])
}

fn tell(what: &str, (middle, least): (Duration, Duration)) {
    eprintln!("{what}: {middle:.1?}, at least {least:.1?}");
}
