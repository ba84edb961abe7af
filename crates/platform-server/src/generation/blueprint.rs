//! What is to be written: entities, their fields and how they belong together. Prompts and specs both end here, and
//! everything that is written starts here.

use std::collections::BTreeSet;

use super::error::GenerationError;
use super::name::{Name, Taken, field_name};
use super::nouns::with_article;

/// How many entities one project has at most.
pub(super) const ENTITIES_MAX: usize = 40;
/// How many fields and references one entity has at most.
pub(super) const FIELDS_MAX: usize = 60;
/// How many values an enumeration has at most.
pub(super) const VALUES_MAX: usize = 50;
/// The longest value of an enumeration or default, in characters.
pub(super) const VALUE_CHARS_MAX: usize = 60;

/// A whole project.
#[derive(Debug, Default)]
pub(super) struct Blueprint {
    /// What it is about, as words: `user management`.
    pub subject: String,
    /// The entities, in the order they came up.
    pub entities: Vec<Entity>,
    /// Many-to-many relations.
    pub links: Vec<Link>,
    /// What was assumed, not understood or not done.
    pub warnings: Vec<String>,
}

/// A kind of thing that is kept: a table.
#[derive(Debug)]
pub(super) struct Entity {
    /// Its name.
    pub name: Name,
    /// Its own values.
    pub fields: Vec<Field>,
    /// What it belongs to.
    pub references: Vec<Reference>,
}

/// A value of an entity: a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// An identifier.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be given or may be null.
    pub presence: Presence,
    /// Whether two rows may hold the same.
    pub unique: bool,
    /// What it is when nothing is given.
    pub default: Option<Literal>,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A line of text.
    Text,
    /// Text of any length.
    LongText,
    /// An e-mail address.
    Email,
    /// A web address.
    Url,
    /// A whole number.
    Integer,
    /// A whole number that cannot be negative.
    Count,
    /// A number.
    Float,
    /// An exact number with two decimals.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// A time of day.
    Time,
    /// A UUID.
    Uuid,
    /// Any JSON object.
    Json,
    /// A password: only its hash is kept, and it never comes out.
    Password,
    /// When the row was made; kept by the application.
    CreatedAt,
    /// When the row last changed; kept by the application.
    UpdatedAt,
    /// One of these values.
    Choice(Vec<String>),
}

impl Kind {
    /// Whether the application sets the value, not its user.
    pub(super) fn is_managed(&self) -> bool {
        matches!(self, Self::CreatedAt | Self::UpdatedAt)
    }

    /// Whether a list can usefully be narrowed to one value of it.
    pub(super) fn is_filter(&self) -> bool {
        matches!(self, Self::Boolean | Self::Choice(_) | Self::Email)
    }
}

/// Whether something must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// It must.
    Required,
    /// It may be left out.
    Optional,
}

/// A default value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// Text, or a value of an enumeration.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number, as it was written.
    Number(String),
    /// Yes or no.
    Boolean(bool),
}

/// That an entity belongs to another one: a foreign key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reference {
    /// The role of the other one, an identifier: `author`.
    pub name: String,
    /// The other one, as an index into the entities.
    pub to: usize,
    /// Whether there must be one.
    pub presence: Presence,
    /// Whether each of the others has at most one of these.
    pub unique: bool,
}

impl Reference {
    /// The column: `author_id`.
    pub(super) fn column(&self) -> String {
        format!("{}_id", self.name)
    }
}

/// A many-to-many relation between two entities, as indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// The entity that was named first.
    pub left: usize,
    /// The other one.
    pub right: usize,
}

impl Field {
    /// A required field that is nothing else.
    pub(super) fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), kind, presence: Presence::Required, unique: false, default: None }
    }

    /// Whether a create request may leave it out.
    pub(super) fn may_be_omitted(&self) -> bool {
        self.presence == Presence::Optional || self.default.is_some()
    }
}

impl Blueprint {
    /// The index of the entity of that name.
    pub(super) fn find(&self, name: &Name) -> Option<usize> {
        self.entities.iter().position(|entity| entity.name == *name)
    }

    /// The index of the entity of that name, added when it is new.
    pub(super) fn entity(&mut self, name: &Name) -> usize {
        self.find(name).unwrap_or_else(|| {
            self.entities.push(Entity { name: name.clone(), fields: Vec::new(), references: Vec::new() });
            self.entities.len() - 1
        })
    }

