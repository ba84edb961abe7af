//! An exact description in place of a prompt, checked with errors that name the place.
//!
//! `{"entities":[{"name","fields":[{"name","type","required","unique","default","values"}],
//! "relations":[{"kind","to","name","required"}]}]}`

use serde_json::{Map, Value};

use super::blueprint::{Blueprint, Field, Kind, Literal, Presence, Reference, VALUE_CHARS_MAX};
use super::error::GenerationError;
use super::fields;
use super::name::{self, Name};
use super::relations;

const RELATIONS: &str = "belongs_to, has_many, has_one, many_to_many";

/// Reads a spec.
pub(super) fn read(spec: &Value) -> Result<Blueprint, GenerationError> {
    let root = Place::root(spec);
    let object = root.object(&["entities"])?;
    let entities = root.required(object, "entities")?.array()?;
    if entities.is_empty() {
        return Err(root.problem("at least one entity is needed in `entities`"));
    }
    let mut blueprint = Blueprint::default();
    for entity in &entities {
        let name = entity_name(entity)?;
        if blueprint.find(&name).is_some() {
            return Err(entity.problem(&format!("there are two entities `{}`", name.snake())));
        }
        blueprint.entity(&name);
    }
    for (index, entity) in entities.iter().enumerate() {
        read_fields(&mut blueprint, index, entity)?;
    }
    let mut many = Vec::new();
    for (index, entity) in entities.iter().enumerate() {
        read_relations(&mut blueprint, index, entity, &mut many)?;
    }
    relations::settle(&mut blueprint, &many);
    for entity in &blueprint.entities {
        if entity.fields.is_empty() && entity.references.is_empty() {
            let problem = format!("`{}` has neither fields nor relations to anything", entity.name.snake());
            return Err(root.problem(&problem));
        }
    }
    Ok(blueprint)
}

/// A value and where it stands.
struct Place<'a> {
    at: String,
    value: &'a Value,
}

impl<'a> Place<'a> {
    fn root(value: &'a Value) -> Self {
        Self { at: "spec".to_owned(), value }
    }

    fn problem(&self, problem: &str) -> GenerationError {
        GenerationError::InvalidSpec { at: self.at.clone(), problem: problem.to_owned() }
    }

    fn expected(&self, what: &str) -> GenerationError {
        let found = match self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        self.problem(&format!("expected {what}, found {found}"))
    }

    /// The object here, which may have these keys and no others.
    fn object(&self, keys: &[&str]) -> Result<&'a Map<String, Value>, GenerationError> {
        let object = self.value.as_object().ok_or_else(|| self.expected("an object"))?;
        match object.keys().find(|key| !keys.contains(&key.as_str())) {
            Some(key) => {
                let key = super::prompt::quote(key);
                Err(self.problem(&format!("unknown key `{key}`; known: {}", keys.join(", "))))
            }
            None => Ok(object),
        }
    }

    fn optional(&self, object: &'a Map<String, Value>, key: &str) -> Option<Place<'a>> {
        let value = object.get(key).filter(|value| !value.is_null())?;
        Some(Place { at: format!("{}.{key}", self.at), value })
    }

    fn required(&self, object: &'a Map<String, Value>, key: &str) -> Result<Place<'a>, GenerationError> {
        self.optional(object, key).ok_or_else(|| self.problem(&format!("`{key}` is missing")))
    }

    fn array(&self) -> Result<Vec<Place<'a>>, GenerationError> {
        let values = self.value.as_array().ok_or_else(|| self.expected("a list"))?;
        let place = |(index, value)| Place { at: format!("{}[{index}]", self.at), value };
        Ok(values.iter().enumerate().map(place).collect())
    }

    fn text(&self) -> Result<&'a str, GenerationError> {
        self.value.as_str().ok_or_else(|| self.expected("text"))
    }

    fn flag(&self) -> Result<bool, GenerationError> {
        self.value.as_bool().ok_or_else(|| self.expected("true or false"))
    }
}

const ENTITY_KEYS: &[&str] = &["name", "fields", "relations"];
const FIELD_KEYS: &[&str] = &["name", "type", "required", "unique", "default", "values"];
const RELATION_KEYS: &[&str] = &["kind", "to", "name", "required"];

fn entity_name(entity: &Place<'_>) -> Result<Name, GenerationError> {
    let object = entity.object(ENTITY_KEYS)?;
    let name = entity.required(object, "name")?;
    Name::new(name.text()?).ok_or_else(|| name.problem("a name needs at least one ASCII letter or digit"))
}

fn read_fields(blueprint: &mut Blueprint, index: usize, entity: &Place<'_>) -> Result<(), GenerationError> {
    let object = entity.object(ENTITY_KEYS)?;
    let Some(list) = entity.optional(object, "fields") else { return Ok(()) };
    let mut seen: Vec<String> = Vec::new();
    for place in list.array()? {
        let field = read_field(&place)?;
        if seen.contains(&field.name) {
            return Err(place.problem(&format!("there are two fields `{}`", field.name)));
        }
        seen.push(field.name.clone());
        blueprint.add_field(index, field);
    }
    Ok(())
}

