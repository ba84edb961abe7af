//! The stages of an image, written down: what every runtime has in common.

use super::dockerfile::Dockerfile;
use super::environment::Variables;
use super::quote::{comment, words};
use super::recipe::{Recipe, Taken};
use super::subject::{APP, Subject};
use super::{SIGNATURE, health, start, system};
use crate::{Runtime, shell};

/// Where an app keeps what must outlive it.
const DATA: &str = "/data";
/// Who runs the app, by number: Kubernetes sees from a number alone that this is not root.
const USER: &str = "10001:10001";

/// What the stages are made of.
struct Stages<'a> {
    file: Dockerfile,
    subject: &'a Subject<'a>,
    recipe: &'a Recipe,
    variables: &'a Variables,
    /// Where all that is uploaded lies, as the instructions of a stage say it.
    top: &'static str,
}

/// The whole Dockerfile.
pub(super) fn written(subject: &Subject<'_>, recipe: &Recipe, variables: &Variables) -> String {
    let top = if subject.plan.root.is_some() { "/app/" } else { "./" };
    let mut stages = Stages { file: begun(subject), subject, recipe, variables, top };
    if !recipe.shared.is_empty() {
        stages.file.from(&recipe.images.run, Some("base"));
        stages.file.steps(&recipe.shared);
    }
    if recipe.has_first() {
        stages.first();
    }
    stages.test();
    match &recipe.taken {
        Taken::Site { folder } => stages.web_server(folder),
        _ => stages.last(),
    }
    stages.file.into_text()
}

fn begun(subject: &Subject<'_>) -> Dockerfile {
    let plan = subject.plan;
    let what = match &plan.framework {
        Some(framework) => format!("{}, {framework}", plan.runtime.name()),
        None => plan.runtime.name().to_owned(),
    };
    Dockerfile::begun(&[
        &format!("{SIGNATURE} from plan {} ({what}).", plan.plan_hash),
        "It is yours from here on: nothing writes over it, and `backend-im plan` says why each step is here.",
    ])
}

