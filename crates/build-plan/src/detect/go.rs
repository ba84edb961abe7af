//! Go: which package is the program, and whether it serves.

use std::collections::BTreeMap;

use super::start;
use super::text::{at, folder, is_plain};
use super::versions;
use super::{Context, near_miss};
use crate::draft::{Draft, Strength};
use crate::project::{Project, extension};
use crate::{Candidate, Install, InstallMethod, PlanError, Runtime, shell};

/// Where the built program goes.
const BINARY_FOLDER: &str = "./.backend-im/bin";
/// How many source files are looked at.
const FILES_MAX: usize = 300;
/// How deep a program may lie.
const DEPTH_MAX: usize = 4;

/// Modules that serve HTTP.
const FRAMEWORKS: &[(&str, &str)] = &[
    ("github.com/gin-gonic/gin", "gin"),
    ("github.com/labstack/echo", "echo"),
    ("github.com/gofiber/fiber", "fiber"),
    ("github.com/go-chi/chi", "chi"),
    ("github.com/gorilla/mux", "gorilla"),
    ("github.com/beego/beego", "beego"),
    ("github.com/kataras/iris", "iris"),
    ("github.com/revel/revel", "revel"),
    ("github.com/gobuffalo/buffalo", "buffalo"),
    ("github.com/zeromicro/go-zero", "go-zero"),
    ("github.com/go-kratos/kratos", "kratos"),
    ("github.com/danielgtaylor/huma", "huma"),
    ("github.com/valyala/fasthttp", "fasthttp"),
    ("github.com/julienschmidt/httprouter", "httprouter"),
    ("github.com/pocketbase/pocketbase", "pocketbase"),
    ("github.com/cloudwego/hertz", "hertz"),
    ("github.com/gogf/gf", "goframe"),
    ("github.com/go-fuego/fuego", "fuego"),
    ("github.com/uptrace/bunrouter", "bunrouter"),
    ("github.com/emicklei/go-restful", "go-restful"),
    ("github.com/go-martini/martini", "martini"),
    ("connectrpc.com/connect", "connect"),
    ("google.golang.org/grpc", "grpc"),
];
/// Modules that many programs need only to ask others: they count where the code also listens.
const ALSO_CLIENTS: &[&str] =
    &["google.golang.org/grpc", "connectrpc.com/connect", "github.com/valyala/fasthttp"];
/// Names of programs that serve, likeliest first.
const SERVING: &[&str] = &[
    "server",
    "api",
    "web",
    "app",
    "http",
    "httpd",
    "httpserver",
    "apiserver",
    "serve",
    "backend",
    "service",
    "main",
];
/// Modules that need a C compiler.
const NEEDS_C: &[&str] = &[
    "github.com/mattn/go-sqlite3",
    "github.com/confluentinc/confluent-kafka-go",
    "gopkg.in/DataDog/dd-trace-go",
];

/// What go.mod says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Module {
    name: String,
    version: Option<(String, &'static str)>,
    requires: Vec<String>,
}

/// A package that makes a program.
struct Program {
    /// Its folder; empty for the project itself.
    folder: String,
    /// The file with `func main`.
    file: String,
    /// Whether its own files listen.
    serves: bool,
}

