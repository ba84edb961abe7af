//! English nouns: plural to singular and back, irregular ones too. Knows single lower-case words and nothing else.

use super::words::Words;

/// Singular and plural of nouns that no rule covers.
const IRREGULAR: &[(&str, &str)] = &[
    ("analysis", "analyses"),
    ("axis", "axes"),
    ("basis", "bases"),
    ("bus", "buses"),
    ("cache", "caches"),
    ("cactus", "cacti"),
    ("calf", "calves"),
    ("canoe", "canoes"),
    ("child", "children"),
    ("crisis", "crises"),
    ("criterion", "criteria"),
    ("curriculum", "curricula"),
    ("datum", "data"),
    ("diagnosis", "diagnoses"),
    ("echo", "echoes"),
    ("elf", "elves"),
    ("foot", "feet"),
    ("gas", "gases"),
    ("goose", "geese"),
    ("grandchild", "grandchildren"),
    ("half", "halves"),
    ("headache", "headaches"),
    ("hero", "heroes"),
    ("hypothesis", "hypotheses"),
    ("knife", "knives"),
    ("leaf", "leaves"),
    ("lens", "lenses"),
    ("life", "lives"),
    ("loaf", "loaves"),
    ("man", "men"),
    ("medium", "media"),
    ("mouse", "mice"),
    ("niche", "niches"),
    ("ox", "oxen"),
    ("parenthesis", "parentheses"),
    ("person", "people"),
    ("phenomenon", "phenomena"),
    ("potato", "potatoes"),
    ("quiz", "quizzes"),
    ("salesperson", "salespeople"),
    ("scarf", "scarves"),
    ("self", "selves"),
    ("shelf", "shelves"),
    ("bookshelf", "bookshelves"),
    ("shoe", "shoes"),
    ("synopsis", "synopses"),
    ("thesis", "theses"),
    ("thief", "thieves"),
    ("toe", "toes"),
    ("tomato", "tomatoes"),
    ("tooth", "teeth"),
    ("veto", "vetoes"),
    ("wife", "wives"),
    ("wolf", "wolves"),
    ("woman", "women"),
];

/// Nouns with one form.
const UNCOUNTABLE: Words = Words(
    "aircraft baggage cattle chess clothing deer dns equipment feedback fish furniture gps hardware
     homework information inventory knowledge livestock luggage machinery merchandise metadata music news
     offspring series sheep sms software species staff stuff traffic weather wildlife",
);

/// Singular nouns in `ie`, whose plural looks like one of a noun in `y`.
const IN_IE: Words =
    Words("brownie calorie cookie die genie hoodie lie movie pie rookie selfie smoothie tie zombie");

/// Singular nouns in `us` and `as`, whose plural in `es` looks like one of a noun in `e`.
const IN_S: Words = Words(
    "alias apparatus atlas bias bonus campus canvas census chorus christmas corpus focus genius iris
     nexus plus status surplus syllabus virus",
);

/// The plural of a singular noun; a noun without plural stays as it is.
pub(super) fn plural(noun: &str) -> String {
    if UNCOUNTABLE.has(noun) {
        return noun.to_owned();
    }
    if let Some((_, plural)) = IRREGULAR.iter().find(|(singular, _)| *singular == noun) {
        return (*plural).to_owned();
    }
    let ends = |tails: &[&str]| tails.iter().any(|tail| noun.ends_with(tail));
    if ends(&["s", "x", "z", "ch", "sh"]) {
        return format!("{noun}es");
    }
    match noun.strip_suffix('y') {
        Some(stem) if !stem.is_empty() && !ends_in_vowel(stem) => format!("{stem}ies"),
        _ => format!("{noun}s"),
    }
}

