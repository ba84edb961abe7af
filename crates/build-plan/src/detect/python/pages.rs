//! Python programs that are pages more than servers: Streamlit, Gradio and their like. Each has a command of its own that
//! serves one file, and many files of a project may import it.

use super::super::Context;
use super::entry::{module_paths, search_words};
use super::packages::Packages;
use super::source::{Import, scan};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Candidate, PlanError, Runtime, shell};

/// A tool that serves one file.
pub(super) struct Tool {
    pub(super) name: &'static str,
    module: &'static str,
    /// A word without which a file that imports it serves nothing.
    serves: &'static str,
    /// The command; `FILE` stands for the file.
    command: &'static str,
    /// The package that brings it.
    pub(super) package: &'static str,
    /// Variables by which people choose a port that then wins over the command's.
    literal_port: &'static str,
}

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "streamlit",
        module: "streamlit",
        serves: "st",
        command: "streamlit run FILE --server.address $HOST --server.port $PORT --server.headless true",
        package: "streamlit",
        literal_port: "",
    },
    Tool {
        name: "chainlit",
        module: "chainlit",
        serves: "@cl",
        command: "chainlit run FILE --headless --host $HOST --port $PORT",
        package: "chainlit",
        literal_port: "",
    },
    Tool {
        name: "gradio",
        module: "gradio",
        serves: ".launch(",
        command: "GRADIO_SERVER_NAME=$HOST GRADIO_SERVER_PORT=$PORT python FILE",
        package: "gradio",
        literal_port: "server_port",
    },
    Tool {
        name: "panel",
        module: "panel",
        serves: ".servable(",
        command: "panel serve FILE --address $HOST --port $PORT --allow-websocket-origin '*'",
        package: "panel",
        literal_port: "",
    },
    Tool {
        name: "solara",
        module: "solara",
        serves: "solara.component",
        command: "solara run FILE --host $HOST --port $PORT --production",
        package: "solara",
        literal_port: "",
    },
    Tool {
        name: "shiny",
        module: "shiny",
        serves: "ui.",
        command: "shiny run --host $HOST --port $PORT FILE",
        package: "shiny",
        literal_port: "",
    },
    Tool {
        name: "bokeh",
        module: "bokeh",
        serves: "curdoc(",
        command: "bokeh serve FILE --address $HOST --port $PORT --allow-websocket-origin '*'",
        package: "bokeh",
        literal_port: "",
    },
    Tool {
        name: "marimo",
        module: "marimo",
        serves: "marimo.App(",
        command: "marimo run FILE --headless --host $HOST --port $PORT",
        package: "marimo",
        literal_port: "",
    },
    Tool {
        name: "fastmcp",
        module: "fastmcp",
        serves: "FastMCP(",
        command: "fastmcp run FILE --transport http --host $HOST --port $PORT",
        package: "fastmcp",
        literal_port: "",
    },
];

/// Names that people give to the file that is the page, likeliest first.
const NAMES: &[&str] = &[
    "streamlit_app",
    "app",
    "main",
    "home",
    "server",
    "index",
    "dashboard",
    "gradio_app",
    "webui",
    "ui",
    "web",
    "demo",
    "chat",
    "run",
];

/// A file that a tool can serve.
struct Page {
    path: String,
    line: usize,
    tool: &'static Tool,
    rank: (usize, usize),
    fixes_port: bool,
}

/// Looks for pages.
///
/// # Errors
/// [`PlanError::Ambiguous`] where several files could be the page.
pub(super) fn detect(context: &Context<'_>, packages: Option<&Packages>) -> Result<Option<Draft>, PlanError> {
    let mut pages = pages(context.project, packages);
    pages.sort_by(|a, b| a.rank.cmp(&b.rank).then_with(|| a.path.cmp(&b.path)));
    let Some(best) = pages.first() else { return Ok(None) };
    let equals: Vec<&Page> = pages.iter().take_while(|page| page.rank == best.rank).collect();
    if equals.len() > 1 {
        let candidate = |page: &&Page| Candidate {
            what: format!("python with {}", page.tool.name),
            source: format!("{}:{}", page.path, page.line),
            setting: format!("start: {}", page.command()),
        };
        return Err(PlanError::Ambiguous { candidates: equals.iter().map(candidate).collect() });
    }
    let source = format!("{}:{}", best.path, best.line);
    let mut draft = Draft::new(Runtime::Python, Strength::Server, source.clone());
    draft.set_framework(best.tool.name, source.clone());
    draft.set_start(best.command(), source);
    if best.fixes_port {
        draft.warn(format!("{} names a port of its own; it must listen on $PORT", best.path));
    }
    Ok(Some(draft))
}

