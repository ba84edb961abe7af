//! Images to stand on: of each runtime the newest line of releases that has what the project asks for, with the system
//! below it in the tag. Debian 12 wherever there is a choice, because the plan names packages as that release does.

use super::version::{Wanted, numbers};

/// The image that only runs a program of its own.
pub(super) const DEBIAN: &str = "debian:bookworm-slim";
/// The server for sites; its user is not root to begin with.
pub(super) const NGINX: &str = "nginxinc/nginx-unprivileged:1.28-bookworm";
/// What installs extensions of PHP with the libraries that they need.
pub(super) const PHP_EXTENSIONS: &str = "mlocati/php-extension-installer:2";
/// The installer of PHP's packages.
pub(super) const COMPOSER: &str = "composer:2.8";

/// Lines of a runtime's releases, newest first.
struct Lines {
    /// How the runtime is called in sentences.
    name: &'static str,
    known: &'static [&'static str],
    /// The newest for which packages and libraries can be expected to be ready.
    usual: &'static str,
}

const PYTHON: Lines =
    Lines { name: "Python", known: &["3.14", "3.13", "3.12", "3.11", "3.10", "3.9"], usual: "3.13" };
const NODE: Lines = Lines { name: "Node", known: &["26", "24", "22", "20", "18"], usual: "22" };
const BUN: Lines = Lines { name: "Bun", known: &["1.4", "1.3", "1.2", "1.1"], usual: "1.4" };
const DENO: Lines = Lines { name: "Deno", known: &["2.7.6", "1.46.3"], usual: "2.7.6" };
const GO: Lines = Lines { name: "Go", known: &["1.26", "1.25", "1.24", "1.23"], usual: "1.26" };
const RUST: Lines = Lines { name: "Rust", known: &["1.95", "1.90", "1.85"], usual: "1.95" };
const RUBY: Lines = Lines { name: "Ruby", known: &["4.0", "3.4", "3.3", "3.2"], usual: "3.4" };
const PHP: Lines = Lines { name: "PHP", known: &["8.5", "8.4", "8.3", "8.2", "8.1"], usual: "8.4" };
const JAVA: Lines = Lines { name: "Java", known: &["25", "21", "17", "11", "8"], usual: "21" };
const DOTNET: Lines = Lines { name: ".NET", known: &["10.0", "9.0", "8.0"], usual: "10.0" };
const ELIXIR: Lines =
    Lines { name: "Elixir", known: &["1.19", "1.18", "1.17", "1.16", "1.15"], usual: "1.18" };

/// A line that was chosen.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    version: String,
    /// Newer than this program knows: its images are of the system's next release.
    is_newer: bool,
    warning: Option<String>,
}

impl Line {
    /// Debian's release in the tags of the official images.
    fn debian(&self) -> &'static str {
        if self.is_newer { "trixie" } else { "bookworm" }
    }
}

/// A pair of images: one with everything that builds need, and a small one that runs what they made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) build: String,
    pub(super) run: String,
    pub(super) warning: Option<String>,
}

impl Pair {
    fn of(line: Line, build: String, run: String) -> Self {
        Self { build, run, warning: line.warning }
    }
}

impl Lines {
    /// The newest usual line that is allowed, else the nearest newer one, else what is asked for outright.
    fn choose(&self, asked: Option<&str>) -> Line {
        let line = |version: &str| Line { version: version.to_owned(), is_newer: false, warning: None };
        let Some(wanted) = asked.and_then(Wanted::parse) else { return line(self.usual) };
        let usual = self.known.iter().position(|known| *known == self.usual).unwrap_or_default();
        let (newer, ready) = self.known.split_at(usual);
        let mut candidates = ready.iter().chain(newer.iter().rev());
        if let Some(version) = candidates.find(|known| wanted.allows(&numbers(known))) {
            return line(version);
        }
        let (name, asked) = (self.name, asked.unwrap_or_default());
        if let Some(outright) = wanted.exact().and_then(|exact| self.outright(exact)) {
            return outright;
        }
        let usual = self.usual;
        let warning =
            format!("no image is known of {name} `{asked}`, so the Dockerfile takes {name} {usual}");
        Line { warning: Some(warning), ..line(usual) }
    }

    /// As [`choose`](Self::choose), where any newer line does as well: these compilers take the sources of older ones.
    fn choose_at_least(&self, asked: Option<&str>) -> Line {
        let least = asked.map(numbers).filter(|least| !least.is_empty());
        let is_known = least.as_ref().is_none_or(|least| *least < next(self.known[0]));
        if is_known {
            self.choose(least.map(|least| format!(">={}", joined(&least))).as_deref())
        } else {
            self.choose(asked)
        }
    }

