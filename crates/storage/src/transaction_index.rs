//! The aborted transactions of one segment, in its `.txnindex` file: what a reader of committed
//! records must leave out.
//!
//! Entry, 34 bytes, big-endian, in the order of last offsets:
//!
//! ```text
//! version i16 (0) | producer id i64 | first offset i64 | last offset i64 | last stable offset i64
//! ```
//!
//! Not the job of this module: the file. The segment loads the bytes, and appends
//! [`AbortedTransaction::encode`] at [`TransactionIndex::size_bytes`].
//!
//! The entries are held in memory. An aborted transaction takes at least a batch and a marker in
//! the log, some 150 bytes, so that the index is a small part of its segment even when everything
//! aborts, and it is empty in almost every log. The file holds all there is to know, so that a
//! segment that nobody reads can let the index go and load it again.
//!
//! Invariant: last offsets ascend strictly, and none lies before the segment.

use protocol::ids::{Offset, ProducerId};
use protocol::wire::Writer;

use crate::producer_state::CompletedTransaction;

/// An aborted transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AbortedTransaction {
    /// Who aborted.
    pub producer_id: ProducerId,
    /// The first offset of the transaction's records in this partition.
    pub first_offset: Offset,
    /// The offset of the abort marker.
    pub last_offset: Offset,
    /// The last stable offset once the marker is replicated: whatever began before it is decided.
    pub last_stable_offset: Offset,
}

/// The aborted transactions whose markers are in one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionIndex {
    segment_base_offset: Offset,
    entries: Vec<AbortedTransaction>,
}

/// Whether a search for aborted transactions is at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionSearch {
    /// Later segments hold nothing for the range.
    Complete,
    /// The next segment must be searched as well.
    Continues,
}

/// Why a `.txnindex` is not believed; it can be made again from the segment's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorruptTransactionIndex {
    /// The size is not a multiple of an entry's.
    #[error("read transaction index: {size_bytes} bytes are not a number of whole entries")]
    Size {
        /// The size of the file.
        size_bytes: usize,
    },
    /// An entry has another version.
    #[error("read transaction index: entry {entry} has the unknown version {version}")]
    Version {
        /// Which entry, from 0 on.
        entry: usize,
        /// Its version.
        version: i16,
    },
    /// An entry does not end behind the one before it, or lies before the segment.
    #[error("read transaction index: entry {entry} ends at {last_offset}, out of order")]
    Order {
        /// Which entry, from 0 on.
        entry: usize,
        /// Its last offset.
        last_offset: Offset,
    },
}

const VERSION: i16 = 0;

impl AbortedTransaction {
    /// The size of an entry of the file.
    pub const SIZE_BYTES: usize = 34;

    /// The entry of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::from_buffer(Vec::with_capacity(Self::SIZE_BYTES));
        writer.put_i16(VERSION);
        writer.put_i64(self.producer_id.0);
        writer.put_i64(self.first_offset.0);
        writer.put_i64(self.last_offset.0);
        writer.put_i64(self.last_stable_offset.0);
        writer.into_parts().0
    }
}

impl From<CompletedTransaction> for AbortedTransaction {
    fn from(completed: CompletedTransaction) -> Self {
        Self {
            producer_id: completed.producer_id,
            first_offset: completed.first_offset,
            last_offset: completed.last_offset,
            last_stable_offset: completed.last_stable_offset,
        }
    }
}

impl TransactionIndex {
    /// The index of a segment without aborted transactions.
    pub const fn empty(segment_base_offset: Offset) -> Self {
        Self {
            segment_base_offset,
            entries: Vec::new(),
        }
    }

