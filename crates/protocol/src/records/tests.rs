//! Batches built, walked, damaged and rebuilt.

use super::*;
use crate::compression::{Codec, Compression, Compressor, Decompressor};
use crate::wire::DecodeError;
use proptest::prelude::*;

const INFLATED_BYTES_MAX: usize = 1 << 20;

/// A partition as a broker of Apache Kafka 4.3.1 left it: a committed transaction, an aborted one,
/// and one that was open and got aborted.
const TRANSACTIONS: &str = "
    0000000000000000000000420000000002d3e4ba4d0010000000000000 01a1f9b4e894000001a1f9b4e894
    0000000000000006000000000000 0000000120000000026b12636f6d6d697474656400
    0000000000000001000000420000000002e988e5920030000000000000 01a1f9b4eb51000001a1f9b4eb51
    00000000000000060001ffffffff 000000012000000008000000010c00000000000000
    0000000000000002000000400000000002 8a73936c0010000000000000 01a1f9b4eb2a000001a1f9b4eb2a
    0000000000000006000100000000 000000011c000000026b0e61626f7274656400
    0000000000000003000000420000000002d019e4f50030000000000000 01a1f9b4ebab000001a1f9b4ebab
    00000000000000060002ffffffff 000000012000000008000000000c00000000000000
    00000000000000040000003d000000000245 89dde90010000000000000 01a1f9b4ebb6000001a1f9b4ebb6
    0000000000000006000200000000 0000000116000000026b086f70656e00
    0000000000000005000000420000000002cb69d4720030000000000000 01a1f9c2b350000001a1f9c2b350
    00000000000000060003ffffffff 000000012000000008000000000c00000000000000";

/// The first batch of a metadata snapshot: header, quorum version and voters.
const SNAPSHOT_START: &str = "
    00000000000000000000009a0000000002a1af9cc3002000000002000001a1f9afdffc000001a1f9afdffc
    ffffffffffffffffffffffffffff000000032a00000008000000031600000000 01a1f9afdff200001e00000208
    000000050a00000001000082010000040800 0000066e00000200000001 2def44fad87149b9ba8457ab4c78ca05
    020b434f4e54524f4c4c45520a3132372e302e302e3171a5000000000100000000";

/// The start of a batch of fifty records with keys and headers.
const FIFTY_RECORDS: &str = "
    000000000000000000000474000000000283 52287e0000000000 31000001a1f9b448a7000001a1f9b448bb
    00000000000000010000000000000000003228000000046b31047631 0404683102610468320262";

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex
        .bytes()
        .filter(|digit| !digit.is_ascii_whitespace())
        .collect();
    let pairs = digits.chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn batch_of(template: BatchTemplate, records: &[NewRecord<'_>]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(template);
    for record in records {
        let size = builder.size_with(record);
        builder.append(record).unwrap();
        assert_eq!(builder.size(), size);
    }
    builder.finish(&mut Compressor::new()).unwrap()
}

const fn record<'a>(timestamp_ms: i64, value: &'a [u8]) -> NewRecord<'a> {
    NewRecord {
        timestamp_ms,
        key: Some(b"k"),
        value: Some(value),
        headers: &[],
    }
}

fn three_records() -> Vec<u8> {
    let records = [record(5, b"one"), record(7, b"two"), record(6, b"three")];
    batch_of(BatchTemplate::new(0), &records)
}

