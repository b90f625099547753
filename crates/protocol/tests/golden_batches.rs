//! Record batches written by Apache Kafka's own classes (`golden_batches/*.txt`, which say their
//! format): each is walked to the records Kafka put in, those without compression are built again
//! to the same bytes, and those that Kafka refuses are refused.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "golden bytes are in files")]

use protocol::compression::{Codec, Compression, Compressor, Decompressor};
use protocol::records::{
    BatchBuilder, BatchError, BatchHeader, BatchTemplate, BatchView, Batches, Header,
    ProducerFields, RecordView, RecordWalk, TimestampType, Timestamps, check_batches,
};
use std::path::Path;

const INFLATED_BYTES_MAX: usize = 1 << 20;

struct Golden {
    name: String,
    batch: Vec<u8>,
    expected: String,
}

#[test]
fn batches_of_kafka_hold_the_records_that_kafka_put_in() {
    let mut decompressor = Decompressor::new();
    for codec in Codec::ALL {
        let goldens = read(codec.name());
        assert!(goldens.len() >= 30, "{codec}: {}", goldens.len());
        for Golden {
            name,
            batch,
            expected,
        } in goldens
        {
            let view = BatchView::parse(&batch).unwrap();
            assert_eq!(view.bytes().len(), batch.len(), "{name}");
            assert_eq!(view.header().encode(), batch[..BatchHeader::SIZE], "{name}");
            view.check_crc().unwrap();
            if !name.ends_with("_empty") {
                assert_eq!(view.header().attributes.codec(), Ok(codec), "{name}");
            }
            let walk = view.records(&mut decompressor, INFLATED_BYTES_MAX).unwrap();
            let records: Vec<_> = walk.map(|record| line(&record.unwrap())).collect();
            assert_eq!(records.join(";"), repeats_written_out(&expected), "{name}");
        }
    }
}

#[test]
fn batches_of_kafka_without_compression_are_built_to_the_same_bytes() {
    for Golden { name, batch, .. } in read("none") {
        let view = BatchView::parse(&batch).unwrap();
        if view.header().record_count > 0 {
            let built = build_again(&view, Compression::NONE);
            assert_eq!(hex(&built), hex(&batch), "{name}");
        }
    }
}

#[test]
fn batches_of_kafka_keep_their_records_under_any_codec() {
    let mut decompressor = Decompressor::new();
    for Golden { name, batch, .. } in read("none") {
        let view = BatchView::parse(&batch).unwrap();
        for codec in Codec::ALL {
            if view.header().record_count == 0 {
                continue;
            }
            let built = build_again(&view, Compression::with_default_level(codec));
            let built = BatchView::parse(&built).unwrap();
            built.check_crc().unwrap();
            assert_eq!(built.header().attributes.codec(), Ok(codec));
            let payload = decompressor.decompress(codec, built.payload(), INFLATED_BYTES_MAX);
            assert_eq!(payload, Ok(view.payload()), "{name} {codec}");
        }
    }
}

#[test]
fn batches_that_kafka_refuses_are_refused_for_the_same_reason() {
    let goldens = read("invalid");
    assert!(goldens.len() >= 30);
    for Golden {
        name,
        batch,
        expected,
    } in goldens
    {
        let error = check_batches(&batch, &mut Decompressor::new(), INFLATED_BYTES_MAX);
        let error = error.expect_err(&name);
        let same = match expected.as_str() {
            "CorruptRecordException" => matches!(
                error,
                BatchError::CrcMismatch { .. }
                    | BatchError::LengthTooSmall(_)
                    | BatchError::UnknownMagic(_)
            ),
            "InvalidRecordException" => matches!(
                error,
                BatchError::Record { .. } | BatchError::Surplus(_) | BatchError::NegativeCount(_)
            ),
            "KafkaException" => matches!(error, BatchError::Decompress(_)),
            "IllegalArgumentException" => matches!(
                error,
                BatchError::UnknownCodec(_) | BatchError::Record { .. }
            ),
            unknown => panic!("{name}: {unknown}"),
        };
        assert!(same, "{name}: {expected}, not {error}");
    }
}

#[test]
fn all_batches_of_kafka_one_after_another_are_found() {
    let goldens = Codec::ALL.map(|codec| read(codec.name()));
    let log: Vec<u8> = goldens
        .iter()
        .flatten()
        .flat_map(|golden| golden.batch.clone())
        .collect();
    let count = Batches::new(&log).map(Result::unwrap).count();
    assert_eq!(count, goldens.iter().map(Vec::len).sum::<usize>());
    assert!(check_batches(&log, &mut Decompressor::new(), INFLATED_BYTES_MAX).is_ok());
}

fn build_again(view: &BatchView<'_>, compression: Compression) -> Vec<u8> {
    let header = view.header();
    let producer = ProducerFields {
        id: header.producer_id,
        epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
    };
    let mut builder = BatchBuilder::new(BatchTemplate {
        base_offset: header.base_offset,
        partition_leader_epoch: header.partition_leader_epoch,
        compression,
        timestamps: match header.attributes.timestamp_type() {
            TimestampType::CreateTime => Timestamps::Create,
            TimestampType::LogAppendTime => Timestamps::LogAppend {
                time_ms: header.max_timestamp_ms,
            },
        },
        producer: header.has_producer_id().then_some(producer),
        transactional: header.attributes.is_transactional(),
        control: header.attributes.is_control(),
        delete_horizon_ms: header.delete_horizon_ms(),
    });
    // The timestamps that the records were created with are what is stored.
    let attributes = header
        .attributes
        .with_timestamp_type(TimestampType::CreateTime);
    let header = BatchHeader {
        attributes,
        ..*header
    };
    for record in RecordWalk::new(&header, view.payload()).unwrap() {
        let record = record.unwrap();
        builder.append_view(record.offset_delta, &record).unwrap();
    }
    builder.keep_last_offset(header.last_offset_delta).unwrap();
    builder.finish(&mut Compressor::new()).unwrap()
}

fn read(group: &str) -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden_batches");
    let text = std::fs::read_to_string(folder.join(format!("{group}.txt"))).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let golden = |line: &str| {
        let (name, rest) = line.split_once(' ').unwrap();
        let (batch, expected) = rest.split_once('\t').unwrap();
        Golden {
            name: name.to_owned(),
            batch: bytes(batch),
            expected: expected.to_owned(),
        }
    };
    lines.map(golden).collect()
}

fn line(record: &RecordView<'_>) -> String {
    let nullable = |bytes: Option<&[u8]>| bytes.map_or_else(|| "null".to_owned(), hex);
    let header = |header: Header<'_>| format!("{}={}", hex(header.key), nullable(header.value));
    let headers: Vec<_> = record.headers().map(header).collect();
    let (key, value) = (nullable(record.key), nullable(record.value));
    let (offset, timestamp_ms) = (record.offset, record.timestamp_ms);
    format!(
        "{offset}:{timestamp_ms}:{key}:{value}:{}",
        headers.join(",")
    )
}

/// Writes `ab*3` as `ababab`.
fn repeats_written_out(expected: &str) -> String {
    let field = |field: &str| match field.split_once('*') {
        Some((hex, count)) => hex.repeat(count.parse().unwrap()),
        None => field.to_owned(),
    };
    let mut fields = expected.split_inclusive([':', ';', ',', '=']).map(|piece| {
        let end = piece.trim_end_matches([':', ';', ',', '=']).len();
        field(&piece[..end]) + &piece[end..]
    });
    let first = fields.next().unwrap_or_default();
    fields.fold(first, |text, field| text + &field)
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
