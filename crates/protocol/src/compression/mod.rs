//! The compression of record batches: gzip, snappy, lz4 and zstd, as Kafka frames them.
//!
//! Not the job of this module: what the inflated bytes mean.
//!
//! Contexts and buffers live in a [`Decompressor`] and a [`Compressor`], plain structs that the
//! caller keeps, one of each per worker. They hold nothing of one batch that the next could see.
//!
//! Invariants:
//! - What is inflated never exceeds the cap given with the call, whatever a frame header announces.
//! - The output buffer grows with bytes really inflated, or by a length that the received bytes
//!   could really inflate to, never by an announced length alone.

mod codec;
mod gzip;
mod lz4;
mod output;
mod snappy;
mod zstd;

pub use codec::{Codec, Compression, CompressionLevelError};

use output::Output;
use thiserror::Error;

/// Why compressed bytes cannot be inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecompressError {
    /// They hold more than the caller allows.
    #[error("inflate {codec}: more than {bytes_max} bytes")]
    TooLarge {
        /// The codec.
        codec: Codec,
        /// How many bytes it may inflate to.
        bytes_max: usize,
    },
    /// They are not what the codec writes.
    #[error("inflate {codec}: {reason}")]
    Corrupt {
        /// The codec.
        codec: Codec,
        /// What is wrong.
        reason: &'static str,
    },
}

/// Why bytes cannot be compressed: they are more than the codec takes, or memory ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("compress {codec}: {reason}")]
pub struct CompressError {
    codec: Codec,
    reason: &'static str,
}

/// Inflates, with contexts and an output buffer that are kept from call to call.
#[derive(Default)]
pub struct Decompressor {
    buffer: Vec<u8>,
    gzip: gzip::Inflate,
    snappy: snap::raw::Decoder,
    zstd: zstd::Inflate,
}

impl Decompressor {
    /// A larger output buffer is not used for the next call.
    pub const RETAINED_BYTES_MAX: usize = 4 << 20;

    /// One without any context yet; each is made when it is first needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Inflates `input`, to at most `inflated_bytes_max` bytes. Bytes that are not compressed come
    /// back as they are, without a copy and without a limit.
    ///
    /// # Errors
    /// When `input` holds more, or is not what `codec` writes.
    pub fn decompress<'b>(
        &'b mut self,
        codec: Codec,
        input: &'b [u8],
        inflated_bytes_max: usize,
    ) -> Result<&'b [u8], DecompressError> {
        self.drop_large_buffer();
        if codec == Codec::None {
            return Ok(input);
        }
        let mut output = Output::new(codec, &mut self.buffer, inflated_bytes_max);
        let result = match codec {
            Codec::None => Ok(()),
            Codec::Gzip => self.gzip.decompress(input, &mut output),
            Codec::Snappy => snappy::decompress(&mut self.snappy, input, &mut output),
            Codec::Lz4 => lz4::decompress(input, &mut output),
            Codec::Zstd => self.zstd.decompress(input, &mut output),
        };
        let filled = output.filled();
        if let Err(error) = result {
            self.drop_large_buffer();
            return Err(error);
        }
        Ok(&self.buffer[..filled])
    }

    /// Gives the memory of a large output back, for a time without use.
    pub fn drop_large_buffer(&mut self) {
        if self.buffer.len() > Self::RETAINED_BYTES_MAX {
            self.buffer = Vec::new();
        }
    }
}

/// Compresses, with contexts that are kept from call to call.
pub struct Compressor {
    gzip: gzip::Deflate,
    snappy: snap::raw::Encoder,
    lz4: lz4::Deflate,
    zstd: zstd::Deflate,
}

impl Default for Compressor {
    fn default() -> Self {
        Self {
            gzip: gzip::Deflate::default(),
            snappy: snap::raw::Encoder::new(),
            lz4: lz4::Deflate::default(),
            zstd: zstd::Deflate::default(),
        }
    }
}

impl Compressor {
    /// One without the larger contexts yet; each is made when it is first needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Compresses `input` and appends the result to `output`.
    ///
    /// # Errors
    /// When the codec cannot take so many bytes, or has no memory.
    pub fn compress(
        &mut self,
        compression: Compression,
        input: &[u8],
        output: &mut Vec<u8>,
    ) -> Result<(), CompressError> {
        let level = compression.level();
        match compression.codec() {
            Codec::None => {
                output.extend_from_slice(input);
                Ok(())
            }
            Codec::Gzip => self.gzip.compress(level, input, output),
            Codec::Snappy => snappy::compress(&mut self.snappy, input, output),
            Codec::Lz4 => self.lz4.compress(input, output),
            Codec::Zstd => self.zstd.compress(level, input, output),
        }
    }
}

#[cfg(test)]
mod tests;
