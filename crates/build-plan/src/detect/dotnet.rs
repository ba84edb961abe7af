//! .NET: the project that is a web application, and what publishing it makes.

use super::text::{at, element, folder, is_plain, quoted, without};
use super::{Context, near_miss, versions};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Candidate, Install, InstallMethod, PlanError, Runtime};

/// Where the published program goes.
const OUTPUT: &str = ".backend-im/publish";
/// How many projects are looked at.
const PROJECTS_MAX: usize = 64;

/// One project file.
struct Found {
    path: String,
    kind: Kind,
    framework: Option<String>,
    /// The program's name.
    assembly: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Library,
    Console,
    Pages,
    Web,
}

/// Looks for a .NET project.
///
/// # Errors
/// [`PlanError`] when several web applications could be meant.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let found = projects(project)?;
    let Some(best) = choose(context, &found)? else { return Ok(None) };
    let strength = match best.kind {
        Kind::Web => Strength::Server,
        Kind::Pages => Strength::Assets,
        Kind::Console if listens(project, best) => Strength::Server,
        Kind::Console | Kind::Library => Strength::Program,
    };
    let runtime = if best.kind == Kind::Pages { Runtime::Static } else { Runtime::Dotnet };
    let mut draft = Draft::new(runtime, strength, best.path.clone());
    match best.kind {
        Kind::Web => draft.set_framework("aspnet", format!("{}: Sdk", best.path)),
        Kind::Pages => draft.set_framework("blazor", format!("{}: Sdk", best.path)),
        Kind::Console | Kind::Library => {}
    }
    version(project, best, &mut draft)?;
    commands(project, best, &mut draft);
    Ok(Some(draft))
}

fn projects(project: &Project<'_>) -> Result<Vec<Found>, PlanError> {
    let files = project.listing().iter().map(|file| file.path.as_str());
    let is_project = |path: &&str| {
        [".csproj", ".fsproj", ".vbproj"].iter().any(|ending| path.ends_with(ending)) && is_plain(path)
    };
    let mut files: Vec<&str> = files.filter(is_project).filter(|path| !is_test(path)).collect();
    files.sort_by_key(|path| (path.matches('/').count(), *path));
    let mut found = Vec::new();
    for path in files.into_iter().take(PROJECTS_MAX) {
        if let Some(text) = project.manifest(path)? {
            found.push(read(path, &text));
        }
    }
    Ok(found)
}

fn is_test(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    lower.split(['/', '.', '-', '_']).any(|part| {
        matches!(part, "test" | "tests" | "unittests" | "integrationtests" | "samples" | "benchmarks")
    })
}

