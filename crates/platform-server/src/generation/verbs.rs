//! Where a sentence has its verbs, and who does it. Knows the verbs that relate things to each other.

use super::fields;
use super::prompt::Token;
use super::words::Words;

/// What a verb says about its owners and objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// `users have`, `posts with`
    Have,
    /// `comments belong to`, `posts are written by`
    Belong,
    /// `a task can belong to`
    MayBelong,
    /// `students enroll in`: many-to-many
    Join,
    /// `users write`: one-to-many
    Make,
    /// `members borrow`: for a while, so each may also be held by nobody
    Hold,
    /// `email must be`
    Are,
    /// Creating, listing, changing: what every entity can do.
    Manage,
    /// A verb that nobody here knows: `users can fly`.
    Other,
}

/// A verb in a run of tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    /// What it says.
    pub verb: Verb,
    /// Where its owners begin.
    pub start: usize,
    /// Where the verb, or the words that lead up to it, begins: the end of its owners.
    pub at: usize,
    /// Where its objects begin.
    pub end: usize,
    attached: bool,
}

impl Found {
    /// Whether the verb only adds to a noun of the clause before: `posts with`, `posts that have`.
    pub(super) fn is_attached(&self) -> bool {
        self.attached
    }

    /// Where the clause before this verb ends.
    pub(super) fn lead_end(&self) -> usize {
        if self.attached { self.at } else { self.start }
    }
}

const HAVE: Words = Words(
    "have has having contain contains containing include includes including comprise comprises need needs
     carry carries hold holds stores",
);
const MODALS: Words = Words("can may might could should must will shall");
const MAYBE: &[&str] = &["can", "may", "might", "could", "optionally"];
const ADVERBS: Words =
    Words("also only always often usually typically optionally each all both then not able to be");
const COPULAS: &[&str] = &["is", "are", "be", "being", "get", "gets"];
const QUALIFIERS: &[&str] = &["required", "optional", "unique", "mandatory", "nullable", "%default"];
const RELATIVES: &[&str] = &["that", "which", "who"];
const DWELLS: Words = Words(
    "work works live lives play plays reside resides stay stays sit sits run runs report reports depend depends refer refers
     stand stands fall falls hang hangs",
);
const BELONG_TAILS: Words = Words("by to in with under on of for from at into");
const PARTICIPLES: Words = Words(
    "owned written created made placed posted authored published submitted managed assigned taught led
     uploaded issued given sent linked related associated attached tied connected mapped hosted sold
     bought booked ordered borrowed organized organised grouped contained stored held located shared
     tagged reviewed filed listed part",
);
const JOINS: Words = Words(
    "enroll enrolls enrol enrols join joins attend attends participate participates register registers
     subscribe subscribes bookmark bookmarks collaborate collaborates speak speaks",
);
const MAKES: Words = Words(
    "write writes own owns place places publish publishes submit submits leave leaves add adds make makes
     upload uploads teach teaches buy buys sell sells send sends host hosts give gives perform performs
     create creates organize organizes complete completes log logs save saves",
);
const HOLDS: Words =
    Words("borrow borrows take takes reserve reserves rent rents drive drives use uses receive receives");
/// Verbs that are nouns as well: only behind `can` and the like.
const MAKES_BEHIND_MODAL: &[&str] = &["post"];
const JOINS_BEHIND_MODAL: &[&str] =
    &["book", "order", "like", "follow", "favorite", "favourite", "star", "rate"];
const MANAGES: Words = Words(
    "read update delete edit view list get remove browse see manage manages modify change crud retrieve
     fetch show views access find filter query",
);
const COMMANDS: Words = Words(
    "create build make generate write develop design implement give need want provide code scaffold
     produce program have set",
);
const POLITE: Words = Words(
    "please can could would you i i'd we like to me us let lets let's help hi hello hey really just up
     that is a an the my our new have get",
);
const SEPARATORS: &[&str] =
    &["and", "with", "or", "but", "where", "plus", "also", "then", "so", "while", "that", "which", "who"];
