//! What was ever committed is the same for everybody, for ever, and every in-sync replica has all
//! of it (Raft's state machine safety; StrongIsr of Kafka's specification).

use protocol::ids::Offset;
use replica::LogView;

use crate::simulation::{Broker, Image};
use crate::toy_log::{Entry, ToyLog};

/// Notes what a replica calls committed, after comparing it with what was before.
pub(crate) fn extend(committed: &mut Vec<Entry>, log: &ToyLog, high_watermark: Offset) {
    let end = usize::try_from(high_watermark.0).unwrap();
    let theirs = &log.entries_from(Offset::ZERO)[..end];
    let both = committed.len().min(end);
    assert_eq!(
        committed[..both],
        theirs[..both],
        "two records are committed at one offset"
    );
    committed.extend_from_slice(&theirs[both..]);
}

pub(crate) fn check(committed: &[Entry], controller: &Image, brokers: &[Broker]) {
    for broker in brokers {
        if !controller.assignment.isr.contains(&broker.id) {
            continue;
        }
        let entries = broker.log.entries_from(Offset::ZERO);
        assert!(
            entries.starts_with(committed),
            "broker {} is in sync and ends at {}, but {} records are committed or others",
            broker.id,
            broker.log.log_end_offset(),
            committed.len()
        );
    }
}
