//! When acks=all is acknowledged, every in-sync replica the controller knows has the record, and
//! there were at least `min.insync.replicas` of them that held it.

use replica::LogView;

use crate::simulation::{Broker, Image, MIN_INSYNC_REPLICAS, Produced};
use crate::toy_log::ToyLog;

pub(crate) fn check(controller: &Image, brokers: &[Broker], produced: &Produced) {
    for broker in brokers {
        let is_in_sync = controller.assignment.isr.contains(&broker.id);
        assert!(
            !is_in_sync || holds(&broker.log, produced),
            "{produced:?} is acknowledged, but broker {} is in sync and has not got it",
            broker.id
        );
    }
    let holders = brokers.iter().filter(|broker| holds(&broker.log, produced));
    let count = holders.count();
    assert!(
        count >= MIN_INSYNC_REPLICAS,
        "{produced:?} is acknowledged with {count} copies"
    );
}

fn holds(log: &ToyLog, produced: &Produced) -> bool {
    let last = produced.offset;
    last < log.log_end_offset() && log.entries_from(last)[0] == produced.entry
}
