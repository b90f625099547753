//! Invariant: the offsets of a partition are dense and in order (nothing compacts the topics that
//! are written here), a fetch begins at the record that was asked for, and every record is one
//! that a producer has written, in a batch whose checksum fits.

use super::{Checker, PartitionId};
use crate::value::Value;
use protocol::compression::Decompressor;
use protocol::records::{BatchError, Batches};

const NAME: &str = "density";
const INFLATED_BYTES_MAX: usize = 1 << 20;

/// A record as it was fetched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SeenRecord {
    pub(crate) offset: i64,
    pub(crate) value: Value,
}

impl Checker {
    /// Takes the records of a fetch apart; returns those from `fetch_offset` on.
    pub(crate) fn fetched(
        &mut self,
        id: PartitionId,
        fetch_offset: i64,
        high_watermark: i64,
        bytes: &[u8],
    ) -> Vec<SeenRecord> {
        let seen = match self.walk(id, fetch_offset, bytes) {
            Ok(seen) => seen,
            Err(message) => {
                let name = self.name_of(id);
                let message = format!("fetch from {fetch_offset}: {message}");
                self.violate(NAME, &name, &message);
                return Vec::new();
            }
        };
        self.counters.read += seen.len() as u64;
        if let (Some(first), Some(last)) = (seen.first(), seen.last()) {
            let name = self.name_of(id);
            let (first_value, from, to) = (first.value, first.offset, last.offset);
            self.record(&name, &format!("read {from} to {to}, first {first_value}"));
            if to >= high_watermark {
                let message =
                    format!("offset {to} was read above the high watermark {high_watermark}");
                self.violate("high_watermark", &name, &message);
            }
        }
        for record in &seen {
            self.agree(id, record.offset, record.value, false);
        }
        seen
    }

    fn walk(
        &self,
        id: PartitionId,
        fetch_offset: i64,
        bytes: &[u8],
    ) -> Result<Vec<SeenRecord>, String> {
        let mut decompressor = Decompressor::new();
        let mut seen = Vec::new();
        let mut expected = None;
        for batch in Batches::new(bytes) {
            let batch = match batch {
                // The answer may end within a batch.
                Err(BatchError::Truncated { .. }) => break,
                batch => batch.map_err(|error| error.to_string())?,
            };
            batch.check_crc().map_err(|error| error.to_string())?;
            let records = batch.records(&mut decompressor, INFLATED_BYTES_MAX);
            for record in records.map_err(|error| error.to_string())? {
                let record = record.map_err(|error| error.to_string())?;
                let offset = record.offset;
                if expected.is_some_and(|expected| expected != offset) {
                    return Err(format!(
                        "offset {offset} follows {:?}",
                        expected.map(|next| next - 1)
                    ));
                }
                expected = Some(offset + 1);
                let value = record.value.and_then(Value::from_bytes);
                let value = value.ok_or_else(|| format!("nobody wrote what is at {offset}"))?;
                if offset >= fetch_offset {
                    seen.push(SeenRecord { offset, value });
                }
            }
        }
        match seen.first() {
            Some(first) if first.offset != fetch_offset => Err(format!(
                "the first record is at {} of {}",
                first.offset,
                self.name_of(id)
            )),
            _ => Ok(seen),
        }
    }
}
