//! Health: stands in for the real probe until the two are joined.

use std::net::SocketAddr;

use platform_api::InstanceId;

/// Proof that an instance answered its probe.
#[derive(Debug)]
pub(crate) struct Healthy {
    instance: InstanceId,
    address: SocketAddr,
}

impl Healthy {
    /// Which instance.
    pub(crate) fn instance(&self) -> InstanceId {
        self.instance
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// For tests of what takes a `Healthy`.
    #[cfg(test)]
    pub(crate) fn for_test(instance: InstanceId, address: SocketAddr) -> Self {
        Self { instance, address }
    }
}
