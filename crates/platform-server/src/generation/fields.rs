//! What a field holds, from its name or from a type that was named.

use super::blueprint::{Field, Kind, Literal, Presence, VALUE_CHARS_MAX};
use super::words::Words;

/// Words that name a type in prompts and specs.
const TYPES: &[(&str, Kind)] = &[
    ("string", Kind::Text),
    ("str", Kind::Text),
    ("strings", Kind::Text),
    ("varchar", Kind::Text),
    ("char", Kind::Text),
    ("text", Kind::LongText),
    ("longtext", Kind::LongText),
    ("markdown", Kind::LongText),
    ("email", Kind::Email),
    ("url", Kind::Url),
    ("uri", Kind::Url),
    ("link", Kind::Url),
    ("integer", Kind::Integer),
    ("int", Kind::Integer),
    ("bigint", Kind::Integer),
    ("number", Kind::Integer),
    ("count", Kind::Count),
    ("float", Kind::Float),
    ("double", Kind::Float),
    ("real", Kind::Float),
    ("decimal", Kind::Decimal),
    ("numeric", Kind::Decimal),
    ("money", Kind::Decimal),
    ("currency", Kind::Decimal),
    ("boolean", Kind::Boolean),
    ("bool", Kind::Boolean),
    ("flag", Kind::Boolean),
    ("date", Kind::Date),
    ("datetime", Kind::DateTime),
    ("timestamp", Kind::DateTime),
    ("timestamptz", Kind::DateTime),
    ("time", Kind::Time),
    ("uuid", Kind::Uuid),
    ("guid", Kind::Uuid),
    ("json", Kind::Json),
    ("jsonb", Kind::Json),
    ("object", Kind::Json),
    ("dict", Kind::Json),
    ("password", Kind::Password),
];

/// Types as a spec names them, for error messages.
pub(super) const SPEC_TYPES: &str = "string, text, email, url, integer, count, float, decimal, boolean, date, datetime, \
                                     time, uuid, json, password, enum";

/// The type that a word names.
pub(super) fn type_named(word: &str) -> Option<Kind> {
    TYPES.iter().find(|(name, _)| *name == word).map(|(_, kind)| kind.clone())
}

/// Plural nouns that are one value of a row, not rows of their own.
const PLURAL_VALUES: Words = Words(
    "bathrooms bedrooms calories clicks coordinates copies credits days details directions dislikes
     dimensions downloads downvotes floors followers goals grams hours impressions instructions
     kilometers kilos likes miles minutes months notes pages points preferences remarks repetitions reps
     rooms seats seconds servings sets settings shares stars terms upvotes views visits votes weeks words
     years hobbies interests initials lyrics specs specifications",
);

/// Whether a plural noun is a value like `notes` or `views`.
pub(super) fn is_plural_value(word: &str) -> bool {
    PLURAL_VALUES.has(word)
}

/// Fields whose values two rows rarely share.
const UNIQUE: Words = Words(
    "email username user_name slug sku isbn barcode serial_number vin handle short_code license_plate
     order_number invoice_number iban employee_number student_number ticket_number",
);

/// Names that usually come with a list of values.
const CHOICES: Words = Words(
    "status state type kind priority level role gender size color colour difficulty severity visibility
     condition stage phase mode category plan tier genre unit currency format language rating method
     channel",
);

/// Whether a list behind this name is its values.
pub(super) fn takes_choices(word: &str) -> bool {
    CHOICES.has(word)
}

/// A field as its name alone suggests it.
pub(super) fn field_named(words: &[String]) -> Field {
    let (words, stated) = without_type_word(words);
    let name = words.join("_");
    let kind = stated.unwrap_or_else(|| kind_of(words));
    let mut field = Field::new(&name, kind);
    field.unique = UNIQUE.has(name.as_str());
    field.default = default_of(&field);
    field
}

/// `done flag` is a field `done` of that type; so is `active boolean`, or `integer score`.
fn without_type_word(words: &[String]) -> (&[String], Option<Kind>) {
    const SUFFIXES: &[&str] =
        &["flag", "boolean", "bool", "string", "integer", "int", "datetime", "float", "decimal", "varchar"];
    match words {
        [rest @ .., last] if !rest.is_empty() && SUFFIXES.contains(&last.as_str()) => {
            (rest, type_named(last))
        }
        [first, rest @ ..] if !rest.is_empty() && SUFFIXES.contains(&first.as_str()) => {
            (rest, type_named(first))
        }
        _ => (words, None),
    }
}

