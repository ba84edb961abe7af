//! A disk that is full: nothing breaks, the person is told, and with room again everything goes on.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use platform_api::Code;
use rustix::fs::OFlags;
use tempfile::TempDir;

use super::Standing;
use super::told::{Told, refused};
use crate::harness::{Done, Home, eventually, get, python_server};

/// A file system of a few MiB in memory, for a home. Gone when dropped; homes in it must be dropped before.
struct SmallDisk {
    dir: TempDir,
}

impl SmallDisk {
    /// `None`, with a word about it, where this user may not mount.
    fn mount(test: &str, megabytes: u32) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a temp dir");
        let size = format!("size={megabytes}m,mode=755");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        if mounted.is_ok_and(|done| done.status.success()) {
            return Some(Self { dir });
        }
        eprintln!("SKIPPED {test}: this user may not mount a small file system");
        None
    }

    /// A home on it.
    fn home(&self) -> Home {
        Home::within(self.dir.path())
    }

    /// Leaves no byte free.
    fn fill(&self) -> Ballast {
        let path = self.dir.path().join("ballast");
        let mut file = File::create(&path).expect("a file");
        for size in [1 << 20, 4096, 1] {
            let block = vec![1; size];
            loop {
                match file.write(&block) {
                    Ok(written) if written > 0 => {}
                    Ok(_) => break,
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        Ballast(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let umount = |flags: &[&str]| {
            let done = Command::new("umount").args(flags).arg(self.dir.path()).output();
            done.is_ok_and(|done| done.status.success())
        };
        if !umount(&[]) {
            assert!(umount(&["--lazy"]), "the small disk stays mounted at {}", self.dir.path().display());
        }
    }
}

/// What makes the disk full, until it is dropped.
struct Ballast(PathBuf);

impl Drop for Ballast {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// Bytes that do not compress.
fn noise(path: &Path, megabytes: usize) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let bytes: Vec<u8> = words.by_ref().take(megabytes << 17).flatten().collect();
    std::fs::write(path, bytes).expect("a file");
}

#[test]
fn a_deploy_onto_a_full_disk_is_told_and_the_live_version_stays() {
    let Some(disk) = SmallDisk::mount("a_deploy_onto_a_full_disk_is_told_and_the_live_version_stays", 24)
    else {
        return;
    };
    let standing = Standing::at(disk.home());
    let ballast = disk.fill();
    standing.project.says("two");
    for _ in 0..3 {
        is_full(&standing);
    }
    for _ in 0..50 {
        assert_eq!(get(standing.direct_url()).text, "good", "an app whose lines cannot be kept runs on");
    }
    standing.stands();
    assert_eq!(standing.home.run(&["status", "hello", "--json"]).ok().json()["status"], "complete");

    drop(ballast);
    standing.home.deploy(&standing.project.arg());
    assert_eq!(get(standing.direct_url()).text, "two", "with room again everything goes on");
    standing.home.kill_platform();
    standing.home.started();
    eventually("what is on the disk is whole", 20, || {
        (get(standing.direct_url()).text == "two").then_some(())
    });
}

#[test]
fn a_platform_that_starts_on_a_full_disk_says_so_and_apps_run_on() {
    let Some(disk) = SmallDisk::mount("a_platform_that_starts_on_a_full_disk_says_so_and_apps_run_on", 24)
    else {
        return;
    };
    let standing = Standing::at(disk.home());
    let address =
        format!("http://{}/", standing.live["instances"][0]["address"].as_str().expect("an address"));
    let ballast = disk.fill();
    standing.home.kill_platform();
    refused(&standing.home, &["projects"], &Code::DISK_FULL).hints(&["space"]).exits(7);
    assert_eq!(get(&address).text, "good");
    drop(ballast);
    standing.home.started();
    eventually("the app has its route again", 20, || {
        (get(standing.direct_url()).status == 200).then_some(())
    });
    standing.stands();
}

#[test]
fn an_upload_that_does_not_fit_is_told_and_takes_no_room() {
    let Some(disk) = SmallDisk::mount("an_upload_that_does_not_fit_is_told_and_takes_no_room", 24) else {
        return;
    };
    let standing = Standing::at(disk.home());
    noise(&standing.project.path().join("noise.bin"), 40);
    for _ in 0..3 {
        is_full(&standing);
    }
    standing.stands();
    std::fs::remove_file(standing.project.path().join("noise.bin")).expect("a file");
    standing.recovers();
}

#[test]
fn a_build_that_fills_the_disk_is_told_and_takes_no_room() {
    let Some(disk) = SmallDisk::mount("a_build_that_fills_the_disk_is_told_and_takes_no_room", 24) else {
        return;
    };
    let standing = Standing::at(disk.home());
    let hoard =
        "with open('hoard', 'wb', 0) as file:\n    for _ in range(64): file.write(b'x' * (1 << 20))\n";
    standing.project.write("hoard.py", hoard);
    standing.project.write("backend-im.yml", "build: python3 hoard.py\nstart: python3 server.py\n");
    is_full(&standing);
    standing.stands();
    standing.recovers();
}

/// A pipe on which the app waits, in a place that does not fill up.
struct Gate(TempDir);

impl Gate {
    fn new() -> Self {
        let gate = Self(tempfile::tempdir().expect("a temp dir"));
        assert!(Command::new("mkfifo").arg(gate.path()).status().expect("mkfifo runs").success());
        gate
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("gate")
    }

    /// Python that goes no further until the gate was opened.
    fn wait(&self) -> String {
        format!("open('{}').read()\n", self.path().display())
    }

    /// Waits until somebody waits at the gate; dropping what this answers lets them pass.
    fn reached(&self) -> File {
        // Without a reader such an opening fails instead of waiting for one.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag");
        eventually("the app waits at the gate", 60, || {
            File::options().write(true).custom_flags(flags).open(self.path()).ok()
        })
    }
}

/// Deploys the folder, fills the disk when the app waits at the gate, and lets it go on: the deployment ends with
/// `disk_full` while the disk is still full.
fn fills_up_meanwhile(disk: &SmallDisk, standing: &Standing, gate: &Gate) {
    let mut deploy = standing.home.spawn(&["deploy", &standing.project.arg(), "--json"]);
    let waiting = gate.reached();
    let ballast = disk.fill();
    drop(waiting);
    eventually("the deployment has ended", 60, || deploy.try_wait().expect("a program"));
    let done = Done::of(deploy.wait_with_output().expect("it ends"));
    assert_eq!(done.code, 1, "{done:#?}");
    assert_eq!(done.json()["error"]["code"], Code::DISK_FULL.as_str(), "{done:#?}");
    let view = standing.home.run(&["status", "hello", "--json"]).ok().json();
    assert_eq!(
        (&view["status"], &view["error"]["code"]),
        (&"failed".into(), &"disk_full".into()),
        "{view:#}"
    );
    standing.stands();
    drop(ballast);
    standing.recovers();
}

#[test]
fn a_disk_that_fills_up_during_a_build_ends_the_deployment() {
    let Some(disk) = SmallDisk::mount("a_disk_that_fills_up_during_a_build_ends_the_deployment", 24) else {
        return;
    };
    let (gate, standing) = (Gate::new(), Standing::at(disk.home()));
    standing.project.write("gate.py", &gate.wait());
    standing.project.write("backend-im.yml", "build: python3 gate.py\nstart: python3 server.py\n");
    fills_up_meanwhile(&disk, &standing, &gate);
}

#[test]
fn a_disk_that_fills_up_while_the_app_starts_ends_the_deployment_and_the_app() {
    let test = "a_disk_that_fills_up_while_the_app_starts_ends_the_deployment_and_the_app";
    let Some(disk) = SmallDisk::mount(test, 24) else { return };
    let (gate, standing) = (Gate::new(), Standing::at(disk.home()));
    standing.project.write("server.py", &format!("{}{}", gate.wait(), python_server("new")));
    fills_up_meanwhile(&disk, &standing, &gate);
}

/// A deploy now ends with `disk_full`, refused or failed, and changes nothing.
#[track_caller]
fn is_full(standing: &Standing) -> Told {
    let done = standing.home.run(&["deploy", &standing.project.arg(), "--json"]);
    let error = &done.json()["error"];
    assert_eq!(error["code"], Code::DISK_FULL.as_str(), "{done:#?}");
    assert!(matches!(done.code, 1 | 7), "{done:#?}");
    let words = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
    assert!(words("hint").contains("space"), "{error:#}");
    Told { message: words("message"), hint: words("hint"), text: done.stderr, exit: done.code }
}
