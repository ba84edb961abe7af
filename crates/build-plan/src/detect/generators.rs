//! Generators of static sites that are programs of their own: what builds the pages, and where they go.

use super::Context;
use crate::draft::{Draft, Strength};
use crate::project::Project;
use crate::{Install, InstallMethod, Runtime};

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
        files: &["hugo.toml", "hugo.yaml", "hugo.yml", "hugo.json"],
        says: "",
        folder: "",
        build: "hugo --minify",
        output: "public",
    },
    Generator {
        name: "hugo",
        files: &["config.toml", "config.yaml", "config.yml"],
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
    Generator {
        name: "mkdocs",
        files: &["mkdocs.yml", "mkdocs.yaml"],
        says: "",
        folder: "",
        build: "mkdocs build",
        output: "site",
    },
];

/// Looks for a generator's settings.
pub(crate) fn detect(context: &Context<'_>) -> Option<Draft> {
    let project = context.project;
    let (generator, file) =
        GENERATORS.iter().find_map(|generator| Some((generator, generator.file(project)?)))?;
    let mut draft = Draft::new(Runtime::Static, Strength::Assets, file);
    draft.set_framework(generator.name, file);
    draft.set_build(generator.build, file);
    draft.set_static_root(generator.output, file);
    if generator.name == "mkdocs" {
        mkdocs(project, &mut draft);
    } else {
        draft.need_system_package(generator.name, file);
    }
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

/// `MkDocs` is a package of Python, and so are its themes.
fn mkdocs(project: &Project<'_>, draft: &mut Draft) {
    const LISTS: &[&str] = &["docs/requirements.txt", "requirements.txt", "requirements-docs.txt"];
    let list = project.first_of(LISTS);
    let packages =
        list.map_or_else(|| "mkdocs mkdocs-material".to_owned(), |list| format!("-r {list} mkdocs"));
    draft.set_package_manager("pip", None, list.unwrap_or("mkdocs.yml"));
    draft.set_install(Install {
        method: InstallMethod::Command,
        command: format!("python3 -m venv .backend-im/venv && .backend-im/venv/bin/pip install {packages}"),
        inputs: list.into_iter().map(str::to_owned).collect(),
        extra: Vec::new(),
        options: Vec::new(),
    });
    let command = draft.install.as_ref().map(|install| install.command.clone()).unwrap_or_default();
    draft.note("install", command, list.unwrap_or("mkdocs.yml"));
    draft.set_build(".backend-im/venv/bin/mkdocs build", "mkdocs.yml");
}
