//! Generators of static sites that are programs of their own: what builds the pages, and where they go.

use super::{Context, page_packages, served_pages};
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Install, InstallMethod, Runtime, shell};

/// A generator, known by its settings file.
struct Generator {
    name: &'static str,
    files: &'static [&'static str],
    /// A text that the settings file must hold, where its name says too little.
    says: &'static str,
    /// A folder that must be there as well; empty for none.
    folder: &'static str,
    build: &'static str,
    output: &'static str,
}

const GENERATORS: &[Generator] = &[
    Generator {
        name: "hugo",
        files: &[
            "hugo.toml",
            "hugo.yaml",
            "hugo.yml",
            "hugo.json",
            "config/_default/hugo.toml",
            "config/_default/hugo.yaml",
            "config/_default/hugo.yml",
        ],
        says: "",
        folder: "",
        build: "hugo --minify",
        output: "public",
    },
    Generator {
        name: "hugo",
        files: &[
            "config.toml",
            "config.yaml",
            "config.yml",
            "config/_default/config.toml",
            "config/_default/config.yaml",
        ],
        says: "baseURL",
        folder: "content",
        build: "hugo --minify",
        output: "public",
    },
    Generator {
        name: "zola",
        files: &["config.toml"],
        says: "base_url",
        folder: "content",
        build: "zola build",
        output: "public",
    },
    Generator {
        name: "mdbook",
        files: &["book.toml"],
        says: "[book]",
        folder: "",
        build: "mdbook build",
        output: "book",
    },
    Generator { folder: "_posts", ..JEKYLL },
    Generator { folder: "_layouts", ..JEKYLL },
    Generator { folder: "_includes", ..JEKYLL },
    Generator { says: "theme:", ..JEKYLL },
    Generator {
        name: "pelican",
        files: &["pelicanconf.py"],
        says: "",
        folder: "content",
        build: "pelican content -o output",
        output: "output",
    },
    Generator {
        name: "mkdocs",
        files: &["mkdocs.yml", "mkdocs.yaml"],
        says: "",
        folder: "",
        build: "mkdocs build",
        output: "site",
    },
];

/// A blog of Jekyll that leaves its packages to whoever builds it, as those for GitHub's own pages do.
const JEKYLL: Generator = Generator {
    name: "jekyll",
    files: &["_config.yml", "_config.yaml"],
    says: "",
    folder: "",
    build: "jekyll build",
    output: "_site",
};
/// Where the settings of a manual written with Sphinx lie, with the folder that is its source.
const MANUALS: &[(&str, &str)] = &[
    ("conf.py", "."),
    ("source/conf.py", "source"),
    ("docs/conf.py", "docs"),
    ("docs/source/conf.py", "docs/source"),
    ("doc/conf.py", "doc"),
    ("doc/source/conf.py", "doc/source"),
];

/// Looks for a generator's settings.
pub(crate) fn detect(context: &Context<'_>) -> Option<Draft> {
    let project = context.project;
    let found = GENERATORS.iter().find_map(|generator| Some((generator, generator.file(project)?)));
    let Some((generator, file)) = found else { return manual(project) };
    let mut draft = Draft::new(Runtime::Static, Strength::Assets, file);
    draft.set_framework(generator.name, file);
    draft.set_build(generator.build, file);
    draft.set_static_root(generator.output, file);
    match generator.name {
        "mkdocs" => of_python(project, &["mkdocs", "mkdocs-material"], &mut draft),
        "pelican" => {
            let settings = project.first_of(&["publishconf.py"]).unwrap_or(file);
            draft.set_build(format!("{} -s {settings}", generator.build), settings);
            of_python(project, &["pelican[markdown]"], &mut draft);
        }
        name => {
            draft.need_system_package(name, file);
            if name == "jekyll" {
                // Layouts ask it for what only readers should get, such as a count of them.
                draft.set_env("JEKYLL_ENV", "production");
            }
            pages(project, &mut draft);
            bundle(project, name, &mut draft);
        }
    }
    Some(draft)
}

/// The packages of Node that a site's styles are made with.
fn pages(project: &Project<'_>, draft: &mut Draft) {
    let (mut inputs, mut command) = (Vec::new(), String::new());
    page_packages::add(project, draft, &mut inputs, &mut command);
    let Some(command) = command.strip_prefix(" && ").map(str::to_owned) else { return };
    draft.installed = vec!["node_modules".to_owned()];
    draft.set_install(Install {
        method: InstallMethod::Command,
        command,
        inputs,
        extra: Vec::new(),
        options: Vec::new(),
    });
}

