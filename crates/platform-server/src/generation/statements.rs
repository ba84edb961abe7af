//! Sentences as statements: who has what, who belongs to whom. Reads grammar only; which noun is an entity and which a
//! field is decided in `entities.rs`; headings and bullets are followed in `outline.rs`.

use super::features;
use super::items::{Item, Quantity, items};
use super::prompt::{self, Token};
use super::verbs::{self, Found, Verb};

/// What a sentence, or a part of one, says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    /// Who it is about; empty when it goes on about whoever was meant before.
    pub owners: Vec<Item>,
    /// What is said.
    pub says: Says,
    /// The nouns it names.
    pub items: Vec<Item>,
    /// The part of the prompt, for warnings.
    pub quote: String,
}

impl Statement {
    /// A statement about the owners.
    pub(super) fn of(owners: Vec<Item>, says: Says, items: Vec<Item>, quote: &str) -> Self {
        Self { owners, says, items, quote: quote.to_owned() }
    }

    /// A statement about the whole, or about whoever was meant before.
    pub(super) fn about_all(says: Says, items: Vec<Item>, quote: &str) -> Self {
        Self::of(Vec::new(), says, items, quote)
    }
}

/// What is said about the owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// The whole thing is about this: `for user management`.
    Subject,
    /// Perhaps what the whole thing is about: the first words of the prompt, if they are known.
    Topic,
    /// The whole thing has these: `with users and roles`.
    SubjectHas,
    /// These exist: a plain list.
    Exist,
    /// The owners have these.
    Have,
    /// The owners belong to these.
    Belong,
    /// The owners may belong to these.
    MayBelong,
    /// The owners are linked many-to-many with these.
    Link,
    /// The owners make these.
    Make,
    /// The owners have these for a while.
    Hold,
    /// The owners are like this: `email must be unique`.
    Are,
    /// Nothing this generator knows.
    Unclear,
}

/// How a sentence begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begins {
    /// With `create` or the like.
    Command,
    /// It is the first one, so it may say what the whole is about.
    First,
    /// Neither.
    Further,
}

/// The statements of one sentence.
pub(super) fn sentence(tokens: &[Token], quote: &str, position: Begins) -> Vec<Statement> {
    let (tokens, command) = verbs::without_command(tokens);
    let found = verbs::find_all(tokens);
    let lead_end = found.first().map_or(tokens.len(), Found::lead_end);
    let begins = if command { Begins::Command } else { position };
    let mut statements = lead(&tokens[..lead_end], begins, quote);
    let one_subject =
        matches!(statements.as_slice(), [only] if matches!(only.says, Says::Subject | Says::Topic));
    for (number, verb) in found.iter().enumerate() {
        let end = found.get(number + 1).map_or(tokens.len(), Found::lead_end);
        let objects = &tokens[verb.end.min(end)..end];
        let about_all = number == 0 && one_subject && verb.is_attached();
        let has = if about_all { Says::SubjectHas } else { Says::Have };
        let mut said = clause(verb, tokens, objects, has);
        if said.says == Says::Link && said.items.is_empty() && said.owners.len() > 1 {
            // "movies and actors are many-to-many"
            said.items = said.owners.split_off(1);
        } else if said.says == Says::Link && said.items.is_empty() {
            // "movies and actors, many-to-many": about the list before.
            said.owners.clear();
            said.items = statements.last().map(|before: &Statement| before.items.clone()).unwrap_or_default();
        }
        statements.push(said);
    }
    statements
}

/// What stands before the first verb.
fn lead(tokens: &[Token], begins: Begins, quote: &str) -> Vec<Statement> {
    let statement = |says, items| Statement::about_all(says, items, quote);
    let tokens = verbs::without_separators(tokens);
    if tokens.is_empty() {
        return Vec::new();
    }
    if tokens[0].is(&["each", "every"]) {
        return vec![statement(Says::Unclear, Vec::new())];
    }
    if begins == Begins::Further {
        return vec![statement(Says::Exist, items(tokens))];
    }
    let subject = verbs::subject(tokens);
    let whole = if subject.named || begins == Begins::Command { Says::Subject } else { Says::Topic };
    let (before, listed) = (items(&subject.before), items(&subject.tokens));
    let mut statements = Vec::new();
    match listed.as_slice() {
        [one] if before.is_empty() && one.inner.is_empty() => statements.push(statement(whole, listed)),
        [] if subject.named => statements.push(statement(Says::Subject, Vec::new())),
        [] => {}
        _ => {
            let only_says_where = matches!(listed.as_slice(), [one] if !before.is_empty() && !one.is_several() && one.inner.is_empty());
            if !before.is_empty() {
                statements.push(statement(Says::Subject, before));
            }
            if !only_says_where {
                statements.push(statement(Says::Exist, listed));
            }
        }
    }
    statements
}