/// Where a noun that owns a verb cannot reach beyond.
const BOUNDARIES: Words = Words(
    "and or but where which that who so while then for when if because with since in plus so to managing
     of whose as %with",
);

/// Every verb of a sentence, from left to right.
pub(super) fn find_all(tokens: &[Token]) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    let mut from = 0;
    while let Some(found) = next(tokens, from, all.last()) {
        from = found.end;
        let belongs =
            all.last().is_some_and(|last: &Found| matches!(last.verb, Verb::Belong | Verb::MayBelong));
        if !(belongs && tokens[found.end - 1].is(&["with"]) && found.attached) {
            all.push(found);
        }
    }
    widen_first(tokens, &mut all);
    all
}

/// The next verb; behind "can like posts" also one without a subject: ", rate them".
fn next(tokens: &[Token], from: usize, last: Option<&Found>) -> Option<Found> {
    let chained = |at: usize| {
        let follows = at > from && (tokens[at - 1] == Token::Comma || tokens[at - 1].is(&["and", "or"]));
        let (verb, length) = action(&tokens[at..], Lead { modal: true, copula: false })
            .filter(|(verb, _)| follows && *verb != Verb::Other)?;
        let has_object = matches!(tokens.get(at + length), Some(Token::Word(_)));
        has_object.then_some(Found { verb, start: at, at, end: at + length, attached: false })
    };
    let behind_modal = last.is_some_and(|last| tokens[last.at].is_in(MODALS));
    (from..tokens.len()).find_map(|at| {
        let found = if behind_modal { chained(at) } else { None };
        found.or_else(|| verb_at(tokens, at, from))
    })
}

/// The first verb at or behind `from`.
pub(super) fn find(tokens: &[Token], from: usize) -> Option<Found> {
    (from..tokens.len()).find_map(|at| verb_at(tokens, at, from))
}

/// A sentence that begins with a list of owners is about all of them: `posts and comments have a body`.
fn widen_first(tokens: &[Token], all: &mut [Found]) {
    let Some(first) = all.first_mut().filter(|found| !found.attached) else { return };
    let before = &tokens[..first.start];
    let is_list = before.iter().all(|token| matches!(token, Token::Comma | Token::Word(_)))
        && before.last().is_some_and(|token| token.is(&["and"]))
        && before.iter().filter(|token| token.is_in(BOUNDARIES)).all(|token| token.is(&["and"]))
        && before.iter().all(|token| !token.is_in(KINDS));
    if is_list {
        first.start = 0;
    }
}

/// The verb that begins at a token, modals and relative pronouns before it included.
fn verb_at(tokens: &[Token], at: usize, from: usize) -> Option<Found> {
    let mut word = at;
    let relative = at > from && tokens[at].is(RELATIVES);
    word += usize::from(relative);
    let modal = tokens.get(word).is_some_and(|token| token.is_in(MODALS) || token.is(&["optionally"]));
    let maybe = modal && tokens[word].is(MAYBE);
    while tokens
        .get(word)
        .is_some_and(|token| word < at + 6 && (token.is_in(MODALS) || modal && token.is_in(ADVERBS)))
    {
        word += 1;
    }
    let copula = word > at && tokens[word - 1].is(COPULAS);
    let (verb, length) = plain_verb(&tokens[word..], Lead { modal, copula })?;
    let verb = if verb == Verb::Belong && maybe { Verb::MayBelong } else { verb };
    let mut start = owner_start(tokens, at, from);
    if tokens[word].is(&["%many-to-many"]) && start > from && tokens[start - 1].is(&["in", "as", "with"]) {
        start -= 1;
    }
    let with = tokens[word].is(&["with"]);
    let owner = &tokens[start..at];
    if with && !relative && is_value(owner) || owner.is_empty() && verb == Verb::Have && with && at == from {
        return None;
    }
    let needs_owner = matches!(verb, Verb::Make | Verb::Hold | Verb::Are)
        || verb == Verb::Join && !tokens[word].is(&["%many-to-many"])
        || verb == Verb::Manage && !modal;
    if needs_owner && owner.is_empty() && !(at > from && tokens[at - 1].is(&["and"])) {
        return None;
    }
    Some(Found { verb, start, at, end: word + length, attached: relative || with })
}

