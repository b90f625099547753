//! What a leader takes from a producer, refuses, or builds anew.

use super::*;
use crate::ErrorCode;
use crate::compression::DecompressError;
use crate::records::batch::compute_crc;
use crate::records::{Attributes, Batches, Header, NewRecord};
use proptest::prelude::*;

const RULES: ProduceRules = ProduceRules {
    produce_version: 13,
    compacted: false,
    timestamp_type: TimestampType::CreateTime,
    timestamp_before_ms_max: i64::MAX,
    timestamp_after_ms_max: 3_600_000,
    compression: None,
    now_ms: 1_000_000,
    inflated_bytes_max: 1 << 20,
};
const POSITION: AppendPosition = AppendPosition {
    base_offset: 500,
    partition_leader_epoch: 7,
};
const CONSECUTIVE: [i32; 3] = [0, 1, 2];

/// A batch of three records whose timestamps are 10, 30 and 20.
fn sent(codec: Codec, offset_deltas: [i32; 3]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchTemplate {
        compression: Compression::with_default_level(codec),
        ..BatchTemplate::new(0)
    });
    for (offset_delta, timestamp_ms) in offset_deltas.into_iter().zip([10, 30, 20]) {
        let record = NewRecord {
            timestamp_ms,
            key: (offset_delta != 1).then_some(b"key"),
            value: Some(&[b'v'; 100]),
            headers: &[Header {
                key: b"h",
                value: None,
            }],
        };
        builder.append_at(offset_delta, &record).unwrap();
    }
    let batch = builder.finish(&mut Compressor::new()).unwrap();
    with_header(&batch, |header| header.last_offset_delta = 2)
}

/// The batch with another header and a sound checksum.
fn with_header(batch: &[u8], change: impl FnOnce(&mut BatchHeader)) -> Vec<u8> {
    let mut batch = batch.to_vec();
    let mut header = BatchHeader::decode(&batch).unwrap();
    change(&mut header);
    batch[..BatchHeader::SIZE].copy_from_slice(&header.encode());
    header.crc = compute_crc(&batch);
    batch[..BatchHeader::SIZE].copy_from_slice(&header.encode());
    batch
}

fn validate(records: &[u8], rules: &ProduceRules) -> Result<ValidatedBatch, ProduceError> {
    validate_produce(records, rules, &mut Decompressor::new())
}

fn check_refused(records: &[u8], rules: &ProduceRules, code: ErrorCode) -> ProduceError {
    let error = validate(records, rules).unwrap_err();
    assert_eq!(error.error_code(), code, "{error}");
    error
}

/// Offset, timestamp, key of each record.
fn contents(batch: &[u8]) -> Vec<(i64, i64, Option<Vec<u8>>)> {
    let view = BatchView::parse(batch).unwrap();
    view.check_crc().unwrap();
    let mut decompressor = Decompressor::new();
    let walk = view.records(&mut decompressor, 1 << 20).unwrap();
    let record = |record: RecordView<'_>| {
        (
            record.offset,
            record.timestamp_ms,
            record.key.map(<[u8]>::to_vec),
        )
    };
    walk.map(|found| record(found.unwrap())).collect()
}

#[test]
fn a_sound_batch_is_appended_in_place_under_every_codec() {
    for codec in Codec::ALL {
        let mut batch = sent(codec, CONSECUTIVE);
        let validated = validate(&batch, &RULES).unwrap();
        assert_eq!(validated.placement, Placement::InPlace);
        assert_eq!(validated.max_timestamp_ms, 30);
        assert_eq!(
            validated.inflated_bytes,
            sent(Codec::None, CONSECUTIVE).len() - 61
        );
        assert_eq!(validated.next_offset(POSITION), 503);
        let crc = validated.header.crc;
        validated.assign(&mut batch, POSITION).unwrap();
        let header = BatchHeader::decode(&batch).unwrap();
        assert_eq!(
            (header.last_offset(), header.partition_leader_epoch),
            (502, 7)
        );
        assert_eq!(header.crc, crc);
        let offsets: Vec<_> = contents(&batch).iter().map(|record| record.0).collect();
        assert_eq!(offsets, [500, 501, 502]);
    }
}

#[test]
fn a_wrong_max_timestamp_is_corrected() {
    let batch = sent(Codec::None, CONSECUTIVE);
    let mut wrong = with_header(&batch, |header| header.max_timestamp_ms = 77);
    let validated = validate(&wrong, &RULES).unwrap();
    validated.assign(&mut wrong, POSITION).unwrap();
    assert_eq!(BatchHeader::decode(&wrong).unwrap().max_timestamp_ms, 30);
    assert_eq!(contents(&wrong).len(), 3);
}

