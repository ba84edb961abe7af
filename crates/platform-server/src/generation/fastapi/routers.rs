//! `routers/*.py`: the routes of one table.

use super::models::linked_name;
use super::{enum_class, python};
use crate::generation::blueprint::{Blueprint, Kind, Presence};
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
    format!(
        "\n\n@router.get(\"\", response_model=list[schemas.{class}Read])\n{}\n    \"\"\"List {}, oldest first.\"\"\"\n{}\n",
        python::call_in_lines(
            0,
            &format!("def list_{}", name.plural()),
            &parameters,
            &format!(" -> Sequence[models.{class}]:")
        ),
        name.plural_label(),
        python::call(4, "return crud.list_rows", &arguments, ""),
    )
}

/// The values of a payload, with hashes in place of passwords.
fn values(blueprint: &Blueprint, index: usize, dump: &str) -> String {
    let passwords = blueprint.entities[index].fields.iter().filter(|field| field.kind == Kind::Password);
    let names: Vec<String> = passwords.map(|field| python::string(&field.name)).collect();
    if names.is_empty() { dump.to_owned() } else { format!("hash_passwords({dump}, {})", names.join(", ")) }
}

fn create(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let (class, snake) = (entity.name.class(), entity.name.snake());
    let parameters = [format!("payload: schemas.{class}Create"), "db: Database".to_owned()];
    let check = if entity.references.is_empty() { "" } else { "    check_references(db, values)\n" };
    let dump = values(blueprint, index, "payload.model_dump()");
    format!(
        "\n\n@router.post(\"\", status_code=201, response_model=schemas.{class}Read)\n{}\n    \"\"\"Create {}.\"\"\"\n    \
         values = {dump}\n{check}    return crud.create_row(db, models.{class}(**values))\n",
        python::call(0, &format!("def create_{snake}"), &parameters, &format!(" -> models.{class}:")),
        with_article(&entity.name.label()),
    )
}

fn read(name: &Name) -> String {
    let (class, snake) = (name.class(), name.snake());
    let parameters = [format!("{snake}_id: crud.RowId"), "db: Database".to_owned()];
    format!(
        "\n\n@router.get(\"/{{{snake}_id}}\", response_model=schemas.{class}Read)\n{}\n    \"\"\"Return one {}.\"\"\"\n    \
         return crud.get_row(db, models.{class}, {snake}_id)\n",
        python::call(0, &format!("def get_{snake}"), &parameters, &format!(" -> models.{class}:")),
        name.label(),
    )
}

fn update(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let (class, snake) = (entity.name.class(), entity.name.snake());
    let parameters = [
        format!("{snake}_id: crud.RowId"),
        format!("payload: schemas.{class}Update"),
        "db: Database".to_owned(),
    ];
    let check = if entity.references.is_empty() { "" } else { "    check_references(db, changes)\n" };
    let dump = values(blueprint, index, "payload.model_dump(exclude_unset=True)");
    format!(
        "\n\n@router.patch(\"/{{{snake}_id}}\", response_model=schemas.{class}Read)\n{}\n    \"\"\"Change what the request \
         names, and leave the rest.\"\"\"\n    row = crud.get_row(db, models.{class}, {snake}_id)\n    \
         changes = {dump}\n{check}    return crud.update_row(db, row, changes)\n",
        python::call(0, &format!("def update_{snake}"), &parameters, &format!(" -> models.{class}:")),
    )
}

fn delete(name: &Name) -> String {
    let (class, snake) = (name.class(), name.snake());
    let parameters = [format!("{snake}_id: crud.RowId"), "db: Database".to_owned()];
    format!(
        "\n\n@router.delete(\"/{{{snake}_id}}\", status_code=204)\n{}\n    \"\"\"Delete {}.\"\"\"\n    \
         crud.delete_row(db, crud.get_row(db, models.{class}, {snake}_id))\n",
        python::call(0, &format!("def delete_{snake}"), &parameters, " -> None:"),
        with_article(&name.label()),
    )
}

/// The rows that a row is linked with.
fn linked(blueprint: &Blueprint, index: usize, other: usize) -> String {
    let (name, target) = (&blueprint.entities[index].name, &blueprint.entities[other].name);
    let (snake, class, other_class) = (name.snake(), name.class(), target.class());
    let parameters = [format!("{snake}_id: crud.RowId"), "db: Database".to_owned()];
    format!(
        "\n\n@router.get(\"/{{{snake}_id}}/{}\", response_model=list[schemas.{other_class}Read])\n{}\n    \"\"\"List the {} \
         of {}.\"\"\"\n    return crud.get_row(db, models.{class}, {snake}_id).{}\n",
        target.route(),
        python::call(
            0,
            &format!("def list_{}_of_{snake}", target.plural()),
            &parameters,
            &format!(" -> Sequence[models.{other_class}]:")
        ),
        target.plural_label(),
        with_article(&name.label()),
        linked_name(blueprint, index, other),
    )
}

fn add_and_remove(blueprint: &Blueprint, index: usize, other: usize) -> String {
    let (name, target) = (&blueprint.entities[index].name, &blueprint.entities[other].name);
    let (snake, class) = (name.snake(), name.class());
    let (other_snake, other_class) = (target.snake(), target.class());
    let path = format!("/{{{snake}_id}}/{}/{{{other_snake}_id}}", target.route());
    let parameters = [
        format!("{snake}_id: crud.RowId"),
        format!("{other_snake}_id: crud.RowId"),
        "db: Database".to_owned(),
    ];
    let linked = linked_name(blueprint, index, other);
    let rows = format!(
        "    owner = crud.get_row(db, models.{class}, {snake}_id)\n    row = crud.get_row(db, models.{other_class}, {other_snake}_id)\n"
    );
    let missing = python::call(
        8,
        "raise HTTPException",
        &["404".to_owned(), format!("\"the {} does not have this {}\"", name.label(), target.label())],
        "",
    );
    let put = python::call(0, &format!("def add_{other_snake}_to_{snake}"), &parameters, " -> None:");
    let remove = python::call(0, &format!("def remove_{other_snake}_from_{snake}"), &parameters, " -> None:");
    let (label, other_label) = (with_article(&name.label()), with_article(&target.label()));
    format!(
        "\n\n@router.put(\"{path}\", status_code=204)\n{put}\n    \"\"\"Give {label} {other_label}; again changes nothing.\"\"\"\n\
         {rows}    if row not in owner.{linked}:\n        owner.{linked}.append(row)\n        crud.commit(db, \"was linked meanwhile\")\n\
         \n\n@router.delete(\"{path}\", status_code=204)\n{remove}\n    \"\"\"Take {other_label} from {label}.\"\"\"\n\
         {rows}    if row not in owner.{linked}:\n{missing}\n    owner.{linked}.remove(row)\n    crud.commit(db, \"was changed meanwhile\")\n",
    )
}

fn check(blueprint: &Blueprint, index: usize) -> String {
    let entity = &blueprint.entities[index];
    let lines: String = entity
        .references
        .iter()
        .map(|reference| {
            let class = blueprint.entities[reference.to].name.class();
            let value = format!("values.get({})", python::string(&reference.column()));
            let arguments = ["db".to_owned(), format!("models.{class}"), value];
            python::call(4, "crud.check_reference", &arguments, "") + "\n"
        })
        .collect();
    let optional = entity.references.iter().any(|reference| reference.presence == Presence::Optional);
    let what = if optional { "What is named must exist." } else { "Everything that is named must exist." };
    format!(
        "\n\ndef check_references(db: Database, values: dict[str, Any]) -> None:\n    \"\"\"{what}\"\"\"\n{lines}"
    )
}
