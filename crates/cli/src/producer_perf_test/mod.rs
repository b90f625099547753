//! `klamm producer-perf-test`, which is Kafka's `kafka-producer-perf-test`: sends records as fast
//! as they go, or as was asked for, and tells how fast that was.
//!
//! Departures from Kafka's tool: `--print-metrics` prints what this client measures; without a
//! broker it fails after the time of one record; the first millisecond is held back too.

mod metrics;
mod options;
mod payloads;
mod stats;
mod throttle;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, anyhow};
use client::exception::Exception;
use client::krafka::interceptor::{InterceptorResult, ProducerInterceptor, RecordContext};
use client::krafka::producer::{Producer, RecordMetadata, TransactionalProducer};
use client::krafka::{Kafka, KrafkaError, Record};
use client::{Properties, producer};

use tokio::time::Instant;

use crate::arguments::argparse::Parsed;
use crate::commands::Call;
use crate::{cluster, measures, surroundings};

use options::{Plan, TOOL};
use stats::Stats;
use throttle::Throttle;

/// What the tool calls itself unless a property says otherwise.
const CLIENT_ID: &str = "perf-producer-client";

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong, or there is no producer.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let values = match TOOL.parse(&call.program, &call.arguments) {
        Ok(Parsed::Run { values, .. }) => values,
        Ok(Parsed::Help(text)) => {
            // Kafka's tool takes being asked for help for a failure.
            write!(out, "{text}")?;
            return Ok(ExitCode::FAILURE);
        }
        Err(_) if call.arguments.is_empty() => {
            if let Parsed::Help(text) = TOOL.parse(&call.program, &["--help".to_owned()])? {
                write!(out, "{text}")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        Err(error) => return Err(error.into()),
    };
    let refuse = |message: String| anyhow!(TOOL.refusal(&call.program, &message));
    let plan = Plan::of(&values).map_err(refuse)?;
    let (mut properties, payloads) = options::prepare(&values, &plan, out)?;
    let outcome = cluster::run_beside(produce(plan, &mut properties, payloads, out));
    cluster::ended(outcome, cluster::exception_of)
}

/// A producer, with transactions or without.
enum Sender {
    Plain(Box<Producer>),
    Transactional(Box<TransactionalProducer>),
}

/// What the records that have arrived add up to.
struct Totals {
    all: Stats,
    /// Behind the warmup; none before it is over, or if there is none.
    steady: Option<Stats>,
}

/// Counts a record when it has arrived.
struct Arrivals(Arc<Mutex<Totals>>);

/// When a record was sent, and how long it is.
struct Sent {
    at_ms: i64,
    size_bytes: usize,
    /// Whether the warmup was over.
    is_steady: bool,
}

impl std::fmt::Debug for Arrivals {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Arrivals")
    }
}

impl ProducerInterceptor for Arrivals {
    fn on_send(&self, record: &mut Record, context: &mut RecordContext) -> InterceptorResult {
        context.insert(Sent {
            at_ms: record.timestamp.unwrap_or_else(surroundings::wall_ms),
            size_bytes: record.value.as_ref().map_or(0, |value| value.len()),
            is_steady: lock(&self.0).steady.is_some(),
        });
        Ok(())
    }

    fn on_acknowledgement(
        &self,
        _topic: &str,
        _partition: i32,
        result: Result<&RecordMetadata, &KrafkaError>,
        _headers: &client::krafka::Headers,
        context: &mut RecordContext,
    ) -> InterceptorResult {
        let Some(sent) = context.take::<Sent>() else {
            return Ok(());
        };
        if let Err(error) = result {
            let _ = writeln!(io::stderr(), "{}", Exception::of(error).with_class());
            return Ok(());
        }
        let now_ms = surroundings::wall_ms();
        let mut lines = String::new();
        let mut totals = lock(&self.0);
        totals
            .all
            .record(sent.at_ms, sent.size_bytes, now_ms, &mut lines);
        if let Some(steady) = totals.steady.as_mut().filter(|_| sent.is_steady) {
            steady.record(sent.at_ms, sent.size_bytes, now_ms, &mut lines);
        }
        drop(totals);
        if !lines.is_empty() {
            let mut out = io::stdout();
            let _ = out.write_all(lines.as_bytes()).and_then(|()| out.flush());
        }
        Ok(())
    }
}

