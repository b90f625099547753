//! Bytes on their way to the transport: small answers gathered into one write, large ones and
//! slices of files as they are.
//!
//! Invariant: what is put goes out in that order. A transport that takes nothing for too long is
//! given up.

use super::observer::CloseReason;
use super::reply::Reply;
use crate::timers::Timers;
use crate::transport::WriteHalf;
use std::io;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// From this size on, bytes are written rather than gathered.
const GATHER_BYTES_MAX: usize = 32 << 10;

pub(super) struct Output<'a> {
    writer: Box<dyn WriteHalf>,
    timers: &'a Timers,
    /// How long the transport may take nothing.
    stall_max: Duration,
    gathered: Vec<u8>,
}

impl<'a> Output<'a> {
    pub(super) const fn new(
        writer: Box<dyn WriteHalf>,
        timers: &'a Timers,
        stall_max: Duration,
    ) -> Self {
        Self {
            writer,
            timers,
            stall_max,
            gathered: Vec::new(),
        }
    }

    pub(super) async fn put(&mut self, reply: Reply) -> Result<(), CloseReason> {
        let mut written = 0;
        for gap in &reply.gaps {
            self.put_bytes(&reply.buffer[written..gap.position]).await?;
            written = gap.position;
            self.flush().await?;
            let mut rest = reply.slices[gap.token].clone();
            while rest.size > 0 {
                let sending = self.writer.send_file(&rest);
                let count = patient(self.timers, self.stall_max, sending).await?;
                rest = rest.skip(count);
            }
        }
        self.put_bytes(&reply.buffer[written..]).await
    }

    pub(super) async fn flush(&mut self) -> Result<(), CloseReason> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let gathered = std::mem::take(&mut self.gathered);
        self.write(&gathered).await?;
        self.gathered = gathered;
        self.gathered.clear();
        Ok(())
    }

    /// Ends the stream.
    pub(super) async fn shut_down(&mut self) -> Result<(), CloseReason> {
        patient(self.timers, self.stall_max, self.writer.shutdown()).await
    }

    async fn put_bytes(&mut self, bytes: &[u8]) -> Result<(), CloseReason> {
        if self.gathered.len() + bytes.len() > GATHER_BYTES_MAX {
            self.flush().await?;
        }
        if bytes.len() > GATHER_BYTES_MAX {
            return self.write(bytes).await;
        }
        self.gathered.extend_from_slice(bytes);
        Ok(())
    }

    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), CloseReason> {
        while !bytes.is_empty() {
            let writing = self.writer.write(bytes);
            let count = patient(self.timers, self.stall_max, writing).await?;
            if count == 0 {
                return Err(CloseReason::Write(io::ErrorKind::WriteZero.into()));
            }
            bytes = &bytes[count..];
        }
        Ok(())
    }
}

/// Waits for one step, but not for ever.
async fn patient<T>(
    timers: &Timers,
    stall_max: Duration,
    step: impl Future<Output = io::Result<T>>,
) -> Result<T, CloseReason> {
    tokio::select! {
        biased;
        done = step => done.map_err(CloseReason::Write),
        () = timers.sleep(stall_max) => Err(CloseReason::StalledWrite),
    }
}
