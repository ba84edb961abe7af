//! What this conversation has been shown of each deployment's log, so that no line is shown twice.
//!
//! A conversation is one server's client. A cursor that the caller passes always wins over what is remembered here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use platform_api::{DeploymentId, LogCursor, LogSource};

/// How many deployments are remembered; the oldest are forgotten first.
const DEPLOYMENTS_MAX: usize = 256;

/// The logs that this conversation has read. Shared by all calls.
#[derive(Debug, Default)]
pub(crate) struct Conversation(Mutex<BTreeMap<DeploymentId, Reading>>);

/// How far one deployment's log has been read.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reading {
    /// Where the next tail begins.
    pub(crate) tail: Option<LogCursor>,
    /// The lines that tails have shown.
    pub(crate) in_tails: Lines,
    /// The lines that streams have shown.
    pub(crate) in_streams: Lines,
    /// Where the next stream of a source begins; `None` is all sources.
    pub(crate) streams: HashMap<Option<LogSource>, LogCursor>,
}

impl Conversation {
    /// How far the deployment's log has been read.
    pub(crate) fn reading(&self, deployment: DeploymentId) -> Reading {
        self.lock().get(&deployment).cloned().unwrap_or_default()
    }

    /// Notes what was shown of the deployment's log.
    pub(crate) fn note(&self, deployment: DeploymentId, note: impl FnOnce(&mut Reading)) {
        let mut readings = self.lock();
        note(readings.entry(deployment).or_default());
        // Version 7 ids sort by time, so the first is the oldest.
        if readings.len() > DEPLOYMENTS_MAX {
            readings.pop_first();
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<DeploymentId, Reading>> {
        // Notes are made of whole steps; a panic between them leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A set of line numbers, kept as ranges because lines are shown in runs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Lines(BTreeMap<u64, u64>);

impl Lines {
    pub(crate) fn contains(&self, line: u64) -> bool {
        self.0.range(..=line).next_back().is_some_and(|(_, last)| *last >= line)
    }

    pub(crate) fn insert(&mut self, line: u64) {
        if self.contains(line) {
            return;
        }
        let before = line.checked_sub(1).and_then(|line| self.0.range(..=line).next_back());
        let first = match before {
            Some((first, last)) if last + 1 == line => *first,
            _ => line,
        };
        let last = line.checked_add(1).and_then(|next| self.0.remove(&next)).unwrap_or(line);
        self.0.insert(first, last);
    }
}

impl Extend<u64> for Lines {
    fn extend<T: IntoIterator<Item = u64>>(&mut self, lines: T) {
        lines.into_iter().for_each(|line| self.insert(line));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_are_the_set_of_what_was_inserted(lines in prop::collection::vec(0_u64..60, 0..80)) {
            let mut ranges = Lines::default();
            ranges.extend(lines.iter().copied());
            let set: BTreeSet<u64> = lines.into_iter().collect();
            for line in 0..62 {
                prop_assert_eq!(ranges.contains(line), set.contains(&line), "{}", line);
            }
            let runs = set.iter().filter(|line| !set.contains(&(**line + 1))).count();
            prop_assert_eq!(ranges.0.len(), runs, "neighbours share a range");
        }
    }

    #[test]
    fn only_the_newest_deployments_are_remembered() {
        let id = |n: usize| DeploymentId::from_v7(uuid::Uuid::from_u128(n as u128));
        let conversation = Conversation::default();
        for n in 0..DEPLOYMENTS_MAX + 5 {
            conversation.note(id(n), |reading| reading.tail = Some(LogCursor("1:0".to_owned())));
        }
        assert!(conversation.reading(id(0)).tail.is_none());
        assert!(conversation.reading(id(DEPLOYMENTS_MAX)).tail.is_some());
    }
}
