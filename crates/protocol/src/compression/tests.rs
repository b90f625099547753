//! Round trips, damage and bombs for each codec, and what the frames look like.

use super::*;
use proptest::prelude::*;

const CODECS: [Codec; 4] = [Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd];

fn compressed(codec: Codec, input: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    let compression = Compression::with_default_level(codec);
    Compressor::new()
        .compress(compression, input, &mut output)
        .unwrap();
    output
}

fn text(size: usize) -> Vec<u8> {
    (0..size)
        .map(|index| (index * index / 91 % 61) as u8 + b' ')
        .collect()
}

fn check_corrupt(codec: Codec, input: &[u8]) {
    let result = Decompressor::new()
        .decompress(codec, input, 1 << 20)
        .map(<[u8]>::len);
    assert!(
        matches!(result, Err(DecompressError::Corrupt { .. })),
        "{codec}: {result:?}"
    );
}

proptest! {
    #[test]
    fn every_codec_gives_back_what_it_was_given(
        inputs in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..300), 1..2000_usize), 1..5),
    ) {
        let (mut compressor, mut decompressor) = (Compressor::new(), Decompressor::new());
        for codec in Codec::ALL {
            for (pattern, times) in &inputs {
                let input = pattern.repeat(*times);
                let mut output = b"before".to_vec();
                let compression = Compression::with_default_level(codec);
                compressor.compress(compression, &input, &mut output).unwrap();
                prop_assert!(output.starts_with(b"before"));
                let inflated = decompressor.decompress(codec, &output[6..], input.len());
                prop_assert!(inflated == Ok(&input[..]), "{codec}");
            }
        }
    }

    #[test]
    fn damaged_bytes_never_panic_and_never_inflate_past_the_cap(
        position in any::<prop::sample::Index>(), bit in 0..8, cut in any::<prop::sample::Index>(),
    ) {
        let input = text(3000);
        for codec in CODECS {
            let mut output = compressed(codec, &input);
            let position = position.index(output.len());
            output[position] ^= 1_u8 << bit;
            let cut = cut.index(output.len() + 1);
            for bytes in [&output[..], &output[..cut], &output[cut..]] {
                let mut decompressor = Decompressor::new();
                if let Ok(inflated) = decompressor.decompress(codec, bytes, 4000) {
                    prop_assert!(inflated.len() <= 4000);
                }
                prop_assert!(decompressor.buffer.len() <= 4000);
            }
        }
    }
}

#[test]
fn bytes_that_are_cut_off_are_refused() {
    let input = text(200_000);
    for codec in CODECS {
        let output = compressed(codec, &input);
        for cut in [0, 1, 5, 12, output.len() / 2, output.len() - 1] {
            let mut decompressor = Decompressor::new();
            let result = decompressor.decompress(codec, &output[..cut], 1 << 20);
            assert!(result.is_err(), "{codec} cut to {cut}");
        }
    }
}

#[test]
fn the_cap_is_exact() {
    let input = text(100_000);
    for codec in CODECS {
        let output = compressed(codec, &input);
        let mut decompressor = Decompressor::new();
        let inflated = decompressor.decompress(codec, &output, input.len());
        assert_eq!(inflated, Ok(&input[..]));
        let bytes_max = input.len() - 1;
        let refused = Decompressor::new()
            .decompress(codec, &output, bytes_max)
            .map(<[u8]>::len);
        assert_eq!(refused, Err(DecompressError::TooLarge { codec, bytes_max }));
    }
}

#[test]
fn bombs_are_refused_before_they_take_memory() {
    const BYTES_MAX: usize = 2 << 20;
    let zeros = vec![0; 1 << 20];
    for codec in CODECS {
        // One stream of 64 MiB, and a thousand streams that make 1 GiB.
        let long = compressed(codec, &zeros.repeat(64));
        let many = match codec {
            Codec::Lz4 => lz4_frame(0x60, &lz4_block(&compressed(codec, &zeros)).repeat(1024)),
            _ => compressed(codec, &zeros).repeat(1024),
        };
        for bomb in [long, many] {
            let mut decompressor = Decompressor::new();
            let result = decompressor
                .decompress(codec, &bomb, BYTES_MAX)
                .map(<[u8]>::len);
            let bytes_max = BYTES_MAX;
            assert_eq!(result, Err(DecompressError::TooLarge { codec, bytes_max }));
            assert!(decompressor.buffer.capacity() <= 2 * BYTES_MAX, "{codec}");
        }
    }
}

