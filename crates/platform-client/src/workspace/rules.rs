//! Ignore files: `.gitignore` (also above the workspace, up to the root of its Git repository, and also without any
//! repository), `.dockerignore` at the workspace's root, and `.backendimignore`, which has the last word.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, Glob};
use platform_api::Code;

use super::secret;
use crate::ClientError;

/// Git's ignore file.
const GIT: &str = ".gitignore";
/// Ours, with the same syntax.
const OWN: &str = ".backendimignore";
/// Docker's, whose patterns start at the root.
const DOCKER: &str = ".dockerignore";
/// The largest ignore file, in bytes.
const IGNORE_BYTES_MAX: u64 = 1 << 20;
/// How many folders above the workspace are searched for the root of its Git repository.
const PARENTS_MAX: usize = 64;

/// Whether an entry of this name can change what is ignored.
pub(crate) fn is_rule_file(name: &str) -> bool {
    matches!(name, GIT | OWN | DOCKER)
}

/// What the ignore files of a workspace say. Folders' own files are read when they are first asked about.
pub(crate) struct Rules {
    root: PathBuf,
    above: Vec<Above>,
    docker: Option<DockerRules>,
    folders: HashMap<String, FolderRules>,
}

/// A `.gitignore` above the workspace; `prefix` leads from it to the workspace.
struct Above {
    prefix: String,
    rules: Gitignore,
}

#[derive(Default)]
struct FolderRules {
    own: Option<Gitignore>,
    git: Option<Gitignore>,
}

struct DockerRules {
    rules: Gitignore,
    exceptions: Vec<String>,
}

impl Rules {
    /// Of the workspace at `root`, an absolute path.
    pub(crate) fn new(root: &Path) -> Result<Self, ClientError> {
        let above = parents(root)
            .into_iter()
            .filter_map(|(folder, prefix)| match read(&folder.join(GIT)) {
                Ok(Some(text)) => Some(Ok(Above { prefix, rules: compile(text.lines()) })),
                // What cannot be read above the workspace is not the workspace's fault.
                Ok(None) | Err(_) => None,
            })
            .collect::<Result<_, ClientError>>()?;
        let docker = read(&root.join(DOCKER))?.map(|text| DockerRules::new(&text));
        Ok(Self { root: root.to_owned(), above, docker, folders: HashMap::new() })
    }

    /// Why the entry `name` of `folder` is left out, or `None` when it travels.
    pub(crate) fn excluded(
        &mut self,
        folder: &str,
        name: &str,
        kind: Kind,
    ) -> Result<Option<String>, ClientError> {
        if let Some(reason) = secret::never_travels(name) {
            return Ok(Some(reason.to_owned()));
        }
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        self.load_chain(folder)?;
        for (place, within) in chain(&path) {
            match matched(self.folders.get(place).and_then(|it| it.own.as_ref()), within, kind) {
                Match::Ignore(glob) => return Ok(Some(reason(glob, OWN))),
                Match::Whitelist(_) => return Ok(None),
                Match::None => {}
            }
        }
        Ok(self.git_excludes(&path, kind).or_else(|| self.docker.as_ref()?.excludes(&path, kind)))
    }

    fn git_excludes(&self, path: &str, kind: Kind) -> Option<String> {
        for (place, within) in chain(path) {
            match matched(self.folders.get(place).and_then(|it| it.git.as_ref()), within, kind) {
                Match::Ignore(glob) => return Some(reason(glob, GIT)),
                Match::Whitelist(_) => return None,
                Match::None => {}
            }
        }
        for above in &self.above {
            match above.rules.matched(format!("{}/{path}", above.prefix), kind == Kind::Folder) {
                Match::Ignore(glob) => return Some(reason(glob, "a .gitignore above the folder")),
                Match::Whitelist(_) => return None,
                Match::None => {}
            }
        }
        None
    }

