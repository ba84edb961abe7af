//! What a runtime makes of a plan: everything that is particular to it about the stages of an image.

use super::base::Pair;

/// One instruction, or a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A sentence above what follows.
    Say(String),
    /// A rule of hadolint that the next instruction has a reason not to follow.
    Unlike(&'static str),
    /// Packages of the operating system.
    Packages(Vec<String>),
    /// Variables.
    Env(Vec<(String, String)>),
    /// Files of another image or stage.
    Copy { from: String, what: String, to: String },
    /// Commands, one after the other, with folders that outlive the build.
    Run { caches: Vec<String>, commands: Vec<String> },
}

impl Step {
    pub(super) fn say(text: impl Into<String>) -> Self {
        Self::Say(text.into())
    }

    pub(super) fn env(variables: &[(&str, &str)]) -> Self {
        Self::Env(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub(super) fn copy(from: &str, what: &str, to: &str) -> Self {
        Self::Copy { from: from.to_owned(), what: what.to_owned(), to: to.to_owned() }
    }

    pub(super) fn run(caches: &[&str], command: impl Into<String>) -> Self {
        Self::Run {
            caches: caches.iter().map(|&cache| cache.to_owned()).collect(),
            commands: vec![command.into()],
        }
    }
}

/// What the last stage takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    /// The whole project as the build left it, and folders outside of it.
    Everything { beside: Vec<String> },
    /// The project's files as they are, and what the installation made: absolute paths.
    Sources { made: Vec<String> },
    /// These paths that the build made, relative to the project, and these of the project's own files.
    Only { made: Vec<String>, files: Vec<String> },
    /// A folder of files for the web server.
    Site { folder: String },
}

/// The installation of dependencies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Installation {
    /// The files that decide what is installed, relative to what is uploaded; nothing where that takes all files.
    pub(super) inputs: Vec<String>,
    /// What runs with those files alone, so that a change of code does not repeat it.
    pub(super) before: Vec<Step>,
    /// What runs with all files there.
    pub(super) after: Vec<Step>,
}

/// The stages of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recipe {
    pub(super) images: Pair,
    /// The user that the second image has for this; nothing: one is made.
    pub(super) user: Option<&'static str>,
    /// What both stages begin with; both then stand on the same image.
    pub(super) shared: Vec<Step>,
    /// What the first stage begins with: the tools that install and build.
    pub(super) tools: Vec<Step>,
    pub(super) installation: Installation,
    /// The build.
    pub(super) build: Vec<Step>,
    pub(super) taken: Taken,
    /// What the last stage needs besides.
    pub(super) last: Vec<Step>,
    /// Variables for the app beyond those of the plan.
    pub(super) env: Vec<(String, String)>,
    /// Packages of the system that every program in the last stage wants.
    pub(super) packages: Vec<&'static str>,
    pub(super) warnings: Vec<String>,
}

impl Recipe {
    /// Stages that only carry the project's files from one to the other.
    pub(super) fn new(images: Pair) -> Self {
        Self {
            warnings: images.warning.iter().cloned().collect(),
            images,
            user: None,
            shared: Vec::new(),
            tools: Vec::new(),
            installation: Installation::default(),
            build: Vec::new(),
            taken: Taken::Everything { beside: Vec::new() },
            last: Vec::new(),
            env: Vec::new(),
            packages: Vec::new(),
        }
    }

    /// Whether there is a first stage: anything to install or to build.
    pub(super) fn has_first(&self) -> bool {
        !self.build.is_empty() || !self.installation.before.is_empty() || !self.installation.after.is_empty()
    }

    /// Whether the first stage needs the project's files beyond those that decide what is installed.
    pub(super) fn needs_code(&self) -> bool {
        let is_carried = matches!(self.taken, Taken::Everything { .. });
        is_carried || !self.build.is_empty() || !self.installation.after.is_empty()
    }
}
