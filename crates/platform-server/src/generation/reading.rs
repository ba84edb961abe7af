//! The second pass over a prompt: what each statement says about the entities that are known by now.

use std::collections::BTreeSet;

use super::blueprint::{Blueprint, Field, Kind, Presence, Reference, VALUE_CHARS_MAX};
use super::entities::Reader;
use super::familiar;
use super::features;
use super::fields;
use super::items::{Item, Quantity, items};
use super::name::Name;
use super::nouns;
use super::prompt;
use super::relations;
use super::statements::{Says, Statement};
use super::words::Words;

/// Roles that people have: with users around, they are users.
const PEOPLE_ROLES: Words = Words(
    "author owner creator assignee manager reviewer sender recipient receiver writer admin seller buyer
     host organizer organiser reporter instructor leader member supervisor editor uploader",
);
/// Entities that stand for people.
const PEOPLE: &[&str] = &["user", "employee", "person", "account", "member", "customer"];

impl Reader {
    /// Second pass: what each statement says about the entities.
    pub(super) fn apply(&mut self, statement: &Statement) {
        self.warn_of_features(statement);
        match statement.says {
            Says::Subject | Says::Topic => self.apply_subject(statement),
            Says::SubjectHas => self.apply_subject_has(statement),
            Says::Exist => self.apply_exist(statement),
            Says::Have => self.apply_have(statement),
            Says::Belong => self.apply_belong(statement, Presence::Required),
            Says::MayBelong => self.apply_belong(statement, Presence::Optional),
            Says::Link => self.for_each_pair(statement, |reader, owner, target, _| {
                if owner == target {
                    reader.unclear(statement);
                } else {
                    reader.blueprint.link(owner, target);
                }
            }),
            Says::Make => self.for_each_pair(statement, |reader, owner, target, _| {
                if owner != target && !reader.blueprint.related(owner, target) {
                    relations::belong(&mut reader.blueprint, target, owner, Presence::Required);
                }
            }),
            Says::Hold => self.for_each_pair(statement, |reader, owner, target, _| {
                if owner != target && !reader.blueprint.related(owner, target) {
                    relations::belong(&mut reader.blueprint, target, owner, Presence::Optional);
                }
            }),
            Says::Are => self.apply_are(statement),
            Says::Unclear => self.unclear(statement),
        }
    }

    /// Quotes a clause that asks for a feature that is not generated.
    fn warn_of_features(&mut self, statement: &Statement) {
        let subject = matches!(statement.says, Says::Subject | Says::Topic);
        let mut named: BTreeSet<&str> = BTreeSet::new();
        for item in statement.items.iter().chain(&statement.owners) {
            if !subject && self.find(item).is_none() {
                named.extend(features::absent(&item.tokens));
            }
        }
        if named.is_empty() && statement.says == Says::Unclear {
            let sentences = prompt::sentences(&statement.quote);
            named.extend(sentences.iter().flat_map(|sentence| features::absent(&sentence.tokens)));
        }
        for feature in named {
            self.blueprint
                .warn(format!("not generated: {feature} (\"{}\")", prompt::quote(&statement.quote)));
        }
    }

    fn unclear(&mut self, statement: &Statement) {
        let quote = prompt::quote(&statement.quote);
        let said = self
            .blueprint
            .warnings
            .iter()
            .any(|warning| warning.starts_with("not generated") && warning.contains(&quote));
        if !said {
            self.blueprint.warn(format!("not understood: \"{quote}\""));
        }
    }

    /// Only the first subject says what the whole is about; another one is an entity or not understood.
    fn apply_subject(&mut self, statement: &Statement) {
        for item in &statement.items {
            let words: Vec<String> = item.words.iter().map(|word| nouns::singular(word)).collect();
            if self.find(item).is_none()
                && words.join(" ") != self.subject
                && !features::is_present(&item.tokens)
            {
                self.unclear(statement);
            }
        }
        if let [item] = statement.items.as_slice()
            && let Some(entity) = self.find(item)
        {
            self.last = vec![entity];
        }
    }

    fn apply_subject_has(&mut self, statement: &Statement) {
        let main = self.main.clone().and_then(|name| self.blueprint.find(&name));
        let plural_subject = main.is_some_and(|_| self.subject_is_main());
        for item in &statement.items {
            match (main, self.find(item)) {
                (Some(main), Some(entity)) if main != entity && plural_subject => {
                    self.has(main, item, statement);
                }
                (_, Some(entity)) => self.fill(entity, item, statement),
                (Some(main), None) => self.has(main, item, statement),
                (None, None) => self.not_a_field(item, statement),
            }
        }
        self.last = main.into_iter().collect();
    }

