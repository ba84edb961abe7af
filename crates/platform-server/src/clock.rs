//! The one clock and the one source of ids.

use std::time::{SystemTime, UNIX_EPOCH};

use platform_api::{DeploymentId, InstanceId};
use uuid::Uuid;

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A deployment id that sorts after every earlier one of this process.
pub(crate) fn new_deployment() -> DeploymentId {
    DeploymentId::from_v7(Uuid::now_v7())
}

/// An instance id.
pub(crate) fn new_instance() -> InstanceId {
    InstanceId::from_v7(Uuid::now_v7())
}
