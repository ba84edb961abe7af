//! A plan in the making: what one detector found, before the configuration has its say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{Evidence, Install, PackageManager, Runtime, SystemPackage};

/// How sure a detector is that the project is what it says. On a tie the person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Strength {
    /// Files that can be served as they are.
    Files,
    /// Files that can be served once they are built.
    Assets,
    /// A program that can be started; nothing says that it serves.
    Program,
    /// A program that serves HTTP: its framework or its own code says so.
    Server,
}

/// A folder that a build's tool keeps valid by itself, such as `.next/cache`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cache {
    pub(crate) name: &'static str,
    pub(crate) holds: Vec<String>,
}

/// What one detector found.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) runtime: Runtime,
    pub(crate) strength: Strength,
    pub(crate) framework: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) package_manager: Option<PackageManager>,
    pub(crate) system_packages: Vec<SystemPackage>,
    pub(crate) install: Option<Install>,
    /// Packages that the project needs and does not name, until its installation is known.
    pub(crate) extra: Vec<String>,
    /// Where the installed packages go: what the layer of the dependencies holds.
    pub(crate) installed: Vec<String>,
    pub(crate) build: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) start: Option<String>,
    /// The start command that is given, where it must name what is built here.
    pub(crate) built_start: Option<String>,
    /// Where the framework has a port of its own; otherwise the runtime's conventional one.
    pub(crate) port: Option<u16>,
    pub(crate) health_path: Option<String>,
    pub(crate) static_root: Option<String>,
    pub(crate) single_page: bool,
    pub(crate) caches: Vec<Cache>,
    /// Variables that the settings may replace.
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) warnings: Vec<String>,
}

impl Draft {
    pub(crate) fn new(runtime: Runtime, strength: Strength, source: impl Into<String>) -> Self {
        let mut draft = Self {
            runtime,
            strength,
            framework: None,
            version: None,
            package_manager: None,
            system_packages: Vec::new(),
            install: None,
            extra: Vec::new(),
            installed: Vec::new(),
            build: None,
            release: None,
            start: None,
            built_start: None,
            port: None,
            health_path: None,
            static_root: None,
            single_page: false,
            caches: Vec::new(),
            env: BTreeMap::new(),
            evidence: Vec::new(),
            warnings: Vec::new(),
        };
        draft.note("runtime", runtime.name(), source);
        draft
    }

    /// Records which file decided a field; a later decision about the same field replaces the earlier one's.
    pub(crate) fn note(&mut self, field: &'static str, value: impl Into<String>, source: impl Into<String>) {
        let evidence = Evidence { field: Cow::Borrowed(field), value: value.into(), source: source.into() };
        match self.evidence.iter_mut().find(|known| known.field == field) {
            Some(known) => *known = evidence,
            None => self.evidence.push(evidence),
        }
    }

    pub(crate) fn set_framework(&mut self, name: &str, source: impl Into<String>) {
        self.note("framework", name, source);
        self.framework = Some(name.to_owned());
    }

    pub(crate) fn set_version(&mut self, version: &str, source: impl Into<String>) {
        self.note("version", version, source);
        self.version = Some(version.to_owned());
    }

    pub(crate) fn set_package_manager(
        &mut self,
        name: &str,
        version: Option<String>,
        source: impl Into<String>,
    ) {
        let shown = version.as_ref().map_or_else(|| name.to_owned(), |version| format!("{name} {version}"));
        self.note("package_manager", shown, source);
        self.package_manager = Some(PackageManager { name: name.to_owned(), version });
    }

    /// Adds a package of the operating system, once.
    pub(crate) fn need_system_package(&mut self, name: &str, needed_by: impl Into<String>) {
        if self.system_packages.iter().any(|known| known.name == name) {
            return;
        }
        let needed_by = needed_by.into();
        self.system_packages.push(SystemPackage { name: name.to_owned(), needed_by });
        let names: Vec<&str> = self.system_packages.iter().map(|package| package.name.as_str()).collect();
        let mut sources: Vec<&str> =
            self.system_packages.iter().map(|package| package.needed_by.as_str()).collect();
        sources.dedup();
        let (names, sources) = (names.join(", "), sources.join(", "));
        self.note("system_packages", names, sources);
    }

    /// Sets a variable, with which builds and the app run unless the settings say otherwise.
    pub(crate) fn set_env(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Names folders that are worth keeping from one build to the next.
    pub(crate) fn keep(&mut self, name: &'static str, holds: &[&str]) {
        let holds = holds.iter().map(|folder| (*folder).to_owned()).collect();
        self.caches.push(Cache { name, holds });
    }

    pub(crate) fn set_install(&mut self, install: Install) {
        self.note("install", install.command.clone(), install.inputs.join(", "));
        self.install = Some(install);
    }

    pub(crate) fn set_build(&mut self, build: impl Into<String>, source: impl Into<String>) {
        let build = build.into();
        self.note("build", build.clone(), source);
        self.build = Some(build);
    }

    pub(crate) fn set_release(&mut self, release: impl Into<String>, source: impl Into<String>) {
        let release = release.into();
        self.note("release", release.clone(), source);
        self.release = Some(release);
    }

    pub(crate) fn set_port(&mut self, port: u16, source: impl Into<String>) {
        self.note("port", port.to_string(), source);
        self.port = Some(port);
    }

    pub(crate) fn set_health_path(&mut self, path: &str, source: impl Into<String>) {
        self.note("health_path", path, source);
        self.health_path = Some(path.to_owned());
    }

    pub(crate) fn set_start(&mut self, start: impl Into<String>, source: impl Into<String>) {
        let start = start.into();
        self.note("start", start.clone(), source);
        self.start = Some(start);
    }

    pub(crate) fn set_static_root(&mut self, root: &str, source: impl Into<String>) {
        self.note("static_root", root, source);
        self.static_root = Some(root.to_owned());
    }

    /// Says that the site's page has a router of its own, so that every path belongs to it.
    pub(crate) fn set_single_page(&mut self, source: impl Into<String>) {
        self.note("single_page", "index.html for every path without a file", source);
        self.single_page = true;
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }
}
