//! Rules about environment variables that are not set, in the words of many libraries.

use super::pattern::capture;
use super::rule::{CODE, Captured, Rule, or};

pub(super) const RULES: &[Rule] = &[NO_PASSWORD, SAID_BY_LIBRARIES, NAMED];

const NO_PASSWORD: Rule = Rule {
    code: "missing_env_var",
    phases: CODE,
    runtimes: &[],
    patterns: &[NO_PASSWORD_TEXT],
    title: |_| "The app logs in to the database without a password".to_owned(),
    fix: |_| {
        "set the variable that holds the database's URL or password as a secret of the project, under the name that the \
         code reads"
            .to_owned()
    },
};

/// What the driver `pg` says where the password is undefined.
const NO_PASSWORD_TEXT: &str = "client password must be a string";

const SAID_BY_LIBRARIES: Rule = Rule {
    code: "missing_env_var",
    phases: CODE,
    runtimes: &[],
    patterns: LIBRARIES,
    title: |_| "A library lacks a key or an address that usually comes from the environment".to_owned(),
    fix: |_| {
        "set the variable that the code passes there: a secret of the project for keys and tokens, `env` in \
         backend-im.yml for the rest"
            .to_owned()
    },
};

const NAMED: Rule = Rule {
    code: "missing_env_var",
    phases: CODE,
    runtimes: &[],
    patterns: &[
        "^KeyError: '{}'",
        "UndefinedValueError: {} not found",
        "Set the {} environment variable",
        "The {} setting must not be empty",
        "Environment variable \"{}\" not set",
        "Environment variable not found: {}.",
        "issing required environment variable: {}",
        "issing required environment variable {}",
        "Cannot resolve environment variable: {}",
        "required key {} missing value",
        "Could not find environment variable {}",
        "{}: unbound variable",
        "{}: parameter not set",
        "{}: parameter null or not set",
        "issing environment variable: {}",
        "issing environment variable {}",
        "nvironment variable {} is",
        "{} environment variable is",
        "env-var: \"{}\" is a required variable",
        "missing value for field {}",
        "{} is not set",
        "{} must be set",
        "{} is missing",
        "{} is required",
        "efine the {} environment variable",
        "environment variable `{}` not defined at compile time",
        "{} not set",
        "{} is undefined",
        "{} not found in environment",
        "{} is not defined",
        "{} must be provided",
        "{} must be defined",
        "Missing {}",
        "missing {}",
        "Please set {}",
        "environment variable not found",
        "NotPresent",
    ],
    title: |c| match variable(c) {
        Some(name) => format!("The environment variable `{name}` is not set"),
        None => "An environment variable is not set".to_owned(),
    },
    fix: |c| match variable(c) {
        Some(name) => format!(
            "set `{name}` under `env` in backend-im.yml or in the deploy's `env`, or give it a default in the code"
        ),
        None => {
            "set the variable that the code reads there under `env` in backend-im.yml, or give it a default"
                .to_owned()
        }
    },
};

/// How libraries complain about a setting that usually comes from the environment, without naming a variable.
const LIBRARIES: &[&str] = &[
    "Please, set configuration variable",
    "supabaseUrl is required",
    "URL and Key are required to create a Supabase client",
    "URL and API key are required",
    "missing secret key",
    "You must specify a region",
    "Region is missing",
    "Please add your Mongo URI",
    "No database connection string was provided",
    "No database host or connection string was set",
    "requires a clientID option",
    "Must supply api_key",
    "Must supply cloud_name",
    "Configuration must contain `projectId`",
    "Expected parameter accessToken",
    "auth/invalid-api-key",
    "secret or public key must be provided",
    "username is required",
    "No API key provided",
    "[EnvInvalidVariables]",
    "supabaseKey is required",
    "Missing API key. Pass it to the constructor",
    "Neither apiKey nor config.authenticator provided",
    "accountSid must start with AC",
    "secretOrPrivateKey must have a value",
    "requires a secret or key",
    "secret option required for sessions",
    "`openUri()` must be a string, got \"undefined\"",
    "Expected a valid bot token",
    "An invalid token was provided",
    "Missing publishableKey",
    "Missing secretKey",
    "The api_key client option must be set",
    "Did not find openai_api_key",
    "Bot Token is required",
    "Service account object must contain a string",
    "App keys are required",
    "MissingSecret: Please define a `secret`",
    "[next-auth][error][NO_SECRET]",
    "Missing credentials. Please pass an `apiKey`",
    "The API_KEY client option must be set",
    "needs to be constructed with a non-empty, valid `PrismaClientOptions`",
];

/// Whether such a line is about a variable at all: `KeyError: 'user'` and `a name is required` are not.
pub(super) fn is_about_variable(line: &str) -> bool {
    let says_so = [
        "NotPresent",
        "nvironment variable",
        "missing value for field",
        "Could not resolve placeholder '",
        "The config property ",
        "Configuration value '",
    ]
    .iter()
    .chain([&NO_PASSWORD_TEXT])
    .chain(LIBRARIES)
    .any(|text| line.contains(text));
    let key = capture(line, "^KeyError: '{}'");
    match key.as_deref().and_then(<[&str]>::first) {
        Some(key) => is_variable(key),
        None => says_so || words(line).any(is_setting),
    }
}

/// The variable's name among the words of what was captured: the last one in capitals.
fn variable(captured: Captured<'_>) -> Option<String> {
    let text = or(captured, 0, "");
    let in_capitals = words(text).filter(|word| is_setting(word)).last();
    // `envy` names fields, in lower case.
    let only = words(text).next().filter(|word| *word == text && !word.is_empty());
    in_capitals.or(only).map(str::to_ascii_uppercase)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
}

fn is_variable(word: &str) -> bool {
    word.len() > 2
        && word.starts_with(|c: char| c.is_ascii_uppercase())
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Names of variables that have but one word.
const SINGLE: &[&str] = &["DSN", "HOST", "PASSWORD", "PORT", "REGION", "SECRET", "TOKEN", "USERNAME"];

/// Whether a word in the middle of a line is the name of a variable, and no level, method or code of an error.
pub(super) fn is_setting(word: &str) -> bool {
    let is_code = ["ERR_", "MODULE_NOT_FOUND", "TS_", "NODE_MODULE_VERSION"]
        .iter()
        .any(|start| word.starts_with(start));
    is_variable(word) && !is_code && (word.contains('_') || SINGLE.contains(&word))
}
