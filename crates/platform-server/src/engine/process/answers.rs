//! What programs said when they were asked who they are: asking costs a process, for a pyenv shim 200 ms.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// How many answers are kept in a file.
const KEPT_MAX: usize = 256;

/// Answers by program and the time it was last changed.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: Mutex<HashMap<PathBuf, Answer>>,
    /// Where they outlive this process; nowhere for those of a platform.
    file: Option<PathBuf>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Answer {
    changed_ns: u64,
    said: String,
}

impl Answers {
    /// Those of earlier processes, kept in this file. That it cannot be read or written costs nothing but time.
    pub(super) fn kept_in(file: PathBuf) -> Self {
        let known = std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { known: Mutex::new(known.unwrap_or_default()), file: Some(file) }
    }

    pub(super) fn get(&self, program: &Path) -> Option<String> {
        let changed_ns = changed_ns(program)?;
        self.known().get(program).filter(|answer| answer.changed_ns == changed_ns).map(|it| it.said.clone())
    }

    pub(super) fn put(&self, program: &Path, said: &str) {
        let Some(changed_ns) = changed_ns(program) else { return };
        let mut known = self.known();
        known.insert(program.to_owned(), Answer { changed_ns, said: said.to_owned() });
        if let Some(file) = &self.file {
            if known.len() > KEPT_MAX {
                known.retain(|path, _| path == program);
            }
            keep(file, &known);
        }
    }

    /// Forgets all of them: what a shim stands for can change without the shim.
    pub(super) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> MutexGuard<'_, HashMap<PathBuf, Answer>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Replaces the file in one step, so that nobody reads half of it.
fn keep(file: &Path, known: &HashMap<PathBuf, Answer>) {
    let next = file.with_extension(format!("{}.tmp", std::process::id()));
    let kept = serde_json::to_vec(known).map_err(std::io::Error::other);
    let kept = kept.and_then(|json| std::fs::write(&next, json)).and_then(|()| std::fs::rename(&next, file));
    if let Err(error) = kept {
        let error: &dyn std::error::Error = &error;
        tracing::debug!(file = %file.display(), error, "could not keep what programs said");
    }
}

fn changed_ns(program: &Path) -> Option<u64> {
    let changed = std::fs::metadata(program).and_then(|meta| meta.modified()).ok()?;
    let since = changed
        .duration_since(UNIX_EPOCH)
        .unwrap_or_else(|_| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    u64::try_from(since.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_until_the_program_changes() {
        let dir = tempfile::tempdir().unwrap();
        let (program, file) = (dir.path().join("go"), dir.path().join("answers.json"));
        std::fs::write(&program, "one").unwrap();
        let answers = Answers::kept_in(file.clone());
        assert_eq!(answers.get(&program), None);
        answers.put(&program, "go version go1.19");
        let later = Answers::kept_in(file.clone());
        assert_eq!(later.get(&program).as_deref(), Some("go version go1.19"));
        let changed = std::fs::File::options().write(true).open(&program).unwrap();
        changed.set_modified(UNIX_EPOCH + std::time::Duration::from_secs(1)).unwrap();
        assert_eq!(later.get(&program), None);
        std::fs::write(&file, "rubbish").unwrap();
        assert_eq!(Answers::kept_in(file).get(&program), None);
    }
}
