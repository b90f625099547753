//! A log is copied into another log directory while it is appended to, and at last goes over to the
//! files of its copy.
//!
//! Not the job of this module: where the files are and what they are called; see
//! `directories::moves`.
//!
//! Invariants:
//! - What a copy has is what its source has, from the copy's start to its end, as soon as the copy
//!   has followed the truncations of the source; and it follows them before it copies more.
//! - Nothing changes the source between the last look at it and the exchange of the files.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::BatchView;
use tokio::sync::MutexGuard;

use super::writer::Writer;
use super::{AppendError, Flushed, Log, LogError, LogSlice, ReadOutcome, ReadRequest};

/// How far a copy has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// So many bytes of batches were copied this time.
    pub bytes: u64,
    /// Whether the copy ended where its source did.
    pub is_complete: bool,
}

/// A log that nobody changes for as long as this is held.
pub(crate) struct HeldLog<'a> {
    log: &'a Log,
    flushed: MutexGuard<'a, Flushed>,
    writer: MutexGuard<'a, Writer>,
}

impl Log {
    /// Says whether the log is being copied; no cleaning is begun then, and none ends.
    pub(crate) fn set_copied(&self, is_copied: bool) {
        self.lock().is_copied = is_copied;
    }

    /// Whether the log is being copied.
    pub(crate) fn is_copied(&self) -> bool {
        self.lock().is_copied
    }

    /// Drops what the source of this copy has dropped since it was last asked, and returns whether
    /// that was anything. As after any truncation, the recovery point has to be made durable then.
    pub(crate) async fn follow_truncations(
        &self,
        source: &Self,
        now_ms: i64,
    ) -> Result<bool, LogError> {
        let Some(end) = source.lock().truncated_to else {
            return Ok(false);
        };
        let is_behind = self.log_end_offset() > end;
        if is_behind {
            self.truncate_to(end, now_ms).await?;
        }
        // Not before it has been followed: whoever is given up here is to be asked again.
        let mut state = source.lock();
        if state.truncated_to == Some(end) {
            state.truncated_to = None;
        }
        Ok(is_behind)
    }

    /// Drops what this copy, which a start has found, has and its source has not: what the source
    /// has lost with its tail, and what it had dropped before, of which nobody told the copy. As
    /// between replicas (KIP-101), leader epochs tell: what is appended behind a truncation is of
    /// another one.
    pub(crate) async fn fit_to(&self, source: &Self, now_ms: i64) -> Result<(), LogError> {
        self.truncate_to(self.common_end(source), now_ms)
            .await
            .map(drop)
    }

    fn common_end(&self, source: &Self) -> Offset {
        let (own_end, source_end) = (self.log_end_offset(), source.log_end_offset());
        let (own, other) = (self.lock().epochs.clone(), source.lock().epochs.clone());
        if own.latest().is_none() {
            return own_end.min(source_end);
        }
        let mut latest = own.latest().map(|(epoch, _)| epoch);
        while let Some(epoch) = latest {
            let ends = (
                own.end_offset_of(epoch, own_end),
                other.end_offset_of(epoch, source_end),
            );
            if let (Some((_, own_end)), Some((found, source_end))) = ends
                && found == epoch
            {
                return own_end.min(source_end);
            }
            latest = own.previous(epoch);
        }
        self.first_base_offset()
    }