/// Looks for a Go program.
///
/// # Errors
/// [`PlanError`] when several programs could be meant.
pub(crate) fn detect(context: &Context<'_>) -> Result<Option<Draft>, PlanError> {
    let project = context.project;
    let Some(marker) = project.first_of(&["go.mod", "go.work"]).or_else(|| lone_program(project)) else {
        return Ok(None);
    };
    let modules = modules(project)?;
    let programs = programs(project);
    let Some(program) = choose(context, &programs)? else { return Ok(None) };
    let module = module_of(&modules, &program.folder);
    let listening = if program.serves { Some(program.file.clone()) } else { listening(project) };
    let framework = FRAMEWORKS.iter().find(|(path, _)| {
        module.is_some_and(|module| module.needs(path))
            && (listening.is_some() || !ALSO_CLIENTS.contains(path))
    });
    let serves = framework.is_some() || listening.is_some();
    let strength = if serves { Strength::Server } else { Strength::Program };
    let mut draft = Draft::new(Runtime::Go, strength, marker);
    let manifest = module_file(&modules, &program.folder);
    match framework {
        Some((path, name)) => draft.set_framework(name, format!("{manifest}: {path}")),
        None => {
            if let Some(file) = &listening {
                draft.set_framework("net/http", file.clone());
            }
        }
    }
    if let Some(file) = listening.filter(|file| fixes_port(project, file)) {
        draft.warn(format!("{file} names a port of its own; it must listen on $HOST:$PORT"));
    }
    version(project, module, &manifest, &mut draft);
    install(project, &modules, &mut draft);
    build(program, module, &mut draft);
    if let Some(start) = context.start.as_ref().filter(|_| context.settings.start.is_none()) {
        start::point_to_built(&start.command, project, &mut draft);
    }
    Ok(Some(draft))
}

/// A single main.go without go.mod, as in first exercises.
fn lone_program(project: &Project<'_>) -> Option<&'static str> {
    let source = project.source("main.go")?;
    is_main(&source).then_some("main.go")
}

fn modules(project: &Project<'_>) -> Result<BTreeMap<String, Module>, PlanError> {
    let files =
        project.listing().iter().filter(|file| file.path == "go.mod" || file.path.ends_with("/go.mod"));
    let near = files.filter(|file| !is_aside(&file.path)).take(32);
    let mut modules = BTreeMap::new();
    for file in near {
        if let Some(text) = project.manifest(&file.path)? {
            modules.insert(folder(&file.path).to_owned(), parse(&text));
        }
    }
    Ok(modules)
}

/// Reads go.mod.
fn parse(text: &str) -> Module {
    let mut module = Module::default();
    let mut in_require = false;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some(")"), _) => in_require = false,
            (Some("require"), Some("(")) => in_require = true,
            (Some("require"), Some(path)) => module.requires.push(path.to_owned()),
            (Some(path), Some(_)) if in_require => module.requires.push(path.to_owned()),
            (Some("module"), Some(name)) => name.trim_matches('"').clone_into(&mut module.name),
            (Some("go"), Some(version)) if module.version.is_none() => {
                module.version = Some((version.to_owned(), "go"));
            }
            (Some("toolchain"), Some(version)) if version != "default" => {
                module.version = Some((version.trim_start_matches("go").to_owned(), "toolchain"));
            }
            _ => {}
        }
    }
    module
}

