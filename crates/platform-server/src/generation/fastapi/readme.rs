//! `README.md`: what the project is, how to run it, what it answers and what was assumed.

use super::has;
use crate::generation::blueprint::{Blueprint, Kind, Literal, Presence};
use crate::generation::name;

/// The whole file.
pub(super) fn write(blueprint: &Blueprint, title: &str) -> String {
    let labels: Vec<String> = blueprint.entities.iter().map(|entity| entity.name.plural_label()).collect();
    format!(
        "# {title}\n\nA REST API for {}, written with FastAPI, SQLAlchemy and Pydantic.\n\n{RUN}\n{}{}{}{}{NOTES}",
        enumerated(&labels),
        routes(blueprint),
        entities(blueprint),
        passwords(blueprint),
        assumptions(blueprint),
    )
}

const RUN: &str = r"## Run it

```sh
python3 -m venv .venv
.venv/bin/pip install -r requirements.txt
.venv/bin/uvicorn main:app --reload
```

Then open <http://127.0.0.1:8000/docs>. The tests need a little more:

```sh
.venv/bin/pip install -r requirements-dev.txt
.venv/bin/pytest
```

## Routes

Every list takes `limit` (1 to 100, default 50) and `offset`; the header `X-Total-Count` says how many rows there are
in all. A new row is answered with 201, a missing one with 404, a conflict with 409 and an invalid request with 422.
";

const NOTES: &str = r"
## Data

Everything is kept in one SQLite file, `app.db`, in the folder that `DATA_DIR` names (`./data` without it), or in the
database that `DATABASE_URL` names; `.env.example` shows both. Tables that do not exist are created at the start.
Tables that exist are never changed: when a model changes after the first deployment, add a migration tool such as
Alembic. `schema.sql` has the same tables as `models.py`, and a test compares them.
";

fn enumerated(labels: &[String]) -> String {
    match labels {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

fn routes(blueprint: &Blueprint) -> String {
    let mut lines = vec!["| Route | Methods |\n|---|---|\n".to_owned()];
    for (index, entity) in blueprint.entities.iter().enumerate() {
        let route = entity.name.route();
        lines.push(format!("| `/{route}` | GET, POST |\n| `/{route}/{{id}}` | GET, PATCH, DELETE |\n"));
        for link in &blueprint.links {
            if link.left == index {
                let other = blueprint.entities[link.right].name.route();
                lines.push(format!("| `/{route}/{{id}}/{other}` | GET |\n| `/{route}/{{id}}/{other}/{{id}}` | PUT, DELETE |\n"));
            } else if link.right == index {
                let other = blueprint.entities[link.left].name.route();
                lines.push(format!("| `/{route}/{{id}}/{other}` | GET |\n"));
            }
        }
    }
    lines.push("| `/health` | GET |\n".to_owned());
    lines.concat()
}

fn entities(blueprint: &Blueprint) -> String {
    let mut text = vec!["\n## What is kept\n".to_owned()];
    for entity in &blueprint.entities {
        text.push(format!(
            "\n### {}\n\n| Field | Type | |\n|---|---|---|\n",
            name::capitalised(&entity.name.plural_label())
        ));
        for field in &entity.fields {
            let mut notes: Vec<String> = Vec::new();
            notes.extend((field.presence == Presence::Optional).then(|| "optional".to_owned()));
            notes.extend(field.unique.then(|| "unique".to_owned()));
            notes.extend(field.default.as_ref().map(|default| format!("default {}", default_text(default))));
            text.push(format!("| `{}` | {} | {} |\n", field.name, kind(&field.kind), notes.join(", ")));
        }
        for reference in &entity.references {
            let target = blueprint.entities[reference.to].name.label();
            let note = if reference.presence == Presence::Optional { "optional" } else { "" };
            text.push(format!("| `{}` | id of a {target} | {note} |\n", reference.column()));
        }
    }
    text.concat()
}

fn kind(kind: &Kind) -> String {
    let plain = match kind {
        Kind::Text => "text, 1 to 200 characters",
        Kind::LongText => "text",
        Kind::Email => "e-mail address",
        Kind::Url => "web address",
        Kind::Integer => "whole number",
        Kind::Count => "whole number, 0 or more",
        Kind::Float => "number",
        Kind::Decimal => "amount with two decimals",
        Kind::Boolean => "true or false",
        Kind::Date => "date",
        Kind::DateTime => "date and time",
        Kind::Time => "time of day",
        Kind::Uuid => "UUID",
        Kind::Json => "JSON object",
        Kind::Password => "password, at least 8 characters; never answered",
        Kind::CreatedAt => "date and time, set when the row is made",
        Kind::UpdatedAt => "date and time, set whenever the row changes",
        Kind::Choice(values) => {
            let values: Vec<String> = values.iter().map(|value| format!("`{}`", plain(value))).collect();
            return format!("one of {}", values.join(", "));
        }
    };
    plain.to_owned()
}

fn default_text(default: &Literal) -> String {
    match default {
        Literal::Text(text) => format!("`{}`", plain(text)),
        Literal::Integer(number) => number.to_string(),
        Literal::Number(number) => number.clone(),
        Literal::Boolean(value) => value.to_string(),
    }
}

fn passwords(blueprint: &Blueprint) -> &'static str {
    if !has(blueprint, |kind| *kind == Kind::Password) {
        return "";
    }
    "\nPasswords are kept as salted scrypt hashes. Nothing asks for them yet: `security.verify_password` is where a login\n\
     would begin.\n"
}

fn assumptions(blueprint: &Blueprint) -> String {
    if blueprint.warnings.is_empty() {
        return String::new();
    }
    let line = |warning: &String| format!("- {}\n", plain(warning));
    let lines: String = blueprint.warnings.iter().map(line).collect();
    format!("\n## What was assumed or left out\n\n{lines}")
}

/// Text from a prompt, as text in Markdown.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            '|' => plain.push_str("&#124;"),
            '[' | ']' | '*' | '\\' => plain.extend(['\\', c]),
            c => plain.push(c),
        }
    }
    plain
}
