//! Invariant: a commit of an old generation is refused once a member of a newer one has been given
//! its assignment.

use super::Checker;
use std::collections::BTreeMap;

const NAME: &str = "fencing";

/// The newest generation of each group, and since when it is known: group, power losses before.
pub(super) type Generations = BTreeMap<(String, u32), Vec<(i32, u64)>>;

impl Checker {
    pub(super) fn generation_begun(&mut self, group: &str, generation: i32, sequence: u64) {
        let key = (group.to_owned(), self.power_losses);
        let known = self.generations.entry(key).or_default();
        if known.last().is_none_or(|(newest, _)| *newest < generation) {
            known.push((generation, sequence));
        }
    }

    /// A commit of a generation that was begun at `began` in the order of events has been taken.
    pub(crate) fn commit_taken(&mut self, group: &str, generation: i32, began: u64) {
        let key = (group.to_owned(), self.power_losses);
        let mut known = self.generations.get(&key).into_iter().flatten();
        let newer = known.find(|(newer, since)| *newer > generation && *since < began);
        if let Some((newer, _)) = newer.copied() {
            let message = format!("a commit of generation {generation} was taken in {newer}");
            self.violate(NAME, group, &message);
        }
    }
}
