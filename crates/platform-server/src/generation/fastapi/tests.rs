//! `tests/*.py`: what shows that each table can be written, read, changed and deleted.

use super::python;
use crate::generation::blueprint::{Blueprint, Field, Kind, Presence};
use crate::generation::name;
use crate::generation::nouns::with_article;

/// `tests/factories.py`: a valid payload for each table, and the row made from it.
pub(super) fn factories(blueprint: &Blueprint) -> String {
    let mut body = String::new();
    for index in blueprint.creation_order() {
        body.push_str(&factory(blueprint, index));
    }
    format!(
        r#""""Rows for tests, made over the API with everything that they need."""

from itertools import count
from typing import Any

from fastapi.testclient import TestClient

serial = count(1)


def create(client: TestClient, path: str, payload: dict[str, Any]) -> dict[str, Any]:
    """Create a row and return it as the API answers it."""
    response = client.post(path, json=payload)
    assert response.status_code == 201, response.text
    return response.json()
{body}"#
    )
}

fn factory(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let (snake, label) = (entity.name.snake(), with_article(&entity.name.label()));
    let needed =
        |field: &&Field| !field.kind.is_managed() && (field.presence == Presence::Required || field.unique);
    let fields: Vec<&Field> = entity.fields.iter().filter(needed).collect();
    let parents: Vec<_> =
        entity.references.iter().filter(|reference| reference.presence == Presence::Required).collect();
    let mut entries = Vec::new();
    for field in &fields {
        entries.push(format!("        {}: {},\n", python::string(&field.name), sample(field, Sample::First)));
    }
    for reference in &parents {
        let parent = blueprint.entities[reference.to].name.snake();
        let column = python::string(&reference.column());
        entries.push(format!("        {column}: make_{parent}(client)[\"id\"],\n"));
    }
    let number = if fields.iter().any(|field| field.unique) { "    number = next(serial)\n" } else { "" };
    let client = if parents.is_empty() { "_" } else { "client" };
    let payload =
        if entries.is_empty() { "{}".to_owned() } else { format!("{{\n{}    }}", entries.concat()) };
    let route = python::string(&format!("/{}", entity.name.route()));
    let arguments = ["client".to_owned(), route, format!("{{**{snake}_payload(client), **changes}}")];
    let make = python::call(4, "return create", &arguments, "");
    format!(
        r#"

def {snake}_payload({client}: TestClient) -> dict[str, Any]:
    """Return what {label} can be made from."""
{number}    return {payload}


def make_{snake}(client: TestClient, **changes: Any) -> dict[str, Any]:
    """Create {label}."""
{make}
"#
    )
}

/// Which of two values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sample {
    First,
    Second,
}

/// A value of a field, in the form in which the API answers it.
fn sample(field: &Field, which: Sample) -> String {
    let first = which == Sample::First;
    let pick = |one: &str, other: &str| if first { one.to_owned() } else { other.to_owned() };
    let unique = field.unique && first;
    match &field.kind {
        Kind::Email if unique => "f\"person{number}@example.com\"".to_owned(),
        Kind::Text | Kind::LongText if unique => "f\"text {number}\"".to_owned(),
        Kind::Url if unique => "f\"https://example.com/{number}\"".to_owned(),
        Kind::Integer | Kind::Count if unique => "number".to_owned(),
        Kind::Float if unique => "number + 0.5".to_owned(),
        Kind::Decimal if unique => "f\"{number}.50\"".to_owned(),
        Kind::Date if unique => "f\"{2000 + number}-05-17\"".to_owned(),
        Kind::DateTime if unique => "f\"{2000 + number}-05-17T12:30:00Z\"".to_owned(),
        Kind::Time if unique => "f\"12:30:{number:02}\"".to_owned(),
        Kind::Uuid if unique => "f\"00000000-0000-4000-8000-{number:012}\"".to_owned(),
        Kind::Email => pick("\"ada@example.com\"", "\"grace@example.com\""),
        Kind::Text | Kind::LongText => pick("\"text\"", "\"another text\""),
        Kind::Url => pick("\"https://example.com/\"", "\"https://example.org/\""),
        Kind::Password => pick("\"correct horse\"", "\"battery staple\""),
        Kind::Integer | Kind::Count => pick("3", "4"),
        Kind::Float => pick("1.5", "2.5"),
        Kind::Decimal => pick("\"19.90\"", "\"24.50\""),
        Kind::Boolean => pick("True", "False"),
        Kind::Date => pick("\"2024-05-17\"", "\"2024-06-18\""),
        Kind::DateTime | Kind::CreatedAt | Kind::UpdatedAt => {
            pick("\"2024-05-17T12:30:00Z\"", "\"2024-06-18T08:00:00Z\"")
        }
        Kind::Time => pick("\"12:30:00\"", "\"08:00:00\""),
        Kind::Uuid => {
            pick("\"00000000-0000-4000-8000-000000000001\"", "\"00000000-0000-4000-8000-000000000002\"")
        }
        Kind::Json => pick("{\"key\": 1}", "{\"key\": 2}"),
        Kind::Choice(values) => {
            let value = if first { values.first() } else { values.last() };
            python::string(value.map_or("", String::as_str))
        }
    }
}

