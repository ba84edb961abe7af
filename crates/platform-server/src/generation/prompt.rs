//! A prompt as sentences of tokens. Knows punctuation, brackets, bullets and a few fixed phrases; what the words mean is
//! decided elsewhere.

use super::name;
use super::words::Words;

/// How deep brackets are followed; deeper ones are read as if they were not there.
const DEPTH_MAX: usize = 4;

/// One piece of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A word, or a fixed phrase that stands for one.
    Word(Word),
    /// `,`
    Comma,
    /// `:` or `=`
    Colon,
    /// `/` or `|`
    Slash,
    /// What stands in brackets, or the values of an enumeration.
    Group(Vec<Token>),
}

/// A word with its place in the prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    /// In lower case; starts with `%` where it stands for a fixed phrase.
    pub lower: String,
    /// As it was written.
    pub text: String,
}

impl Token {
    /// The lower-case word, or nothing.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Word(word) => &word.lower,
            _ => "",
        }
    }

    /// Whether it is in this list.
    pub(super) fn is_in(&self, words: Words) -> bool {
        words.has(self.word())
    }

    /// Whether it is one of these words.
    pub(super) fn is(&self, words: &[&str]) -> bool {
        words.contains(&self.word()) && !self.word().is_empty()
    }
}

/// A sentence or a line.
#[derive(Debug, PartialEq)]
pub(super) struct Sentence {
    /// Its tokens.
    pub tokens: Vec<Token>,
    /// As it was written, on one line.
    pub quote: String,
    /// How far it is indented, if it is an item of a bullet list.
    pub bullet: Option<usize>,
}

/// Fixed phrases and the word that stands for each. Longer ones come before their own beginnings.
const PHRASES: &[(&str, &str)] = &[
    ("one or more", "%many"),
    ("one or several", "%many"),
    ("one or many", "%many"),
    ("zero or more", "%many"),
    ("zero or many", "%many"),
    ("at least one", "%many"),
    ("more than one", "%many"),
    ("any number of", "%many"),
    ("a number of", "%many"),
    ("a list of", "%many"),
    ("list of", "%many"),
    ("lists of", "%many"),
    ("a collection of", "%many"),
    ("a set of", "%many"),
    ("a lot of", "%many"),
    ("lots of", "%many"),
    ("many to many", "%many-to-many"),
    ("one to many", "%one-to-many"),
    ("many to one", "%many-to-one"),
    ("one to one", "%one-to-one"),
    ("at most one", "%one"),
    ("exactly one", "%one"),
    ("a single", "%one"),
    ("not null", "required"),
    ("non null", "required"),
    ("not required", "optional"),
    ("not nullable", "required"),
    ("not optional", "required"),
    ("can be null", "optional"),
    ("may be null", "optional"),
    ("can be empty", "optional"),
    ("may be empty", "optional"),
    ("as well as", "and"),
    ("and also", "and"),
    ("along with", "with"),
    ("together with", "with"),
    ("consisting of", "with"),
    ("made up of", "with"),
    ("made of", "with"),
    ("consists of", "has"),
    ("consist of", "have"),
    ("composed of", "with"),
    ("identified by", "with"),
    ("described by", "with"),
    ("belongs to", "%belongs"),
    ("belong to", "%belongs"),
    ("belonging to", "%belongs"),
    ("is part of", "%belongs"),
    ("are part of", "%belongs"),
    ("refers to", "%belongs"),
    ("refer to", "%belongs"),
    ("points to", "%belongs"),
    ("is one of", "%oneof"),
    ("are one of", "%oneof"),
    ("can be one of", "%oneof"),
    ("must be one of", "%oneof"),
    ("one of", "%oneof"),
    ("such as", "%with"),
    ("defaults to", "%default"),
    ("default to", "%default"),
    ("defaulting to", "%default"),
    ("by default", "%bydefault"),
    ("i'd like", "want"),
    ("i'd love", "want"),
    ("would like", "want"),
    ("would love", "want"),
    ("to do", "todo"),
    ("e mail", "email"),
    ("sign up", "signup"),
    ("log in", "login"),
];

/// The sentences of a prompt.
pub(super) fn sentences(prompt: &str) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for line in lines(prompt) {
        for text in split_sentences(&line.text) {
            let tokens = fold_phrases(&tokenise(&text));
            if !tokens.is_empty() {
                sentences.push(Sentence { tokens, quote: text.trim().to_owned(), bullet: line.bullet });
            }
        }
    }
    sentences
}

