//! The items of a list: a noun with what is said about it. "an optional bio, age (integer) and many posts" has three.

use super::blueprint::{Kind, Literal, Presence};
use super::fields;
use super::nouns;
use super::prompt::{Token, name_words};
use super::words::Words;

/// How many of it there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Quantity {
    /// Not said.
    #[default]
    Plain,
    /// One.
    One,
    /// Many.
    Many,
}

/// A noun of a list with what is said about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Item {
    /// The noun with its modifiers, as identifier words.
    pub words: Vec<String>,
    /// How many.
    pub quantity: Quantity,
    /// Whether it must be there, if said.
    pub presence: Option<Presence>,
    /// Whether it is said to be unique.
    pub unique: bool,
    /// The type, if said.
    pub kind: Option<Kind>,
    /// The default, if said.
    pub default: Option<Literal>,
    /// What stands in brackets behind it: fields or values.
    pub inner: Vec<Item>,
    /// The tokens it was read from.
    pub tokens: Vec<Token>,
}

impl Item {
    /// The last word.
    pub(super) fn head(&self) -> &str {
        self.words.last().map_or("", String::as_str)
    }

    /// The words as one text.
    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }

    /// Whether it is several things, not one value.
    pub(super) fn is_several(&self) -> bool {
        self.kind.is_none() && nouns::is_plural(self.head()) && !fields::is_plural_value(self.head())
    }

    /// The texts of what stands in brackets, as values of an enumeration.
    pub(super) fn values(&self) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for value in self.inner.iter().map(Self::as_written) {
            if !value.is_empty() && !values.contains(&value) {
                values.push(value);
            }
        }
        values
    }

    /// The words as they were written, where they are the same words.
    fn as_written(&self) -> String {
        let words = self.tokens.iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.text.as_str()),
            _ => None,
        });
        let written = words.collect::<Vec<_>>().join(" ");
        if super::name::words(&written) == self.words { written } else { self.text() }
    }

    /// Whether it says something about another item and names nothing itself.
    fn is_only_modifier(&self) -> bool {
        self.words.is_empty() && self.inner.is_empty()
    }

    /// Whether nothing was said about it.
    fn says_nothing(&self) -> bool {
        self.presence.is_none() && !self.unique && self.kind.is_none() && self.default.is_none()
    }

    fn take_over(&mut self, modifier: Self) {
        self.presence = modifier.presence.or(self.presence);
        self.unique |= modifier.unique;
        self.kind = modifier.kind.or(self.kind.take());
        self.default = modifier.default.or(self.default.take());
        self.tokens.extend(modifier.tokens);
    }
}

const DETERMINERS: Words = Words(
    "a an the their its it's his her each every all any some own also both our my this these those then
     basic simple just only exactly least at like respective different new certain given other corresponding
     associated related following usual typical",
);
const MANY: &[&str] =
    &["%many", "many", "multiple", "several", "various", "numerous", "two", "three", "four", "five"];
/// What a whole number may count: `interval in days`.
const UNITS: &[&str] = &["seconds", "minutes", "hours", "days", "weeks", "months", "years", "cents"];
const ONE: &[&str] = &["%one", "one", "single"];
const OPTIONAL: &[&str] = &["optional", "optionally", "nullable", "possibly", "maybe", "perhaps"];
const REQUIRED: &[&str] = &["required", "mandatory", "compulsory", "obligatory"];
const UNIQUE: &[&str] = &["unique", "distinct"];
const LINKING: Words = Words("which that is are must should be being has to as of type a an");
/// Where what follows no longer names the thing.
const TAILS: Words = Words(
    "for from in to by via when if because so using within where while as inside under through
     including during across",
);
const FIELD_WORDS: &[&str] =
    &["field", "fields", "attribute", "attributes", "column", "columns", "properties"];

/// The items of a list. A part that only says something (", required") belongs to the item before it.
pub(super) fn items(tokens: &[Token]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for part in parts(tokens) {
        let item = item(part);
        match items.last_mut() {
            Some(last) if item.is_only_modifier() => last.take_over(item),
            _ if item.words.is_empty() => items.extend(item.inner),
            _ => items.push(item),
        }
    }
    items
}

/// The parts between commas, slashes, `and` and `or`.
fn parts(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    let separates = |token: &Token| {
        matches!(token, Token::Comma | Token::Slash)
            || token.is(&["and", "or", "plus", "&", "and/or", "%with", "but"])
    };
    tokens.split(separates).filter(|part| !part.is_empty())
}

