//! `klamm console-consumer` (`kafka-console-consumer`): records are printed as they come.
//!
//! Not the job of this module: the protocol; the text of a record is [`formatter`]'s.
//!
//! Invariants:
//! - What a group commits has been printed: records that were fetched and not printed are taken
//!   back before the consumer is closed.
//! - Whatever ends the program, the consumer is closed, so that the others of its group go on at
//!   once, and the count of records is told. A second signal does not wait for that.

mod arguments;
mod deserializer;
mod formatter;
mod options;
mod source;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use client::krafka::{ConsumerRecord, KrafkaError};
use tokio::time::Instant;

use self::arguments::{Arguments, Request};
use self::formatter::Formatter;
use self::source::Records;
use crate::arguments::KAFKA_VERSION;
use crate::cluster;
use crate::commands::Call;
use crate::server::signals::{OnHangup, Signals, StopSignal};

/// Text that waits to be written; more is written at once.
const TEXT_BYTES_MAX: usize = 1 << 20;

/// Prints records.
///
/// # Errors
/// When the arguments are none, or the consumer cannot be made.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let random = RandomState::new().hash_one(0) as u32;
    let arguments = match arguments::read(&call.program, &call.arguments, random)? {
        Request::Version => {
            writeln!(out, "{KAFKA_VERSION}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Request::Consume(arguments) => *arguments,
    };
    for warning in &arguments.warnings {
        writeln!(out, "{warning}")?;
    }
    cluster::run_beside(consume(arguments, out))
}

async fn consume(arguments: Arguments, out: &mut dyn Write) -> Result<ExitCode> {
    let mut signals = Signals::catch(OnHangup::Stop).context("catch signals")?;
    let timeout = arguments.timeout_ms.map(Duration::from_millis);
    let mut printing = Printing {
        formatter: arguments.formatter,
        is_error_skipped: arguments.is_error_skipped,
        count: 0,
        count_max: arguments.message_count_max,
        text: Vec::new(),
        out,
    };
    let deadline = timeout.map(|timeout| Instant::now() + timeout);
    let (servers, properties) = (&arguments.bootstrap_servers, &arguments.consumer);
    let connecting = cluster::connect_until(servers, properties, deadline);
    let end = match signals.unless_caught(connecting).await {
        Err(signal) => End::Signal(signal),
        Ok(Err(error)) if cluster::is_passing(&error) => End::Timeout,
        Ok(kafka) => {
            let (kafka, source) = (kafka?, arguments.source);
            let opened = Records::open(&kafka, source, &arguments.consumer).await;
            let mut records = match opened {
                Ok(records) => records,
                Err(error) => {
                    cluster::log_error(UNKNOWN, &cluster::exception_of(&error));
                    return Ok(ExitCode::FAILURE);
                }
            };
            let mut end = printing
                .print_all(&mut records, timeout, &mut signals)
                .await;
            match signals.unless_caught(records.close()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    let exception = cluster::exception_of(&error);
                    cluster::log_error("Failed to close the consumer", &exception);
                }
                Err(signal) => end = End::Signal(signal),
            }
            end
        }
    };
    let code = tell(&end);
    let count = printing.count;
    let _ = writeln!(io::stderr(), "Processed a total of {count} messages");
    if arguments.is_systest {
        writeln!(out, "shutdown_complete")?;
    }
    Ok(code)
}

const UNKNOWN: &str = "Unknown error when running consumer:";

/// Why no more is printed.
enum End {
    /// All that was asked for is printed.
    Count,
    Timeout,
    Signal(StopSignal),
    /// Nothing more can be read.
    Consumer(Error),
    /// A record cannot be shown.
    Formatter(Error),
    /// Nobody reads what is printed, or it cannot be written.
    Output(io::Error),
}

/// Says what Kafka's tool says.
fn tell(end: &End) -> ExitCode {
    let terminating = "Error processing message, terminating consumer process:";
    match end {
        End::Count => {}
        End::Timeout => {
            let exception = "org.apache.kafka.common.errors.TimeoutException: null";
            cluster::log_error(terminating, exception);
        }
        End::Signal(signal) => return signal.exit_code().into(),
        End::Consumer(error) => {
            let is_refused = matches!(error.downcast_ref(), Some(KrafkaError::Auth { .. }));
            cluster::log_error(terminating, &cluster::exception_of(error));
            if is_refused {
                return ExitCode::FAILURE;
            }
        }
        End::Formatter(error) => {
            cluster::log_error(UNKNOWN, &error.to_string());
            return ExitCode::FAILURE;
        }
        End::Output(error) if error.kind() == ErrorKind::BrokenPipe => {}
        End::Output(error) => {
            let what = "Unable to write to standard out, closing consumer.";
            let _ = writeln!(io::stderr(), "{what} {error}");
        }
    }
    ExitCode::SUCCESS
}

