//! Which era of the protocol a request is of, and how long the newer one lets results be kept.

use rmcp::RoleServer;
use rmcp::model::{CacheScope, ProtocolVersion};
use rmcp::service::RequestContext;

/// How long what only another version of this program changes may be kept, in milliseconds.
const FIXED_MS: u64 = 5 * 60 * 1_000;
/// How long what any deploy changes may be kept, in milliseconds.
const PASSING_MS: u64 = 1_000;

/// An era of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    /// Until 2025-11-25: a session that begins with `initialize`, in which both sides make requests.
    Sessions,
    /// From 2026-07-28 on: every request stands for itself, and only clients make them.
    Requests,
}

impl Era {
    pub(crate) fn of(context: &RequestContext<RoleServer>) -> Self {
        match context.protocol_version() {
            Some(version) if version >= ProtocolVersion::V_2026_07_28 => Self::Requests,
            _ => Self::Sessions,
        }
    }
}

/// How long a result stays true.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Freshness {
    /// As long as this program is the same; for everybody.
    Fixed,
    /// Until something happens; for this client only.
    Passing,
}

impl Freshness {
    /// What a result tells its client of it: nothing to older ones, which do not know these fields.
    pub(crate) fn hints(self, context: &RequestContext<RoleServer>) -> (Option<u64>, Option<CacheScope>) {
        if Era::of(context) == Era::Sessions {
            return (None, None);
        }
        let (ttl_ms, scope) = self.parts();
        (Some(ttl_ms), Some(scope))
    }

    /// Milliseconds and scope.
    pub(crate) fn parts(self) -> (u64, CacheScope) {
        match self {
            Self::Fixed => (FIXED_MS, CacheScope::Public),
            Self::Passing => (PASSING_MS, CacheScope::Private),
        }
    }
}
