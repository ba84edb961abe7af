//! Findings whose meaning depends on more than one line.

use super::ending::gives_up;
use super::rule::Finding;
use super::scene::{Scene, is_exception};
use super::{Confidence, complaint, database, standard};
use crate::Runtime;

/// How far around a finding its context lies, in lines.
const CONTEXT_LINES: usize = 10;

/// Looks at the lines around what an installation or a build printed.
pub(super) fn refined(scene: &Scene, found: Finding) -> Finding {
    match found.code {
        "dependency_version_missing" => needs_other_python(scene, part_of_python(scene, found)),
        "compile_error" => manifest_error(scene, found),
        "missing_crate" => at_its_error(scene, found),
        "wrong_rust_version" => needs_other_rust(scene, found),
        _ => found,
    }
}

/// A list of packages may name a module that comes with Python, and that no index has.
fn part_of_python(scene: &Scene, found: Finding) -> Finding {
    let named = found.captured.first().and_then(|name| standard::module(name));
    match named.filter(|_| scene.runtime.is_none_or(|runtime| runtime == Runtime::Python)) {
        Some(module) => Finding {
            title: format!("`{module}` is a part of Python, no package"),
            fix: format!(
                "remove `{module}` from requirements.txt (or from `dependencies` in pyproject.toml): every Python brings it"
            ),
            ..found
        },
        None => found,
    }
}

/// pip lists versions that exist and need another Python; the wanted one may be among them.
fn needs_other_python(scene: &Scene, found: Finding) -> Finding {
    const IGNORED: &str = "ERROR: Ignored the following versions that require a different python version";
    let version = said(scene, &found).rsplit("==").next().unwrap_or_default().trim().to_owned();
    let is_wanted =
        |line: &String| line.starts_with(IGNORED) && line.contains(&format!(" {version} Requires-Python"));
    match scene.plain.iter().position(is_wanted) {
        Some(line) => Finding {
            code: "wrong_python_version",
            line: Some(line),
            title: format!("Version {version} of a package does not run on the installed Python"),
            fix: "choose a version of the package for the installed Python, or say in .python-version which Python the project needs".to_owned(),
            confidence: Confidence::High,
            captured: vec![version],
        },
        None => found,
    }
}

/// Cargo says first which Rust there is, and below which one each crate wants.
fn needs_other_rust(scene: &Scene, found: Finding) -> Finding {
    let wanted =
        |line: &String| line.split_once(" requires rustc ").map(|(_, version)| version.trim().to_owned());
    let known = scene.plain.iter().enumerate().find_map(|(at, line)| Some((at, wanted(line)?)));
    match known {
        Some((line, version)) => Finding {
            line: Some(line),
            title: format!("The project needs another Rust ({version})"),
            ..found
        },
        None => found,
    }
}

/// Cargo reports a broken manifest like a compile error, only in another file.
fn manifest_error(scene: &Scene, found: Finding) -> Finding {
    let context = scene.plain.iter().skip(found.line.unwrap_or_default()).take(CONTEXT_LINES);
    let place = context.map(|line| line.trim()).find(|line| line.starts_with("--> "));
    match place.filter(|place| place.contains("Cargo.toml") || place.contains("Cargo.lock")) {
        Some(place) => Finding {
            code: "invalid_manifest",
            title: format!(
                "A manifest does not parse: {}",
                said(scene, &found).trim_start_matches("error: ")
            ),
            fix: format!("mend {} at the place that the message names", place.trim_start_matches("--> ")),
            ..found
        },
        None => found,
    }
}

/// rustc says in an annotation that a crate is not known; the error itself stands above.
fn at_its_error(scene: &Scene, found: Finding) -> Finding {
    let Some(line) = found.line else { return found };
    let start = line.saturating_sub(CONTEXT_LINES);
    let error = (start..=line).rev().find(|at| scene.plain[*at].starts_with("error"));
    Finding { line: Some(error.unwrap_or(line)), ..found }
}

fn said<'s>(scene: &'s Scene, found: &Finding) -> &'s str {
    found.line.map(|line| scene.plain[line].as_str()).unwrap_or_default()
}

/// Where an exception says nothing itself, what it means stands below it.
pub(super) fn said_below(scene: &Scene, line: usize) -> usize {
    if !scene.plain.get(line).is_some_and(|text| text.trim_end().ends_with(':')) {
        return line;
    }
    let says = |at: &usize| {
        let text = scene.plain[*at].trim();
        !text.is_empty()
            && !is_place(text)
            && !text.chars().all(|c| c.is_ascii_punctuation())
            && !text.starts_with("at ")
    };
    (line + 1..scene.plain.len().min(line + CONTEXT_LINES)).find(says).unwrap_or(line)
}

/// A line that says only where, such as `./app/page.tsx:3:7`.
fn is_place(text: &str) -> bool {
    text.starts_with("./") && !text.contains(' ')
}

/// A connection that was refused is a database's when another error of the chain says so.
pub(super) fn of_chain(scene: &Scene, found: Finding, chain: &[usize]) -> Finding {
    if found.code != "connection_refused" {
        return found;
    }
    let of_database =
        |at: &usize| database::RULES.iter().find_map(|rule| rule.fit(scene, *at, found.confidence));
    chain.iter().find_map(of_database).unwrap_or(found)
}