struct Printing<'a> {
    formatter: Formatter,
    is_error_skipped: bool,
    /// Records that were printed, or tried.
    count: u64,
    count_max: Option<u64>,
    /// What is to be written together.
    text: Vec<u8>,
    out: &'a mut dyn Write,
}

impl Printing<'_> {
    async fn print_all(
        &mut self,
        records: &mut Records,
        timeout: Option<Duration>,
        signals: &mut Signals,
    ) -> End {
        loop {
            if self.count_max.is_some_and(|max| self.count >= max) {
                return End::Count;
            }
            let deadline = timeout.map(|timeout| Instant::now() + timeout);
            let batch = match signals.unless_caught(records.next(deadline)).await {
                Err(signal) => return End::Signal(signal),
                Ok(Err(error)) => return End::Consumer(error),
                Ok(Ok(batch)) if batch.is_empty() => return End::Timeout,
                Ok(Ok(batch)) => batch,
            };
            let (printed, end) = self.print(&batch);
            records.rewind(&batch[printed..]).await;
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// Prints records that came together; how many are done with, and whether that is the end.
    fn print(&mut self, batch: &[ConsumerRecord]) -> (usize, Option<End>) {
        let left = self.count_max.map(|max| max.saturating_sub(self.count));
        let left = left.and_then(|left| usize::try_from(left).ok());
        let batch = &batch[..batch.len().min(left.unwrap_or(usize::MAX))];
        let mut written = 0;
        for (index, record) in batch.iter().enumerate() {
            let end = match self.formatter.write(record, &mut self.text) {
                Ok(()) => None,
                Err(error) if self.is_error_skipped => {
                    let what = "Error processing message, skipping this message:";
                    cluster::log_error(what, &error.to_string());
                    None
                }
                Err(error) => Some(End::Formatter(error)),
            };
            let done = index + 1;
            let is_last = done == batch.len() || end.is_some();
            if is_last || self.text.len() >= TEXT_BYTES_MAX {
                if let Err(error) = self.write() {
                    return (written, Some(End::Output(error)));
                }
                self.count += (done - written) as u64;
                written = done;
            }
            if end.is_some() {
                return (written, end);
            }
        }
        (written, None)
    }

    fn write(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        self.out.write_all(&text)?;
        self.out.flush()?;
        self.text = text;
        self.text.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::Properties;

    /// Takes so many bytes and then no more.
    struct Pipe {
        taken: Vec<u8>,
        bytes_max: usize,
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.taken.len() + bytes.len() > self.bytes_max {
                return Err(ErrorKind::BrokenPipe.into());
            }
            self.taken.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn batch(values: &[&str]) -> Vec<ConsumerRecord> {
        let record = |(offset, value): (usize, &&str)| {
            let value = (*value).to_owned().into();
            ConsumerRecord::new("t", 0, offset as i64, None, Some(value))
        };
        values.iter().enumerate().map(record).collect()
    }

    /// Prints, and shows what was written, how many records are done with and counted, and whether
    /// that was the end.
    fn printed(
        properties: &[(&str, &str)],
        is_error_skipped: bool,
        (count_max, bytes_max): (Option<u64>, usize),
        values: &[&str],
    ) -> (String, usize, u64, bool) {
        let mut out = Pipe {
            taken: Vec::new(),
            bytes_max,
        };
        let mut given = Properties::new();
        given.extend(properties.iter().copied());
        let mut printing = Printing {
            formatter: Formatter::configure(Formatter::DEFAULT, &given).unwrap(),
            is_error_skipped,
            count: 0,
            count_max,
            text: Vec::new(),
            out: &mut out,
        };
        let (done, end) = printing.print(&batch(values));
        let count = printing.count;
        let text = String::from_utf8(out.taken).unwrap();
        (text, done, count, end.is_some())
    }

    const SHORT: &[(&str, &str)] = &[(
        "value.deserializer",
        "org.apache.kafka.common.serialization.ShortDeserializer",
    )];
    const ALL: (Option<u64>, usize) = (None, 1_000);

    #[test]
    fn no_more_is_printed_than_was_asked_for() {
        let expected = ("a\nb\n".to_owned(), 2, 2, false);
        let limits = (Some(2), 1_000);
        assert_eq!(printed(&[], false, limits, &["a", "b", "c"]), expected);
    }

    #[test]
    fn records_that_nobody_took_are_not_done_with() {
        let expected = (String::new(), 0, 0, true);
        assert_eq!(printed(&[], false, (None, 1), &["a", "b"]), expected);
    }

    #[test]
    fn a_record_that_cannot_be_shown_is_the_end_or_passed_over() {
        let values = ["\0\u{1}", "long", "\0\u{2}"];
        let expected = ("1\n".to_owned(), 2, 2, true);
        assert_eq!(printed(SHORT, false, ALL, &values), expected);
        let expected = ("1\n2\n".to_owned(), 3, 3, false);
        assert_eq!(printed(SHORT, true, ALL, &values), expected);
    }
}