#[test]
fn log_append_time_is_set_without_a_rebuild() {
    let rules = ProduceRules {
        timestamp_type: TimestampType::LogAppendTime,
        ..RULES
    };
    for codec in Codec::ALL {
        let mut batch = sent(codec, CONSECUTIVE);
        let validated = validate(&batch, &rules).unwrap();
        assert_eq!(validated.placement, Placement::InPlace);
        assert_eq!(validated.max_timestamp_ms, rules.now_ms);
        validated.assign(&mut batch, POSITION).unwrap();
        assert!(
            contents(&batch)
                .iter()
                .all(|record| record.1 == rules.now_ms)
        );
    }
}

#[test]
fn another_codec_or_odd_offsets_ask_for_a_rebuild() {
    let (mut decompressor, mut compressor) = (Decompressor::new(), Compressor::new());
    let expected = [
        (500, 10, Some(b"key".to_vec())),
        (501, 30, None),
        (502, 20, Some(b"key".to_vec())),
    ];
    for (from, to, deltas) in [
        (Codec::None, Some(Codec::Zstd), CONSECUTIVE),
        (Codec::Gzip, Some(Codec::None), CONSECUTIVE),
        (Codec::Lz4, Some(Codec::Snappy), CONSECUTIVE),
        (Codec::None, None, [0, 1, 3]),
        (Codec::Lz4, None, [0, 1, 3]),
    ] {
        let rules = ProduceRules {
            compression: to.map(Compression::with_default_level),
            ..RULES
        };
        let mut batch = sent(from, deltas);
        if deltas == CONSECUTIVE {
            batch = with_header(&batch, |header| {
                header.producer_id = 9;
                header.producer_epoch = 1;
                header.base_sequence = 4;
                header.attributes = header.attributes.with_transactional(true);
            });
        }
        let validated = validate(&batch, &rules).unwrap();
        assert_eq!(validated.placement, Placement::Rebuild);
        let built =
            rebuild_produce(&batch, &rules, POSITION, &mut decompressor, &mut compressor).unwrap();
        assert_eq!(contents(&built)[0], expected[0]);
        assert_eq!(contents(&built)[2], expected[2]);
        let header = BatchHeader::decode(&built).unwrap();
        assert_eq!(header.attributes.codec(), Ok(to.unwrap_or(from)));
        assert_eq!(
            (header.last_offset(), header.partition_leader_epoch),
            (502, 7)
        );
        assert_eq!(header.producer_id, validated.header.producer_id);
        assert_eq!(header.base_sequence, validated.header.base_sequence);
        assert_eq!(header.attributes.is_transactional(), deltas == CONSECUTIVE);
    }
}

#[test]
fn a_codec_that_is_the_topics_is_kept_in_place() {
    let rules = ProduceRules {
        compression: Compression::with_level(Codec::Zstd, 19).ok(),
        ..RULES
    };
    let validated = validate(&sent(Codec::Zstd, CONSECUTIVE), &rules).unwrap();
    assert_eq!(validated.placement, Placement::InPlace);
}

#[test]
fn bytes_that_are_not_exactly_one_sound_batch_are_refused() {
    let batch = sent(Codec::None, CONSECUTIVE);
    let changed = |position: usize, value: u8| {
        let mut changed = batch.clone();
        changed[position] = value;
        changed
    };
    check_refused(&[], &RULES, ErrorCode::INVALID_RECORD);
    check_refused(&batch[..50], &RULES, ErrorCode::INVALID_RECORD);
    check_refused(&batch[..batch.len() - 1], &RULES, ErrorCode::INVALID_RECORD);
    check_refused(&batch.repeat(2), &RULES, ErrorCode::INVALID_RECORD);
    check_refused(
        &[&batch[..], &[0]].concat(),
        &RULES,
        ErrorCode::INVALID_RECORD,
    );
    check_refused(&changed(16, 0), &RULES, ErrorCode::INVALID_RECORD);
    check_refused(&changed(16, 1), &RULES, ErrorCode::INVALID_RECORD);
    check_refused(&changed(16, 3), &RULES, ErrorCode::CORRUPT_MESSAGE);
    check_refused(&changed(8, 0xff), &RULES, ErrorCode::CORRUPT_MESSAGE);
    check_refused(
        &changed(17, batch[17] ^ 1),
        &RULES,
        ErrorCode::CORRUPT_MESSAGE,
    );
    check_refused(
        &changed(80, batch[80] ^ 1),
        &RULES,
        ErrorCode::CORRUPT_MESSAGE,
    );
    check_refused(&[0; 61], &RULES, ErrorCode::CORRUPT_MESSAGE);
}

