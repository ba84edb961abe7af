//! The programs of this machine that builds need, and what is known about them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use platform_api::{Code, Failure};
use tokio::time::timeout;

use super::environment::BuildEnv;
use super::layers::Layers;

/// How long a program may take to say who it is; the first start after a boot reads it from disk.
const PROBE_LIMIT: Duration = Duration::from_secs(30);

/// What was found out about the machine's programs, and programs that were fetched.
#[derive(Debug)]
pub(super) struct Tools {
    /// Fetched programs, `{home}/tools`.
    pub(super) fetched: Layers,
    /// Fetching `uv` failed once; it is not tried again until the platform is started anew.
    pub(super) uv_is_unavailable: AtomicBool,
    /// Answers by program and the time it was last changed: asking costs a process, for a pyenv shim 200 ms.
    answers: Mutex<HashMap<(PathBuf, SystemTime), String>>,
}

impl Tools {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self {
            fetched: Layers::new(dir),
            uv_is_unavailable: AtomicBool::new(false),
            answers: Mutex::default(),
        }
    }

    /// What `program` prints when asked with `arguments`; asked once per version of the program.
    pub(super) async fn ask(
        &self,
        program: &Path,
        arguments: &[&str],
        env: &BuildEnv,
    ) -> Result<String, Failure> {
        let changed = std::fs::metadata(program).and_then(|meta| meta.modified());
        let key = (program.to_owned(), changed.unwrap_or(SystemTime::UNIX_EPOCH));
        let known = self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some(answer) = known {
            return Ok(answer);
        }
        #[expect(clippy::disallowed_methods, reason = "the process engine is what starts programs")]
        let asked = tokio::process::Command::new(program)
            .args(arguments)
            .env_clear()
            .envs(env.for_build(&[]))
            .current_dir("/")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let answer = match timeout(PROBE_LIMIT, asked).await {
            Ok(Ok(output)) if output.status.success() => {
                String::from_utf8_lossy(&output.stdout).trim().to_owned()
            }
            Ok(Ok(output)) => {
                let said = String::from_utf8_lossy(&output.stderr);
                return Err(unusable(program, said.lines().next_back().unwrap_or("it says nothing")));
            }
            Ok(Err(error)) => return Err(unusable(program, &error.to_string())),
            Err(_) => return Err(unusable(program, "it does not answer")),
        };
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, answer.clone());
        Ok(answer)
    }
}

fn unusable(program: &Path, why: &str) -> Failure {
    Failure::new(Code::MISSING_TOOL, format!("`{}` does not work here: {why}", program.display()))
        .hint("repair it, or put a working one first on the PATH of the platform")
}

/// The failure for a program that is not on the `PATH`.
pub(super) fn missing(name: &str, hint: &str) -> Failure {
    Failure::new(Code::MISSING_TOOL, format!("this project needs `{name}`, which is not on this machine"))
        .hint(hint)
}
