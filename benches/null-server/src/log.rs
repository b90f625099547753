//! The records of a partition: one file, and where in it each batch ends, in memory.
//!
//! Not the job of this file: keeping anything. The file is truncated at the start, never flushed,
//! and nobody reads it after a restart.

use std::fs::File;
use std::io;
use std::io::IoSlice;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Result, bail};
use protocol::records::{BatchView, Batches};
use rustix::io::pwritev;

#[derive(Debug)]
pub(crate) struct PartitionLog {
    file: Arc<File>,
    /// In the order of the file.
    ends: Mutex<Vec<BatchEnd>>,
}

/// Where a batch ends; the next one begins there.
#[derive(Debug, Clone, Copy, Default)]
struct BatchEnd {
    offset: i64,
    position: u64,
}

/// A stretch of the file that is to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Slice {
    pub(crate) file: Arc<File>,
    pub(crate) position: u64,
    pub(crate) size: usize,
}

impl PartitionLog {
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(true);
        Ok(Self {
            file: Arc::new(options.open(path)?),
            ends: Mutex::default(),
        })
    }

    /// Appends batches and returns the offset of their first record.
    ///
    /// # Errors
    /// When a batch is cut or its checksum is wrong (nothing was appended then), or the file cannot
    /// be written.
    pub(crate) fn append(&self, records: &[u8]) -> Result<i64> {
        for batch in Batches::new(records) {
            batch?.check_crc()?;
        }
        let mut ends = self.ends();
        let base_offset = last(&ends).offset;
        for batch in Batches::new(records) {
            let end = self.write(last(&ends), &batch?)?;
            ends.push(end);
        }
        Ok(base_offset)
    }

    /// Writes a batch with its new base offset, which the checksum does not cover.
    fn write(&self, start: BatchEnd, batch: &BatchView<'_>) -> Result<BatchEnd> {
        let bytes = batch.bytes();
        let base_offset = start.offset.to_be_bytes();
        let parts = [
            IoSlice::new(&base_offset),
            IoSlice::new(&bytes[base_offset.len()..]),
        ];
        let written = pwritev(&self.file, &parts, start.position)?;
        if written < bytes.len() {
            bail!("write batch: {written} of {} bytes", bytes.len());
        }
        Ok(BatchEnd {
            offset: start.offset + i64::from(batch.header().last_offset_delta) + 1,
            position: start.position + bytes.len() as u64,
        })
    }

    fn ends(&self) -> MutexGuard<'_, Vec<BatchEnd>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The offset that the next record will have.
    pub(crate) fn end_offset(&self) -> i64 {
        last(&self.ends()).offset
    }

    /// The whole batches from the one with `offset` on that fit into `bytes_max`, at least one if
    /// there is any; none if the log does not reach as far as `offset`.
    pub(crate) fn slice(&self, offset: i64, bytes_max: usize) -> Option<Slice> {
        let ends = self.ends();
        if offset < 0 || offset > last(&ends).offset {
            return None;
        }
        let first = ends.partition_point(|end| end.offset <= offset);
        let start = last(&ends[..first]).position;
        let limit = start.saturating_add(bytes_max as u64);
        let fitting = ends.partition_point(|end| end.position <= limit);
        let behind = fitting.max(first + 1).min(ends.len());
        Some(Slice {
            file: Arc::clone(&self.file),
            position: start,
            size: (last(&ends[..behind]).position - start) as usize,
        })
    }
}

fn last(ends: &[BatchEnd]) -> BatchEnd {
    ends.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::compression::Compressor;
    use protocol::records::{BatchBuilder, BatchTemplate, NewRecord};
    use std::os::unix::fs::FileExt;

    fn batch(record_count: i64) -> Vec<u8> {
        let mut builder = BatchBuilder::new(BatchTemplate::new(0));
        for timestamp_ms in 0..record_count {
            let record = NewRecord {
                timestamp_ms,
                key: None,
                value: Some(b"value"),
                headers: &[],
            };
            builder.append(&record).unwrap();
        }
        builder.finish(&mut Compressor::default()).unwrap()
    }

    fn log(test: &str) -> PartitionLog {
        let path = std::env::temp_dir().join(format!("null-server-{}-{test}", std::process::id()));
        let log = PartitionLog::create(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        log
    }

    fn read(slice: &Slice) -> Vec<u8> {
        let mut bytes = vec![0; slice.size];
        slice
            .file
            .read_exact_at(&mut bytes, slice.position)
            .unwrap();
        bytes
    }

    #[test]
    fn batches_are_found_again_under_the_offsets_they_were_given() {
        let log = log("offsets");
        assert_eq!(log.append(&batch(3)).unwrap(), 0);
        assert_eq!(log.append(&batch(2)).unwrap(), 3);
        assert_eq!(log.end_offset(), 5);
        for (offset, base_offsets) in [(0, vec![0, 3]), (2, vec![0, 3]), (3, vec![3]), (5, vec![])]
        {
            let bytes = read(&log.slice(offset, 1 << 20).unwrap());
            let found: Vec<i64> = Batches::new(&bytes)
                .map(|batch| batch.unwrap().header().base_offset)
                .collect();
            assert_eq!(found, base_offsets, "from {offset}");
        }
        assert!(log.slice(6, 1 << 20).is_none());
    }

    #[test]
    fn a_batch_larger_than_the_limit_still_comes_alone_and_whole() {
        let log = log("limit");
        log.append(&batch(3)).unwrap();
        log.append(&batch(3)).unwrap();
        assert_eq!(log.slice(0, 1).unwrap().size, batch(3).len());
    }

    #[test]
    fn a_batch_with_a_wrong_checksum_leaves_the_log_as_it_was() {
        let log = log("checksum");
        let mut damaged = batch(3);
        *damaged.last_mut().unwrap() ^= 1;
        let both = [batch(1), damaged].concat();
        assert!(log.append(&both).is_err());
        assert_eq!(log.end_offset(), 0);
    }
}
