//! What a machine lacks of what a plan needs, in words that say how to get it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::install::{self, Present};
use super::machine::{Installed, Machine};
use super::need::{Chance, Kind, Need, Wanted};
use super::program::{Program, find};
use super::range::{Dialect, Range, Verdict};
use super::version::Numbers;

/// The Go that fetches a newer one by itself where a project asks for it.
const GO_FETCHES_SINCE: [u64; 3] = [1, 21, 0];

/// Something that a machine lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shortfall {
    /// The program, as on the `PATH`, or the package of the operating system, as in Debian.
    pub name: String,
    /// In which way it is lacking.
    pub shortage: Shortage,
    /// What is needed: `Go 1.24 or newer`.
    pub needed: String,
    /// What is there instead: a version, or what the program says when it is asked for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Which file says so: `go.mod: go 1.24`.
    pub why: String,
    /// The command that gets it, on this system.
    pub install: String,
    /// What has to be known about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether nothing can come of a deploy without it.
    pub blocks: bool,
}

/// What is lacking, as it is answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    /// All of it.
    pub missing: Vec<Shortfall>,
}

/// In which way something is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shortage {
    /// It is not there.
    Missing,
    /// It is there and does not work.
    Broken,
    /// It is there in another version.
    WrongVersion,
}

/// Why nothing is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: &'static str,
    /// What is lacking.
    pub message: String,
    /// How to get it.
    pub hint: String,
}

/// What `machine` lacks of `needs`.
pub fn shortfalls(needs: &[Need], machine: &Machine) -> Vec<Shortfall> {
    needs.iter().filter_map(|need| of_need(need, machine)).collect()
}

/// Why a deploy cannot succeed; `None` when nothing of what is lacking stands in its way.
pub fn refusal(shortfalls: &[Shortfall]) -> Option<Refusal> {
    let blocking: Vec<&Shortfall> = shortfalls.iter().filter(|one| one.blocks).collect();
    let is_there = |one: &&Shortfall| one.shortage == Shortage::WrongVersion;
    let code = if blocking.iter().all(is_there) { "wrong_tool_version" } else { "missing_tool" };
    let hint = match blocking.as_slice() {
        [] => return None,
        [one] => format!("{}, then deploy again{}", one.way(), one.remark()),
        several => {
            let lines = several.iter().map(|one| format!("\n  {}{}", one.way(), one.remark()));
            format!("do this, then deploy again:{}", lines.collect::<String>())
        }
    };
    let sentences: Vec<String> = blocking.iter().map(|one| one.sentence()).collect();
    Some(Refusal { code, message: format!("this project needs {}", sentences.join("; it needs ")), hint })
}

impl Shortfall {
    /// What is needed and what is there: `Go 1.24 or newer (go.mod: go 1.24), and `go` is not on this machine`.
    pub fn sentence(&self) -> String {
        let Self { name, needed, why, .. } = self;
        let found = self.found.as_deref().unwrap_or("nothing");
        let standing = match self.shortage {
            Shortage::Missing => format!("`{name}` is not on this machine"),
            Shortage::Broken => format!("`{name}` does not work here: {found}"),
            Shortage::WrongVersion => format!("this machine has {found}"),
        };
        format!("{needed} ({why}), and {standing}")
    }

    /// All of it in a line: what is needed, what is there, and the way to get it.
    pub fn line(&self) -> String {
        let (way, remark) = (self.way(), self.remark());
        if self.blocks {
            format!("the project needs {}; {way}{remark}", self.sentence())
        } else {
            format!("the project may need {}; if so, {way}{remark}", self.sentence())
        }
    }

    fn way(&self) -> String {
        if self.install.starts_with("see ") {
            self.install.clone()
        } else {
            format!("run `{}`", self.install)
        }
    }

    fn remark(&self) -> String {
        self.note.as_ref().map(|note| format!(" ({note})")).unwrap_or_default()
    }
}

fn of_need(need: &Need, machine: &Machine) -> Option<Shortfall> {
    if need.kind == Kind::Package {
        return of_package(need, machine);
    }
    let program = find(&need.name)?;
    let can_be_fetched =
        need.fetched_with.as_ref().is_some_and(|fetcher| machine.programs.contains_key(fetcher));
    if can_be_fetched {
        return None;
    }
    let Some(installed) = machine.programs.get(&need.name) else {
        return Some(lacking(program, need, machine, (Shortage::Missing, None)));
    };
    if let Some(trouble) = &installed.trouble {
        return Some(lacking(program, need, machine, (Shortage::Broken, Some(trouble.clone()))));
    }
    let (verdict, found) = judge(program, need.version.as_ref()?, installed)?;
    let chance = match verdict {
        Verdict::Fits => return None,
        Verdict::TooOld if program.name == "go" && found.padded() >= GO_FETCHES_SINCE => Chance::MayWork,
        Verdict::TooOld => need.version.as_ref()?.older,
        Verdict::Other => need.version.as_ref()?.other,
    };
    let lacking = lacking(program, need, machine, (Shortage::WrongVersion, Some(found.text())));
    Some(Shortfall { blocks: chance == Chance::Fails, ..lacking })
}

