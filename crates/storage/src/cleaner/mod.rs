//! Compaction: of the records with one key only the last one is kept, so that a log holds a table
//! (`cleanup.policy=compact`).
//!
//! A log has a clean part, where every key occurs once, and behind it a dirty one. A cleaning reads
//! the dirty part for the last offset of each key, as far as memory allows; then it copies all
//! segments up to there, without the records that a later one replaces.
//!
//! Not the job of this module: when it is at work and how fast, which is the owner's ([`Pace`]);
//! deletion by age and size (`crate::log`); how new segments take the place of the old ones.
//!
//! Invariants:
//! - Whoever reads a log from its start sees, for each key, what it would have seen before.
//! - Nothing at or behind the last stable offset is touched, nor is the active segment.
//! - A cleaning that is given up at any point leaves a log that is right, cleaned or not.
//! - A log on which a cleaning has failed for a reason that is not the disk's is left alone until
//!   the next start, and said to be.

mod copy;
mod filter;
mod grouping;
mod manager;
mod offset_map;
mod range;
mod transactions;

use std::pin::Pin;

use crate::log::LogError;

pub use copy::Cleaner;
pub use filter::FilterError;
pub use manager::{Cleaned, CleanerStatus, LogCleaner, Round, Uncleanable};
pub use offset_map::{KeyHasher, MapLimits};
pub use range::CleaningRange;

pub(crate) use filter::LastRecord;
pub(crate) use range::{LogSummary, SegmentSummary};

/// How much memory a cleaner takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CleanerSettings {
    /// For the offsets of keys.
    pub map: MapLimits,
    /// For reading; as much again is used for writing. A larger batch takes what it needs.
    pub io_buffer_bytes: usize,
}

/// Says how fast to go, and when to stop.
pub trait Pace: Send + Sync {
    /// Is told of bytes read or written and awaited; false gives the cleaning up.
    fn pass(&self, bytes: u64) -> Pin<Box<dyn Future<Output = bool> + Send + '_>>;
}

/// What a cleaning has done.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CleaningStatistics {
    /// Bytes read for the last offsets of keys.
    pub map_bytes_read: u64,
    /// Bytes of batches that were judged.
    pub bytes_read: u64,
    /// Bytes of batches that stayed.
    pub bytes_written: u64,
    /// How full the memory for keys became, from 0 to 1.
    pub map_utilization: f64,
}

/// Why a cleaning did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum CleaningError {
    /// It was stopped, or the log changed under it: another time.
    #[error("clean log: it was given up")]
    GivenUp,
    /// The log or its disk failed.
    #[error(transparent)]
    Log(LogError),
    /// A batch cannot be judged.
    #[error("clean log: read batch at offset {base_offset} of segment {segment}")]
    Batch {
        /// Where the batch begins.
        base_offset: protocol::ids::Offset,
        /// Where its segment begins.
        segment: protocol::ids::Offset,
        /// What is wrong with it.
        source: FilterError,
    },
}

impl From<LogError> for CleaningError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Closed => Self::GivenUp,
            error => Self::Log(error),
        }
    }
}

impl CleaningError {
    /// Whether the log itself is at fault, so that it would fail again.
    pub const fn is_of_the_log(&self) -> bool {
        match self {
            Self::GivenUp | Self::Log(LogError::Disk(_) | LogError::Offline(_)) => false,
            Self::Log(_) | Self::Batch { .. } => true,
        }
    }
}
