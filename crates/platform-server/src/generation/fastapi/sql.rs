//! `schema.sql`: the same tables as the models, for whoever wants to read or create them without Python.

use super::models::{column_name, on_delete};
use crate::generation::blueprint::{Blueprint, Field, Kind, Literal, Presence};
use crate::generation::words::Words;

/// Names that `SQLite` or `PostgreSQL` read as something else unless they are quoted.
const KEYWORDS: Words = Words(
    "abort action add after all alter always analyse analyze and any array as asc asymmetric attach
     authorization autoincrement before begin between binary both by cascade case cast check collate
     collation column commit concurrently conflict constraint create cross current current_date
     current_role current_time current_timestamp current_user database default deferrable deferred delete
     desc detach distinct do drop each else end escape except exclude exclusive exists explain fail false
     fetch filter first following for foreign freeze from full generated glob grant group groups having
     if ignore ilike immediate in index indexed initially inner insert instead intersect into is isnull
     join key last lateral leading left like limit localtime localtimestamp match materialized natural no
     not nothing notnull null nulls of offset on only or order others outer over overlaps partition
     placing plan pragma preceding primary query raise range recursive references regexp reindex release
     rename replace restrict returning right rollback row rows savepoint select session_user set similar
     some symmetric table tablesample temp temporary then ties to trailing transaction trigger true
     unbounded union unique update user using vacuum values variadic verbose view virtual when where
     window with within without",
);

/// The whole file.
pub(super) fn write(blueprint: &Blueprint, title: &str) -> String {
    let mut sql = format!("-- The tables of {title}, as models.py describes them.\n");
    for index in blueprint.creation_order() {
        sql.push_str(&table(blueprint, index));
    }
    for link in &blueprint.links {
        let names = [link.left, link.right].map(|side| &blueprint.entities[side].name);
        let columns = names.map(|name| format!("{}_id", name.snake()));
        let lines: Vec<String> = columns
            .iter()
            .zip(names)
            .map(|(column, name)| {
                format!(
                    "    {column} INTEGER NOT NULL REFERENCES {} (id) ON DELETE CASCADE",
                    quoted(&name.plural())
                )
            })
            .chain([format!("    PRIMARY KEY ({}, {})", columns[0], columns[1])])
            .collect();
        sql.push_str(&create(&blueprint.link_table(*link), &lines));
    }
    sql
}

fn create(table: &str, lines: &[String]) -> String {
    format!("\nCREATE TABLE {} (\n{}\n);\n", quoted(table), lines.join(",\n"))
}

fn table(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let name = entity.name.plural();
    let mut lines = vec!["    id INTEGER NOT NULL PRIMARY KEY".to_owned()];
    lines.extend(entity.fields.iter().map(column));
    let mut indexes = Vec::new();
    for reference in &entity.references {
        let column = reference.column();
        let target = quoted(&blueprint.entities[reference.to].name.plural());
        let null = if reference.presence == Presence::Required { " NOT NULL" } else { "" };
        let unique = if reference.unique { " UNIQUE" } else { "" };
        let delete = on_delete(reference.presence);
        lines.push(format!("    {column} INTEGER{null}{unique} REFERENCES {target} (id) ON DELETE {delete}"));
        if !reference.unique {
            indexes.push(format!("\nCREATE INDEX ix_{name}_{column} ON {} ({column});\n", quoted(&name)));
        }
    }
    create(&name, &lines) + &indexes.concat()
}

fn column(field: &Field) -> String {
    let name = quoted(&column_name(field));
    let null = if field.presence == Presence::Required { " NOT NULL" } else { "" };
    let unique = if field.unique { " UNIQUE" } else { "" };
    let default = match (&field.kind, &field.default) {
        (Kind::CreatedAt | Kind::UpdatedAt, _) => " DEFAULT CURRENT_TIMESTAMP".to_owned(),
        (_, Some(default)) => format!(" DEFAULT {}", literal(default)),
        _ => String::new(),
    };
    let check = match &field.kind {
        Kind::Choice(values) => {
            let values: Vec<String> = values.iter().map(|value| string(value)).collect();
            format!(" CHECK ({name} IN ({}))", values.join(", "))
        }
        _ => String::new(),
    };
    format!("    {name} {}{null}{unique}{default}{check}", kind(&field.kind))
}

fn kind(kind: &Kind) -> String {
    let plain = match kind {
        Kind::Text | Kind::Password => "VARCHAR(200)",
        Kind::LongText => "TEXT",
        Kind::Email => "VARCHAR(320)",
        Kind::Url => "VARCHAR(2083)",
        Kind::Integer | Kind::Count => "INTEGER",
        Kind::Float => "FLOAT",
        Kind::Decimal => "NUMERIC(12, 2)",
        Kind::Boolean => "BOOLEAN",
        Kind::Date => "DATE",
        Kind::DateTime | Kind::CreatedAt | Kind::UpdatedAt => "TIMESTAMP",
        Kind::Time => "TIME",
        Kind::Uuid => "CHAR(32)",
        Kind::Json => "JSON",
        Kind::Choice(values) => {
            let longest = values.iter().map(|value| value.chars().count()).max().unwrap_or(1);
            return format!("VARCHAR({longest})");
        }
    };
    plain.to_owned()
}

fn literal(default: &Literal) -> String {
    match default {
        Literal::Text(text) => string(text),
        Literal::Integer(number) => number.to_string(),
        Literal::Number(number) => number.clone(),
        Literal::Boolean(true) => "TRUE".to_owned(),
        Literal::Boolean(false) => "FALSE".to_owned(),
    }
}

fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn quoted(name: &str) -> String {
    if KEYWORDS.has(name) { format!("\"{name}\"") } else { name.to_owned() }
}
