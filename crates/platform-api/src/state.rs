//! The state machine of one deployment: states hold what they know, and the only way on is a fact.

use serde::{Deserialize, Serialize};

use crate::{Failure, InstanceId, Receipt, Status};

/// What is true of a deployment now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// Accepted, waits for its turn.
    Queued,
    /// The branch is being moved to the commit.
    Committing,
    /// The release's root is being made.
    CreatingNamespace,
    /// The project's data directory is being made ready.
    CreatingPvc,
    /// Dependencies, build and tests.
    Building,
    /// The instance is being started.
    Deploying,
    /// The instance runs and is being probed.
    Probing {
        /// Which instance.
        instance: InstanceId,
    },
    /// The instance is healthy; the route is about to switch.
    Switching {
        /// Which instance.
        instance: InstanceId,
    },
    /// The route was switched to the instance.
    Complete {
        /// Which instance.
        instance: InstanceId,
        /// What the switch cost.
        receipt: Receipt,
    },
    /// It ended without going live.
    Failed {
        /// Where it was.
        stage: Status,
        /// Why.
        failure: Box<Failure>,
    },
    /// Somebody cancelled it.
    Cancelled {
        /// Where it was.
        stage: Status,
    },
}

/// What happened to a deployment. Facts are written to disk before anyone hears of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Fact {
    /// Its turn came.
    Started,
    /// The branch points at the commit.
    Committed,
    /// The release has its root.
    NamespaceCreated,
    /// The data directory is ready.
    DataReady,
    /// The release is built and its tests passed.
    Built,
    /// The instance was started.
    Launched {
        /// Which instance.
        instance: InstanceId,
    },
    /// The instance answered its probe.
    Healthy,
    /// The route was switched and the old instance drained.
    Switched {
        /// What the switch cost.
        receipt: Receipt,
    },
    /// It failed; nothing changed for users.
    Failed {
        /// Why.
        failure: Box<Failure>,
    },
    /// It was cancelled; nothing changed for users.
    Cancelled,
}

/// A fact that cannot follow from a state: a bug of the platform, never of its user.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("`{fact:?}` cannot happen to a deployment that is {from:?}")]
pub struct IllegalTransition {
    /// The state before.
    pub from: Box<State>,
    /// The fact.
    pub fact: Box<Fact>,
}

impl State {
    /// The state after `fact`.
    ///
    /// # Errors
    /// [`IllegalTransition`] when the fact cannot follow.
    pub fn after(self, fact: &Fact) -> Result<Self, IllegalTransition> {
        let stage = self.status();
        Ok(match (&self, fact) {
            (Self::Queued, Fact::Started) => Self::Committing,
            (Self::Committing, Fact::Committed) => Self::CreatingNamespace,
            (Self::CreatingNamespace, Fact::NamespaceCreated) => Self::CreatingPvc,
            (Self::CreatingPvc, Fact::DataReady) => Self::Building,
            (Self::Building, Fact::Built) => Self::Deploying,
            (Self::Deploying, &Fact::Launched { instance }) => Self::Probing { instance },
            (&Self::Probing { instance }, Fact::Healthy) => Self::Switching { instance },
            (&Self::Switching { instance }, Fact::Switched { receipt }) => {
                Self::Complete { instance, receipt: receipt.clone() }
            }
            (_, Fact::Failed { failure }) if !stage.is_terminal() => {
                Self::Failed { stage, failure: failure.clone() }
            }
            (_, Fact::Cancelled) if !stage.is_terminal() => Self::Cancelled { stage },
            _ => return Err(IllegalTransition { from: Box::new(self), fact: Box::new(fact.clone()) }),
        })
    }

    /// The status that the wire shows for this state.
    pub const fn status(&self) -> Status {
        match self {
            Self::Queued => Status::Queued,
            Self::Committing => Status::Committing,
            Self::CreatingNamespace => Status::CreatingNamespace,
            Self::CreatingPvc => Status::CreatingPvc,
            Self::Building => Status::Building,
            Self::Deploying => Status::Deploying,
            Self::Probing { .. } | Self::Switching { .. } => Status::HealthCheck,
            Self::Complete { .. } => Status::Complete,
            Self::Failed { .. } => Status::Failed,
            Self::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// The instance that this deployment has started, if it has.
    pub const fn instance(&self) -> Option<InstanceId> {
        match self {
            Self::Probing { instance } | Self::Switching { instance } | Self::Complete { instance, .. } => {
                Some(*instance)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Code;

    fn facts() -> impl Strategy<Value = Fact> {
        let instance = InstanceId::from_v7(uuid::Uuid::from_u128(7));
        prop_oneof![
            Just(Fact::Started),
            Just(Fact::Committed),
            Just(Fact::NamespaceCreated),
            Just(Fact::DataReady),
            Just(Fact::Built),
            Just(Fact::Launched { instance }),
            Just(Fact::Healthy),
            Just(Fact::Switched { receipt: Receipt::default() }),
            Just(Fact::Failed { failure: Box::new(Failure::new(Code::BUILD_FAILED, "it failed")) }),
            Just(Fact::Cancelled),
        ]
    }

    proptest! {
        #[test]
        fn nothing_comes_back_from_the_end_and_nothing_goes_live_unprobed(
            facts in prop::collection::vec(facts(), 0..60)
        ) {
            let mut state = State::Queued;
            let mut was_healthy = false;
            for fact in &facts {
                let before = state.clone();
                match state.clone().after(fact) {
                    Ok(next) => {
                        prop_assert!(!before.status().is_terminal());
                        prop_assert!(next.status() >= before.status());
                        was_healthy |= *fact == Fact::Healthy;
                        state = next;
                    }
                    Err(error) => prop_assert_eq!(*error.from, before),
                }
            }
            prop_assert!(was_healthy || state.status() != Status::Complete);
        }
    }

    #[test]
    fn the_json_form_is_what_the_disk_and_the_wire_hold() {
        let instance = InstanceId::from_v7(uuid::Uuid::from_u128(7));
        let fact = serde_json::to_value(Fact::Launched { instance }).unwrap();
        assert_eq!(
            fact,
            serde_json::json!({"fact": "launched", "instance": "00000000-0000-0000-0000-000000000007"})
        );
        let state = State::Probing { instance };
        let json = serde_json::to_value(&state).unwrap();
        assert_eq!(json["state"], "probing");
        assert_eq!(serde_json::from_value::<State>(json).unwrap(), state);
    }
}
