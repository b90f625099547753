//! `klamm console-producer` (`kafka-console-producer`): lines of standard input become records.
//!
//! Not the job of this module: the protocol; reading arguments is [`arguments`]'.
//!
//! Invariants:
//! - Records leave in the order of their lines, in batches; with nothing more to read they leave at
//!   once, unless somebody said how long to wait.
//! - Whatever ends the program, the end of the input, a line that cannot be read or a signal, the
//!   lines before it are sent first. A second signal does not wait for that.

mod arguments;
mod input;
mod line_reader;
mod options;
mod sending;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::timeout;

use self::arguments::{Arguments, Request};
use self::input::{Lines, Next};
use self::line_reader::LineFormat;
use self::sending::Sending;
use crate::arguments::KAFKA_VERSION;
use crate::cluster;
use crate::commands::Call;
use crate::server::signals::{OnHangup, Signals};

/// How long further lines are waited for before those that are there leave.
const IDLE: Duration = Duration::from_millis(2);

/// Sends the lines of standard input.
///
/// # Errors
/// When the arguments are none, a line cannot be read as they say, or a line could not be sent that
/// was waited for.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let arguments = match arguments::read(&call.program, &call.arguments)? {
        Request::Version => {
            writeln!(out, "{KAFKA_VERSION}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Request::Produce(arguments) => *arguments,
    };
    for warning in &arguments.warnings {
        writeln!(out, "{warning}")?;
    }
    cluster::run_beside(produce(arguments, out))
}

async fn produce(arguments: Arguments, out: &mut dyn Write) -> Result<ExitCode> {
    let mut signals = Signals::catch(OnHangup::Stop).context("catch signals")?;
    let (servers, topic) = (arguments.bootstrap_servers, arguments.topic);
    let opening = Sending::open(servers, arguments.producer, &topic);
    let mut sending = match signals.unless_caught(opening).await {
        Ok(sending) => sending?,
        Err(signal) => return Ok(signal.exit_code().into()),
    };
    let mut typed = Typed {
        topic,
        format: arguments.lines,
        lines: Lines::of(io::stdin()),
        is_sync: arguments.is_sync,
        is_hasty: arguments.is_linger_default,
        is_prompting: io::stdin().is_terminal() && io::stdout().is_terminal(),
    };
    let sent = signals.unless_caught(typed.send(&mut sending, out)).await;
    let closed = signals.unless_caught(sending.close()).await;
    match (sent, closed) {
        (Err(signal), _) | (Ok(_), Err(signal)) => Ok(signal.exit_code().into()),
        (Ok(sent), Ok(())) => sent.map(|()| ExitCode::SUCCESS),
    }
}

/// What somebody types, or a program writes.
struct Typed {
    topic: String,
    format: LineFormat,
    lines: Lines,
    is_sync: bool,
    /// Records do not wait for lines that have not been typed.
    is_hasty: bool,
    is_prompting: bool,
}

impl Typed {
    /// Sends all lines, up to the first that cannot be read.
    async fn send(&mut self, sending: &mut Sending, out: &mut dyn Write) -> Result<()> {
        let mut number = 0;
        while let Some(line) = self.next(sending, out).await? {
            number += 1;
            let record = self.format.record(&self.topic, number, &line)?;
            match self.is_sync {
                true => sending.send_and_wait(record).await?,
                false => sending.send(record).await,
            }
        }
        Ok(())
    }

    async fn next(
        &mut self,
        sending: &mut Sending,
        out: &mut dyn Write,
    ) -> Result<Option<Vec<u8>>> {
        if self.is_prompting {
            write!(out, ">").and_then(|()| out.flush())?;
        }
        loop {
            match self.lines.next().context(READ)? {
                Next::Line(line) => return Ok(Some(line)),
                Next::End => return Ok(None),
                Next::Nothing => {}
            }
            if self.is_hasty {
                match timeout(IDLE, self.lines.wait()).await {
                    Ok(waited) => {
                        waited.context(READ)?;
                        continue;
                    }
                    Err(_) => sending.hasten(),
                }
            }
            self.lines.wait().await.context(READ)?;
        }
    }
}

const READ: &str = "read standard input";
