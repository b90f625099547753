//! Invariant: while a node lives, the high watermark never goes back, and it is never behind what
//! was acknowledged: whatever is asked after somebody was told of an offset is answered with that
//! one or a later one. No record is readable above it.

use super::{Checker, PartitionId};
use std::collections::BTreeMap;

const NAME: &str = "high_watermark";

/// For each partition what the next answer may not be below.
pub(super) type Floors = BTreeMap<PartitionId, i64>;

impl Checker {
    /// What a request that begins now may not be answered below.
    pub(crate) fn floor(&self, id: PartitionId) -> i64 {
        self.high_watermarks.get(&id).copied().unwrap_or(0)
    }

    /// An answer told a high watermark; `floor` was taken when the request began.
    pub(crate) fn high_watermark(&mut self, id: PartitionId, floor: i64, high_watermark: i64) {
        if high_watermark < floor {
            let name = self.name_of(id);
            let message = format!("{high_watermark} was told after {floor}");
            self.violate(NAME, &name, &message);
        }
        self.acked_to(id, high_watermark);
    }

    /// Everything below `end` has been acknowledged or told to be readable.
    pub(super) fn acked_to(&mut self, id: PartitionId, end: i64) {
        let floor = self.high_watermarks.entry(id).or_insert(0);
        *floor = end.max(*floor);
    }
}
