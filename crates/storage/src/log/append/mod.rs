//! Appends: what a producer, a coordinator or a leader has sent becomes part of the log, or does
//! not as a whole.
//!
//! What can be checked without knowing the log is checked before the writer lock is taken. An
//! append that is not compressed anew writes the bytes it was given, after the offsets, the epoch
//! and perhaps the timestamps were patched in place.

mod batches;
mod error;

use protocol::compression::{Compressor, Decompressor};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::{BatchMut, BatchView};

use super::writer::Writer;
use super::{Log, files, replay};
use crate::config::LogConfig;
use crate::disk::DiskErrorKind;
use crate::producer_state::AppendCheck;
use crate::segment::{BatchAt, Segment};
use batches::{BatchesOf, Prepared, check_batches, check_fetched, prepare_produce};

pub use crate::producer_state::AppendOrigin;
pub use error::AppendError;

/// What a leader is told about an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaderAppend {
    /// The epoch of this leader, which the batches get.
    pub leader_epoch: LeaderEpoch,
    /// Who appends. A client sends one batch, which is validated record by record; what this node
    /// makes itself, several perhaps, is only checked for what the log depends on.
    pub origin: AppendOrigin,
    /// The version of the produce request; it decides whether zstd is allowed.
    pub produce_version: i16,
    /// Wall time in milliseconds.
    pub now_ms: i64,
}

/// What compressing and inflating needs, to be used again for the next append.
pub struct Codecs {
    compressor: Compressor,
    decompressor: Decompressor,
}

/// What became of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The offset of its first record; of the earlier append if this one repeats it.
    pub first_offset: Offset,
    /// The offset of its last record.
    pub last_offset: Offset,
    /// The time that all records got, in milliseconds, if `message.timestamp.type` says so; if this
    /// one repeats an earlier append, in any case the largest timestamp of that one, as in Kafka.
    pub log_append_time_ms: Option<i64>,
    /// The log start offset.
    pub log_start_offset: Offset,
    /// Whether nothing was written, because the producer has sent it before.
    pub is_duplicate: bool,
}

impl Appended {
    /// How many offsets the append has taken, or the earlier one that it repeats.
    pub const fn offset_count(&self) -> u64 {
        (self.last_offset.0 - self.first_offset.0 + 1) as u64
    }
}

impl Default for Codecs {
    fn default() -> Self {
        Self {
            compressor: Compressor::new(),
            decompressor: Decompressor::new(),
        }
    }
}

impl Codecs {
    /// Gives the memory of a large batch back, for a time without use.
    pub fn drop_large_buffers(&mut self) {
        self.decompressor.drop_large_buffer();
    }
}

impl Log {
    /// Appends batches at the log end, as the leader: they get offsets and the leader's epoch, in
    /// place. A retry of a producer is answered with what became of the first try.
    ///
    /// # Errors
    /// When nothing was appended. The bytes may have been changed nevertheless.
    pub async fn append_as_leader(
        &self,
        batches: &mut [u8],
        append: &LeaderAppend,
        codecs: &mut Codecs,
    ) -> Result<Appended, AppendError> {
        let config = self.config();
        if append.origin != AppendOrigin::Client {
            check_batches(batches, &config)?;
            return self.append_assigned(batches, append, &config).await;
        }
        match prepare_produce(batches, append, &config, codecs)? {
            Some(mut rebuilt) => self.append_assigned(&mut rebuilt, append, &config).await,
            None => self.append_assigned(batches, append, &config).await,
        }
    }

    /// Appends batches that a leader has sent, as they are: as many together as a segment takes.
    /// Batches of an epoch above `leader_epoch`, the one that the follower knows of, are left out,
    /// and what follows them: they were read after the leader had lost its office, and are fetched
    /// again from the next one.
    ///
    /// # Errors
    /// When they are not sound, or their offsets do not continue the log. Unless the disk fails,
    /// nothing was appended then.
    pub async fn append_as_follower(
        &self,
        batches: &[u8],
        leader_epoch: LeaderEpoch,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        let mut writer = self.lock_writer().await?;
        let (log_end_offset, segment_bytes) = {
            let state = self.lock();
            (state.log_end.offset, state.config.segment_bytes as usize)
        };
        let mut appended = Appended {
            first_offset: log_end_offset,
            last_offset: Offset(log_end_offset.0 - 1),
            log_append_time_ms: None,
            log_start_offset: self.log_start_offset(),
            is_duplicate: false,
        };
        let mut rest = check_fetched(batches, log_end_offset, leader_epoch)?;
        if !rest.is_empty() {
            appended.first_offset = Offset(BatchView::parse(rest)?.header().base_offset);
        }
        while !rest.is_empty() {
            let mut prepared = Prepared::new(&[], now_ms);
            let mut remaining = BatchesOf(rest);
            let mut size_bytes = 0;
            while let Some(batch) = remaining.next_batch()? {
                let next_bytes = size_bytes + batch.bytes().len();
                // What compaction has left of a log can be far apart.
                let fits = next_bytes <= segment_bytes && prepared.is_near(&batch);
                if size_bytes > 0 && !fits {
                    break;
                }
                size_bytes = next_bytes;
                prepared.add(&batch);
            }
            (prepared.batches, rest) = rest.split_at(size_bytes);
            prepared.next.bytes = size_bytes as u64;
            let last = self.append_prepared(&mut writer, prepared).await?;
            appended.last_offset = last.last_offset;
        }
        Ok(appended)
    }

