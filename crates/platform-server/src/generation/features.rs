//! What prompts ask for that this generator does not write, and what every generated project has anyway.

use super::prompt::Token;

/// A feature with the words that ask for it. A word with a blank is a phrase; one with `*` at its end is a beginning.
struct Feature {
    name: &'static str,
    words: &'static [&'static str],
}

/// Not generated: whoever asks for one is told so.
const ABSENT: &[Feature] = &[
    Feature {
        name: "authentication and access control",
        words: &[
            "authentication",
            "authenticate*",
            "authorization",
            "authorisation",
            "authorize*",
            "auth",
            "login",
            "logins",
            "logout",
            "signup",
            "sign in",
            "log out",
            "jwt",
            "jwts",
            "oauth*",
            "sso",
            "2fa",
            "mfa",
            "rbac",
            "access control",
            "permission checks",
            "api keys",
            "api key",
            "password reset",
            "role based*",
            "role-based*",
            "sessions cookies",
            "bearer tokens",
            "access tokens",
            "only admins",
            "only authenticated",
        ],
    },
    Feature {
        name: "payments",
        words: &[
            "payment processing",
            "payment integration",
            "payment gateway",
            "payments",
            "stripe",
            "paypal",
            "checkout",
            "billing",
            "subscriptions billing",
            "pay with",
        ],
    },
    Feature {
        name: "sending e-mail or notifications",
        words: &[
            "notifications",
            "notification",
            "notify*",
            "send email*",
            "send emails",
            "sends email*",
            "sends an email",
            "send an email",
            "sending email*",
            "email sending",
            "email verification",
            "email confirmation",
            "push messages",
            "newsletter sending",
            "sms sending",
            "send sms",
            "reminders by email",
            "email alerts",
            "email remind*",
            "reminders",
        ],
    },
    Feature {
        name: "file upload",
        words: &[
            "file upload",
            "file uploads",
            "upload",
            "uploads",
            "uploading",
            "image upload",
            "attachments upload",
            "s3",
            "file storage",
        ],
    },
    Feature {
        name: "real-time messages",
        words: &[
            "websocket*",
            "real time*",
            "real-time*",
            "realtime",
            "live updates",
            "server sent*",
            "socket.io",
        ],
    },
    Feature {
        name: "full-text search and recommendations",
        words: &[
            "full text search",
            "full-text*",
            "elasticsearch",
            "fuzzy search",
            "search",
            "recommendation*",
            "recommend*",
        ],
    },
    Feature {
        name: "a user interface",
        words: &[
            "frontend",
            "front end",
            "front-end",
            "user interface",
            "ui",
            "dashboard",
            "dashboards",
            "admin panel",
            "admin interface",
            "react",
            "vue",
            "angular",
            "html pages",
            "web pages",
            "mobile app",
        ],
    },
    Feature { name: "GraphQL or gRPC", words: &["graphql", "grpc", "soap"] },
    Feature {
        name: "background work",
        words: &[
            "background job*",
            "background task*",
            "cron",
            "scheduler",
            "scheduled jobs",
            "celery",
            "queue workers",
            "job queue",
            "message queue",
            "kafka",
            "rabbitmq",
        ],
    },
    Feature {
        name: "caching and rate limits",
        words: &["caching", "cache layer", "redis", "rate limit*", "rate-limit*", "throttling"],
    },
    Feature {
        name: "reports and exports",
        words: &[
            "analytics",
            "reporting",
            "reports",
            "statistics",
            "charts",
            "export*",
            "csv import",
            "pdf*",
            "import from",
        ],
    },
    Feature {
        name: "webhooks and calls to other services",
        words: &[
            "webhook*",
            "third party*",
            "third-party*",
            "integrate with*",
            "integration with*",
            "openai",
            "llm",
        ],
    },
    Feature {
        name: "audit logs and soft deletion",
        words: &["audit log*", "audit trail", "soft delete*", "soft-delete*"],
    },
    Feature { name: "multi-tenancy", words: &["multi tenant*", "multi-tenant*", "multitenan*"] },
    Feature {
        name: "translations",
        words: &[
            "i18n",
            "internationalization",
            "localization",
            "translations",
            "multi-language",
            "multilingual",
        ],
    },
    Feature {
        name: "another database than SQLite or PostgreSQL",
        words: &["mongodb", "mongo", "mysql", "mariadb", "dynamodb", "firebase", "cassandra"],
    },
    Feature { name: "redirecting", words: &["redirect*"] },
];