#[test]
fn headers_that_a_client_may_not_send_are_refused() {
    let batch = sent(Codec::None, CONSECUTIVE);
    let check = |code: ErrorCode, change: fn(&mut BatchHeader)| {
        check_refused(&with_header(&batch, change), &RULES, code);
    };
    check(ErrorCode::INVALID_RECORD, |header| header.base_offset = 1);
    check(ErrorCode::INVALID_RECORD, |header| header.record_count = 0);
    check(ErrorCode::INVALID_RECORD, |header| header.record_count = -3);
    check(ErrorCode::INVALID_RECORD, |header| {
        header.record_count = i32::MAX
    });
    check(ErrorCode::INVALID_RECORD, |header| header.record_count = 2);
    check(ErrorCode::INVALID_RECORD, |header| {
        header.last_offset_delta = 3
    });
    check(ErrorCode::INVALID_RECORD, |header| {
        header.last_offset_delta = -1
    });
    check(ErrorCode::INVALID_RECORD, |header| header.producer_id = 1);
    check(ErrorCode::INVALID_RECORD, |header| {
        (header.producer_id, header.base_sequence) = (1, 0);
    });
    check(ErrorCode::INVALID_RECORD, |header| {
        (header.producer_id, header.producer_epoch) = (1, 0);
    });
    check(ErrorCode::INVALID_RECORD, |header| {
        header.attributes = Attributes::default().with_transactional(true);
    });
    check(ErrorCode::INVALID_RECORD, |header| {
        header.attributes = Attributes::default().with_control(true);
    });
    check(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE, |header| {
        header.attributes = Attributes(5)
    });
    check(ErrorCode::INVALID_RECORD, |header| {
        header.attributes = Attributes(1)
    });
    // Both say four records, and there are three.
    check(ErrorCode::INVALID_RECORD, |header| {
        (header.record_count, header.last_offset_delta) = (4, 3);
    });
    check(ErrorCode::INVALID_RECORD, |header| {
        (header.record_count, header.last_offset_delta) = (2, 1);
    });
}