#[test]
fn batches_of_a_broker_are_decoded_and_built_to_the_same_bytes() {
    let log = bytes(TRANSACTIONS);
    let mut built = Vec::new();
    for batch in Batches::new(&log) {
        let batch = batch.unwrap();
        batch.check_crc().unwrap();
        let header = batch.header();
        assert_eq!((header.producer_id, header.record_count), (6, 1));
        assert!(header.attributes.is_transactional());
        let mut decompressor = Decompressor::new();
        let mut walk = batch.records(&mut decompressor, 0).unwrap();
        let found = walk.next().unwrap().unwrap();
        assert!(walk.next().is_none());
        assert_eq!(found.offset, header.base_offset);
        let template = BatchTemplate {
            partition_leader_epoch: 0,
            transactional: true,
            producer: Some(ProducerFields {
                id: 6,
                epoch: header.producer_epoch,
                base_sequence: header.base_sequence,
            }),
            ..BatchTemplate::new(header.base_offset)
        };
        if header.attributes.is_control() {
            let marker = EndTransactionMarker::decode(&found).unwrap();
            let (epoch, time_ms) = (header.producer_epoch, found.timestamp_ms);
            built.extend(marker.batch(&template, 6, epoch, time_ms).unwrap());
        } else {
            let value = found.value.unwrap();
            built.extend(batch_of(template, &[record(found.timestamp_ms, value)]));
        }
    }
    assert_eq!(built, log);
}

#[test]
fn control_records_of_the_quorum_are_recognised() {
    let snapshot = bytes(SNAPSHOT_START);
    let batch = BatchView::parse(&snapshot).unwrap();
    batch.check_crc().unwrap();
    assert!(batch.header().attributes.is_control());
    assert!(!batch.header().has_producer_id());
    let mut decompressor = Decompressor::new();
    let walk = batch.records(&mut decompressor, 0).unwrap();
    let types = walk.map(|record| ControlRecordKey::decode(record.unwrap().key).unwrap());
    let types: Vec<_> = types.map(|key| key.record_type).collect();
    let expected = [
        ControlRecordType::SnapshotHeader,
        ControlRecordType::KraftVersion,
        ControlRecordType::KraftVoters,
    ];
    assert_eq!(types, expected);
}

#[test]
fn a_header_needs_nothing_but_its_own_bytes() {
    let start = bytes(FIFTY_RECORDS);
    let header = BatchHeader::decode(&start[..BatchHeader::SIZE]).unwrap();
    assert_eq!(header.size(), 1152);
    assert_eq!((header.last_offset(), header.next_offset()), (49, 50));
    assert_eq!(header.max_timestamp_ms, 1_795_190_704_315);
    assert_eq!(header.last_sequence(), 49);
    assert_eq!(header.crc, 0x8352_287e);
    assert_eq!(header.encode(), start[..BatchHeader::SIZE]);
    let truncated = BatchError::Truncated {
        needed: 1152,
        remaining: start.len(),
    };
    assert_eq!(BatchView::parse(&start).unwrap_err(), truncated);
    let header = BatchHeader {
        record_count: 1,
        ..header
    };
    let first = RecordWalk::new(&header, &start[BatchHeader::SIZE..]).unwrap();
    let first = first.map(Result::unwrap).next().unwrap();
    let headers: Vec<_> = first
        .headers()
        .map(|header| (header.key, header.value))
        .collect();
    assert_eq!(
        (first.key, first.value),
        (Some(&b"k1"[..]), Some(&b"v1"[..]))
    );
    assert_eq!(
        headers,
        [(&b"h1"[..], Some(&b"a"[..])), (b"h2", Some(b"b"))]
    );
}

#[test]
fn sequences_go_on_with_zero_after_the_largest() {
    let mut header = BatchHeader::decode(&three_records()).unwrap();
    for (base, last) in [(-1, -1), (0, 2), (i32::MAX - 2, i32::MAX), (i32::MAX, 1)] {
        header.base_sequence = base;
        assert_eq!(header.last_sequence(), last);
    }
}