/// The best of the versions that are there, and how it stands to what is wanted; `None` when none can be read.
fn judge(program: &Program, wanted: &Wanted, installed: &Installed) -> Option<(Verdict, Numbers)> {
    let range = Range::parse(&wanted.text, wanted.dialect);
    let versions = installed.said.iter().flat_map(|said| program.versions(said));
    let judged = versions.map(|version| Numbers::parse(&version)).map(|found| (range.judge(&found), found));
    judged.min_by(|(verdict, found), (other_verdict, other)| {
        verdict.cmp(other_verdict).then_with(|| other.padded().cmp(&found.padded()))
    })
}

fn lacking(
    program: &Program,
    need: &Need,
    machine: &Machine,
    (shortage, found): (Shortage, Option<String>),
) -> Shortfall {
    let range = need.version.as_ref().map(|wanted| Range::parse(&wanted.text, wanted.dialect));
    let present = if shortage == Shortage::Missing { Present::No } else { Present::TooOld };
    // What can be fetched comes with its fetcher.
    let source = need.fetched_with.as_deref().and_then(find).filter(|_| program.name != "node");
    let (name, label) = source.map_or((program.name, program.label), |it| (it.name, it.label));
    let wanted = range.as_ref().filter(|_| source.is_none());
    let install = install::of_program(name, (label, wanted), &machine.system, present);
    let fetched = source.map(|it| format!("the platform fetches {} with {}", program.label, it.label));
    let note = [install.note, fetched].into_iter().flatten().collect::<Vec<_>>().join("; ");
    Shortfall {
        name: program.name.to_owned(),
        shortage,
        needed: needed(program, need.version.as_ref()),
        found,
        why: need.why.clone(),
        install: install.command,
        note: Some(note).filter(|note| !note.is_empty()),
        blocks: true,
    }
}

/// `Go 1.24 or newer`, `PHP ^8.3`, `Bundler`.
fn needed(program: &Program, version: Option<&Wanted>) -> String {
    match version {
        None => program.label.to_owned(),
        Some(wanted) if wanted.dialect == Dialect::Minimum => {
            format!("{} {} or newer", program.label, wanted.text)
        }
        Some(wanted) => format!("{} {}", program.label, wanted.text),
    }
}

