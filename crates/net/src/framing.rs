//! Frames: four bytes of size, then as many bytes.
//!
//! Not the job of this module: what is in a frame, and how long to wait for one.
//!
//! Invariants:
//! - The buffer of a frame has room for four times what was received of it, and from the start for
//!   a floor, or for as much as the frame before it had, up to a bound; the announced size is only
//!   where growth ends.
//! - Dropping a future of [`FrameReader`] loses no byte.

use crate::byte_budget::{Allotment, ByteBudget};
use std::io;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, BufReader};

/// Room for a frame of which nothing was received yet.
const FIRST_ROOM_BYTES: usize = 4096;
const GROWTH: usize = 4;
/// So much room at most is given at once to the next frame of a peer whose last one was as large:
/// a producer's frames are alike, and each growth costs a copy and more, smaller reads.
const EARNED_ROOM_BYTES_MAX: usize = 1 << 20;
/// Read ahead, so that small frames that come together cost one system call.
const READ_AHEAD_BYTES: usize = 4096;

/// The bytes of one frame without its size, and their charge on the budget.
#[derive(Debug)]
pub struct Frame {
    bytes: Vec<u8>,
    _allotment: Allotment,
}

/// Why no frame can be read.
#[derive(Debug, Error)]
pub enum FrameError {
    /// A size below zero.
    #[error("read frame: its size is {0}")]
    NegativeSize(i32),
    /// A size of zero; there is no such message.
    #[error("read frame: it is empty")]
    Empty,
    /// A size above the limit, `socket.request.max.bytes` on a server.
    #[error("read frame: its {size} bytes are more than {size_max}")]
    TooLarge {
        /// How many bytes there are.
        size: usize,
        /// How many there may be.
        size_max: usize,
    },
    /// The peer closed within a frame.
    #[error("read frame: the peer closed after {received} bytes of it")]
    Cut {
        /// How many bytes of it came in.
        received: usize,
    },
    /// The connection failed.
    #[error("read frame: {0}")]
    Io(#[from] io::Error),
}

/// What one read brought.
#[derive(Debug)]
pub enum Progress {
    /// This many bytes, none of which ends a frame.
    Bytes(usize),
    /// The end of a frame.
    Frame(Frame),
    /// The peer has closed between two frames.
    Closed,
}

/// Reads frames from a byte stream.
#[derive(Debug)]
pub struct FrameReader<R> {
    source: BufReader<R>,
    budget: ByteBudget,
    size_max: usize,
    head: [u8; 4],
    head_count: usize,
    body: Option<Body>,
    /// Room that the last frame earned for the next.
    earned_room: usize,
}

#[derive(Debug)]
struct Body {
    bytes: Vec<u8>,
    size: usize,
    /// Bytes that are paid for.
    room: usize,
    allotment: Option<Allotment>,
}

impl Frame {
    /// The bytes, to be patched in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes alone; their charge ends.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    /// Reads frames of at most `size_max` bytes, charged on `budget`.
    pub fn new(source: R, size_max: usize, budget: ByteBudget) -> Self {
        Self {
            source: BufReader::with_capacity(READ_AHEAD_BYTES, source),
            budget,
            size_max,
            head: [0; 4],
            head_count: 0,
            body: None,
            earned_room: FIRST_ROOM_BYTES,
        }
    }

    /// Waits until the budget has room for what comes next.
    pub async fn charge(&mut self) {
        let Some(body) = self.body.as_mut().filter(|body| body.is_full()) else {
            return;
        };
        let room = body.next_room(self.earned_room);
        match &mut body.allotment {
            None => body.allotment = Some(self.budget.begin(room).await),
            Some(allotment) => allotment.grow(room - body.room).await,
        }
        body.room = room;
        body.bytes.reserve_exact(room - body.bytes.len());
    }

