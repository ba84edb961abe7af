//! The stages of an image, written down: what every runtime has in common.

use std::fmt::Write as _;

use super::environment::Variables;
use super::quote::{self, command, comment, words};
use super::recipe::{Recipe, Step, Taken};
use super::subject::{APP, Subject};
use super::{SIGNATURE, health, start, system};
use crate::Runtime;

/// Where an app keeps what must outlive it.
const DATA: &str = "/data";
/// Who runs the app, by number: Kubernetes sees from a number alone that this is not root.
const USER: &str = "10001:10001";

/// The whole Dockerfile.
pub(super) fn written(subject: &Subject<'_>, recipe: &Recipe, variables: &Variables) -> String {
    let mut file = Dockerfile::begun(subject);
    let has_first = !matches!(&recipe.taken, Taken::Only { made, .. } if made.is_empty())
        && (recipe.builds() && has_work(recipe) || !recipe.installation.before.is_empty());
    if !recipe.shared.is_empty() {
        file.from(&recipe.images.run, Some("base"));
        file.steps(&recipe.shared);
    }
    if has_first {
        first(&mut file, subject, recipe, variables);
    }
    if let Some(test) = &subject.plan.test {
        file.say("The tests run when they are asked for: docker build --target test .");
        file.from("build", Some("test"));
        file.instruction("RUN", &command(test));
    }
    match &recipe.taken {
        Taken::Site { folder } => web_server(&mut file, subject, recipe, (folder, has_first)),
        _ => last(&mut file, subject, recipe, variables, has_first),
    }
    file.text
}

/// Whether a first stage would do anything but copy.
fn has_work(recipe: &Recipe) -> bool {
    !recipe.build.is_empty() || !recipe.installation.after.is_empty()
}

/// The stage that installs and builds.
fn first(file: &mut Dockerfile, subject: &Subject<'_>, recipe: &Recipe, variables: &Variables) {
    file.from(if recipe.shared.is_empty() { &recipe.images.build } else { "base" }, Some("build"));
    file.instruction("WORKDIR", &subject.place());
    file.packages(&system::for_build(subject, &recipe.images.build));
    file.steps(&recipe.tools);
    if !variables.open.is_empty() {
        file.env(&variables.open);
    }
    let installation = &recipe.installation;
    if !installation.before.is_empty() {
        file.say("Dependencies come before the code, so that a change of code does not install them again.");
        file.inputs(&installation.inputs, subject.plan.root.is_some());
        file.steps(&installation.before);
    }
    if recipe.builds() {
        file.say("");
        file.instruction("COPY", &format!(". {}", if subject.plan.root.is_some() { "/app/" } else { "." }));
        file.steps(&installation.after);
        file.steps(&recipe.build);
    }
}