fn read_field(place: &Place<'_>) -> Result<Field, GenerationError> {
    let object = place.object(FIELD_KEYS)?;
    let name_place = place.required(object, "name")?;
    let words = name::words(name_place.text()?);
    if words.is_empty() {
        return Err(name_place.problem("a name needs at least one ASCII letter or digit"));
    }
    let name = words.join("_");
    let kind = match place.optional(object, "type") {
        Some(named) => kind(&named, place, object)?,
        None => fields::kind_of(&words),
    };
    let mut field = Field::new(&name, kind);
    if let Some(required) = place.optional(object, "required") {
        field.presence = presence(&required)?;
    }
    if let Some(unique) = place.optional(object, "unique") {
        field.unique = unique.flag()?;
    }
    if let Some(default) = place.optional(object, "default") {
        let literal = literal(&default)?;
        field.default = fields::coerce(&field.kind, &literal)
            .map(Some)
            .ok_or_else(|| default.problem(&format!("does not fit a field `{name}` of this type")))?;
    }
    Ok(field)
}

/// What `"required": …` says.
fn presence(required: &Place<'_>) -> Result<Presence, GenerationError> {
    Ok(if required.flag()? { Presence::Required } else { Presence::Optional })
}

fn kind(named: &Place<'_>, field: &Place<'_>, object: &Map<String, Value>) -> Result<Kind, GenerationError> {
    let text = named.text()?.trim().to_lowercase();
    if matches!(text.as_str(), "enum" | "choice") {
        return Ok(Kind::Choice(values(field, object)?));
    }
    if object.get("values").is_some_and(|values| !values.is_null()) {
        return Err(field.problem("`values` belong to a field of type `enum`"));
    }
    let shown = super::prompt::quote(&text);
    let unknown = || named.problem(&format!("unknown type `{shown}`; known: {}", fields::SPEC_TYPES));
    fields::type_named(&text).ok_or_else(unknown)
}

fn values(field: &Place<'_>, object: &Map<String, Value>) -> Result<Vec<String>, GenerationError> {
    let missing = || field.problem("an enum needs `values`, a list of texts");
    let list = object.get("values").ok_or_else(missing)?;
    let list = Place { at: format!("{}.values", field.at), value: list };
    let mut values: Vec<String> = Vec::new();
    for place in list.array()? {
        let value = place.text()?.trim();
        if value.is_empty() || value.chars().count() > VALUE_CHARS_MAX || value.chars().any(char::is_control)
        {
            return Err(place.problem(&format!("a value has 1 to {VALUE_CHARS_MAX} printable characters")));
        }
        if values.iter().any(|known| known == value) {
            return Err(place.problem("this value is there twice"));
        }
        values.push(value.to_owned());
    }
    if values.is_empty() { Err(missing()) } else { Ok(values) }
}

fn literal(place: &Place<'_>) -> Result<Literal, GenerationError> {
    match place.value {
        Value::Bool(value) => Ok(Literal::Boolean(*value)),
        Value::String(text) => Ok(Literal::Text(text.clone())),
        Value::Number(number) => {
            Ok(number.as_i64().map_or_else(|| Literal::Number(number.to_string()), Literal::Integer))
        }
        _ => Err(place.expected("text, a number, true or false")),
    }
}

fn read_relations(
    blueprint: &mut Blueprint,
    index: usize,
    entity: &Place<'_>,
    many: &mut Vec<(usize, usize)>,
) -> Result<(), GenerationError> {
    let object = entity.object(ENTITY_KEYS)?;
    let Some(list) = entity.optional(object, "relations") else { return Ok(()) };
    for place in list.array()? {
        read_relation(blueprint, index, &place, many)?;
    }
    Ok(())
}

fn read_relation(
    blueprint: &mut Blueprint,
    index: usize,
    place: &Place<'_>,
    many: &mut Vec<(usize, usize)>,
) -> Result<(), GenerationError> {
    let object = place.object(RELATION_KEYS)?;
    let target = place.required(object, "to")?;
    let to = Name::new(target.text()?).and_then(|name| blueprint.find(&name)).ok_or_else(|| {
        let known: Vec<String> = blueprint.entities.iter().map(|entity| entity.name.snake()).collect();
        target.problem(&format!("no such entity; there are {}", known.join(", ")))
    })?;
    let kind = place.required(object, "kind")?;
    let stated = place.optional(object, "required").as_ref().map(presence).transpose()?;
    let role = place.optional(object, "name").map(|name| name.text().map(str::to_owned)).transpose()?;
    let role = role.as_deref().and_then(name::field_name).map(|(name, _)| name);
    let own = if index == to { Presence::Optional } else { Presence::Required };
    let presence = stated.filter(|_| index != to).unwrap_or(own);
    let reference = |blueprint: &Blueprint, to: usize| {
        let parent =
            if own == Presence::Optional { "parent".to_owned() } else { blueprint.entities[to].name.snake() };
        Reference { name: role.clone().unwrap_or(parent), to, presence, unique: false }
    };
    match kind.text()?.to_lowercase().replace('-', "_").as_str() {
        "belongs_to" | "many_to_one" => blueprint.refer(index, reference(blueprint, to)),
        "has_many" | "one_to_many" if role.is_some() || stated.is_some() || index == to => {
            blueprint.refer(to, reference(blueprint, index));
        }
        "has_many" | "one_to_many" => many.push((index, to)),
        "has_one" | "one_to_one" => {
            blueprint.refer(to, Reference { unique: true, ..reference(blueprint, index) });
        }
        "many_to_many" if index == to => {
            let problem = "an entity cannot be linked many-to-many with itself; add an entity between";
            return Err(kind.problem(problem));
        }
        "many_to_many" => blueprint.link(index, to),
        _ => return Err(kind.problem(&format!("unknown kind of relation; known: {RELATIONS}"))),
    }
    Ok(())
}