    /// Reads the file of a segment.
    ///
    /// # Errors
    /// When the file cannot be the index of this segment.
    pub fn decode(
        segment_base_offset: Offset,
        bytes: &[u8],
    ) -> Result<Self, CorruptTransactionIndex> {
        let (chunks, rest) = bytes.as_chunks::<{ AbortedTransaction::SIZE_BYTES }>();
        if !rest.is_empty() {
            let size_bytes = bytes.len();
            return Err(CorruptTransactionIndex::Size { size_bytes });
        }
        let mut index = Self::empty(segment_base_offset);
        index.entries.reserve_exact(chunks.len());
        for (entry, chunk) in chunks.iter().enumerate() {
            let (version, transaction) = decode_entry(chunk);
            if version != VERSION {
                return Err(CorruptTransactionIndex::Version { entry, version });
            }
            if !index.is_next(transaction) {
                let last_offset = transaction.last_offset;
                return Err(CorruptTransactionIndex::Order { entry, last_offset });
            }
            index.entries.push(transaction);
        }
        Ok(index)
    }

    /// Adds a transaction that was aborted by a marker in this segment.
    ///
    /// # Panics
    /// When the marker does not follow the last one: the log hands its batches over in order.
    pub fn append(&mut self, transaction: AbortedTransaction) {
        assert!(
            self.is_next(transaction),
            "append to transaction index of segment {}: {transaction:?} is out of order",
            self.segment_base_offset
        );
        self.entries.push(transaction);
    }

    /// Removes the transactions whose markers are at `offset` or behind it.
    pub fn truncate(&mut self, offset: Offset) {
        let kept = self
            .entries
            .partition_point(|entry| entry.last_offset < offset);
        self.entries.truncate(kept);
    }

    /// The size of the file that holds these entries.
    pub const fn size_bytes(&self) -> usize {
        self.entries.len() * AbortedTransaction::SIZE_BYTES
    }

    /// All entries, in the order of their last offsets.
    pub fn entries(&self) -> &[AbortedTransaction] {
        &self.entries
    }

    /// Appends to `found` the transactions that overlap the offsets from `fetch_offset` on and
    /// before `upper_bound`.
    pub fn collect(
        &self,
        fetch_offset: Offset,
        upper_bound: Offset,
        found: &mut Vec<AbortedTransaction>,
    ) -> TransactionSearch {
        let first = self
            .entries
            .partition_point(|entry| entry.last_offset < fetch_offset);
        for entry in &self.entries[first..] {
            if entry.first_offset < upper_bound {
                found.push(*entry);
            }
            // What is aborted later began at this last stable offset or behind it.
            if entry.last_stable_offset >= upper_bound {
                return TransactionSearch::Complete;
            }
        }
        TransactionSearch::Continues
    }

    fn is_next(&self, transaction: AbortedTransaction) -> bool {
        match self.entries.last() {
            Some(last) => transaction.last_offset > last.last_offset,
            None => transaction.last_offset >= self.segment_base_offset,
        }
    }
}