/// The stage that runs.
fn last(
    file: &mut Dockerfile,
    subject: &Subject<'_>,
    recipe: &Recipe,
    variables: &Variables,
    has_first: bool,
) {
    file.from(if recipe.shared.is_empty() { &recipe.images.run } else { "base" }, None);
    file.packages(&system::for_run(subject, &recipe.packages));
    file.user(recipe.user, &subject.place());
    file.instruction("WORKDIR", &subject.place());
    file.steps(&recipe.last);
    let given = [("HOST", "0.0.0.0"), ("PORT", &subject.plan.port.to_string()), ("DATA_DIR", DATA)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let env = given.into_iter().chain(recipe.env.iter().cloned()).chain(variables.open.iter().cloned());
    file.env(&env.collect::<Vec<_>>());
    file.taken(subject, recipe, has_first);
    file.say("");
    file.instruction("VOLUME", &words(&[DATA]));
    file.instruction("EXPOSE", &subject.plan.port.to_string());
    file.instruction("USER", recipe.user.unwrap_or(USER));
    file.line(&health::instruction(subject.plan));
    notes(file, subject, variables);
    file.line(&start::instruction(subject.plan.start.as_deref().unwrap_or_default()));
}

/// The stage that serves a site. Its image has a user for that, who owns the server's settings.
fn web_server(
    file: &mut Dockerfile,
    subject: &Subject<'_>,
    recipe: &Recipe,
    (folder, has_first): (&str, bool),
) {
    file.from(&recipe.images.run, None);
    file.steps(&recipe.last);
    file.instruction("ENV", &format!("PORT={}", subject.plan.port));
    let folder =
        if has_first { format!("--from=build {}", subject.placed(folder)) } else { subject.at(folder) };
    file.instruction("COPY", &format!("{} /srv", if folder.is_empty() { "." } else { folder.as_str() }));
    file.say("");
    file.instruction("EXPOSE", &subject.plan.port.to_string());
    file.instruction("USER", recipe.user.unwrap_or(USER));
    file.line(&health::instruction(subject.plan));
    file.instruction("CMD", &words(&["nginx", "-g", "daemon off;"]));
}

/// What a person has to do beyond starting the container.
fn notes(file: &mut Dockerfile, subject: &Subject<'_>, variables: &Variables) {
    if !variables.withheld.is_empty() {
        file.say(&format!(
            "Not for an image; give them when it runs: docker run --env {} …",
            variables.withheld.join(" --env ")
        ));
    }
    if let Some(release) = &subject.plan.release {
        file.say("Once per deployment, before the new version serves; not at every start:");
        let command = format!("sh -c {}", crate::shell::word(release));
        let run = format!("docker run --rm --volume DATA:{DATA}");
        file.line(&comment(&match is_kept(subject, release) {
            true => format!("{run} IMAGE {command}"),
            false => format!("docker build --target build --tag BUILD . && {run} BUILD {command}"),
        }));
    }
}

/// Whether the last stage has the program that the release command starts with.
fn is_kept(subject: &Subject<'_>, release: &str) -> bool {
    let program = crate::shell::program(release).unwrap_or_default();
    let is_tool = ["mix", "cargo", "go", "mvn", "gradle", "mvnw", "gradlew", "sqlx", "diesel"]
        .contains(&program)
        || program == "dotnet" && release.contains(" ef ");
    let is_compiled = matches!(
        subject.plan.runtime,
        Runtime::Go | Runtime::Rust | Runtime::Java | Runtime::Dotnet | Runtime::Elixir
    );
    !(is_tool && is_compiled)
}

/// A Dockerfile in the making.
struct Dockerfile {
    text: String,
}

impl Dockerfile {
    fn begun(subject: &Subject<'_>) -> Self {
        let plan = subject.plan;
        let what = match &plan.framework {
            Some(framework) => format!("{}, {framework}", plan.runtime.name()),
            None => plan.runtime.name().to_owned(),
        };
        let mut file = Self { text: "# syntax=docker/dockerfile:1\n".to_owned() };
        file.line(&comment(&format!("{SIGNATURE} from plan {} ({what}).", plan.plan_hash)));
        file.line("# It is yours from here on: nothing writes over it, and `backend-im plan` says why each step is here.");
        file
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// An empty line, and a sentence below it.
    fn say(&mut self, sentence: &str) {
        self.text.push('\n');
        if !sentence.is_empty() {
            self.line(&comment(sentence));
        }
    }

    fn from(&mut self, image: &str, name: Option<&str>) {
        let is_introduced = self.text.lines().next_back().is_some_and(|line| line.starts_with("# "))
            && self.text.contains("\n\n");
        if !is_introduced {
            self.text.push('\n');
        }
        let name = name.map_or_else(String::new, |name| format!(" AS {name}"));
        self.instruction("FROM", &format!("{image}{name}"));
    }

    fn instruction(&mut self, name: &str, rest: &str) {
        writeln!(self.text, "{name} {rest}").expect("writing to a String");
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Say(sentence) => self.say(sentence),
                Step::Unlike(rule) => self.line(&format!("# hadolint ignore={rule}")),
                Step::Packages(packages) => self.packages(packages),
                Step::Env(variables) => self.env(variables),
                Step::Copy { from, what, to } => {
                    self.instruction("COPY", &format!("--from={from} {what} {to}"))
                }
                Step::Run { caches, commands } => self.run(caches, commands),
            }
        }
    }

    fn env(&mut self, variables: &[(String, String)]) {
        let pairs: Vec<String> = variables
            .iter()
            // `PATH` goes on with the one before.
            .map(|(name, text)| {
                if name == "PATH" { format!("PATH={text}") } else { format!("{name}={}", quote::value(text)) }
            })
            .collect();
        self.instruction("ENV", &pairs.join(" \\\n    "));
    }

    fn run(&mut self, caches: &[String], commands: &[String]) {
        let mut parts: Vec<String> =
            caches.iter().map(|cache| format!("--mount=type=cache,target={cache}")).collect();
        let joined = match commands {
            [only] => command(only),
            many => many.join(" \\\n    && "),
        };
        parts.push(joined);
        self.instruction("RUN", &parts.join(" \\\n    "));
    }

    fn packages(&mut self, packages: &[String]) {
        if !packages.is_empty() {
            // Debian keeps no older versions of a package that could be named.
            self.line("# hadolint ignore=DL3008");
            self.run(&[], &system::command(packages));
        }
    }

    /// Makes the user that runs the app, and the folders that belong to it.
    fn user(&mut self, own: Option<&str>, place: &str) {
        let folders = if place == APP { format!("{APP} {DATA}") } else { format!("{APP} {place} {DATA}") };
        match own {
            Some(user) => {
                let (user, group) = user.split_once(':').unwrap_or((user, user));
                self.run(&[], &[format!("install --directory --owner={user} --group={group} {folders}")]);
            }
            None => self.run(
                &[],
                &[
                    "groupadd --gid 10001 app".to_owned(),
                    "useradd --uid 10001 --gid app --create-home --no-log-init --shell /usr/sbin/nologin app"
                        .to_owned(),
                    format!("install --directory --owner=app --group=app {folders}"),
                ],
            ),
        }
    }

    /// Copies the files that decide what is installed, each into its own folder.
    fn inputs(&mut self, inputs: &[String], is_deeper: bool) {
        let mut folders: Vec<(&str, Vec<&str>)> = Vec::new();
        for input in inputs {
            let folder = input.rsplit_once('/').map_or("", |(folder, _)| folder);
            match folders.iter_mut().find(|(known, _)| *known == folder) {
                Some((_, files)) => files.push(input),
                None => folders.push((folder, vec![input])),
            }
        }
        let top = if is_deeper { "/app/" } else { "./" };
        for (folder, files) in folders {
            let (files, folders): (Vec<&str>, Vec<&str>) =
                files.into_iter().partition(|file| !is_folder(file));
            let to = if folder.is_empty() { top.to_owned() } else { format!("{top}{folder}/") };
            if !files.is_empty() {
                self.instruction("COPY", &format!("{} {to}", files.join(" ")));
            }
            for folder in folders {
                self.instruction("COPY", &format!("{folder} {top}{}", folder.trim_end_matches('/')));
            }
        }
    }

    /// Brings what the last stage takes.
    fn taken(&mut self, subject: &Subject<'_>, recipe: &Recipe, has_first: bool) {
        let owner =
            recipe.user.map_or_else(|| "--chown=app:app".to_owned(), |user| format!("--chown={user}"));
        let everything = if subject.plan.root.is_some() { ". /app/" } else { ". ." };
        match &recipe.taken {
            Taken::Everything { beside } if has_first => {
                for folder in beside {
                    self.instruction("COPY", &format!("--from=build {folder} {folder}"));
                }
                self.instruction("COPY", &format!("--from=build {owner} {APP} {APP}"));
            }
            Taken::Everything { .. } => self.instruction("COPY", &format!("{owner} {everything}")),
            Taken::Sources { made } => {
                for folder in made.iter().filter(|_| has_first) {
                    self.instruction("COPY", &format!("--from=build {folder} {folder}"));
                }
                self.instruction("COPY", &format!("{owner} {everything}"));
            }
            Taken::Only { made, files } => {
                for path in made {
                    let placed = subject.placed(path);
                    self.instruction("COPY", &format!("--from=build {placed} {placed}"));
                }
                for file in files {
                    self.instruction(
                        "COPY",
                        &format!("{owner} {} {}", subject.at(file), subject.placed(file)),
                    );
                }
            }
            Taken::Site { .. } => {}
        }
    }
}

/// Folders among the inputs end with a slash.
fn is_folder(input: &str) -> bool {
    input.ends_with('/')
}
