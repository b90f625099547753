//! A reassignment as arithmetic on lists of replicas: begun, complete or taken back (KIP-455).
//!
//! ```text
//! replicas 1 2 3  ── target 3 4 ──>  replicas 3 4 1 2, adding 4, removing 1 2
//!                                         │ 4 (and 3, if there are fewer than before) in sync
//!                                         v
//!                                    replicas 3 4
//! ```
//!
//! Not the job of this module: whether brokers exist, and who leads.

use crate::image::PartitionRegistration;

/// What a partition is on the way to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reassignment {
    pub(super) removing: Vec<i32>,
    pub(super) adding: Vec<i32>,
    /// All replicas while it lasts: those that stay or are added first.
    pub(super) replicas: Vec<i32>,
}

/// Replicas after a reassignment, whatever way it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Completed {
    pub(super) replicas: Vec<i32>,
    pub(super) isr: Vec<i32>,
}

/// A reassignment taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reverted {
    pub(super) replicas: Vec<i32>,
    pub(super) isr: Vec<i32>,
    /// Whether nobody that stays is in sync, so that records may be lost.
    pub(super) is_unclean: bool,
}

impl Reassignment {
    /// From these replicas to those.
    pub(super) fn between(current: &[i32], target: &[i32]) -> Self {
        let removing = difference(current, target);
        let mut replicas = target.to_vec();
        replicas.extend(&removing);
        Self {
            removing,
            adding: difference(target, current),
            replicas,
        }
    }

    /// The one that a partition is in; nothing to add or to remove is none.
    pub(super) fn of(partition: &PartitionRegistration) -> Self {
        Self {
            removing: partition.removing_replicas.clone(),
            adding: partition.adding_replicas.clone(),
            replicas: partition.replicas.clone(),
        }
    }

    pub(super) fn is_in_progress(&self) -> bool {
        !self.removing.is_empty() || !self.adding.is_empty()
    }

    /// The end of it, if so many in-sync replicas are enough.
    pub(super) fn completed(&self, isr: &[i32]) -> Option<Completed> {
        let remaining = |all: &[i32]| -> Vec<i32> {
            let stays = |replica: &i32| !self.removing.contains(replica);
            all.iter().copied().filter(stays).collect()
        };
        let (replicas, isr) = (remaining(&self.replicas), remaining(isr));
        let has_all = |wanted: &[i32]| wanted.iter().all(|replica| isr.contains(replica));
        let removes_nobody = self.removing.is_empty();
        let is_possible = removes_nobody || (!isr.is_empty() && !replicas.is_empty());
        // With fewer replicas than before, those that are left must not be out of sync.
        let is_safe = self.adding.len() >= self.removing.len() || has_all(&replicas);
        let is_complete = self.is_in_progress() && is_possible && has_all(&self.adding) && is_safe;
        is_complete.then_some(Completed { replicas, isr })
    }

    /// What the partition goes back to; none if it had no replica before.
    pub(super) fn reverted(&self, isr: &[i32]) -> Option<Reverted> {
        let original = |all: &[i32]| -> Vec<i32> {
            let is_old = |replica: &i32| !self.adding.contains(replica);
            all.iter().copied().filter(is_old).collect()
        };
        let (replicas, mut isr) = (original(&self.replicas), original(isr));
        let is_unclean = isr.is_empty();
        if is_unclean {
            isr.push(*replicas.first()?);
        }
        Some(Reverted {
            replicas,
            isr,
            is_unclean,
        })
    }

    /// How many replicas there will be.
    pub(super) fn target_count(&self) -> usize {
        let mut replicas: Vec<i32> = self.replicas.clone();
        replicas.extend(&self.adding);
        replicas.sort_unstable();
        replicas.dedup();
        replicas.retain(|replica| !self.removing.contains(replica));
        replicas.len()
    }
}

/// What is in `all` and not in `without`, in ascending order, each once.
fn difference(all: &[i32], without: &[i32]) -> Vec<i32> {
    let others = all.iter().copied().filter(|id| !without.contains(id));
    let mut difference: Vec<i32> = others.collect();
    difference.sort_unstable();
    difference.dedup();
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_ends_when_those_that_are_added_are_in_sync() {
        let reassignment = Reassignment::between(&[1, 2, 3], &[3, 4, 5]);
        assert_eq!(reassignment.replicas, [3, 4, 5, 1, 2]);
        assert_eq!(reassignment.adding, [4, 5]);
        assert_eq!(reassignment.removing, [1, 2]);
        assert_eq!(reassignment.target_count(), 3);
        assert_eq!(reassignment.completed(&[1, 2, 3, 4]), None);
        let completed = reassignment.completed(&[1, 4, 5]).unwrap();
        assert_eq!(
            (completed.replicas, completed.isr),
            (vec![3, 4, 5], vec![4, 5])
        );
    }

    #[test]
    fn with_fewer_replicas_than_before_all_that_are_left_have_to_be_in_sync() {
        let fewer = Reassignment::between(&[0, 1, 2, 3, 4], &[2, 3, 4, 5]);
        assert_eq!(fewer.completed(&[0, 1, 5]), None);
        assert!(fewer.completed(&[0, 2, 3, 4, 5]).is_some());
        let one = Reassignment::between(&[1, 2], &[2]);
        assert_eq!(one.completed(&[1]), None);
        assert_eq!(one.completed(&[1, 2]).unwrap().isr, [2]);
    }

    #[test]
    fn another_order_is_no_reassignment_in_progress() {
        let reordered = Reassignment::between(&[1, 2], &[2, 1]);
        assert!(!reordered.is_in_progress());
        assert_eq!(reordered.completed(&[1, 2]), None);
        assert_eq!(reordered.replicas, [2, 1]);
    }

    #[test]
    fn taken_back_it_leaves_the_replicas_of_before() {
        let reassignment = Reassignment::between(&[1, 2], &[3, 4]);
        let reverted = reassignment.reverted(&[2, 3]).unwrap();
        assert_eq!((reverted.replicas, reverted.isr), (vec![1, 2], vec![2]));
        assert!(!reverted.is_unclean);
        let reverted = reassignment.reverted(&[3, 4]).unwrap();
        assert_eq!((reverted.isr, reverted.is_unclean), (vec![1], true));
        let nothing_before = Reassignment::between(&[], &[3]);
        assert_eq!(nothing_before.reverted(&[3]), None);
    }

    fn replicas() -> impl Strategy<Value = Vec<i32>> {
        proptest::sample::subsequence((1..=6).collect::<Vec<i32>>(), 1..=6).prop_shuffle()
    }

    proptest! {
        #[test]
        fn it_comes_to_its_target_or_back_to_its_origin(from in replicas(), to in replicas()) {
            let reassignment = Reassignment::between(&from, &to);
            prop_assert_eq!(reassignment.target_count(), to.len());
            let reverted = reassignment.reverted(&reassignment.replicas).unwrap();
            let (mut back, mut origin) = (reverted.replicas, from);
            back.sort_unstable();
            origin.sort_unstable();
            prop_assert_eq!(back, origin);
            match reassignment.completed(&reassignment.replicas) {
                Some(completed) => prop_assert_eq!(completed.replicas, to),
                None => prop_assert!(!reassignment.is_in_progress()),
            }
        }
    }
}
