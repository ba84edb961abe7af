//! How entities belong together: what prompts say, and what goes without saying.

use super::blueprint::{Blueprint, Presence, Reference};
use super::name::Name;
use super::nouns::with_article;
use super::words::Words;

/// Pairs of which the first usually belongs to the second.
const BELONGS: &[(&str, &str)] = &[
    ("comment", "post"),
    ("comment", "article"),
    ("comment", "task"),
    ("comment", "issue"),
    ("comment", "user"),
    ("post", "user"),
    ("post", "author"),
    ("article", "author"),
    ("article", "user"),
    ("order", "customer"),
    ("order", "user"),
    ("order_item", "order"),
    ("order_item", "product"),
    ("cart_item", "cart"),
    ("cart_item", "product"),
    ("cart", "customer"),
    ("cart", "user"),
    ("task", "project"),
    ("task", "list"),
    ("issue", "project"),
    ("review", "product"),
    ("review", "book"),
    ("review", "movie"),
    ("review", "restaurant"),
    ("review", "recipe"),
    ("review", "user"),
    ("review", "customer"),
    ("employee", "department"),
    ("appointment", "patient"),
    ("appointment", "doctor"),
    ("appointment", "client"),
    ("book", "author"),
    ("book", "publisher"),
    ("loan", "book"),
    ("loan", "member"),
    ("reservation", "room"),
    ("reservation", "guest"),
    ("reservation", "customer"),
    ("reservation", "table"),
    ("booking", "room"),
    ("booking", "customer"),
    ("booking", "guest"),
    ("booking", "event"),
    ("payment", "order"),
    ("payment", "invoice"),
    ("invoice", "customer"),
    ("invoice", "client"),
    ("invoice_item", "invoice"),
    ("album", "artist"),
    ("track", "album"),
    ("song", "album"),
    ("photo", "album"),
    ("message", "room"),
    ("message", "channel"),
    ("message", "conversation"),
    ("message", "user"),
    ("ticket", "event"),
    ("lesson", "course"),
    ("grade", "student"),
    ("grade", "course"),
    ("enrollment", "student"),
    ("enrollment", "course"),
    ("question", "quiz"),
    ("question", "survey"),
    ("survey", "user"),
    ("answer", "question"),
    ("option", "poll"),
    ("option", "question"),
    ("vote", "option"),
    ("application", "job"),
    ("job", "company"),
    ("contact", "company"),
    ("deal", "contact"),
    ("deal", "company"),
    ("transaction", "account"),
    ("account", "customer"),
    ("account", "user"),
    ("todo", "user"),
    ("todo", "list"),
    ("note", "user"),
    ("card", "list"),
    ("list", "board"),
    ("city", "country"),
    ("room", "hotel"),
    ("menu_item", "restaurant"),
    ("thread", "user"),
    ("thread", "forum"),
    ("reply", "thread"),
    ("reply", "user"),
    ("chapter", "book"),
    ("episode", "season"),
    ("season", "series"),
    ("exercise", "workout"),
    ("time_entry", "project"),
    ("pet", "owner"),
    ("vehicle", "owner"),
    ("shipment", "order"),
    ("ticket", "customer"),
    ("habit", "user"),
    ("team", "league"),
    ("player", "team"),
    ("branch", "company"),
    ("department", "company"),
    ("medication", "patient"),
];

/// Pairs of which the first may belong to the second.
const MAY_BELONG: &[(&str, &str)] = &[
    ("user", "team"),
    ("product", "category"),
    ("book", "category"),
    ("expense", "category"),
    ("item", "category"),
    ("post", "category"),
    ("article", "category"),
    ("task", "user"),
    ("issue", "user"),
    ("product", "supplier"),
    ("product", "brand"),
    ("event", "category"),
    ("todo", "category"),
    ("recipe", "category"),
    ("note", "category"),
    ("event", "venue"),
    ("product", "warehouse"),
    ("course", "teacher"),
    ("course", "instructor"),
    ("transaction", "category"),
];

