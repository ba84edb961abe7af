//! The workspace's boundary: folders that a call names lie inside one root, links included.
//!
//! A root that is no project folder is refused when a call needs it, not at start: a client that only lists tools should
//! never see a dead server.

use std::io;
use std::path::{Component, Path, PathBuf};

use platform_api::Code;

use crate::config;
use crate::error::ToolError;

/// How to give the server another root; the hint of every error about one.
const HOW_TO_SET: &str = "start the server with `backend-im mcp --root DIR`, with CLAUDE_PROJECT_DIR set, or from \
                          within the project's folder";

/// The folder that `path` and `output_dir` of every call must lie in.
#[derive(Debug, Clone)]
pub struct Root {
    dir: PathBuf,
    home: Option<PathBuf>,
}

/// Whether a folder has to be there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expect {
    /// It is there.
    Folder,
    /// It may be made.
    MaybeNew,
}

impl Root {
    /// The root `dir`. Touches no disk: whether it is usable shows when a call needs it.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), home: config::home_dir() }
    }

    /// The folder that `given`, the value of `argument`, stands for: absolute, without links, inside the root.
    /// Without a value it is the root itself.
    pub(crate) fn resolve(
        &self,
        argument: &'static str,
        given: Option<&str>,
        expect: Expect,
    ) -> Result<PathBuf, ToolError> {
        let root = self.usable()?;
        let Some(given) = given else { return Ok(root) };
        let place = Place { argument, given, root: &root };
        let inner = place.within(&self.dir)?;
        place.walk(&inner, expect)
    }

    /// Where `given` leads, wherever that is: for files that a person agrees to.
    pub(crate) fn place(&self, given: &str) -> PathBuf {
        self.dir.join(given)
    }

    /// The root without links, if it may be one.
    fn usable(&self) -> Result<PathBuf, ToolError> {
        let refuse =
            |why: String| Err(ToolError::new(Code::NO_WORKSPACE_ROOT, why).hint(HOW_TO_SET.to_owned()));
        let root = match self.dir.canonicalize() {
            Ok(root) if root.is_dir() => root,
            Ok(_) => return refuse(format!("the workspace root `{}` is no folder", self.dir.display())),
            Err(error) => {
                return refuse(format!(
                    "the workspace root `{}` cannot be opened: {error}",
                    self.dir.display()
                ));
            }
        };
        if root.parent().is_none() {
            return refuse(format!("`{}` is the whole machine, not a workspace", root.display()));
        }
        let home = self.home.as_ref().and_then(|home| home.canonicalize().ok());
        if home.as_ref() == Some(&root) {
            return refuse(format!("`{}` is the home directory, not a workspace", root.display()));
        }
        Ok(root)
    }
}

/// A path that a call names.
struct Place<'a> {
    argument: &'static str,
    given: &'a str,
    root: &'a Path,
}

impl Place<'_> {
    /// The path relative to the root, with `.` and `..` worked out. `alias` is the root as the program was given it,
    /// which may lead through links.
    fn within(&self, alias: &Path) -> Result<PathBuf, ToolError> {
        if self.given.is_empty() || self.given.contains('\0') {
            return Err(
                ToolError::argument(self.argument, "is no path").hint("name a folder, or leave it out")
            );
        }
        let absolute = plain(&self.root.join(self.given)).ok_or_else(|| self.outside())?;
        if let Ok(inner) = absolute.strip_prefix(self.root) {
            return Ok(inner.to_owned());
        }
        if let Ok(inner) = absolute.strip_prefix(alias) {
            return Ok(inner.to_owned());
        }
        // Another spelling of a folder inside, such as /tmp where that is a link.
        let real = absolute.canonicalize().map_err(|_| self.outside())?;
        real.strip_prefix(self.root).map(Path::to_owned).map_err(|_| self.outside())
    }

    /// Goes down from the root part by part, so that the link that leaves can be named.
    fn walk(&self, inner: &Path, expect: Expect) -> Result<PathBuf, ToolError> {
        let mut at = self.root.to_owned();
        for part in inner.components() {
            let next = at.join(part);
            at = match next.symlink_metadata() {
                Ok(found) if found.is_symlink() => self.follow(&next)?,
                Ok(_) => next,
                Err(error) if error.kind() == io::ErrorKind::NotFound && expect == Expect::MaybeNew => next,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(self.missing()),
                Err(error) => {
                    let wrong = format!("names a folder that cannot be opened: {error}");
                    return Err(
                        ToolError::argument(self.argument, &wrong).hint("name a folder that can be read")
                    );
                }
            };
        }
        if at.exists() && !at.is_dir() {
            return Err(ToolError::new(
                Code::NO_SUCH_FOLDER,
                format!("`{}` is a file, not a folder", self.given),
            )
            .hint(format!("let `{}` name the folder that holds it", self.argument)));
        }
        Ok(at)
    }

    /// Where a link leads, if that is inside.
    fn follow(&self, link: &Path) -> Result<PathBuf, ToolError> {
        let name = link.strip_prefix(self.root).unwrap_or(link).display();
        let target = link.canonicalize().map_err(|_| {
            ToolError::new(Code::SYMLINK_ESCAPES, format!("the link `{name}` leads nowhere"))
                .hint("remove the link or name another folder")
        })?;
        if target.starts_with(self.root) {
            return Ok(target);
        }
        Err(ToolError::new(
            Code::SYMLINK_ESCAPES,
            format!("the link `{name}` leaves the workspace: it leads to `{}`", target.display()),
        )
        .hint("copy what it leads to into the workspace, or name another folder"))
    }

    fn outside(&self) -> ToolError {
        let message = format!(
            "`{}` (`{}`) lies outside the workspace `{}`",
            self.given,
            self.argument,
            self.root.display()
        );
        ToolError::new(Code::OUTSIDE_WORKSPACE, message)
            .hint(format!("name a folder inside it, or {HOW_TO_SET}"))
    }

    fn missing(&self) -> ToolError {
        let message =
            format!("there is no folder `{}` in the workspace `{}`", self.given, self.root.display());
        ToolError::new(Code::NO_SUCH_FOLDER, message)
            .hint(format!("let `{}` name a folder that exists, relative to the workspace", self.argument))
    }
}

