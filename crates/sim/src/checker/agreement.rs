//! Invariant: an offset of a partition holds one record for ever, whoever says so: the answer to a
//! produce, or a fetch. A power loss may take it, and then what comes in its place holds.

use super::{Checker, Known, PartitionId};
use crate::value::Value;

const NAME: &str = "agreement";

impl Checker {
    /// A produce was acknowledged: its records are at `base_offset` and behind.
    pub(crate) fn acked(&mut self, id: PartitionId, base_offset: i64, values: &[Value]) {
        let name = self.name_of(id);
        let first = values.first().map(ToString::to_string).unwrap_or_default();
        let count = values.len();
        self.record(
            &name,
            &format!("acked {count} records from {first} at {base_offset}"),
        );
        self.counters.acked += count as u64;
        for (offset, value) in (base_offset..).zip(values) {
            self.agree(id, offset, *value, true);
        }
        self.acked_to(id, base_offset + count as i64);
    }

    /// Something was told to be at an offset.
    pub(super) fn agree(&mut self, id: PartitionId, offset: i64, value: Value, acked: bool) {
        let at_ms = self.history.now_ms();
        let partition = self.partitions.entry(id).or_default();
        let known = partition.known.entry(offset).or_insert(Known {
            value,
            acked,
            at_ms,
        });
        known.acked |= acked;
        let before = known.value;
        if before != value {
            let name = self.name_of(id);
            let message = format!("offset {offset} held {before} and now holds {value}");
            self.violate(NAME, &name, &message);
        }
    }
}
