//! `klamm consumer-perf-test`, which is Kafka's `kafka-consumer-perf-test`: reads records as fast
//! as they come and tells how fast that was.
//!
//! Departures from Kafka's tool: times are UTC; `--include` is for the topics that there are at the
//! beginning; `--print-metrics` prints what this client measures.

mod date_pattern;
mod metrics;
mod options;
mod progress;
mod rebalances;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use client::exception::Exception;
use client::krafka::Kafka;
use client::krafka::consumer::{Consumer, ConsumerRecord};
use client::{Properties, consumer};

use tokio::time::Instant;

use crate::arguments::KAFKA_VERSION;
use crate::commands::Call;
use crate::{cluster, measures, surroundings};

use options::{Plan, TOOL, Topics};
use progress::{Progress, Total};
use rebalances::Rebalances;

/// How long one poll waits.
const POLL: Duration = Duration::from_millis(100);

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let parsed = TOOL.read(&call.program, &call.arguments)?;
    if parsed.values.has("version") {
        writeln!(out, "{KAFKA_VERSION}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let refuse = |message: String| TOOL.refusal(&call.program, &message);
    options::check(&parsed.values).map_err(refuse)?;
    let outcome = (|| {
        let plan = Plan::of(&parsed)?;
        let properties = options::properties(&parsed.values, out)?;
        if plan.with_header {
            writeln!(out, "{}", progress::header(plan.is_detailed))?;
        }
        cluster::run_beside(consume(&plan, &properties, out))
    })();
    cluster::ended(outcome, cluster::words_of)
}

async fn consume(plan: &Plan, properties: &Properties, out: &mut dyn Write) -> Result<()> {
    let servers = properties
        .get("bootstrap.servers")
        .unwrap_or_default()
        .to_owned();
    let start_ms = surroundings::wall_ms();
    let wait = Duration::from_millis(plan.timeout_ms.try_into().unwrap_or_default());
    let deadline = Some(Instant::now() + wait);
    let kafka = match cluster::connect_until(&servers, properties, deadline).await {
        Ok(kafka) => kafka,
        // Nobody has answered: nothing was consumed in time.
        Err(error) if cluster::is_passing(&error) => {
            return conclude(plan, &Progress::new(start_ms), (start_ms, 0), out);
        }
        Err(error) => return Err(error),
    };
    let start_ms = surroundings::wall_ms();
    let rebalances = Arc::new(Rebalances::new(start_ms));
    let builder = consumer::builder(&kafka, properties)?;
    let consumer = builder
        .rebalance_listener(Arc::clone(&rebalances))
        .build()
        .await?;
    cluster::warn_of_unknown(properties);
    consumer
        .subscribe(topics(&kafka, &plan.topics).await?)
        .await?;
    let mut progress = Progress::new(surroundings::wall_ms());
    read(plan, &consumer, &rebalances, &mut progress, out).await?;
    conclude(plan, &progress, (start_ms, rebalances.total_ms()), out)?;
    if plan.with_metrics {
        let client_id = properties.get("client.id").unwrap_or_default();
        write!(
            out,
            "{}",
            measures::table(metrics::of(&consumer.metrics(), client_id))
        )?;
    }
    if let Err(error) = consumer.close().await {
        // What was measured holds all the same.
        let words = Exception::of(&error).message;
        cluster::warn(format_args!("failed to close the consumer: {words}"));
    }
    Ok(())
}

/// Says what came of it, of which rebalances took the given time.
fn conclude(
    plan: &Plan,
    progress: &Progress,
    (start_ms, rebalance_ms): (i64, i64),
    out: &mut dyn Write,
) -> Result<()> {
    if progress.record_count < plan.record_count {
        writeln!(
            out,
            "WARNING: Exiting before consuming the expected number of records: timeout ({} ms) \
             exceeded. You can use the --timeout option to increase the timeout.",
            plan.timeout_ms
        )?;
    }
    let total = Total {
        start_ms,
        end_ms: surroundings::wall_ms(),
        rebalance_ms,
    };
    if !plan.is_detailed {
        writeln!(out, "{}", progress.total(&total, &plan.dates))?;
    }
    Ok(())
}

async fn topics(kafka: &Kafka, topics: &Topics) -> Result<Vec<String>> {
    match topics {
        Topics::Named(name) => Ok(vec![name.clone()]),
        Topics::Matching(pattern) => {
            let mut known = client::topics::known(kafka).await?;
            known.retain(|topic| !topic.is_internal && pattern.is_match(&topic.name));
            Ok(known.into_iter().map(|topic| topic.name).collect())
        }
    }
}

async fn read(
    plan: &Plan,
    consumer: &Consumer,
    rebalances: &Rebalances,
    progress: &mut Progress,
    out: &mut dyn Write,
) -> Result<()> {
    let mut now_ms = surroundings::wall_ms();
    let mut last_record_ms = now_ms;
    while progress.record_count < plan.record_count && now_ms - last_record_ms <= plan.timeout_ms {
        let records = consumer.poll(POLL).await?;
        now_ms = surroundings::wall_ms();
        if !records.is_empty() {
            last_record_ms = now_ms;
        }
        for record in &records {
            progress.add(size_bytes(record));
            if now_ms - progress.report_ms() < plan.reporting_interval_ms {
                continue;
            }
            let rebalance_ms = rebalances.take_since_report_ms();
            let line = progress.report(now_ms, rebalance_ms, &plan.dates);
            if plan.is_detailed {
                writeln!(out, "{line}")?;
                out.flush()?;
            }
        }
    }
    Ok(())
}

fn size_bytes(record: &ConsumerRecord) -> usize {
    let parts = [record.key.as_ref(), record.value.as_ref()];
    parts.into_iter().flatten().map(|part| part.len()).sum()
}

/// A complaint about a value.
fn illegal(message: impl Into<String>) -> anyhow::Error {
    Exception::illegal_argument(message).into()
}
