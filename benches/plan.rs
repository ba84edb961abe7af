//! `backend-im plan` on a workspace of 3,000 files, 40 MB, whose application lies in one of sixty packages and is found by
//! reading sources: the whole command, from its start to its end, where the folder was read before, against `git status`
//! in the same folder.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::corpus;
use crate::home::Home;
use crate::peer;
use crate::project::Project;
use crate::report::{Goal, Report, Row};
use crate::statistics::{Sample, alone, take_turns, time_ms};

const ROUNDS: usize = 25;
/// What makes 40 MB of the corpus: files that nobody reads for a plan.
const PICTURES: usize = 6;
const PICTURE_BYTES: usize = 1_000_000;

pub(crate) fn measure(report: &mut Report) {
    let (home, project) = (Home::new(), Project::empty("corpus"));
    let folder = project.path();
    write(&folder);
    let plan = || home.run(&["plan", folder.to_str().expect("UTF-8"), "--json"]);
    let planned: serde_json::Value = serde_json::from_str(&plan()).expect("JSON");
    assert_eq!(planned["framework"], "fastapi", "{planned:#}");
    assert!(planned["bytes"].as_u64() >= Some(39_000_000), "{}", planned["bytes"]);
    let ours = |_| time_ms(|| drop(plan()));
    let git = |arguments: &[&str]| {
        peer::run(Command::new("git").args(arguments).current_dir(&folder).stderr(Stdio::null()))
    };
    let has_git = report.has_tools("git status", &[("git", "--version")])
        && git(&["init", "--quiet"]).and_then(|_| git(&["add", "--all"])).is_ok();
    let theirs = |_| time_ms(|| drop(git(&["status", "--porcelain"]).expect("git works")));
    let (ours, theirs) =
        if has_git { take_turns(ROUNDS, ours, theirs) } else { (alone(ROUNDS, ours), Vec::new()) };
    report.row(Row {
        what: "`backend-im plan`, 3,000 files, 40 MB, read before".to_owned(),
        unit: "ms",
        ours: Sample::new(ours),
        peer: (!theirs.is_empty()).then(|| ("`git status`".to_owned(), Sample::new(theirs))),
        goal: Goal::Max(50.0),
    });
}

fn write(folder: &Path) {
    corpus::write(folder);
    std::fs::remove_file(folder.join("index.html")).expect("it is not a site");
    let pictures = folder.join("pictures");
    std::fs::create_dir(&pictures).expect("a folder");
    for number in 0..PICTURES {
        std::fs::write(pictures.join(format!("{number}.png")), vec![0x89; PICTURE_BYTES]).expect("a file");
    }
    std::fs::write(folder.join("requirements.txt"), "fastapi\nuvicorn\n").expect("a file");
    let app = "from fastapi import FastAPI\n\napp = FastAPI()\n";
    std::fs::write(folder.join("package33/api.py"), app).expect("a file");
}
