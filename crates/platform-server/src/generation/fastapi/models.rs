//! `models.py`: a class for each table.

use std::collections::BTreeSet;

use super::columns::is_moment;
use super::{attribute, enum_class, python};
use crate::generation::blueprint::{Blueprint, Field, Kind, Literal, Presence, Reference};
use crate::generation::name;
use crate::generation::nouns::with_article;

/// The whole file.
pub(super) fn write(blueprint: &Blueprint) -> String {
    let mut body = String::new();
    for (index, entity) in blueprint.entities.iter().enumerate() {
        for field in &entity.fields {
            if let Kind::Choice(values) = &field.kind {
                body.push_str(&enumeration(
                    &enum_class(blueprint, index, &field.name),
                    &entity.name.label(),
                    field,
                    values,
                ));
            }
        }
    }
    for link in &blueprint.links {
        let (left, right) = (&blueprint.entities[link.left].name, &blueprint.entities[link.right].name);
        let columns = [left, right].map(|name| format!("{}_id", name.snake()));
        body.push_str(&link_table(
            &blueprint.link_table(*link),
            [&columns[0], &columns[1]],
            [&left.plural(), &right.plural()],
        ));
    }
    for index in 0..blueprint.entities.len() {
        body.push_str(&class(blueprint, index));
    }
    // Formatters leave one blank line behind imports, and two before a class.
    let body = if body.starts_with("\n\nclass") { body } else { body.replacen('\n', "", 1) };
    format!("\"\"\"The tables, and how they belong together.\"\"\"\n\n{}{body}", imports(&body))
}

fn imports(body: &str) -> String {
    let mut standard = String::new();
    if body.contains("dt.") {
        standard.push_str("import datetime as dt\n");
    }
    if !python::used(body, &["enum"]).is_empty() && body.contains("enum.Enum") {
        standard.push_str("import enum\n");
    }
    if body.contains("uuid.UUID") {
        standard.push_str("import uuid\n");
    }
    standard.push_str(&python::import("decimal", &python::used(body, &["Decimal"])));
    standard.push_str(&python::import("typing", &typing(body)));
    let orm = python::used(body, &["Mapped", "mapped_column", "relationship"]);
    let library = format!("import sqlalchemy as sa\n{}", python::import("sqlalchemy.orm", &orm));
    let columns = python::import("columns", &python::used(body, &["UtcDateTime", "one_of", "utc_now"]));
    python::groups(&[standard, library, format!("{columns}from database import Base\n")])
}

fn typing(body: &str) -> Vec<&'static str> {
    let any = body.contains("dict[str, Any]").then_some("Any");
    let optional = body.contains("Optional[").then_some("Optional");
    any.into_iter().chain(optional).collect()
}

fn enumeration(class: &str, label: &str, field: &Field, values: &[String]) -> String {
    let line = |(member, value): (&String, &String)| format!("    {member} = {}\n", python::string(value));
    let members: String = members(values).iter().zip(values).map(line).collect();
    let about = field.name.replace('_', " ");
    format!(
        "\n\nclass {class}(str, enum.Enum):\n    \"\"\"The values of {about} of {}.\"\"\"\n\n{members}",
        with_article(label)
    )
}

/// The member names of an enumeration: distinct upper-case identifiers.
pub(super) fn members(values: &[String]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut members = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let mut member = name::words(value).join("_").to_uppercase();
        if member.is_empty() || member.starts_with(|c: char| c.is_ascii_digit()) {
            member = format!("VALUE_{member}");
            member.truncate(member.trim_end_matches('_').len());
        }
        if !taken.insert(member.clone()) {
            member = format!("{member}_{}", index + 1);
            taken.insert(member.clone());
        }
        members.push(member);
    }
    members
}

fn link_table(table: &str, columns: [&str; 2], targets: [&str; 2]) -> String {
    let column = |column: &str, target: &str| {
        let reference =
            format!("sa.ForeignKey({}, ondelete=\"CASCADE\")", python::string(&format!("{target}.id")));
        let arguments = [python::string(column), reference, "primary_key=True".to_owned()];
        python::call(4, "sa.Column", &arguments, "").trim_start().to_owned()
    };
    let arguments = [
        python::string(table),
        "Base.metadata".to_owned(),
        column(columns[0], targets[0]),
        column(columns[1], targets[1]),
    ];
    format!("\n\n{}\n", python::call_in_lines(0, &format!("{table} = sa.Table"), &arguments, ""))
}

