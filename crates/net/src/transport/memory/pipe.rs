//! One direction of a connection in memory: bytes with the moments at which they arrive.
//!
//! Invariants:
//! - Bytes arrive in the order of their writes, whatever delays were drawn.
//! - No more than the window lies in a pipe.

use super::network::Shared;
use crate::BoxFuture;
use crate::file_slice::FileSlice;
use crate::transport::WriteHalf;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

const SEND_FILE_STEP_BYTES_MAX: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    window_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    segments: VecDeque<Segment>,
    /// Bytes in all segments.
    size: usize,
    last_arrival: Instant,
    is_held: bool,
    is_reset: bool,
    writer_is_done: bool,
    reader_is_gone: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// Bytes of one write; none of them is the end of the stream.
#[derive(Debug)]
struct Segment {
    arrival: Instant,
    bytes: VecDeque<u8>,
}

pub(super) struct Reader {
    pipe: Arc<Pipe>,
    /// Until the first segment arrives.
    arrival: Option<Pin<Box<Sleep>>>,
}

pub(super) struct Writer {
    pipe: Arc<Pipe>,
    network: Arc<Shared>,
}

impl Pipe {
    pub(super) fn new(
        from: SocketAddr,
        to: SocketAddr,
        window_bytes: usize,
        is_held: bool,
    ) -> Self {
        Self {
            from,
            to,
            window_bytes: window_bytes.max(1),
            state: Mutex::new(State {
                segments: VecDeque::new(),
                size: 0,
                last_arrival: Instant::now(),
                is_held,
                is_reset: false,
                writer_is_done: false,
                reader_is_gone: false,
                reader: None,
                writer: None,
            }),
        }
    }

    /// Both ends fail, and what is under way is lost.
    pub(super) fn reset(&self) {
        let mut state = self.lock();
        state.is_reset = true;
        state.segments.clear();
        state.size = 0;
        state.wake_both();
    }

    pub(super) fn set_held(&self, is_held: bool) {
        let mut state = self.lock();
        state.is_held = is_held;
        state.wake_both();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics under this lock")
    }
}

impl State {
    fn push(&mut self, bytes: &[u8], delay: Duration) {
        self.last_arrival = self.last_arrival.max(Instant::now() + delay);
        self.size += bytes.len();
        self.segments.push_back(Segment {
            arrival: self.last_arrival,
            bytes: bytes.iter().copied().collect(),
        });
        self.wake_reader();
    }

    fn wake_both(&mut self) {
        self.wake_reader();
        self.wake_writer();
    }

    fn wake_reader(&mut self) {
        self.reader.take().into_iter().for_each(Waker::wake);
    }

    fn wake_writer(&mut self) {
        self.writer.take().into_iter().for_each(Waker::wake);
    }
}

impl Reader {
    pub(super) const fn new(pipe: Arc<Pipe>) -> Self {
        Self {
            pipe,
            arrival: None,
        }
    }
}

impl AsyncRead for Reader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let pipe = Arc::clone(&self.pipe);
            let mut state = pipe.lock();
            if state.is_reset {
                return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
            }
            state.reader = Some(context.waker().clone());
            if state.is_held {
                return Poll::Pending;
            }
            let Some(arrival) = state.segments.front().map(|segment| segment.arrival) else {
                return if state.writer_is_done {
                    Poll::Ready(Ok(()))
                } else {
                    Poll::Pending
                };
            };
            if arrival <= Instant::now() {
                take(&mut state, buffer);
                self.arrival = None;
                return Poll::Ready(Ok(()));
            }
            drop(state);
            let sleep = self
                .arrival
                .get_or_insert_with(|| Box::pin(sleep_until(arrival)));
            if sleep.deadline() != arrival {
                sleep.as_mut().reset(arrival);
            }
            ready!(sleep.as_mut().poll(context));
            self.arrival = None;
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut state = self.pipe.lock();
        state.reader_is_gone = true;
        state.wake_writer();
    }
}

impl Writer {
    pub(super) const fn new(pipe: Arc<Pipe>, network: Arc<Shared>) -> Self {
        Self { pipe, network }
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = self.pipe.lock();
        if state.is_reset {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        if state.reader_is_gone || state.writer_is_done {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let room = self.pipe.window_bytes - state.size;
        if room == 0 {
            state.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        // The network's lock comes before a pipe's, as everywhere.
        drop(state);
        let Some(delay) = self.network.draw() else {
            self.network.reset_connection(&self.pipe);
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        };
        let count = room.min(bytes.len());
        if count > 0 {
            self.pipe.lock().push(&bytes[..count], delay);
        }
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.pipe.lock();
        state.writer_is_done = true;
        state.wake_reader();
        Poll::Ready(Ok(()))
    }
}

impl WriteHalf for Writer {
    fn send_file<'a>(&'a mut self, slice: &'a FileSlice) -> BoxFuture<'a, io::Result<usize>> {
        Box::pin(async move {
            let bytes = slice.copy(SEND_FILE_STEP_BYTES_MAX).await?;
            self.write_all(&bytes).await?;
            Ok(bytes.len())
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut state = self.pipe.lock();
        state.writer_is_done = true;
        state.wake_reader();
    }
}

/// Hands over what has arrived of the first segment.
fn take(state: &mut State, buffer: &mut ReadBuf<'_>) {
    let Some(segment) = state.segments.front_mut() else {
        return;
    };
    let count = segment.bytes.len().min(buffer.remaining());
    let (front, _) = segment.bytes.as_slices();
    let count = count.min(front.len());
    buffer.put_slice(&front[..count]);
    segment.bytes.drain(..count);
    if segment.bytes.is_empty() {
        state.segments.pop_front();
    }
    state.size -= count;
    state.wake_writer();
}
