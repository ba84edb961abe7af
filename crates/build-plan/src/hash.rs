//! The plan's hash: equal hashes mean equal decisions about equal files.

use sha2::{Digest, Sha256};

use crate::{Listing, Plan};

/// How many hex digits of the digest make the hash.
const DIGITS: usize = 16;

/// Hashes the decisions of the plan and every file's path, mode and content id. Evidence and warnings are explanations
/// and take no part, so that a better sentence in a later version does not make every plan a new one.
pub(crate) fn plan_hash(plan: &Plan, listing: &Listing) -> String {
    let decisions = (
        (plan.runtime, &plan.framework, &plan.version, &plan.install),
        (&plan.build, &plan.test, &plan.start, plan.port),
        (&plan.health_path, &plan.static_root, &plan.env),
    );
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
    let mut text = hex::encode(digest.finalize());
    text.truncate(DIGITS);
    text
}