/// `tests/test_*.py` of one table.
pub(super) fn write(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let plural = entity.name.plural_label();
    let mut body = create_and_read(blueprint, index);
    body.push_str(&list(blueprint, index));
    body.push_str(&change(blueprint, index));
    body.push_str(&delete(blueprint, index));
    body.push_str(&refuse(blueprint, index));
    for field in entity.fields.iter().filter(|field| field.unique && !field.kind.is_managed()) {
        body.push_str(&unique(blueprint, index, field));
    }
    for at in 0..entity.references.len() {
        body.push_str(&reference(blueprint, index, at));
    }
    for link in blueprint.links.iter().filter(|link| link.left == index) {
        body.push_str(&link_test(blueprint, index, link.right));
    }
    let names = format!("{body} ");
    let mut used: Vec<String> = Vec::new();
    for entity in &blueprint.entities {
        for factory in [format!("{}_payload", entity.name.snake()), format!("make_{}", entity.name.snake())] {
            if !python::used(&names, &[factory.as_str()]).is_empty() {
                used.push(factory);
            }
        }
    }
    used.sort();
    let used: Vec<&str> = used.iter().map(String::as_str).collect();
    let imports = python::import("factories", &used);
    let client = "from fastapi.testclient import TestClient\n";
    format!("\"\"\"Tests of the routes of {plural}.\"\"\"\n\n{client}\n{imports}{body}")
}

struct Words {
    snake: String,
    route: String,
    label: String,
}

fn words(blueprint: &Blueprint, index: usize) -> Words {
    let name = &blueprint.entities[index].name;
    Words { snake: name.snake(), route: name.route(), label: name.label() }
}

fn create_and_read(blueprint: &Blueprint, index: usize) -> String {
    let Words { snake, route, label } = words(blueprint, index);
    let fields = &blueprint.entities[index].fields;
    let mut hidden = Vec::new();
    for field in fields.iter().filter(|field| field.kind == Kind::Password) {
        let name = python::string(&field.name);
        hidden.push(format!("    payload.pop({name}, None)\n    assert {name} not in row\n"));
    }
    let hidden = hidden.concat();
    format!(
        r#"

def test_{snake}_is_created_and_read(client: TestClient) -> None:
    """What was written can be read."""
    payload = {snake}_payload(client)
    response = client.post("/{route}", json=payload)
    assert response.status_code == 201
    row = response.json()
{hidden}    assert {{name: row[name] for name in payload}} == payload
    assert client.get(f"/{route}/{{row['id']}}").json() == row


def test_missing_{snake}_is_not_found(client: TestClient) -> None:
    """No {label} has this id."""
    assert client.get("/{route}/999").status_code == 404
    assert client.patch("/{route}/999", json={{}}).status_code == 404
    assert client.delete("/{route}/999").status_code == 404
"#
    )
}

fn list(blueprint: &Blueprint, index: usize) -> String {
    let Words { snake, route, .. } = words(blueprint, index);
    format!(
        r#"

def test_list_of_{snake}_has_pages(client: TestClient) -> None:
    """A page says how many rows there are in all."""
    rows = [make_{snake}(client) for _ in range(3)]
    page = client.get("/{route}", params={{"limit": 2, "offset": 1}})
    assert page.json() == rows[1:]
    assert page.headers["X-Total-Count"] == "3"
    assert client.get("/{route}", params={{"limit": 0}}).status_code == 422
"#
    )
}

/// A field whose change can be read back.
fn changeable(blueprint: &Blueprint, index: usize) -> Option<&Field> {
    let visible = |field: &&Field| !field.kind.is_managed() && field.kind != Kind::Password;
    let fields = &blueprint.entities[index].fields;
    fields.iter().filter(visible).find(|field| !field.unique).or_else(|| fields.iter().find(visible))
}

fn change(blueprint: &Blueprint, index: usize) -> String {
    let Words { snake, route, .. } = words(blueprint, index);
    let Some(field) = changeable(blueprint, index) else { return String::new() };
    let changes = format!("{}: {}", python::string(&field.name), sample(field, Sample::Second));
    let moving = blueprint.entities[index].fields.iter().filter(|field| field.kind == Kind::UpdatedAt);
    let moved = moving.map(|field| format!("    row[\"{0}\"] = changed[\"{0}\"]\n", field.name));
    let moved: String = moved.collect();
    format!(
        r#"

def test_{snake}_changes_in_part(client: TestClient) -> None:
    """A change leaves alone what it does not name."""
    row = make_{snake}(client)
    path = f"/{route}/{{row['id']}}"
    changes = {{{changes}}}
    changed = client.patch(path, json=changes).json()
{moved}    assert changed == {{**row, **changes}}
    assert client.get(path).json() == changed
"#
    )
}

