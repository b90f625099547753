//! The small text files of a log directory: offset checkpoints, `meta.properties`,
//! `partition.metadata`, `.kafka_cleanshutdown`; and the frame that the leader epochs share.
//!
//! Not the job of this module: when a file is written, and what follows if one is malformed. The
//! snapshot files of the metadata log, which end in `.checkpoint`, are record batches.
//!
//! Invariants:
//! - A file is read as a whole and replaced as a whole.
//! - The same content always gives the same bytes.
//! - What Kafka refuses to read is refused here; nothing is guessed from half a file.

mod clean_shutdown;
mod error;
pub(crate) mod lines;
mod meta_properties;
mod offsets;
mod partition_metadata;
pub mod properties;
#[cfg(test)]
mod round_trips;

use std::path::Path;

use crate::disk::{self, Disk, DiskError};

pub use clean_shutdown::CleanShutdown;
pub use error::{CheckpointError, MalformedFile};
pub use meta_properties::{MetaProperties, MetaPropertiesVersion};
pub use offsets::OffsetCheckpoint;
pub use partition_metadata::PartitionMetadata;

/// A small file that is read and replaced as a whole.
pub trait WholeFile: Sized {
    /// A file of more bytes is not read: it cannot be what it is called.
    const SIZE_MAX: usize;

    /// Reads the content of a file.
    ///
    /// # Errors
    /// When the content is not of the format.
    fn decode(bytes: &[u8]) -> Result<Self, MalformedFile>;

    /// The content of the file.
    fn encode(&self) -> Vec<u8>;
}

/// Reads a file; none if it does not exist.
///
/// # Errors
/// When the disk fails or the file is malformed.
pub async fn load<F: WholeFile>(
    disk: &dyn Disk,
    path: &Path,
) -> Result<Option<F>, CheckpointError> {
    let Some(bytes) = disk::read_whole(disk, path, F::SIZE_MAX).await? else {
        return Ok(None);
    };
    match F::decode(&bytes) {
        Ok(content) => Ok(Some(content)),
        Err(source) => Err(CheckpointError::Malformed {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Replaces a file, durably; a crash leaves the old content or the new one.
///
/// # Errors
/// When the disk fails.
pub async fn save<F: WholeFile + Sync>(
    disk: &dyn Disk,
    path: &Path,
    content: &F,
) -> Result<(), DiskError> {
    disk::replace_whole(disk, path, &content.encode()).await
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::disk::OpenMode;
    use crate::disk::simulated::{SimulatedDisk, poll_once};

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        poll_once(future).expect("the disk is not stalled")
    }

    #[test]
    fn what_was_saved_is_loaded_also_after_a_crash() {
        let disk = SimulatedDisk::new(1);
        let path = Path::new(CleanShutdown::FILE_NAME);
        for broker_epoch in [Some(7), None, Some(8)] {
            let file = CleanShutdown { broker_epoch };
            block_on(save(&disk, path, &file)).unwrap();
            disk.crash();
            assert_eq!(block_on(load(&disk, path)).unwrap(), Some(file));
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_no_error_and_a_malformed_one_is() {
        let disk = SimulatedDisk::new(1);
        let path = Path::new(OffsetCheckpoint::HIGH_WATERMARKS);
        let loaded = block_on(load::<OffsetCheckpoint>(&disk, path));
        assert_eq!(loaded.unwrap(), None);
        let file = block_on(disk.open(path, OpenMode::CreateNew)).unwrap();
        block_on(file.write_at(&[b"0\n1\nt 0"], 0)).unwrap();
        let error = block_on(load::<OffsetCheckpoint>(&disk, path)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "read replication-offset-checkpoint: line 3 is malformed: `t 0`"
        );
    }
}
