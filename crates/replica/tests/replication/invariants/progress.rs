//! After faults end, every replica is in sync again, all logs are equal and committed to the end,
//! and a new record is acknowledged.

use protocol::ids::Offset;
use replica::LogView;

use crate::simulation::{Broker, Image};

pub(crate) fn check(controller: &Image, brokers: &[Broker], is_last_acked: bool) {
    assert!(
        is_last_acked,
        "a record produced after healing is not acknowledged"
    );
    assert_eq!(
        controller.assignment.isr.len(),
        brokers.len(),
        "not all are in sync"
    );
    let first = &brokers[0].log;
    for broker in brokers {
        let entries = broker.log.entries_from(Offset::ZERO);
        assert_eq!(entries, first.entries_from(Offset::ZERO), "logs differ");
        let high_watermark = broker.partition.high_watermark();
        assert_eq!(
            high_watermark,
            first.log_end_offset(),
            "not all is committed"
        );
    }
}
