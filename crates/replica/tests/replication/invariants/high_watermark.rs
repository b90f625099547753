//! The latest offset that readers are told never goes back, whichever leader tells it, as long as
//! they do not accept answers of older epochs (KIP-207); and on one broker it never goes back while
//! it runs.

use protocol::ids::{LeaderEpoch, Offset};

/// Takes an answer, in the leader epoch it was given.
pub(crate) fn check_reader(
    latest: &mut Option<(LeaderEpoch, Offset)>,
    epoch: LeaderEpoch,
    offset: Offset,
) {
    if let Some((seen_epoch, seen)) = *latest {
        if epoch < seen_epoch {
            return;
        }
        assert!(
            offset >= seen,
            "a reader saw {seen} in epoch {seen_epoch}, and then {offset} in epoch {epoch}"
        );
    }
    *latest = Some((epoch, offset));
}

pub(crate) fn check_broker(before: Offset, after: Offset) {
    assert!(
        before <= after,
        "the high watermark of a broker went from {before} back to {after}"
    );
}
