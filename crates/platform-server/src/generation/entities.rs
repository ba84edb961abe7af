//! From statements to a blueprint: which nouns are entities, which are fields, and who they belong to.

use super::words::Words;
use std::collections::BTreeSet;

use super::blueprint::{Blueprint, Kind};
use super::error::GenerationError;
use super::familiar;
use super::features;
use super::fields;
use super::items::{Item, Quantity};
use super::name::Name;
use super::nouns;
use super::outline;
use super::prompt;
use super::relations;
use super::statements::{Says, Statement};
use super::verbs;

/// Reads a prompt.
pub(super) fn understand(prompt: &str) -> Result<Blueprint, GenerationError> {
    let statements = outline::read(&prompt::sentences(prompt));
    let mut reader = Reader::default();
    reader.find_entities(&statements);
    reader.settle_subject(&statements)?;
    for statement in &statements {
        reader.apply(statement);
    }
    Ok(reader.finish())
}

/// What a prompt is about, as words; nothing when it does not say.
pub(super) fn subject_of(prompt: &str) -> String {
    let mut reader = Reader::default();
    reader.find_entities(&outline::read(&prompt::sentences(prompt)));
    reader.subject
}

#[derive(Default)]
pub(super) struct Reader {
    pub(super) blueprint: Blueprint,
    /// The names of all entities, in the order they came up.
    pub(super) known: Vec<Name>,
    /// What the whole is about, as words.
    pub(super) subject: String,
    /// The entity that fields without an owner belong to.
    pub(super) main: Option<Name>,
    /// The entities of the statement before.
    pub(super) last: Vec<usize>,
    /// "a has many b".
    pub(super) many: Vec<(usize, usize)>,
}

impl Reader {
    /// First pass: every noun that is an entity, wherever it is said.
    fn find_entities(&mut self, statements: &[Statement]) {
        for statement in statements {
            match statement.says {
                Says::Subject | Says::Topic => self.note_subject(statement),
                Says::Exist | Says::SubjectHas => {
                    let several: Vec<&Item> = statement
                        .items
                        .iter()
                        .filter(|item| self.is_entity_here(item, statement.says))
                        .collect();
                    let names: Vec<Name> =
                        several.into_iter().filter_map(|item| self.entity_name(item)).collect();
                    self.know(names);
                }
                Says::Have | Says::Make | Says::Hold | Says::Belong | Says::MayBelong | Says::Link => {
                    self.note_clause(statement);
                }
                Says::Are | Says::Unclear => {}
            }
        }
    }

    fn note_clause(&mut self, statement: &Statement) {
        let all = !matches!(statement.says, Says::Have);
        let owners = statement.owners.iter().filter_map(|item| self.entity_name(item));
        let named =
            statement.items.iter().filter(|item| all || item.is_several() || item.quantity == Quantity::Many);
        let named: Vec<Name> = owners.chain(named.filter_map(|item| self.entity_name(item))).collect();
        self.know(named);
    }

    fn note_subject(&mut self, statement: &Statement) {
        let [item] = statement.items.as_slice() else { return };
        if self.subject.is_empty() {
            let words: Vec<String> = item.words.iter().map(|word| nouns::singular(word)).collect();
            self.subject = words.join(" ");
        }
        if let Some(name) =
            self.entity_name(item).filter(|_| item.is_several() && statement.says == Says::Subject)
        {
            self.main.get_or_insert_with(|| name.clone());
            self.know(vec![name]);
        }
    }

    fn know(&mut self, names: Vec<Name>) {
        for name in names {
            if !self.known.contains(&name) {
                self.known.push(name);
            }
        }
    }

    /// Whether a noun of a plain list, or of what the whole thing has, is an entity rather than a field.
    fn is_entity_here(&self, item: &Item, says: Says) -> bool {
        let label = item.words.iter().map(|word| nouns::singular(word)).collect::<Vec<_>>().join(" ");
        let is_value = says == Says::SubjectHas && self.main.is_some();
        let typed = item.kind.is_some() || item.unique || item.presence.is_some();
        let values = fields::takes_choices(item.head()) && !item.is_several();
        if typed || item.quantity == Quantity::One && !familiar::is_familiar(&label) {
            return false;
        }
        item.is_several()
            || item.quantity == Quantity::Many
            || !item.inner.is_empty() && !values
            || !is_value && familiar::is_familiar(&label) && fields::kind_of(&item.words) == Kind::Text
    }

