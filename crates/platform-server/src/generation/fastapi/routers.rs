//! `routers/*.py`: the routes of one table.

use super::models::linked_name;
use super::{enum_class, python};
use crate::generation::blueprint::{Blueprint, Entity, Kind};
use crate::generation::name::Name;
use crate::generation::nouns::with_article;

/// Parameters that every list has; a field of that name is no filter.
const LIST_PARAMETERS: &[&str] = &["db", "response", "limit", "offset", "page", "model"];

/// The whole file of one entity.
pub(super) fn write(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let name = &entity.name;
    let mut body = list(blueprint, index);
    body.push_str(&create(blueprint, index));
    body.push_str(&read(name));
    body.push_str(&update(blueprint, index));
    body.push_str(&delete(name));
    for link in &blueprint.links {
        if link.left == index {
            body.push_str(&linked(blueprint, index, link.right));
            body.push_str(&add_and_remove(blueprint, index, link.right));
        } else if link.right == index {
            body.push_str(&linked(blueprint, index, link.left));
        }
    }
    if !entity.references.is_empty() {
        body.push_str(&check(blueprint, index));
    }
    let route = python::string(&format!("/{}", name.route()));
    let tag = python::string(&name.plural_label());
    let router = format!("router = APIRouter(prefix={route}, tags=[{tag}])\n");
    format!("\"\"\"Routes of {}.\"\"\"\n\n{}\n{router}{body}", name.plural_label(), imports(&body))
}

fn imports(body: &str) -> String {
    let typing = python::used(body, &["Any", "Optional"]);
    let standard = format!("from collections.abc import Sequence\n{}", python::import("typing", &typing));
    let fastapi = python::used(body, &["HTTPException", "Response"]);
    let fastapi = ["APIRouter"].into_iter().chain(fastapi).collect::<Vec<_>>();
    let security = python::import("security", &python::used(body, &["hash_passwords"]));
    let own =
        format!("import crud\nimport models\nimport schemas\nfrom database import Database\n{security}");
    python::groups(&[standard, python::import("fastapi", &fastapi), own])
}

fn list(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let name = &entity.name;
    let mut parameters: Vec<String> =
        ["db: Database", "response: Response", "limit: crud.Limit = 50", "offset: crud.Offset = 0"]
            .map(str::to_owned)
            .to_vec();
    let mut filters = Vec::new();
    for field in &entity.fields {
        let narrow = field.kind.is_filter() || field.unique && field.kind == Kind::Text;
        if !narrow || LIST_PARAMETERS.contains(&field.name.as_str()) {
            continue;
        }
        let kind = match field.kind {
            Kind::Boolean => "bool".to_owned(),
            Kind::Choice(_) => format!("models.{}", enum_class(blueprint, index, &field.name)),
            _ => "str".to_owned(),
        };
        parameters.push(format!("{}: Optional[{kind}] = None", field.name));
        filters.push(field.name.clone());
    }
    for reference in &entity.references {
        parameters.push(format!("{}: crud.IdFilter = None", reference.column()));
        filters.push(reference.column());
    }
    let class = name.class();
    let mut arguments: Vec<String> =
        ["db", &format!("models.{class}"), "response", "(limit, offset)"].map(str::to_owned).to_vec();
    arguments.extend(filters.iter().map(|filter| format!("{filter}={filter}")));
    let decorator = decorator("get", "", &[format!("response_model=list[schemas.{class}Read]")]);
    let answer = format!(" -> Sequence[models.{class}]:");
    let signature = python::call_in_lines(0, &format!("def list_{}", name.plural()), &parameters, &answer);
    let call = python::call(4, "return crud.list_rows", &arguments, "");
    let plural = name.plural_label();
    format!(
        r#"

{decorator}
{signature}
    """List {plural}, oldest first."""
{call}
"#
    )
}