#[test]
fn the_end_of_a_log_says_how_it_is_damaged() {
    let batch = three_records();
    let end = |tail: &[u8]| {
        let log = [&batch[..], tail].concat();
        let mut batches = Batches::new(&log);
        assert!(batches.next().unwrap().is_ok());
        let error = batches.next().unwrap().unwrap_err();
        assert_eq!(batches.position(), batch.len());
        assert!(batches.next().is_none());
        error
    };
    let truncated = |needed, remaining| BatchError::Truncated { needed, remaining };
    assert_eq!(end(&batch[..5]), truncated(61, 5));
    assert_eq!(end(&batch[..16]), truncated(61, 16));
    assert_eq!(end(&batch[..60]), truncated(61, 60));
    assert_eq!(end(&batch[..70]), truncated(batch.len(), 70));
    assert_eq!(end(&[0; 100]), BatchError::ZeroFilled(100));
    let mut not_zero = [0; 100];
    not_zero[99] = 1;
    assert_eq!(end(&not_zero), BatchError::LengthTooSmall(0));
    let changed = |position: usize, value: &[u8]| {
        let mut changed = batch.clone();
        changed[position..position + value.len()].copy_from_slice(value);
        changed
    };
    for length in [i32::MIN, -1, 13, 48] {
        let error = end(&changed(8, &length.to_be_bytes()));
        assert_eq!(error, BatchError::LengthTooSmall(length));
    }
    assert_eq!(end(&changed(16, &[0])), BatchError::UnsupportedMagic(0));
    assert_eq!(
        end(&changed(16, &[1])[..30]),
        BatchError::UnsupportedMagic(1)
    );
    assert_eq!(end(&changed(16, &[3])), BatchError::UnknownMagic(3));
    assert_eq!(end(&changed(16, &[255])), BatchError::UnknownMagic(-1));
}

#[test]
fn a_walk_yields_what_the_header_announces_or_an_error() {
    let batch = three_records();
    let view = BatchView::parse(&batch).unwrap();
    let walk = |record_count| {
        let header = BatchHeader {
            record_count,
            ..*view.header()
        };
        RecordWalk::new(&header, view.payload()).and_then(|walk| {
            walk.collect::<Result<Vec<_>, _>>()
                .map(|records| records.len())
        })
    };
    assert_eq!(walk(3), Ok(3));
    assert_eq!(walk(-1), Err(BatchError::NegativeCount(-1)));
    assert_eq!(walk(0), Err(BatchError::Surplus(view.payload().len())));
    assert!(matches!(walk(2), Err(BatchError::Surplus(_))));
    let fault = RecordFault::Field(DecodeError::Truncated {
        needed: 1,
        remaining: 0,
    });
    assert_eq!(walk(4), Err(BatchError::Record { index: 3, fault }));
}

#[test]
fn log_append_time_is_the_time_of_every_record() {
    let template = BatchTemplate {
        timestamps: Timestamps::LogAppend { time_ms: 99 },
        ..BatchTemplate::new(10)
    };
    let batch = batch_of(template, &[record(5, b"one"), record(7, b"two")]);
    let view = BatchView::parse(&batch).unwrap();
    let mut decompressor = Decompressor::new();
    let walk = view.records(&mut decompressor, 0).unwrap();
    let found: Vec<_> = walk.map(Result::unwrap).collect();
    let found: Vec<_> = found
        .iter()
        .map(|record| (record.offset, record.timestamp_ms))
        .collect();
    assert_eq!(found, [(10, 99), (11, 99)]);
    assert_eq!(view.header().base_timestamp_ms, 5);
}

#[test]
fn what_the_leader_assigns_keeps_the_batch_sound() {
    let original = three_records();
    let mut changed = [&original[..], b"more"].concat();
    let mut batch = BatchMut::parse(&mut changed).unwrap();
    batch.set_base_offset(1000);
    batch.set_partition_leader_epoch(7);
    batch.set_timestamps(TimestampType::CreateTime, 7);
    assert_eq!(
        batch.header().crc,
        BatchHeader::decode(&original).unwrap().crc
    );
    batch.set_timestamps(TimestampType::LogAppendTime, 99);
    let header = *batch.header();
    let batch = BatchView::parse(&changed).unwrap();
    assert_eq!(*batch.header(), header);
    batch.check_crc().unwrap();
    assert_eq!(
        (header.base_offset, header.partition_leader_epoch),
        (1000, 7)
    );
    assert_eq!((header.max_timestamp_ms, header.last_offset()), (99, 1002));
    assert_eq!(
        header.attributes.timestamp_type(),
        TimestampType::LogAppendTime
    );
    assert!(changed.ends_with(b"more"));
    assert!(BatchMut::parse(&mut changed[..70]).is_err());
}