/// The path without `.` and `..`; nothing when it climbs above its own beginning.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop().then_some(())?;
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(part),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    struct Workspace {
        _dir: tempfile::TempDir,
        outer: PathBuf,
        root: Root,
    }

    /// `outer/ws` is the root, with `app/src` in it; `outer/secret` lies beside it.
    fn workspace() -> Workspace {
        let dir = tempfile::tempdir().unwrap();
        let outer = dir.path().canonicalize().unwrap();
        fs::create_dir_all(outer.join("ws/app/src")).unwrap();
        fs::create_dir_all(outer.join("secret")).unwrap();
        fs::write(outer.join("ws/app/main.py"), "").unwrap();
        let root = Root { dir: outer.join("ws"), home: None };
        Workspace { _dir: dir, outer, root }
    }

    impl Workspace {
        fn resolve(&self, given: &str, expect: Expect) -> Result<String, (String, String)> {
            match self.root.resolve("path", Some(given), expect) {
                Ok(path) => Ok(path.strip_prefix(&self.outer).unwrap().display().to_string()),
                Err(error) => Err((error.code().to_owned(), error.message().to_owned())),
            }
        }

        fn code(&self, given: &str, expect: Expect) -> String {
            self.resolve(given, expect).unwrap_err().0
        }
    }

    #[test]
    fn folders_inside_resolve_however_they_are_spelled() {
        let ws = workspace();
        symlink(ws.outer.join("ws"), ws.outer.join("alias")).unwrap();
        let aliased = ws.outer.join("alias/app").display().to_string();
        let absolute = ws.outer.join("ws/app").display().to_string();
        for given in ["app", "./app", "app/", "app/src/..", absolute.as_str(), aliased.as_str()] {
            assert_eq!(ws.resolve(given, Expect::Folder).unwrap(), "ws/app", "{given}");
        }
        assert_eq!(ws.resolve("new/deep", Expect::MaybeNew).unwrap(), "ws/new/deep");
        assert_eq!(ws.root.resolve("path", None, Expect::Folder).unwrap(), ws.outer.join("ws"));
    }

    #[test]
    fn a_root_given_through_a_link_accepts_paths_through_it() {
        let ws = workspace();
        symlink(ws.outer.join("ws"), ws.outer.join("alias")).unwrap();
        let root = Root { dir: ws.outer.join("alias"), home: None };
        let given = ws.outer.join("alias/new").display().to_string();
        let resolved = root.resolve("output_dir", Some(&given), Expect::MaybeNew).unwrap();
        assert_eq!(resolved, ws.outer.join("ws/new"));
    }

    #[test]
    fn nothing_outside_resolves() {
        let ws = workspace();
        let absolute = ws.outer.join("secret").display().to_string();
        for given in ["..", "../secret", "app/../../secret", "/", "/etc", absolute.as_str(), "/no/such/place"]
        {
            for expect in [Expect::Folder, Expect::MaybeNew] {
                assert_eq!(ws.code(given, expect), "outside_workspace", "{given}");
            }
        }
        assert_eq!(ws.code("missing", Expect::Folder), "no_such_folder");
        assert_eq!(ws.code("app/main.py", Expect::Folder), "no_such_folder");
        assert_eq!(ws.code("", Expect::Folder), "malformed");
    }

    #[test]
    fn a_link_that_leaves_is_named() {
        let ws = workspace();
        symlink(ws.outer.join("secret"), ws.outer.join("ws/app/out")).unwrap();
        symlink("../nowhere", ws.outer.join("ws/dangling")).unwrap();
        symlink("app", ws.outer.join("ws/inside")).unwrap();
        for expect in [Expect::Folder, Expect::MaybeNew] {
            let (code, message) = ws.resolve("app/out/x", expect).unwrap_err();
            assert_eq!(code, "symlink_escapes");
            assert!(message.contains("`app/out`"), "{message}");
            assert_eq!(ws.code("dangling", expect), "symlink_escapes");
        }
        assert_eq!(ws.resolve("inside/src", Expect::Folder).unwrap(), "ws/app/src");
    }

    #[test]
    fn the_whole_machine_the_home_directory_and_a_missing_folder_are_no_roots() {
        let ws = workspace();
        let home = Some(ws.outer.join("ws"));
        for (dir, home) in
            [(PathBuf::from("/"), None), (ws.outer.join("ws"), home), (ws.outer.join("gone"), None)]
        {
            let error = Root { dir, home }.resolve("path", None, Expect::Folder).unwrap_err();
            assert_eq!(error.code(), "no_workspace_root");
            assert!(format!("{error:?}").contains("--root"), "{error:?}");
        }
    }
}
