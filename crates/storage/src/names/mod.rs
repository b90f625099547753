//! What files and directories of a log directory are called: topics, partition directories, and
//! the files of a partition, as types that parse and print.
//!
//! Not the job of this module: what is in the files, and which of them should exist.

mod log_file;
mod partition_directory;

pub use log_file::{LogFileKind, LogFileName, LogFileStage};
pub use partition_directory::{PartitionDirectoryName, PartitionDirectoryStage};
pub use protocol::topic::{InvalidTopicName, TopicName, TopicPartition};