/// Generated anyway, or part of how it is deployed: nothing to say about.
const PRESENT: &[&str] = &[
    "pagination",
    "paging",
    "filtering",
    "filters",
    "filter",
    "sorting",
    "validation",
    "error handling",
    "crud*",
    "endpoint*",
    "documentation",
    "docs",
    "swagger",
    "openapi",
    "tests",
    "unit tests",
    "health check*",
    "health endpoint",
    "fastapi",
    "python",
    "sqlalchemy",
    "pydantic",
    "sqlite",
    "postgres*",
    "rest",
    "restful",
    "json",
    "http",
    "database",
    "docker*",
    "deploy*",
    "timestamps",
    "uvicorn",
    "pytest",
    "readme",
    "clean code",
    "best practices",
    "proper status codes",
    "status codes",
];

/// The features among these tokens that are not generated.
pub(super) fn absent(tokens: &[Token]) -> Vec<&'static str> {
    ABSENT
        .iter()
        .filter(|feature| feature.words.iter().any(|phrase| occurs(phrase, tokens)))
        .map(|f| f.name)
        .collect()
}

/// Whether the whole phrase names something that is there anyway.
pub(super) fn is_present(tokens: &[Token]) -> bool {
    let Some(last) = tokens.last() else { return false };
    let heads = [std::slice::from_ref(last), tokens];
    PRESENT.iter().any(|phrase| heads.iter().any(|head| occurs_at(phrase, head) == Some(head.len())))
}

/// Whether the tokens name no feature at all, neither one that is there nor one that is not.
pub(super) fn is_plain(tokens: &[Token]) -> bool {
    absent(tokens).is_empty() && !is_present(tokens)
}

/// Whether the phrase occurs as the whole item or behind its own modifiers: so "payments" as an entity with fields of its
/// own is not mistaken for a feature.
fn occurs(phrase: &str, tokens: &[Token]) -> bool {
    (0..tokens.len()).any(|at| occurs_at(phrase, &tokens[at..]).is_some())
}

/// How many tokens the phrase takes at the beginning of `tokens`.
fn occurs_at(phrase: &str, tokens: &[Token]) -> Option<usize> {
    let words: Vec<&str> = phrase.split(' ').collect();
    let fits = |(word, token): (&&str, &Token)| match word.strip_suffix('*') {
        Some(start) => token.word().starts_with(start),
        None => token.word() == *word,
    };
    (words.len() <= tokens.len() && words.iter().zip(tokens).all(fits)).then_some(words.len())
}

#[cfg(test)]
mod tests {
    use super::super::prompt::sentences;
    use super::*;

    #[test]
    fn features_are_recognised_in_any_words() {
        let found = |text: &str| absent(&sentences(text)[0].tokens);
        assert_eq!(found("JWT authentication"), ["authentication and access control"]);
        assert_eq!(found("users can log in"), ["authentication and access control"]);
        assert_eq!(found("Stripe payments"), ["payments"]);
        assert_eq!(found("it should notify the customer"), ["sending e-mail or notifications"]);
        assert_eq!(found("a title and a body"), Vec::<&str>::new());
    }

    #[test]
    fn what_is_there_anyway_is_no_entity() {
        for text in ["pagination", "CRUD endpoints", "PostgreSQL database", "unit tests"] {
            assert!(is_present(&sentences(text)[0].tokens), "{text}");
        }
        assert!(!is_present(&sentences("sorting hats")[0].tokens));
    }
}
