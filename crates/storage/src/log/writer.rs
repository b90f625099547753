//! What only the holder of the writer lock may touch, and how that lock is taken.

use protocol::ids::{LeaderEpoch, Offset};
use tokio::sync::MutexGuard;

use super::{Flushed, Log, LogError};
use crate::checkpoint;
use crate::leader_epochs::LeaderEpochs;
use crate::segment::Segment;

/// The state of the one writer.
#[derive(Debug, Default)]
pub(super) struct Writer {
    /// Nothing may be changed any more.
    pub(super) closed: bool,
    /// An operation over several files has begun and not ended.
    pub(super) changing_files: bool,
    /// Files may hold bytes of an append that did not succeed.
    pub(super) tail_uncertain: bool,
    /// Removed segments and snapshots whose files are still there.
    pub(super) deletions: Vec<super::retention::Deletion>,
}

impl Log {
    /// Takes the writer lock, provided that the log may be changed, and cuts off what an append
    /// that failed or was given up has left behind.
    pub(super) async fn lock_writer(&self) -> Result<MutexGuard<'_, Writer>, LogError> {
        let mut writer = self.writer.lock().await;
        if let Some(failure) = self.health_mut().failure() {
            return Err(LogError::Offline(failure.clone()));
        }
        if writer.closed || writer.changing_files {
            return Err(LogError::Closed);
        }
        if writer.tail_uncertain {
            let active = self.lock().active().clone();
            self.cut_tail(&active).await?;
            writer.tail_uncertain = false;
        }
        Ok(writer)
    }

    /// Cuts off what is not published, for good: were the cut undone by a crash, batches that
    /// nobody was told of could take the place of later ones.
    pub(super) async fn cut_tail(&self, active: &Segment) -> Result<(), LogError> {
        active
            .cut_file()
            .await
            .map_err(|error| self.disk_failed(error))?;
        active
            .sync_log()
            .await
            .map_err(|error| self.sync_failed(error))
    }

    /// Adds an epoch to the history. The next flush saves it, before it believes its batches to be
    /// durable: recovery learns of the epoch from those, and one without batches may be forgotten.
    pub(super) fn assign_epoch(&self, epoch: LeaderEpoch, start: Offset) {
        self.lock().epochs.assign(epoch, start);
    }

    /// Replaces the file with the leader epochs.
    pub(super) async fn save_epochs(
        &self,
        epochs: &LeaderEpochs,
        flushed: &mut Flushed,
    ) -> Result<(), LogError> {
        let path = self.directory().join(LeaderEpochs::FILE_NAME);
        let saved = checkpoint::save(self.disk.as_ref(), &path, epochs).await;
        saved.map_err(|error| self.disk_failed(error))?;
        flushed.latest_epoch = epochs.latest();
        Ok(())
    }
}