impl Stages<'_> {
    /// The image of a stage: what both have in common comes first where there is anything.
    fn from(&mut self, image: &str, name: Option<&str>) {
        let image = if self.recipe.shared.is_empty() { image } else { "base" };
        self.file.from(image, name);
    }

    /// All that is uploaded.
    fn code(&mut self, options: &str) {
        let to = if self.top == "./" { "." } else { self.top };
        self.file.instruction("COPY", &format!("{options}. {to}"));
    }

    /// The stage that installs and builds.
    fn first(&mut self) {
        let recipe = self.recipe;
        self.from(&recipe.images.build, Some("build"));
        self.file.instruction("WORKDIR", &self.subject.place());
        self.file.packages(&system::for_build(self.subject, &recipe.images.build));
        self.file.steps(&recipe.tools);
        if !self.variables.open.is_empty() {
            self.file.env(&self.variables.open);
        }
        let installation = &recipe.installation;
        if !installation.before.is_empty() {
            self.file.say(
                "Dependencies come before the code, so that a change of code does not install them again.",
            );
            self.inputs();
            self.file.steps(&installation.before);
        }
        if recipe.needs_code() {
            self.file.space();
            self.code("");
            self.file.steps(&installation.after);
            self.file.steps(&recipe.build);
        }
    }

    /// Copies the files that decide what is installed, each into its own folder.
    fn inputs(&mut self) {
        let mut folders: Vec<(&str, Vec<&str>)> = Vec::new();
        for input in &self.recipe.installation.inputs {
            let folder = input.rsplit_once('/').map_or("", |(folder, _)| folder);
            match folders.iter_mut().find(|(known, _)| *known == folder) {
                Some((_, files)) => files.push(input),
                None => folders.push((folder, vec![input])),
            }
        }
        for (folder, files) in folders {
            let slash = if folder.is_empty() { "" } else { "/" };
            self.file.instruction("COPY", &format!("{} {}{folder}{slash}", files.join(" "), self.top));
        }
    }

    /// The stage that runs the tests, which nothing depends on.
    fn test(&mut self) {
        let Some(test) = &self.subject.plan.test else { return };
        self.file.say("The tests run when they are asked for: docker build --target test .");
        if self.recipe.has_first() {
            self.file.from("build", Some("test"));
        } else {
            self.from(&self.recipe.images.build, Some("test"));
            self.file.instruction("WORKDIR", &self.subject.place());
        }
        if !(self.recipe.has_first() && self.recipe.needs_code()) {
            self.code("");
        }
        self.file.run_one(test);
    }

    /// The stage that runs.
    fn last(&mut self) {
        let (recipe, plan) = (self.recipe, self.subject.plan);
        self.from(&recipe.images.run, None);
        self.file.packages(&system::for_run(self.subject, &recipe.packages));
        self.user();
        self.file.instruction("WORKDIR", &self.subject.place());
        self.file.steps(&recipe.last);
        let given = [("HOST", "0.0.0.0"), ("PORT", &plan.port.to_string()), ("DATA_DIR", DATA)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let more = recipe.env.iter().chain(&self.variables.open).cloned();
        self.file.env(&given.into_iter().chain(more).collect::<Vec<_>>());
        self.taken();
        self.file.space();
        self.file.instruction("VOLUME", &words(&[DATA]));
        self.file.instruction("EXPOSE", &plan.port.to_string());
        self.file.instruction("USER", recipe.user.unwrap_or(USER));
        self.file.line(&health::instruction(plan));
        self.notes();
        self.file.line(&start::instruction(plan.start.as_deref().unwrap_or_default()));
    }

    /// Makes the user that runs the app, where the image has none for that, and the folders that belong to it.
    fn user(&mut self) {
        let place = self.subject.place();
        let folders = if place == APP { format!("{APP} {DATA}") } else { format!("{APP} {place} {DATA}") };
        let (user, group) = self.recipe.user.and_then(|user| user.split_once(':')).unwrap_or(("app", "app"));
        let own = format!("install --directory --owner={user} --group={group} {folders}");
        let mut commands = vec![
            "groupadd --gid 10001 app".to_owned(),
            "useradd --uid 10001 --gid app --create-home --no-log-init --shell /usr/sbin/nologin app"
                .to_owned(),
            own,
        ];
        if self.recipe.user.is_some() {
            commands.drain(..2);
        }
        self.file.run(&[], &commands);
    }

    /// Brings what the last stage takes. The app may write beside its own files, and not into what is installed.
    fn taken(&mut self) {
        let owner = format!("--chown={} ", self.recipe.user.unwrap_or("app:app"));
        match &self.recipe.taken {
            Taken::Everything { beside } if self.recipe.has_first() => {
                for folder in beside {
                    self.file.copy_from("build", folder, folder);
                }
                self.file.instruction("COPY", &format!("--from=build {owner}{APP} {APP}"));
            }
            Taken::Everything { .. } => self.code(&owner),
            Taken::Sources { made } => {
                for folder in made {
                    self.file.copy_from("build", folder, folder);
                }
                self.code(&owner);
            }
            Taken::Only { made, files } => {
                for path in made {
                    let placed = self.subject.placed(path);
                    self.file.copy_from("build", &placed, &placed);
                }
                for file in files {
                    let (from, to) = (self.subject.at(file), self.subject.placed(file));
                    self.file.instruction("COPY", &format!("{owner}{from} {to}"));
                }
            }
            Taken::Site { .. } => {}
        }
    }

    /// The stage that serves a site. Its image has a user for that, who owns the server's settings.
    fn web_server(&mut self, folder: &str) {
        let (recipe, port) = (self.recipe, self.subject.plan.port);
        self.file.from(&recipe.images.run, None);
        self.file.steps(&recipe.last);
        self.file.instruction("ENV", &format!("PORT={port}"));
        if recipe.has_first() {
            self.file.copy_from("build", &self.subject.placed(folder), "/srv");
        } else {
            let folder = self.subject.at(folder);
            let folder = if folder.is_empty() { "." } else { folder.as_str() };
            self.file.instruction("COPY", &format!("{folder} /srv"));
        }
        self.file.space();
        self.file.instruction("EXPOSE", &port.to_string());
        self.file.instruction("USER", recipe.user.unwrap_or(USER));
        self.file.line(&health::instruction(self.subject.plan));
        self.file.instruction("CMD", &words(&["nginx", "-g", "daemon off;"]));
    }

    /// What a person has to do beyond starting the container.
    fn notes(&mut self) {
        if !self.variables.withheld.is_empty() {
            let names = self.variables.withheld.join(" --env ");
            self.file.say(&format!("Not for an image; give them when it runs: docker run --env {names} …"));
        }
        if let Some(release) = &self.subject.plan.release {
            self.file.say("Once per deployment, before the new version serves; not at every start:");
            let command = format!("sh -c {}", shell::word(release));
            let run = format!("docker run --rm --volume DATA:{DATA}");
            let line = if is_kept(self.subject.plan.runtime, release) {
                format!("{run} IMAGE {command}")
            } else {
                format!("docker build --target build --tag BUILD . && {run} BUILD {command}")
            };
            self.file.line(&comment(&line));
        }
    }
}

/// Whether the last stage has the program that the release command starts with.
fn is_kept(runtime: Runtime, release: &str) -> bool {
    const TOOLS: &[&str] = &["mix", "cargo", "go", "mvn", "gradle", "mvnw", "gradlew", "sqlx", "diesel"];
    let program = shell::program(release).unwrap_or_default();
    let is_tool = TOOLS.contains(&program) || program == "dotnet" && release.contains(" ef ");
    let is_compiled =
        matches!(runtime, Runtime::Go | Runtime::Rust | Runtime::Java | Runtime::Dotnet | Runtime::Elixir);
    !(is_tool && is_compiled)
}
