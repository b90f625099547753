//! Appends to a log and remembers what should be in it now.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use protocol::compression::{Compression, Compressor};
use protocol::ids::LeaderEpoch;
use protocol::records::{
    BatchBuilder, BatchTemplate, EndTransactionMarker, Header, NewRecord, ProducerFields,
    TimestampType, TransactionResult,
};
use storage::directories::PartitionLog;
use storage::log::{AppendOrigin, Appended, Codecs, LeaderAppend, Log};

use super::samples::{Sample, Samples};
use crate::lines::{self, ReadRecord};
use crate::node;

const COORDINATOR_EPOCH: i32 = 2;

/// An idempotent or transactional producer.
pub(super) struct Producer {
    id: i64,
    epoch: i16,
    next_sequence: i32,
    /// None if it is not transactional.
    transaction_version: Option<i16>,
}

impl Producer {
    /// An idempotent producer.
    pub(super) const fn new(id: i64, epoch: i16) -> Self {
        Self {
            id,
            epoch,
            next_sequence: 0,
            transaction_version: None,
        }
    }

    /// A producer with transactions of this version.
    pub(super) const fn transactional(id: i64, epoch: i16, transaction_version: i16) -> Self {
        let transaction_version = Some(transaction_version);
        Self {
            id,
            epoch,
            next_sequence: 0,
            transaction_version,
        }
    }
}

/// A log that is being written.
pub(super) struct Scribe {
    partition: Arc<PartitionLog>,
    leader_epoch: LeaderEpoch,
    samples: Samples,
    codecs: Codecs,
    written: Vec<ReadRecord>,
    dump_lines: Vec<String>,
}

impl Scribe {
    /// Begins to write a partition that is empty.
    pub(super) fn new(partition: Arc<PartitionLog>) -> Self {
        Self {
            partition,
            leader_epoch: LeaderEpoch(0),
            samples: Samples::new(node::now_ms() - 3_600_000),
            codecs: Codecs::default(),
            written: Vec::new(),
            dump_lines: Vec::new(),
        }
    }

    /// Appends one batch of `count` records.
    pub(super) async fn append(
        &mut self,
        compression: Compression,
        producer: Option<&mut Producer>,
        count: i32,
    ) -> Result<()> {
        let samples: Vec<Sample> = (0..count).map(|_| self.samples.next()).collect();
        let mut template = BatchTemplate {
            compression,
            ..BatchTemplate::new(0)
        };
        let mut first_sequence = None;
        if let Some(producer) = producer {
            first_sequence = Some(producer.next_sequence);
            template.transactional = producer.transaction_version.is_some();
            template.producer = Some(ProducerFields {
                id: producer.id,
                epoch: producer.epoch,
                base_sequence: producer.next_sequence,
            });
            producer.next_sequence += count;
        }
        let mut batch = build(template, &samples)?;
        let appended = self.append_batch(&mut batch, AppendOrigin::Client).await?;
        for (sample, index) in samples.into_iter().zip(0..) {
            let offset = appended.first_offset.0 + i64::from(index);
            let sequence = first_sequence.map_or(-1, |first| first + index);
            self.note(sample, offset, sequence, appended.log_append_time_ms);
        }
        Ok(())
    }

    /// Ends the transaction of a producer.
    pub(super) async fn end(
        &mut self,
        producer: &mut Producer,
        result: TransactionResult,
    ) -> Result<()> {
        let transaction_version = producer.transaction_version.context("end no transaction")?;
        if transaction_version >= 2 {
            producer.epoch += 1;
            producer.next_sequence = 0;
        }
        let marker = EndTransactionMarker {
            result,
            coordinator_epoch: COORDINATOR_EPOCH,
        };
        let timestamp_ms = node::now_ms();
        let template = BatchTemplate::new(0);
        let mut batch = marker.batch(&template, producer.id, producer.epoch, timestamp_ms)?;
        let origin = AppendOrigin::EndTransaction {
            transaction_version,
        };
        let appended = self.append_batch(&mut batch, origin).await?;
        let name = match result {
            TransactionResult::Abort => "ABORT",
            TransactionResult::Commit => "COMMIT",
        };
        self.dump_lines.push(format!(
            "| offset: {} CreateTime: {timestamp_ms} keySize: 4 valueSize: 6 sequence: -1 \
             headerKeys: [] endTxnMarker: {name} coordinatorEpoch: {COORDINATOR_EPOCH}",
            appended.first_offset
        ));
        Ok(())
    }