    /// Whether the prompt is about the main entity itself (`for books with …`) and not about a field of work.
    fn subject_is_main(&self) -> bool {
        self.main.as_ref().is_some_and(|main| main.label() == self.subject)
    }

    fn apply_exist(&mut self, statement: &Statement) {
        let mut mentioned = Vec::new();
        for item in &statement.items {
            let values = !item.inner.is_empty() && fields::takes_choices(item.head());
            match self.find(item) {
                Some(entity) => {
                    self.fill(entity, item, statement);
                    mentioned.push(entity);
                }
                None if values || item.kind.is_some() || item.default.is_some() => {
                    self.refine(item, statement);
                }
                None => self.not_a_field(item, statement),
            }
        }
        if !mentioned.is_empty() {
            self.last = mentioned;
        }
    }

    /// Something that names neither an entity nor a field.
    fn not_a_field(&mut self, item: &Item, statement: &Statement) {
        if features::absent(&item.tokens).is_empty() && !features::is_present(&item.tokens) {
            let quote = prompt::text(&item.tokens);
            self.unclear(&Statement { quote, ..statement.clone() });
        }
    }

    /// Gives an entity the fields that stand in brackets behind its name.
    fn fill(&mut self, entity: usize, item: &Item, statement: &Statement) {
        for inner in &item.inner {
            self.has(entity, inner, statement);
        }
    }

    fn apply_have(&mut self, statement: &Statement) {
        for owner in self.owners(statement) {
            for item in &statement.items {
                self.has(owner, item, statement);
            }
        }
    }

    fn apply_belong(&mut self, statement: &Statement, presence: Presence) {
        self.for_each_pair(statement, |reader, owner, target, item| {
            let presence = item.presence.unwrap_or(presence);
            let role = Name::new(&item.text()).map_or_else(String::new, |name| name.snake());
            let known = reader.blueprint.entities[target].name.snake();
            if role == known || role.is_empty() || owner == target {
                relations::belong(&mut reader.blueprint, owner, target, presence);
            } else {
                let reference = Reference { name: role, to: target, presence, unique: false };
                reader.blueprint.refer(owner, reference);
            }
        });
    }

    fn for_each_pair(
        &mut self,
        statement: &Statement,
        mut relate: impl FnMut(&mut Self, usize, usize, &Item),
    ) {
        let says_link = statement.says == Says::Link;
        let (owners, items) = match statement.items.as_slice() {
            // "many-to-many between movies and actors": the first of the list with the others.
            [first, others @ ..] if statement.owners.is_empty() && !others.is_empty() && says_link => {
                (self.find(first).into_iter().collect(), others)
            }
            all => (self.owners(statement), all),
        };
        for owner in owners {
            for item in items {
                match self.find(item) {
                    Some(target) => {
                        relate(self, owner, target, item);
                        self.fill(target, item, statement);
                    }
                    None => self.not_a_field(item, statement),
                }
            }
        }
    }

    /// The entities a statement is about; the ones of the statement before when it names none.
    fn owners(&mut self, statement: &Statement) -> Vec<usize> {
        let named: Vec<usize> = statement.owners.iter().filter_map(|owner| self.find(owner)).collect();
        if !named.is_empty() {
            self.last = named;
        } else if !statement.owners.is_empty() {
            if !statement.owners.iter().all(|owner| features::is_present(&owner.tokens)) {
                self.unclear(statement);
            }
            return Vec::new();
        } else if self.last.is_empty() {
            self.last = self.main.clone().and_then(|name| self.blueprint.find(&name)).into_iter().collect();
        }
        for (at, owner) in statement.owners.iter().enumerate() {
            if let Some(entity) = self.last.get(at).copied().filter(|_| !owner.inner.is_empty()) {
                self.fill(entity, owner, statement);
            }
        }
        self.last.clone()
    }

    /// The entity that a noun names, also behind adjectives: `assigned user` is a user.
    fn find(&self, item: &Item) -> Option<usize> {
        let exact = self.entity_name(item).and_then(|name| self.blueprint.find(&name));
        exact.or_else(|| {
            let adjectives = item.words.iter().rev().skip(1).all(|word| !nouns::is_plural(word));
            (1..item.words.len()).filter(|_| adjectives).find_map(|from| {
                let name = Name::new(&item.words[from..].join(" "))?;
                self.blueprint.find(&name).filter(|_| item.words.len() <= 3)
            })
        })
    }

