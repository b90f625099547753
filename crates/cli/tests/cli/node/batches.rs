//! Record batches, sound ones and what is made of them.

use protocol::compression::{Codec, Compression, Compressor, Decompressor};
use protocol::records::{BatchBuilder, BatchTemplate, Batches, NewRecord, ProducerFields};

pub(super) const LENGTH: usize = 8;
pub(super) const MAGIC: usize = 16;
pub(super) const CRC: usize = 17;
pub(super) const ATTRIBUTES: usize = 21;
pub(super) const LAST_OFFSET_DELTA: usize = 23;
pub(super) const RECORD_COUNT: usize = 57;
pub(super) const HEADER_SIZE: usize = 61;

/// A batch with these values.
pub(super) fn batch(values: &[&[u8]]) -> Vec<u8> {
    build(Codec::None, None, values)
}

/// A batch of an idempotent producer.
pub(super) fn batch_of(producer: ProducerFields, values: &[&[u8]]) -> Vec<u8> {
    build(Codec::None, Some(producer), values)
}

/// A batch that is compressed.
pub(super) fn compressed(codec: Codec, values: &[&[u8]]) -> Vec<u8> {
    build(codec, None, values)
}

fn build(codec: Codec, producer: Option<ProducerFields>, values: &[&[u8]]) -> Vec<u8> {
    let mut builder = BatchBuilder::new(BatchTemplate {
        compression: Compression::with_default_level(codec),
        producer,
        ..BatchTemplate::new(0)
    });
    for value in values {
        let record = NewRecord {
            timestamp_ms: 1,
            key: None,
            value: Some(value),
            headers: &[],
        };
        builder.append(&record).unwrap();
    }
    builder.finish(&mut Compressor::new()).unwrap()
}

/// The batch with other bytes at `position`, and a checksum that fits.
pub(super) fn patched(batch: &[u8], position: usize, bytes: &[u8]) -> Vec<u8> {
    let mut patched = batch.to_vec();
    patched[position..position + bytes.len()].copy_from_slice(bytes);
    let crc = crc_fast::crc32_iscsi(&patched[ATTRIBUTES..]);
    patched[CRC..ATTRIBUTES].copy_from_slice(&crc.to_be_bytes());
    patched
}

/// The offsets and values of all records.
pub(super) fn values(batches: &[u8]) -> Vec<(i64, Vec<u8>)> {
    let mut decompressor = Decompressor::new();
    let mut values = Vec::new();
    // A fetch may end within a batch.
    for batch in Batches::new(batches).map_while(Result::ok) {
        batch.check_crc().unwrap();
        for record in batch.records(&mut decompressor, 1 << 26).unwrap() {
            let record = record.unwrap();
            values.push((record.offset, record.value.unwrap().to_vec()));
        }
    }
    values
}
