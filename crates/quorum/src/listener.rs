//! Handing out what is committed, in order, to whoever follows the metadata.

use std::sync::Arc;

use protocol::ids::Offset;
use raft::{LogBatch, OffsetAndEpoch, Snapshot};
use tokio::sync::watch;

use crate::metadata_log;
use crate::quorum::{Quorum, QuorumError};
use crate::snapshot_files;

/// Something committed.
#[derive(Debug, Clone, PartialEq)]
pub enum Committed {
    /// What came before is to be forgotten: this stands for all of it.
    Snapshot(Snapshot),
    /// Batches that continue what came before; never empty.
    Batches(Vec<LogBatch>),
}

/// Gets everything that is committed, from an offset on.
#[derive(Debug)]
pub struct Listener {
    quorum: Arc<Quorum>,
    position: Offset,
    high_watermark: watch::Receiver<Option<Offset>>,
}

impl Quorum {
    /// A listener that wants everything from `position` on. It begins with the latest snapshot if
    /// it begins at 0, or before what the log still has.
    pub fn listen(self: &Arc<Self>, position: Offset) -> Listener {
        Listener {
            quorum: self.clone(),
            position,
            high_watermark: self.high_watermark.subscribe(),
        }
    }
}

impl Listener {
    /// Waits for what comes next. Given up, it has not moved.
    ///
    /// # Errors
    /// When the disk fails, or what it holds is not sound.
    pub async fn next(&mut self) -> Result<Committed, QuorumError> {
        loop {
            let high_watermark = *self.high_watermark.borrow_and_update();
            if let Some(high_watermark) = high_watermark
                && let Some(committed) = self.read(high_watermark).await?
            {
                return Ok(committed);
            }
            // The sender lives in the quorum that is held here.
            let changed = self.high_watermark.changed().await;
            assert!(changed.is_ok(), "the quorum outlives its listeners");
        }
    }

    /// The offset that comes next.
    pub const fn position(&self) -> Offset {
        self.position
    }

    async fn read(&mut self, high_watermark: Offset) -> Result<Option<Committed>, QuorumError> {
        let quorum = self.quorum.clone();
        // Held so that neither the snapshot nor the log is removed meanwhile.
        let snapshots = quorum.snapshots.lock().await;
        let latest = snapshots.retained.last().map(|snapshot| snapshot.id);
        let latest = latest.filter(|id| *id != OffsetAndEpoch::BOOTSTRAP);
        let is_behind = self.position < quorum.log.log_start_offset();
        if let Some(id) = latest.filter(|_| is_behind || self.position == Offset::ZERO) {
            let path = snapshot_files::path(&quorum.log.directory(), id);
            let snapshot = snapshot_files::read(quorum.disk.as_ref(), &path, id).await?;
            self.position = id.offset;
            return Ok(Some(Committed::Snapshot(snapshot)));
        }
        if self.position >= high_watermark {
            return Ok(None);
        }
        let batches = metadata_log::read(&quorum.log, self.position, high_watermark).await?;
        let Some(last) = batches.last() else {
            return Ok(None);
        };
        self.position = last.end_offset;
        Ok(Some(Committed::Batches(batches)))
    }
}