    /// A line that this program does not know.
    fn outright(&self, exact: &[u32]) -> Option<Line> {
        let parts = numbers(self.usual).len();
        let version = exact.get(..parts)?;
        let (name, text) = (self.name, joined(version));
        let warning = format!("nobody checked that there is an image of {name} {text}");
        Some(Line { is_newer: *version > numbers(self.known[0])[..], version: text, warning: Some(warning) })
    }
}

/// The line after this one: `1.27` after `1.26`.
fn next(line: &str) -> Vec<u32> {
    let mut numbers = numbers(line);
    if let Some(last) = numbers.last_mut() {
        *last += 1;
    }
    numbers
}

fn joined(version: &[u32]) -> String {
    version.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

/// All three numbers, where somebody wrote down all of them.
fn full(asked: Option<&str>) -> Option<String> {
    let asked = asked?.trim_start_matches('v');
    let is_full = asked.split('.').count() == 3 && asked.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_full.then(|| asked.to_owned())
}

pub(super) fn python(asked: Option<&str>) -> Pair {
    let line = PYTHON.choose(asked);
    let (version, debian) = (&line.version, line.debian());
    let (build, run) = (format!("python:{version}-{debian}"), format!("python:{version}-slim-{debian}"));
    Pair::of(line, build, run)
}

pub(super) fn node(asked: Option<&str>) -> Pair {
    let line = NODE.choose(asked);
    let (version, debian) = (&line.version, line.debian());
    let (build, run) = (format!("node:{version}-{debian}"), format!("node:{version}-{debian}-slim"));
    Pair::of(line, build, run)
}

pub(super) fn bun(asked: Option<&str>) -> Pair {
    let line = BUN.choose(asked);
    let version = full(asked).unwrap_or_else(|| line.version.clone());
    let (build, run) = (format!("oven/bun:{version}-debian"), format!("oven/bun:{version}-slim"));
    Pair::of(line, build, run)
}

pub(super) fn deno(asked: Option<&str>) -> Pair {
    let line = DENO.choose(asked);
    let image = format!("denoland/deno:debian-{}", full(asked).unwrap_or_else(|| line.version.clone()));
    Pair::of(line, image.clone(), image)
}

pub(super) fn go(asked: Option<&str>) -> Pair {
    let line = GO.choose_at_least(asked);
    let image = format!("golang:{}-{}", line.version, line.debian());
    let run = if line.is_newer { "debian:trixie-slim" } else { DEBIAN };
    Pair::of(line, image, run.to_owned())
}

/// A toolchain file pins the version: rustup would fetch it if the image had another.
pub(super) fn rust(asked: Option<&str>, pin: Pin) -> Pair {
    let asked = asked.filter(|asked| asked.starts_with(|c: char| c.is_ascii_digit()));
    let line = match pin {
        Pin::Exact => {
            let version = asked.unwrap_or(RUST.usual).to_owned();
            let is_newer = numbers(&version) >= next(RUST.known[0]);
            Line { version, is_newer, warning: None }
        }
        Pin::Minimum => RUST.choose_at_least(asked),
    };
    let image = format!("rust:{}-{}", line.version, line.debian());
    let run = if line.is_newer { "debian:trixie-slim" } else { DEBIAN };
    Pair::of(line, image, run.to_owned())
}

/// How a version is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    /// This one and no other.
    Exact,
    /// This one or a later one.
    Minimum,
}

/// Bundler refuses any other than the version that a Gemfile names, up to its last number.
pub(super) fn ruby(asked: Option<&str>) -> Pair {
    let line = RUBY.choose(asked);
    let (version, debian) = (full(asked).unwrap_or_else(|| line.version.clone()), line.debian());
    let (build, run) = (format!("ruby:{version}-{debian}"), format!("ruby:{version}-slim-{debian}"));
    Pair::of(line, build, run)
}

pub(super) fn php(asked: Option<&str>) -> Pair {
    let line = PHP.choose(asked);
    let image = format!("php:{}-cli-{}", line.version, line.debian());
    Pair::of(line, image.clone(), image)
}

/// What builds a Java project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JavaTool {
    /// The project's own wrapper fetches it.
    Wrapper,
    Maven,
    Gradle,
}

