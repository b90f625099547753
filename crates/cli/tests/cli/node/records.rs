//! Batches that nobody should produce: each is refused with the error that tells the producer why,
//! and nothing of it is stored.

use protocol::ErrorCode;
use protocol::compression::Codec;

use super::batches::{self, batch, compressed, patched};
use super::client::ALL;
use super::frames::Witness;

#[test]
fn batches_that_are_not_sound_are_refused_one_by_one() {
    let witness = Witness::start("unsound-batches");
    let good = batch(&[b"a", b"b"]);
    let check = |what: &str, bad: &[u8], expected: ErrorCode| {
        let (code, _) = witness.client.produce("before", ALL, bad);
        assert_eq!(code, expected, "{what}");
    };
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    check("checksum", &flipped, ErrorCode::CORRUPT_MESSAGE);
    let bad = |position, bytes: &[u8]| patched(&good, position, bytes);
    let invalid = ErrorCode::INVALID_RECORD;
    let count = batches::RECORD_COUNT;
    check("no batch", b"", invalid);
    check("half a batch", &good[..good.len() / 2], invalid);
    check("two batches", &[&good[..], &good].concat(), invalid);
    check("more records", &bad(count, &[0, 0, 0, 3]), invalid);
    check("fewer records", &bad(count, &[0, 0, 0, 1]), invalid);
    check("no records", &bad(count, &[0; 4]), invalid);
    check("negative count", &bad(count, &[0xff; 4]), invalid);
    check(
        "2^31 - 1 records",
        &bad(count, &[0x7f, 0xff, 0xff, 0xff]),
        invalid,
    );
    let delta = batches::LAST_OFFSET_DELTA;
    check("last delta", &bad(delta, &[0, 0, 0, 7]), invalid);
    check("negative delta", &bad(delta, &[0xff; 4]), invalid);
    check("control", &bad(batches::ATTRIBUTES, &[0, 0x20]), invalid);
    let unknown_codec = bad(batches::ATTRIBUTES, &[0, 7]);
    check(
        "codec",
        &unknown_codec,
        ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
    );
    check("magic 0", &bad(batches::MAGIC, &[0]), invalid);
    check(
        "magic 9",
        &bad(batches::MAGIC, &[9]),
        ErrorCode::CORRUPT_MESSAGE,
    );
    let length = batches::LENGTH;
    check(
        "length 0",
        &bad(length, &[0; 4]),
        ErrorCode::CORRUPT_MESSAGE,
    );
    check(
        "negative length",
        &bad(length, &[0xff; 4]),
        ErrorCode::CORRUPT_MESSAGE,
    );
    check("long", &bad(length, &[0x7f, 0xff, 0xff, 0xff]), invalid);
    witness.expect_unharmed();
}

#[test]
fn records_with_offsets_that_leave_gaps_get_consecutive_ones() {
    let witness = Witness::start("offset-deltas");
    assert_eq!(
        witness.client.create_topic("gaps", 1, &[]).0,
        ErrorCode::NONE
    );
    let good = batch(&[b"a", b"b"]);
    // That of the second record, behind its length, attributes and timestamp delta.
    let first_size = usize::from(good[61] >> 1) + 1;
    let gap = patched(&good, 61 + first_size + 3, &[0x08]);
    for base in [0, 2] {
        let produced = witness.client.produce("gaps", ALL, &gap);
        assert_eq!(produced, (ErrorCode::NONE, base));
    }
    let values: [&[u8]; 4] = [b"a", b"b", b"a", b"b"];
    let expected = (0..).zip(values.map(<[u8]>::to_vec));
    let read = witness.client.read_all("gaps");
    assert!(read.iter().cloned().eq(expected), "{read:?}");
    witness.expect_unharmed();
}

#[test]
fn bytes_that_do_not_inflate_are_refused() {
    let witness = Witness::start("not-compressed");
    for codec in &Codec::ALL[1..] {
        let plain = batch(&[b"not compressed at all"]);
        let claims = patched(&plain, batches::ATTRIBUTES, &[0, codec.id()]);
        let (code, _) = witness.client.produce("before", ALL, &claims);
        assert_eq!(code, ErrorCode::INVALID_RECORD, "{codec}");
    }
    witness.expect_unharmed();
}

#[test]
fn compression_bombs_are_refused_and_cost_no_more_than_they_may_inflate_to() {
    let witness = Witness::start("bombs");
    let zeros = vec![0; 512 << 20];
    // More would not pass the limit of a batch with lz4.
    let sizes = [
        (Codec::Gzip, 512 << 20),
        (Codec::Lz4, 80 << 20),
        (Codec::Zstd, 512 << 20),
    ];
    for (codec, size) in sizes {
        let bomb = compressed(codec, &[&zeros[..size]]);
        assert!(bomb.len() < 1 << 20, "{codec}: {}", bomb.len());
        let (code, _) = witness.client.produce("before", ALL, &bomb);
        assert_eq!(code, ErrorCode::MESSAGE_TOO_LARGE, "{codec}");
    }
    // Snappy never comes to that, but it announces a size: 1 GiB here.
    let mut batch = compressed(Codec::Snappy, &[&[0; 1000]]);
    batch.truncate(batches::HEADER_SIZE);
    batch.extend([0x80, 0x80, 0x80, 0x80, 0x04, 0, 0]);
    let length = i32::try_from(batch.len() - batches::MAGIC + 4).unwrap();
    let bomb = patched(&batch, batches::LENGTH, &length.to_be_bytes());
    let (code, _) = witness.client.produce("before", ALL, &bomb);
    assert_eq!(code, ErrorCode::MESSAGE_TOO_LARGE);
    witness.expect_unharmed();
}
