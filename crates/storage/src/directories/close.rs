//! The end: every log is closed, the checkpoints are written, and last of all comes the mark of a
//! clean stop, of each directory that deserves it.

use std::sync::Arc;

use super::bounded::{self, Work};
use super::checkpoints::Checkpoint;
use super::{HighWatermarks, LogDirectories, LogDirectory, PartitionLog};
use crate::checkpoint::{self, CleanShutdown};
use crate::log::LogError;

/// How a log directory was closed.
#[derive(Debug)]
pub struct CloseReport {
    /// The directory.
    pub directory: Arc<LogDirectory>,
    /// Why it has no mark of a clean stop, and its logs are to be recovered; none if it has one.
    pub failure: Option<LogError>,
}

impl LogDirectories {
    /// Closes all logs and leaves each directory as the next start wants it: durable, marked with
    /// the broker epoch if that is known, unlocked. Afterwards nothing is changed any more, also by
    /// another call of this, and whoever removes files must have ended before.
    pub async fn close(
        &self,
        broker_epoch: Option<i64>,
        high_watermarks: HighWatermarks<'_>,
        now_ms: i64,
    ) -> Vec<CloseReport> {
        let mut lifecycle = self.lifecycle.write().await;
        if std::mem::replace(&mut lifecycle.is_closed, true) {
            return Vec::new();
        }
        // The next start finds what is left to remove.
        self.deletions().clear();
        let close = |directory: Arc<LogDirectory>| -> Work<'_, _> {
            Box::pin(async move {
                let closed =
                    self.close_directory(&directory, broker_epoch, high_watermarks, now_ms);
                let failure = closed.await.err();
                directory.checkpoints.lock().await.is_closed = true;
                directory.release_lock();
                CloseReport { directory, failure }
            })
        };
        bounded::join(self.directory_count(), self.directories.clone(), &close).await
    }

    async fn close_directory(
        &self,
        directory: &Arc<LogDirectory>,
        broker_epoch: Option<i64>,
        high_watermarks: HighWatermarks<'_>,
        now_ms: i64,
    ) -> Result<(), LogError> {
        check_online(directory)?;
        let partitions = self.logs_in(directory);
        let close = |partition: Arc<PartitionLog>| -> Work<'_, _> {
            Box::pin(async move { partition.log().close(now_ms).await })
        };
        let closed = bounded::join(self.settings.concurrency, partitions, &close).await;
        closed.into_iter().collect::<Result<(), _>>()?;
        self.checkpoint_directory(directory, &Checkpoint::ALL, high_watermarks)
            .await?;
        // A reader may have failed on the disk meanwhile.
        check_online(directory)?;
        let mark = directory.path().join(CleanShutdown::FILE_NAME);
        let content = CleanShutdown { broker_epoch };
        let saved = checkpoint::save(self.disk.as_ref(), &mark, &content).await;
        Ok(directory.note(saved)?)
    }
}

fn check_online(directory: &LogDirectory) -> Result<(), LogError> {
    match directory.health().failure() {
        Some(failure) => Err(LogError::Offline(failure.clone())),
        None => Ok(()),
    }
}
