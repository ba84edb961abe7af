//! What has to be true of every Dockerfile that goes to production.

use build_plan::{Plan, secret};

/// Whether dependencies are to be installed before the code is copied.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    DependenciesFirst,
    Any,
}

/// Commands that download, which a cache saves from doing so twice.
const DOWNLOADS: &[&str] = &[
    "npm ci",
    "npm install",
    "pnpm install",
    "yarn install",
    "bun install",
    "pip install",
    "uv sync",
    "uv pip install",
    "poetry install",
    "pdm sync",
    "pipenv ",
    "bundle install",
    "composer install",
    "go mod download",
    "go build",
    "cargo build",
    "dotnet restore",
    "dotnet publish",
    "mvn",
    "gradle",
    "mix deps.get",
];

/// The instructions with their rests, continued lines joined.
pub(crate) fn instructions(dockerfile: &str) -> Vec<(String, String)> {
    let lines = dockerfile.lines().filter(|line| !line.trim_start().starts_with('#') && !line.is_empty());
    let joined = lines.fold(String::new(), |all, line| match line.strip_suffix('\\') {
        Some(open) => all + open,
        None => all + line + "\n",
    });
    let parted =
        |line: &str| line.split_once(' ').map(|(name, rest)| (name.to_owned(), rest.trim().to_owned()));
    joined.lines().filter_map(parted).collect()
}

/// The rules that the Dockerfile breaks.
pub(crate) fn broken(plan: &Plan, dockerfile: &str, order: Order) -> Vec<String> {
    let all = instructions(dockerfile);
    let last = all.iter().rposition(|(name, _)| name == "FROM").unwrap_or(0);
    let mut broken = images(&all);
    broken.extend(last_stage(plan, &all[last..]));
    broken.extend(all.iter().flat_map(|(name, rest)| instruction(name, rest)));
    if order == Order::DependenciesFirst {
        broken.extend(dependencies_first(plan, &all));
    }
    if dockerfile.lines().any(|line| line.ends_with(' ')) || dockerfile.contains("\n\n\n") {
        broken.push("it is not tidy".to_owned());
    }
    broken
}

fn images(all: &[(String, String)]) -> Vec<String> {
    let mut stages = Vec::new();
    let mut broken = Vec::new();
    let mut check = |image: &str, stages: &[String]| {
        let is_pinned = image
            .rsplit_once(':')
            .is_some_and(|(_, tag)| tag != "latest" && tag.contains(|c: char| c.is_ascii_digit()));
        if !is_pinned && !stages.iter().any(|stage| stage == image) && image != "debian:bookworm-slim" {
            broken.push(format!("{image} is not pinned"));
        }
    };
    for (name, rest) in all {
        let words: Vec<&str> = rest.split_whitespace().collect();
        match (name.as_str(), words.as_slice()) {
            ("FROM", [image, "AS", stage]) => {
                check(image, &stages);
                stages.push((*stage).to_owned());
            }
            ("FROM", [image, ..]) => check(image, &stages),
            ("COPY", [from, ..]) if from.starts_with("--from=") => check(&from["--from=".len()..], &stages),
            _ => {}
        }
    }
    broken
}

fn last_stage(plan: &Plan, stage: &[(String, String)]) -> Vec<String> {
    let of = |wanted: &str| {
        stage.iter().filter(|(name, _)| name == wanted).map(|(_, rest)| rest.as_str()).collect::<Vec<_>>()
    };
    let mut broken = Vec::new();
    let mut need = |holds: bool, rule: &str| {
        if !holds {
            broken.push(rule.to_owned());
        }
    };
    let user = of("USER").last().copied().unwrap_or("root");
    need(
        user.starts_with(|c: char| c.is_ascii_digit()) && !user.starts_with('0'),
        "it runs as root, or as a name",
    );
    let at = |wanted: &str| stage.iter().rposition(|(name, _)| name == wanted);
    need(at("USER") > at("RUN") && at("USER") > at("COPY"), "USER comes after what root does");
    need(of("CMD").len() == 1 && of("CMD")[0].starts_with("[\""), "there is one CMD, in exec form");
    need(of("HEALTHCHECK").len() == 1, "there is one HEALTHCHECK");
    need(of("EXPOSE") == [plan.port.to_string()], "EXPOSE is the plan's port");
    let env = of("ENV").join(" ");
    need(env.contains(&format!("PORT={}", plan.port)), "PORT is given");
    need(plan.static_root.is_some() || env.contains("HOST=0.0.0.0"), "HOST is given");
    let takes_over = of("CMD")[0].contains("exec ") || !of("CMD")[0].starts_with("[\"sh\"");
    need(takes_over, "signals do not reach the app");
    broken
}

fn instruction(name: &str, rest: &str) -> Vec<String> {
    let mut broken = Vec::new();
    match name {
        "ADD" | "ARG" | "ENTRYPOINT" | "SHELL" | "MAINTAINER" | "ONBUILD" => {
            broken.push(format!("{name} is not needed"));
        }
        "WORKDIR" if !rest.starts_with('/') => broken.push(format!("WORKDIR {rest} is relative")),
        "ENV" => {
            for (name, value) in rest.split_whitespace().filter_map(|pair| pair.split_once('=')) {
                if secret::resembles(name, value).is_some() {
                    broken.push(format!("{name} looks like a secret"));
                }
            }
        }
        "RUN" => broken.extend(command(rest)),
        _ => {}
    }
    broken
}

fn command(text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    let installs = text.contains("apt-get install");
    let is_clean = ["apt-get update", "--no-install-recommends", "rm -rf /var/lib/apt/lists/*"];
    if installs && !is_clean.iter().all(|part| text.contains(part)) {
        broken.push(format!("packages of the system are not installed cleanly: {text}"));
    }
    // Packages that stay in the project are their own cache.
    let is_kept = text.contains("YARN_ENABLE_GLOBAL_CACHE=false");
    if DOWNLOADS.iter().any(|download| text.contains(download))
        && !text.contains("--mount=type=cache")
        && !is_kept
    {
        broken.push(format!("it downloads without a cache: {text}"));
    }
    if text.contains("sudo ") || text.contains("| sh") || text.contains("curl ") {
        broken.push(format!("it runs what it downloads: {text}"));
    }
    broken
}

/// An installation stands between the files that decide about it and all the others.
fn dependencies_first(plan: &Plan, all: &[(String, String)]) -> Option<String> {
    let install = plan.install.as_ref().filter(|install| !install.inputs.is_empty())?;
    let manifest = install.inputs[0].rsplit('/').next().unwrap_or_default();
    let listed = all.iter().position(|(name, rest)| name == "COPY" && rest.contains(manifest));
    let code = all
        .iter()
        .position(|(name, rest)| name == "COPY" && (rest.starts_with(". ") || rest.contains(" . ")));
    let tool = ["--global", "=="];
    let is_installation = |text: &str| {
        (DOWNLOADS.iter().any(|word| text.contains(word)) || text.contains("deno install"))
            && !tool.iter().any(|word| text.contains(word))
    };
    let installed = all.iter().position(|(name, rest)| name == "RUN" && is_installation(rest));
    let is_right = listed.is_some()
        && listed < installed
        && code.is_none_or(|code| installed.is_some_and(|at| at < code));
    (!is_right).then(|| format!("{manifest} is not installed before the code comes"))
}