/// `@router.get("/{user_id}", …)`
fn decorator(method: &str, path: &str, options: &[String]) -> String {
    let arguments: Vec<String> = [python::string(path)].into_iter().chain(options.iter().cloned()).collect();
    python::call(0, &format!("@router.{method}"), &arguments, "")
}

/// The option that names the schema of an answer.
fn answers(name: &Name) -> String {
    format!("response_model=schemas.{}Read", name.class())
}

/// `def get_user(user_id: crud.RowId, db: Database) -> models.User:`
fn signature(function: &str, parameters: &[&str], answer: &str) -> String {
    let parameters: Vec<String> = parameters.iter().map(|parameter| (*parameter).to_owned()).collect();
    python::call(0, &format!("def {function}"), &parameters, &format!(" -> {answer}:"))
}

/// `name = ` the values of a payload, with hashes in place of passwords.
fn values(blueprint: &Blueprint, index: usize, name: &str, dump: &str) -> String {
    let passwords = blueprint.entities[index].fields.iter().filter(|field| field.kind == Kind::Password);
    let names: Vec<String> = passwords.map(|field| python::string(&field.name)).collect();
    if names.is_empty() {
        return format!("    {name} = {dump}");
    }
    let arguments: Vec<String> = [dump.to_owned()].into_iter().chain(names).collect();
    python::call(4, &format!("{name} = hash_passwords"), &arguments, "")
}

fn create(blueprint: &Blueprint, index: usize) -> String {
    let Entity { name, references, .. } = &blueprint.entities[index];
    let (class, label) = (name.class(), with_article(&name.label()));
    let decorator = decorator("post", "", &["status_code=201".to_owned(), answers(name)]);
    let payload = format!("payload: schemas.{class}Create");
    let signature = signature(
        &format!("create_{}", name.snake()),
        &[&payload, "db: Database"],
        &format!("models.{class}"),
    );
    let values = values(blueprint, index, "values", "payload.model_dump()");
    let check = if references.is_empty() { "" } else { "\n    check_references(db, values)" };
    format!(
        r#"

{decorator}
{signature}
    """Create {label}."""
{values}{check}
    return crud.create_row(db, models.{class}(**values))
"#
    )
}

fn read(name: &Name) -> String {
    let (class, snake, label) = (name.class(), name.snake(), name.label());
    let decorator = decorator("get", &format!("/{{{snake}_id}}"), &[answers(name)]);
    let id = format!("{snake}_id: crud.RowId");
    let signature = signature(&format!("get_{snake}"), &[&id, "db: Database"], &format!("models.{class}"));
    format!(
        r#"

{decorator}
{signature}
    """Return one {label}."""
    return crud.get_row(db, models.{class}, {snake}_id)
"#
    )
}

fn update(blueprint: &Blueprint, index: usize) -> String {
    let Entity { name, references, .. } = &blueprint.entities[index];
    let (class, snake) = (name.class(), name.snake());
    let decorator = decorator("patch", &format!("/{{{snake}_id}}"), &[answers(name)]);
    let (id, payload) = (format!("{snake}_id: crud.RowId"), format!("payload: schemas.{class}Update"));
    let signature =
        signature(&format!("update_{snake}"), &[&id, &payload, "db: Database"], &format!("models.{class}"));
    let changes = values(blueprint, index, "changes", "payload.model_dump(exclude_unset=True)");
    let check = if references.is_empty() { "" } else { "\n    check_references(db, changes)" };
    format!(
        r#"

{decorator}
{signature}
    """Change what the request names, and leave the rest."""
    row = crud.get_row(db, models.{class}, {snake}_id)
{changes}{check}
    return crud.update_row(db, row, changes)
"#
    )
}

