//! The programs of this machine that builds need: those that were fetched, and how each is asked who it is.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use build_plan::toolchain::Program;
use platform_api::{Code, Failure};
use tokio::time::timeout;

use super::answers::Answers;
use super::environment::BuildEnv;
use super::layers::Layers;

/// How long a program may take to say who it is; the first start after a boot reads it from disk.
const PROBE_LIMIT: Duration = Duration::from_secs(30);
/// How much of an answer is kept, in bytes.
const ANSWER_BYTES_MAX: usize = 4 << 10;

/// Programs that were fetched, and what was found out about those of the machine.
#[derive(Debug)]
pub(super) struct Tools {
    /// Fetched programs, `{home}/tools`.
    pub(super) fetched: Layers,
    /// Fetching `uv` failed once; it is not tried again until the platform is started anew.
    pub(super) uv_is_unavailable: AtomicBool,
    pub(super) answers: Answers,
}

impl Tools {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self {
            fetched: Layers::new(dir),
            uv_is_unavailable: AtomicBool::new(false),
            answers: Answers::default(),
        }
    }

    /// What the program at `path` says of itself; asked once per version of it.
    pub(super) async fn ask(
        &self,
        path: &Path,
        program: &Program,
        env: &BuildEnv,
    ) -> Result<String, Failure> {
        ask(path, program, env, &self.answers).await.map_err(|why| unusable(path, &why))
    }
}

/// What the program at `path` says of itself, or why it does not.
pub(super) async fn ask(
    path: &Path,
    program: &Program,
    env: &BuildEnv,
    answers: &Answers,
) -> Result<String, String> {
    if let Some(answer) = answers.get(path) {
        return Ok(answer);
    }
    #[expect(clippy::disallowed_methods, reason = "the process engine is what starts programs")]
    let asked = tokio::process::Command::new(path)
        .args(program.question)
        .env_clear()
        .envs(env.for_build(&[]))
        .current_dir("/")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match timeout(PROBE_LIMIT, asked).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err("it does not answer".to_owned()),
    };
    let text =
        |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(ANSWER_BYTES_MAX)]).trim().to_owned();
    let said = text(&output.stderr);
    if !output.status.success() {
        return Err(said.lines().next_back().unwrap_or("it says nothing").to_owned());
    }
    // Java tells its version where others complain.
    let answer = Some(text(&output.stdout)).filter(|answer| !answer.is_empty()).unwrap_or(said);
    answers.put(path, &answer);
    Ok(answer)
}

fn unusable(program: &Path, why: &str) -> Failure {
    Failure::new(Code::MISSING_TOOL, format!("`{}` does not work here: {why}", program.display()))
        .hint("repair it, or put a working one first on the PATH of the platform")
}
