//! No record that was acknowledged with acks=all is lost: at the end the leader has each at its
//! offset.

use crate::simulation::Produced;
use crate::toy_log::{Entry, ToyLog};
use protocol::ids::Offset;

pub(crate) fn check(leader: &ToyLog, acked: &[Produced]) {
    let entries: &[Entry] = leader.entries_from(Offset::ZERO);
    for produced in acked {
        let at = usize::try_from(produced.offset.0).unwrap();
        assert_eq!(
            entries.get(at),
            Some(&produced.entry),
            "{produced:?} was acknowledged and is lost"
        );
    }
}
