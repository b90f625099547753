//! Zstandard (KIP-110), one frame when written, any number when read.
//!
//! Frames are inflated in one go straight into the output, not as a stream: a stream first
//! allocates the window that the frame header announces, up to 128 MiB, for each context. When the
//! output turns out too small, it is enlarged and the work is done again; since the buffer is
//! kept, that is rare, and the tries add up to a third of the last one.

use super::output::Output;
use super::{Codec, CompressError, DecompressError};
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;
use zstd::zstd_safe::{
    CCtx, CParameter, DCtx, ErrorCode, compress_bound, find_frame_compressed_size, get_error_name,
    get_frame_content_size,
};

/// The first try has room for this many times the input.
const FIRST_INFLATION: usize = 4;
/// An announced size counts as plausible up to this many times the input.
const PLAUSIBLE_INFLATION: usize = 64;
const GROWTH: usize = 4;
const ROOM_MIN: usize = 16 << 10;

const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// A frame of one segment has its content for a window, which the cap already bounds.
const SINGLE_SEGMENT: u8 = 0x20;
/// What zstd takes in a stream unless told otherwise: Java's clients read streams, and so does
/// Kafka's broker. Inflating in one go would take any window, but a batch with a larger one would
/// stop every Java consumer for good.
const WINDOW_BYTES_MAX: u64 = 1 << 27;

/// The context that inflates.
#[derive(Default)]
pub(super) struct Inflate {
    context: Option<DCtx<'static>>,
}

impl Inflate {
    pub(super) fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), DecompressError> {
        let announced = get_frame_content_size(input);
        let announced = announced.map_err(|_| output.corrupt("no zstd frame"))?;
        let announced = announced.unwrap_or_default();
        if announced > output.bytes_max() as u64 {
            return Err(output.too_large());
        }
        check_windows(input).map_err(|reason| output.corrupt(reason))?;
        let plausible = input.len().saturating_mul(PLAUSIBLE_INFLATION) as u64;
        let mut wanted = output
            .allocated()
            .max(input.len().saturating_mul(FIRST_INFLATION))
            .max(announced.min(plausible) as usize)
            .max(ROOM_MIN);
        if self.context.is_none() {
            self.context = DCtx::try_create();
        }
        let Some(context) = &mut self.context else {
            return Err(output.corrupt("no memory for a context"));
        };
        loop {
            let room = output.room(wanted);
            let size = room.len();
            match context.decompress(room, input) {
                Ok(inflated) => {
                    output.fill(inflated);
                    return Ok(());
                }
                Err(code) if !is_too_small(code) => {
                    return Err(output.corrupt(get_error_name(code)));
                }
                Err(_) if size < wanted || size == output.bytes_max() => {
                    return Err(output.too_large());
                }
                Err(_) => wanted = wanted.saturating_mul(GROWTH),
            }
        }
    }
}

/// Looks at the header of each frame.
fn check_windows(mut input: &[u8]) -> Result<(), &'static str> {
    while !input.is_empty() {
        if window_bytes(input).is_some_and(|bytes| bytes > WINDOW_BYTES_MAX) {
            return Err("a frame has a larger window than clients take");
        }
        let size = find_frame_compressed_size(input).map_err(get_error_name)?;
        input = input.get(size..).unwrap_or_default();
    }
    Ok(())
}

/// The window that the frame at the start of `input` announces, if it announces one.
fn window_bytes(input: &[u8]) -> Option<u64> {
    let (&[flags, window], _) = input.strip_prefix(&MAGIC)?.split_first_chunk::<2>()?;
    if flags & SINGLE_SEGMENT != 0 {
        return None;
    }
    // Five bits of exponent, from 1 KiB on, then the number of eighths to add.
    let base = 1_u64 << (10 + (window >> 3));
    Some(base + base / 8 * u64::from(window & 7))
}

const fn is_too_small(code: ErrorCode) -> bool {
    // The library returns the negative of its error number.
    code.wrapping_neg() == ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall as usize
}

/// The context that compresses.
#[derive(Default)]
pub(super) struct Deflate {
    context: Option<CCtx<'static>>,
}

impl Deflate {
    pub(super) fn compress(
        &mut self,
        level: i32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), CompressError> {
        let failed = |code| CompressError {
            codec: Codec::Zstd,
            reason: get_error_name(code),
        };
        if self.context.is_none() {
            self.context = CCtx::try_create();
        }
        let Some(context) = &mut self.context else {
            return Err(CompressError {
                codec: Codec::Zstd,
                reason: "no memory for a context",
            });
        };
        let parameter = CParameter::CompressionLevel(level);
        context.set_parameter(parameter).map_err(failed)?;
        let start = output.len();
        output.resize(start + compress_bound(input.len()), 0);
        let size = context.compress2(&mut output[start..], input);
        output.truncate(start + size.map_err(failed)?);
        Ok(())
    }
}