#[test]
fn zstd_needs_produce_version_seven() {
    let batch = sent(Codec::Zstd, CONSECUTIVE);
    let rules = |produce_version| ProduceRules {
        produce_version,
        ..RULES
    };
    check_refused(&batch, &rules(6), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
    assert!(validate(&batch, &rules(7)).is_ok());
    assert!(validate(&sent(Codec::Lz4, CONSECUTIVE), &rules(3)).is_ok());
}

#[test]
fn a_batch_that_inflates_too_much_is_too_large() {
    let rules = ProduceRules {
        inflated_bytes_max: 100,
        ..RULES
    };
    for codec in &Codec::ALL[1..] {
        let error = check_refused(
            &sent(*codec, CONSECUTIVE),
            &rules,
            ErrorCode::MESSAGE_TOO_LARGE,
        );
        let too_large = DecompressError::TooLarge {
            codec: *codec,
            bytes_max: 100,
        };
        assert_eq!(
            error,
            ProduceError::Batch(BatchError::Decompress(too_large))
        );
    }
    // What is not compressed was received in full.
    assert!(validate(&sent(Codec::None, CONSECUTIVE), &rules).is_ok());
}

#[test]
fn a_compacted_topic_names_the_records_without_keys() {
    let rules = ProduceRules {
        compacted: true,
        ..RULES
    };
    for codec in Codec::ALL {
        let error = check_refused(&sent(codec, CONSECUTIVE), &rules, ErrorCode::INVALID_RECORD);
        let expected = InvalidRecord {
            batch_index: 1,
            violation: RecordViolation::NoKey,
        };
        assert_eq!(error.invalid_records(), [expected]);
        assert_eq!(
            error.to_string(),
            "append records: 1 records are not accepted, first record 1: \
             a compacted topic takes no record without a key"
        );
    }
}

#[test]
fn timestamps_out_of_bounds_are_named() {
    let check = |before_ms_max, after_ms_max, now_ms, expected: &[i32]| {
        let rules = ProduceRules {
            timestamp_before_ms_max: before_ms_max,
            timestamp_after_ms_max: after_ms_max,
            now_ms,
            ..RULES
        };
        let batch = sent(Codec::None, CONSECUTIVE);
        if expected.is_empty() {
            assert!(validate(&batch, &rules).is_ok());
        } else {
            let error = check_refused(&batch, &rules, ErrorCode::INVALID_TIMESTAMP);
            let named: Vec<_> = error
                .invalid_records()
                .iter()
                .map(|record| record.batch_index)
                .collect();
            assert_eq!(named, expected);
        }
    };
    check(i64::MAX, 0, 30, &[]);
    check(i64::MAX, 0, 29, &[1]);
    check(i64::MAX, 5, 14, &[1, 2]);
    check(20, i64::MAX, 30, &[]);
    check(19, i64::MAX, 30, &[0]);
    check(0, 0, i64::MIN, &[0, 1, 2]);
}

#[test]
fn a_record_without_a_timestamp_has_none_out_of_bounds() {
    let rules = ProduceRules {
        timestamp_before_ms_max: 0,
        timestamp_after_ms_max: 0,
        ..RULES
    };
    let mut builder = BatchBuilder::new(BatchTemplate::new(0));
    let record = NewRecord {
        timestamp_ms: NO_TIMESTAMP,
        key: None,
        value: None,
        headers: &[],
    };
    builder.append(&record).unwrap();
    let batch = builder.finish(&mut Compressor::new()).unwrap();
    assert_eq!(
        validate(&batch, &rules).unwrap().max_timestamp_ms,
        NO_TIMESTAMP
    );
}

#[test]
fn producers_do_not_set_log_append_time() {
    let batch = with_header(&sent(Codec::None, CONSECUTIVE), |header| {
        header.attributes = header
            .attributes
            .with_timestamp_type(TimestampType::LogAppendTime);
    });
    let rules = ProduceRules {
        timestamp_type: TimestampType::LogAppendTime,
        ..RULES
    };
    let error = check_refused(&batch, &rules, ErrorCode::INVALID_TIMESTAMP);
    assert_eq!(error.invalid_records().len(), 3);
    // As in Kafka it is taken off where the topic has create time, and the time is kept.
    let mut batch = batch;
    let validated = validate(&batch, &RULES).unwrap();
    validated.assign(&mut batch, POSITION).unwrap();
    let header = BatchHeader::decode(&batch).unwrap();
    assert_eq!(
        header.attributes.timestamp_type(),
        TimestampType::CreateTime
    );
    assert_eq!(contents(&batch).len(), 3);
}

#[test]
fn no_more_than_a_hundred_records_are_named() {
    let mut builder = BatchBuilder::new(BatchTemplate::new(0));
    let record = NewRecord {
        timestamp_ms: 0,
        key: None,
        value: None,
        headers: &[],
    };
    for _ in 0..250 {
        builder.append(&record).unwrap();
    }
    let batch = builder.finish(&mut Compressor::new()).unwrap();
    let rules = ProduceRules {
        compacted: true,
        ..RULES
    };
    let error = check_refused(&batch, &rules, ErrorCode::INVALID_RECORD);
    assert_eq!(
        error.invalid_records().len(),
        ProduceRules::INVALID_RECORDS_MAX
    );
    assert!(matches!(error, ProduceError::Records { count: 250, .. }));
}

proptest! {
    #[test]
    fn whatever_is_validated_can_be_appended(
        codec in 0..5_usize, target in prop::option::of(0..5_usize),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8), 0..3),
        log_append: bool, gap in 2..4,
    ) {
        let mut batch = sent(Codec::ALL[codec], [0, 1, gap]);
        for (position, bit) in flips {
            // The batch stays one batch: its length is not touched.
            let position = 12 + position.index(batch.len() - 12);
            batch[position] ^= 1_u8 << bit;
        }
        if batch[16] == 2 {
            batch = with_header(&batch, |_| {});
        }
        let rules = ProduceRules {
            compression: target.map(|target| Compression::with_default_level(Codec::ALL[target])),
            timestamp_type: if log_append {
                TimestampType::LogAppendTime
            } else {
                TimestampType::CreateTime
            },
            ..RULES
        };
        let Ok(validated) = validate(&batch, &rules) else {
            return Ok(());
        };
        let (mut decompressor, mut compressor) = (Decompressor::new(), Compressor::new());
        let appended = match validated.placement {
            Placement::InPlace => {
                validated.assign(&mut batch, POSITION).unwrap();
                batch
            }
            Placement::Rebuild => rebuild_produce(
                &batch, &rules, POSITION, &mut decompressor, &mut compressor,
            ).unwrap(),
        };
        let offsets: Vec<_> = contents(&appended).iter().map(|record| record.0).collect();
        prop_assert_eq!(offsets, [500, 501, 502]);
        let header = *Batches::new(&appended).next().unwrap().unwrap().header();
        prop_assert_eq!(header.next_offset(), validated.next_offset(POSITION));
        prop_assert_eq!(header.max_timestamp_ms, validated.max_timestamp_ms);
        prop_assert_eq!(header.attributes.timestamp_type(), rules.timestamp_type);
    }
}
