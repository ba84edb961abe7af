//! Looking at this machine: which of the programs and packages that a plan needs are there, in which versions, and what
//! system it is. What follows from it is decided in `build_plan::toolchain`, for engine, plan and doctor alike.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use build_plan::Plan;
use build_plan::toolchain::{
    Installed, Kind, Machine, Need, Program, Range, Refusal, Shortfall, Sign, System, User, find_package,
    find_program, need_of, needs, refusal, shortfalls,
};
use platform_api::{Code, Failure};

use super::answers::Answers;
use super::environment::{BuildEnv, is_executable};
use super::tools::ask;

/// How many versions of one program are looked at.
const VERSIONS_MAX: usize = 32;
/// Folders below which headers are.
const HEADERS: &[&str] = &["/usr/include", "/usr/local/include", "/opt/homebrew/include"];
/// Folders in which shared libraries are.
const LIBRARIES: &[&str] = &["/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib", "/opt/homebrew/lib"];

/// This machine, for whoever is not the platform: it is only looked at.
#[derive(Debug)]
pub struct ThisMachine {
    env: BuildEnv,
    answers: Answers,
}

impl ThisMachine {
    /// With the environment that a platform would have, and the file in which answers of programs are kept.
    pub fn new(vars: impl IntoIterator<Item = (OsString, OsString)>, answers: PathBuf) -> Self {
        Self { env: BuildEnv::from_vars(vars), answers: Answers::kept_in(answers) }
    }

    /// What it lacks of `needs`.
    pub async fn lacks(&self, needs: &[Need]) -> Vec<Shortfall> {
        lacking(needs, &self.env, &self.answers).await
    }

    /// What it has of a program, asked now and not remembered.
    pub async fn installed(&self, program: &'static Program) -> Option<Installed> {
        let path = self.env.which(program.name)?;
        Some(match ask(&path, program, &self.env, &Answers::default()).await {
            Ok(said) => Installed { said: vec![said], trouble: None },
            Err(trouble) => Installed { said: Vec::new(), trouble: Some(trouble) },
        })
    }

    /// What it would be told that a program is missing; `None` when that is fetched.
    pub fn advice(&self, program: &str, there: impl Fn(&str) -> bool) -> Option<Shortfall> {
        let need = need_of(program);
        let fetcher = need.fetched_with.clone().filter(|fetcher| there(fetcher));
        let programs = fetcher.map(|fetcher| (fetcher, Installed::default())).into_iter().collect();
        let machine = Machine { system: system(), programs, ..Machine::default() };
        shortfalls(&[need], &machine).pop()
    }
}

/// What this machine lacks of what a plan needs.
pub(super) async fn lacking(needs: &[Need], env: &BuildEnv, answers: &Answers) -> Vec<Shortfall> {
    let lacking = shortfalls(needs, &look(needs, env, answers).await);
    if lacking.iter().all(|one| !one.blocks) {
        return lacking;
    }
    // What a version manager switched since it was asked must not stand in the way.
    answers.forget();
    shortfalls(needs, &look(needs, env, answers).await)
}

/// What stands in the way of a plan whose runtime could not be fetched in another version: that of this machine is all
/// there is. What may do all the same is answered as a warning.
pub(super) async fn unless_it_does(
    plan: &Plan,
    program: &str,
    env: &BuildEnv,
    answers: &Answers,
) -> Result<Vec<String>, Failure> {
    let needs: Vec<Need> = needs(plan)
        .into_iter()
        .filter(|need| need.name == program)
        .map(|need| Need { fetched_with: None, ..need })
        .collect();
    warnings_or_failure(&lacking(&needs, env, answers).await)
}

/// What is lacking and may be done without, as warnings.
///
/// # Errors
/// The failure for what cannot be done without.
pub(super) fn warnings_or_failure(lacking: &[Shortfall]) -> Result<Vec<String>, Failure> {
    match refusal(lacking) {
        Some(refusal) => Err(failure(refusal)),
        None => Ok(lacking.iter().map(Shortfall::line).collect()),
    }
}

/// The failure for a program that is not on the `PATH` when it is wanted.
pub(super) fn missing(program: &str) -> Failure {
    let machine = Machine { system: system(), ..Machine::default() };
    let refusal = refusal(&shortfalls(&[need_of(program)], &machine));
    refusal.map_or_else(
        || Failure::new(Code::MISSING_TOOL, format!("`{program}` is not on this machine")),
        failure,
    )
}

