//! Migrations of databases: what applies them is proposed for the release, where nothing applies them yet.

use super::Js;
use crate::draft::Draft;
use crate::project::Project;

/// A tool that migrates.
struct Tool {
    packages: &'static [&'static str],
    /// Folders of which one holds its migrations.
    folders: &'static [&'static str],
    /// What a script says that applies them.
    says: &'static [&'static str],
    command: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        packages: &["prisma", "@prisma/client", "@prisma/cli"],
        folders: &["prisma/migrations", "src/prisma/migrations", "db/migrations"],
        says: &["migrate deploy"],
        command: "prisma migrate deploy",
    },
    Tool {
        packages: &["drizzle-kit"],
        folders: &[
            "drizzle",
            "migrations",
            "src/db/migrations",
            "db/migrations",
            "src/drizzle",
            "src/migrations",
        ],
        says: &["drizzle-kit migrate"],
        command: "drizzle-kit migrate",
    },
    Tool {
        packages: &["@adonisjs/lucid"],
        folders: &["database/migrations"],
        says: &["ace migration:run"],
        command: "node ace migration:run --force",
    },
    Tool {
        packages: &["@medusajs/medusa"],
        folders: &[],
        says: &["medusa db:migrate", "medusa migrations run"],
        command: "medusa db:migrate",
    },
    Tool {
        packages: &["payload"],
        folders: &["src/migrations", "migrations"],
        says: &["payload migrate"],
        command: "payload migrate",
    },
    Tool {
        packages: &["directus"],
        folders: &[],
        says: &["directus bootstrap"],
        command: "directus bootstrap",
    },
    Tool {
        packages: &["sequelize-cli"],
        folders: &[
            "migrations",
            "db/migrations",
            "src/migrations",
            "server/migrations",
            "database/migrations",
            "src/db/migrations",
            "src/database/migrations",
        ],
        says: &["sequelize db:migrate", "sequelize-cli db:migrate"],
        command: "sequelize-cli db:migrate",
    },
    Tool {
        packages: &["knex"],
        folders: &[
            "migrations",
            "db/migrations",
            "src/migrations",
            "src/db/migrations",
            "database/migrations",
            "data/migrations",
        ],
        says: &["knex migrate:latest", "migrate:latest"],
        command: "knex migrate:latest",
    },
    Tool {
        packages: &["@mikro-orm/cli", "@mikro-orm/migrations"],
        folders: &["migrations", "src/migrations"],
        says: &["mikro-orm migration:up"],
        command: "mikro-orm migration:up",
    },
    Tool {
        packages: &["typeorm"],
        folders: &[
            "migrations",
            "src/migrations",
            "src/migration",
            "src/database/migrations",
            "src/db/migrations",
            "migration",
            "database/migrations",
        ],
        says: &["migration:run", "migrations:run"],
        command: "",
    },
    Tool {
        packages: &["node-pg-migrate"],
        folders: &["migrations"],
        says: &["node-pg-migrate up"],
        command: "node-pg-migrate up",
    },
    Tool {
        packages: &["db-migrate"],
        folders: &["migrations"],
        says: &["db-migrate up"],
        command: "db-migrate up",
    },
    Tool {
        packages: &["migrate-mongo"],
        folders: &["migrations"],
        says: &["migrate-mongo up"],
        command: "migrate-mongo up",
    },
];

/// Proposes what applies the migrations.
pub(super) fn add(js: &Js<'_>, draft: &mut Draft) {
    if draft.start.is_none() {
        return;
    }
    for tool in TOOLS.iter().filter(|tool| tool.packages.iter().any(|package| js.package.uses(package))) {
        let Some(place) = tool.place(js.project) else { continue };
        let scripts = ["start", "prestart"].iter().filter_map(|name| js.package.script(name));
        let start = draft.start.clone().unwrap_or_default();
        let texts = scripts.chain([start.as_str()]);
        if texts.clone().any(|text| tool.says.iter().any(|says| text.contains(says))) {
            return;
        }
        let by_script = js.package.script_names().find(|name| {
            let text = js.package.script(name).unwrap_or_default();
            let is_one = !text.contains("seed")
                && !text.contains("docker")
                && !text.contains("reset")
                && !name.contains("test");
            is_one && tool.says.iter().any(|says| text.contains(says)) && !name.contains("build")
        });
        let command = match by_script {
            Some(name) => js.chosen.run(name),
            None if tool.command.is_empty() => continue,
            None => js.chosen.exec(tool.command),
        };
        draft.warn(format!("{place}; set `release: {command}` in backend-im.yml"));
        return;
    }
}

impl Tool {
    /// What says that there are migrations.
    fn place(&self, project: &Project<'_>) -> Option<String> {
        let Some(package) = self.packages.first().filter(|_| self.folders.is_empty()) else {
            let folder = self.folders.iter().find(|folder| project.listing().has_folder(folder))?;
            return Some(format!("{folder} is not applied by itself"));
        };
        Some(format!("the migrations of {package} are not applied by themselves"))
    }
}
