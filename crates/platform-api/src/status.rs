//! The status of a deployment as the wire names it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a deployment is. In this order; the last three are the ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Status {
    /// Accepted and on disk; waits for its turn.
    Queued,
    /// The branch moves to the commit.
    Committing,
    /// The release gets its isolated root.
    CreatingNamespace,
    /// The project's persistent data directory is made ready.
    CreatingPvc,
    /// Dependencies are installed, the build and the tests run.
    Building,
    /// The new instance starts.
    Deploying,
    /// The new instance is probed, then the route switches.
    HealthCheck,
    /// The route was switched to this deployment.
    Complete,
    /// It ended without going live; the old version kept serving.
    Failed,
    /// Somebody cancelled it; the old version kept serving.
    Cancelled,
}

impl Status {
    /// Whether nothing follows.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Cancelled)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Committing => "committing",
            Self::CreatingNamespace => "creating_namespace",
            Self::CreatingPvc => "creating_pvc",
            Self::Building => "building",
            Self::Deploying => "deploying",
            Self::HealthCheck => "health_check",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