fn decode_entry(bytes: &[u8; AbortedTransaction::SIZE_BYTES]) -> (i16, AbortedTransaction) {
    let mut fields = bytes[2..]
        .as_chunks::<8>()
        .0
        .iter()
        .map(|field| i64::from_be_bytes(*field));
    let mut field = || fields.next().unwrap_or_default();
    let transaction = AbortedTransaction {
        producer_id: ProducerId(field()),
        first_offset: Offset(field()),
        last_offset: Offset(field()),
        last_stable_offset: Offset(field()),
    };
    (i16::from_be_bytes([bytes[0], bytes[1]]), transaction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aborted(producer_id: i64, first: i64, last: i64, stable: i64) -> AbortedTransaction {
        AbortedTransaction {
            producer_id: ProducerId(producer_id),
            first_offset: Offset(first),
            last_offset: Offset(last),
            last_stable_offset: Offset(stable),
        }
    }

    fn index(entries: &[AbortedTransaction]) -> TransactionIndex {
        let mut index = TransactionIndex::empty(Offset::ZERO);
        for entry in entries {
            index.append(*entry);
        }
        index
    }

    fn collect(index: &TransactionIndex, from: i64, to: i64) -> (Vec<i64>, TransactionSearch) {
        let mut found = Vec::new();
        let search = index.collect(Offset(from), Offset(to), &mut found);
        (
            found.iter().map(|entry| entry.producer_id.0).collect(),
            search,
        )
    }

    #[test]
    fn a_file_of_kafka_reads_and_prints_the_same() {
        let mut bytes = Vec::new();
        for field in [[6_i64, 2, 3, 4], [6, 4, 5, 6]] {
            bytes.extend([0, 0]);
            bytes.extend(field.iter().flat_map(|field| field.to_be_bytes()));
        }
        let index = TransactionIndex::decode(Offset::ZERO, &bytes).unwrap();
        assert_eq!(index.entries(), [aborted(6, 2, 3, 4), aborted(6, 4, 5, 6)]);
        assert_eq!(index.size_bytes(), bytes.len());
        let written = index.entries().iter().flat_map(AbortedTransaction::encode);
        assert_eq!(written.collect::<Vec<_>>(), bytes);
    }

    #[test]
    fn only_transactions_that_overlap_the_range_are_found() {
        let index = index(&[
            aborted(1, 0, 10, 11),
            aborted(2, 12, 20, 13),
            aborted(3, 13, 30, 31),
            aborted(4, 32, 40, 41),
        ]);
        use TransactionSearch::{Complete, Continues};
        assert_eq!(collect(&index, 0, 100), (vec![1, 2, 3, 4], Continues));
        assert_eq!(collect(&index, 0, 11), (vec![1], Complete));
        assert_eq!(collect(&index, 11, 13), (vec![2], Complete));
        assert_eq!(collect(&index, 11, 14), (vec![2, 3], Complete));
        assert_eq!(collect(&index, 20, 32), (vec![2, 3], Complete));
        assert_eq!(collect(&index, 31, 32), (vec![], Complete));
        assert_eq!(collect(&index, 41, 100), (vec![], Continues));
    }

    #[test]
    fn truncation_removes_transactions_whose_markers_are_gone() {
        let mut index = index(&[aborted(1, 0, 10, 11), aborted(2, 5, 20, 21)]);
        index.truncate(Offset(21));
        assert_eq!(index.entries().len(), 2);
        index.truncate(Offset(20));
        assert_eq!(index.entries(), [aborted(1, 0, 10, 11)]);
        index.truncate(Offset(0));
        assert_eq!(index, TransactionIndex::empty(Offset::ZERO));
    }

    #[test]
    fn a_corrupt_file_is_refused() {
        let decode = |base: i64, entries: &[AbortedTransaction]| {
            let bytes: Vec<_> = entries
                .iter()
                .flat_map(AbortedTransaction::encode)
                .collect();
            TransactionIndex::decode(Offset(base), &bytes)
        };
        let order = |entry, last| CorruptTransactionIndex::Order {
            entry,
            last_offset: Offset(last),
        };
        let entry = aborted(1, 0, 10, 11);
        assert_eq!(decode(11, &[entry]), Err(order(0, 10)));
        assert_eq!(decode(0, &[entry, entry]), Err(order(1, 10)));
        let last = aborted(1, 0, i64::MAX, 0);
        assert_eq!(decode(0, &[last, last]), Err(order(1, i64::MAX)));
        let bytes = entry.encode();
        assert_eq!(
            TransactionIndex::decode(Offset::ZERO, &bytes[..33]),
            Err(CorruptTransactionIndex::Size { size_bytes: 33 })
        );
        let mut bytes = bytes;
        bytes[1] = 1;
        assert_eq!(
            TransactionIndex::decode(Offset::ZERO, &bytes),
            Err(CorruptTransactionIndex::Version {
                entry: 0,
                version: 1
            })
        );
    }

    #[test]
    #[should_panic(expected = "out of order")]
    fn markers_out_of_order_are_a_broken_invariant() {
        index(&[aborted(1, 0, 10, 11), aborted(2, 5, 10, 11)]);
    }
}