fn delete(name: &Name) -> String {
    let (class, snake, label) = (name.class(), name.snake(), with_article(&name.label()));
    let decorator = decorator("delete", &format!("/{{{snake}_id}}"), &["status_code=204".to_owned()]);
    let id = format!("{snake}_id: crud.RowId");
    let signature = signature(&format!("delete_{snake}"), &[&id, "db: Database"], "None");
    format!(
        r#"

{decorator}
{signature}
    """Delete {label}."""
    crud.delete_row(db, crud.get_row(db, models.{class}, {snake}_id))
"#
    )
}

/// The rows that a row is linked with.
fn linked(blueprint: &Blueprint, index: usize, other: usize) -> String {
    let (name, target) = (&blueprint.entities[index].name, &blueprint.entities[other].name);
    let (snake, class, label) = (name.snake(), name.class(), with_article(&name.label()));
    let (target_class, targets) = (target.class(), target.plural_label());
    let path = format!("/{{{snake}_id}}/{}", target.route());
    let decorator = decorator("get", &path, &[format!("response_model=list[schemas.{target_class}Read]")]);
    let id = format!("{snake}_id: crud.RowId");
    let function = format!("list_{}_of_{snake}", target.plural());
    let signature = signature(&function, &[&id, "db: Database"], &format!("Sequence[models.{target_class}]"));
    let rows = linked_name(blueprint, index, other);
    format!(
        r#"

{decorator}
{signature}
    """List the {targets} of {label}."""
    return crud.get_row(db, models.{class}, {snake}_id).{rows}
"#
    )
}

fn add_and_remove(blueprint: &Blueprint, index: usize, other: usize) -> String {
    let (name, target) = (&blueprint.entities[index].name, &blueprint.entities[other].name);
    let (snake, class, label) = (name.snake(), name.class(), with_article(&name.label()));
    let (target_snake, target_class) = (target.snake(), target.class());
    let target_label = with_article(&target.label());
    let path = format!("/{{{snake}_id}}/{}/{{{target_snake}_id}}", target.route());
    let no_content = ["status_code=204".to_owned()];
    let (put, delete) = (decorator("put", &path, &no_content), decorator("delete", &path, &no_content));
    let ids = [format!("{snake}_id: crud.RowId"), format!("{target_snake}_id: crud.RowId")];
    let parameters = [&ids[0], &ids[1], "db: Database"];
    let add = signature(&format!("add_{target_snake}_to_{snake}"), &parameters, "None");
    let remove = signature(&format!("remove_{target_snake}_from_{snake}"), &parameters, "None");
    let rows = linked_name(blueprint, index, other);
    let problem = python::string(&format!("the {} does not have this {}", name.label(), target.label()));
    let missing = python::call(8, "raise HTTPException", &["404".to_owned(), problem], "");
    format!(
        r#"

{put}
{add}
    """Give {label} {target_label}; again changes nothing."""
    owner = crud.get_row(db, models.{class}, {snake}_id)
    row = crud.get_row(db, models.{target_class}, {target_snake}_id)
    if row not in owner.{rows}:
        owner.{rows}.append(row)
        crud.commit(db, "was linked meanwhile")


{delete}
{remove}
    """Take {target_label} from {label}."""
    owner = crud.get_row(db, models.{class}, {snake}_id)
    row = crud.get_row(db, models.{target_class}, {target_snake}_id)
    if row not in owner.{rows}:
{missing}
    owner.{rows}.remove(row)
    crud.commit(db, "was changed meanwhile")
"#
    )
}

fn check(blueprint: &Blueprint, index: usize) -> String {
    let lines = blueprint.entities[index].references.iter().map(|reference| {
        let class = blueprint.entities[reference.to].name.class();
        let value = format!("values.get({})", python::string(&reference.column()));
        let arguments = ["db".to_owned(), format!("models.{class}"), value];
        python::call(4, "crud.check_reference", &arguments, "") + "\n"
    });
    let lines: String = lines.collect();
    format!(
        r#"

def check_references(db: Database, values: dict[str, Any]) -> None:
    """Answer 422 unless everything that is named exists."""
{lines}"#
    )
}