    /// The entity that a noun names; nothing when it is a feature or no name at all.
    pub(super) fn entity_name(&self, item: &Item) -> Option<Name> {
        const NO_NOUNS: Words = Words(
            "is are must should not of on in at by with from to and be can will it they them use using there i we you everything
             something anything nothing stuff thing things please also make sure them",
        );
        let mut words = item.words.as_slice();
        while let [_, rest @ ..] = words
            && rest.last().is_some_and(|last| {
                matches!(
                    last.as_str(),
                    "entity"
                        | "entities"
                        | "model"
                        | "models"
                        | "resource"
                        | "resources"
                        | "table"
                        | "endpoint"
                )
            })
        {
            words = &words[..words.len() - 1];
        }
        let about: Vec<&str> = self.subject.split(' ').collect();
        while let [first, rest @ ..] = words
            && !rest.is_empty()
            && self.subject != nouns::singular(&words.join(" "))
            && about.contains(&first.as_str())
            && familiar::is_familiar(&nouns::singular(&rest.join(" ")))
            && !familiar::is_familiar(&Name::new(&words.join(" "))?.label())
        {
            words = rest;
        }
        let before = &words[..words.len().saturating_sub(1)];
        let strange = words.iter().any(|word| NO_NOUNS.has(word.as_str()))
            || before.iter().any(|word| {
                nouns::is_plural(word)
                    && !matches!(word.as_str(), "sales" | "goods" | "sports" | "savings" | "parts")
            });
        let is_feature = item.inner.is_empty()
            && (!features::absent(&item.tokens).is_empty() || features::is_present(&item.tokens));
        if words.is_empty() || words.len() > 3 || strange || is_feature {
            return None;
        }
        Name::new(&words.join(" "))
    }

    /// Between the passes: what the whole thing is about decides what there is when nothing else was named.
    fn settle_subject(&mut self, statements: &[Statement]) -> Result<(), GenerationError> {
        let domain = familiar::domain(&self.subject);
        let weak = !statements
            .iter()
            .any(|statement| statement.says == Says::Subject && !statement.items.is_empty());
        let bare = self.bare_subject();
        let given: BTreeSet<&Name> = self.known.iter().collect();
        let owns_fields = statements.iter().any(|statement| {
            let is_field = |item: &Item| {
                !self.is_entity_here(item, Says::SubjectHas) && features::is_plain(&item.tokens)
            };
            statement.says == Says::SubjectHas && statement.items.iter().any(is_field)
        });
        let domain_main = domain.and_then(|domain| Name::new(domain.prompt.split([',', ' ', '.']).next()?));
        let only_satellites = !given.is_empty() && given.iter().all(|name| relations::is_satellite(name));
        let alone = given.is_empty()
            || given.len() == 1 && self.main.is_some() && !owns_fields && !has_fields(statements);
        match (domain, bare) {
            (Some(domain), _) if alone && !owns_fields => self.adopt(domain),
            (Some(_), _) if owns_fields || only_satellites => self.lead_with(domain_main),
            (None, Some(name)) if given.is_empty() && (!weak || familiar::is_familiar(&name.label())) => {
                self.lead_with(Some(name));
            }
            (None, bare) if owns_fields => self.lead_with(bare.or_else(|| Name::new("item"))),
            _ => {}
        }
        if self.known.is_empty() {
            return Err(GenerationError::NothingUnderstood);
        }
        for name in &self.known {
            self.blueprint.entity(name);
        }
        Ok(())
    }

    /// The subject without words such as `management`.
    fn bare_subject(&self) -> Option<Name> {
        let mut words: Vec<&str> = self.subject.split(' ').filter(|word| !word.is_empty()).collect();
        while words.len() > 1 && words.last().is_some_and(|last| verbs::KEEPING.has(last)) {
            words.pop();
        }
        let item = Item { words: words.iter().map(|word| (*word).to_owned()).collect(), ..Item::default() };
        self.entity_name(&item)
    }

    /// Makes an entity the one that the whole thing is about.
    fn lead_with(&mut self, name: Option<Name>) {
        let Some(name) = name else { return };
        if !self.known.contains(&name) {
            self.known.insert(0, name.clone());
        }
        self.main.get_or_insert(name);
    }

    /// Takes the usual entities of a domain over, and says so.
    fn adopt(&mut self, domain: &familiar::Domain) {
        let mut statements = outline::read(&prompt::sentences(domain.prompt));
        for statement in &mut statements {
            if statement.says == Says::Topic {
                statement.says = Says::Exist;
            }
        }
        let subject = std::mem::take(&mut self.subject);
        self.find_entities(&statements);
        self.subject = subject;
        let names: Vec<String> = self.known.iter().map(Name::plural_label).collect();
        self.blueprint
            .warn(format!("only the subject was given, so these were assumed: {}", names.join(", ")));
        for name in self.known.clone() {
            self.blueprint.entity(&name);
        }
        for statement in &statements {
            self.apply(statement);
        }
    }
}

/// Whether any entity was given fields.
fn has_fields(statements: &[Statement]) -> bool {
    statements.iter().any(|statement| {
        matches!(statement.says, Says::Have) || statement.items.iter().any(|item| !item.inner.is_empty())
    })
}