/// What comes before the verb itself.
#[derive(Clone, Copy)]
struct Lead {
    modal: bool,
    copula: bool,
}

/// The verb without what leads up to it, and how many tokens it takes.
fn plain_verb(tokens: &[Token], lead: Lead) -> Option<(Verb, usize)> {
    let first = tokens.first()?;
    let second = tokens.get(1);
    let links = |length: usize| {
        let noun = tokens
            .iter()
            .take(6)
            .position(|token| token.is(&["relation", "relations", "relationship", "relationships"]));
        let to = tokens.iter().take(6).position(|token| token.is(&["with", "between", "to"]));
        Some((Verb::Join, to.or(noun).map_or(length, |to| to + 1)))
    };
    if (first.is_in(HAVE) || first.is(COPULAS))
        && tokens.iter().take(4).any(|token| token.is(&["%many-to-many"]))
    {
        return links(2);
    }
    if first.is(&["%many-to-many"]) {
        return links(1);
    }
    if first.is_in(HAVE) || first.is(&["with"]) {
        return Some((Verb::Have, 1));
    }
    if first.is(&["%belongs"]) {
        return Some((Verb::Belong, 1));
    }
    let participle = |token: Option<&Token>, tail: Option<&Token>| {
        let (Some(token), Some(tail)) = (token, tail) else { return false };
        let passive = ["ed", "en", "wn", "ught", "ld"].iter().any(|end| token.word().ends_with(end));
        token.is_in(PARTICIPLES) && tail.is_in(BELONG_TAILS) || passive && tail.is(&["by"])
    };
    if first.is_in(DWELLS) && second.is_some_and(|tail| tail.is_in(BELONG_TAILS)) {
        return Some((Verb::Belong, 2));
    }
    if first.is(COPULAS) && participle(second, tokens.get(2)) {
        return Some((Verb::Belong, 3));
    }
    if (lead.copula || !lead.modal) && participle(Some(first), second) {
        return Some((Verb::Belong, 2));
    }
    if first.is(COPULAS) && second.is_some_and(|token| token.is(QUALIFIERS)) {
        return Some((Verb::Are, 1));
    }
    if lead.copula && first.is(QUALIFIERS) {
        return Some((Verb::Are, 0));
    }
    action(tokens, lead)
}

/// A chain of actions (`create, edit and delete`) and the preposition behind it.
fn action(tokens: &[Token], Lead { modal, .. }: Lead) -> Option<(Verb, usize)> {
    let of = |token: &Token| {
        if token.is_in(JOINS) || modal && token.is(JOINS_BEHIND_MODAL) {
            Some(Verb::Join)
        } else if token.is_in(MAKES) || modal && token.is(MAKES_BEHIND_MODAL) {
            Some(Verb::Make)
        } else if token.is_in(HOLDS) {
            Some(Verb::Hold)
        } else if modal && token.is_in(MANAGES) {
            Some(Verb::Manage)
        } else {
            None
        }
    };
    let Some(mut verb) = tokens.first().and_then(of) else {
        return (modal && !tokens.first()?.word().is_empty()).then_some((Verb::Other, 1));
    };
    let mut end = 1;
    while let Some((offset, next)) =
        next_in_chain(&tokens[end..]).filter(|(_, token)| modal && of(token).is_some())
    {
        if verb == Verb::Manage {
            verb = of(next).unwrap_or(verb);
        }
        end += offset + 1;
    }
    let preposition = |token: &&Token| token.is(&["in", "into", "on", "to", "for", "up", "at", "from"]);
    end += tokens[end..].iter().take(2).take_while(preposition).count();
    Some((verb, end))
}