    /// Reads the ignore files of `folder` and of every folder above it within the workspace.
    fn load_chain(&mut self, folder: &str) -> Result<(), ClientError> {
        let mut place = folder;
        loop {
            if !self.folders.contains_key(place) {
                let at = self.root.join(place);
                let load =
                    |name| Ok::<_, ClientError>(read(&at.join(name))?.map(|text| compile(text.lines())));
                let rules = FolderRules { own: load(OWN)?, git: load(GIT)? };
                self.folders.insert(place.to_owned(), rules);
            }
            match place.rsplit_once('/') {
                Some((parent, _)) => place = parent,
                None if place.is_empty() => return Ok(()),
                None => place = "",
            }
        }
    }
}

/// What an entry is, as far as patterns care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A folder; a link to one is none.
    Folder,
    /// Anything else.
    Other,
}

impl DockerRules {
    fn new(text: &str) -> Self {
        let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
        let mut exceptions = Vec::new();
        let mut patterns = Vec::new();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (sign, pattern) = line.strip_prefix('!').map_or(("", line), |rest| ("!", rest.trim()));
            let pattern = pattern.trim_start_matches("./").trim_matches('/');
            if !sign.is_empty() {
                exceptions.push(pattern.to_owned());
            }
            patterns.push(format!("{sign}/{pattern}"));
        }
        Self { rules: compile(patterns.iter().map(String::as_str)), exceptions }
    }

    /// As Docker decides: a path is out when it or a folder above it matches, and an exception may lie deeper.
    fn excludes(&self, path: &str, kind: Kind) -> Option<String> {
        let Match::Ignore(glob) = self.rules.matched_path_or_any_parents(path, kind == Kind::Folder) else {
            return None;
        };
        if kind == Kind::Folder && self.exceptions.iter().any(|exception| may_lie_in(exception, path)) {
            return None;
        }
        Some(reason(glob, DOCKER))
    }
}

/// Whether something that matches `pattern` can lie inside `folder`.
fn may_lie_in(pattern: &str, folder: &str) -> bool {
    let mut parts = folder.split('/');
    for part in pattern.split('/') {
        if part.contains(['*', '?', '[', '\\']) {
            return true;
        }
        match parts.next() {
            Some(name) if name == part => {}
            Some(_) => return false,
            None => return true,
        }
    }
    false
}

/// The folders above the workspace that belong to its Git repository, nearest first, each with the way from there to
/// the workspace; none when the workspace is the repository's root or in no repository.
pub(crate) fn parents(root: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut at = root;
    while fs::symlink_metadata(at.join(".git")).is_err() {
        let Some(parent) = at.parent().filter(|_| found.len() < PARENTS_MAX) else { return Vec::new() };
        let Some(prefix) = root.strip_prefix(parent).ok().and_then(Path::to_str) else { return Vec::new() };
        found.push((parent.to_owned(), prefix.to_owned()));
        at = parent;
    }
    found
}

/// The files above the workspace whose coming, going or changing changes what is ignored.
pub(crate) fn files_above(root: &Path) -> Vec<PathBuf> {
    parents(root).into_iter().map(|(folder, _)| folder.join(GIT)).collect()
}

/// Every folder that `path` lies in, nearest first, with the rest of the path from there.
fn chain(path: &str) -> impl Iterator<Item = (&str, &str)> {
    let slashes = path.bytes().enumerate().rev().filter(|(_, byte)| *byte == b'/').map(|(at, _)| at);
    slashes.map(|at| (&path[..at], &path[at + 1..])).chain(std::iter::once(("", path)))
}

fn matched<'a>(rules: Option<&'a Gitignore>, path: &str, kind: Kind) -> Match<&'a Glob> {
    rules.map_or(Match::None, |rules| rules.matched(path, kind == Kind::Folder))
}

fn reason(glob: &Glob, file: &str) -> String {
    format!("matches `{}` in {file}", glob.original().trim_start_matches('/'))
}