/// What is stored when nothing is given: flags are off, counters begin at zero.
pub(super) fn default_of(field: &Field) -> Option<Literal> {
    const COUNTERS: Words =
        Words("clicks views likes dislikes votes upvotes downvotes visits downloads shares");
    const STATES: Words = Words("status state priority");
    match &field.kind {
        _ if field.presence == Presence::Optional => None,
        Kind::Boolean => Some(Literal::Boolean(false)),
        Kind::Count if is_tail(&field.name, COUNTERS) || field.name.ends_with("_count") => {
            Some(Literal::Integer(0))
        }
        Kind::Choice(values) if is_tail(&field.name, STATES) => values.first().cloned().map(Literal::Text),
        _ => None,
    }
}

/// A default as the kind of field takes it; nothing when it does not fit.
pub(super) fn coerce(kind: &Kind, default: &Literal) -> Option<Literal> {
    const INTEGER_MAX: i64 = 2_147_483_647;
    let fits = |number: &i64| (-INTEGER_MAX..=INTEGER_MAX).contains(number);
    match (kind, default) {
        (Kind::Boolean, Literal::Boolean(_)) => Some(default.clone()),
        (Kind::Integer, Literal::Integer(number)) if fits(number) => Some(default.clone()),
        (Kind::Count, Literal::Integer(number)) if fits(number) && *number >= 0 => Some(default.clone()),
        (Kind::Float, Literal::Integer(number)) if fits(number) => {
            Some(Literal::Number(format!("{number}.0")))
        }
        (Kind::Decimal, Literal::Integer(number)) if fits(number) => {
            Some(Literal::Number(number.to_string()))
        }
        (Kind::Float, Literal::Number(number)) => Some(Literal::Number(decimal_text(number)?)),
        (Kind::Decimal, Literal::Number(number)) => {
            let number = decimal_text(number)?;
            let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            (decimals <= 2).then_some(Literal::Number(number))
        }
        (Kind::Choice(values), given) => {
            let text = literal_text(given);
            values.iter().find(|value| value.eq_ignore_ascii_case(&text)).cloned().map(Literal::Text)
        }
        (Kind::Text | Kind::LongText, given) => {
            let text = literal_text(given);
            (text.chars().count() <= VALUE_CHARS_MAX && !text.chars().any(char::is_control))
                .then_some(Literal::Text(text))
        }
        _ => None,
    }
}

/// A plain decimal number: digits with at most one point, no exponent.
fn decimal_text(number: &str) -> Option<String> {
    let digits = number.strip_prefix('-').unwrap_or(number);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.starts_with(|c: char| c.is_ascii_digit());
    (plain && digits.len() <= 12 && !digits.ends_with('.')).then(|| number.to_owned())
}

fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) | Literal::Number(text) => text.clone(),
        Literal::Integer(number) => number.to_string(),
        Literal::Boolean(value) => value.to_string(),
    }
}

fn is_tail(name: &str, words: Words) -> bool {
    words.has(name.rsplit('_').next().unwrap_or(name))
}

/// What a field of this name holds.
pub(super) fn kind_of(words: &[String]) -> Kind {
    let name = words.join("_");
    let first = words.first().map_or("", String::as_str);
    let last = words.last().map_or("", String::as_str);
    let exact = EXACT.iter().find(|(names, _)| names.contains(&name.as_str()));
    if let Some((_, kind)) = exact {
        return kind.clone();
    }
    if matches!(first, "is" | "has" | "can" | "should" | "was" | "allow" | "allows") && words.len() > 1 {
        return Kind::Boolean;
    }
    if name.starts_with("number_of_") || name.starts_with("num_") || name.starts_with("total_number_") {
        return Kind::Count;
    }
    if let Some(at) = words.iter().position(|word| word == "per").filter(|at| *at > 0) {
        return kind_of(&words[..at]); // `price per night` is a price.
    }
    if name.starts_with("date_of_") {
        return Kind::Date;
    }
    LAST.iter().find(|(names, _)| names.contains(&last)).map_or(Kind::Text, |(_, kind)| kind.clone())
}

/// Kinds by the whole name.
const EXACT: &[(&[&str], Kind)] = &[
    (
        &["created_at", "created", "created_on", "creation_date", "date_created", "created_date"],
        Kind::CreatedAt,
    ),
    (
        &[
            "updated_at",
            "updated",
            "modified_at",
            "last_modified",
            "updated_on",
            "last_updated",
            "date_modified",
        ],
        Kind::UpdatedAt,
    ),
    (&["opening_time", "closing_time", "time_of_day"], Kind::Time),
    (&["in_stock", "read", "open", "email_verified"], Kind::Boolean),
    (&["tags", "coordinates", "dimensions", "hobbies", "interests", "specs", "specifications"], Kind::Json),
    (&["due"], Kind::Date),
    (&["number"], Kind::Integer),
    (&["link"], Kind::Url),
    (&["tax_id", "national_id", "external_id"], Kind::Text),
];