#[test]
fn markers_of_later_versions_are_read_and_other_records_are_not() {
    let read = |key: Option<&[u8]>, value: Option<&[u8]>| {
        let record = NewRecord {
            key,
            value,
            ..record(0, b"")
        };
        let batch = batch_of(BatchTemplate::new(0), &[record]);
        let view = BatchView::parse(&batch).unwrap();
        let mut walk = RecordWalk::new(view.header(), view.payload()).unwrap();
        EndTransactionMarker::decode(&walk.next().unwrap().unwrap())
    };
    let marker = EndTransactionMarker {
        result: TransactionResult::Commit,
        coordinator_epoch: 3,
    };
    assert_eq!(
        read(Some(&[0, 0, 0, 1]), Some(&[0, 0, 0, 0, 0, 3])),
        Ok(marker)
    );
    assert_eq!(
        read(Some(&[0, 9, 0, 1, 8]), Some(&[0, 5, 0, 0, 0, 3, 7])),
        Ok(marker)
    );
    let value = Some(&[0; 6][..]);
    assert_eq!(read(None, value), Err(ControlRecordError::Key(0)));
    assert_eq!(
        read(Some(&[0, 0, 1]), value),
        Err(ControlRecordError::Key(3))
    );
    assert_eq!(
        read(Some(&[255, 255, 0, 1]), value),
        Err(ControlRecordError::Version(-1))
    );
    assert_eq!(
        read(Some(&[0; 4]), Some(&[0; 5])),
        Err(ControlRecordError::Value(5))
    );
    let unknown = ControlRecordType::Unknown(77);
    assert_eq!(
        read(Some(&[0, 0, 0, 77]), value),
        Err(ControlRecordError::NotAMarker(unknown))
    );
}

#[test]
fn a_batch_is_not_built_of_nothing_nor_out_of_order() {
    let mut builder = BatchBuilder::new(BatchTemplate::new(0));
    builder.append_at(3, &record(0, b"")).unwrap();
    let order = |last, next| Err(BuildError::OffsetOrder { last, next });
    assert_eq!(builder.append_at(3, &record(0, b"")), order(3, 3));
    assert_eq!(builder.keep_last_offset(2), order(3, 2));
    builder.append_at(i32::MAX, &record(0, b"")).unwrap();
    assert_eq!(builder.append(&record(0, b"")), order(i32::MAX, i32::MAX));
    assert_eq!(builder.record_count(), 2);
    let empty = BatchBuilder::new(BatchTemplate::new(0));
    assert_eq!(
        empty.finish(&mut Compressor::new()),
        Err(BuildError::NoRecords)
    );
}

type OwnedHeader = (Vec<u8>, Option<Vec<u8>>);
type OwnedRecord = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Vec<OwnedHeader>);

fn any_records() -> impl Strategy<Value = Vec<OwnedRecord>> {
    let field = || prop::collection::vec(any::<u8>(), 0..200);
    let nullable = move || prop::option::of(field());
    let headers = prop::collection::vec((field(), nullable()), 0..4);
    prop::collection::vec((any::<i64>(), nullable(), nullable(), headers), 1..40)
}