    /// Copies what comes next in the source, whose truncations it has followed: about
    /// `size_max` bytes, and a batch at least.
    pub(crate) async fn copy_from(
        &self,
        source: &Self,
        size_max: usize,
        now_ms: i64,
    ) -> Result<Copied, AppendError> {
        let start = source.log_start_offset();
        if self.log_end_offset() < start {
            self.truncate_fully_and_start_at(start, now_ms).await?;
        }
        let request = ReadRequest {
            fetch_offset: self.log_end_offset(),
            size_max,
            upper_bound: source.log_end_offset(),
            at_least_one_batch: true,
        };
        let mut bytes = 0;
        match source.read(&request).await? {
            ReadOutcome::Slice(slice) => {
                bytes = self.append_slice(source, &slice, now_ms).await?;
            }
            // Compaction has left nothing before the bound.
            ReadOutcome::AtEnd => self.skip_to(request.upper_bound, now_ms).await?,
            // The source begins or ends elsewhere by now.
            ReadOutcome::OutOfRange { .. } => {}
        }
        let end = self.log_end_offset();
        self.advance_log_start(source.log_start_offset().min(end))
            .await?;
        let is_complete = end == source.log_end_offset();
        Ok(Copied { bytes, is_complete })
    }

    async fn append_slice(
        &self,
        source: &Self,
        slice: &LogSlice,
        now_ms: i64,
    ) -> Result<u64, AppendError> {
        let mut batches = vec![0; slice.size];
        let read = slice.file.read_at(&mut batches, slice.position).await;
        let read = read.map_err(|error| source.disk_failed(error))?;
        batches.truncate(read);
        let first = Offset(BatchView::parse(&batches)?.header().base_offset);
        // The log may start within a batch.
        if first < self.log_end_offset() && self.size_bytes() == 0 {
            self.truncate_fully_and_start_at(first, now_ms).await?;
        }
        let any_epoch = LeaderEpoch(i32::MAX);
        self.append_as_follower(&batches, any_epoch, now_ms).await?;
        Ok(read as u64)
    }

    /// Ends the log at `offset` although there are no records before.
    async fn skip_to(&self, offset: Offset, now_ms: i64) -> Result<(), LogError> {
        let mut writer = self.lock_writer().await?;
        if offset > self.log_end_offset() {
            self.roll_at(&mut writer, offset, now_ms).await?;
            self.lock().log_end.offset = offset;
        }
        Ok(())
    }

    /// Waits until nobody changes the log, and has nobody change it any more.
    pub(crate) async fn hold(&self) -> Result<HeldLog<'_>, LogError> {
        let flushed = self.flushing.lock().await;
        let writer = self.lock_writer().await?;
        Ok(HeldLog {
            log: self,
            flushed,
            writer,
        })
    }

    /// Takes over from the source of this copy, which is complete, what its records alone do not
    /// tell: epochs without records, and producers whose records are gone. The next flush saves it.
    pub(crate) async fn take_over(&self, source: &HeldLog<'_>) -> Result<(), LogError> {
        let mut own = self.hold().await?;
        let (epochs, producers) = {
            let source = source.log.lock();
            (source.epochs.clone(), source.producers.without_snapshot())
        };
        {
            let mut state = self.lock();
            state.epochs = epochs.clone();
            state.producers = producers;
            state.take_snapshot();
        }
        self.save_epochs(&epochs, &mut own.flushed).await
    }
}

impl HeldLog<'_> {
    /// Puts the files of the copy, which lie in `live` by now, into the place of those that the log
    /// had, which lie in `gone`. The copy is closed.
    pub(crate) fn exchange(mut self, mut copy: HeldLog<'_>, live: &Path, gone: &Path) {
        let (log, other) = (self.log, copy.log);
        std::mem::swap(&mut *log.health_mut(), &mut *other.health_mut());
        {
            let mut state = log.lock();
            let mut copied = other.lock();
            std::mem::swap(&mut *state, &mut *copied);
            state.directory = live.into();
            copied.directory = gone.into();
            // What concerns the log, wherever its files are.
            state.config = Arc::clone(&copied.config);
            state.cleaned_to = copied.cleaned_to;
            state.truncated_to = None;
            // Whoever reads the files of before looks again.
            state.truncations = copied.truncations + 1;
        }
        std::mem::swap(&mut *self.flushed, &mut *copy.flushed);
        std::mem::swap(&mut *self.writer, &mut *copy.writer);
        copy.writer.closed = true;
        other.retired.store(true, Ordering::Relaxed);
    }
}
