//! Taking leave of a log whose partition was deleted.

use std::path::Path;
use std::sync::atomic::Ordering;

use super::{Log, LogError};

impl Log {
    /// Renames the partition's directory to one that is going to be removed. Nothing is written to
    /// the log any more, and that its files are gone one day is no failure of the log directory.
    ///
    /// # Errors
    /// When the disk fails; the log is as it was then.
    pub async fn retire(&self, directory: &Path) -> Result<(), LogError> {
        let _flushing = self.flushing.lock().await;
        // Also when an operation was given up half-way.
        let mut writer = self.writer.lock().await;
        if let Some(failure) = self.health_mut().failure() {
            return Err(LogError::Offline(failure.clone()));
        }
        let renamed = self.disk.rename(&self.directory(), directory).await;
        renamed.map_err(|error| self.disk_failed(error))?;
        writer.closed = true;
        self.retired.store(true, Ordering::Relaxed);
        self.lock().directory = directory.into();
        Ok(())
    }
}