    /// One thing that an entity has: a field, a reference or many of another entity.
    fn has(&mut self, owner: usize, item: &Item, statement: &Statement) {
        let several = item.is_several() || item.quantity == Quantity::Many;
        let exact = self.entity_name(item).and_then(|name| self.blueprint.find(&name));
        let values = fields::takes_choices(item.head()) && !item.inner.is_empty() && !several;
        let typed = item.kind.is_some() || values;
        match self.find(item).filter(|_| !typed) {
            Some(target) if several => {
                self.many.push((owner, target));
                self.fill(target, item, statement);
            }
            Some(target)
                if exact.is_some()
                    || fields::kind_of(&item.words) == Kind::Text
                        && item.words.len() == 2
                        && !is_value_of(item) =>
            {
                self.has_one(owner, target, item);
                self.fill(target, item, statement);
            }
            _ => match self.person_of_role(item).filter(|_| !typed) {
                Some(person) => self.refer(owner, person, item),
                None => self.add_field(owner, item, statement),
            },
        }
    }

    fn has_one(&mut self, owner: usize, target: usize, item: &Item) {
        if relations::is_own(self.blueprint.entities[target].name.head()) && owner != target {
            let name = self.blueprint.entities[owner].name.snake();
            let reference = Reference { name, to: owner, presence: Presence::Required, unique: true };
            self.blueprint.refer(target, reference);
        } else {
            self.refer(owner, target, item);
        }
    }

    fn refer(&mut self, owner: usize, target: usize, item: &Item) {
        let presence =
            if owner == target { Presence::Optional } else { item.presence.unwrap_or(Presence::Required) };
        if let Some(name) = Name::new(&item.text()) {
            let name = if owner == target && item.words.len() == 1 && self.find(item) == Some(owner) {
                "parent".to_owned()
            } else {
                name.snake()
            };
            self.blueprint.refer(owner, Reference { name, to: target, presence, unique: item.unique });
        }
    }

    /// The user behind `author`, or the entity in brackets behind a role: `manager (employee)`.
    fn person_of_role(&self, item: &Item) -> Option<usize> {
        if let [only] = item.inner.as_slice() {
            return self.find(only);
        }
        let is_role = PEOPLE_ROLES.has(item.head()) && item.inner.is_empty() && !item.is_several();
        let people = PEOPLE.iter().filter_map(|person| self.blueprint.find(&Name::new(person)?));
        people.take(usize::from(is_role)).next()
    }

    fn add_field(&mut self, owner: usize, item: &Item, statement: &Statement) {
        const NO_FIELD: &[&str] = &["is", "are", "must", "should", "will", "not", "they", "them"];
        let sentence = item.words.iter().skip(1).any(|word| NO_FIELD.contains(&word.as_str()));
        if item.text() == "timestamp" || item.text() == "timestamps" {
            self.blueprint.add_field(owner, Field::new("created_at", Kind::CreatedAt));
            self.blueprint.add_field(owner, Field::new("updated_at", Kind::UpdatedAt));
            return;
        }
        let is_feature = !features::absent(&item.tokens).is_empty() || features::is_present(&item.tokens);
        let known_kind = fields::kind_of(&item.words) != Kind::Text;
        if item.words.is_empty() || item.words.len() > 5 || sentence || is_feature && !known_kind {
            self.not_a_field(item, statement);
            return;
        }
        let field = self.field(item);
        self.blueprint.add_field(owner, field);
    }

    /// The field that an item describes.
    fn field(&mut self, item: &Item) -> Field {
        let mut field = fields::field_named(&item.words);
        if let Some(kind) = item.kind.clone() {
            field.kind = kind;
        }
        let values = item.values();
        if values.iter().any(|value| is_range(value)) {
            let quote = prompt::quote(&prompt::text(&item.tokens));
            self.blueprint.warn(format!("not understood: the range in \"{quote}\""));
        } else if !values.is_empty() {
            field.kind = choices(values);
        }
        field.presence = item.presence.unwrap_or(field.presence);
        field.unique |= item.unique;
        field.default = fields::default_of(&field);
        if let Some(default) = &item.default {
            match fields::coerce(&field.kind, default) {
                Some(default) => field.default = Some(default),
                None => self.blueprint.warn(format!(
                    "not understood: the default in \"{}\"",
                    prompt::quote(&prompt::text(&item.tokens))
                )),
            }
        }
        field
    }

