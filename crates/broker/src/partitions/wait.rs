//! Waiting for records: a fetch that found too little is told when a partition of it has more.
//!
//! A fetch waits over many partitions with one listener. Being told means "look again": how many
//! bytes there are is the fetch's to count.
//!
//! Not the job of this module: the conditions themselves; they are the core's waiters.

use std::sync::Arc;

use protocol::ErrorCode;
use protocol::ids::Offset;
use replica::{Isolation, WaiterId, Waiting};
use tokio::sync::Notify;

use super::LocalPartition;
use super::local_partition::Waiter;

/// A place among those who wait for a partition's records, given up when dropped.
#[derive(Debug)]
pub struct RecordsWait {
    partition: Arc<LocalPartition>,
    id: WaiterId,
}

impl LocalPartition {
    /// Has `listener` told, once, when there are records at or behind `seen`, the bound up to which
    /// the reader has looked: the high watermark, the last stable offset, or without isolation the
    /// log end, which is for followers. It is told as well when `deadline_ms` on the monotonic
    /// clock has come, and when the node ceases to lead. None if there are such records already.
    ///
    /// # Errors
    /// When the node does not lead.
    pub fn wait_for_records(
        self: &Arc<Self>,
        isolation: Option<Isolation>,
        seen: Offset,
        deadline_ms: u64,
        listener: &Arc<Notify>,
    ) -> Result<Option<RecordsWait>, ErrorCode> {
        let waiting = self.with_core(|state, context| {
            let core = &mut state.core;
            let waiting = core.await_bytes(context, isolation, seen, deadline_ms)?;
            if let Waiting::Until(id) = waiting {
                let listener = Arc::clone(listener);
                state.waiting.insert(id, Waiter::Records(listener));
            }
            Ok::<_, ErrorCode>(waiting)
        })?;
        Ok(match waiting {
            Waiting::Ready => None,
            Waiting::Until(id) => Some(RecordsWait {
                partition: Arc::clone(self),
                id,
            }),
        })
    }
}

impl Drop for RecordsWait {
    fn drop(&mut self) {
        let mut state = self.partition.lock();
        if state.waiting.remove(&self.id).is_some() {
            state.core.cancel(self.id);
        }
    }
}