/// Has the project's own script make what the site takes in, unless that script runs the generator itself.
fn bundle(project: &Project<'_>, generator: &str, draft: &mut Draft) {
    let text = project.manifest("package.json").ok().flatten().unwrap_or_default();
    let runs_it = [' ', '"'].iter().any(|end| text.contains(&format!("{generator}{end}")));
    if runs_it || !served_pages::is_bundled(project) {
        return;
    }
    let known = draft.evidence.iter().find(|evidence| evidence.field == "build");
    let sources = format!("package.json: scripts.build; {}", known.map_or("", |known| known.source.as_str()));
    let manager = page_packages::install_in(project, "").split(' ').next().unwrap_or("npm");
    let build = format!("{manager} run build && {}", draft.build.take().unwrap_or_default());
    draft.set_build(build, sources);
}

/// A manual written with Sphinx, where it is all that the project is: those of packages belong to the packages.
fn manual(project: &Project<'_>) -> Option<Draft> {
    const THEMES: &[(&str, &str)] = &[
        ("sphinx_rtd_theme", "sphinx-rtd-theme"),
        ("furo", "furo"),
        ("pydata_sphinx_theme", "pydata-sphinx-theme"),
        ("sphinx_book_theme", "sphinx-book-theme"),
        ("myst_parser", "myst-parser"),
        ("sphinx_copybutton", "sphinx-copybutton"),
        ("sphinx_design", "sphinx-design"),
    ];
    if project.first_of(&["pyproject.toml", "setup.py", "setup.cfg"]).is_some() {
        return None;
    }
    let (file, folder) = MANUALS.iter().find(|(file, _)| project.has(file))?;
    let source =
        project.source(file).filter(|source| source.contains("html_theme") || source.contains("sphinx"))?;
    let mut draft = Draft::new(Runtime::Static, Strength::Assets, *file);
    draft.set_framework("sphinx", *file);
    draft.set_build(format!("sphinx-build -b html {folder} _build/html"), *file);
    draft.set_static_root("_build/html", *file);
    let themes = THEMES.iter().filter(|(module, _)| source.contains(module)).map(|(_, package)| *package);
    let packages: Vec<&str> = std::iter::once("sphinx").chain(themes).collect();
    of_python(project, &packages, &mut draft);
    Some(draft)
}

impl Generator {
    fn file(&self, project: &Project<'_>) -> Option<&'static str> {
        let present = project.first_of(self.files)?;
        let file = self.files.iter().find(|file| **file == present)?;
        let says = || {
            let text = project.manifest(file).ok().flatten();
            text.is_some_and(|text| text.contains(self.says))
        };
        let has_folder = self.folder.is_empty() || project.listing().has_folder(self.folder);
        (has_folder && (self.says.is_empty() || says())).then_some(*file)
    }
}

/// A generator that is a package of Python, as its themes are: they are installed beside the project, and the build
/// calls it from there. Without a list the usual ones are.
fn of_python(project: &Project<'_>, usual: &[&str], draft: &mut Draft) {
    const LISTS: &[&str] =
        &["docs/requirements.txt", "requirements.txt", "requirements-docs.txt", "doc/requirements.txt"];
    const PROGRAMS: &str = ".backend-im/venv/bin";
    let list = project.first_of(LISTS);
    let source = list.map_or_else(|| draft.evidence[0].source.clone(), str::to_owned);
    let packages = match list {
        Some(list) => format!("-r {list} {}", shell::word(usual[0])),
        None => usual.iter().map(|package| shell::word(package)).collect::<Vec<_>>().join(" "),
    };
    draft.set_package_manager("pip", None, source.clone());
    let command = format!("python3 -m venv .backend-im/venv && {PROGRAMS}/pip install {packages}");
    draft.set_install(Install {
        method: InstallMethod::Command,
        command: command.clone(),
        inputs: list.into_iter().map(str::to_owned).collect(),
        extra: Vec::new(),
        options: Vec::new(),
    });
    draft.note("install", command, source);
    let build = draft.build.clone().unwrap_or_default();
    draft.set_build(format!("{PROGRAMS}/{build}"), draft.evidence[0].source.clone());
}
