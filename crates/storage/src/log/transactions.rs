//! What readers of committed records need: how far they may read, and which transactions to leave
//! out (KIP-98).

use std::sync::Arc;

use protocol::ids::Offset;

use super::state::floor_index;
use super::{Log, LogError, LogSlice};
use crate::producer_state::ProducerState;
use crate::segment::Segment;
use crate::transaction_index::{AbortedTransaction, TransactionSearch};

impl Log {
    /// The offset before which every transaction is decided and its marker replicated. It only
    /// falls if the high watermark does.
    pub fn last_stable_offset(&self, high_watermark: Offset) -> Offset {
        let mut state = self.lock();
        state.producers.on_high_watermark(high_watermark);
        let log_start_offset = state.log_start_offset;
        let first_unstable = state.producers.first_unstable_offset();
        first_unstable.map_or(high_watermark, |first| {
            first.max(log_start_offset).min(high_watermark)
        })
    }

    /// Where the earliest transaction begins that is open, or whose marker lies at or behind every
    /// high watermark that [`Self::last_stable_offset`] was asked about.
    pub fn first_unstable_offset(&self) -> Option<Offset> {
        let state = self.lock();
        let first = state.producers.first_unstable_offset()?;
        Some(first.max(state.log_start_offset))
    }

    /// The aborted transactions that have records from `fetch_offset` on and before `upper_bound`,
    /// in the order of their markers.
    pub fn aborted_transactions(
        &self,
        fetch_offset: Offset,
        upper_bound: Offset,
    ) -> Vec<AbortedTransaction> {
        let segments = self.lock().segments.clone();
        aborted_in(&segments, fetch_offset, upper_bound)
    }

    /// The aborted transactions of a slice that was read from `fetch_offset` on, and perhaps of
    /// some batches behind it: as near as the index of its segment tells, so that a reader is not
    /// told of all that follow with every slice. What begins at or behind `upper_bound` is left
    /// out.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn aborted_transactions_in(
        &self,
        slice: &LogSlice,
        fetch_offset: Offset,
        upper_bound: Offset,
    ) -> Result<Vec<AbortedTransaction>, LogError> {
        let segments = &slice.segments;
        let index = floor_index(segments, slice.segment_base_offset).unwrap_or(0);
        let mut rest = segments[index..].iter();
        if rest.all(|segment| segment.transactions().is_empty()) {
            return Ok(Vec::new());
        }
        let segment = &segments[index];
        let end = slice.position + slice.size as u64;
        let behind = segment.offset_behind(end, segment.size()).await;
        let behind = behind.map_err(|error| self.disk_failed(error))?;
        let next = segments.get(index + 1).map(|next| next.base_offset());
        let behind = behind.or(next).unwrap_or(upper_bound);
        let upper_bound = upper_bound.min(behind);
        Ok(aborted_in(segments, fetch_offset, upper_bound))
    }

    /// Forgets the producers that have written nothing for `expiration_ms`
    /// (`producer.id.expiration.ms`).
    pub fn expire_producers(&self, now_ms: i64, expiration_ms: i64) {
        self.lock().producers.expire(now_ms, expiration_ms);
    }

    /// Looks at what is known of the producers. The log's state is locked meanwhile.
    pub fn with_producers<T>(&self, look: impl FnOnce(&ProducerState) -> T) -> T {
        look(&self.lock().producers)
    }
}

fn aborted_in(
    segments: &[Arc<Segment>],
    fetch_offset: Offset,
    upper_bound: Offset,
) -> Vec<AbortedTransaction> {
    let first = floor_index(segments, fetch_offset).unwrap_or(0);
    let mut found = Vec::new();
    for segment in &segments[first..] {
        let transactions = segment.transactions();
        let search = transactions.collect(fetch_offset, upper_bound, &mut found);
        if search == TransactionSearch::Complete {
            break;
        }
    }
    found
}
