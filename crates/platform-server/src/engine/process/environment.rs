//! What of the platform's environment a child sees: an allow-list, never the rest. An agent starts the platform with
//! its own tokens in the environment; they end here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// For every child. A trailing `*` stands for any ending.
const FOR_ALL: &[&str] = &["PATH", "HOME", "LANG", "LC_*", "TZ", "TMPDIR", "USER"];

/// For builds in addition: how to reach package registries from here.
const FOR_BUILDS: &[&str] = &[
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
    "PIP_*",
    "UV_*",
    "NPM_CONFIG_*",
    "CARGO_HOME",
    "CARGO_NET_*",
    "RUSTUP_*",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
];

/// Names that are meant whatever their case: both ways of writing them are in use.
const ANY_CASE: &[&str] = &["NPM_CONFIG_*", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"];

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The allowed part of the platform's environment.
#[derive(Debug, Clone)]
pub(crate) struct BuildEnv {
    for_apps: BTreeMap<String, String>,
    for_builds: BTreeMap<String, String>,
}

impl BuildEnv {
    /// Keeps what is allowed of `vars`. What is no UTF-8 is left out.
    pub(crate) fn from_vars(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let texts = vars
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        let mut for_apps = BTreeMap::from([("PATH".to_owned(), DEFAULT_PATH.to_owned())]);
        let mut for_builds = BTreeMap::new();
        for (name, value) in texts {
            if is_in(FOR_ALL, &name) {
                for_apps.insert(name, value);
            } else if is_in(FOR_BUILDS, &name) {
                for_builds.insert(name, value);
            }
        }
        Self { for_apps, for_builds }
    }

    /// What an app starts from.
    pub(super) fn for_app(&self, path_prefix: &[PathBuf]) -> BTreeMap<String, String> {
        let mut env = self.for_apps.clone();
        env.insert("PATH".to_owned(), self.path(path_prefix));
        env
    }

    /// What a build step starts from.
    pub(super) fn for_build(&self, path_prefix: &[PathBuf]) -> BTreeMap<String, String> {
        let mut env = self.for_app(path_prefix);
        env.extend(self.for_builds.clone());
        env
    }

    /// The file that the program `name` is, searched as a child of ours would.
    pub(super) fn which(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(&self.for_apps["PATH"])
            .filter(|folder| folder.is_absolute())
            .map(|folder| folder.join(name))
            .find(|file| is_executable(file))
    }

    /// The user's home folder.
    pub(super) fn home(&self) -> Option<PathBuf> {
        self.for_apps.get("HOME").map(PathBuf::from).filter(|home| home.is_absolute())
    }

    fn path(&self, prefix: &[PathBuf]) -> String {
        let own = &self.for_apps["PATH"];
        let folders = prefix.iter().map(|folder| folder.to_string_lossy().into_owned());
        folders.chain([own.clone()]).collect::<Vec<_>>().join(":")
    }
}

fn is_in(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| {
        let name = if ANY_CASE.contains(pattern) { name.to_ascii_uppercase() } else { name.to_owned() };
        match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *pattern,
        }
    })
}

pub(super) fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(env: &BTreeMap<String, String>) -> Vec<&str> {
        env.keys().map(String::as_str).collect()
    }

    #[test]
    fn only_what_is_listed_gets_through() {
        let given = [
            "PATH",
            "HOME",
            "LC_ALL",
            "LD_PRELOAD",
            "ANTHROPIC_API_KEY",
            "BACKEND_IM_TOKEN",
            "PIP_INDEX_URL",
            "npm_config_registry",
            "https_proxy",
            "HTTPS_PROXY",
            "CARGO_REGISTRY_TOKEN",
            "CARGO_HOME",
            "path",
            "PIPELINE_SECRET",
            "NPM_TOKEN",
        ];
        let vars = given.iter().map(|name| ((*name).into(), "/x".into()));
        let env = BuildEnv::from_vars(vars);
        assert_eq!(names(&env.for_app(&[])), ["HOME", "LC_ALL", "PATH"]);
        let build = env.for_build(&["/first".into()]);
        let expected = [
            "CARGO_HOME",
            "HOME",
            "HTTPS_PROXY",
            "LC_ALL",
            "PATH",
            "PIP_INDEX_URL",
            "https_proxy",
            "npm_config_registry",
        ];
        assert_eq!(names(&build), expected);
        assert_eq!(build["PATH"], "/first:/x");
    }
}
