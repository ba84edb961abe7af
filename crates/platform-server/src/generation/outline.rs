//! The layout of a prompt: headings, what stands behind a colon, and bullet lists with what they are about.

use super::familiar;
use super::fields;
use super::items::{Item, items};
use super::prompt::{self, Sentence, Token};
use super::statements::{Begins, Says, Statement, fold_choices, sentence};
use super::verbs;

const ENTITY_WORDS: &[&str] = &["entities", "models", "resources", "tables", "objects", "collections"];
const FIELD_WORDS: &[&str] = &["fields", "attributes", "columns", "properties"];
/// Headings over sentences.
const PROSE_WORDS: &[&str] = &["relations", "relationships", "requirements", "rules", "notes", "features"];

/// The statements of a whole prompt.
pub(super) fn read(sentences: &[Sentence]) -> Vec<Statement> {
    let mut outline = Outline::default();
    let mut begins = Begins::First;
    for sentence in sentences {
        let tokens = fold_choices(&sentence.tokens);
        outline.read_line(&Line { tokens: &tokens, sentence, begins });
        begins = Begins::Further;
    }
    outline.statements
}

struct Line<'a> {
    tokens: &'a [Token],
    sentence: &'a Sentence,
    begins: Begins,
}

/// A line with a colon that is not a field with its type.
struct Titled<'a> {
    before: &'a [Token],
    after: &'a [Token],
    listed: Vec<Item>,
    quote: &'a str,
    begins: Begins,
}

/// What a heading announces.
#[derive(Debug, Clone)]
enum Heading {
    /// `Entities:`
    Entities,
    /// `User:`
    Owner(Vec<Item>),
}

/// What was read so far, and which heading the next bullets belong to.
#[derive(Default)]
struct Outline {
    statements: Vec<Statement>,
    heading: Option<Heading>,
    /// The last bullet's indentation and noun: deeper bullets are about it.
    bullet: Option<(usize, Vec<Item>)>,
}

impl Outline {
    fn read_line(&mut self, line: &Line<'_>) {
        let colon = line.tokens.iter().position(|token| *token == Token::Colon);
        let quote = &line.sentence.quote;
        if line.sentence.bullet.is_none() {
            self.bullet = None;
        }
        match colon {
            Some(at) if is_heading(&line.tokens[..at], &line.tokens[at + 1..]) => {
                let (before, after) = (&line.tokens[..at], &line.tokens[at + 1..]);
                let titled = Titled { before, after, listed: items(after), quote, begins: line.begins };
                self.read_heading(titled, line.sentence.bullet);
            }
            _ if line.sentence.bullet.is_some() => self.read_bullet(line),
            _ => {
                self.heading = None;
                self.statements.extend(sentence(line.tokens, quote, line.begins));
            }
        }
    }

    fn read_heading(&mut self, titled: Titled<'_>, bullet: Option<usize>) {
        let first = titled.begins == Begins::First;
        if titled.before.last().is_some_and(|last| last.is(FIELD_WORDS)) || titled.gives_values() {
            self.fields(titled);
        } else if announces(titled.before) || titled.before.last().is_some_and(|last| last.is(PROSE_WORDS)) {
            self.announcement(titled);
        } else if verbs::is_command(titled.before) {
            self.command(titled);
        } else if first && verbs::names_the_whole(titled.before) {
            let about = items(&verbs::subject(titled.before).tokens);
            self.statements.push(Statement::about_all(Says::Subject, about, titled.quote));
            self.statements.extend(sentence(titled.after, titled.quote, Begins::Further));
        } else if first && titled.lists_a_domain() {
            let about = items(titled.before);
            self.statements.push(Statement::about_all(Says::Subject, about, titled.quote));
            self.statements.push(Statement::about_all(Says::SubjectHas, titled.listed, titled.quote));
        } else {
            self.owner(titled, bullet);
        }
    }

    /// `Fields: name, email` and `status: open, closed`.
    fn fields(&mut self, titled: Titled<'_>) {
        let owners = self.owner_of(titled.before);
        let mut listed = titled.listed;
        if !titled.before.last().is_some_and(|last| last.is(FIELD_WORDS)) {
            let mut field = items(titled.before);
            if let Some(field) = field.first_mut() {
                field.inner = listed;
            }
            listed = field;
        }
        self.statements.push(Statement::of(owners, Says::Have, listed, titled.quote));
    }