    /// Reads once. [`Self::charge`] comes first if [`Self::needs_charge`] says so.
    ///
    /// # Errors
    /// When the stream fails or holds no frame; nothing can be read after that.
    pub async fn read(&mut self) -> Result<Progress, FrameError> {
        let Some(body) = &mut self.body else {
            return self.read_head().await;
        };
        let left = (body.room - body.bytes.len()) as u64;
        let count = (&mut self.source)
            .take(left)
            .read_buf(&mut body.bytes)
            .await?;
        if count == 0 {
            let received = body.bytes.len();
            return Err(FrameError::Cut { received });
        }
        Ok(self.finish().unwrap_or(Progress::Bytes(count)))
    }

    /// Whether the budget has to be asked before the next read.
    pub fn needs_charge(&self) -> bool {
        self.body.as_ref().is_some_and(Body::is_full)
    }

    async fn read_head(&mut self) -> Result<Progress, FrameError> {
        let count = self.source.read(&mut self.head[self.head_count..]).await?;
        if count == 0 {
            return match self.head_count {
                0 => Ok(Progress::Closed),
                received => Err(FrameError::Cut { received }),
            };
        }
        self.head_count += count;
        if self.head_count == self.head.len() {
            self.head_count = 0;
            self.body = Some(self.announced()?);
        }
        Ok(Progress::Bytes(count))
    }

    fn announced(&self) -> Result<Body, FrameError> {
        let size = i32::from_be_bytes(self.head);
        let size = usize::try_from(size).map_err(|_| FrameError::NegativeSize(size))?;
        if size == 0 {
            return Err(FrameError::Empty);
        }
        let size_max = self.size_max;
        if size > size_max {
            return Err(FrameError::TooLarge { size, size_max });
        }
        Ok(Body {
            bytes: Vec::new(),
            size,
            room: 0,
            allotment: None,
        })
    }

    fn finish(&mut self) -> Option<Progress> {
        let body = self.body.take_if(|body| body.bytes.len() == body.size)?;
        let allotment = body.allotment?;
        self.earned_room = body.size.clamp(FIRST_ROOM_BYTES, EARNED_ROOM_BYTES_MAX);
        Some(Progress::Frame(Frame {
            bytes: body.bytes,
            _allotment: allotment,
        }))
    }
}

impl Body {
    fn is_full(&self) -> bool {
        self.bytes.len() == self.room
    }

    fn next_room(&self, earned_room: usize) -> usize {
        self.size.min(earned_room.max(self.bytes.len() * GROWTH))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET_BYTES: usize = 64 << 20;

    fn frame(size: usize) -> Vec<u8> {
        let announced = i32::try_from(size).unwrap().to_be_bytes();
        [announced.as_slice(), &vec![7; size]].concat()
    }

    /// What of the budget each frame is charged with before its first byte is read.
    async fn first_charges(sizes: &[usize]) -> Vec<usize> {
        let stream: Vec<u8> = sizes.iter().flat_map(|size| frame(*size)).collect();
        let budget = ByteBudget::new(BUDGET_BYTES);
        let mut reader = FrameReader::new(stream.as_slice(), BUDGET_BYTES, budget.clone());
        let mut charges = Vec::new();
        let mut is_begun = false;
        loop {
            if reader.needs_charge() {
                reader.charge().await;
                if !is_begun {
                    charges.push(BUDGET_BYTES - budget.available_bytes());
                    is_begun = true;
                }
            }
            match reader.read().await.unwrap() {
                Progress::Bytes(_) => {}
                Progress::Frame(frame) => {
                    assert_eq!(frame.bytes().len(), sizes[charges.len() - 1]);
                    is_begun = false;
                }
                Progress::Closed => return charges,
            }
        }
    }

    #[tokio::test]
    async fn a_frame_earns_room_for_the_next_one_up_to_a_bound() {
        let sizes = [300_000, 300_000, 10, 8 << 20, 20, 5_000, 8 << 20];
        let charges = first_charges(&sizes).await;
        let earned = [4_096, 300_000, 10, 4_096, 20, 4_096, 5_000];
        assert_eq!(charges, earned);
        let large = first_charges(&[8 << 20, 8 << 20]).await;
        assert_eq!(large, [4_096, EARNED_ROOM_BYTES_MAX]);
    }
}
