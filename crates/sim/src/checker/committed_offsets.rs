//! Invariant: a committed offset that is fetched is one that was committed, and no commit that had
//! been acknowledged before the fetch began had been begun after that one was acknowledged.
//!
//! After a start what is fetched is exactly the last commit in the log of the coordinator. A power
//! loss may take commits that were not synced; what the log still holds counts from then on.

use super::{Checker, End, PartitionId};
use std::collections::BTreeMap;

const NAME: &str = "committed_offsets";

/// A group and a partition.
pub(crate) type CommitKey = (String, PartitionId);

/// The commits of each, by number.
pub(super) type Commits = BTreeMap<CommitKey, BTreeMap<u64, Known>>;

/// What a commit says; its number is the metadata that goes with the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Commit {
    pub(crate) number: u64,
    pub(crate) offset: i64,
}

#[derive(Debug)]
pub(super) struct Known {
    offset: i64,
    began: u64,
    acked: Option<u64>,
}

impl Commit {
    /// From an offset and the metadata that goes with it; none if that is no commit of a client.
    pub(crate) fn from_parts(offset: i64, metadata: &str) -> Option<Self> {
        let number = metadata.parse().ok()?;
        Some(Self { number, offset })
    }
}

impl Checker {
    /// A commit begins; returns it with its place in the order of events.
    pub(crate) fn commit_begins(&mut self, key: &CommitKey, offset: i64) -> (Commit, u64) {
        let number = self.next_number();
        let name = self.name_of(key.1);
        let began = self.record(
            &key.0,
            &format!("commit {number} of {name} at {offset} begins"),
        );
        let known = Known {
            offset,
            began,
            acked: None,
        };
        self.commits
            .entry(key.clone())
            .or_default()
            .insert(number, known);
        (Commit { number, offset }, began)
    }

    /// It was acknowledged.
    pub(crate) fn commit_acked(&mut self, key: &CommitKey, commit: Commit) {
        self.counters.committed += 1;
        let acked = self.record(&key.0, &format!("commit {} acked", commit.number));
        let commits = self.commits.get_mut(key);
        if let Some(known) = commits.and_then(|commits| commits.get_mut(&commit.number)) {
            known.acked = Some(acked);
        }
    }

    /// A committed offset was fetched, by a request that began at `began` in the order of events.
    pub(crate) fn offset_fetched(&mut self, key: &CommitKey, began: u64, found: Option<Commit>) {
        self.counters.offsets_fetched += 1;
        let name = self.name_of(key.1);
        self.record(&key.0, &format!("fetched {found:?} of {name}"));
        let Some(commits) = self.commits.get(key) else {
            if let Some(found) = found {
                let message = format!("{found:?} of {name} was fetched and none was committed");
                self.violate(NAME, &key.0, &message);
            }
            return;
        };
        let acked_before = |known: &Known| known.acked.filter(|acked| *acked < began);
        let newer = |(_, known): &(&u64, &Known)| {
            let fetched = found.and_then(|found| commits.get(&found.number));
            let is_newer = match (found, fetched) {
                (None, _) => true,
                (Some(_), Some(fetched)) => fetched.acked.is_some_and(|acked| acked < known.began),
                (Some(_), None) => false,
            };
            is_newer && acked_before(known).is_some()
        };
        let newer = commits.iter().find(newer).map(|(number, _)| *number);
        let is_known = found.is_none_or(|found| {
            let known = commits.get(&found.number);
            known.is_some_and(|known| known.offset == found.offset)
        });
        if !is_known {
            let message = format!("{found:?} of {name} was fetched and never committed");
            self.violate(NAME, &key.0, &message);
        } else if let Some(newer) = newer {
            let message = format!("{found:?} of {name} was fetched behind commit {newer}");
            self.violate(NAME, &key.0, &message);
        }
    }

    /// A start after the end of a life: `in_log` is the last commit in the log, `fetched` what the
    /// coordinator answers.
    pub(crate) fn commit_audited(
        &mut self,
        key: &CommitKey,
        end: Option<End>,
        in_log: Option<Commit>,
        fetched: Option<Commit>,
    ) {
        let name = self.name_of(key.1);
        if in_log != fetched {
            let message = format!("the log says {in_log:?} of {name}, the coordinator {fetched:?}");
            self.violate(NAME, &key.0, &message);
        }
        if end == Some(End::PowerLoss)
            && let Some(commits) = self.commits.get_mut(key)
        {
            let kept = |number: u64| in_log.is_some_and(|commit| commit.number == number);
            commits.retain(|number, _| kept(*number));
        }
        let began = self.record(&key.0, "audit");
        self.offset_fetched(key, began, fetched);
    }

    /// Everything that was ever committed to.
    pub(crate) fn commit_keys(&self) -> Vec<CommitKey> {
        self.commits.keys().cloned().collect()
    }
}
