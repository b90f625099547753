//! Snapshots of the metadata, when they are due, and the removal of what they make superfluous
//! (KIP-630).
//!
//! Not the job of this module: when they are due and what may go; the quorum says so.
//!
//! Invariant: readers and publishers never wait for a snapshot.

use crate::clock::Clock;
use crate::fatal::Fatal;
use metadata::VersionedRecord;
use metadata::features::MetadataVersion;
use metadata::image::MetadataImage;
use protocol::ids::Offset;
use protocol::wire::EncodeError;
use quorum::{Quorum, QuorumError, SnapshotFileError};
use std::sync::Arc;
use std::time::Duration;
use storage::disk::DiskErrorKind;
use thiserror::Error;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// How often superfluous files are looked for, as in Kafka.
const CLEAN_INTERVAL: Duration = Duration::from_secs(60);

/// An image that a snapshot may be taken of, and where in the log it stands.
#[derive(Debug, Clone)]
pub(super) struct SnapshotSource {
    pub(super) image: MetadataImage,
    pub(super) end_offset: Offset,
}

/// Takes snapshots.
pub(super) struct SnapshotTask {
    quorum: Arc<Quorum>,
    clock: Clock,
    /// The latest image.
    sources: watch::Receiver<Option<SnapshotSource>>,
    /// Before that, the disk is taken for full.
    resumes_at: Instant,
}

/// Why no snapshot was taken.
#[derive(Debug, Error)]
enum SnapshotError {
    #[error(transparent)]
    Quorum(#[from] QuorumError),
    #[error("write snapshot: {0}")]
    Encode(#[from] EncodeError),
}

impl SnapshotTask {
    pub(super) fn new(
        quorum: Arc<Quorum>,
        clock: Clock,
        sources: watch::Receiver<Option<SnapshotSource>>,
    ) -> Self {
        Self {
            quorum,
            clock,
            sources,
            resumes_at: Instant::now(),
        }
    }

    /// Runs until there are no images any more.
    pub(super) async fn run(mut self, fatal: Fatal) {
        let mut clean_at = Instant::now() + CLEAN_INTERVAL;
        loop {
            let result = select! {
                biased;
                changed = self.sources.changed() => match changed {
                    Ok(()) => self.take_if_due().await,
                    Err(_) => return,
                },
                () = sleep_until(clean_at) => {
                    clean_at = Instant::now() + CLEAN_INTERVAL;
                    self.clean().await
                }
            };
            if let Err(error) = result {
                return fatal.report("metadata snapshots", error);
            }
        }
    }

    async fn take_if_due(&mut self) -> Result<(), SnapshotError> {
        let now = self.clock.now();
        if Instant::now() < self.resumes_at || !self.quorum.is_snapshot_due(now) {
            return Ok(());
        }
        let Some(source) = self.sources.borrow_and_update().clone() else {
            return Ok(());
        };
        let version = source.image.features().metadata_version();
        let records = source
            .image
            .to_records(version.unwrap_or(MetadataVersion::MIN));
        let frames = records.records.iter().map(VersionedRecord::to_frame);
        let frames: Vec<_> = frames.collect::<Result<_, _>>()?;
        match self.quorum.snapshot(source.end_offset, frames, now).await {
            // Less room for the log is no reason to stop; the next image is another occasion.
            Err(QuorumError::Snapshot(SnapshotFileError::Disk(error)))
                if error.kind() == DiskErrorKind::NoSpace =>
            {
                self.resumes_at = Instant::now() + CLEAN_INTERVAL;
                Ok(())
            }
            taken => {
                taken?;
                self.clean().await
            }
        }
    }

    async fn clean(&self) -> Result<(), SnapshotError> {
        Ok(self.quorum.clean(self.clock.now()).await?)
    }
}
