//! DeleteRecords (KIP-107): the log start moves up, and the answer waits until it has on every live
//! replica.
//!
//! Not the job of this module: which topics may be treated so; followers learn of it from their
//! fetches.

use protocol::ErrorCode;
use protocol::ids::Offset;

use super::{Ack, LocalPartition};

impl LocalPartition {
    /// Deletes the records below `offset`, or below the high watermark if none is given. When the
    /// acknowledgement is there, [`Self::low_watermark`] is at least that.
    ///
    /// # Errors
    /// When the node does not lead, the topic is not one whose records are deleted, the offset is
    /// behind the high watermark, or the log directory has failed.
    pub async fn delete_records(
        &self,
        offset: Option<Offset>,
        timeout_ms: u64,
    ) -> Result<Ack, ErrorCode> {
        let _lifecycle = self.lifecycle.read().await;
        // Who does not lead says so first.
        self.low_watermark()?;
        let config = self.log().config();
        if config.compact && !config.delete {
            return Err(ErrorCode::POLICY_VIOLATION);
        }
        let target = self.lock().core.delete_records_target(offset)?;
        let advanced = self.log().advance_log_start(target).await;
        advanced.map_err(|error| self.log_failed(&error))?;
        self.with_core(|state, context| {
            state.moved(context);
            let deadline_ms = context.now.monotonic_ms.saturating_add(timeout_ms);
            let core = &mut state.core;
            let waiting = core.await_low_watermark(context, target, deadline_ms)?;
            Ok(state.ack(waiting))
        })
    }

    /// Below it, no live replica has a record any more.
    ///
    /// # Errors
    /// When the node does not lead.
    pub fn low_watermark(&self) -> Result<Offset, ErrorCode> {
        self.with_core(|state, context| state.core.low_watermark(context))
    }
}