/// One item.
fn item(tokens: &[Token]) -> Item {
    let mut item = Item { tokens: tokens.to_vec(), ..Item::default() };
    let tokens = match tokens.iter().rposition(|token| token.is(&["called", "named", "labelled", "labeled"]))
    {
        Some(at) if at + 1 < tokens.len() => &tokens[at + 1..],
        _ => tokens,
    };
    let colon = tokens.iter().position(|token| *token == Token::Colon).unwrap_or(tokens.len());
    let (noun, rest) = tokens.split_at(colon);
    let noun = read_modifiers(&mut item, noun);
    item.words = name_words(noun);
    if item.words.is_empty() && item.says_nothing() && colon == tokens.len() {
        // "single" and "a" are names too, where nothing else is there: a type (single, multiple).
        item.words = name_words(tokens);
        item.quantity = Quantity::Plain;
    }
    while item.words.len() > 1 && FIELD_WORDS.contains(&item.head()) {
        item.words.pop();
    }
    let inner = noun_groups(tokens);
    let values = rest.get(1..).unwrap_or_default();
    attach(&mut item, inner);
    if !values.is_empty() {
        attach(&mut item, items(values));
    }
    item
}

/// What stands in brackets directly in this item.
fn noun_groups(tokens: &[Token]) -> Vec<Item> {
    let groups = tokens.iter().filter_map(|token| match token {
        Token::Group(inner) => Some(items(inner)),
        _ => None,
    });
    groups.flatten().collect()
}

/// Reads what stands in brackets or behind a colon: what is said about the item, or its fields or values.
fn attach(item: &mut Item, mut inner: Vec<Item>) {
    if let Some(first) =
        inner.first_mut().filter(|first| first.words.first().is_some_and(|word| is_enum_word(word)))
    {
        first.words.remove(0);
        let behind_colon = std::mem::take(&mut first.inner);
        item.inner.extend(behind_colon);
        item.inner.extend(inner.into_iter().filter(|value| !value.words.is_empty()));
        return;
    }
    if !are_modifiers(item, &inner) {
        item.inner.extend(inner);
        return;
    }
    for mut modifier in inner {
        let named = modifier.words.first().and_then(|word| fields::type_named(word));
        modifier.kind = modifier.kind.or(named);
        modifier.words.clear();
        item.take_over(modifier);
    }
}

fn is_enum_word(word: &str) -> bool {
    matches!(word, "enum" | "choice" | "choices" | "enumeration")
}

/// Whether what stands behind a noun says what it is like. `(integer, optional)` does; `(email, password)` are fields.
fn are_modifiers(item: &Item, inner: &[Item]) -> bool {
    const PURE: Words = Words(
        "string integer int boolean bool float decimal datetime varchar str json uuid timestamp text
         numeric number double strings",
    );
    let is_type = |one: &Item| matches!(one.words.as_slice(), [word] if fields::type_named(word).is_some());
    let only_modifier = |one: &Item| one.words.is_empty() && one.inner.is_empty();
    let pure = |one: &Item| is_type(one) && PURE.has(one.head());
    let one_value = inner.len() == 1 && !item.is_several();
    !inner.is_empty()
        && inner.iter().all(|one| is_type(one) || only_modifier(one))
        && (one_value
            || inner
                .iter()
                .any(|one| pure(one) || only_modifier(one) || one.presence.is_some() || one.unique))
}

/// Takes determiners, quantities and qualifiers off both ends; what is left is the noun.
fn read_modifiers<'a>(item: &mut Item, tokens: &'a [Token]) -> &'a [Token] {
    let mut noun = without_default(item, tokens);
    let words = noun.iter().position(|token| matches!(token, Token::Group(_))).unwrap_or(noun.len());
    noun = &noun[..words];
    while let Some(first) = noun.first() {
        if first.is(MANY) || first.word().parse::<u32>().is_ok_and(|count| count > 1) {
            item.quantity = Quantity::Many;
        } else if first.is(ONE) {
            item.quantity = Quantity::One;
        } else if !qualify(item, first) && !first.is_in(DETERMINERS) {
            break;
        }
        noun = &noun[1..];
    }
    noun = without_tail(item, noun);
    while let [rest @ .., last] = noun {
        if !qualify(item, last) {
            break;
        }
        noun = rest;
        while let [rest @ .., last] = noun
            && last.is_in(LINKING)
        {
            noun = rest;
        }
    }
    if let [reference, to, rest @ ..] = noun
        && reference.is(&["reference", "references", "link", "relation"])
        && to.is(&["to"])
    {
        noun = rest;
    }
    while let Some(first) = noun.first().filter(|first| first.is_in(DETERMINERS)) {
        let _: &Token = first;
        noun = &noun[1..];
    }
    noun
}

/// Takes an adjective that says something; whether it was one.
fn qualify(item: &mut Item, token: &Token) -> bool {
    if token.is(OPTIONAL) {
        item.presence = Some(Presence::Optional);
    } else if token.is(REQUIRED) {
        item.presence = Some(Presence::Required);
    } else if token.is(UNIQUE) {
        item.unique = true;
    } else {
        return false;
    }
    true
}

