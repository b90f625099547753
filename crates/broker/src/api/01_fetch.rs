//! Fetch (key 1), versions 4 to 18: record batches of partitions that this node leads, sent from
//! the files in which they lie.
//!
//! - Limits: `max_bytes` (never more than `fetch.max.bytes`) over all partitions, and a limit for
//!   each. The first batch of the first partition that has one is sent whole all the same (KIP-74);
//!   other than that a batch that does not fit may be cut at the end, but not the first of its
//!   partition.
//! - Waiting: at most `max_wait_ms` for `min_bytes`. It ends at once when a partition that exists
//!   cannot be read, has more in its next segment, or the reader's log has parted from it.
//! - Readers of committed records get the aborted transactions with them (KIP-98), and perhaps some
//!   of those behind.
//! - An isolation level that does not exist is UNKNOWN_SERVER_ERROR as soon as there is a partition
//!   to read, for the request as a whole and up to version 12 for each of its partitions.
//! - Version 7: incremental sessions (KIP-227). 9: leader epochs (KIP-320). 12: the last fetched
//!   epoch and where logs part (KIP-595). 13: topics go by id (KIP-516): UNKNOWN_TOPIC_ID, and
//!   INCONSISTENT_TOPIC_ID when a session's topic was created anew. 15: replicas say their epoch
//!   (KIP-903). 16: who leads instead (KIP-951).
//! - Versions up to 5 know no KAFKA_STORAGE_ERROR and are told NOT_LEADER_OR_FOLLOWER.
//!
//! Missing: reading from followers (KIP-392), so no preferred read replica is named; the fields for
//! the metadata quorum (cluster id, directory id, high watermark) are read and not looked at.

#[path = "01_fetch/reading.rs"]
mod reading;
#[path = "01_fetch/request.rs"]
mod request;
#[path = "01_fetch/response.rs"]
mod response;
#[path = "01_fetch/targets.rs"]
mod targets;
#[cfg(test)]
#[path = "01_fetch/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable, later};
use net::server::Handled;
use protocol::ErrorCode;
use reading::Fetch;
use request::{Asked, Reader};
use std::sync::Arc;
use targets::{Target, targets_of};

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let mut asked = Asked::of(&call, broker.fetch_bytes_max)?;
    if let Reader::Consumer(_) = asked.reader {
        let bytes_max = broker.quotas.fetch_bytes_max(&call.context);
        asked.limits = asked.limits.at_most(bytes_max);
    }
    let now_ms = broker.environment.clock.now().monotonic_ms;
    let mut session = match broker.fetch_sessions.begin(asked.session, now_ms) {
        Ok(session) => session,
        Err(error) => return response::refused(&call, error),
    };
    let targets = targets_of(&broker, &call.context, asked.reader, &mut session);
    if !asked.has_known_isolation && targets.iter().any(Target::exists) {
        return response::failed(&call, ErrorCode::UNKNOWN_SERVER_ERROR);
    }
    let fetch = Fetch {
        broker,
        context: call.context,
        throttle: call.throttle,
        session,
        targets,
        reader: asked.reader,
        limits: asked.limits,
        deadline_ms: now_ms.saturating_add(asked.wait_ms),
    };
    drop(call.frame);
    let round = fetch.read().await;
    fetch.count_requests(&round);
    if asked.wait_ms == 0 || fetch.is_enough(&round) {
        return Ok(Handled::Done(fetch.answer(round)?));
    }
    Ok(later(async move {
        let round = fetch.wait(round).await;
        fetch.answer(round)
    }))
}
