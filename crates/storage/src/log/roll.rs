//! Rolling: the last segment is sealed and an empty one takes its place.
//!
//! Not the job of this module: making the sealed segment durable. [`Log::is_flush_due`] says that a
//! flush is due from then on.

use std::sync::Arc;

use protocol::ids::Offset;

use super::state::State;
use super::writer::Writer;
use super::{Log, LogError, files};
use crate::config::LogConfig;
use crate::disk::DiskError;
use crate::segment::{NextAppend, RollLimits, Segment};

impl Log {
    /// Seals the last segment and begins a new one at the log end, unless the last one is empty.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn roll(&self, now_ms: i64) -> Result<(), LogError> {
        let mut writer = self.lock_writer().await?;
        self.roll_at(&mut writer, self.log_end_offset(), now_ms)
            .await
    }

    /// Rolls if what is about to be appended belongs into a new segment.
    pub(super) async fn roll_when_due(
        &self,
        writer: &mut Writer,
        first_offset: Offset,
        next: &NextAppend,
    ) -> Result<(), LogError> {
        let due = {
            let state = self.lock();
            let active = state.active();
            active.is_roll_due(next, &self.roll_limits(&state.config, active))
        };
        if due {
            self.roll_at(writer, first_offset, next.now_ms).await?;
        }
        Ok(())
    }

    pub(super) async fn roll_at(
        &self,
        _writer: &mut Writer,
        base_offset: Offset,
        now_ms: i64,
    ) -> Result<(), LogError> {
        let (directory, config, active) = {
            let state = self.lock();
            (
                state.directory.clone(),
                state.config.clone(),
                state.active().clone(),
            )
        };
        if active.base_offset() == base_offset {
            return Ok(());
        }
        let disk = self.disk.as_ref();
        let roll = async {
            let created = files::create_segment(disk, &directory, base_offset, &config, now_ms);
            let created = created.await?;
            if let Err(error) = active.seal(disk, &directory).await {
                files::remove_segment_files(disk, &directory, base_offset).await?;
                return Err(error);
            }
            Ok::<Arc<Segment>, DiskError>(created)
        };
        // Given up half-way, this leaves an empty segment that nobody refers to; the next roll
        // empties it again, and should the log be opened before, it is the last segment.
        let created = roll.await.map_err(|error| self.disk_failed(error))?;
        self.lock().publish_roll(created);
        Ok(())
    }

    fn roll_limits(&self, config: &LogConfig, segment: &Segment) -> RollLimits {
        let jitter_ms = jitter_ms(self.jitter_seed, segment.base_offset(), config);
        RollLimits {
            segment_bytes: u64::from(config.segment_bytes),
            segment_ms: config.segment_ms.saturating_sub(jitter_ms),
            index_bytes: config.segment_index_bytes,
        }
    }
}

impl State {
    fn publish_roll(&mut self, created: Arc<Segment>) {
        let base_offset = created.base_offset();
        assert!(
            base_offset >= self.log_end.offset,
            "segments do not overlap"
        );
        self.unsynced_seals.push(self.active().clone());
        let mut segments = self.segments.to_vec();
        segments.push(created);
        self.replace_segments(segments);
        self.names_changes += 1;
        self.producers.advance_to(base_offset);
        self.take_snapshot();
    }
}

/// How much earlier than `segment.ms` a segment is rolled: some time below `segment.jitter.ms`,
/// always the same for the same segment.
fn jitter_ms(seed: u64, base_offset: Offset, config: &LogConfig) -> i64 {
    let Ok(range) = u64::try_from(config.segment_jitter_ms.min(config.segment_ms)) else {
        return 0;
    };
    // The finalizer of SplitMix64, which spreads neighbouring offsets over all values.
    let mut hash = seed
        ^ base_offset
            .0
            .cast_unsigned()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (hash ^ hash >> 31)
        .checked_rem(range)
        .unwrap_or(0)
        .cast_signed()
}
