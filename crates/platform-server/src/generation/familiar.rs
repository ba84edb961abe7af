//! Things that everybody keeps in much the same way: their usual fields, and whole subjects with their usual entities.
//! Written as the prompts that they stand for, and read by the same reader.

/// A noun and its usual fields.
const FAMILIAR: &[(&str, &str)] = &[
    ("account", "name, balance"),
    ("actor", "name, optional birth date"),
    ("address", "street, city, postal code, country"),
    ("album", "title, optional release date"),
    ("answer", "text, correct"),
    ("appointment", "starts at, ends at, optional notes, status (scheduled, completed, cancelled)"),
    (
        "application",
        "applicant name, email (email), optional cover letter (text), status (received, in review, accepted, rejected)",
    ),
    ("article", "title, body, optional published at"),
    ("artist", "name, optional bio"),
    ("attendee", "name, email"),
    ("author", "name, optional bio"),
    ("board", "name"),
    ("book", "title, isbn, price, stock, optional published on"),
    ("booking", "starts at, ends at, status (pending, confirmed, cancelled)"),
    ("brand", "unique name"),
    ("campaign", "name, start date, end date, budget"),
    ("card", "title, optional description, position"),
    ("cart", "created at"),
    ("category", "unique name, optional description"),
    ("channel", "unique name, optional topic"),
    ("city", "name"),
    ("client", "name, unique email, optional phone"),
    ("comment", "body, created at"),
    ("company", "name, optional website"),
    ("contact", "name, unique email, optional phone"),
    ("conversation", "title, created at"),
    ("country", "unique name, unique code"),
    ("course", "title, optional description"),
    ("customer", "name, unique email, optional phone"),
    ("deal", "title, amount, status (open, won, lost)"),
    ("department", "unique name"),
    ("device", "name, unique serial number"),
    ("doctor", "name, specialty, optional phone"),
    ("driver", "name, unique license number"),
    ("employee", "name, unique email, position (string), optional salary, hired on"),
    ("enrollment", "enrolled on, optional grade"),
    ("event", "title, optional description, optional location, starts at, ends at"),
    ("exercise", "name, sets, reps, optional weight"),
    ("expense", "amount, spent on, optional description"),
    ("feedback", "message, score, created at"),
    ("file", "name, size, content type"),
    ("flight", "unique number (string), origin, destination, departs at, arrives at"),
    ("genre", "unique name"),
    ("goal", "title, optional due date, done"),
    ("grade", "score (float), graded on"),
    ("group", "unique name, optional description"),
    ("guest", "name, unique email, optional phone"),
    ("habit", "name, optional description, active (boolean, default true)"),
    ("hotel", "name, city, optional address"),
    ("image", "url, optional caption"),
    ("ingredient", "unique name, optional unit (string)"),
    ("invoice", "unique number (string), issued on, due date, total, status (draft, sent, paid)"),
    ("invoice item", "description (string), quantity, unit price"),
    ("issue", "title, optional description, status (open, in progress, closed)"),
    ("item", "name, optional description, quantity"),
    ("job", "title, description, optional location, optional salary"),
    ("label", "unique name, optional color (string)"),
    ("lead", "name, email (email), status (new, contacted, qualified, lost)"),
    ("lesson", "title, content, position"),
    ("link", "target url, unique code, clicks, created at"),
    ("list", "name"),
    ("loan", "loaned on, due date, optional returned on"),
    ("location", "name, optional address"),
    ("meal", "name, eaten at, calories"),
    ("member", "name, unique email, joined on"),
    ("menu item", "name, optional description, price, available"),
    ("message", "body, created at"),
    ("movie", "title, year, optional description"),
    ("note", "title, content, created at, updated at"),
    ("notification", "message, read, created at"),
    ("option", "text (string)"),
    ("order", "status (pending, paid, shipped, delivered, cancelled), total, created at"),
    ("order item", "quantity, unit price"),
    ("organization", "unique name, optional website"),
    ("page", "title, unique slug, content"),
    ("patient", "name, date of birth, optional phone"),
    ("payment", "amount, method (card, cash, transfer), paid at"),
    ("permission", "unique name, optional description"),
    ("person", "name, optional email"),
    ("pet", "name, species (string), optional birth date"),
    ("photo", "url, optional caption, created at"),
    ("player", "name, optional position (string)"),
    ("playlist", "name, optional description"),
    ("poll", "question (string), closed"),
    ("post", "title, body, optional published at"),
    ("product", "name, optional description, price, stock"),
    ("profile", "display name, optional bio"),
    ("project", "name, optional description, optional due date"),
    ("property", "title, address (string), price, bedrooms, available"),
    ("question", "text"),
    ("quiz", "title, optional description"),
    ("recipe", "title, instructions, servings"),
    ("reply", "body, created at"),
    ("reservation", "starts on, ends on, status (pending, confirmed, cancelled)"),
    ("restaurant", "name, optional address, optional phone"),
    ("review", "rating, optional body, created at"),
    ("role", "unique name, optional description"),
    ("room", "unique number (string), capacity"),
    ("shipment", "unique tracking number, status (pending, in transit, delivered)"),
    ("skill", "unique name"),
    ("song", "title, duration"),
    ("student", "name, unique email"),
    ("subject", "unique name"),
    ("subscriber", "unique email, created at"),
    ("supplier", "name, email (email), optional phone"),
    ("tag", "unique name"),
    ("task", "title, optional description, done, optional due date"),
    ("teacher", "name, unique email"),
    ("team", "unique name, optional description"),
    ("thread", "title, body, created at"),
    (
        "ticket",
        "title, optional description, status (open, in progress, closed), priority (low, medium, high)",
    ),
    ("time entry", "started at, optional ended at, optional description"),
    ("todo", "title, optional description, done, optional due date"),
    ("topic", "unique name"),
    ("track", "title, duration, position"),
    ("transaction", "amount, kind (income, expense), booked on, optional description"),
    ("trip", "title, destination, start date, end date"),
    ("user", "name, unique email"),
    ("vehicle", "make, model, year, unique license plate"),
    ("vote", "created at"),
    ("warehouse", "name, optional address"),
    ("workout", "name, done on, optional notes"),
];