/// Cuts what follows a preposition, after reading a type from `as an integer` or `of type integer`.
fn without_tail<'a>(item: &mut Item, noun: &'a [Token]) -> &'a [Token] {
    if let Some(at) = noun.iter().position(|token| token.is(&["as", "type"])) {
        let named = noun[at..].last().and_then(|token| fields::type_named(token.word()));
        let cut = if at > 0 && noun[at - 1].is(&["of"]) { at - 1 } else { at };
        if at > 0 && named.is_some() {
            item.kind = named;
            return &noun[..cut];
        }
    }
    let reference =
        noun.first().is_some_and(|first| first.is(&["reference", "references", "link", "relation"]));
    let inside = |at: &usize| *at > 0 && *at + 1 < noun.len();
    let is_moment = noun.last().is_some_and(|last| last.is(&["date", "time", "at"]));
    let tail = (0..noun.len()).filter(inside).find(|at| {
        noun[*at].is_in(TAILS) && !(reference && *at == 1) && !is_moment // `check in date` is one name
    });
    let Some(tail) = tail else { return noun };
    let unit = noun.get(tail + 1).is_some_and(|unit| unit.is(UNITS));
    if noun[tail].is(&["in"]) && unit && fields::kind_of(&name_words(&noun[..tail])) == Kind::Text {
        item.kind = Some(Kind::Count);
    }
    &noun[..tail]
}

/// Takes `default X` and `defaults to X` off the end.
fn without_default<'a>(item: &mut Item, tokens: &'a [Token]) -> &'a [Token] {
    if let [rest @ .., last] = tokens
        && last.is(&["%bydefault"])
    {
        let value = rest.iter().rposition(|token| !token.word().is_empty()).unwrap_or(0);
        item.default = rest.get(value).map(|token| literal(token.word()));
        return &rest[..value];
    }
    let Some(at) = tokens.iter().position(|token| token.is(&["%default", "default"])) else { return tokens };
    let value: Vec<&str> =
        tokens[at + 1..].iter().map(Token::word).filter(|word| !word.is_empty() && *word != "to").collect();
    if value.is_empty() {
        return tokens;
    }
    item.default = Some(literal(&value.join(" ")));
    &tokens[..at]
}

/// A default as it was written.
pub(super) fn literal(text: &str) -> Literal {
    match text {
        "true" | "yes" | "on" => Literal::Boolean(true),
        "false" | "no" | "off" => Literal::Boolean(false),
        "zero" => Literal::Integer(0),
        _ => match text.parse::<i64>() {
            Ok(whole) => Literal::Integer(whole),
            Err(_) if text.parse::<f64>().is_ok_and(f64::is_finite) => Literal::Number(text.to_owned()),
            Err(_) => Literal::Text(text.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::prompt::sentences;
    use super::*;

    fn read(text: &str) -> Vec<Item> {
        items(&sentences(text)[0].tokens)
    }

    fn names(text: &str) -> Vec<String> {
        read(text).iter().map(Item::text).collect()
    }

    #[test]
    fn lists_split_into_nouns() {
        assert_eq!(names("an email, a name and the published at"), ["email", "name", "published at"]);
        assert_eq!(names("a field called nickname, a price in euros"), ["nickname", "price"]);
        assert_eq!(
            names("number of pages, is active, date of birth"),
            ["number of pages", "is active", "date of birth"]
        );
    }

    #[test]
    fn what_is_said_about_an_item_stays_with_it() {
        let [bio, age, title, email] =
            &read("optional bio, age (integer), title: string, required, unique email")[..]
        else {
            panic!("four items")
        };
        assert_eq!(bio.presence, Some(Presence::Optional));
        assert_eq!(age.kind, Some(Kind::Integer));
        assert_eq!((title.kind.clone(), title.presence), (Some(Kind::Text), Some(Presence::Required)));
        assert!(email.unique && email.words == ["email"]);
        let done = &read("done (boolean, default true)")[0];
        assert_eq!(
            (done.kind.clone(), done.default.clone()),
            (Some(Kind::Boolean), Some(Literal::Boolean(true)))
        );
        assert_eq!(read("stock as an integer")[0].kind, Some(Kind::Integer));
        assert_eq!(read("stock which is optional")[0].presence, Some(Presence::Optional));
    }

    #[test]
    fn brackets_hold_fields_values_or_a_type() {
        assert_eq!(read("users (email, password)")[0].inner.len(), 2);
        assert_eq!(read("status (open, in progress, done)")[0].values(), ["open", "in progress", "done"]);
        assert_eq!(read("status (enum: open, done)")[0].values(), ["open", "done"]);
        assert_eq!(read("birthday (date)")[0].kind, Some(Kind::Date));
    }

    #[test]
    fn quantities_are_understood() {
        let quantities: Vec<_> =
            read("many posts, one or more tags, one owner, a name").iter().map(|i| i.quantity).collect();
        assert_eq!(quantities, [Quantity::Many, Quantity::Many, Quantity::One, Quantity::Plain]);
    }
}