proptest! {
    #[test]
    fn what_is_built_is_walked(
        records in any_records(), codec in 0..5_u8, base_offset in 0..i64::MAX / 2,
        transactional: bool, log_append: bool,
    ) {
        let template = BatchTemplate {
            compression: Compression::with_default_level(Codec::from_id(codec).unwrap()),
            transactional,
            timestamps: if log_append {
                Timestamps::LogAppend { time_ms: 42 }
            } else {
                Timestamps::Create
            },
            ..BatchTemplate::new(base_offset)
        };
        let mut builder = BatchBuilder::new(template);
        for (timestamp_ms, key, value, headers) in &records {
            let headers = headers.iter().map(|(key, value)| Header {
                key,
                value: value.as_deref(),
            });
            builder.append(&NewRecord {
                timestamp_ms: *timestamp_ms,
                key: key.as_deref(),
                value: value.as_deref(),
                headers: &headers.collect::<Vec<_>>(),
            }).unwrap();
        }
        let batch = builder.finish(&mut Compressor::new()).unwrap();
        let view = BatchView::parse(&batch).unwrap();
        prop_assert_eq!(view.bytes().len(), batch.len());
        prop_assert_eq!(view.check_crc(), Ok(()));
        let mut decompressor = Decompressor::new();
        let walked: Result<Vec<_>, _> =
            view.records(&mut decompressor, INFLATED_BYTES_MAX).unwrap().collect();
        let walked = walked.unwrap();
        prop_assert_eq!(walked.len(), records.len());
        for (index, (found, (timestamp_ms, key, value, headers))) in
            walked.iter().zip(&records).enumerate()
        {
            let expected_ms = if log_append { 42 } else { *timestamp_ms };
            prop_assert_eq!(found.timestamp_ms, expected_ms);
            prop_assert_eq!(found.offset, base_offset + index as i64);
            prop_assert_eq!((found.key, found.value), (key.as_deref(), value.as_deref()));
            let found = found.headers().map(|header| (header.key, header.value));
            let headers = headers.iter().map(|(key, value)| (&key[..], value.as_deref()));
            prop_assert!(found.eq(headers));
        }
    }

    #[test]
    fn a_flipped_bit_is_always_found(
        records in any_records(), codec in 0..5_u8, position in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let codec = Codec::from_id(codec).unwrap();
        let template = BatchTemplate {
            compression: Compression::with_default_level(codec),
            ..BatchTemplate::new(0)
        };
        let records: Vec<_> = records.iter().map(|(timestamp_ms, key, value, _)| NewRecord {
            timestamp_ms: *timestamp_ms,
            key: key.as_deref(),
            value: value.as_deref(),
            headers: &[],
        }).collect();
        let mut batch = batch_of(template, &records);
        // What the checksum covers, and itself.
        let position = 17 + position.index(batch.len() - 17);
        batch[position] ^= 1_u8 << bit;
        let mut decompressor = Decompressor::new();
        let found = check_batches(&batch, &mut decompressor, INFLATED_BYTES_MAX);
        let is_mismatch = matches!(found, Err(BatchError::CrcMismatch { .. }));
        prop_assert!(is_mismatch, "{found:?}");
        // Not checked first, the records of a damaged batch are an error or other records.
        let view = BatchView::parse(&batch).unwrap();
        if let Ok(walk) = view.records(&mut decompressor, INFLATED_BYTES_MAX) {
            prop_assert!(walk.count() <= batch.len() * 300);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300), sound_start: bool,
    ) {
        if sound_start && bytes.len() > BatchHeader::SIZE {
            let length = (bytes.len() - BatchHeader::LENGTH_OVERHEAD) as i32;
            bytes[8..12].copy_from_slice(&length.to_be_bytes());
            bytes[16] = 2;
        }
        let mut decompressor = Decompressor::new();
        prop_assert!(bytes.is_empty() || check_batches(&bytes, &mut decompressor, 1000).is_err());
        if let Ok(view) = BatchView::parse(&bytes)
            && let Ok(walk) = view.records(&mut decompressor, 1000)
        {
            for record in walk.flatten() {
                let _ = EndTransactionMarker::decode(&record);
                prop_assert_eq!(record.headers().count(), record.headers().len());
            }
        }
    }
}