/// A package is never in the way for certain: what needs it may come another way.
fn of_package(need: &Need, machine: &Machine) -> Option<Shortfall> {
    if machine.packages.contains(&need.name) {
        return None;
    }
    Some(Shortfall {
        name: need.name.clone(),
        shortage: Shortage::Missing,
        needed: need.name.clone(),
        found: None,
        why: need.why.clone(),
        install: install::of_package(&need.name, &machine.system)?,
        note: None,
        blocks: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::machine::System;
    use super::super::need::need_of;
    use super::*;

    fn machine(programs: &[(&str, &[&str])]) -> Machine {
        let installed = |said: &[&str]| Installed {
            said: said.iter().map(|&said| said.to_owned()).collect(),
            trouble: None,
        };
        Machine {
            system: System::parse("NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=12\n"),
            programs: programs.iter().map(|(name, said)| ((*name).to_owned(), installed(said))).collect(),
            ..Machine::default()
        }
    }

    fn need(name: &str, (text, dialect): (&str, Dialect), (older, other): (Chance, Chance)) -> Need {
        let version = Some(Wanted { text: text.to_owned(), dialect, older, other });
        Need { version, why: "a file".to_owned(), ..need_of(name) }
    }

    const STRICT: (Chance, Chance) = (Chance::Fails, Chance::Fails);
    const USUAL: (Chance, Chance) = (Chance::Fails, Chance::MayWork);

    #[test]
    fn a_version_is_judged_by_what_the_program_says_of_itself() {
        let java = "openjdk version \"17.0.15\" 2025-04-15";
        for (name, wanted, chances, said, expected) in [
            ("go", ("1.24", Dialect::Minimum), USUAL, "go version go1.19.8 linux/amd64", Some(true)),
            ("go", ("1.18", Dialect::Minimum), USUAL, "go version go1.19.8 linux/amd64", None),
            // It fetches the one that is asked for.
            ("go", ("1.24", Dialect::Minimum), USUAL, "go version go1.22.1 linux/amd64", Some(false)),
            ("java", ("21", Dialect::Minimum), USUAL, java, Some(true)),
            ("java", ("11", Dialect::Minimum), USUAL, java, None),
            ("java", ("11", Dialect::Major), USUAL, java, Some(false)),
            ("java", ("1.8", Dialect::Major), USUAL, "java version \"1.8.0_392\"", None),
            ("java", ("8", Dialect::Minimum), USUAL, "java version \"1.8.0_392\"", None),
            ("php", ("^8.3", Dialect::Composer), STRICT, "PHP 8.2.29 (cli)", Some(true)),
            ("php", ("^8.1", Dialect::Composer), STRICT, "PHP 8.2.29 (cli)", None),
            ("ruby", ("3.2.1", Dialect::Minor), USUAL, "ruby 3.3.6 (2024-11-05) [x86_64-linux]", Some(false)),
            ("ruby", ("3.2.1", Dialect::Minor), USUAL, "ruby 3.1.2p20 (2022-04-12)", Some(true)),
            ("ruby", ("3.2.1", Dialect::Gem), STRICT, "ruby 3.2.6 (2024-10-30)", Some(true)),
            ("dotnet", ("8.0", Dialect::Major), USUAL, "6.0.4 [/x]\n8.0.4 [/x]", None),
            ("dotnet", ("8.0", Dialect::Major), USUAL, "6.0.428 [/x]", Some(true)),
            ("elixir", ("~> 1.17", Dialect::Gem), STRICT, "Erlang/OTP 25\n\nElixir 1.14.0 (c)", Some(true)),
            ("cargo", ("1.85", Dialect::Minimum), USUAL, "cargo 1.63.0", Some(true)),
            ("python3", (">=3.12", Dialect::Python), USUAL, "/x\n3.11.7\nabi", Some(true)),
            ("hugo", ("1", Dialect::Minimum), USUAL, "no version at all", None),
        ] {
            let found = shortfalls(&[need(name, wanted, chances)], &machine(&[(name, &[said])]));
            assert_eq!(found.first().map(|one| one.blocks), expected, "{name} {wanted:?}: {said}");
        }
        let several = machine(&[("python3", &["/x\n3.9.1\nabi", "/y\n3.12.4\nabi"])]);
        assert!(shortfalls(&[need("python3", (">=3.12", Dialect::Python), USUAL)], &several).is_empty());
    }

    #[test]
    fn everything_that_is_lacking_is_named_at_once_with_its_command() {
        let needs = [
            need("java", ("21", Dialect::Minimum), USUAL),
            Need { why: "build: mvn package".to_owned(), ..need_of("mvn") },
        ];
        let lacking = shortfalls(&needs, &machine(&[("java", &["openjdk version \"17.0.15\""])]));
        let refusal = refusal(&lacking).expect("a refusal");
        assert_eq!(refusal.code, "missing_tool");
        assert_eq!(
            refusal.message,
            "this project needs Java 21 or newer (a file), and this machine has 17.0.15; \
             it needs Maven (build: mvn package), and `mvn` is not on this machine"
        );
        assert!(refusal.hint.contains("/binary/latest/21/"), "{}", refusal.hint);
        assert!(refusal.hint.contains("Debian 12 packages Java 17, which does not fit"), "{}", refusal.hint);
        assert!(refusal.hint.contains("\n  run `sudo apt install -y maven`"), "{}", refusal.hint);
        let wrong = super::refusal(&lacking[..1]).expect("a refusal");
        assert_eq!(wrong.code, "wrong_tool_version");
    }

    #[test]
    fn what_the_platform_fetches_is_not_lacking_as_long_as_it_can() {
        let node = need("node", (">=22", Dialect::Npm), USUAL);
        let old = ("node", &["v20.20.2 115 x64"][..]);
        assert!(shortfalls(std::slice::from_ref(&node), &machine(&[old, ("npm", &[])])).is_empty());
        let alone = shortfalls(&[node], &machine(&[old]));
        assert_eq!(alone[0].found.as_deref(), Some("20.20.2"));
        let bun = shortfalls(&[need_of("bun")], &machine(&[]));
        assert_eq!(bun[0].install, "sudo apt install -y nodejs npm");
        assert_eq!(bun[0].note.as_deref(), Some("the platform fetches Bun with npm"));
    }

    #[test]
    fn packages_and_likely_versions_are_warnings() {
        let package = Need {
            name: "libpq-dev".to_owned(),
            kind: Kind::Package,
            why: "requirements.txt: psycopg2".to_owned(),
            ..need_of("gcc")
        };
        let lacking = shortfalls(std::slice::from_ref(&package), &machine(&[]));
        assert_eq!(refusal(&lacking), None);
        assert_eq!(
            lacking[0].line(),
            "the project may need libpq-dev (requirements.txt: psycopg2), and `libpq-dev` is not on this machine; \
             if so, run `sudo apt install -y libpq-dev`"
        );
        let mut there = machine(&[]);
        there.packages.insert("libpq-dev".to_owned());
        assert!(shortfalls(&[package], &there).is_empty());
    }

    #[test]
    fn what_does_not_work_is_said_in_its_own_words() {
        let mut machine = machine(&[("go", &[])]);
        machine.programs.get_mut("go").expect("go").trouble = Some("no version is set".to_owned());
        let lacking = shortfalls(&[need_of("go")], &machine);
        assert_eq!(lacking[0].shortage, Shortage::Broken);
        assert!(lacking[0].sentence().ends_with("`go` does not work here: no version is set"));
    }
}