fn class(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let mut lines = String::new();
    for field in &entity.fields {
        lines.push_str(&column(blueprint, index, field));
    }
    for reference in &entity.references {
        lines.push_str(&foreign_key(blueprint, reference));
    }
    let relationships = relationships(blueprint, index);
    if !relationships.is_empty() {
        lines.push('\n');
    }
    for relationship in &relationships {
        lines.push_str(&relationship_line(relationship));
    }
    format!(
        "\n\nclass {}(Base):\n    \"\"\"{}.\"\"\"\n\n    __tablename__ = {}\n\n{lines}",
        entity.name.class(),
        name::capitalised(&with_article(&entity.name.label())),
        python::string(&entity.name.plural()),
    )
}

/// The attribute that holds a field: a password is kept as its hash.
pub(super) fn column_name(field: &Field) -> String {
    if field.kind == Kind::Password { format!("{}_hash", field.name) } else { field.name.clone() }
}

fn column(blueprint: &Blueprint, index: usize, field: &Field) -> String {
    let (annotation, kind) = types(blueprint, index, field);
    let mut arguments: Vec<String> = kind.into_iter().collect();
    if field.unique {
        arguments.push("unique=True".to_owned());
    }
    if let Some(default) = &field.default {
        arguments.push(format!("server_default={}", server_default(default)));
    }
    match field.kind {
        Kind::CreatedAt => {
            arguments.extend(["default=utc_now", "server_default=sa.func.now()"].map(str::to_owned));
        }
        Kind::UpdatedAt => arguments.extend(
            ["default=utc_now", "onupdate=utc_now", "server_default=sa.func.now()"].map(str::to_owned),
        ),
        _ => {}
    }
    assigned(&column_name(field), field.presence, &annotation, &arguments)
}

fn assigned(name: &str, presence: Presence, annotation: &str, arguments: &[String]) -> String {
    let annotation = match presence {
        Presence::Required => annotation.to_owned(),
        Presence::Optional => format!("Optional[{annotation}]"),
    };
    if arguments.is_empty() {
        return format!("    {name}: Mapped[{annotation}]\n");
    }
    python::call(4, &format!("{name}: Mapped[{annotation}] = mapped_column"), arguments, "") + "\n"
}

fn server_default(default: &Literal) -> String {
    match default {
        Literal::Boolean(value) => format!("sa.{value}()"),
        Literal::Text(text) => python::string(text),
        Literal::Integer(number) => python::string(&number.to_string()),
        Literal::Number(number) => python::string(number),
    }
}

/// The Python type of a field and its column type, where that does not follow from the Python type.
fn types(blueprint: &Blueprint, index: usize, field: &Field) -> (String, Option<String>) {
    let (annotation, column) = match &field.kind {
        Kind::Text | Kind::Password => ("str", Some("sa.String(200)")),
        Kind::LongText => ("str", Some("sa.Text")),
        Kind::Email => ("str", Some("sa.String(320)")),
        Kind::Url => ("str", Some("sa.String(2083)")),
        Kind::Integer | Kind::Count => ("int", None),
        Kind::Float => ("float", None),
        Kind::Decimal => ("Decimal", Some("sa.Numeric(12, 2)")),
        Kind::Boolean => ("bool", None),
        Kind::Date => ("dt.date", None),
        Kind::Time => ("dt.time", None),
        Kind::Uuid => ("uuid.UUID", None),
        Kind::Json => ("dict[str, Any]", Some("sa.JSON")),
        moment if is_moment(moment) => ("dt.datetime", Some("UtcDateTime")),
        Kind::DateTime | Kind::CreatedAt | Kind::UpdatedAt | Kind::Choice(_) => {
            let class = enum_class(blueprint, index, &field.name);
            let constraint = format!("{}_{}", blueprint.entities[index].name.snake(), field.name);
            let column = format!("one_of({class}, {})", python::string(&constraint));
            return (class, Some(column));
        }
    };
    (annotation.to_owned(), column.map(str::to_owned))
}

/// What a database does with the rows that refer to one that is deleted.
pub(super) fn on_delete(presence: Presence) -> &'static str {
    match presence {
        Presence::Required => "RESTRICT",
        Presence::Optional => "SET NULL",
    }
}

fn foreign_key(blueprint: &Blueprint, reference: &Reference) -> String {
    let table = blueprint.entities[reference.to].name.plural();
    let target = python::string(&format!("{table}.id"));
    let key = format!("sa.ForeignKey({target}, ondelete=\"{}\")", on_delete(reference.presence));
    let index = if reference.unique { "unique=True" } else { "index=True" };
    assigned(&reference.column(), reference.presence, "int", &[key, index.to_owned()])
}

/// A relationship of a class.
struct Relationship {
    name: String,
    annotation: String,
    arguments: Vec<String>,
}

