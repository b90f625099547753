//! The signals that end a node: the first SIGINT or SIGTERM asks it to stop in order, the second
//! does not wait for that.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, caught from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

/// Which one came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopSignal {
    Interrupt,
    Terminate,
}

impl Signals {
    /// Catches them, on the present runtime.
    ///
    /// # Errors
    /// When the operating system refuses that.
    pub(crate) fn catch() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> StopSignal {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
        }
    }

    /// Does work until it ends or the next signal comes; then the work is dropped where it is.
    ///
    /// # Errors
    /// The signal.
    pub(crate) async fn unless_caught<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, StopSignal> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            caught = self.next() => Err(caught),
        }
    }
}

impl StopSignal {
    /// What the process ends with, as Kafka's does: 128 and the number of the signal, although it
    /// stopped in order.
    pub(crate) const fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future;

    use rustix::process::{Signal as Number, getpid, kill_process};

    use super::*;

    /// One test, because signals are for the whole process.
    #[tokio::test]
    async fn the_first_signal_asks_and_the_second_interrupts_what_the_first_began() {
        let mut signals = Signals::catch().unwrap();
        assert_eq!(signals.unless_caught(async { 1 }).await, Ok(1));
        kill_process(getpid(), Number::TERM).unwrap();
        assert_eq!(signals.next().await, StopSignal::Terminate);
        kill_process(getpid(), Number::INT).unwrap();
        let stopping = future::pending::<()>();
        let caught = signals.unless_caught(stopping).await;
        assert_eq!(caught, Err(StopSignal::Interrupt));
        assert_eq!(StopSignal::Terminate.exit_code(), 143);
        assert_eq!(StopSignal::Interrupt.name(), "SIGINT");
    }
}