/// The next word of an enumeration, and where it stands.
fn next_in_chain(tokens: &[Token]) -> Option<(usize, &Token)> {
    let separators =
        tokens.iter().take_while(|token| **token == Token::Comma || token.is(&["and", "or"])).count();
    (separators > 0).then(|| tokens.get(separators).map(|token| (separators, token))).flatten()
}

/// Where the noun before a verb begins.
fn owner_start(tokens: &[Token], at: usize, from: usize) -> usize {
    let mut start = at;
    while start > from {
        let before = &tokens[start - 1];
        let inside = match before {
            Token::Word(_) => !before.is_in(BOUNDARIES),
            Token::Group(_) => true,
            Token::Comma | Token::Colon | Token::Slash => false,
        };
        if !inside {
            break;
        }
        start -= 1;
    }
    start
}

/// Whether the noun is a value, whose `with` only describes it: `a price with two decimals`.
fn is_value(owner: &[Token]) -> bool {
    let words = super::prompt::name_words(owner);
    let words: Vec<String> =
        words.into_iter().filter(|word| word != "a" && word != "an" && word != "the").collect();
    let several = words.last().is_some_and(|head| super::nouns::is_plural(head));
    !words.is_empty() && !several && fields::kind_of(&words) != super::blueprint::Kind::Text
}

/// Whether the owners are only a pronoun for somebody named before.
pub(super) fn is_pronoun(owners: &[Token]) -> bool {
    let pronoun = |token: &Token| {
        token.is(&[
            "it", "a", "an", "the", "they", "each", "both", "these", "those", "all", "which", "one",
            "everyone", "that",
        ])
    };
    owners.iter().all(pronoun)
}

/// Whether the words call the whole thing an API, a tracker or the like.
pub(super) fn names_the_whole(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.is_in(KINDS)) || tokens.last().is_some_and(|last| last.is_in(KEEPING))
}

/// Whether the words begin with a command: `create`, `I need`, `please build`.
pub(super) fn is_command(tokens: &[Token]) -> bool {
    without_command(tokens).1
}

/// The tokens behind `please create a`, and whether there was such a thing.
pub(super) fn without_command(tokens: &[Token]) -> (&[Token], bool) {
    let polite = tokens.iter().take(8).take_while(|token| token.is_in(POLITE) && !is_create(token)).count();
    let command = tokens.get(polite).is_some_and(is_create);
    if !command {
        return (tokens, false);
    }
    let mut rest = &tokens[polite + 1..];
    while let Some((_, behind)) =
        rest.split_first().filter(|(first, _)| first.is_in(POLITE) || is_create(first))
    {
        rest = behind;
    }
    (rest, true)
}

fn is_create(token: &Token) -> bool {
    token.is_in(COMMANDS)
}

/// The tokens without `,`, `and` and the like at both ends.
pub(super) fn without_separators(tokens: &[Token]) -> &[Token] {
    let separates =
        |token: &Token| matches!(token, Token::Comma | Token::Colon | Token::Slash) || token.is(SEPARATORS);
    let start = tokens.iter().take_while(|token| separates(token)).count();
    let end = tokens.iter().rev().take_while(|token| separates(token)).count();
    tokens.get(start..tokens.len().saturating_sub(end)).unwrap_or_default()
}

/// Words behind a subject that only say that it is kept.
pub(super) const KEEPING: Words = Words(
    "management manager tracker tracking list lists catalog catalogue registry directory database records
     planner organizer organiser collection administration crud data keeping log portal",
);
/// What a generated thing may be called.
const KINDS: Words = Words(
    "api apis backend back-end service services microservice server application app system platform
     project endpoint endpoints website site tool software solution webapp interface webservice",
);
/// What it may be like.
const FILLERS: Words = Words(
    "a an the simple basic small rest restful crud json http web complete full modern fastapi python
     minimal nice little scalable robust secure production ready production-ready good clean me with my
     our new tiny great something anything stuff thing things it this that please some of sort kind
     typical standard online rest-api using in sqlalchemy pydantic sqlite postgresql postgres for and to
     you hello hi world async fully featured based personal",
);
const GERUNDS: Words = Words(
    "managing manage manages tracking track tracks storing store handling handle handles organizing
     organising organize keeping keep running run recording record maintaining maintain of creating
     administering a an the my our some all administrating planning plan sharing",
);

