//! What of a folder does not travel, and why.

use platform_client::Ignored;
use schemars::JsonSchema;
use serde::Serialize;

/// How many left-out paths a result lists before it only counts them.
const LISTED_MAX: usize = 20;

/// A file or folder that stays behind.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct IgnoredOut {
    path: String,
    reason: String,
}

/// What stays behind, the rest of a long list as a count.
pub(super) fn listed(all: Vec<Ignored>) -> Vec<IgnoredOut> {
    let more = all.len().saturating_sub(LISTED_MAX);
    let first = all.into_iter().take(LISTED_MAX);
    let mut listed: Vec<_> =
        first.map(|ignored| IgnoredOut { path: ignored.path, reason: ignored.reason }).collect();
    if more > 0 {
        listed.push(IgnoredOut { path: "…".to_owned(), reason: format!("and {more} more") });
    }
    listed
}

/// The same in one line, if there is anything to say.
pub(super) fn line(ignored: &[IgnoredOut]) -> Option<String> {
    let items: Vec<_> = ignored.iter().map(|item| format!("{} ({})", item.path, item.reason)).collect();
    (!items.is_empty()).then(|| format!("left out: {}", items.join(", ")))
}