impl Module {
    /// Whether it requires a module, in any major version.
    fn needs(&self, path: &str) -> bool {
        self.requires.iter().any(|known| {
            known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// The module around a folder.
fn module_of<'m>(modules: &'m BTreeMap<String, Module>, inner: &str) -> Option<&'m Module> {
    modules.get(&module_folder(modules, inner)?)
}

fn module_folder(modules: &BTreeMap<String, Module>, inner: &str) -> Option<String> {
    let mut current = inner;
    loop {
        if modules.contains_key(current) {
            return Some(current.to_owned());
        }
        if current.is_empty() {
            return None;
        }
        current = folder(current);
    }
}

fn module_file(modules: &BTreeMap<String, Module>, inner: &str) -> String {
    module_folder(modules, inner).map_or_else(|| "main.go".to_owned(), |folder| at(&folder, "go.mod"))
}

fn is_aside(path: &str) -> bool {
    const ASIDE: &[&str] = &[
        "vendor",
        "testdata",
        "examples",
        "example",
        "test",
        "tests",
        "tools",
        "scripts",
        "docs",
        "node_modules",
        "third_party",
        "hack",
    ];
    path.split('/').any(|part| part.starts_with(['.', '_']) || ASIDE.contains(&part))
}

fn is_main(source: &str) -> bool {
    source.lines().any(|line| line.trim_end().split("//").next().unwrap_or_default().trim() == "package main")
        && source.contains("func main(")
        // Such a file is run by hand, to generate others.
        && !["//go:build ignore", "// +build ignore"].iter().any(|line| source.contains(line))
}

fn is_serving(source: &str) -> bool {
    if source.contains("net.Listen(") {
        return true;
    }
    ["ListenAndServe", ".Listen(", "http.Serve(", ".Serve(", ".Run(", ".Start(", ".Spin("]
        .iter()
        .any(|call| source.contains(call))
        && (source.contains("net/http") || FRAMEWORKS.iter().any(|(path, _)| source.contains(path)))
}

/// Every package with `func main`, the shallow ones first.
fn programs(project: &Project<'_>) -> Vec<Program> {
    let mut files: Vec<&str> = project
        .listing()
        .iter()
        .map(|file| file.path.as_str())
        .filter(|path| extension(path) == "go" && !path.ends_with("_test.go") && !is_aside(path))
        .filter(|path| path.matches('/').count() <= DEPTH_MAX && is_plain(path))
        .collect();
    files.sort_by_key(|path| (path.matches('/').count(), !path.ends_with("main.go")));
    let mut programs: Vec<Program> = Vec::new();
    for path in files.into_iter().take(FILES_MAX) {
        if programs.iter().any(|known| known.folder == folder(path)) {
            continue;
        }
        if let Some(source) = project.source(path).filter(|source| is_main(source)) {
            let (folder, file) = (folder(path).to_owned(), path.to_owned());
            programs.push(Program { folder, file, serves: is_serving(&source) });
        }
    }
    programs
}

/// The first source of the project that listens.
fn listening(project: &Project<'_>) -> Option<String> {
    let files = project.listing().iter().map(|file| file.path.as_str());
    let sources =
        files.filter(|path| extension(path) == "go" && !path.ends_with("_test.go") && !is_aside(path));
    let mut near = sources.take(FILES_MAX);
    let found = near.find(|path| project.source(path).is_some_and(|source| is_serving(&source)));
    found.map(str::to_owned)
}

/// The program at the top, the only one, the only one that serves, or the one whose name says so.
fn choose<'p>(context: &Context<'_>, programs: &'p [Program]) -> Result<Option<&'p Program>, PlanError> {
    let start = context.start.as_ref().map(|start| start.command.as_str()).unwrap_or_default();
    let named = programs.iter().find(|program| {
        !program.folder.is_empty()
            && shell::words(start).any(|word| word.rsplit('/').next() == Some(program.name()))
    });
    let only = |wanted: &dyn Fn(&&Program) -> bool| {
        let mut matching = programs.iter().filter(|program| wanted(program));
        matching.next().filter(|_| matching.next().is_none())
    };
    let in_image = |program: &&Program| !program.folder.is_empty() && context.image_names(&program.folder);
    let found = named
        .or_else(|| programs.iter().find(|program| program.folder.is_empty()))
        .or_else(|| only(&|_| true))
        .or_else(|| only(&in_image))
        .or_else(|| only(&|program| program.serves))
        .or_else(|| only(&|program| SERVING.contains(&program.name())));
    if found.is_some() || programs.is_empty() {
        return Ok(found);
    }
    if start.is_empty()
        && !programs.iter().any(|program| program.serves)
        && listening(context.project).is_none()
    {
        return Err(near_miss::tools(programs.iter().map(|program| program.folder.as_str()), "go.mod"));
    }
    let mut ranked: Vec<&Program> = programs.iter().collect();
    let rank = |name: &str| SERVING.iter().position(|known| *known == name).unwrap_or(SERVING.len());
    ranked.sort_by_key(|program| (!program.serves, rank(program.name())));
    let candidate = |program: &&Program| Candidate {
        what: format!("go, the program in {}", program.folder),
        source: program.file.clone(),
        setting: format!("start: {BINARY_FOLDER}/{}", program.name()),
    };
    Err(PlanError::Ambiguous { candidates: ranked.iter().map(candidate).collect() })
}

impl Program {
    /// The name of the folder.
    fn name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or_default()
    }
}

fn version(project: &Project<'_>, module: Option<&Module>, manifest: &str, draft: &mut Draft) {
    if let Some((version, file)) = versions::of_tool(project, &["golang", "go"]) {
        draft.set_version(&version, file);
    } else if let Some(version) = versions::line_of(project, ".go-version") {
        draft.set_version(&version, ".go-version");
    } else if let Some((version, key)) = module.and_then(|module| module.version.as_ref()) {
        draft.set_version(version, format!("{manifest}: {key}"));
    }
}

fn install(project: &Project<'_>, modules: &BTreeMap<String, Module>, draft: &mut Draft) {
    let inputs: Vec<String> = modules
        .keys()
        .flat_map(|folder| [at(folder, "go.mod"), at(folder, "go.sum")])
        .chain(["go.work".to_owned()])
        .filter(|file| project.has(file))
        .collect();
    draft.set_package_manager("go", None, inputs.first().map_or("main.go", String::as_str));
    draft.keep("go", &["~/.cache/go-build"]);
    let needs_any = modules.values().any(|module| !module.requires.is_empty());
    // The build of a workspace downloads what its modules need, each by its own list.
    if !needs_any || project.listing().has_folder("vendor") || project.has("go.work") {
        return;
    }
    draft.installed = vec!["~/go/pkg/mod".to_owned()];
    draft.set_install(Install {
        method: InstallMethod::Tool,
        command: "go mod download".to_owned(),
        inputs,
        extra: Vec::new(),
        options: Vec::new(),
    });
}

fn build(program: &Program, module: Option<&Module>, draft: &mut Draft) {
    let from_module =
        module.map(|module| module.name.rsplit('/').find(|part| !is_major(part)).unwrap_or_default());
    let name = if program.folder.is_empty() { from_module.unwrap_or("app") } else { program.name() };
    let name = if is_plain(name) && !name.contains('/') { name } else { "app" };
    let needs_c = NEEDS_C.iter().find(|path| module.is_some_and(|module| module.needs(path)));
    if let Some(path) = needs_c {
        draft.need_system_package("gcc", format!("go.mod: {path}"));
    }
    let c = if needs_c.is_some() { "" } else { "CGO_ENABLED=0 " };
    let package = match (program.folder.as_str(), module.is_some()) {
        ("", true) => ".".to_owned(),
        ("", false) => "main.go".to_owned(),
        (folder, _) => format!("./{folder}"),
    };
    let binary = format!("{BINARY_FOLDER}/{name}");
    draft.set_build(format!("{c}go build -o {binary} {package}"), program.file.clone());
    draft.set_start(binary, program.file.clone());
}

/// Whether a source listens on a port that it writes down.
fn fixes_port(project: &Project<'_>, file: &str) -> bool {
    let Some(source) = project.source(file) else { return false };
    let calls = ["ListenAndServe(\":", ".Listen(\":", ".Run(\":", ".Start(\":", "Addr: \":"];
    calls.iter().any(|call| source.contains(call)) && !source.contains("PORT")
}

/// `v2` of `example.com/x/v2`.
fn is_major(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_mod_is_read_in_both_of_its_forms() {
        let module = parse(
            "module example.com/shop/v2 // the shop\n\ngo 1.22\ntoolchain go1.22.5\n\nrequire github.com/a/b v1.0.0\nrequire (\n\tgithub.com/gin-gonic/gin v1.10.0\n\tgithub.com/x/y v1 // indirect\n)\n",
        );
        assert_eq!(module.name, "example.com/shop/v2");
        assert_eq!(module.version, Some(("1.22.5".to_owned(), "toolchain")));
        assert_eq!(module.requires, ["github.com/a/b", "github.com/gin-gonic/gin", "github.com/x/y"]);
        assert!(module.needs("github.com/gin-gonic/gin") && !module.needs("github.com/gin-gonic/gi"));
    }

    proptest::proptest! {
        #[test]
        fn no_go_mod_makes_it_panic(text in "(module|go|require|\\(|\\)|//|\\PC|\n| ){0,60}") {
            parse(&text);
        }
    }
}