fn read(path: &str, text: &str) -> Found {
    let text = without(text, "<!--", "-->");
    let sdk = text.split_once("Sdk=").and_then(|(_, rest)| quoted(rest)).unwrap_or_default();
    let output = element(&text, "OutputType").unwrap_or_default();
    let kind = match sdk.split('/').next().unwrap_or_default() {
        "Microsoft.NET.Sdk.Web" => Kind::Web,
        "Microsoft.NET.Sdk.BlazorWebAssembly" => Kind::Pages,
        "Microsoft.NET.Sdk.Worker" => Kind::Console,
        _ if output.eq_ignore_ascii_case("exe") => Kind::Console,
        _ => Kind::Library,
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let framework = element(&text, "TargetFramework")
        .or_else(|| element(&text, "TargetFrameworks")?.split(';').next_back())
        .map(str::to_owned);
    let assembly = element(&text, "AssemblyName").filter(|name| is_plain(name)).unwrap_or(stem);
    Found { path: path.to_owned(), kind, framework, assembly: assembly.to_owned() }
}

/// The only project of the best kind.
fn choose<'f>(context: &Context<'_>, found: &'f [Found]) -> Result<Option<&'f Found>, PlanError> {
    let Some(kind) = found.iter().map(|found| found.kind).max() else { return Ok(None) };
    if kind == Kind::Library {
        return Ok(found.first().filter(|_| context.start.is_some()));
    }
    let mut best: Vec<&Found> = found.iter().filter(|found| found.kind == kind).collect();
    if let [only] = best.as_slice() {
        return Ok(Some(only));
    }
    let only = |wanted: &dyn Fn(&&&Found) -> bool| {
        let mut matching = best.iter().filter(wanted);
        matching.next().copied().filter(|_| matching.next().is_none())
    };
    let start = context.start.as_ref().map(|start| start.command.as_str()).unwrap_or_default();
    let in_image = |found: &&&Found| context.image_names(&format!("{}.dll", found.assembly));
    let named =
        only(&|found| start.contains(&format!("/{}.dll", found.assembly))).or_else(|| only(&in_image));
    if named.is_some() {
        return Ok(named);
    }
    if kind == Kind::Console && start.is_empty() {
        return Err(near_miss::tools(best.iter().map(|found| found.assembly.as_str()), &best[0].path));
    }
    best.sort_by_key(|found| rank(&found.assembly));
    let candidate = |found: &&Found| Candidate {
        what: format!("dotnet, the project {}", found.assembly),
        source: found.path.clone(),
        setting: format!("root: {}", folder(&found.path)),
    };
    Err(PlanError::Ambiguous { candidates: best.iter().map(candidate).collect() })
}

/// Whether a program listens by itself.
fn listens(project: &Project<'_>, found: &Found) -> bool {
    let source = project.source(&at(folder(&found.path), "Program.cs"));
    source.is_some_and(|source| {
        ["HttpListener", "TcpListener", "WebApplication"].iter().any(|word| source.contains(word))
    })
}

/// Names of projects that answer requests, likeliest first.
fn rank(assembly: &str) -> usize {
    const SERVING: &[&str] = &["web", "webui", "site", "server", "host", "api", "webapi", "publicapi"];
    let last = assembly.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    SERVING.iter().position(|known| *known == last).unwrap_or(SERVING.len())
}

fn commands(project: &Project<'_>, best: &Found, draft: &mut Draft) {
    let inputs = project.listing().iter().map(|file| file.path.as_str());
    let decides = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or_default();
        ["csproj", "fsproj", "vbproj"].iter().any(|ending| name.ends_with(ending))
            || matches!(
                name,
                "packages.lock.json" | "Directory.Packages.props" | "Directory.Build.props" | "global.json"
            )
            || name.eq_ignore_ascii_case("nuget.config")
    };
    let inputs = inputs.filter(decides).take(PROJECTS_MAX).map(str::to_owned).collect();
    draft.set_package_manager("nuget", None, best.path.clone());
    draft.installed = vec!["~/.nuget/packages".to_owned()];
    draft.set_install(Install {
        method: InstallMethod::Tool,
        command: format!("dotnet restore {}", best.path),
        inputs,
        extra: Vec::new(),
        options: Vec::new(),
    });
    draft.set_build(format!("dotnet publish {} -c Release -o {OUTPUT}", best.path), best.path.clone());
    if best.kind == Kind::Pages {
        draft.set_static_root(&format!("{OUTPUT}/wwwroot"), best.path.clone());
        draft.set_single_page(best.path.clone());
        return;
    }
    let start = format!("dotnet {OUTPUT}/{}.dll", best.assembly);
    let start = match best.kind {
        Kind::Web => format!("ASPNETCORE_URLS=http://$HOST:$PORT {start}"),
        _ => start,
    };
    draft.set_start(start, best.path.clone());
    draft.set_env("DOTNET_CLI_TELEMETRY_OPTOUT", "1");
}

fn version(project: &Project<'_>, best: &Found, draft: &mut Draft) -> Result<(), PlanError> {
    if let Some(text) = project.manifest("global.json")?
        && let Some((_, rest)) = text.split_once("\"version\"")
        && let Some(version) = quoted(rest).filter(|version| is_plain(version))
    {
        draft.set_version(version, "global.json: sdk.version");
    } else if let Some((version, file)) = versions::of_tool(project, &["dotnet", "dotnet-core"]) {
        draft.set_version(&version, file);
    } else if let Some((framework, source)) = target(project, best)? {
        let version = framework.trim_start_matches("netcoreapp").trim_start_matches("net");
        let version = version.split('-').next().unwrap_or_default();
        if is_plain(version) {
            draft.set_version(version, format!("{source}: TargetFramework"));
        }
    }
    Ok(())
}

/// The framework that the project targets, itself or by what all projects share.
fn target(project: &Project<'_>, best: &Found) -> Result<Option<(String, String)>, PlanError> {
    const SHARED: &str = "Directory.Build.props";
    if let Some(framework) = &best.framework {
        return Ok(Some((framework.clone(), best.path.clone())));
    }
    let text = project.manifest(SHARED)?.unwrap_or_default();
    Ok(element(&text, "TargetFramework").map(|framework| (framework.to_owned(), SHARED.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sdk_says_what_a_project_is() {
        let found = read(
            "src/Api/Api.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\"><PropertyGroup><TargetFramework>net8.0</TargetFramework></PropertyGroup></Project>",
        );
        assert_eq!(
            (found.kind, found.framework.as_deref(), found.assembly.as_str()),
            (Kind::Web, Some("net8.0"), "Api")
        );
        assert_eq!(read("a.csproj", "<Project Sdk='Microsoft.NET.Sdk'></Project>").kind, Kind::Library);
        assert!(is_test("tests/Api.Tests/Api.Tests.csproj") && !is_test("src/Latest/Latest.csproj"));
    }

    proptest::proptest! {
        #[test]
        fn no_project_file_makes_it_panic(text in "(Sdk=|\"|<AssemblyName>|</AssemblyName>|<TargetFrameworks>|;|</TargetFrameworks>|\\PC|\n){0,40}") {
            read("a.csproj", &text);
        }
    }
}
