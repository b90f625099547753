//! gzip (RFC 1952) around deflate. As Java does, several members are read as one stream, and what
//! follows the last member without being one is passed over.

use super::output::Output;
use super::{Codec, CompressError, DecompressError};
use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};

const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
const HEADER_SIZE: usize = 10;
const TRAILER_SIZE: usize = 8;
const HAS_CHECKSUM: u8 = 0x02;
const HAS_EXTRA: u8 = 0x04;
const HAS_NAME: u8 = 0x08;
const HAS_COMMENT: u8 = 0x10;

/// The context that inflates.
#[derive(Default)]
pub(super) struct Inflate {
    context: Option<Decompress>,
}

impl Inflate {
    pub(super) fn decompress(
        &mut self,
        input: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), DecompressError> {
        let mut next = after_header(input);
        if next.is_none() {
            return Err(output.corrupt("no gzip header"));
        }
        while let Some(deflated) = next {
            next = after_header(self.member(deflated, output)?);
        }
        Ok(())
    }

    /// Inflates one member and gives what follows it.
    fn member<'a>(
        &mut self,
        mut input: &'a [u8],
        output: &mut Output<'_>,
    ) -> Result<&'a [u8], DecompressError> {
        let start = output.filled();
        let context = self.context.get_or_insert_with(|| Decompress::new(false));
        context.reset(false);
        let mut at_end = false;
        while !at_end {
            let (read_before, written_before) = (context.total_in(), context.total_out());
            // At the cap the stream may still have to end: a byte that comes now is one too many.
            let mut surplus = [0; 1];
            let mut room = output.any_room();
            let at_cap = room.is_empty();
            if at_cap {
                room = &mut surplus;
            }
            let status = context.decompress(input, room, FlushDecompress::None);
            let status = status.map_err(|_| output.corrupt("the deflate stream is invalid"))?;
            let read = (context.total_in() - read_before) as usize;
            let written = (context.total_out() - written_before) as usize;
            if at_cap && written > 0 {
                return Err(output.too_large());
            }
            if !at_cap {
                output.fill(written);
            }
            input = &input[read..];
            at_end = status == Status::StreamEnd;
            if !at_end && read == 0 && written == 0 {
                return Err(output.corrupt("the deflate stream does not end"));
            }
        }
        let Some((trailer, rest)) = input.split_first_chunk::<TRAILER_SIZE>() else {
            return Err(output.corrupt("the trailer is cut off"));
        };
        let inflated = output.filled_since(start);
        let checksum = crc_fast::crc32_iso_hdlc(inflated).to_le_bytes();
        let size = (inflated.len() as u32).to_le_bytes();
        if trailer[..4] != checksum || trailer[4..] != size {
            return Err(output.corrupt("the trailer does not match the content"));
        }
        Ok(rest)
    }
}

/// The bytes after the header of a member; `None` when there is no valid header.
fn after_header(input: &[u8]) -> Option<&[u8]> {
    let (header, mut rest) = input.split_at_checked(HEADER_SIZE)?;
    if header[..3] != MAGIC {
        return None;
    }
    let flags = header[3];
    if flags & HAS_EXTRA != 0 {
        let (size, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*size))..)?;
    }
    for text in [HAS_NAME, HAS_COMMENT] {
        if flags & text != 0 {
            let end = rest.iter().position(|&byte| byte == 0)?;
            rest = &rest[end + 1..];
        }
    }
    if flags & HAS_CHECKSUM != 0 {
        let covered = &input[..input.len() - rest.len()];
        let (checksum, after) = rest.split_first_chunk::<2>()?;
        if crc_fast::crc32_iso_hdlc(covered) as u16 != u16::from_le_bytes(*checksum) {
            return None;
        }
        rest = after;
    }
    Some(rest)
}

/// The context that compresses, and its level.
#[derive(Default)]
pub(super) struct Deflate {
    context: Option<(i32, Compress)>,
}

impl Deflate {
    pub(super) fn compress(
        &mut self,
        level: i32,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), CompressError> {
        if self.context.as_ref().is_none_or(|(kept, _)| *kept != level) {
            let setting = u32::try_from(level)
                .map_or_else(|_| flate2::Compression::default(), flate2::Compression::new);
            self.context = Some((level, Compress::new(setting, false)));
        }
        let Some((_, context)) = &mut self.context else {
            return Err(failed("no context"));
        };
        context.reset();
        // No time, no flags, operating system unknown: the header that Java writes.
        output.extend_from_slice(&[0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0xff]);
        loop {
            output.reserve((input.len() / 4).max(512));
            let rest = &input[context.total_in() as usize..];
            let status = context.compress_vec(rest, output, FlushCompress::Finish);
            if status.map_err(|_| failed("the stream is invalid"))? == Status::StreamEnd {
                break;
            }
        }
        output.extend_from_slice(&crc_fast::crc32_iso_hdlc(input).to_le_bytes());
        output.extend_from_slice(&(input.len() as u32).to_le_bytes());
        Ok(())
    }
}

const fn failed(reason: &'static str) -> CompressError {
    CompressError {
        codec: Codec::Gzip,
        reason,
    }
}
