//! `schemas.py`: what requests carry and answers hold.

use super::{enum_class, python};
use crate::generation::blueprint::{Blueprint, Entity, Field, Kind, Literal, Presence};
use crate::generation::nouns::with_article;

/// Annotated types, each written only where a schema uses it.
const TYPES: &[(&str, &str)] = &[
    ("ShortText", "ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]"),
    ("LongText", "LongText = Annotated[str, StringConstraints(max_length=100_000)]"),
    ("Password", "Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]"),
    ("WebAddress", "WebAddress = Annotated[HttpUrl, AfterValidator(str), PlainSerializer(str)]"),
    ("RowId", "RowId = Annotated[int, Field(ge=1, le=2_147_483_647)]"),
    ("Integer", "Integer = Annotated[int, Field(ge=-2_147_483_647, le=2_147_483_647)]"),
    ("Count", "Count = Annotated[int, Field(ge=0, le=2_147_483_647)]"),
    ("Money", "Money = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]"),
];

/// The whole file.
pub(super) fn write(blueprint: &Blueprint) -> String {
    let mut classes = String::new();
    for index in 0..blueprint.entities.len() {
        classes.push_str(&create(blueprint, index));
        classes.push_str(&update(blueprint, index));
        classes.push_str(&read(blueprint, index));
    }
    let names: Vec<&str> = TYPES.iter().map(|(name, _)| *name).collect();
    let used = python::used(&classes, &names);
    let types = TYPES.iter().filter(|(name, _)| used.contains(name)).flat_map(|(_, line)| [*line, "\n"]);
    let types: String = types.collect();
    let types = if types.is_empty() { types } else { format!("\n{types}") };
    let body = format!("{types}{REQUEST}{classes}");
    format!("\"\"\"What requests carry and what answers hold.\"\"\"\n\n{}{body}", imports(&body))
}

/// What all requests share, and the default of what a change leaves out.
const REQUEST: &str = r#"
# The default of what a change leaves out. It is never stored, so no type allows it.
UNCHANGED: Any = None


class Request(BaseModel):
    """The body of a request: a field that nobody knows is an error."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Answer(BaseModel):
    """A row as answers hold it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
"#;

fn imports(body: &str) -> String {
    let mut standard = String::new();
    if body.contains("dt.") {
        standard.push_str("import datetime as dt\n");
    }
    if body.contains("uuid.UUID") {
        standard.push_str("import uuid\n");
    }
    standard.push_str(&python::import("decimal", &python::used(body, &["Decimal"])));
    standard.push_str(&python::import("typing", &python::used(body, &["Annotated", "Any", "Optional"])));
    let pydantic = [
        "AfterValidator",
        "BaseModel",
        "ConfigDict",
        "EmailStr",
        "Field",
        "FiniteFloat",
        "HttpUrl",
        "PlainSerializer",
        "StringConstraints",
    ];
    let library = python::import("pydantic", &python::used(body, &pydantic));
    let own = if body.contains("models.") { "import models\n" } else { "" };
    python::groups(&[standard, library, own.to_owned()])
}

/// The type of a field in requests.
fn request_type(blueprint: &Blueprint, index: usize, field: &Field) -> String {
    match &field.kind {
        Kind::Text => "ShortText".to_owned(),
        Kind::LongText => "LongText".to_owned(),
        Kind::Email => "EmailStr".to_owned(),
        Kind::Url => "WebAddress".to_owned(),
        Kind::Password => "Password".to_owned(),
        Kind::Integer => "Integer".to_owned(),
        Kind::Count => "Count".to_owned(),
        Kind::Float => "FiniteFloat".to_owned(),
        Kind::Decimal => "Money".to_owned(),
        _ => answer_type(blueprint, index, field),
    }
}