    /// Appends batches that only lack offsets and the epoch.
    async fn append_assigned(
        &self,
        batches: &mut [u8],
        append: &LeaderAppend,
        config: &LogConfig,
    ) -> Result<Appended, AppendError> {
        let (size_bytes, segment_bytes) = (batches.len(), config.segment_bytes as usize);
        if size_bytes > segment_bytes {
            return Err(AppendError::RecordListTooLarge {
                size_bytes,
                segment_bytes,
            });
        }
        let mut writer = self.lock_writer().await?;
        let mut offset = self.log_end_offset();
        let mut position = 0;
        while position < batches.len() {
            let mut batch = BatchMut::parse(&mut batches[position..])?;
            batch.set_base_offset(offset.0);
            batch.set_partition_leader_epoch(append.leader_epoch.0);
            let next_offset = Offset(batch.header().next_offset());
            if next_offset <= offset {
                // There are no more offsets.
                return Err(AppendError::UnexpectedOffset {
                    base_offset: offset,
                    log_end_offset: offset,
                });
            }
            offset = next_offset;
            position += batch.header().size();
        }
        let mut prepared = Prepared::new(batches, append.now_ms);
        let mut remaining = BatchesOf(batches);
        while let Some(batch) = remaining.next_batch()? {
            prepared.add(&batch);
        }
        if config.log_append_time && append.origin == AppendOrigin::Client {
            prepared.log_append_time_ms = Some(append.now_ms);
        }
        if !prepared.producers.is_empty() {
            let state = self.lock();
            let check = state.producers.check(&prepared.producers, append.origin)?;
            if let AppendCheck::Duplicate(written) = check {
                return Ok(Appended {
                    first_offset: written.base_offset(),
                    last_offset: written.last_offset,
                    log_append_time_ms: Some(written.timestamp_ms),
                    log_start_offset: state.log_start_offset,
                    is_duplicate: true,
                });
            }
        }
        self.append_prepared(&mut writer, prepared).await
    }

    async fn append_prepared(
        &self,
        writer: &mut Writer,
        prepared: Prepared<'_>,
    ) -> Result<Appended, AppendError> {
        let batches = prepared.batches;
        self.assign_epochs(batches)?;
        self.roll_when_due(writer, prepared.first_offset, &prepared.next)
            .await?;
        let active = self.lock().active().clone();
        writer.tail_uncertain = true;
        if let Err(error) = active.write(batches).await {
            // If the file cannot even be cut now, whoever comes next tries again.
            if error.kind() == DiskErrorKind::NoSpace && self.cut_tail(&active).await.is_ok() {
                writer.tail_uncertain = false;
            }
            return Err(self.disk_failed(error).into());
        }
        let appended = self.publish(&prepared, &active);
        writer.tail_uncertain = false;
        // The batches are in the log whether or not the entries reach their files now.
        if let Err(error) = active.write_indexes_when_full().await {
            self.disk_failed(error);
        }
        Ok(appended)
    }

    /// Notes the epochs that begin with these batches.
    fn assign_epochs(&self, batches: &[u8]) -> Result<(), AppendError> {
        let mut remaining = BatchesOf(batches);
        while let Some(batch) = remaining.next_batch()? {
            let epoch = LeaderEpoch(batch.header().partition_leader_epoch);
            let latest = self.lock().epochs.latest();
            if latest.is_none_or(|(latest, _)| latest != epoch) {
                self.assign_epoch(epoch, Offset(batch.header().base_offset));
            }
        }
        Ok(())
    }

    /// Makes what was written visible.
    fn publish(&self, prepared: &Prepared<'_>, active: &Segment) -> Appended {
        let mut guard = self.lock();
        let state = &mut *guard;
        let settings = files::index_settings(&state.config);
        let mut remaining = BatchesOf(prepared.batches);
        let mut by_producer = prepared.producers.iter().peekable();
        while let Ok(Some(batch)) = remaining.next_batch() {
            let position = state.log_end.position;
            let batch = BatchAt {
                position,
                header: *batch.header(),
            };
            active.note(&batch, settings);
            state.push_batch(&batch);
            let of_this = by_producer.next_if(|next| next.base_offset == batch.base_offset());
            if let Some(producer_batch) = of_this
                && let Some(completed) = state.producers.update(producer_batch)
            {
                replay::note_completed(active, completed);
            }
        }
        state.producers.advance_to(state.log_end.offset);
        assert_eq!(
            state.log_end.offset,
            prepared.next.last_offset.next(),
            "all batches are in"
        );
        Appended {
            first_offset: prepared.first_offset,
            last_offset: prepared.next.last_offset,
            log_append_time_ms: prepared.log_append_time_ms,
            log_start_offset: state.log_start_offset,
            is_duplicate: false,
        }
    }
}
