//! Every limit that both sides know, with its unit in its name.

/// The longest path of a file, in bytes.
pub const PATH_BYTES_MAX: usize = 1024;
/// The largest single file of a project, in bytes (64 MiB).
pub const FILE_BYTES_MAX: u64 = 64 << 20;
/// All files of a project together, uncompressed, in bytes (1 GiB).
pub const PROJECT_BYTES_MAX: u64 = 1 << 30;
/// How many files a project may have.
pub const PROJECT_FILES_MAX: usize = 50_000;
/// The largest content that travels inside a JSON change, in bytes (64 KiB).
pub const INLINE_BYTES_MAX: usize = 64 << 10;
/// The largest JSON body of a request, in bytes (64 MiB; `files` of the published upload travel in one).
pub const JSON_BYTES_MAX: usize = 64 << 20;
/// The largest compressed upload, in bytes (512 MiB).
pub const UPLOAD_BYTES_MAX: u64 = 512 << 20;
/// The longest long poll, in seconds.
pub const LONG_POLL_S_MAX: u64 = 45;
/// How many lines a page of logs has at most.
pub const LOG_LINES_MAX: usize = 5_000;
/// The longest line that a log keeps in one piece, in bytes; a longer one continues on the next.
pub const LOG_LINE_BYTES_MAX: usize = 64 << 10;
/// How many lines a status shows.
pub const STATUS_LINES_MAX: usize = 100;
/// The longest prompt of a generation, in bytes (64 KiB).
pub const PROMPT_BYTES_MAX: usize = 64 << 10;
/// How long an idempotency key is remembered, in seconds (24 h).
pub const IDEMPOTENCY_S: u64 = 24 * 3600;
/// How many environment variables a project may have.
pub const ENV_MAX: usize = 256;
/// The largest value of an environment variable, in bytes (32 KiB).
pub const ENV_VALUE_BYTES_MAX: usize = 32 << 10;
/// How many secrets a project may have.
pub const SECRETS_MAX: usize = 100;
/// The largest value of a secret, in bytes (64 KiB).
pub const SECRET_VALUE_BYTES_MAX: usize = 64 << 10;
/// The values of a project's secrets together, in bytes (512 KiB): they share one environment.
pub const SECRETS_BYTES_MAX: usize = 512 << 10;
/// The shortest value that is taken out of output, in characters: shorter ones are in too many words by chance.
pub const SECRET_REDACTED_CHARS_MIN: usize = 8;
/// How long a person has to answer a request for a secret, in seconds (10 min).
pub const SECRET_REQUEST_S: u64 = 600;