/// What the whole thing is about, and what is listed behind `for`.
pub(super) struct Subject {
    /// The nouns.
    pub tokens: Vec<Token>,
    /// What stood before `for`, if that says something as well: `a bookstore API for …`.
    pub before: Vec<Token>,
    /// Whether the words call it an API, an app or the like.
    pub named: bool,
}

/// Reads `a todo list API`, `a REST API for managing books` or just `books`.
pub(super) fn subject(tokens: &[Token]) -> Subject {
    let named = tokens.iter().any(|token| token.is_in(KINDS));
    let joint = (0..tokens.len()).find(|at| {
        tokens[*at].is(&["for"])
            || tokens[*at].is(&["to", "that", "which"])
                && tokens.get(at + 1).is_some_and(|next| next.is_in(GERUNDS))
    });
    let (before, after) = match joint {
        Some(at) => (&tokens[..at], &tokens[at + 1..]),
        None => (tokens, &tokens[..0]),
    };
    let plain = |token: &&Token| !token.is_in(KINDS) && (!named || !token.is_in(FILLERS));
    let before: Vec<Token> = before.iter().filter(plain).cloned().collect();
    let skipped = after.iter().take_while(|token| token.is_in(GERUNDS)).count();
    let after = &after[skipped..];
    let kept: Vec<Token> = after.iter().filter(|token| !token.is_in(KINDS)).cloned().collect();
    if kept.is_empty() {
        return Subject { tokens: only_words(before), before: Vec::new(), named };
    }
    Subject { tokens: kept, before: only_words(before), named: true }
}

/// Nothing instead of fillers alone.
fn only_words(tokens: Vec<Token>) -> Vec<Token> {
    if tokens.iter().all(|token| token.is_in(FILLERS) || *token == Token::Comma) {
        Vec::new()
    } else {
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::super::prompt::{sentences, text};
    use super::*;

    fn verbs(sentence: &str) -> Vec<(Verb, String)> {
        let tokens = &sentences(sentence)[0].tokens;
        find_all(tokens).iter().map(|found| (found.verb, text(&tokens[found.start..found.at]))).collect()
    }

    #[test]
    fn verbs_know_their_owners() {
        let one = |verb, owner: &str| vec![(verb, owner.to_owned())];
        assert_eq!(verbs("users have an email"), one(Verb::Have, "users"));
        assert_eq!(verbs("posts and comments have a body"), one(Verb::Have, "posts and comments"));
        assert_eq!(verbs("each order belongs to a customer"), one(Verb::Belong, "each order"));
        assert_eq!(verbs("a task can be assigned to a user"), one(Verb::MayBelong, "a task"));
        assert_eq!(verbs("posts are written by users"), one(Verb::Belong, "posts"));
        assert_eq!(verbs("users can create, edit and delete posts"), one(Verb::Make, "users"));
        assert_eq!(verbs("students enroll in courses"), one(Verb::Join, "students"));
        assert_eq!(verbs("email must be unique"), one(Verb::Are, "email"));
        assert_eq!(verbs("users and orders"), []);
        assert_eq!(verbs("a price with two decimals"), []);
        assert_eq!(
            verbs("posts have a title and comments that have a text"),
            [(Verb::Have, "posts".to_owned()), (Verb::Have, "comments".to_owned())]
        );
    }

    #[test]
    fn subjects_lose_their_wrapping() {
        let about = |prompt: &str| {
            let tokens = &sentences(prompt)[0].tokens;
            text(&subject(without_command(tokens).0).tokens)
        };
        assert_eq!(about("Create a simple REST API for user management"), "user management");
        assert_eq!(about("please build me a todo list API"), "todo list");
        assert_eq!(about("an app to manage books and authors"), "books and authors");
        assert_eq!(about("make me an API"), "");
    }
}