/// The type of a field in answers.
fn answer_type(blueprint: &Blueprint, index: usize, field: &Field) -> String {
    let plain = match &field.kind {
        Kind::Text | Kind::LongText | Kind::Email | Kind::Url | Kind::Password => "str",
        Kind::Integer | Kind::Count => "int",
        Kind::Float => "float",
        Kind::Decimal => "Decimal",
        Kind::Boolean => "bool",
        Kind::Date => "dt.date",
        Kind::DateTime | Kind::CreatedAt | Kind::UpdatedAt => "dt.datetime",
        Kind::Time => "dt.time",
        Kind::Uuid => "uuid.UUID",
        Kind::Json => "dict[str, Any]",
        Kind::Choice(_) => return format!("models.{}", enum_class(blueprint, index, &field.name)),
    };
    plain.to_owned()
}

fn optional(presence: Presence, name: &str) -> String {
    match presence {
        Presence::Required => name.to_owned(),
        Presence::Optional => format!("Optional[{name}]"),
    }
}

fn given(entity: &Entity) -> impl Iterator<Item = &Field> {
    entity.fields.iter().filter(|field| !field.kind.is_managed())
}

fn create(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let mut lines = Vec::new();
    for field in given(entity) {
        let kind = optional(field.presence, &request_type(blueprint, index, field));
        let default = match &field.default {
            Some(default) => format!(" = {}", default_value(blueprint, index, field, default)),
            None if field.presence == Presence::Optional => " = None".to_owned(),
            None => String::new(),
        };
        lines.push(format!("    {}: {kind}{default}\n", field.name));
    }
    for reference in &entity.references {
        let default = if reference.presence == Presence::Optional { " = None" } else { "" };
        lines.push(format!(
            "    {}: {}{default}\n",
            reference.column(),
            optional(reference.presence, "RowId")
        ));
    }
    let doc = format!("What a new {} is made from.", entity.name.label());
    schema(&format!("{}Create(Request)", entity.name.class()), &doc, &lines.concat())
}

fn default_value(blueprint: &Blueprint, index: usize, field: &Field, default: &Literal) -> String {
    match (&field.kind, default) {
        (Kind::Choice(values), Literal::Text(text)) => {
            let members = super::models::members(values);
            let member = values.iter().position(|value| value == text).and_then(|at| members.get(at));
            let class = enum_class(blueprint, index, &field.name);
            member.map_or_else(|| python::string(text), |member| format!("models.{class}.{member}"))
        }
        (Kind::Decimal, Literal::Number(number)) => format!("Decimal({})", python::string(number)),
        _ => python::value(default),
    }
}

fn update(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let mut lines = Vec::new();
    for field in given(entity) {
        let kind = optional(field.presence, &request_type(blueprint, index, field));
        lines.push(format!("    {}: {kind} = UNCHANGED\n", field.name));
    }
    for reference in &entity.references {
        let kind = optional(reference.presence, "RowId");
        lines.push(format!("    {}: {kind} = UNCHANGED\n", reference.column()));
    }
    let doc = format!("What may change of {}.", with_article(&entity.name.label()));
    schema(&format!("{}Update(Request)", entity.name.class()), &doc, &lines.concat())
}

fn read(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let mut lines = Vec::new();
    for field in entity.fields.iter().filter(|field| field.kind != Kind::Password) {
        let kind = optional(field.presence, &answer_type(blueprint, index, field));
        lines.push(format!("    {}: {kind}\n", field.name));
    }
    for reference in &entity.references {
        lines.push(format!("    {}: {}\n", reference.column(), optional(reference.presence, "int")));
    }
    let label = with_article(&entity.name.label());
    let doc = format!("{} as it is stored.", crate::generation::name::capitalised(&label));
    schema(&format!("{}Read(Answer)", entity.name.class()), &doc, &lines.concat())
}

fn schema(head: &str, doc: &str, lines: &str) -> String {
    let lines = if lines.is_empty() { String::new() } else { format!("\n{lines}") };
    format!("\n\nclass {head}:\n    \"\"\"{doc}\"\"\"\n{lines}")
}
