//! What can be said of batches before the writer is asked: whether they are sound, and what the log
//! has to know of them.

use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::{
    AppendPosition, BatchError, BatchHeader, BatchView, Placement, ProduceError, ProduceRules,
    TimestampType, rebuild_produce, validate_produce,
};

use super::{AppendError, Codecs, LeaderAppend};
use crate::config::LogConfig;
use crate::log::producers;
use crate::producer_state::ProducerBatch;
use crate::segment::{INFLATED_BYTES_MAX, NextAppend, relative_offset};

/// A client's batch may inflate to so many times the bytes it may have, for memory is what checking
/// it costs. Kafka, which inflates piece by piece, takes any.
const INFLATION_MAX: usize = 64;

/// What the writer is to append.
pub(super) struct Prepared<'a> {
    pub(super) batches: &'a [u8],
    pub(super) next: NextAppend,
    pub(super) first_offset: Offset,
    pub(super) log_append_time_ms: Option<i64>,
    pub(super) producers: Vec<ProducerBatch>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(batches: &'a [u8], now_ms: i64) -> Self {
        Self {
            batches,
            next: NextAppend {
                bytes: batches.len() as u64,
                max_timestamp: -1,
                last_offset: Offset(-1),
                now_ms,
            },
            first_offset: Offset(-1),
            log_append_time_ms: None,
            producers: Vec::new(),
        }
    }

    /// Whether a segment that begins with the first batch can hold this one.
    pub(super) fn is_near(&self, batch: &BatchView<'_>) -> bool {
        let last_offset = Offset(batch.header().last_offset());
        relative_offset(self.first_offset, last_offset).is_some()
    }

    pub(super) fn add(&mut self, batch: &BatchView<'_>) {
        let header = batch.header();
        if self.next.last_offset == Offset(-1) {
            self.first_offset = Offset(header.base_offset);
        }
        self.next.last_offset = Offset(header.last_offset());
        self.next.max_timestamp = self.next.max_timestamp.max(header.max_timestamp_ms);
        self.producers.extend(producers::of_batch(batch.bytes()));
    }
}

/// Whole batches one behind the other.
pub(super) struct BatchesOf<'a>(pub(super) &'a [u8]);

impl<'a> BatchesOf<'a> {
    pub(super) fn next_batch(&mut self) -> Result<Option<BatchView<'a>>, BatchError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let batch = BatchView::parse(self.0)?;
        self.0 = &self.0[batch.bytes().len()..];
        Ok(Some(batch))
    }
}

/// Validates what a client sent and makes it what the topic wants; returns it if it had to be built
/// anew. Offsets and the epoch, which no checksum covers, follow later.
pub(super) fn prepare_produce(
    batches: &mut [u8],
    append: &LeaderAppend,
    config: &LogConfig,
    codecs: &mut Codecs,
) -> Result<Option<Vec<u8>>, AppendError> {
    check_size(batches.len(), config)?;
    let rules = ProduceRules {
        produce_version: append.produce_version,
        compacted: config.compact,
        timestamp_type: match config.log_append_time {
            true => TimestampType::LogAppendTime,
            false => TimestampType::CreateTime,
        },
        timestamp_before_ms_max: config.timestamp_before_max_ms,
        timestamp_after_ms_max: config.timestamp_after_max_ms,
        compression: config.compression,
        now_ms: append.now_ms,
        inflated_bytes_max: inflated_bytes_max(config),
    };
    let position = AppendPosition {
        base_offset: 0,
        partition_leader_epoch: append.leader_epoch.0,
    };
    let Codecs {
        compressor,
        decompressor,
    } = codecs;
    let validated = validate_produce(batches, &rules, decompressor)?;
    match validated.placement {
        Placement::InPlace => {
            validated.assign(batches, position)?;
            Ok(None)
        }
        Placement::Rebuild => {
            let rebuilt = rebuild_produce(batches, &rules, position, decompressor, compressor)?;
            check_size(rebuilt.len(), config)?;
            Ok(Some(rebuilt))
        }
    }
}

/// Checks what a leader has sent, and returns the part of it that is to be appended.
pub(super) fn check_fetched(
    batches: &[u8],
    log_end_offset: Offset,
    leader_epoch: LeaderEpoch,
) -> Result<&[u8], AppendError> {
    let mut expected = log_end_offset;
    let mut remaining = BatchesOf(batches);
    let mut taken = 0;
    loop {
        let batch = match remaining.next_batch() {
            Ok(Some(batch)) => batch,
            // A fetch may end within a batch.
            Ok(None) | Err(BatchError::Truncated { .. }) => break,
            Err(error) => return Err(error.into()),
        };
        let header = batch.header();
        if header.partition_leader_epoch > leader_epoch.0 {
            break;
        }
        batch.check_crc()?;
        let base_offset = Offset(header.base_offset);
        // The offset that follows is one, too.
        let is_sound = header.last_offset_delta >= 0 && header.next_offset() > header.base_offset;
        if base_offset < expected || !is_sound {
            let log_end_offset = expected;
            return Err(AppendError::UnexpectedOffset {
                base_offset,
                log_end_offset,
            });
        }
        expected = Offset(header.next_offset());
        taken += header.size();
    }
    Ok(&batches[..taken])
}

/// Checks batches that this node has made itself.
pub(super) fn check_batches(batches: &[u8], config: &LogConfig) -> Result<(), AppendError> {
    if batches.is_empty() {
        return Err(AppendError::Produce(ProduceError::NoBatch));
    }
    let mut remaining = BatchesOf(batches);
    while let Some(batch) = remaining.next_batch()? {
        let BatchHeader {
            last_offset_delta,
            record_count,
            ..
        } = *batch.header();
        if record_count <= 0 || last_offset_delta != record_count - 1 {
            let error = ProduceError::LastOffsetDelta {
                last_offset_delta,
                record_count,
            };
            return Err(error.into());
        }
        check_size(batch.bytes().len(), config)?;
        batch.check_crc()?;
    }
    Ok(())
}

/// Small batches may inflate to as much as those of the default size may.
fn inflated_bytes_max(config: &LogConfig) -> usize {
    let size_bytes_max = config.max_message_bytes as usize;
    size_bytes_max
        .max(1 << 20)
        .saturating_mul(INFLATION_MAX)
        .min(INFLATED_BYTES_MAX)
}

const fn check_size(size_bytes: usize, config: &LogConfig) -> Result<(), AppendError> {
    let size_bytes_max = config.max_message_bytes as usize;
    if size_bytes > size_bytes_max {
        return Err(AppendError::RecordTooLarge {
            size_bytes,
            size_bytes_max,
        });
    }
    Ok(())
}