/// A whole subject: how prompts call it, and what it usually keeps. Its first entity is what it is mainly about.
pub(super) struct Domain {
    names: &'static [&'static str],
    /// The prompt that it stands for.
    pub prompt: &'static str,
}

const DOMAINS: &[Domain] = &[
    Domain { names: &["todo", "todos", "todo list", "task list", "checklist", "reminder"], prompt: "todos" },
    Domain { names: &["task", "task management", "task manager"], prompt: "tasks, projects" },
    Domain {
        names: &["inventory", "stock", "warehouse"],
        prompt: "products, suppliers, warehouses. Each product may belong to a supplier. Each product may belong to a warehouse.",
    },
    Domain {
        names: &["bookstore", "book store", "bookshop", "book shop"],
        prompt: "books, authors, categories",
    },
    Domain { names: &["library"], prompt: "books, authors, members, loans" },
    Domain { names: &["url shortener", "link shortener", "short url", "short link"], prompt: "links" },
    Domain {
        names: &["bookmark"],
        prompt: "bookmarks and tags. Bookmarks have a title, a url and a created at.",
    },
    Domain {
        names: &["blog", "blogging", "weblog", "cms", "content management", "news site", "magazine"],
        prompt: "posts, comments, tags",
    },
    Domain {
        names: &[
            "shop",
            "ecommerce",
            "e-commerce",
            "e commerce",
            "web shop",
            "webshop",
            "store",
            "marketplace",
            "retail",
        ],
        prompt: "products, categories, customers, orders, order items",
    },
    Domain { names: &["user", "user management", "account management"], prompt: "users, roles" },
    Domain { names: &["note", "note taking", "notebook", "notes"], prompt: "notes, tags" },
    Domain {
        names: &["address book", "contact", "contact book", "phone book", "phonebook"],
        prompt: "contacts",
    },
    Domain {
        names: &["crm", "customer relationship", "sales pipeline"],
        prompt: "companies, contacts, deals",
    },
    Domain { names: &["forum", "discussion board", "message board"], prompt: "threads, replies, users" },
    Domain { names: &["chat", "messenger", "messaging"], prompt: "users, channels, messages" },
    Domain { names: &["event", "event management", "meetup", "conference"], prompt: "events, attendees" },
    Domain { names: &["calendar", "scheduling", "appointment"], prompt: "events" },
    Domain { names: &["hotel", "hotel booking", "room booking"], prompt: "rooms, guests, reservations" },
    Domain { names: &["booking", "reservation"], prompt: "rooms, customers, bookings" },
    Domain {
        names: &["restaurant", "food delivery", "menu"],
        prompt: "menu items, customers, orders. Orders have many menu items.",
    },
    Domain {
        names: &["school", "university", "college", "student management"],
        prompt: "students, teachers, courses. Each course belongs to a teacher.",
    },
    Domain { names: &["course", "e-learning", "learning", "lms"], prompt: "courses, lessons, students" },
    Domain { names: &["movie", "film", "cinema", "movie database"], prompt: "movies, actors, reviews" },
    Domain { names: &["music", "music library", "playlist"], prompt: "artists, albums, songs" },
    Domain { names: &["recipe", "cookbook", "cooking"], prompt: "recipes, ingredients" },
    Domain { names: &["fitness", "workout", "gym", "exercise"], prompt: "workouts, exercises" },
    Domain { names: &["habit"], prompt: "habits" },
    Domain {
        names: &["expense", "budget", "personal finance", "finance", "spending"],
        prompt: "expenses, categories",
    },
    Domain { names: &["bank", "banking", "ledger"], prompt: "customers, accounts, transactions" },
    Domain { names: &["invoice", "invoicing"], prompt: "clients, invoices, invoice items" },
    Domain { names: &["project", "project management"], prompt: "projects, tasks" },
    Domain {
        names: &["issue", "bug", "bug tracker", "ticketing", "help desk", "helpdesk"],
        prompt: "issues, projects, labels",
    },
    Domain { names: &["kanban", "trello"], prompt: "boards, lists, cards" },
    Domain { names: &["poll", "survey", "voting"], prompt: "polls, options, votes" },
    Domain { names: &["quiz"], prompt: "quizzes, questions, answers" },
    Domain {
        names: &["job board", "recruiting", "recruitment", "hiring"],
        prompt: "companies, jobs, applications",
    },
    Domain {
        names: &["hospital", "clinic", "medical", "healthcare"],
        prompt: "patients, doctors, appointments",
    },
    Domain {
        names: &["hr", "human resources", "employee", "employee management", "staff"],
        prompt: "employees, departments",
    },
    Domain {
        names: &["fleet", "car rental", "vehicle"],
        prompt: "vehicles, drivers. Each vehicle may belong to a driver.",
    },
    Domain {
        names: &["real estate", "property listing"],
        prompt: "properties, agents. Agents have a name, an email and an optional phone. Each property belongs to an agent.",
    },
    Domain { names: &["wiki", "knowledge base"], prompt: "pages, tags" },
    Domain { names: &["newsletter", "mailing list", "waitlist"], prompt: "subscribers" },
    Domain { names: &["feedback", "review"], prompt: "feedback" },
    Domain { names: &["time tracking", "time tracker", "timesheet"], prompt: "projects, time entries" },
    Domain {
        names: &["pet", "pet store", "pet shop", "veterinary"],
        prompt: "pets, owners. Owners have a name, a unique email and an optional phone. Each pet belongs to an owner.",
    },
    Domain { names: &["social network", "social media"], prompt: "users, posts, comments" },
    Domain {
        names: &["travel", "trip planner", "itinerary"],
        prompt: "trips, activities. Activities have a title, a starts at and an optional location. Each activity belongs to a trip.",
    },
    Domain { names: &["photo", "photo album", "gallery"], prompt: "albums, photos" },
];

