//! A leader that has been replaced without knowing it acknowledges nothing that was appended after
//! its successor began. (Once it is elected again and knows, the record may be replicated after
//! all.)

use protocol::ids::LeaderEpoch;

use crate::simulation::Produced;

pub(crate) fn check(produced: &Produced, acked_in: LeaderEpoch) {
    let is_still_replaced = acked_in == produced.entry.0;
    assert!(
        !(produced.is_by_zombie && is_still_replaced),
        "{produced:?} was appended by a replaced leader and is acknowledged"
    );
}