struct Line {
    text: String,
    bullet: Option<usize>,
}

/// Lines that stand for themselves: a line that only wraps the one before is joined to it.
fn lines(prompt: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut after_blank = true;
    for raw in prompt.lines() {
        let text = raw.trim();
        if text.is_empty() {
            after_blank = true;
            continue;
        }
        let indent = raw.len() - raw.trim_start().len();
        let (bullet, text) = match strip_bullet(text) {
            Some(rest) => (Some(indent), rest),
            None => (None, text),
        };
        let open = lines.last().is_some_and(|line| {
            let end = line.text.trim_end();
            end.ends_with([',', '(']) || end.ends_with(" and") || end.ends_with(" with")
        });
        let wraps = text.starts_with(|c: char| c.is_lowercase()) && !text.contains(':');
        match lines.last_mut() {
            Some(last) if bullet.is_none() && !after_blank && (open || wraps) => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            _ => lines.push(Line { text: text.to_owned(), bullet }),
        }
        after_blank = false;
    }
    lines
}

/// The text behind `- `, `* `, `• `, `1. ` or `2) `; headings of Markdown lose their `#`.
fn strip_bullet(line: &str) -> Option<&str> {
    for mark in ["- ", "* ", "+ ", "• ", "– "] {
        if let Some(rest) = line.strip_prefix(mark) {
            return Some(rest.trim());
        }
    }
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = rest.len() < line.len();
    rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") ")).filter(|_| numbered).map(str::trim)
}

/// Splits a line at `.`, `!`, `?` and `;` outside brackets.
fn split_sentences(line: &str) -> Vec<String> {
    let mut sentences = vec![String::new()];
    let mut depth = 0_usize;
    let mut letters = line.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let last = sentences.last().map_or("", String::as_str);
        let abbreviation = ["e.g", "i.e", "etc", " vs", "approx"].iter().any(|short| last.ends_with(short));
        let next_is_blank = letters.peek().is_none_or(|next| next.is_whitespace());
        let ends = match c {
            ';' | '!' | '?' => depth == 0,
            '.' => depth == 0 && next_is_blank && !abbreviation,
            _ => false,
        };
        if ends {
            sentences.push(String::new());
        } else if let Some(sentence) = sentences.last_mut() {
            sentence.push(c);
        }
    }
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

/// Words and punctuation of a text, brackets as groups.
fn tokenise(text: &str) -> Vec<Token> {
    let mut open: Vec<Vec<Token>> = vec![Vec::new()];
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphanumeric() || matches!(c, '_' | '-' | '\'' | '’' | '.' | '@') {
            word.push(c);
            continue;
        }
        let inner = open.last_mut().expect("the sentence itself is always open");
        push_word(inner, &std::mem::take(&mut word));
        match c {
            ',' => inner.push(Token::Comma),
            ':' | '=' => inner.push(Token::Colon),
            '/' | '|' => inner.push(Token::Slash),
            '&' | '+' => push_word(inner, "and"),
            '(' | '[' | '{' if open.len() <= DEPTH_MAX => open.push(Vec::new()),
            ')' | ']' | '}' if open.len() > 1 => close(&mut open),
            _ => {}
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop().unwrap_or_default()
}

fn close(open: &mut Vec<Vec<Token>>) {
    if let (Some(group), Some(outer)) = (open.pop(), open.last_mut()) {
        outer.push(Token::Group(fold_phrases(&group)));
    }
}

/// Adds a word without quotes, dots at its ends and the `'s` of a possessive; one of other scripts stays for the quote.
fn push_word(tokens: &mut Vec<Token>, text: &str) {
    let text = text.trim_matches(|c: char| matches!(c, '\'' | '’' | '.' | '-' | '@'));
    let text = text.strip_suffix("'s").or_else(|| text.strip_suffix("’s")).unwrap_or(text);
    if text.is_empty() {
        return;
    }
    let lower = match text.to_lowercase().as_str() {
        "to-do" | "to-dos" => "todo".to_owned(),
        "e-mail" | "e-mails" => "email".to_owned(),
        "many-to-many" => "%many-to-many".to_owned(),
        "one-to-many" => "%one-to-many".to_owned(),
        "many-to-one" => "%many-to-one".to_owned(),
        "one-to-one" => "%one-to-one".to_owned(),
        lower => lower.to_owned(),
    };
    tokens.push(Token::Word(Word { lower, text: text.to_owned() }));
}

/// Puts the word that stands for a fixed phrase in its place.
fn fold_phrases(tokens: &[Token]) -> Vec<Token> {
    let mut folded = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if let Some((length, stands)) = phrase_at(&tokens[at..]) {
            let text = text(&tokens[at..at + length]);
            folded.push(Token::Word(Word { lower: stands.to_owned(), text }));
            at += length;
        } else {
            folded.push(tokens[at].clone());
            at += 1;
        }
    }
    folded
}

