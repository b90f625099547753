//! The lz4 frame format as Kafka uses it (KIP-57): blocks that do not depend on one another, of 64
//! KiB when written and up to 4 MiB when read.
//!
//! As in Kafka, dependent blocks and dictionaries are refused, the checksums of header and blocks
//! are verified, the one of the content is not (the batch has its own), and what follows the end
//! mark is passed over.

use super::output::Output;
use super::{Codec, CompressError, DecompressError};
use lz4_flex::block::{
    CompressTable, DecompressError as BlockError, compress_into_with_table, decompress_into,
    get_maximum_output_size,
};
use twox_hash::XxHash32;

const MAGIC: [u8; 4] = 0x184d_2204_u32.to_le_bytes();
const END_MARK: u32 = 0;
const NOT_COMPRESSED: u32 = 0x8000_0000;
/// Version 1, independent blocks, nothing optional.
const FLAGS: u8 = 0x60;
const VERSION_AND_INDEPENDENCE: u8 = 0xe0;
const RESERVED_AND_DICTIONARY: u8 = 0x03;
const HAS_BLOCK_CHECKSUM: u8 = 0x10;
const HAS_CONTENT_SIZE: u8 = 0x08;
const HAS_CONTENT_CHECKSUM: u8 = 0x04;
/// Blocks of up to 64 KiB.
const BLOCK_SIZE_64_KIB: u8 = 0x40;
const BLOCK_BYTES: usize = 64 << 10;
/// A byte of a match's length gives at most 255 bytes.
const INFLATION_MAX: usize = 255;

/// What the header of a frame says.
struct Frame {
    block_bytes_max: usize,
    block_checksum: bool,
    content_checksum: bool,
}

pub(super) fn decompress(input: &[u8], output: &mut Output<'_>) -> Result<(), DecompressError> {
    let (frame, mut rest) = header(input).map_err(|reason| output.corrupt(reason))?;
    loop {
        let Some((size, after)) = rest.split_first_chunk::<4>() else {
            return Err(output.corrupt("the frame has no end mark"));
        };
        let size = u32::from_le_bytes(*size);
        if size & !NOT_COMPRESSED == END_MARK {
            if frame.content_checksum && after.len() < 4 {
                return Err(output.corrupt("the checksum of the content is cut off"));
            }
            return Ok(());
        }
        let block_size = (size & !NOT_COMPRESSED) as usize;
        if block_size > frame.block_bytes_max {
            return Err(output.corrupt("a block is larger than the header allows"));
        }
        let Some((content, after)) = after.split_at_checked(block_size) else {
            return Err(output.corrupt("a block is cut off"));
        };
        rest = after;
        if frame.block_checksum {
            let Some((checksum, after)) = rest.split_first_chunk::<4>() else {
                return Err(output.corrupt("the checksum of a block is cut off"));
            };
            if *checksum != XxHash32::oneshot(0, content).to_le_bytes() {
                return Err(output.corrupt("the checksum of a block does not match"));
            }
            rest = after;
        }
        if size & NOT_COMPRESSED == 0 {
            block(&frame, content, output)?;
        } else {
            stored(content, output)?;
        }
    }
}

fn block(frame: &Frame, content: &[u8], output: &mut Output<'_>) -> Result<(), DecompressError> {
    let wanted = (content.len() * INFLATION_MAX).min(frame.block_bytes_max);
    let room = output.room(wanted);
    let limited = room.len() < wanted;
    match decompress_into(content, room) {
        Ok(inflated) => {
            output.fill(inflated);
            Ok(())
        }
        Err(BlockError::OutputTooSmall { .. }) if limited => Err(output.too_large()),
        Err(_) => Err(output.corrupt("a block is invalid")),
    }
}

fn stored(content: &[u8], output: &mut Output<'_>) -> Result<(), DecompressError> {
    let room = output.room(content.len());
    if room.len() < content.len() {
        return Err(output.too_large());
    }
    room.copy_from_slice(content);
    output.fill(content.len());
    Ok(())
}

/// Reads the header of a frame and gives what follows it.
fn header(input: &[u8]) -> Result<(Frame, &[u8]), &'static str> {
    const CUT_OFF: &str = "the frame header is cut off";
    let (magic, descriptor) = input.split_first_chunk::<4>().ok_or(CUT_OFF)?;
    if *magic != MAGIC {
        return Err("no lz4 frame");
    }
    let (&[flags, block_size], _) = descriptor.split_first_chunk::<2>().ok_or(CUT_OFF)?;
    if flags & VERSION_AND_INDEPENDENCE != FLAGS {
        return Err("the version is unknown or its blocks depend on one another");
    }
    if flags & RESERVED_AND_DICTIONARY != 0 || block_size & 0x8f != 0 || block_size < 0x40 {
        return Err("the frame header has unsupported settings");
    }
    let size = if flags & HAS_CONTENT_SIZE != 0 { 10 } else { 2 };
    let (descriptor, rest) = descriptor.split_at_checked(size).ok_or(CUT_OFF)?;
    let (&checksum, rest) = rest.split_first().ok_or(CUT_OFF)?;
    if checksum != header_checksum(descriptor) {
        return Err("the checksum of the frame header does not match");
    }
    let frame = Frame {
        block_bytes_max: 1 << (8 + 2 * (block_size >> 4)),
        block_checksum: flags & HAS_BLOCK_CHECKSUM != 0,
        content_checksum: flags & HAS_CONTENT_CHECKSUM != 0,
    };
    Ok((frame, rest))
}

fn header_checksum(descriptor: &[u8]) -> u8 {
    (XxHash32::oneshot(0, descriptor) >> 8) as u8
}

/// The match table that compresses.
pub(super) struct Deflate {
    table: CompressTable,
}

impl Default for Deflate {
    fn default() -> Self {
        Self {
            table: CompressTable::large(),
        }
    }
}

impl Deflate {
    pub(super) fn compress(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), CompressError> {
        let descriptor = [FLAGS, BLOCK_SIZE_64_KIB];
        output.extend_from_slice(&MAGIC);
        output.extend_from_slice(&descriptor);
        output.push(header_checksum(&descriptor));
        for block in input.chunks(BLOCK_BYTES) {
            let start = output.len();
            let content = start + 4;
            output.resize(content + get_maximum_output_size(block.len()), 0);
            let size = compress_into_with_table(block, &mut output[content..], &mut self.table);
            let mut size = size.map_err(|_| CompressError {
                codec: Codec::Lz4,
                reason: "the block does not fit",
            })?;
            let mut mark = 0;
            if size >= block.len() {
                size = block.len();
                mark = NOT_COMPRESSED;
                output[content..content + size].copy_from_slice(block);
            }
            output[start..content].copy_from_slice(&(size as u32 | mark).to_le_bytes());
            output.truncate(content + size);
        }
        output.extend_from_slice(&END_MARK.to_le_bytes());
        Ok(())
    }
}