#[test]
fn a_large_buffer_is_not_kept() {
    let large = compressed(Codec::Zstd, &text(Decompressor::RETAINED_BYTES_MAX + 1));
    let small = compressed(Codec::Zstd, b"small");
    let mut decompressor = Decompressor::new();
    assert!(
        decompressor
            .decompress(Codec::Zstd, &large, usize::MAX)
            .is_ok()
    );
    assert_eq!(
        decompressor.decompress(Codec::Zstd, &small, 5),
        Ok(&b"small"[..])
    );
    assert!(decompressor.buffer.capacity() < 1 << 20);
    assert!(
        decompressor
            .decompress(Codec::Zstd, &large, usize::MAX)
            .is_ok()
    );
    // A worker may never see a compressed batch again.
    assert!(decompressor.decompress(Codec::None, b"", 0).is_ok());
    assert_eq!(decompressor.buffer.capacity(), 0);
    let bytes_max = Decompressor::RETAINED_BYTES_MAX + 100;
    let bomb = compressed(Codec::Lz4, &vec![0; 2 * bytes_max]);
    assert!(
        decompressor
            .decompress(Codec::Lz4, &bomb, bytes_max)
            .is_err()
    );
    assert_eq!(decompressor.buffer.capacity(), 0);
}

#[test]
fn all_members_of_a_gzip_stream_are_read_and_what_follows_is_passed_over() {
    let mut stream = compressed(Codec::Gzip, b"one ");
    stream.extend(compressed(Codec::Gzip, b"two"));
    stream.extend(b"no member");
    let mut decompressor = Decompressor::new();
    assert_eq!(
        decompressor.decompress(Codec::Gzip, &stream, 100),
        Ok(&b"one two"[..])
    );
}

#[test]
fn optional_fields_of_a_gzip_header_are_passed_over() {
    let plain = compressed(Codec::Gzip, b"content");
    let mut stream = b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff\x03\0abcname\0comment\0".to_vec();
    let checksum = crc_fast::crc32_iso_hdlc(&stream) as u16;
    stream.extend(checksum.to_le_bytes());
    stream.extend(&plain[10..]);
    let mut decompressor = Decompressor::new();
    assert_eq!(
        decompressor.decompress(Codec::Gzip, &stream, 100),
        Ok(&b"content"[..])
    );
    stream[12] ^= 1;
    check_corrupt(Codec::Gzip, &stream);
}

#[test]
fn a_gzip_trailer_must_match() {
    let mut stream = compressed(Codec::Gzip, b"content");
    let end = stream.len();
    for position in [end - 1, end - 5] {
        stream[position] ^= 1;
        check_corrupt(Codec::Gzip, &stream);
        stream[position] ^= 1;
    }
}