fn phrase_at(tokens: &[Token]) -> Option<(usize, &'static str)> {
    PHRASES.iter().find_map(|(phrase, stands)| {
        let words: Vec<&str> = phrase.split(' ').collect();
        let fits = words.len() <= tokens.len()
            && words.iter().zip(tokens).all(|(word, token)| token.word() == *word);
        fits.then_some((words.len(), *stands))
    })
}

/// A clause for a warning: one line, no control characters, at most 120 characters.
pub(super) fn quote(text: &str) -> String {
    const CHARS_MAX: usize = 120;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut clean: String = line.chars().filter(|c| !is_unprintable(*c)).collect();
    if clean.chars().count() > CHARS_MAX {
        clean = clean.chars().take(CHARS_MAX).chain(['…']).collect();
    }
    clean
}

/// Control characters, and the invisible ones that change how text around them is shown.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Tokens as text again.
pub(super) fn text(tokens: &[Token]) -> String {
    let mut text = String::new();
    for token in tokens {
        let piece = match token {
            Token::Word(word) => word.text.clone(),
            Token::Comma => ",".to_owned(),
            Token::Colon => ":".to_owned(),
            Token::Slash => "/".to_owned(),
            Token::Group(inner) => format!("({})", self::text(inner)),
        };
        if !text.is_empty() && !matches!(token, Token::Comma | Token::Colon) {
            text.push(' ');
        }
        text.push_str(&piece);
    }
    text
}

/// The identifier words of a run of word tokens.
pub(super) fn name_words(tokens: &[Token]) -> Vec<String> {
    tokens
        .iter()
        .flat_map(|token| match token {
            Token::Word(word) if word.lower != word.text.to_lowercase() => vec![word.lower.replace('%', "")],
            Token::Word(word) => name::words(&word.text),
            _ => Vec::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(prompt: &str) -> Vec<String> {
        sentences(prompt).iter().map(|sentence| text(&sentence.tokens)).collect()
    }

    #[test]
    fn prompts_split_into_sentences_lines_and_bullets() {
        assert_eq!(
            texts("Users have a name. Posts belong to users; tags too!"),
            ["Users have a name", "Posts belong to users", "tags too"]
        );
        assert_eq!(
            texts("A price of 3.5 and e.g. a name\nthat wraps"),
            ["A price of 3.5 and e.g a name that wraps"]
        );
        let bullets = sentences("Entities:\n- User: name\n  - email\n1. Post (title)");
        assert_eq!(bullets.iter().map(|s| s.bullet).collect::<Vec<_>>(), [None, Some(0), Some(2), Some(0)]);
    }

    #[test]
    fn brackets_nest_and_need_no_partner() {
        assert_eq!(texts("post (title (string), body"), ["post (title (string), body)"]);
        assert_eq!(texts(") ] }"), Vec::<String>::new());
    }

    #[test]
    fn phrases_become_one_word() {
        let tokens = &sentences("a post has one or more tags")[0].tokens;
        assert_eq!(tokens[3].word(), "%many");
    }

    #[test]
    fn quotes_are_short_and_printable() {
        assert_eq!(quote("a\u{1b}[31m\n b\u{202e}"), "a[31m b");
        assert_eq!(quote(&"x".repeat(500)).chars().count(), 121);
    }

    proptest::proptest! {
        #[test]
        fn no_prompt_is_too_strange_to_split(prompt in "[\\PC\\n(){}\\[\\],.:;]{0,200}") {
            let _sentences = sentences(&prompt);
        }
    }
}