    /// `email must be unique`, `status is one of …`: about a field that is there, or a new one of whoever was meant last.
    fn apply_are(&mut self, statement: &Statement) {
        for item in &statement.items {
            self.refine(item, statement);
        }
    }

    fn refine(&mut self, item: &Item, statement: &Statement) {
        let singular: Vec<String> = item.words.iter().map(|word| nouns::singular(word)).collect();
        let of_entity = (1..singular.len()).find_map(|at| {
            let owner = Name::new(&singular[..at].join(" "))?;
            Some((self.blueprint.find(&owner)?, singular[at..].to_vec()))
        });
        let (owners, words) = match of_entity {
            Some((owner, words)) => (vec![owner], words),
            None => ((0..self.blueprint.entities.len()).collect(), singular),
        };
        let name = words.join("_");
        let having: Vec<usize> =
            owners.iter().copied().filter(|owner| self.has_field(*owner, &name)).collect();
        let targets = match (having.is_empty(), owners.len()) {
            (false, _) => having,
            (true, 1) => owners,
            (true, _) => self.last.clone(),
        };
        if targets.is_empty() || words.is_empty() || words.len() > 4 {
            self.unclear(statement);
        }
        for owner in targets {
            let described = Item { words: words.clone(), ..item.clone() };
            let mut field = self.field(&described);
            let known = self.blueprint.entities[owner].fields.iter().find(|known| known.name == name);
            field.unique = item.unique || known.is_none() && field.unique;
            self.blueprint.add_field(owner, field);
        }
    }

    /// Whether the entity has that field, or would get it because none were given.
    fn has_field(&mut self, owner: usize, name: &str) -> bool {
        let entity = &self.blueprint.entities[owner];
        let usual = familiar::fields_of(&entity.name.label()).unwrap_or_default();
        let would = entity.fields.is_empty() && usual.split([',', ' ', '(']).any(|word| word == name);
        if would {
            self.give_usual_fields(owner);
        }
        self.blueprint.entities[owner].fields.iter().any(|field| field.name == name)
    }

    /// Relations, then fields for entities that got none.
    pub(super) fn finish(mut self) -> Blueprint {
        relations::settle(&mut self.blueprint, &self.many);
        relations::assume(&mut self.blueprint);
        for index in 0..self.blueprint.entities.len() {
            self.give_usual_fields(index);
        }
        self.blueprint.subject = if self.subject.is_empty() {
            self.known.first().map_or_else(String::new, Name::label)
        } else {
            self.subject
        };
        self.blueprint
    }

    fn give_usual_fields(&mut self, index: usize) {
        let entity = &self.blueprint.entities[index];
        if !entity.fields.is_empty() {
            return;
        }
        let (label, plural) = (entity.name.label(), entity.name.plural_label());
        let usual = familiar::fields_of(&label).unwrap_or("name");
        let columns: Vec<String> = entity.references.iter().map(|reference| reference.name.clone()).collect();
        for item in prompt::sentences(usual).iter().flat_map(|sentence| items(&sentence.tokens)) {
            let field = self.field(&item);
            if !columns.contains(&field.name) {
                self.blueprint.add_field(index, field);
            }
        }
        let names: Vec<&str> =
            self.blueprint.entities[index].fields.iter().map(|field| field.name.as_str()).collect();
        let note = format!("no fields were given for {plural}, so these were assumed: {}", names.join(", "));
        self.blueprint.warn(note);
    }
}

/// An enumeration, or text when the values are sentences; yes and no are a flag.
fn choices(values: Vec<String>) -> Kind {
    let short = values.iter().all(|value| value.chars().count() <= VALUE_CHARS_MAX);
    let flag = values.len() == 2
        && values.iter().all(|value| matches!(value.as_str(), "yes" | "no" | "true" | "false"));
    match (flag, short) {
        (true, _) => Kind::Boolean,
        (false, true) => Kind::Choice(values),
        (false, false) => Kind::Text,
    }
}

/// `1-5`: a range, which nothing checks.
fn is_range(value: &str) -> bool {
    value.split_once(['-', '–']).is_some_and(|(from, to)| {
        [from, to].iter().all(|end| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()))
    })
}

/// `customer name` is a value, though `assigned customer` is a customer.
fn is_value_of(item: &Item) -> bool {
    const VALUES: &[&str] =
        &["name", "title", "code", "number", "type", "id", "phone", "status", "label", "list"];
    VALUES.contains(&item.head())
}