pub(super) fn java(asked: Option<&str>, tool: JavaTool) -> Pair {
    let line = JAVA.choose(asked.map(|asked| asked.trim_start_matches("1.")));
    let version = &line.version;
    let build = match tool {
        JavaTool::Wrapper => format!("eclipse-temurin:{version}-jdk-noble"),
        JavaTool::Maven => format!("maven:3.9-eclipse-temurin-{version}-noble"),
        JavaTool::Gradle => format!("gradle:8.14-jdk{version}-noble"),
    };
    let run = format!("eclipse-temurin:{version}-jre-noble");
    Pair::of(line, build, run)
}

pub(super) fn dotnet(asked: Option<&str>) -> Pair {
    let line = DOTNET.choose(asked);
    let version = &line.version;
    // From 10 on Microsoft builds on Ubuntu instead of Debian.
    let is_debian = numbers(version).first().is_some_and(|major| *major < 10);
    let system = if is_debian { "bookworm-slim" } else { "noble" };
    let image = |kind: &str| format!("mcr.microsoft.com/dotnet/{kind}:{version}-{system}");
    let (build, run) = (image("sdk"), image("aspnet"));
    Pair::of(line, build, run)
}

/// The release below is that of the image for both stages: a build brings its own runtime, made for the same libraries.
pub(super) fn elixir(asked: Option<&str>) -> Pair {
    let line = ELIXIR.choose(asked.map(|asked| asked.split("-otp").next().unwrap_or(asked)));
    let otp = asked.and_then(|asked| asked.split_once("-otp-")).map(|(_, otp)| otp.to_owned());
    let usual = match line.version.as_str() {
        "1.19" => "28",
        "1.15" | "1.16" => "26",
        _ => "27",
    };
    let otp = otp.unwrap_or_else(|| usual.to_owned());
    let (build, run) =
        (format!("elixir:{}-otp-{otp}", line.version), format!("elixir:{}-otp-{otp}-slim", line.version));
    Pair::of(line, build, run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_line_that_is_ready_is_chosen_and_more_only_when_asked() {
        for (asked, run) in [
            (None, "python:3.13-slim-bookworm"),
            (Some(">=3.11,<3.13"), "python:3.12-slim-bookworm"),
            (Some("^3.10"), "python:3.13-slim-bookworm"),
            (Some("3.12.8"), "python:3.12-slim-bookworm"),
            (Some(">=3.14"), "python:3.14-slim-bookworm"),
            (Some("3.16"), "python:3.16-slim-trixie"),
            (Some("pypy"), "python:3.13-slim-bookworm"),
        ] {
            assert_eq!(python(asked).run, run, "{asked:?}");
        }
        assert!(python(Some("3.16")).warning.is_some() && python(Some("<3.9")).warning.is_some());
        assert_eq!(node(Some(">=18.0.0 <=22.x.x")).run, "node:22-bookworm-slim");
        assert_eq!(node(Some("lts/krypton")).run, "node:24-bookworm-slim");
        assert_eq!(node(Some("v20.11.1")).build, "node:20-bookworm");
    }

    #[test]
    fn a_compilers_version_is_a_lower_bound_unless_a_toolchain_file_pins_it() {
        assert_eq!(go(Some("1.19")).build, "golang:1.26-bookworm");
        assert_eq!(go(Some("1.26.9")).build, "golang:1.26-bookworm");
        assert_eq!(go(Some("1.27.1")).build, "golang:1.27-trixie");
        assert_eq!(rust(Some("1.80"), Pin::Minimum).build, "rust:1.95-bookworm");
        assert_eq!(rust(Some("1.84"), Pin::Exact).build, "rust:1.84-bookworm");
        assert_eq!(rust(Some("nightly"), Pin::Exact).build, "rust:1.95-bookworm");
    }

    #[test]
    fn names_of_other_images_follow_their_makers() {
        assert_eq!(ruby(Some("3.3.6")).run, "ruby:3.3.6-slim-bookworm");
        assert_eq!(ruby(Some("~> 3.2")).run, "ruby:3.4-slim-bookworm");
        assert_eq!(java(Some("1.8"), JavaTool::Wrapper).run, "eclipse-temurin:8-jre-noble");
        assert_eq!(dotnet(Some("8.0.404")).run, "mcr.microsoft.com/dotnet/aspnet:8.0-bookworm-slim");
        assert_eq!(dotnet(Some("10.0")).run, "mcr.microsoft.com/dotnet/aspnet:10.0-noble");
        assert_eq!(elixir(Some("1.17.3-otp-27")).run, "elixir:1.17-otp-27-slim");
        assert_eq!(elixir(Some("~> 1.14")).build, "elixir:1.18-otp-27");
        assert_eq!(deno(None).run, "denoland/deno:debian-2.7.6");
        assert_eq!(bun(Some(">=1.1")).run, "oven/bun:1.4-slim");
    }
}
