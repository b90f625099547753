//! The signals that end a node, or a tool that runs on and on: the first SIGINT, SIGTERM or SIGHUP
//! asks it to stop in order, the second does not wait for that.
//!
//! SIGHUP says that the terminal is gone, which is nothing to a node in the background, nor to one
//! that `nohup` has started.

use std::fs;
use std::future;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals, caught from the moment this is made.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None where it is ignored.
    hangup: Option<Signal>,
}

/// What SIGHUP does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnHangup {
    Stop,
    Ignore,
}

/// Which one came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopSignal {
    Interrupt,
    Terminate,
    Hangup,
}

impl Signals {
    /// Catches them, on the present runtime.
    ///
    /// # Errors
    /// When the operating system refuses that.
    pub(crate) fn catch(on_hangup: OnHangup) -> io::Result<Self> {
        // To catch it undoes what `nohup` did.
        let hangup = match ignores_hangup() {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            // Caught once, it ends nothing anymore, although nobody minds it.
            hangup: hangup.filter(|_| on_hangup == OnHangup::Stop),
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> StopSignal {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            biased;
            _ = self.terminate.recv() => StopSignal::Terminate,
            _ = self.interrupt.recv() => StopSignal::Interrupt,
            _ = hangup => StopSignal::Hangup,
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
            Self::Hangup => 129,
        }
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Interrupt => "SIGINT",
            Self::Terminate => "SIGTERM",
            Self::Hangup => "SIGHUP",
        }
    }
}

/// Whether this process was started with SIGHUP ignored.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut lines = status.lines();
    let ignored = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    // The signals are bits, and SIGHUP is the first.
    ignored.is_some_and(|bits| bits & 1 == 1)
}

#[cfg(test)]
mod tests {
    use rustix::process::{Signal as Number, getpid, kill_process};

    use super::*;

    /// One test, because signals are for the whole process.
    #[tokio::test]
    async fn the_first_signal_asks_and_the_second_interrupts_what_the_first_began() {
        let mut signals = Signals::catch(OnHangup::Stop).unwrap();
        assert_eq!(signals.unless_caught(async { 1 }).await, Ok(1));
        kill_process(getpid(), Number::TERM).unwrap();
        assert_eq!(signals.next().await, StopSignal::Terminate);
        kill_process(getpid(), Number::INT).unwrap();
        let stopping = future::pending::<()>();
        let caught = signals.unless_caught(stopping).await;
        assert_eq!(caught, Err(StopSignal::Interrupt));
        // The tests may be run by `nohup`.
        if !ignores_hangup() {
            kill_process(getpid(), Number::HUP).unwrap();
            assert_eq!(signals.next().await, StopSignal::Hangup);
            let mut deaf = Signals::catch(OnHangup::Ignore).unwrap();
            kill_process(getpid(), Number::HUP).unwrap();
            kill_process(getpid(), Number::INT).unwrap();
            assert_eq!(deaf.next().await, StopSignal::Interrupt);
        }
        assert_eq!(StopSignal::Terminate.exit_code(), 143);
        assert_eq!(StopSignal::Interrupt.name(), "SIGINT");
    }
}
