//! Offsets by timestamp: what ListOffsets asks for.
//!
//! Not the job of this module: how far the answer may be read; the caller compares it with the high
//! watermark or the last stable offset.

use protocol::ids::Offset;

use super::state::{LogEnd, Segments};
use super::{Log, LogError};
use crate::segment::TimestampOffset;

impl Log {
    /// The first record of the log with this timestamp or a later one.
    ///
    /// # Errors
    /// When the disk fails, or a segment holds something that is no batch.
    pub async fn offset_for_timestamp(
        &self,
        timestamp: i64,
    ) -> Result<Option<TimestampOffset>, LogError> {
        self.first_at_or_after(timestamp, self.log_start_offset())
            .await
    }

    /// The first record with the largest timestamp of all (KIP-734). As in Kafka, it may lie below
    /// the log start for as long as its segment is there.
    ///
    /// # Errors
    /// When the disk fails, or a segment holds something that is no batch.
    pub async fn max_timestamp(&self) -> Result<Option<TimestampOffset>, LogError> {
        let (segments, ..) = self.timestamp_snapshot();
        let largest = segments
            .iter()
            .filter_map(|segment| segment.progress().largest);
        match largest.map(|largest| largest.timestamp).max() {
            Some(timestamp) => self.first_at_or_after(timestamp, Offset::ZERO).await,
            None => Ok(None),
        }
    }

    /// The first record from `start_offset` on with this timestamp or a later one.
    async fn first_at_or_after(
        &self,
        timestamp: i64,
        start_offset: Offset,
    ) -> Result<Option<TimestampOffset>, LogError> {
        loop {
            let (segments, log_end, truncations) = self.timestamp_snapshot();
            let mut found = Ok(None);
            for segment in segments.iter() {
                let largest = segment.progress().largest;
                if largest.is_none_or(|largest| largest.timestamp < timestamp) {
                    continue;
                }
                let end = log_end.end_of(segment);
                let in_segment = segment.find_timestamp(timestamp, start_offset, end).await;
                found = in_segment.map_err(|error| self.scan_failed(segment, error));
                if !matches!(found, Ok(None)) {
                    break;
                }
            }
            if self.lock().truncations == truncations {
                return found;
            }
        }
    }

    fn timestamp_snapshot(&self) -> (Segments, LogEnd, u64) {
        let state = self.lock();
        (state.segments.clone(), state.log_end, state.truncations)
    }
}