/// Things that are usually tagged.
const TAGGED: Words = Words(
    "post article product note task recipe photo bookmark book event movie song contact document todo
     issue project question video page link",
);

/// Pairs that usually go many-to-many.
const LINKED: &[(&str, &str)] = &[
    ("user", "role"),
    ("user", "group"),
    ("role", "permission"),
    ("student", "course"),
    ("student", "class"),
    ("movie", "actor"),
    ("playlist", "song"),
    ("playlist", "track"),
    ("recipe", "ingredient"),
    ("event", "attendee"),
    ("event", "participant"),
    ("event", "speaker"),
    ("project", "employee"),
    ("project", "member"),
    ("member", "class"),
    ("order", "menu_item"),
    ("course", "tag"),
    ("order", "product"),
    ("user", "permission"),
    ("film", "actor"),
    ("user", "channel"),
];

/// Nouns that mark other things: of both there are many.
const MARKS: &[&str] = &["tag", "label", "genre", "topic", "keyword", "skill", "amenity", "hashtag"];
/// Nouns that hang on something else.
const SATELLITES: &[&str] =
    &["comment", "review", "rating", "attachment", "image", "photo", "reaction", "step", "like"];
/// Nouns of which a thing has at most one, and which know whose they are.
const OWN: &[&str] = &["profile", "setting", "wallet", "cart", "passport", "preference"];

/// Whether an entity is only ever about another one, so that a project of such alone is about something unsaid.
pub(super) fn is_satellite(name: &Name) -> bool {
    let head = name.head();
    MARKS.contains(&head) || SATELLITES.contains(&head) || matches!(head, "category" | "user" | "priority")
}

/// Whether each thing has one of these of its own.
pub(super) fn is_own(head: &str) -> bool {
    OWN.contains(&head)
}

/// Makes `child` belong to `parent` under the parent's own name.
pub(super) fn belong(blueprint: &mut Blueprint, child: usize, parent: usize, presence: Presence) {
    let own = child == parent;
    let name = if own { "parent".to_owned() } else { blueprint.entities[parent].name.snake() };
    let presence = if own { Presence::Optional } else { presence };
    blueprint.refer(child, Reference { name, to: parent, presence, unique: false });
}

/// Settles every "a has many b": with "b has many a" it is many-to-many, else each b belongs to an a.
pub(super) fn settle(blueprint: &mut Blueprint, many: &[(usize, usize)]) {
    for &(one, other) in many {
        let (a, b) = (blueprint.entities[one].name.clone(), blueprint.entities[other].name.clone());
        let both = one != other && many.contains(&(other, one));
        let natural = is_linked(&a, &b) && !has_join_entity(blueprint, &a, &b);
        // What usually belongs to one of them and here has many: books that have many authors, who wrote other books.
        let reversed = is_listed(BELONGS, &a, &b) || is_listed(MAY_BELONG, &a, &b);
        let mark = MARKS.contains(&b.head()) || b.head() == "category";
        if both || one != other && (natural || reversed || mark) {
            blueprint.link(one, other);
        } else if !blueprint.linked(one, other)
            && !blueprint.entities[other].references.iter().any(|r| r.to == one)
        {
            belong(blueprint, other, one, Presence::Required);
        }
    }
}

/// Relates entities that nobody related, where it goes without saying; says so under `warnings`.
pub(super) fn assume(blueprint: &mut Blueprint) {
    for child in 0..blueprint.entities.len() {
        for parent in 0..blueprint.entities.len() {
            if child != parent && !blueprint.related(child, parent) {
                assume_pair(blueprint, child, parent);
            }
        }
    }
    for index in 0..blueprint.entities.len() {
        attach_satellite(blueprint, index);
    }
}