    /// Lets a new leader begin.
    pub(super) async fn lead(&mut self, leader_epoch: LeaderEpoch) -> Result<()> {
        self.leader_epoch = leader_epoch;
        Ok(self.log().assign_leader_epoch(leader_epoch).await?)
    }

    /// Makes durable what was written so far.
    pub(super) async fn flush(&self) -> Result<()> {
        Ok(self
            .log()
            .flush(self.log().log_end_offset(), node::now_ms())
            .await?)
    }

    /// Deletes the segments that lie before the log start as a whole.
    pub(super) async fn delete_segments(&self) -> Result<()> {
        let before = self.log().segment_count();
        let high_watermark = self.log().log_end_offset();
        self.log()
            .apply_retention(high_watermark, node::now_ms())
            .await?;
        ensure!(
            self.log().segment_count() < before,
            "delete segments: none was deleted"
        );
        Ok(())
    }

    /// The log as it is now.
    pub(super) fn log(&self) -> &Log {
        self.partition.log()
    }

    /// Compares what was read with what was written and not deleted.
    pub(super) fn check(&self, read: &[ReadRecord]) -> Result<()> {
        let start = self.log().log_start_offset().0;
        let first = self.written.partition_point(|record| record.offset < start);
        ensure!(
            read == &self.written[first..],
            "what is read is not what was written"
        );
        Ok(())
    }

    /// What `kafka-dump-log` should print for each record.
    pub(super) fn dump_lines(&self) -> &[String] {
        &self.dump_lines
    }

    async fn append_batch(&mut self, batch: &mut [u8], origin: AppendOrigin) -> Result<Appended> {
        let append = LeaderAppend {
            leader_epoch: self.leader_epoch,
            origin,
            produce_version: 13,
            now_ms: node::now_ms(),
        };
        let appended = self
            .partition
            .log()
            .append_as_leader(batch, &append, &mut self.codecs)
            .await;
        let appended = appended.context("append a batch")?;
        ensure!(
            !appended.is_duplicate,
            "append a batch: it was taken for a repeated one"
        );
        Ok(appended)
    }

    fn note(&mut self, sample: Sample, offset: i64, sequence: i32, append_time_ms: Option<i64>) {
        let bytes = |text: Option<String>| text.map(String::into_bytes);
        let timestamp_type = match append_time_ms {
            Some(_) => TimestampType::LogAppendTime,
            None => TimestampType::CreateTime,
        };
        let timestamp_ms = append_time_ms.unwrap_or(sample.timestamp_ms);
        let type_name = lines::timestamp_type(timestamp_type);
        let size = |text: &Option<String>| text.as_ref().map_or(-1, |text| text.len() as i64);
        let (key_size, value_size) = (size(&sample.key), size(&sample.value));
        let keys: Vec<&str> = sample.headers.iter().map(|(key, _)| *key).collect();
        let mut line = format!(
            "| offset: {offset} {type_name}: {timestamp_ms} keySize: {key_size} \
             valueSize: {value_size} sequence: {sequence} headerKeys: [{}]",
            keys.join(",")
        );
        if let Some(key) = &sample.key {
            line += &format!(" key: {key}");
        }
        if let Some(value) = &sample.value {
            line += &format!(" payload: {value}");
        }
        self.dump_lines.push(line);
        let headers = sample.headers.into_iter();
        self.written.push(ReadRecord {
            offset,
            leader_epoch: self.leader_epoch.0,
            timestamp_type,
            timestamp_ms,
            key: bytes(sample.key),
            value: bytes(sample.value),
            headers: headers
                .map(|(key, value)| (key.into(), bytes(value)))
                .collect(),
        });
    }
}

fn build(template: BatchTemplate, samples: &[Sample]) -> Result<Vec<u8>> {
    let mut builder = BatchBuilder::new(template);
    for sample in samples {
        let headers = sample.headers.iter().map(|(key, value)| Header {
            key: key.as_bytes(),
            value: value.as_deref().map(str::as_bytes),
        });
        builder.append(&NewRecord {
            timestamp_ms: sample.timestamp_ms,
            key: sample.key.as_deref().map(str::as_bytes),
            value: sample.value.as_deref().map(str::as_bytes),
            headers: &headers.collect::<Vec<_>>(),
        })?;
    }
    Ok(builder.finish(&mut Compressor::new())?)
}
