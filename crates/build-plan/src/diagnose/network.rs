//! Rules about other machines: registries, certificates, names, databases.

use super::rule::{ANY, INSTALL, MAKE, RUN, Rule, or};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "tls_error",
        phases: ANY,
        runtimes: &[],
        patterns: &[
            "CERTIFICATE_VERIFY_FAILED",
            "invalid peer certificate: {}",
            "SELF_SIGNED_CERT_IN_CHAIN",
            "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
            "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
            "CERT_HAS_EXPIRED",
            "SSL certificate problem: {}",
            "the SSL certificate is invalid",
        ],
        title: |_| "A TLS certificate was not accepted".to_owned(),
        fix: |_| {
            "behind a proxy with its own authority set SSL_CERT_FILE (for npm NODE_EXTRA_CA_CERTS, for pip PIP_CERT) to its certificate before starting the platform; never switch verification off".to_owned()
        },
    },
    Rule {
        code: "registry_denied",
        phases: INSTALL,
        runtimes: &[],
        patterns: &[
            "^code E401",
            "^code E403",
            "HTTP error 401 while getting",
            "HTTP error 403 while getting",
            "401 Client Error: {}",
            "403 Client Error: {}",
            "HTTP status client error (401 {}",
            "HTTP status client error (403 {}",
            "failed to get successful HTTP response from {}, got 403",
        ],
        title: |_| "The package registry refused access".to_owned(),
        fix: |_| {
            "check the name of the package and the registry's credentials (.npmrc, PIP_INDEX_URL, UV_INDEX_URL) in the platform's environment".to_owned()
        },
    },
    Rule {
        code: "registry_unreachable",
        phases: MAKE,
        runtimes: &[],
        patterns: &[
            "request to {} failed, reason:",
            "^code ENOTFOUND",
            "^code EAI_AGAIN",
            "^code ETIMEDOUT",
            "^code ECONNREFUSED",
            "^code ECONNRESET",
            "^code ERR_SOCKET_TIMEOUT",
            "network request to {} failed",
            "NewConnectionError",
            "Temporary failure in name resolution",
            "ReadTimeoutError",
            "ConnectTimeoutError",
            "error sending request for url ({})",
            "Failed to fetch: {}",
            "Could not connect, are you offline?",
            "failed to download from `{}`",
            "spurious network error",
            "Could not resolve host: {}",
            "[Errno -3] Temporary failure",
        ],
        title: |_| "The package registry could not be reached".to_owned(),
        fix: |_| {
            "check the machine's network and proxy settings (HTTPS_PROXY, NO_PROXY) and deploy again; nothing in the project needs to change".to_owned()
        },
    },
    Rule {
        code: "database_auth_failed",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "password authentication failed for user \"{}\"",
            "Access denied for user '{}'",
            "no password supplied",
            "NOAUTH Authentication required",
            "WRONGPASS",
            "MongoServerError: Authentication failed",
            "role \"{}\" does not exist",
        ],
        title: |c| format!("The database refused the login of `{}`", or(c, 0, "the app")),
        fix: |_| {
            "correct user and password in the variable with the database's URL (`env` in backend-im.yml, or the deploy's `env`)".to_owned()
        },
    },
    Rule {
        code: "database_refused",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "connection to server at \"{}\"{} failed: Connection refused",
            "could not connect to server: Connection refused",
            "connect ECONNREFUSED {}:5432",
            "connect ECONNREFUSED {}:3306",
            "connect ECONNREFUSED {}:6379",
            "connect ECONNREFUSED {}:27017",
            "Connect call failed ('{}', 5432",
            "Connect call failed ('{}', 3306",
            "Error 111 connecting to {}. Connection refused",
            "Can't connect to MySQL server on '{}'",
            "MongooseServerSelectionError: {}",
            "ServerSelectionTimeoutError: {}",
            "PoolTimedOut",
            "pool timed out while waiting for an open connection",
            "Can't reach database server at `{}`",
        ],
        title: |c| format!("No database answers at {}", or(c, 0, "the configured address")),
        fix: |_| {
            "set the database's URL in `env` to a server that runs and can be reached from this machine, or keep the data in a SQLite file below DATA_DIR".to_owned()
        },
    },
    Rule {
        code: "database_missing",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "database \"{}\" does not exist",
            "Unknown database '{}'",
            "unable to open database file",
        ],
        title: |c| match c.first() {
            Some(name) => format!("The database `{name}` does not exist"),
            None => "The database file cannot be opened".to_owned(),
        },
        fix: |c| {
            match c.first() {
            Some(name) => format!("create the database `{name}`, or correct the URL"),
            None => "keep the file below the environment's DATA_DIR (for SQLAlchemy `sqlite:///` followed by DATA_DIR and the file's name) and create its folder first".to_owned(),
        }
        },
    },
    Rule {
        code: "table_missing",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "no such table: {}",
            "relation \"{}\" does not exist",
            "Table '{}' doesn't exist",
            "The table `{}` does not exist in the current database",
        ],
        title: |c| format!("The table `{}` does not exist", or(c, 0, "?").trim_end_matches(')')),
        fix: |_| {
            "create the tables before they are used: run the migrations in `build` or when the app starts, or call `Base.metadata.create_all(engine)`".to_owned()
        },
    },
    Rule {
        code: "host_not_found",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "could not translate host name \"{}\" to address",
            "getaddrinfo ENOTFOUND {}",
            "getaddrinfo EAI_AGAIN {}",
            "[Errno -2] Name or service not known",
            "[Errno -3] Temporary failure in name resolution",
            "failed to lookup address information",
        ],
        title: |c| {
            format!(
                "The host {} is not known",
                c.first().map_or_else(|| "name".to_owned(), |name| format!("`{name}`"))
            )
        },
        fix: |_| {
            "correct the host in the variable with its URL; names of other containers (such as `db` or `redis`) exist only within Docker".to_owned()
        },
    },
    Rule {
        code: "connection_refused",
        phases: RUN,
        runtimes: &[],
        patterns: &[
            "connect ECONNREFUSED {}",
            "ConnectionRefusedError: [Errno 111] {}",
            "Connection refused (os error 111)",
            "kind: ConnectionRefused",
            "httpx.ConnectError: {}",
        ],
        title: |_| "A service that the app needs does not answer".to_owned(),
        fix: |_| {
            "start the service, or correct its address in `env`; let the app start without it and retry where it can".to_owned()
        },
    },
];