    /// Adds a field, unless the entity has it: then what the new one knows better is taken over.
    pub(super) fn add_field(&mut self, entity: usize, mut field: Field) {
        let owner = &mut self.entities[entity];
        let Some((name, taken)) = field_name(&field.name) else { return };
        if name == "id_value" {
            return; // Every entity has an id anyway.
        }
        if taken == Taken::Yes {
            let note = format!(
                "`{}` of {} is called `{name}`: the name itself is reserved",
                field.name,
                owner.name.label()
            );
            note_once(&mut self.warnings, note);
        }
        field.name = name;
        match owner.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => known.merge(field),
            None => owner.fields.push(field),
        }
    }

    /// Makes `from` belong to `to` in that role. A role that is already there stays as it is.
    pub(super) fn refer(&mut self, from: usize, reference: Reference) {
        let known = self.entities[from].references.iter_mut().find(|known| known.name == reference.name);
        match known {
            Some(known) => known.unique |= reference.unique,
            None => self.entities[from].references.push(reference),
        }
    }

    /// Relates two entities many-to-many, once.
    pub(super) fn link(&mut self, left: usize, right: usize) {
        if !self.linked(left, right) {
            self.links.push(Link { left, right });
        }
    }

    /// Whether the two are related many-to-many.
    pub(super) fn linked(&self, a: usize, b: usize) -> bool {
        let pair = |link: &Link| (link.left, link.right);
        self.links.iter().any(|link| pair(link) == (a, b) || pair(link) == (b, a))
    }

    /// Whether `from` belongs to `to` in any role.
    pub(super) fn refers(&self, from: usize, to: usize) -> bool {
        self.entities[from].references.iter().any(|reference| reference.to == to)
    }

    /// Whether the two are related in any way.
    pub(super) fn related(&self, a: usize, b: usize) -> bool {
        self.linked(a, b) || self.refers(a, b) || self.refers(b, a)
    }

    /// Adds a warning, once.
    pub(super) fn warn(&mut self, warning: String) {
        note_once(&mut self.warnings, warning);
    }

    /// The name of a link's table: `post_tags`, or `post_tag_links` when an entity has that one.
    pub(super) fn link_table(&self, link: Link) -> String {
        let (left, right) = (&self.entities[link.left].name, &self.entities[link.right].name);
        let table = format!("{}_{}", left.snake(), right.plural());
        if self.entities.iter().any(|entity| entity.name.plural() == table) {
            return format!("{}_{}_links", left.snake(), right.snake());
        }
        table
    }

    /// The entities in an order in which each follows what it requires.
    pub(super) fn creation_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = Vec::new();
        while order.len() < self.entities.len() {
            let ready = |index: &usize| {
                let waits = |reference: &Reference| {
                    reference.presence == Presence::Required && !order.contains(&reference.to)
                };
                !order.contains(index) && !self.entities[*index].references.iter().any(waits)
            };
            let next = (0..self.entities.len()).find(ready);
            // A circle cannot be left over after `finish`; taking any entity keeps this total.
            order.extend(next.or_else(|| (0..self.entities.len()).find(|index| !order.contains(index))));
        }
        order
    }

    /// Makes the whole consistent: fields that are references, circles of requirements, names twice, limits.
    pub(super) fn finish(mut self) -> Result<Self, GenerationError> {
        self.fields_that_are_references();
        self.separate_names();
        self.break_circles();
        self.check_limits()?;
        Ok(self)
    }

    /// `customer_id` beside an entity `customer` is a reference, and a field named like a reference is dropped for it.
    fn fields_that_are_references(&mut self) {
        for index in 0..self.entities.len() {
            let fields = std::mem::take(&mut self.entities[index].fields);
            self.entities[index].fields =
                fields.into_iter().filter_map(|field| self.kept_field(index, field)).collect();
        }
    }

    /// The field, unless it is a reference.
    fn kept_field(&mut self, index: usize, field: Field) -> Option<Field> {
        let id_of = field.name.strip_suffix("_id");
        let role = id_of.unwrap_or(&field.name);
        if self.entities[index].references.iter().any(|reference| reference.name == role) {
            return None;
        }
        let Some(to) = id_of.and_then(Name::new).and_then(|name| self.find(&name)) else {
            return Some(field);
        };
        let presence = if to == index { Presence::Optional } else { field.presence };
        self.refer(index, Reference { name: role.to_owned(), to, presence, unique: field.unique });
        None
    }

    /// A column and a reference's column must not share a name.
    fn separate_names(&mut self) {
        for entity in &mut self.entities {
            let columns: BTreeSet<String> = entity.references.iter().map(Reference::column).collect();
            entity.fields.retain(|field| !columns.contains(&field.name));
        }
    }

    /// Of a circle of entities that require each other, the last requirement becomes optional: else none could be made.
    fn break_circles(&mut self) {
        for from in 0..self.entities.len() {
            for at in 0..self.entities[from].references.len() {
                let Reference { to, presence, .. } = self.entities[from].references[at].clone();
                if presence == Presence::Optional || !self.requires(to, from, &mut BTreeSet::new()) {
                    continue;
                }
                self.entities[from].references[at].presence = Presence::Optional;
                let (one, other) = (self.entities[from].name.label(), self.entities[to].name.label());
                if from != to {
                    let alone = with_article(&one);
                    self.warn(format!(
                        "{one} and {other} need each other, so {alone} may exist without its {other}"
                    ));
                }
            }
        }
    }

    /// Whether making `from` needs a `wanted` first.
    fn requires(&self, from: usize, wanted: usize, seen: &mut BTreeSet<usize>) -> bool {
        from == wanted
            || seen.insert(from)
                && self.entities[from]
                    .references
                    .iter()
                    .filter(|reference| reference.presence == Presence::Required)
                    .any(|reference| self.requires(reference.to, wanted, seen))
    }

    fn check_limits(&self) -> Result<(), GenerationError> {
        let too_many = |what: String, count: usize, limit: usize| {
            if count > limit { Err(GenerationError::TooMany { what, count, limit }) } else { Ok(()) }
        };
        too_many("entities".to_owned(), self.entities.len(), ENTITIES_MAX)?;
        for entity in &self.entities {
            let columns = entity.fields.len() + entity.references.len();
            too_many(format!("fields of {}", entity.name.label()), columns, FIELDS_MAX)?;
            for field in &entity.fields {
                if let Kind::Choice(values) = &field.kind {
                    too_many(format!("values of {}", field.name), values.len(), VALUES_MAX)?;
                }
            }
        }
        Ok(())
    }
}

impl Field {
    /// Takes over what a second mention adds.
    fn merge(&mut self, other: Self) {
        if matches!(self.kind, Kind::Text | Kind::LongText) && other.kind != Kind::Text {
            self.kind = other.kind;
        }
        self.unique |= other.unique;
        if other.presence == Presence::Optional {
            self.presence = Presence::Optional;
        }
        if other.default.is_some() {
            self.default = other.default;
        }
    }
}

fn note_once(warnings: &mut Vec<String>, warning: String) {
    if !warnings.contains(&warning) {
        warnings.push(warning);
    }
}