/// The last look at a finding, whatever found it.
pub(super) fn named(scene: &Scene, found: Finding) -> Finding {
    match found.code {
        "connection_refused" => at_port_of_database(scene, found),
        "java_exception" => of_description(scene, found),
        "native_build_failed" => at_compiler(scene, found),
        "django_check_failed" => at_check(scene, found),
        "missing_file" => above_its_cause(scene, found),
        "install_script_failed" => of_script(scene, found),
        "build_failed" | "install_failed" => of_gradle(scene, found),
        _ => found,
    }
}

/// What the script itself complained of says more than the command that ran it.
fn of_script(scene: &Scene, found: Finding) -> Finding {
    if !said(scene, &found).starts_with("command ") {
        return found;
    }
    let complaint = complaint::best(scene, gives_up).filter(|at| gives_up(&scene.plain[*at]));
    Finding { line: complaint.or(found.line), ..found }
}

/// That a file is not there says little where it is the cause of what stands above and names the file.
fn above_its_cause(scene: &Scene, found: Finding) -> Finding {
    let is_cause = |at: &usize| scene.plain[*at].trim_start().to_ascii_lowercase().starts_with("caused by: ");
    match found.line.filter(is_cause).and_then(|at| at.checked_sub(1)) {
        Some(above) if scene.plain[above].contains(['/', '`', '\'', '"']) => {
            Finding { line: Some(above), ..found }
        }
        _ => found,
    }
}

/// Django lists below its complaint what each check found: `shop.Item: (fields.E304) …`.
fn at_check(scene: &Scene, found: Finding) -> Finding {
    let Some(line) = found.line else { return found };
    let is_error = |text: &str| {
        let number =
            text.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(number, _)| number);
        number
            .and_then(|number| number.split_once(".E"))
            .is_some_and(|(_, digits)| digits.parse::<u32>().is_ok())
    };
    let check = (line..scene.plain.len()).find(|at| is_error(&scene.plain[*at]));
    Finding { line: check.or(found.line), ..found }
}

/// A Gradle that is older than the Java that runs it says no more than that Java's version.
fn of_gradle(scene: &Scene, found: Finding) -> Finding {
    let said = said(scene, &found).trim();
    let is_version = said.starts_with(|c: char| c.is_ascii_digit())
        && said.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '+' | '-' | '_'));
    if !is_version || scene.runtime != Some(Runtime::Java) {
        return found;
    }
    Finding {
        code: "wrong_java_version",
        title: format!("This Gradle does not run on Java {said}"),
        fix: "update the Gradle wrapper (`./gradlew wrapper --gradle-version …`) to one that knows this Java, or build with an older JDK"
            .to_owned(),
        confidence: Confidence::High,
        ..found
    }
}

/// A connection that was refused at the port of a database.
fn at_port_of_database(scene: &Scene, found: Finding) -> Finding {
    const PORTS: &[&str] = &["1433", "3306", "5432", "6379", "9042", "27017"];
    let Some(line) = found.line else { return found };
    // Node writes the port on a line of its own, below the error.
    let below = scene.plain.iter().skip(line).take(CONTEXT_LINES);
    let port = below.enumerate().find_map(|(distance, text)| {
        let is_port =
            |word: &&str| PORTS.contains(word) && (distance == 0 || text.trim_start().starts_with("port: "));
        text.split(|c: char| !c.is_ascii_digit()).find(is_port)
    });
    match port {
        Some(port) => Finding {
            code: "database_refused",
            title: format!("No database answers at port {port}"),
            fix: database::REFUSED_FIX.to_owned(),
            ..found
        },
        None => found,
    }
}

/// Spring says below a banner what is wrong.
fn of_description(scene: &Scene, found: Finding) -> Finding {
    let says = |line: &String| !line.trim().is_empty();
    let Some(header) = scene.plain.iter().rposition(|line| line.trim() == "Description:") else {
        return found;
    };
    let Some(line) = (header + 1..scene.plain.len()).find(|at| says(&scene.plain[*at])) else { return found };
    Finding {
        line: Some(line),
        title: format!("The application does not start: {}", scene.plain[line].trim()),
        fix: "do what the lines below `Action:` in its output say".to_owned(),
        ..found
    }
}

/// The compiler's own error is a better cause than the fact that a package could not be built.
fn at_compiler(scene: &Scene, found: Finding) -> Finding {
    let is_error = |line: &String| {
        [": error: ", ": fatal error: "].iter().any(|mark| line.contains(mark)) && !line.contains("command '")
    };
    let says_little =
        found.line.is_some_and(|line| scene.plain[line].contains("subprocess-exited-with-error"));
    let compiler = scene.plain.iter().position(is_error);
    // pip draws what the package's own build said in a box; an exception is its last word there.
    let end = scene.plain.iter().position(|line| line.trim() == "[end of output]");
    let inner = |end: usize| scene.plain[..end].iter().rposition(|line| is_exception(line.trim_start()));
    let line = compiler
        .or_else(|| end.and_then(inner))
        .or_else(|| says_little.then(|| complaint::best(scene, |_| false))?);
    Finding { line: line.or(found.line), ..found }
}
