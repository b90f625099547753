//! Invariant: in one generation of a group no partition is assigned to two members.
//!
//! A power loss may take a generation whose record was not synced, and its number comes again.

use super::{Checker, PartitionId};
use std::collections::BTreeMap;

const NAME: &str = "one_owner";

/// Who owns what, for each generation: group, power losses before, generation.
pub(super) type Assignments = BTreeMap<(String, u32, i32), BTreeMap<PartitionId, String>>;

impl Checker {
    /// A member was given its assignment.
    pub(crate) fn assigned(
        &mut self,
        group: &str,
        generation: i32,
        member: &str,
        partitions: &[PartitionId],
    ) {
        self.counters.assigned += 1;
        let names: Vec<_> = partitions.iter().map(|id| self.name_of(*id)).collect();
        let event = format!("generation {generation}: {member} owns {names:?}");
        let sequence = self.record(group, &event);
        let key = (group.to_owned(), self.power_losses, generation);
        let owners = self.assignments.entry(key).or_default();
        let mut complaint = None;
        for partition in partitions {
            let owner = owners
                .entry(*partition)
                .or_insert_with(|| member.to_owned());
            if owner != member {
                complaint = Some((*partition, owner.clone()));
            }
        }
        if let Some((partition, owner)) = complaint {
            let partition = self.name_of(partition);
            let message =
                format!("{owner} and {member} own {partition} in generation {generation}");
            self.violate(NAME, group, &message);
        }
        self.generation_begun(group, generation, sequence);
    }
}
