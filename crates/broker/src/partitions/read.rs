//! Reads: where the bytes are that a consumer or a follower may have.
//!
//! Not the job of this module: moving the bytes, counting them over a request's partitions, and
//! waiting for more: see `wait`.

use net::file_slice::FileSlice;
use protocol::ErrorCode;
use protocol::ids::Offset;
use replica::{ClientRead, EpochEnd, FollowerFetch, Isolation, Read, ReadBounds};
use storage::log::{LogError, ReadOutcome, ReadRequest};
use storage::transaction_index::AbortedTransaction;

use super::LocalPartition;
use super::file::slice_of;

/// How much to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// So many bytes at most.
    pub size_max: usize,
    /// The first batch is answered whole even when it is larger than that (KIP-74).
    pub at_least_one_batch: bool,
}

/// The answer of one partition to a fetch.
#[derive(Debug, Clone)]
pub struct PartitionRead {
    /// The offsets that every answer carries.
    pub bounds: ReadBounds,
    /// What there is.
    pub found: Found,
    /// What of the records was aborted, and perhaps of those behind them: for readers of committed
    /// records, none for others (KIP-98).
    pub aborted: Option<Vec<AbortedTransaction>>,
}

/// What a fetch finds.
#[derive(Debug, Clone)]
pub enum Found {
    /// Batches, the last one perhaps cut off.
    Records {
        /// Where they are.
        slice: FileSlice,
        /// How long the first one is, in bytes; more than the slice if it does not fit.
        first_batch_size: usize,
        /// Whether there is more in another file than the one they are in.
        continues_elsewhere: bool,
    },
    /// Nothing yet that this reader may have.
    Nothing,
    /// The reader's log parts from this one no later than here (KIP-595).
    Diverging(EpochEnd),
}

impl LocalPartition {
    /// Finds the records from an offset on that a client may have.
    ///
    /// # Errors
    /// When the node does not lead, the epochs do not fit, the offset is not in the log, or the
    /// log directory has failed.
    pub async fn read(
        &self,
        read: &ClientRead,
        limits: ReadLimits,
    ) -> Result<PartitionRead, ErrorCode> {
        let _lifecycle = self.lifecycle.read().await;
        let may_have = self.with_core(|state, context| state.core.read(context, read))?;
        let isolation = Some(read.isolation);
        self.find(may_have, read.fetch_offset, limits, isolation)
            .await
    }

    /// Notes how far a follower has got, and finds the records that it fetches.
    ///
    /// # Errors
    /// As [`Self::read`], and when it is no replica of the partition.
    pub async fn read_for_follower(
        &self,
        fetch: &FollowerFetch,
        limits: ReadLimits,
    ) -> Result<PartitionRead, ErrorCode> {
        let _lifecycle = self.lifecycle.read().await;
        let may_have = self.with_core(|state, context| {
            let handled = state.core.on_follower_fetch(context, fetch);
            state.answer(handled.effects);
            handled.answer
        })?;
        self.find(may_have, fetch.fetch_offset, limits, None).await
    }

    async fn find(
        &self,
        may_have: Read,
        fetch_offset: Offset,
        limits: ReadLimits,
        isolation: Option<Isolation>,
    ) -> Result<PartitionRead, ErrorCode> {
        let (upper_bound, bounds) = match may_have {
            Read::Records { end_offset, bounds } => (end_offset, bounds),
            Read::Diverging { end, bounds } => {
                return Ok(PartitionRead {
                    bounds,
                    found: Found::Diverging(end),
                    aborted: None,
                });
            }
        };
        let request = ReadRequest {
            fetch_offset,
            size_max: limits.size_max,
            upper_bound,
            at_least_one_batch: limits.at_least_one_batch,
        };
        let outcome = self.log().read(&request).await;
        let mut aborted = (isolation == Some(Isolation::ReadCommitted)).then(Vec::new);
        let found = match outcome.map_err(|error: LogError| self.log_failed(&error))? {
            ReadOutcome::Slice(slice) => {
                if let Some(aborted) = &mut aborted {
                    let end = bounds.last_stable_offset;
                    let in_slice = self
                        .log()
                        .aborted_transactions_in(&slice, fetch_offset, end);
                    *aborted = in_slice.await.map_err(|error| self.log_failed(&error))?;
                }
                Found::Records {
                    first_batch_size: slice.first_batch_size,
                    continues_elsewhere: slice.continues_elsewhere,
                    slice: slice_of(slice),
                }
            }
            ReadOutcome::AtEnd => Found::Nothing,
            // Retention came in between.
            ReadOutcome::OutOfRange { .. } => return Err(ErrorCode::OFFSET_OUT_OF_RANGE),
        };
        Ok(PartitionRead {
            bounds,
            found,
            aborted,
        })
    }
}