impl Page {
    fn command(&self) -> String {
        self.tool.command.replace("FILE", &shell::word(&self.path))
    }
}

fn pages(project: &Project<'_>, packages: Option<&Packages>) -> Vec<Page> {
    let is_named = |tool: &Tool| packages.is_some_and(|packages| packages.has_kin(tool.package));
    let named: Vec<&'static Tool> = TOOLS.iter().filter(|tool| is_named(tool)).collect();
    // Some places that run such pages bring the tool themselves, so no list names it: then only a page at the top counts.
    let (tools, depth_max) = if named.is_empty() && packages.is_some() {
        (TOOLS.iter().collect(), 0)
    } else {
        (named, usize::MAX)
    };
    let tools: Vec<&'static Tool> = if packages.is_none() { TOOLS.iter().collect() } else { tools };
    let paths = module_paths(project);
    let found = paths.iter().filter(|path| !path.starts_with("pages/") && !path.contains("/pages/"));
    let found = found.filter(|path| path.matches('/').count() <= depth_max);
    let found = found.filter_map(|path| page(project, path, &tools));
    let mut pages: Vec<Page> = found.map(|page| launched(project, page)).collect();
    pages.dedup_by(|a, b| a.path == b.path);
    pages
}

/// The page, or in its place the script at the top that launches it: what only defines an interface serves nothing when
/// it is run.
fn launched(project: &Project<'_>, page: Page) -> Page {
    const SCRIPTS: &[&str] =
        &["app.py", "main.py", "run.py", "server.py", "index.py", "launch.py", "webui.py"];
    let runs_file = page.tool.command.ends_with("python FILE");
    let source = project.source(&page.path).unwrap_or_default();
    if !runs_file || runs_itself(&source, page.tool.serves) {
        return page;
    }
    let name = page.path.trim_end_matches(".py").replace('/', ".");
    let top = name.split('.').next().unwrap_or_default();
    // Through whichever modules of the page's folder it gets there.
    let launches = |script: &&&str| {
        let module = project.source(script).map(|source| scan(&source)).unwrap_or_default();
        let is_page_of_it = |import: &Import| import.dots == 0 && import.module == name;
        **script != page.path
            && (module.imports.iter().any(is_page_of_it)
                || module.main_guard.is_some() && module.imports_from(top))
    };
    match SCRIPTS.iter().find(launches) {
        Some(script) => Page { path: (*script).to_owned(), line: 1, rank: (0, 0), ..page },
        None => page,
    }
}

/// Whether running the file does this: on the module's own level, or behind `if __name__ == "__main__":`.
fn runs_itself(source: &str, serves: &str) -> bool {
    let is_outer = |line: &str| !line.starts_with([' ', '\t']) && line.contains(serves);
    source.lines().any(is_outer) || scan(source).main_guard.is_some()
}

fn page(project: &Project<'_>, path: &str, tools: &[&'static Tool]) -> Option<Page> {
    let source = project.source(path)?;
    let words: Vec<&str> = tools.iter().map(|tool| tool.module).collect();
    if !search_words(&source, &words) {
        return None;
    }
    let module = scan(&source);
    let is_it = |tool: &&&'static Tool| module.imports_from(tool.module) && source.contains(tool.serves);
    let tool = *tools.iter().find(is_it)?;
    let stem = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".py").to_ascii_lowercase();
    // Streamlit's own way to order pages puts numbers and pictures in front.
    let plain = stem.trim_start_matches(|c: char| !c.is_ascii_alphabetic());
    let name = NAMES.iter().position(|name| *name == plain).unwrap_or(NAMES.len());
    let import = source.lines().position(|line| line.contains("import") && line.contains(tool.module));
    Some(Page {
        path: path.to_owned(),
        line: import.map_or(1, |line| line + 1),
        tool,
        rank: (path.matches('/').count(), name),
        fixes_port: !tool.literal_port.is_empty()
            && source.contains(tool.literal_port)
            && !source.contains("PORT"),
    })
}
