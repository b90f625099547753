//! Logs that others have written: Kafka's coordinators, transactional producers, a bad disk.

use coordinator::Record;
use protocol::ErrorCode;
use protocol::compression::{Codec, Compression, Compressor};
use protocol::records::{
    BatchBuilder, BatchTemplate, EndTransactionMarker, NewRecord, ProducerFields, TransactionResult,
};

use super::node::{LOCAL, Node, commit_error, elect};

/// An offset of group `g` for partition 0 of topic `t`, as Kafka writes it; none for a tombstone.
fn record(offset: Option<u8>) -> Record {
    let key = b"\0\x01\0\x01g\0\x01t\0\0\0\0".to_vec();
    let value = offset.map(|offset| {
        let mut value = vec![0, 3, 0, 0, 0, 0, 0, 0, 0, offset];
        // Leader epoch, no metadata, timestamp.
        value.extend([255, 255, 255, 255, 0, 0]);
        value.extend([0; 8]);
        value
    });
    Record { key, value }
}

fn batch(template: BatchTemplate, records: &[Record]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(template);
    for record in records {
        let record = NewRecord {
            timestamp_ms: 0,
            key: Some(&record.key),
            value: record.value.as_deref(),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    builder.finish(&mut Compressor::new()).unwrap()
}

/// What a coordinator makes of the batches.
async fn taken_over(batches: &[Vec<u8>]) -> (Node, Result<i64, ErrorCode>) {
    let node = Node::alone().await;
    for batch in batches {
        node.append(batch.clone()).await;
    }
    node.apply(&[elect(LOCAL)]).await;
    node.loaded().await;
    let committed = node.committed("g").await;
    (node, committed)
}

const PLAIN: BatchTemplate = BatchTemplate::new(0);

const fn transactional(producer_id: i64) -> BatchTemplate {
    BatchTemplate {
        transactional: true,
        producer: Some(ProducerFields {
            id: producer_id,
            epoch: 0,
            base_sequence: 0,
        }),
        ..PLAIN
    }
}

fn marker(producer_id: i64, result: TransactionResult) -> Vec<u8> {
    let marker = EndTransactionMarker {
        result,
        coordinator_epoch: 0,
    };
    marker.batch(&PLAIN, producer_id, 0, 0).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_last_record_of_a_key_counts_however_it_is_compressed() {
    for codec in [
        Codec::None,
        Codec::Gzip,
        Codec::Snappy,
        Codec::Lz4,
        Codec::Zstd,
    ] {
        let template = BatchTemplate {
            compression: Compression::with_default_level(codec),
            ..PLAIN
        };
        let first = batch(template, &[record(Some(1)), record(Some(2))]);
        let (_, committed) = taken_over(std::slice::from_ref(&first)).await;
        assert_eq!(committed, Ok(2), "{codec:?}");
        let (_, committed) = taken_over(&[first, batch(template, &[record(None)])]).await;
        assert_eq!(committed, Ok(-1), "{codec:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn offsets_of_transactions_count_when_the_marker_says_so() {
    let offsets = |producer_id, offset| batch(transactional(producer_id), &[record(Some(offset))]);
    let (_, open) = taken_over(&[offsets(1, 5)]).await;
    assert_eq!(open, Ok(-1));
    let committed = marker(1, TransactionResult::Commit);
    let (_, committed) = taken_over(&[offsets(1, 5), offsets(2, 6), committed]).await;
    assert_eq!(committed, Ok(5));
    let aborted = marker(1, TransactionResult::Abort);
    let (_, aborted) = taken_over(&[offsets(1, 5), aborted]).await;
    assert_eq!(aborted, Ok(-1));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_does_not_decode_has_no_coordinator() {
    let torn = Record {
        key: b"\0\x01\0\x05g".to_vec(),
        value: None,
    };
    let sound = batch(PLAIN, &[record(Some(1))]);
    let (node, torn) = taken_over(&[sound, batch(PLAIN, &[torn])]).await;
    assert_eq!(torn, Err(ErrorCode::NOT_COORDINATOR));
    let error = commit_error(node.commit("g", 1)).await;
    assert_eq!(error, ErrorCode::NOT_COORDINATOR);
    // It ends as others do.
    node.groups.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_bit_that_the_disk_has_flipped_is_not_taken_for_an_offset() {
    let node = Node::alone().await;
    assert_eq!(commit_error(node.commit("g", 1)).await, ErrorCode::NONE);
    let size = node.log_partition().log().size_bytes();
    let directory = node.log_partition().log().directory();
    let segment = directory.join("00000000000000000000.log");
    node.disk.flip_bit(&segment, size - 10, 0).unwrap();
    node.apply(&[elect(LOCAL)]).await;
    node.loaded().await;
    assert_eq!(node.committed("g").await, Err(ErrorCode::NOT_COORDINATOR));
}