/// Kinds by the last word of the name.
const LAST: &[(&[&str], Kind)] = &[
    (&["email", "mail"], Kind::Email),
    (&["url", "uri", "website", "homepage", "webpage"], Kind::Url),
    (&["password"], Kind::Password),
    (
        &[
            "price",
            "amount",
            "cost",
            "total",
            "subtotal",
            "balance",
            "salary",
            "fee",
            "budget",
            "wage",
            "revenue",
            "tax",
            "discount",
            "deposit",
            "income",
            "rent",
            "commission",
            "tip",
            "fare",
            "msrp",
            "turnover",
        ],
        Kind::Decimal,
    ),
    (
        &[
            "age",
            "count",
            "quantity",
            "qty",
            "stock",
            "pages",
            "views",
            "likes",
            "dislikes",
            "votes",
            "upvotes",
            "downvotes",
            "clicks",
            "visits",
            "downloads",
            "shares",
            "points",
            "capacity",
            "seats",
            "minutes",
            "hours",
            "seconds",
            "days",
            "weeks",
            "months",
            "years",
            "bedrooms",
            "bathrooms",
            "rooms",
            "floors",
            "servings",
            "calories",
            "reps",
            "repetitions",
            "sets",
            "goals",
            "stars",
            "copies",
            "credits",
            "mileage",
            "followers",
            "duration",
            "size",
            "words",
            "impressions",
            "seconds",
            "cents",
            "attempts",
            "guests",
        ],
        Kind::Count,
    ),
    (
        &[
            "year", "position", "rank", "score", "level", "priority", "floor", "rating", "order", "index",
            "version",
        ],
        Kind::Integer,
    ),
    (
        &[
            "weight",
            "height",
            "width",
            "length",
            "depth",
            "distance",
            "latitude",
            "longitude",
            "lat",
            "lng",
            "lon",
            "temperature",
            "percentage",
            "percent",
            "ratio",
            "speed",
            "area",
            "volume",
            "accuracy",
            "rate",
            "grade",
            "altitude",
            "humidity",
            "radius",
        ],
        Kind::Float,
    ),
    (
        &[
            "done",
            "completed",
            "complete",
            "active",
            "enabled",
            "disabled",
            "archived",
            "published",
            "verified",
            "available",
            "deleted",
            "visible",
            "public",
            "private",
            "featured",
            "finished",
            "paid",
            "starred",
            "favorite",
            "favourite",
            "approved",
            "subscribed",
            "locked",
            "closed",
            "urgent",
            "cancelled",
            "canceled",
            "resolved",
            "correct",
            "pinned",
            "hidden",
            "billable",
            "answered",
            "recurring",
        ],
        Kind::Boolean,
    ),
    (
        &["at", "timestamp", "datetime", "deadline", "expiry", "expiration", "expires", "start", "end"],
        Kind::DateTime,
    ),
    (&["date", "on", "birthday", "birthdate", "dob", "day"], Kind::Date),
    (&["time"], Kind::DateTime),
    (
        &[
            "description",
            "body",
            "content",
            "contents",
            "text",
            "bio",
            "biography",
            "notes",
            "note",
            "comment",
            "message",
            "summary",
            "details",
            "instructions",
            "directions",
            "remarks",
            "about",
            "review",
            "answer",
            "question",
            "abstract",
            "excerpt",
            "steps",
            "lyrics",
            "terms",
            "feedback",
            "diagnosis",
            "explanation",
            "synopsis",
            "plot",
        ],
        Kind::LongText,
    ),
    (&["uuid", "guid"], Kind::Uuid),
    (&["metadata", "settings", "preferences", "config", "configuration", "json", "payload"], Kind::Json),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generation::name;

    fn kind(name: &str) -> Kind {
        field_named(&name::words(name)).kind
    }

    #[test]
    fn names_suggest_types() {
        for (name, expected) in [
            ("email", Kind::Email),
            ("contact email", Kind::Email),
            ("unit price", Kind::Decimal),
            ("published at", Kind::DateTime),
            ("publishedAt", Kind::DateTime),
            ("created_at", Kind::CreatedAt),
            ("birth date", Kind::Date),
            ("date of birth", Kind::Date),
            ("is active", Kind::Boolean),
            ("done flag", Kind::Boolean),
            ("age", Kind::Count),
            ("number of pages", Kind::Count),
            ("stock quantity", Kind::Count),
            ("description", Kind::LongText),
            ("title", Kind::Text),
            ("weight", Kind::Float),
            ("website", Kind::Url),
            ("password", Kind::Password),
        ] {
            assert_eq!(kind(name), expected, "{name}");
        }
    }

    #[test]
    fn what_identifies_is_unique_and_flags_are_off() {
        let email = field_named(&name::words("email"));
        assert!(email.unique);
        assert!(!field_named(&name::words("author email")).unique);
        assert_eq!(field_named(&name::words("done")).default, Some(Literal::Boolean(false)));
    }
}