    /// `Create an API with these entities: users, posts` and `Relations: …`.
    fn announcement(&mut self, titled: Titled<'_>) {
        let (last, lead) = titled.before.split_last().expect("a heading has words");
        if lead.len() > 3 || verbs::is_command(lead) {
            self.statements.extend(sentence(lead, titled.quote, titled.begins));
        }
        let entities = !last.is(PROSE_WORDS) && !last.is(FIELD_WORDS);
        self.heading = entities.then_some(Heading::Entities);
        if entities && !titled.listed.is_empty() {
            self.statements.push(Statement::about_all(Says::Exist, titled.listed, titled.quote));
        } else {
            self.statements.extend(sentence(titled.after, titled.quote, Begins::Further));
        }
    }

    /// `Create a backend for a hospital: patients, doctors`.
    fn command(&mut self, titled: Titled<'_>) {
        self.statements.extend(sentence(titled.before, titled.quote, titled.begins));
        if verbs::find(titled.after, 0).is_some() {
            self.statements.extend(sentence(titled.after, titled.quote, Begins::Further));
        } else {
            self.statements.push(Statement::about_all(Says::SubjectHas, titled.listed, titled.quote));
        }
    }

    /// `User: name, email`, and `User:` over bullets.
    fn owner(&mut self, titled: Titled<'_>, bullet: Option<usize>) {
        let owners = items(titled.before);
        if bullet.is_none() {
            self.heading = Some(Heading::Owner(owners.clone()));
        }
        self.bullet = bullet.map(|indent| (indent, owners.clone()));
        if verbs::find(titled.after, 0).is_some() {
            self.statements.push(Statement::of(owners, Says::Have, Vec::new(), titled.quote));
            self.statements.extend(sentence(titled.after, titled.quote, Begins::Further));
        } else {
            self.statements.push(Statement::of(owners, Says::Have, titled.listed, titled.quote));
        }
    }

    /// Whose fields `User fields:` or a lone `Fields:` announces.
    fn owner_of(&self, before: &[Token]) -> Vec<Item> {
        let named = items(&before[..before.len() - 1]);
        match (&self.bullet, &self.heading) {
            _ if !named.is_empty() => named,
            (Some((_, owner)), _) | (None, Some(Heading::Owner(owner))) => owner.clone(),
            (None, _) => Vec::new(),
        }
    }

    fn read_bullet(&mut self, line: &Line<'_>) {
        let quote = &line.sentence.quote;
        if verbs::find(line.tokens, 0).is_some() {
            self.statements.extend(sentence(line.tokens, quote, Begins::Further));
            return;
        }
        let indent = line.sentence.bullet.unwrap_or(0);
        let listed = items(line.tokens);
        let above = self.bullet.as_ref().filter(|(above, _)| indent > *above).map(|(_, owner)| owner.clone());
        let (owners, says) = match (above, &self.heading) {
            (Some(owner), _) => (owner, Says::Have),
            (None, Some(Heading::Owner(owner))) => (owner.clone(), Says::Have),
            (None, _) => {
                self.bullet = Some((indent, listed.clone()));
                (Vec::new(), Says::Exist)
            }
        };
        self.statements.push(Statement::of(owners, says, listed, quote));
    }
}

impl Titled<'_> {
    /// `status: open, closed` gives values, not fields.
    fn gives_values(&self) -> bool {
        let [noun] = self.before else { return false };
        fields::takes_choices(noun.word()) && self.listed.len() > 1
    }

    /// `Blog: posts, comments` is about a field of work, not about an entity of that name.
    fn lists_a_domain(&self) -> bool {
        let is_many = |item: &Item| item.is_several() || !item.inner.is_empty();
        let known = familiar::domain(&prompt::text(self.before).to_lowercase()).is_some();
        known && !self.listed.is_empty() && self.listed.iter().all(is_many)
    }
}

/// Whether what stands before a colon is a title for what follows, and not a field with its type.
fn is_heading(before: &[Token], after: &[Token]) -> bool {
    let plain = before.iter().all(|token| matches!(token, Token::Word(_)));
    let typed =
        after.first().is_some_and(|token| fields::type_named(token.word()).is_some() || token.is(&["enum"]));
    let pairs = after.contains(&Token::Colon);
    let verb = verbs::find(before, 0).is_some();
    !before.is_empty()
        && (plain && !verb && (before.len() <= 5 || verbs::is_command(before)) || announces(before))
        && (!typed || pairs || after.is_empty())
}

/// Whether the words announce a list: `with the following entities`.
fn announces(tokens: &[Token]) -> bool {
    tokens.last().is_some_and(|last| last.is(ENTITY_WORDS) || last.is(FIELD_WORDS) || last.is(&["following"]))
}
