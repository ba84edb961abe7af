//! The plan's hash: equal hashes mean equal decisions about equal files.

use sha2::{Digest, Sha256};

use crate::{Listing, Plan};

/// How many hex digits of the digest make the hash.
const DIGITS: usize = 16;

/// Hashes the decisions of the plan and every file's path, mode and content id. Evidence and warnings are explanations
/// and take no part, so that a better sentence in a later version does not make every plan a new one.
pub(crate) fn plan_hash(plan: &Plan, listing: &Listing) -> String {
    let decisions =
        Plan { evidence: Vec::new(), warnings: Vec::new(), plan_hash: String::new(), ..plan.clone() };
    let mut digest = Sha256::new();
    digest.update(serde_json::to_vec(&decisions).expect("a plan is plain JSON"));
    for file in listing.iter() {
        // Lengths keep one file's path from running into the next one's.
        digest.update((file.path.len() as u64).to_le_bytes());
        for part in [file.path.as_str(), file.mode, file.oid.as_str()] {
            digest.update(part.as_bytes());
            digest.update([0]);
        }
    }
    shortened(digest)
}

/// The key of a layer: what installs or builds it, and the content of the files that decide.
pub(crate) fn layer_key(recipe: &[&str], inputs: &[String], listing: &Listing) -> String {
    let mut digest = Sha256::new();
    let contents = inputs
        .iter()
        .flat_map(|path| [path.as_str(), listing.get(path).map_or("absent", |file| file.oid.as_str())]);
    for part in recipe.iter().copied().chain(contents) {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part.as_bytes());
    }
    shortened(digest)
}

fn shortened(digest: Sha256) -> String {
    let mut text = hex::encode(digest.finalize());
    text.truncate(DIGITS);
    text
}
