//! podman as a peer that builds an image of an app and runs it.
//!
//! Prepared once and not measured: a base image of this machine's own Python, the libraries that it loads, and the app's
//! requirements, installed and compiled. Measured: `podman build` of `FROM base`, `COPY . /app`, then `podman run` on the
//! host's network, which spares it the making of one, until the app answers. Images and containers have a storage of
//! their own.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Resource, getrlimit};

use crate::machine;
use crate::peer::{self, run};

const BASE: &str = "localhost/base";
const APP: &str = "localhost/app";
const CONTAINERFILE: &str = "FROM localhost/base\nWORKDIR /app\nCOPY . /app\n";

/// Prints the interpreter and the folder of its library.
const WHERE_PYTHON_IS: &str = "import os, sys, sysconfig
print(os.path.realpath(sys._base_executable))
print(sysconfig.get_path('stdlib'))";

/// A podman with a base image.
pub(crate) struct Podman {
    storage: PathBuf,
    venv: PathBuf,
    runtime: Option<&'static str>,
}

/// A container that runs; dropping it removes it.
pub(crate) struct Container<'a> {
    podman: &'a Podman,
    id: String,
    pub(crate) address: String,
}

impl Podman {
    /// Makes the base image for the app at `folder` unless it is there.
    pub(crate) fn prepare(folder: &Path) -> Result<Self, String> {
        let storage = peer::cache("podman");
        // crun, the usual one, refuses machines with both generations of cgroups.
        let runtime = machine::version("runc", "--version").map(|_| "runc");
        let podman = Self { venv: storage.join("venv"), storage, runtime };
        std::fs::write(folder.join("Containerfile"), CONTAINERFILE).map_err(|error| error.to_string())?;
        if run(&mut podman.command(&["image", "exists", BASE])).is_err() {
            podman.make_base(&folder.join("requirements.txt"))?;
        }
        // Whether this machine lets podman work at all.
        run(podman.command(&["build", "--quiet", "--tag", APP]).arg(folder))?;
        run(podman.command(&["run", "--rm"]).args(limits()).arg(APP).arg(podman.python()).arg("--version"))?;
        Ok(podman)
    }

    fn make_base(&self, requirements: &Path) -> Result<(), String> {
        run(Command::new("python3").args(["-m", "venv", "--copies"]).arg(&self.venv))?;
        run(Command::new(self.python()).args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements))?;
        let found = run(Command::new(self.python()).args(["-c", WHERE_PYTHON_IS]))?;
        let (interpreter, library) = found.trim().split_once('\n').ok_or("no Python")?;
        let tar = self.storage.join("base.tar");
        let mut pack = Command::new("tar");
        pack.args(["--create", "--dereference", "--absolute-names", "--file"]).arg(&tar);
        pack.args(["site-packages", "test"].map(|folder| format!("--exclude={library}/{folder}")));
        run(pack.args([interpreter, library]).arg(&self.venv).args(self.loaded_by(library)?))?;
        run(self.command(&["import", "--quiet"]).arg(&tar).arg(BASE))?;
        std::fs::remove_file(tar).map_err(|error| error.to_string())
    }

    /// The libraries of this machine that the interpreter and its modules load.
    fn loaded_by(&self, library: &str) -> Result<BTreeSet<String>, String> {
        let modules = run(Command::new("find")
            .arg(&self.venv)
            .arg(format!("{library}/lib-dynload"))
            .args(["-name", "*.so*"]))?;
        let ldd = Command::new("ldd").arg(self.python()).args(modules.lines()).output();
        let said = ldd.map_err(|error| error.to_string())?.stdout;
        let said = String::from_utf8_lossy(&said).into_owned();
        // `libz.so.1 => /lib/libz.so.1 (0x…)`, or without a name where the path is fixed.
        let paths = said.lines().filter_map(|line| line.rsplit_once(" (")?.0.split_whitespace().last());
        Ok(paths.filter(|path| path.starts_with('/')).map(str::to_owned).collect())
    }

    /// Builds the image of the app at `folder` and starts it.
    pub(crate) fn build_and_run(&self, folder: &Path) -> Container<'_> {
        run(self.command(&["build", "--quiet", "--tag", APP]).arg(folder)).expect("podman builds");
        let address = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a free port");
        let mut start = self.command(&["run", "--detach"]);
        start.args(limits()).arg(APP).arg(self.python()).args(["-m", "uvicorn", "main:app", "--port"]);
        let id = run(start.arg(address.port().to_string())).expect("podman runs").trim().to_owned();
        Container { podman: self, id, address: address.to_string() }
    }

    fn python(&self) -> PathBuf {
        self.venv.join("bin/python")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("podman");
        command.arg("--root").arg(self.storage.join("images")).arg("--runroot").arg(self.storage.join("run"));
        if let Some(runtime) = self.runtime {
            command.args(["--runtime", runtime]);
        }
        command.args(arguments);
        command
    }
}

/// The host's network, and no wish for higher limits than this process has: raising them may be forbidden. podman
/// itself goes on with fewer processes than it was started with.
fn limits() -> [String; 3] {
    let limit = |resource, most| getrlimit(resource).current.unwrap_or(most).min(most);
    let (files, processes) = (limit(Resource::Nofile, 1 << 20), limit(Resource::Nproc, 1 << 15));
    [
        "--network=host".to_owned(),
        format!("--ulimit=nofile={files}:{files}"),
        format!("--ulimit=nproc={processes}:{processes}"),
    ]
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        drop(run(&mut self.podman.command(&["rm", "--force", "--time=0", &self.id])));
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        drop(run(&mut self.command(&["image", "prune", "--force"])));
    }
}