async fn produce(
    plan: Plan,
    properties: &mut Properties,
    mut payloads: payloads::Payloads,
    out: &mut dyn Write,
) -> Result<()> {
    let servers = properties
        .get("bootstrap.servers")
        .unwrap_or_default()
        .to_owned();
    properties.set_default("client.id", CLIENT_ID);
    let kafka = connect(&plan, &servers, properties).await?;
    let all = Stats::new(
        plan.record_count,
        plan.reporting_interval_ms,
        false,
        surroundings::wall_ms(),
    );
    let totals = Arc::new(Mutex::new(Totals { all, steady: None }));
    let builder = producer::builder(&kafka, properties)?;
    let builder = builder.interceptor(Arrivals(Arc::clone(&totals)));
    let transactional_id = properties.get("transactional.id");
    let sender = match transactional_id {
        None => Sender::Plain(Box::new(builder.build().await?)),
        Some(id) => Sender::Transactional(Box::new(builder.build_transactional(id).await?)),
    };
    cluster::warn_of_unknown(properties);
    if plan.warmup_count > 0 {
        writeln!(
            out,
            "Warmup first {} records. Steady state results will print after the complete test \
             summary.",
            plan.warmup_count
        )?;
        out.flush()?;
    }
    let start_ms = surroundings::wall_ms();
    lock(&totals).all = Stats::new(
        plan.record_count,
        plan.reporting_interval_ms,
        false,
        start_ms,
    );
    send_all(&plan, &sender, &mut payloads, &totals).await?;
    if plan.with_metrics {
        sender.flush().await?;
        print_totals(&totals, out)?;
        let client_id = properties.get("client.id").unwrap_or(CLIENT_ID);
        write!(
            out,
            "{}",
            measures::table(metrics::of(&sender.metrics(), client_id))
        )?;
        sender.close().await?;
    } else {
        sender.close().await?;
        print_totals(&totals, out)?;
    }
    Ok(())
}

/// Waits for a broker as long as one record would. Kafka's tool goes on to the next record then,
/// and ends as if all had gone well.
async fn connect(plan: &Plan, servers: &str, properties: &Properties) -> Result<Kafka> {
    let block_max = properties.milliseconds("max.block.ms")?;
    let block_max = block_max.unwrap_or(producer::BLOCK_MAX);
    let deadline = Some(Instant::now() + block_max);
    let connected = cluster::connect_until(servers, properties, deadline).await;
    connected.map_err(|error| match cluster::is_passing(&error) {
        true => Exception::no_metadata(&plan.topic, block_max).into(),
        false => error,
    })
}

async fn send_all(
    plan: &Plan,
    sender: &Sender,
    payloads: &mut payloads::Payloads,
    totals: &Mutex<Totals>,
) -> Result<()> {
    let mut throttle = Throttle::new(plan.throughput, surroundings::wall_ms());
    let mut transaction_start_ms = None;
    for index in 0..plan.record_count {
        if let (Sender::Transactional(producer), None) = (sender, transaction_start_ms) {
            producer.begin()?;
            transaction_start_ms = Some(surroundings::wall_ms());
        }
        let now_ms = surroundings::wall_ms();
        if plan.warmup_count > 0 && index == plan.warmup_count {
            let steady_count = plan.record_count - plan.warmup_count;
            let mut totals = lock(totals);
            let interval_ms = plan.reporting_interval_ms;
            totals.steady = Some(Stats::new(steady_count, interval_ms, true, now_ms));
            totals.all.suppress_reports();
        }
        let record = Record::new(plan.topic.as_str(), payloads.next(index)).timestamp(now_ms);
        // Only queued: it is counted when it has arrived, and what fails is told there too.
        match sender {
            Sender::Plain(producer) => drop(producer.enqueue(record).await),
            Sender::Transactional(producer) => drop(producer.enqueue(record).await),
        }
        if let (Sender::Transactional(producer), Some(start_ms)) = (sender, transaction_start_ms)
            && now_ms - start_ms >= plan.transaction_ms
        {
            producer.commit().await?;
            transaction_start_ms = None;
        }
        throttle.pass(index, now_ms).await;
    }
    if let (Sender::Transactional(producer), Some(_)) = (sender, transaction_start_ms) {
        producer.commit().await?;
    }
    Ok(())
}

fn print_totals(totals: &Mutex<Totals>, out: &mut dyn Write) -> Result<()> {
    let mut totals = lock(totals);
    let now_ms = surroundings::wall_ms();
    write!(out, "{}", totals.all.total(now_ms))?;
    if let Some(steady) = totals.steady.as_mut() {
        write!(out, "{}", steady.total(now_ms))?;
    }
    Ok(())
}

/// Whoever panicked while holding it has left it whole: each record is added in one go.
fn lock(totals: &Mutex<Totals>) -> std::sync::MutexGuard<'_, Totals> {
    totals.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sender {
    async fn flush(&self) -> Result<(), KrafkaError> {
        match self {
            Self::Plain(producer) => producer.flush().await,
            Self::Transactional(producer) => producer.flush().await,
        }
    }

    async fn close(&self) -> Result<(), KrafkaError> {
        match self {
            Self::Plain(producer) => producer.close().await,
            Self::Transactional(producer) => producer.close().await,
        }
    }

    fn metrics(&self) -> client::krafka::metrics::Metrics {
        match self {
            Self::Plain(producer) => producer.metrics(),
            Self::Transactional(producer) => producer.metrics(),
        }
    }
}
