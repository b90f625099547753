//! What lies in a log directory, sorted by name.
//!
//! Kafka does not start when there is a directory of another name than a partition's. Here such a
//! directory, for example the `lost+found` of a file system, is left alone and reported.

use std::path::Path;

use super::LOCK_FILE;
use super::checkpoints::Checkpoint;
use crate::checkpoint::{CleanShutdown, MetaProperties};
use crate::disk::{Disk, DiskError};
use crate::names::{PartitionDirectoryName, PartitionDirectoryStage, TopicPartition};

/// The log of the metadata quorum, which is not the broker's.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// What Kafka has in a log directory beside partitions and the files written by this crate: the
/// start of a quorum's log, and the indexes of segments in the remote tier.
const OTHERS: [&str; 2] = ["bootstrap.checkpoint", "remote-log-index-cache"];

/// The contents of a log directory. All names are in order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The partitions to load.
    pub partitions: Vec<TopicPartition>,
    /// `-delete` directories: what is left of deleted partitions.
    pub deleted: Vec<String>,
    /// `-future` directories: copies of partitions that were being moved.
    pub future: Vec<String>,
    /// `-stray` directories, left alone.
    pub stray: Vec<String>,
    /// Everything that does not belong in a log directory, left alone.
    pub ignored: Vec<String>,
}

impl Survey {
    pub(super) async fn of(disk: &dyn Disk, directory: &Path) -> Result<Self, DiskError> {
        let mut survey = Self::default();
        for entry in disk.list(directory).await? {
            if !entry.is_directory {
                if !is_own_file(&entry.name) {
                    survey.ignored.push(entry.name);
                }
                continue;
            }
            let Some(name) = PartitionDirectoryName::parse(&entry.name) else {
                if !OTHERS.contains(&&*entry.name) {
                    survey.ignored.push(entry.name);
                }
                continue;
            };
            if name.topic_partition.topic.as_str() == METADATA_TOPIC {
                continue;
            }
            match name.stage {
                PartitionDirectoryStage::Live => survey.partitions.push(name.topic_partition),
                PartitionDirectoryStage::Delete(_) => survey.deleted.push(entry.name),
                PartitionDirectoryStage::Future(_) => survey.future.push(entry.name),
                PartitionDirectoryStage::Stray(_) => survey.stray.push(entry.name),
            }
        }
        survey.partitions.sort();
        Ok(survey)
    }
}

fn is_own_file(name: &str) -> bool {
    // What a crash has left of a replacement.
    let name = name.strip_suffix(".tmp").unwrap_or(name);
    [
        LOCK_FILE,
        MetaProperties::FILE_NAME,
        CleanShutdown::FILE_NAME,
    ]
    .contains(&name)
        || OTHERS.contains(&name)
        || Checkpoint::ALL.iter().any(|file| file.file_name() == name)
}
