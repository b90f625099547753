//! Reads a log as a consumer does: fetch by fetch, leaving out control batches and, if it reads
//! committed records only, those of aborted transactions.

use std::collections::{BTreeSet, VecDeque};

use anyhow::{Context, Result, bail, ensure};
use protocol::compression::Decompressor;
use protocol::ids::Offset;
use protocol::records::{BatchHeader, BatchView, Batches, EndTransactionMarker, TransactionResult};
use storage::log::{Log, LogSlice, ReadOutcome, ReadRequest};
use storage::transaction_index::AbortedTransaction;

use crate::lines::ReadRecord;

const INFLATED_BYTES_MAX: usize = 16 << 20;

/// Whether records of undecided and aborted transactions are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    Uncommitted,
    Committed,
}

/// Reads all records, in fetches that do not exceed `size_max` where a batch permits it.
pub(crate) async fn read_all(
    log: &Log,
    isolation: Isolation,
    size_max: usize,
) -> Result<Vec<ReadRecord>> {
    let log_end_offset = log.log_end_offset();
    let upper_bound = match isolation {
        Isolation::Uncommitted => log_end_offset,
        Isolation::Committed => log.last_stable_offset(log_end_offset),
    };
    let mut records = Vec::new();
    let mut request = ReadRequest {
        fetch_offset: log.log_start_offset(),
        size_max,
        upper_bound,
        at_least_one_batch: true,
    };
    while let Some(slice) = fetch(log, &request).await? {
        let bytes = read_slice(&slice).await?;
        let mut answer = Answer {
            fetch_offset: request.fetch_offset,
            aborted: Aborted::none(),
        };
        if isolation == Isolation::Committed {
            let aborted = log.aborted_transactions(request.fetch_offset, upper_bound);
            answer.aborted = Aborted::new(aborted);
        }
        request.fetch_offset = answer.take_records(&bytes, &mut records)?;
    }
    Ok(records)
}

/// Fetches from every offset that a record has, and finds the record in the first batch.
pub(crate) async fn check_every_offset(log: &Log, records: &[ReadRecord]) -> Result<()> {
    for record in records {
        let request = ReadRequest {
            fetch_offset: Offset(record.offset),
            size_max: BatchHeader::SIZE,
            upper_bound: log.log_end_offset(),
            at_least_one_batch: false,
        };
        let slice = fetch(log, &request)
            .await?
            .context("a record cannot be fetched")?;
        let header = BatchHeader::decode(&read_slice(&slice).await?)?;
        let offsets = header.base_offset..=header.last_offset();
        ensure!(
            offsets.contains(&record.offset),
            "fetch from offset {}: the answer starts with offsets {offsets:?}",
            record.offset
        );
    }
    Ok(())
}

async fn fetch(log: &Log, request: &ReadRequest) -> Result<Option<LogSlice>> {
    match log.read(request).await? {
        ReadOutcome::Slice(slice) => Ok(Some(slice)),
        ReadOutcome::AtEnd => Ok(None),
        ReadOutcome::OutOfRange { .. } => {
            bail!("fetch from {}: out of range", request.fetch_offset)
        }
    }
}

async fn read_slice(slice: &LogSlice) -> Result<Vec<u8>> {
    let mut bytes = vec![0; slice.size];
    let size = slice.file.read_at(&mut bytes, slice.position).await?;
    ensure!(
        size == slice.size,
        "read a slice of {} bytes: got {size}",
        slice.size
    );
    Ok(bytes)
}

/// The answer to one fetch.
struct Answer {
    fetch_offset: Offset,
    aborted: Aborted,
}

impl Answer {
    /// Adds the records of the whole batches in `bytes` and returns the offset behind them.
    fn take_records(&mut self, bytes: &[u8], records: &mut Vec<ReadRecord>) -> Result<Offset> {
        let mut next_offset = None;
        for batch in Batches::new(bytes) {
            let batch = match batch {
                // A fetch may end within a batch, if only it has one.
                Err(_) if next_offset.is_some() => break,
                batch => batch?,
            };
            batch.check_crc()?;
            next_offset = Some(Offset(batch.header().last_offset() + 1));
            if self.is_for_consumer(&batch)? {
                self.take_batch(&batch, records)?;
            }
        }
        next_offset.context("an answer has no batch")
    }

    fn is_for_consumer(&mut self, batch: &BatchView<'_>) -> Result<bool> {
        let header = batch.header();
        self.aborted.advance_to(header.last_offset());
        if !header.attributes.is_control() {
            let is_aborted = self.aborted.has(header.producer_id);
            return Ok(!(header.attributes.is_transactional() && is_aborted));
        }
        let mut decompressor = Decompressor::new();
        for record in batch.records(&mut decompressor, INFLATED_BYTES_MAX)? {
            let marker = EndTransactionMarker::decode(&record?)?;
            if marker.result == TransactionResult::Abort {
                self.aborted.end(header.producer_id);
            }
        }
        Ok(false)
    }

    fn take_batch(&self, batch: &BatchView<'_>, records: &mut Vec<ReadRecord>) -> Result<()> {
        let header = batch.header();
        let mut decompressor = Decompressor::new();
        for record in batch.records(&mut decompressor, INFLATED_BYTES_MAX)? {
            let record = record?;
            if record.offset < self.fetch_offset.0 {
                continue;
            }
            let headers = record.headers();
            records.push(ReadRecord {
                offset: record.offset,
                leader_epoch: header.partition_leader_epoch,
                timestamp_type: header.attributes.timestamp_type(),
                timestamp_ms: record.timestamp_ms,
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: headers
                    .map(|header| (header.key.to_vec(), header.value.map(<[u8]>::to_vec)))
                    .collect(),
            });
        }
        Ok(())
    }
}

/// The aborted transactions an answer tells of: those that begin further on, and who is in one.
struct Aborted {
    ahead: VecDeque<AbortedTransaction>,
    current: BTreeSet<i64>,
}

impl Aborted {
    const fn none() -> Self {
        Self {
            ahead: VecDeque::new(),
            current: BTreeSet::new(),
        }
    }

    fn new(mut transactions: Vec<AbortedTransaction>) -> Self {
        transactions.sort_by_key(|transaction| transaction.first_offset);
        Self {
            ahead: transactions.into(),
            current: BTreeSet::new(),
        }
    }

    fn advance_to(&mut self, last_offset: i64) {
        let is_reached = |next: &mut AbortedTransaction| next.first_offset.0 <= last_offset;
        while let Some(begun) = self.ahead.pop_front_if(is_reached) {
            self.current.insert(begun.producer_id.0);
        }
    }

    fn end(&mut self, producer_id: i64) {
        self.current.remove(&producer_id);
    }

    fn has(&self, producer_id: i64) -> bool {
        self.current.contains(&producer_id)
    }
}