fn delete(blueprint: &Blueprint, index: usize) -> String {
    let Words { snake, route, label } = words(blueprint, index);
    format!(
        r#"

def test_{snake}_is_deleted(client: TestClient) -> None:
    """A deleted {label} is gone."""
    path = f"/{route}/{{make_{snake}(client)['id']}}"
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
"#
    )
}

fn refuse(blueprint: &Blueprint, index: usize) -> String {
    let Words { snake, route, .. } = words(blueprint, index);
    let needs = |field: &&Field| !field.may_be_omitted() && !field.kind.is_managed();
    let missing = blueprint.entities[index].fields.iter().find(needs).map_or_else(String::new, |field| {
        let name = python::string(&field.name);
        format!(
            r#"    missing = client.post("/{route}", json={{**payload, {name}: None}})
    assert missing.status_code == 422
"#
        )
    });
    format!(
        r#"

def test_invalid_{snake}_is_refused(client: TestClient) -> None:
    """A request with a mistake stores nothing."""
    payload = {snake}_payload(client)
    unknown = client.post("/{route}", json={{**payload, "no_such_field": 1}})
    assert unknown.status_code == 422
{missing}    assert client.get("/{route}").json() == []
"#
    )
}

fn unique(blueprint: &Blueprint, index: usize, field: &Field) -> String {
    let Words { snake, route, label } = words(blueprint, index);
    let name = &field.name;
    let about = with_article(&field.name.replace('_', " "));
    format!(
        r#"

def test_{name}_of_{snake}_is_unique(client: TestClient) -> None:
    """No two rows of {label} share {about}."""
    taken = make_{snake}(client)["{name}"]
    payload = {{**{snake}_payload(client), "{name}": taken}}
    assert client.post("/{route}", json=payload).status_code == 409
"#
    )
}

fn reference(blueprint: &Blueprint, index: usize, at: usize) -> String {
    let Words { snake, route, label } = words(blueprint, index);
    let reference = &blueprint.entities[index].references[at];
    let parent = words(blueprint, reference.to);
    let (role, column) = (&reference.name, reference.column());
    let (parent_snake, parent_route) = (&parent.snake, &parent.route);
    let parent_label = name::capitalised(&with_article(&parent.label));
    let (doc, after) = match reference.presence {
        Presence::Required => (
            format!("{parent_label} stays while {} needs it.", with_article(&label)),
            GONE_IS_REFUSED.to_owned(),
        ),
        Presence::Optional => (
            format!("{parent_label} may go before its {}.", blueprint.entities[index].name.plural_label()),
            format!(
                r#"    assert gone.status_code == 204
    assert client.get(f"/{route}/{{row['id']}}").json()["{column}"] is None
"#
            ),
        ),
    };
    format!(
        r#"

def test_{snake}_belongs_to_{role}(client: TestClient) -> None:
    """{doc}"""
    parent = make_{parent_snake}(client)
    row = make_{snake}(client, {column}=parent["id"])
    listed = client.get("/{route}", params={{"{column}": parent["id"]}})
    assert listed.json() == [row]
    unknown = client.patch(f"/{route}/{{row['id']}}", json={{"{column}": 999}})
    assert unknown.status_code == 422
    gone = client.delete(f"/{parent_route}/{{parent['id']}}")
{after}"#
    )
}

/// A parent that is needed cannot be deleted.
const GONE_IS_REFUSED: &str = "    assert gone.status_code == 409\n";

fn link_test(blueprint: &Blueprint, index: usize, other: usize) -> String {
    let (Words { snake, route, .. }, target) = (words(blueprint, index), words(blueprint, other));
    let (target_snake, target_route) = (&target.snake, &target.route);
    let plural = blueprint.entities[other].name.plural();
    format!(
        r#"

def test_{snake}_has_{plural}(client: TestClient) -> None:
    """Both sides of the relation show it."""
    row, other = make_{snake}(client), make_{target_snake}(client)
    path = f"/{route}/{{row['id']}}/{target_route}"
    back = f"/{target_route}/{{other['id']}}/{route}"
    for _ in range(2):
        assert client.put(f"{{path}}/{{other['id']}}").status_code == 204
    assert client.get(path).json() == [other]
    assert client.get(back).json() == [row]
    assert client.delete(f"{{path}}/{{other['id']}}").status_code == 204
    assert client.get(path).json() == []
    assert client.delete(f"{{path}}/{{other['id']}}").status_code == 404
"#
    )
}