/// The singular of a noun; one that is singular already stays as it is.
pub(super) fn singular(noun: &str) -> String {
    if UNCOUNTABLE.has(noun) || IN_S.has(noun) {
        return noun.to_owned();
    }
    if let Some((singular, _)) = IRREGULAR.iter().find(|(s, p)| *p == noun || *s == noun) {
        return (*singular).to_owned();
    }
    let without = |tail: &str| noun.strip_suffix(tail).filter(|stem| stem.len() > 1);
    if let Some(stem) = without("es").filter(|stem| IN_S.has(stem)) {
        return stem.to_owned();
    }
    if let Some(stem) = without("ies") {
        let in_ie = format!("{stem}ie");
        return if IN_IE.has(in_ie.as_str()) { in_ie } else { format!("{stem}y") };
    }
    if noun == "pies" || noun == "ties" || noun == "dies" || noun == "lies" {
        return noun[..3].to_owned();
    }
    let hissing = ["sses", "shes", "ches", "xes", "zzes"].iter().any(|tail| noun.ends_with(tail));
    if let Some(stem) = without("es").filter(|_| hissing) {
        return stem.to_owned();
    }
    let not_plural = ["ss", "us", "is", "os"].iter().any(|tail| noun.ends_with(tail)) && !takes_plain_s(noun);
    match without("s") {
        Some(stem) if !not_plural => stem.to_owned(),
        _ => noun.to_owned(),
    }
}

/// Whether the word is a plural, and not a singular that ends in `s`.
pub(super) fn is_plural(noun: &str) -> bool {
    let one = singular(noun);
    one != noun && plural(&one) == noun
}

/// The word with `a` or `an` before it.
pub(super) fn with_article(phrase: &str) -> String {
    let sounds_like_you = ["uni", "use", "usa", "uti", "eu", "one", "once"];
    let hour = ["hour", "heir", "honest", "honour", "honor"];
    let vowel = phrase.starts_with(['a', 'e', 'i', 'o', 'u'])
        && !sounds_like_you.iter().any(|start| phrase.starts_with(start))
        || hour.iter().any(|start| phrase.starts_with(start));
    format!("{} {phrase}", if vowel { "an" } else { "a" })
}

/// Words whose last letters look like a singular in `s` but are plurals: `menus`, `photos`, `taxis`.
fn takes_plain_s(noun: &str) -> bool {
    const PLAIN: &[&str] =
        &["menus", "taxis", "skis", "apis", "emus", "gnus", "urls", "guis", "wikis", "gurus"];
    noun.len() > 3 && noun.ends_with("os") || PLAIN.contains(&noun)
}

fn ends_in_vowel(stem: &str) -> bool {
    stem.ends_with(['a', 'e', 'i', 'o', 'u'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_go_to_their_plural_and_back() {
        for (one, many) in [
            ("user", "users"),
            ("category", "categories"),
            ("company", "companies"),
            ("day", "days"),
            ("key", "keys"),
            ("box", "boxes"),
            ("branch", "branches"),
            ("dish", "dishes"),
            ("class", "classes"),
            ("address", "addresses"),
            ("status", "statuses"),
            ("bus", "buses"),
            ("house", "houses"),
            ("warehouse", "warehouses"),
            ("course", "courses"),
            ("expense", "expenses"),
            ("database", "databases"),
            ("invoice", "invoices"),
            ("purchase", "purchases"),
            ("movie", "movies"),
            ("cookie", "cookies"),
            ("pie", "pies"),
            ("person", "people"),
            ("child", "children"),
            ("quiz", "quizzes"),
            ("prize", "prizes"),
            ("analysis", "analyses"),
            ("shelf", "shelves"),
            ("archive", "archives"),
            ("hero", "heroes"),
            ("photo", "photos"),
            ("video", "videos"),
            ("menu", "menus"),
            ("cache", "caches"),
            ("alias", "aliases"),
            ("canvas", "canvases"),
            ("series", "series"),
            ("equipment", "equipment"),
            ("leaf", "leaves"),
            ("image", "images"),
            ("size", "sizes"),
            ("api", "apis"),
        ] {
            assert_eq!(plural(one), many);
            assert_eq!(singular(many), one);
            assert_eq!(singular(one), one);
            assert_eq!(is_plural(many), one != many, "{many}");
            assert!(!is_plural(one), "{one}");
        }
    }

    #[test]
    fn articles_follow_the_sound() {
        let articles = ["order", "user", "hour", "event", "unit", "category"].map(with_article);
        assert_eq!(articles, ["an order", "a user", "an hour", "an event", "a unit", "a category"]);
    }

    proptest::proptest! {
        #[test]
        fn a_plural_made_here_is_understood_here(noun in "[a-z]{3,12}") {
            let one = singular(&noun);
            proptest::prop_assert_eq!(singular(&one), one.clone(), "singular of a singular");
            proptest::prop_assert!(!plural(&one).is_empty());
        }
    }
}