fn failure(Refusal { code, message, hint }: Refusal) -> Failure {
    Failure::new(Code::other(code), message).hint(hint)
}

async fn look(needs: &[Need], env: &BuildEnv, answers: &Answers) -> Machine {
    let mut machine = Machine { system: system(), ..Machine::default() };
    for need in needs {
        if need.kind == Kind::Package {
            let signs = find_package(&need.name).map_or(&[][..], |package| package.signs);
            if signs.iter().any(|sign| is_there(*sign, env)) {
                machine.packages.insert(need.name.clone());
            }
            continue;
        }
        let Some(program) = find_program(&need.name) else { continue };
        let fetcher = need.fetched_with.as_ref().filter(|fetcher| env.which(fetcher).is_some());
        if let Some(fetcher) = fetcher {
            machine.programs.insert(fetcher.clone(), Installed::default());
            continue;
        }
        let found = match &need.version {
            Some(wanted) => {
                let range = Range::parse(&wanted.text, wanted.dialect);
                fitting(program, &range, env, answers).await
            }
            None => env.which(program.name).map(|_| Installed::default()),
        };
        if let Some(installed) = found {
            machine.programs.insert(need.name.clone(), installed);
        }
    }
    machine
}

/// What there is of a program, up to the first one that fits.
async fn fitting(program: &Program, range: &Range, env: &BuildEnv, answers: &Answers) -> Option<Installed> {
    let mut found = Installed::default();
    let candidates = candidates(program, range, env);
    for path in &candidates {
        match ask(path, program, env, answers).await {
            Ok(said) => {
                let fits = program.versions(&said).iter().any(|version| range.allows(version));
                found.said.push(said);
                if fits {
                    break;
                }
            }
            Err(trouble) => found.trouble = found.trouble.or(Some(trouble)),
        }
    }
    if !found.said.is_empty() {
        found.trouble = None;
    }
    (!candidates.is_empty()).then_some(found)
}

/// The files that may be the program in a version of the range: the one that is meant when nobody says more, then those
/// that a version manager keeps, then those whose names say a version.
pub(super) fn candidates(program: &Program, range: &Range, env: &BuildEnv) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = env.which(program.name).into_iter().collect();
    for (folder, place) in program.kept_in() {
        let Some(home) = env.home() else { continue };
        let versions = std::fs::read_dir(home.join(folder)).into_iter().flatten().flatten();
        let mut versions: Vec<PathBuf> =
            versions.map(|entry| entry.path()).filter(|path| says_fitting(path, range)).collect();
        versions.sort();
        let programs = versions.iter().rev().map(|version| version.join(place));
        found.extend(programs.filter(|path| is_executable(path)));
    }
    let names = program.other_names().into_iter().filter(|name| {
        let version = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        // `python3.12` may be any 3.12.
        range.allows(&format!("{version}.99"))
    });
    found.extend(names.filter_map(|name| env.which(&name)));
    found.truncate(VERSIONS_MAX);
    found
}

/// Whether a folder such as `3.12.1` or `cpython-3.12.1-linux-x86_64-gnu` says a version of the range.
fn says_fitting(folder: &Path, range: &Range) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let version = name.split('-').find(|part| part.starts_with(|c: char| c.is_ascii_digit()));
    version.is_some_and(|version| range.allows(version))
}

fn is_there(sign: Sign, env: &BuildEnv) -> bool {
    let machine = format!("{}-linux-gnu", std::env::consts::ARCH);
    let is_in = |folders: &[&str], file: &str| {
        folders
            .iter()
            .map(Path::new)
            .any(|folder| folder.join(file).exists() || folder.join(&machine).join(file).exists())
    };
    match sign {
        Sign::Program(program) => env.which(program).is_some(),
        Sign::Header(file) => is_in(HEADERS, file),
        Sign::Library(file) => is_in(LIBRARIES, file),
    }
}

fn system() -> System {
    let user = if rustix::process::geteuid().is_root() { User::Root } else { User::Person };
    let read =
        ["/etc/os-release", "/usr/lib/os-release"].iter().find_map(|file| std::fs::read_to_string(file).ok());
    let system = match read {
        Some(text) => System::parse(&text),
        None if cfg!(target_os = "macos") => System::macos(),
        None => System::default(),
    };
    System { user, processor: std::env::consts::ARCH.to_owned(), ..system }
}