/// One verb with its owners and objects.
fn clause(verb: &Found, tokens: &[Token], objects: &[Token], has: Says) -> Statement {
    let owner_tokens = &tokens[verb.start..verb.at];
    let quote = prompt::quote(&prompt::text(&[owner_tokens, &tokens[verb.at..verb.end], objects].concat()));
    let objects = verbs::without_separators(objects);
    let mut listed = match verb.verb {
        Verb::Belong | Verb::MayBelong => {
            objects.split(|token| token.is(&["with"])).flat_map(items).collect()
        }
        _ => items(objects),
    };
    let owners = if verbs::is_pronoun(owner_tokens) { Vec::new() } else { items(owner_tokens) };
    let many = listed.iter().any(|item| item.quantity == Quantity::Many);
    let says = match verb.verb {
        Verb::Have => has,
        Verb::Belong | Verb::MayBelong if many => Says::Link,
        Verb::Belong => Says::Belong,
        Verb::MayBelong => Says::MayBelong,
        Verb::Join => Says::Link,
        _ if owner_tokens.first().is_some_and(|first| first.is(&["only"])) => Says::Unclear,
        Verb::Make => Says::Make,
        Verb::Hold => Says::Hold,
        Verb::Are => Says::Are,
        Verb::Other if many => Says::Hold,
        Verb::Other if features::absent(objects).is_empty() => Says::Unclear,
        Verb::Manage | Verb::Other => Says::Exist,
    };
    if verb.verb == Verb::Are {
        listed = items(&[owner_tokens, objects].concat());
    }
    Statement { owners, says, items: listed, quote }
}

/// Turns `status is one of open, closed or done` and `status open/closed` into `status (open, closed, done)`.
pub(super) fn fold_choices(tokens: &[Token]) -> Vec<Token> {
    let mut folded: Vec<Token> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let rest = &tokens[at..];
        if let Some(length) = choices_at(rest).filter(|_| !folded.is_empty()) {
            folded.push(Token::Group(rest[opener(rest)..length].to_vec()));
            at += length;
        } else if let Some(length) = slashes_at(rest) {
            folded.push(Token::Group(rest[..length].to_vec()));
            at += length;
        } else {
            match token {
                Token::Group(inner) if inner.iter().any(|token| token.is(&["%many-to-many"])) => {
                    folded.extend(inner.iter().cloned());
                }
                Token::Group(inner) => folded.push(Token::Group(fold_choices(inner))),
                other => folded.push(other.clone()),
            }
            at += 1;
        }
    }
    folded
}

/// How many tokens `a/b/c` takes here.
fn slashes_at(tokens: &[Token]) -> Option<usize> {
    let is_word = |at: usize| matches!(tokens.get(at), Some(Token::Word(_)));
    let more = (0..)
        .step_by(2)
        .take_while(|at| tokens.get(at + 1) == Some(&Token::Slash) && is_word(at + 2))
        .count();
    (is_word(0) && more > 0).then_some(more * 2 + 1)
}

/// How many tokens open a list of values here; zero when none do.
fn opener(tokens: &[Token]) -> usize {
    let words: Vec<&str> = tokens.iter().take(4).map(Token::word).collect();
    let length = match words.as_slice() {
        ["which" | "that", "can" | "may" | "could", "be", "either", ..] => 4,
        ["which" | "that", "can" | "may" | "could", "be", ..]
        | ["can" | "may" | "could", "be", "either", ..] => 3,
        ["can" | "may" | "could", "be", ..]
        | ["is" | "are" | "that" | "which", "either" | "%oneof" | "is", ..] => 2,
        ["either" | "%oneof" | "is", ..] => 1,
        _ => return 0,
    };
    length + usize::from(tokens.get(length) == Some(&Token::Colon))
}

/// How many tokens a list of values takes here, its opener included.
fn choices_at(tokens: &[Token]) -> Option<usize> {
    let start = opener(tokens);
    if start == 0 {
        return None;
    }
    if let Some(Token::Group(_)) = tokens.get(start) {
        return None;
    }
    let listed = tokens[start..]
        .iter()
        .take_while(|token| matches!(token, Token::Word(_) | Token::Comma | Token::Slash));
    let listed: Vec<&Token> = listed.collect();
    let verb = verbs::find(&tokens[start..], 0).map_or(listed.len(), |found| found.at.saturating_sub(1));
    let or = listed.iter().take(verb.max(1)).position(|token| token.is(&["or"]));
    let Some(or) = or else {
        let always = tokens[..start].iter().any(|token| token.is(&["%oneof"]));
        return (always && !listed.is_empty()).then_some(start + listed.len());
    };
    let ends = |token: &&&Token| {
        ***token != Token::Comma && !token.is(&["and", "with", "by", "%bydefault", "%default"])
    };
    let last = listed[or + 1..].iter().take_while(ends).count();
    let too_long = listed[..or].split(|token| **token == Token::Comma).any(|value| value.len() > 4);
    (last > 0 && !too_long).then_some(start + or + 1 + last)
}
