//! snappy in its two forms: one raw block, as some clients write it, and the chunks of Java's
//! snappy-java ("xerial"): a header of magic, version and oldest compatible version, then blocks
//! that each have their size in front. Streams of the second form may follow one another.

use super::output::Output;
use super::{Codec, CompressError, DecompressError};
use snap::raw::{Decoder, Encoder};

const MAGIC: [u8; 8] = *b"\x82SNAPPY\0";
const HEADER_SIZE: usize = 16;
const VERSION: u32 = 1;
/// What snappy-java puts into one block.
const BLOCK_BYTES: usize = 32 << 10;
/// A copy element takes three bytes and gives at most 64.
const INFLATION_MAX: usize = 22;

pub(super) fn decompress(
    context: &mut Decoder,
    input: &[u8],
    output: &mut Output<'_>,
) -> Result<(), DecompressError> {
    if input.len() < HEADER_SIZE || input[..8] != MAGIC {
        return block(context, input, output);
    }
    let mut rest = input;
    while !rest.is_empty() {
        if rest.starts_with(&MAGIC[..4]) {
            rest = after_header(rest).ok_or(output.corrupt("the stream header is invalid"))?;
            continue;
        }
        let Some((size, after)) = rest.split_first_chunk::<4>() else {
            return Err(output.corrupt("the size of a block is cut off"));
        };
        let size = u32::from_be_bytes(*size) as usize;
        let Some((compressed, after)) = after.split_at_checked(size) else {
            return Err(output.corrupt("a block is cut off"));
        };
        block(context, compressed, output)?;
        rest = after;
    }
    Ok(())
}

fn after_header(input: &[u8]) -> Option<&[u8]> {
    let (header, rest) = input.split_first_chunk::<HEADER_SIZE>()?;
    let version = u32::from_be_bytes([header[8], header[9], header[10], header[11]]);
    (header[..8] == MAGIC && version >= VERSION).then_some(rest)
}

fn block(
    context: &mut Decoder,
    input: &[u8],
    output: &mut Output<'_>,
) -> Result<(), DecompressError> {
    let announced = snap::raw::decompress_len(input);
    let announced = announced.map_err(|_| output.corrupt("a block has no valid size"))?;
    if announced > output.bytes_max() - output.filled() {
        return Err(output.too_large());
    }
    if announced > input.len().saturating_mul(INFLATION_MAX) {
        return Err(output.corrupt("a block is too short for its size"));
    }
    let inflated = context.decompress(input, output.room(announced));
    let inflated = inflated.map_err(|_| output.corrupt("a block is invalid"))?;
    output.fill(inflated);
    Ok(())
}

pub(super) fn compress(
    context: &mut Encoder,
    input: &[u8],
    output: &mut Vec<u8>,
) -> Result<(), CompressError> {
    output.extend_from_slice(&MAGIC);
    output.extend_from_slice(&VERSION.to_be_bytes());
    output.extend_from_slice(&VERSION.to_be_bytes());
    for chunk in input.chunks(BLOCK_BYTES) {
        let start = output.len();
        let content = start + 4;
        output.resize(content + snap::raw::max_compress_len(chunk.len()), 0);
        let size = context.compress(chunk, &mut output[content..]);
        let size = size.map_err(|_| CompressError {
            codec: Codec::Snappy,
            reason: "the block does not fit",
        })?;
        output[start..content].copy_from_slice(&(size as u32).to_be_bytes());
        output.truncate(content + size);
    }
    Ok(())
}
