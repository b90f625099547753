//! The log of a node: lines on standard output as Kafka's server writes them,
//! `[2026-11-20 16:53:04,211] INFO message (where)`. Times are UTC.
//!
//! `KLAMM_LOG` says how much at first: `debug`, or levels for parts as in `info,broker=debug`.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::log_levels::{ByLevel, LogLevels};
use crate::calendar::date_of_day;

/// The environment variable that says how much is written.
const VARIABLE: &str = "KLAMM_LOG";

/// Lines as Kafka's server writes them.
struct KafkaLines;

/// Makes this the log of the process, and gives the levels that it goes by.
///
/// # Errors
/// When the variable does not say levels, or there is a log already.
pub(crate) fn install(variables: &[(String, String)]) -> Result<Arc<LogLevels>> {
    let levels = Arc::new(LogLevels::new(&targets(variables)?));
    let subscriber = subscriber(Arc::clone(&levels), io::stdout);
    subscriber.try_init().context("begin log")?;
    Ok(levels)
}

fn targets(variables: &[(String, String)]) -> Result<Targets> {
    let given = variables.iter().find(|(name, _)| name == VARIABLE);
    match given {
        None => Ok(Targets::new().with_default(Level::INFO)),
        Some((_, text)) => text
            .parse()
            .map_err(|error| anyhow!("read {VARIABLE} `{text}`: {error}")),
    }
}

fn subscriber(
    levels: Arc<LogLevels>,
    writer: impl for<'w> MakeWriter<'w> + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer)
        .event_format(KafkaLines);
    tracing_subscriber::registry().with(lines.with_filter(ByLevel(levels)))
}

impl<S, N> FormatEvent<S, N> for KafkaLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        write_time(&mut writer, since.unwrap_or_default().as_millis() as u64)?;
        let metadata = event.metadata();
        write!(writer, " {} ", metadata.level())?;
        context.format_fields(writer.by_ref(), event)?;
        writeln!(writer, " ({})", metadata.target())
    }
}

/// Writes `[2026-11-20 16:53:04,211]`.
fn write_time(writer: &mut impl fmt::Write, wall_ms: u64) -> fmt::Result {
    let (seconds, ms) = (wall_ms / 1000, wall_ms % 1000);
    let (year, month, day) = date_of_day((seconds / 86_400).cast_signed());
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    write!(
        writer,
        "[{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{ms:03}]"
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use broker::loggers::{LogLevel, Loggers};

    use super::*;

    #[test]
    fn times_are_written_as_kafka_writes_them() {
        let check = |wall_ms, expected: &str| {
            let mut text = String::new();
            write_time(&mut text, wall_ms).unwrap();
            assert_eq!(text, expected);
        };
        check(0, "[1970-01-01 00:00:00,000]");
        check(951_782_399_999, "[2000-02-28 23:59:59,999]");
        check(951_868_799_000, "[2000-02-29 23:59:59,000]");
        check(951_868_800_000, "[2000-03-01 00:00:00,000]");
        check(1_795_193_584_211, "[2026-11-20 16:53:04,211]");
        check(4_107_542_400_000, "[2100-03-01 00:00:00,000]");
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(variable: Option<&str>, change: Option<(&str, LogLevel)>) -> String {
        let variable = variable.map(|text| (VARIABLE.to_owned(), text.to_owned()));
        let targets = targets(variable.as_slice()).unwrap();
        let lines = Lines::default();
        let writer = lines.clone();
        let levels = Arc::new(LogLevels::new(&targets));
        let subscriber = subscriber(Arc::clone(&levels), move || writer.clone());
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "broker::part", port = 9092, "has begun");
            tracing::debug!(target: "broker::part", "is detailed");
            tracing::info!(target: "net", "is usual");
            assert!(levels.levels().contains_key("broker::part"));
            if let Some((name, level)) = change {
                levels.set_level(name, Some(level));
                tracing::debug!(target: "broker::part", "comes after");
            }
        });
        let bytes = lines.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        // Without the times.
        let lines = text.lines().map(|line| line.split_once("] ").unwrap().1);
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_line_has_level_message_fields_and_origin() {
        let expected = "WARN has begun port=9092 (broker::part)\nINFO is usual (net)";
        assert_eq!(written(None, None), expected);
    }

    #[test]
    fn levels_are_for_all_or_for_parts() {
        assert_eq!(written(Some("debug"), None).lines().count(), 3);
        let of_parts = written(Some("error,broker=debug"), None);
        assert!(
            of_parts.ends_with("\nDEBUG is detailed (broker::part)"),
            "{of_parts}"
        );
        assert_eq!(written(Some("off"), None), "");
        let wrong = [(VARIABLE.to_owned(), "broker=loud".to_owned())];
        let error = targets(&wrong).unwrap_err().to_string();
        assert!(
            error.starts_with("read KLAMM_LOG `broker=loud`: "),
            "{error}"
        );
    }

    #[test]
    fn a_level_that_is_set_later_holds_from_then_on() {
        for name in ["broker", "broker::part", "root"] {
            let lines = written(None, Some((name, LogLevel::Debug)));
            assert!(
                lines.ends_with("\nDEBUG comes after (broker::part)"),
                "{lines}"
            );
        }
        let silent = written(Some("debug"), Some(("broker", LogLevel::Warn)));
        assert_eq!(silent.lines().count(), 3);
    }
}