fn assume_pair(blueprint: &mut Blueprint, child: usize, parent: usize) {
    let (a, b) = (blueprint.entities[child].name.clone(), blueprint.entities[parent].name.clone());
    let listed = |pairs: &[(&str, &str)]| is_listed(pairs, &a, &b);
    let (one, other) = (with_article(&a.label()), with_article(&b.label()));
    if listed(BELONGS) && !is_reached_through_customer(blueprint, &a, &b) {
        belong(blueprint, child, parent, Presence::Required);
        blueprint.warn(format!("assumed that {one} belongs to {other}"));
    } else if listed(MAY_BELONG) {
        belong(blueprint, child, parent, Presence::Optional);
        blueprint.warn(format!("assumed that {one} may belong to {other}"));
    } else if (listed(LINKED) || MARKS.contains(&b.head()) && TAGGED.has(a.head()))
        && !has_join_entity(blueprint, &a, &b)
    {
        blueprint.link(child, parent);
        blueprint.warn(format!(
            "assumed that {} and {} are many-to-many",
            a.plural_label(),
            b.plural_label()
        ));
    }
}

/// An order of a shop with customers and users belongs to the customer.
fn is_reached_through_customer(blueprint: &Blueprint, child: &Name, parent: &Name) -> bool {
    let better = match (child.head(), parent.head()) {
        ("order" | "cart" | "account" | "review", "user") => "customer",
        ("post" | "article", "user") => "author",
        _ => return false,
    };
    blueprint.entities.iter().any(|entity| entity.name.head() == better)
}

/// Whether an entity of its own stands between two: order items between orders and products, enrollments.
fn has_join_entity(blueprint: &Blueprint, a: &Name, b: &Name) -> bool {
    let between = |entity: &super::blueprint::Entity| match (a.head(), b.head()) {
        ("order", "product") => entity.name.snake() == "order_item",
        ("student", "course") => entity.name.head() == "enrollment",
        _ => false,
    };
    blueprint.entities.iter().any(between)
}

/// A tag, a category or a comment that belongs to nothing belongs to the first entity that is not such a thing.
fn attach_satellite(blueprint: &mut Blueprint, index: usize) {
    let name = blueprint.entities[index].name.clone();
    let alone = (0..blueprint.entities.len()).all(|other| other == index || !blueprint.related(index, other));
    let mains = (0..blueprint.entities.len())
        .filter(|other| *other != index && !is_satellite(&blueprint.entities[*other].name));
    let mains: Vec<usize> = mains.collect();
    let (true, [main]) = (alone, mains.as_slice()) else { return };
    let main = *main;
    let main_name = blueprint.entities[main].name.clone();
    if MARKS.contains(&name.head()) {
        blueprint.link(main, index);
        let (a, b) = (main_name.plural_label(), name.plural_label());
        blueprint.warn(format!("assumed that {a} and {b} are many-to-many"));
    } else if name.head() == "category" {
        belong(blueprint, main, index, Presence::Optional);
        let (a, b) = (with_article(&main_name.label()), with_article(&name.label()));
        blueprint.warn(format!("assumed that {a} may belong to {b}"));
    } else if SATELLITES.contains(&name.head()) {
        belong(blueprint, index, main, Presence::Required);
        let (a, b) = (with_article(&name.label()), with_article(&main_name.label()));
        blueprint.warn(format!("assumed that {a} belongs to {b}"));
    }
}

fn is_listed(pairs: &[(&str, &str)], a: &Name, b: &Name) -> bool {
    pairs.iter().any(|(one, other)| named(a, one) && named(b, other))
}

fn is_linked(a: &Name, b: &Name) -> bool {
    LINKED.iter().any(|(one, other)| named(a, one) && named(b, other) || named(a, other) && named(b, one))
}

fn named(name: &Name, wanted: &str) -> bool {
    name.snake() == wanted || name.head() == wanted && !wanted.contains('_') && !is_compound(name)
}

/// An `order item` is no `item` as such.
fn is_compound(name: &Name) -> bool {
    matches!(name.head(), "item" | "entry" | "type" | "category" | "list")
}
