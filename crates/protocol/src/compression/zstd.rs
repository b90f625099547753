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
    CCtx, CParameter, DCtx, ErrorCode, compress_bound, get_error_name, get_frame_content_size,
};

/// The first try has room for this many times the input.
const FIRST_INFLATION: usize = 4;
/// An announced size counts as plausible up to this many times the input.
const PLAUSIBLE_INFLATION: usize = 64;
const GROWTH: usize = 4;
const ROOM_MIN: usize = 16 << 10;

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
