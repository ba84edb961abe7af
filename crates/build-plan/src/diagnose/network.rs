//! Rules about other machines: registries, certificates, names.

use super::rule::{ANY, INSTALL, MAKE, RUN, Rule, rule};

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
            "x509: certificate signed by unknown authority",
            "DEPTH_ZERO_SELF_SIGNED_CERT",
            "unable to get local issuer certificate",
            "PKIX path building failed",
            "server certificate verification failed",
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
            "ERR_PNPM_META_FETCH_FAIL {}",
            "There appears to be trouble with your network connection",
            "info There appears to be trouble",
            "ConnectionRefused downloading package manifest {}",
            "dial tcp: lookup {}",
            "Could not fetch specs from {}",
            "curl error 6 while downloading {}",
            "curl error 28 while downloading {}",
            "Could not transfer artifact {} from/to",
            "Failed to fetch record for '{}' from registry",
            "RequestError: {}",
            "Could not resolve host: {}",
            "[Errno -3] Temporary failure",
        ],
        title: |_| "The package registry could not be reached".to_owned(),
        fix: |_| {
            "check the machine's network and proxy settings (HTTPS_PROXY, NO_PROXY) and deploy again; nothing in the project needs to change".to_owned()
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
            "no such host",
            "Name or service not known",
            "nodename nor servname provided",
            "UnknownHostException: {}",
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
            "connect: connection refused",
            "java.net.ConnectException: Connection refused",
            "Failed to open TCP connection to {} (Connection refused",
            "httpx.ConnectError: {}",
        ],
        title: |_| "A service that the app needs does not answer".to_owned(),
        fix: |_| {
            "start the service, or correct its address in `env`; let the app start without it and retry where it can".to_owned()
        },
    },
    rule!(
        "timed_out",
        RUN,
        &[],
        [
            "connect ETIMEDOUT {}",
            "TimeoutError: [Errno 110] {}",
            "Connection timed out (os error 110)",
            "i/o timeout",
            "context deadline exceeded",
            "Operation timed out",
        ],
        "A service that the app needs does not answer in time",
        "check the address in `env` and whether it can be reached from this machine (firewall, private network); give the call a limit and start without it where that can be",
    ),
    rule!(
        "credentials_rejected",
        RUN,
        &[],
        [
            "AuthenticationError: Error code: 401",
            "Incorrect API key provided: {}",
            "InvalidAccessKeyId: {}",
            "The security token included in the request is invalid",
            "Unable to locate credentials",
            "CredentialsProviderError: {}",
            "Could not load the default credentials",
            "DefaultCredentialsError: {}",
            "Invalid API key",
            "StripeAuthenticationError: {}",
        ],
        "A service refuses the app's credentials",
        "set the key as a secret of the project, under the name that the code reads, and check that it is the right one for this environment",
    ),
];
