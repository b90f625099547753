//! Reading a partition of `__consumer_offsets` from its start to its end, a large piece at a time,
//! and waiting for what was read to be committed.
//!
//! Not the job of this module: what the pieces say (`replay`).

use std::sync::Arc;

use protocol::ErrorCode;
use protocol::ids::Offset;
use replica::Isolation;
use storage::disk::DiskError;
use storage::log::{Log, LogError, ReadOutcome, ReadRequest};
use thiserror::Error;
use tokio::sync::Notify;

use crate::partitions::LocalPartition;

/// Why a piece of the log cannot be read.
#[derive(Debug, Clone, Error)]
pub(super) enum ReadFailure {
    /// The log does not say where it is.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The disk does not give the bytes.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Some batches, the last perhaps cut, or the end of the log.
#[derive(Debug)]
pub(super) enum Piece {
    /// What begins at the offset that was asked for, or behind it.
    Batches(Vec<u8>),
    /// There is nothing at the offset yet.
    End,
    /// The log begins behind the offset.
    StartsAt(Offset),
}

/// Reads what begins at `offset`: `size_max` bytes, and one batch at least. Records that are not
/// committed yet are among them.
///
/// # Errors
/// When the disk fails or the log is damaged.
pub(super) async fn read(log: &Log, offset: Offset, size_max: usize) -> Result<Piece, ReadFailure> {
    let request = ReadRequest {
        fetch_offset: offset,
        size_max,
        upper_bound: log.log_end_offset(),
        at_least_one_batch: true,
    };
    match log.read(&request).await? {
        ReadOutcome::Slice(slice) => {
            let mut bytes = vec![0; slice.size];
            let filled = slice.file.read_at(&mut bytes, slice.position).await?;
            bytes.truncate(filled);
            Ok(Piece::Batches(bytes))
        }
        ReadOutcome::OutOfRange {
            log_start_offset, ..
        } if log_start_offset > offset => Ok(Piece::StartsAt(log_start_offset)),
        // Only a log that was cut ends before the offset: it is led elsewhere by now.
        ReadOutcome::AtEnd | ReadOutcome::OutOfRange { .. } => Ok(Piece::End),
    }
}

/// Waits until everything below `end` is committed.
///
/// # Errors
/// When the node ceases to lead the partition.
pub(super) async fn committed(
    partition: &Arc<LocalPartition>,
    end: Offset,
) -> Result<(), ErrorCode> {
    let listener = Arc::new(Notify::new());
    while partition.high_watermark() < end {
        let seen = Offset(end.0 - 1);
        let isolation = Some(Isolation::ReadUncommitted);
        let waiting = partition.wait_for_records(isolation, seen, u64::MAX, &listener)?;
        if waiting.is_some() {
            listener.notified().await;
        }
    }
    Ok(())
}
