//! The buffer that a codec inflates into: it is kept initialised, so that using it again costs no
//! clearing, and it never grows past the cap.

use super::codec::Codec;
use super::{DecompressError, DecompressError::Corrupt, DecompressError::TooLarge};

/// The output of one inflation.
pub(super) struct Output<'b> {
    codec: Codec,
    buffer: &'b mut Vec<u8>,
    filled: usize,
    bytes_max: usize,
}

impl<'b> Output<'b> {
    const GROWTH_MIN: usize = 16 << 10;

    pub(super) const fn new(codec: Codec, buffer: &'b mut Vec<u8>, bytes_max: usize) -> Self {
        Self {
            codec,
            buffer,
            filled: 0,
            bytes_max,
        }
    }

    /// Room for `wanted` bytes, or for as many as the cap still allows.
    pub(super) fn room(&mut self, wanted: usize) -> &mut [u8] {
        let size = wanted.min(self.bytes_max - self.filled);
        let end = self.filled + size;
        if end > self.buffer.len() {
            self.buffer.resize(end, 0);
        }
        &mut self.buffer[self.filled..end]
    }

    /// Whatever room the buffer has, and more if it has none; none if the cap is reached.
    pub(super) fn any_room(&mut self) -> &mut [u8] {
        let free = self.buffer.len() - self.filled;
        let wanted = if free == 0 {
            self.buffer.len().max(Self::GROWTH_MIN)
        } else {
            free
        };
        self.room(wanted)
    }

    /// Counts `count` bytes of the room as filled.
    pub(super) const fn fill(&mut self, count: usize) {
        self.filled += count;
    }

    /// How many bytes are filled.
    pub(super) const fn filled(&self) -> usize {
        self.filled
    }

    /// The bytes filled since `start`.
    pub(super) fn filled_since(&self, start: usize) -> &[u8] {
        &self.buffer[start..self.filled]
    }

    /// How many bytes the buffer has already.
    pub(super) const fn allocated(&self) -> usize {
        self.buffer.len()
    }

    /// How many bytes may be filled.
    pub(super) const fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    pub(super) const fn too_large(&self) -> DecompressError {
        TooLarge {
            codec: self.codec,
            bytes_max: self.bytes_max,
        }
    }

    pub(super) const fn corrupt(&self, reason: &'static str) -> DecompressError {
        Corrupt {
            codec: self.codec,
            reason,
        }
    }
}