#[test]
fn snappy_is_read_raw_and_in_the_chunks_of_java() {
    let input = text(70_000);
    let raw = snap::raw::Encoder::new().compress_vec(&input).unwrap();
    let mut decompressor = Decompressor::new();
    assert_eq!(
        decompressor.decompress(Codec::Snappy, &raw, 1 << 20),
        Ok(&input[..])
    );
    let chunks = compressed(Codec::Snappy, &input);
    assert!(chunks.starts_with(b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01"));
    let chunks = chunks.repeat(2);
    let twice = decompressor.decompress(Codec::Snappy, &chunks, 1 << 20);
    assert_eq!(twice, Ok(&input.repeat(2)[..]));
}

#[test]
fn a_snappy_block_that_announces_more_than_it_can_hold_is_not_believed() {
    let announces_512_mib = b"\x80\x80\x80\x80\x02abc";
    let mut decompressor = Decompressor::new();
    let result = decompressor.decompress(Codec::Snappy, announces_512_mib, 1 << 30);
    assert!(matches!(result, Err(DecompressError::Corrupt { .. })));
    assert_eq!(decompressor.buffer.len(), 0);
}

/// The blocks of a frame that has no checksums.
fn lz4_block(frame: &[u8]) -> Vec<u8> {
    frame[7..frame.len() - 4].to_vec()
}

fn lz4_frame(flags: u8, blocks: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x04, 0x22, 0x4d, 0x18, flags, 0x40];
    if flags & 0x08 != 0 {
        frame.extend(7_u64.to_le_bytes());
    }
    frame.push((twox_hash::XxHash32::oneshot(0, &frame[4..]) >> 8) as u8);
    frame.extend(blocks);
    frame.extend([0; 4]);
    frame
}

#[test]
fn lz4_frames_are_read_with_all_that_kafka_allows() {
    let blocks = lz4_block(&compressed(Codec::Lz4, b"content"));
    let mut with_checksum = blocks.clone();
    with_checksum.extend(twox_hash::XxHash32::oneshot(0, &blocks[4..]).to_le_bytes());
    let mut content_checksum = lz4_frame(0x64, &blocks);
    content_checksum.extend([1, 2, 3, 4]);
    let mut followed = lz4_frame(0x60, &blocks);
    followed.extend(b"whatever");
    let frames = [
        lz4_frame(0x60, &blocks),
        lz4_frame(0x68, &blocks),
        lz4_frame(0x70, &with_checksum),
        content_checksum,
        followed,
    ];
    for frame in frames {
        let mut decompressor = Decompressor::new();
        assert_eq!(
            decompressor.decompress(Codec::Lz4, &frame, 100),
            Ok(&b"content"[..])
        );
    }
    with_checksum[4] ^= 1;
    check_corrupt(Codec::Lz4, &lz4_frame(0x70, &with_checksum));
}

#[test]
fn lz4_frames_that_kafka_refuses_are_refused() {
    let blocks = lz4_block(&compressed(Codec::Lz4, b"content"));
    let dependent_blocks = lz4_frame(0x40, &blocks);
    let dictionary = lz4_frame(0x61, &blocks);
    let other_version = lz4_frame(0xa0, &blocks);
    let no_content_checksum = lz4_frame(0x64, &blocks);
    let mut header_checksum = lz4_frame(0x60, &blocks);
    header_checksum[6] ^= 1;
    let frames = [
        dependent_blocks,
        dictionary,
        other_version,
        no_content_checksum,
        header_checksum,
    ];
    for frame in frames {
        check_corrupt(Codec::Lz4, &frame);
    }
}

#[test]
fn what_does_not_shrink_is_stored_by_lz4_as_it_is() {
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    });
    let noise: Vec<u8> = noise.take(100_000).collect();
    let frame = compressed(Codec::Lz4, &noise);
    assert_eq!(frame.len(), noise.len() + 7 + 2 * 4 + 4);
    let mut decompressor = Decompressor::new();
    assert_eq!(
        decompressor.decompress(Codec::Lz4, &frame, 100_000),
        Ok(&noise[..])
    );
}

#[test]
fn all_frames_of_zstd_are_read_whatever_size_they_announce() {
    let mut stream = compressed(Codec::Zstd, &text(1000));
    stream.extend(::zstd::encode_all(&text(50_000)[..], 3).unwrap());
    let mut decompressor = Decompressor::new();
    let inflated = decompressor.decompress(Codec::Zstd, &stream, 51_000);
    assert_eq!(inflated, Ok(&[text(1000), text(50_000)].concat()[..]));
}

#[test]
fn a_zstd_frame_with_a_window_that_java_refuses_is_refused() {
    // Not of one segment, so the window follows the frame's flags; an empty block ends the frame.
    let frame = |window| [0x28, 0xb5, 0x2f, 0xfd, 0x00, window, 0x01, 0x00, 0x00];
    let first = compressed(Codec::Zstd, b"content");
    let skipped = [&0x184d_2a50_u32.to_le_bytes()[..], &[1, 0, 0, 0, 0xff]].concat();
    let mut decompressor = Decompressor::new();
    // The exponent is in the upper five bits, from 10 on; the lower three add eighths.
    for (window, is_sound) in [(0x00, true), (0x88, true), (0x89, false), (0xff, false)] {
        let stream = [&first[..], &skipped[..], &frame(window)[..]].concat();
        let result = decompressor.decompress(Codec::Zstd, &stream, 1000);
        assert_eq!(result.is_ok(), is_sound, "{window:#x}: {result:?}");
    }
}

#[test]
fn a_zstd_frame_that_announces_another_size_is_refused() {
    // A frame of one segment: the announced size is one byte after the frame's flags.
    let mut frame = compressed(Codec::Zstd, b"content");
    assert_eq!(frame[4..6], [0x20, 7]);
    for announced in [0, 6, 8, 255] {
        frame[5] = announced;
        let result = Decompressor::new()
            .decompress(Codec::Zstd, &frame, 1000)
            .map(<[u8]>::len);
        assert!(result.is_err(), "{announced}: {result:?}");
    }
    let mut decompressor = Decompressor::new();
    let announces_much = [
        &frame[..4],
        &[0xe0],
        &(1_u64 << 40).to_le_bytes(),
        &frame[6..],
    ]
    .concat();
    assert!(
        decompressor
            .decompress(Codec::Zstd, &announces_much, usize::MAX)
            .is_err()
    );
    assert!(decompressor.buffer.len() < 1 << 20);
}
