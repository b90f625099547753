//! The records of a coordinator as batches for the log.
//!
//! Not the job of this module: offsets and the leader epoch, which the log assigns.
//!
//! Records that belong together are one batch, and the log refuses it if it is too large. Those
//! that only delete may be many more than anybody has asked for (a topic that all groups consumed);
//! each can do without the others, and they are spread over as many batches as they need.

use coordinator::Record;
use protocol::compression::{Compression, Compressor};
use protocol::records::{BatchBuilder, BatchTemplate, BuildError, NewRecord};

/// How batches are built.
#[derive(Debug, Clone, Copy)]
pub(super) struct BatchRules {
    /// How they are compressed.
    pub(super) compression: Compression,
    /// The timestamp of all records, milliseconds since 1970.
    pub(super) now_ms: i64,
    /// So large, before compression, is a batch of deletions at most.
    pub(super) size_max: usize,
}

/// Builds batches of the records, one behind the other.
///
/// # Errors
/// When there are no records, or more than a batch can hold.
pub(super) fn build(
    records: &[Record],
    rules: BatchRules,
    compressor: &mut Compressor,
) -> Result<Vec<u8>, BuildError> {
    let may_be_spread = records.iter().all(|record| record.value.is_none());
    let template = BatchTemplate {
        compression: rules.compression,
        ..BatchTemplate::new(0)
    };
    let mut batches = Vec::new();
    let mut batch = BatchBuilder::new(template);
    for record in records {
        let record = NewRecord {
            timestamp_ms: rules.now_ms,
            key: Some(&record.key),
            value: record.value.as_deref(),
            headers: &[],
        };
        let is_full = batch.record_count() > 0 && batch.size_with(&record) > rules.size_max;
        if may_be_spread && is_full {
            let full = std::mem::replace(&mut batch, BatchBuilder::new(template));
            batches.append(&mut full.finish(compressor)?);
        }
        batch.append(&record)?;
    }
    batches.append(&mut batch.finish(compressor)?);
    Ok(batches)
}