/// Lines that are no pattern count for nothing, as in Git.
fn compile<'a>(lines: impl Iterator<Item = &'a str>) -> Gitignore {
    // `.` as root: paths come relative to the ignore file's folder and are taken as they are.
    let mut builder = GitignoreBuilder::new(".");
    for line in lines {
        drop(builder.add_line(None, line.trim_start_matches('\u{feff}')).err());
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

fn read(path: &Path) -> Result<Option<String>, ClientError> {
    let unreadable = |error: io::Error| {
        ClientError::new(Code::UNREADABLE_FILE, format!("`{}` cannot be read: {error}", path.display()))
            .hint("make the file readable; without it nobody knows what to leave out")
            .because(error)
    };
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(unreadable(error)),
    };
    if metadata.len() > IGNORE_BYTES_MAX {
        let what =
            format!("`{}` has {} bytes; the limit is {IGNORE_BYTES_MAX}", path.display(), metadata.len());
        return Err(ClientError::new(Code::TOO_LARGE, what).hint("shorten it"));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each path travels, given these files. A path that ends in `/` is a folder.
    fn check(files: &[(&str, &str)], expected: &[(&str, bool)]) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut rules = Rules::new(root.path()).unwrap();
        for (path, travels) in expected {
            let kind = if path.ends_with('/') { Kind::Folder } else { Kind::Other };
            let path = path.trim_end_matches('/');
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let excluded = rules.excluded(folder, name, kind).unwrap();
            assert_eq!(excluded.is_none(), *travels, "{path}: {excluded:?}");
        }
    }

    #[test]
    fn gitignore_holds_without_a_repository_and_deeper_files_win() {
        check(
            &[(".gitignore", "*.log\n/build/\n"), ("a/.gitignore", "!keep.log\n# no\n\nx\\ y\n")],
            &[
                ("a.log", false),
                ("a/b.log", false),
                ("a/keep.log", true),
                ("build/", false),
                ("a/build/", true),
            ],
        );
    }

    #[test]
    fn dockerignore_starts_at_the_root_and_knows_exceptions() {
        check(
            &[(".dockerignore", "docs\n*\n!src/app\n!*.txt\n")],
            &[
                ("docs/", true),
                ("docs/a.md", false),
                ("src/", true),
                ("src/x.py", false),
                ("src/app/m.py", true),
            ],
        );
        check(
            &[(".dockerignore", "tmp/\n**/deep\nlogs/*\n!logs/keep\n")],
            &[
                ("tmp/", false),
                ("a/tmp/", true),
                ("a/b/deep/", false),
                ("logs/x", false),
                ("logs/keep", true),
            ],
        );
    }

    #[test]
    fn our_own_ignore_file_has_the_last_word_but_not_over_secrets() {
        check(
            &[(".gitignore", "dist/\n*.csv"), (".backendimignore", "!dist/\n!.env\n!a.csv\nvideos/\n")],
            &[
                ("dist/", true),
                ("dist/x.js", true),
                (".env", false),
                ("a.csv", true),
                ("b.csv", false),
                ("videos/", false),
            ],
        );
    }

    #[test]
    fn a_repositorys_gitignore_reaches_a_workspace_inside_it() {
        let root = tempfile::tempdir().unwrap();
        let app = root.path().join("apps/web");
        fs::create_dir_all(&app).unwrap();
        fs::write(root.path().join(".gitignore"), "*.sqlite\n/apps/web/out\n").unwrap();
        let travels =
            |name: &str| Rules::new(&app).unwrap().excluded("", name, Kind::Other).unwrap().is_none();
        assert!(travels("x.sqlite"), "a stray file above no repository says nothing");
        fs::create_dir(root.path().join(".git")).unwrap();
        assert!(!travels("x.sqlite"));
        assert!(!travels("out"));
        assert!(travels("main.py"));
    }
}