fn relationship_line(relationship: &Relationship) -> String {
    let head = format!("{}: Mapped[{}] = relationship", relationship.name, relationship.annotation);
    python::call(4, &head, &relationship.arguments, "") + "\n"
}

/// The relationships of a class: what it belongs to, what belongs to it, and what it is linked with.
fn relationships(blueprint: &Blueprint, index: usize) -> Vec<Relationship> {
    let entity = &blueprint.entities[index];
    let mut all = Vec::new();
    for reference in &entity.references {
        all.push(to_parent(blueprint, index, reference));
    }
    for child in 0..blueprint.entities.len() {
        for reference in blueprint.entities[child].references.iter().filter(|reference| reference.to == index)
        {
            all.push(to_children(blueprint, child, reference));
        }
    }
    for link in &blueprint.links {
        let other = match (link.left == index, link.right == index) {
            (true, _) => link.right,
            (_, true) => link.left,
            _ => continue,
        };
        let arguments = vec![
            format!("secondary={}", python::string(&blueprint.link_table(*link))),
            format!("back_populates={}", python::string(&linked_name(blueprint, other, index))),
            "passive_deletes=True".to_owned(),
        ];
        let annotation = format!("list[\"{}\"]", blueprint.entities[other].name.class());
        all.push(Relationship { name: linked_name(blueprint, index, other), annotation, arguments });
    }
    all
}

fn to_parent(blueprint: &Blueprint, index: usize, reference: &Reference) -> Relationship {
    let class = format!("\"{}\"", blueprint.entities[reference.to].name.class());
    let annotation = match reference.presence {
        Presence::Required => class,
        Presence::Optional => format!("Optional[{class}]"),
    };
    let back = children_name(blueprint, index, reference);
    let mut arguments = vec![format!("back_populates={}", python::string(&back))];
    let same = blueprint.entities[index].references.iter().filter(|other| other.to == reference.to).count();
    let mutual = blueprint.refers(reference.to, index);
    if same > 1 || mutual {
        arguments.push(format!("foreign_keys=[{}]", reference.column()));
    }
    if reference.to == index {
        arguments.push(format!(
            "remote_side={}",
            python::string(&format!("{}.id", blueprint.entities[index].name.class()))
        ));
    }
    Relationship { name: attribute(&reference.name), annotation, arguments }
}

fn to_children(blueprint: &Blueprint, child: usize, reference: &Reference) -> Relationship {
    let class = blueprint.entities[child].name.class();
    let annotation =
        if reference.unique { format!("Optional[\"{class}\"]") } else { format!("list[\"{class}\"]") };
    let mut arguments = vec![format!("back_populates={}", python::string(&attribute(&reference.name)))];
    let same = blueprint.entities[child].references.iter().filter(|other| other.to == reference.to).count();
    if same > 1 || blueprint.refers(reference.to, child) {
        arguments
            .push(format!("foreign_keys={}", python::string(&format!("{class}.{}", reference.column()))));
    }
    arguments.push("passive_deletes=\"all\"".to_owned());
    Relationship { name: children_name(blueprint, child, reference), annotation, arguments }
}

/// What a parent calls the rows that belong to it: `orders`, or `sent_messages` beside others.
fn children_name(blueprint: &Blueprint, child: usize, reference: &Reference) -> String {
    let parent = &blueprint.entities[reference.to];
    let name = &blueprint.entities[child].name;
    let plain = if reference.unique { name.snake() } else { name.plural() };
    let same = blueprint.entities[child].references.iter().filter(|other| other.to == reference.to).count();
    let by_role = reference.name != parent.name.snake();
    if reference.to == child {
        return if reference.name == "parent" {
            "children".to_owned()
        } else {
            format!("{}_of", reference.name)
        };
    }
    if same > 1 && by_role || is_taken(blueprint, reference.to, &plain) {
        return format!("{}_{plain}", reference.name);
    }
    attribute(&plain)
}

/// What an entity calls the rows that it is linked with.
pub(super) fn linked_name(blueprint: &Blueprint, index: usize, other: usize) -> String {
    let plain = blueprint.entities[other].name.plural();
    let child_too = blueprint.entities[other].references.iter().any(|reference| reference.to == index);
    if child_too || is_taken(blueprint, index, &plain) {
        format!("linked_{plain}")
    } else {
        attribute(&plain)
    }
}

/// Whether a column, or what the entity belongs to, has that name.
fn is_taken(blueprint: &Blueprint, index: usize, wanted: &str) -> bool {
    let entity = &blueprint.entities[index];
    entity.fields.iter().any(|field| column_name(field) == wanted)
        || entity.references.iter().any(|reference| reference.name == wanted || reference.column() == wanted)
}