/// The usual fields of a thing, as a list.
pub(super) fn fields_of(label: &str) -> Option<&'static str> {
    let exact = FAMILIAR.iter().find(|(noun, _)| *noun == label);
    let head = label.rsplit(' ').next().unwrap_or(label);
    exact.or_else(|| FAMILIAR.iter().find(|(noun, _)| *noun == head)).map(|(_, fields)| *fields)
}

/// Whether a thing of exactly this name is familiar.
pub(super) fn is_familiar(label: &str) -> bool {
    FAMILIAR.iter().any(|(noun, _)| *noun == label)
}

/// The domain that a subject names: the one with the longest name that occurs in it.
pub(super) fn domain(subject: &str) -> Option<&'static Domain> {
    let padded = format!(" {subject} ");
    let named = |name: &&str| padded.contains(&format!(" {name} "));
    let candidates = DOMAINS.iter().filter_map(|domain| {
        let longest = domain.names.iter().copied().filter(|name| named(name)).map(str::len).max()?;
        Some((longest, domain))
    });
    candidates
        .fold(None, |best: Option<(usize, &Domain)>, next| match best {
            Some(kept) if kept.0 >= next.0 => Some(kept),
            _ => Some(next),
        })
        .map(|(_, domain)| domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_name_decides_the_domain() {
        assert_eq!(domain("todo list").unwrap().prompt, "todos");
        assert_eq!(domain("pet store").unwrap().prompt.split(',').next(), Some("pets"));
        assert!(domain("flurb").is_none());
    }

    #[test]
    fn a_familiar_head_is_enough() {
        assert_eq!(fields_of("blog post"), fields_of("post"));
        assert_eq!(fields_of("gizmo"), None);
    }
}
