//! Record batches: stepped over, walked, inflated, validated as a leader does and built anew.
//!
//! A checksum would stop nearly every input at the door, so the walk does not ask for it, and it is
//! put right before a batch is validated.

#![no_main]
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use protocol::compression::{Codec, Compression, Compressor, Decompressor};
use protocol::records::{
    AppendPosition, Batches, Placement, ProduceRules, TimestampType, check_batches,
    rebuild_produce, validate_produce,
};

/// Enough for any seed, and little enough that a bomb does not slow the fuzzer down.
const INFLATED_BYTES_MAX: usize = 1 << 20;

/// Where a batch has its checksum, which covers all that follows it.
const CRC: Range<usize> = 17..21;

thread_local! {
    /// Kept from input to input, as a worker keeps them from request to request.
    static CODECS: RefCell<(Decompressor, Compressor)> = RefCell::default();
}

fuzz_target!(
    |bytes: &[u8]| CODECS.with_borrow_mut(|(decompressor, compressor)| {
        walk(bytes, decompressor);
        let mut batch = bytes.to_vec();
        if repair_crc(&mut batch).is_some() {
            produce(&mut batch, decompressor, compressor);
        }
    })
);

fn walk(bytes: &[u8], decompressor: &mut Decompressor) {
    for batch in Batches::new(bytes) {
        let Ok(batch) = batch else { return };
        // Only that it does not panic; a wrong checksum must not end the walk here.
        let _ = batch.check_crc();
        let Ok(records) = batch.records(decompressor, INFLATED_BYTES_MAX) else {
            continue;
        };
        for record in records {
            let Ok(record) = record else { break };
            for header in record.headers() {
                assert!(header.key.len() <= record.size);
            }
        }
    }
}

fn repair_crc(batch: &mut [u8]) -> Option<()> {
    let crc = crc_fast::crc32_iscsi(batch.get(CRC.end..)?);
    batch.get_mut(CRC)?.copy_from_slice(&crc.to_be_bytes());
    Some(())
}

/// What a leader appends is sound, whichever way it was made.
fn produce(batch: &mut [u8], decompressor: &mut Decompressor, compressor: &mut Compressor) {
    let position = AppendPosition {
        base_offset: 1_000,
        partition_leader_epoch: 7,
    };
    for rules in rules() {
        let Ok(validated) = validate_produce(batch, &rules, decompressor) else {
            continue;
        };
        let count = usize::try_from(validated.header.record_count).expect("it was validated");
        let appended = match validated.placement {
            Placement::InPlace => {
                let mut copy = batch.to_vec();
                validated
                    .assign(&mut copy, position)
                    .expect("it was validated");
                copy
            }
            Placement::Rebuild => {
                rebuild_produce(batch, &rules, position, decompressor, compressor)
                    .expect("it was validated")
            }
        };
        let sound = check_batches(&appended, decompressor, usize::MAX);
        assert_eq!(sound.expect("what is appended must be sound"), count);
    }
}

fn rules() -> [ProduceRules; 2] {
    let as_sent = ProduceRules {
        produce_version: 13,
        compacted: false,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_ms_max: i64::MAX,
        timestamp_after_ms_max: i64::MAX,
        compression: None,
        now_ms: 1_700_000_000_000,
        inflated_bytes_max: INFLATED_BYTES_MAX,
    };
    let recompressed = ProduceRules {
        compacted: true,
        timestamp_type: TimestampType::LogAppendTime,
        compression: Some(Compression::with_default_level(Codec::Lz4)),
        ..as_sent
    };
    [as_sent, recompressed]
}
