//! What the tools that talk to a cluster have in common: the files and pairs that their clients are
//! configured with, the connection, and how a failure is told.
//!
//! Not the job of this module: the arguments of a single tool.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use broker::config::parse_properties;
use client::exception::Exception;
use client::krafka::admin::AdminClient;
use client::krafka::{Kafka, KrafkaError};
use client::{Properties, PropertyError, connection};
use tokio::time::Instant;

/// Runs the work of a tool, network included, to its end on this thread.
pub(crate) fn run<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().context("start runtime")?;
    runtime.block_on(work)
}

/// Runs the work of a tool that waits for its input or its output: what the clients do meanwhile,
/// such as heartbeats, goes on beside it on a thread of its own.
pub(crate) fn run_beside<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build();
    runtime.context("start runtime")?.block_on(work)
}

/// Properties of a file, if one was named, and then those that were given as `name=value`.
///
/// # Errors
/// When the file cannot be read, or a pair is none.
pub(crate) fn properties<'a>(
    path: Option<&str>,
    pairs: impl Iterator<Item = &'a str>,
) -> Result<Properties> {
    let mut properties = Properties::new();
    if let Some(path) = path {
        properties.extend(file(path)?);
    }
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else {
            bail!("Invalid command line properties: {pair}");
        };
        properties.set(name, value);
    }
    Ok(properties)
}

/// What a properties file says.
///
/// # Errors
/// When it cannot be read, or is none.
pub(crate) fn file(path: &str) -> Result<BTreeMap<String, String>> {
    let bytes = std::fs::read(path).with_context(|| format!("read {path}"))?;
    parse_properties(&bytes).with_context(|| format!("read {path}"))
}

/// Connects. `client_id` is what the tool calls itself if the properties do not say.
///
/// # Errors
/// When a property has a value that it does not take, or nobody of `bootstrap_servers` answers.
pub(crate) async fn connect(
    bootstrap_servers: &str,
    properties: &mut Properties,
    client_id: &str,
) -> Result<Kafka> {
    properties.set_default("client.id", client_id);
    let builder = connection::builder(bootstrap_servers, properties)?;
    Ok(connection::connect(builder).await?)
}

/// The admin client over a connection, with the properties that admin clients have beyond it.
///
/// # Errors
/// When a property has a value that it does not take.
pub(crate) fn admin(kafka: &Kafka, properties: &Properties) -> Result<AdminClient> {
    // krafka tries again until the time of the call is over, with a longest pause of its own.
    for name in ["retries", "retry.backoff.max.ms", "enable.metrics.push"] {
        properties.get(name);
    }
    let mut admin = kafka.admin();
    if let Some(timeout) = properties.milliseconds("default.api.timeout.ms")? {
        admin = admin.default_api_timeout(timeout);
    }
    if let Some(backoff) = properties.milliseconds("retry.backoff.ms")? {
        admin = admin.retry_backoff(backoff);
    }
    Ok(admin)
}

/// Connects as Kafka's producer and consumer do: as long as nobody answers they complain and try
/// again, until `deadline`.
///
/// # Errors
/// As [`connect`]; nobody's answer only at the deadline.
pub(crate) async fn connect_until(
    bootstrap_servers: &str,
    properties: &mut Properties,
    deadline: Option<Instant>,
) -> Result<Kafka> {
    let mut pause = RECONNECT_PAUSE;
    loop {
        let client_id = properties.get("client.id").unwrap_or_default().to_owned();
        let error = match connect(bootstrap_servers, properties, &client_id).await {
            Ok(kafka) => return Ok(kafka),
            Err(error) => error,
        };
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) || !is_passing(&error) {
            return Err(error);
        }
        warn(format_args!("{}", words_of(&error)));
        tokio::time::sleep(left.map_or(pause, |left| pause.min(left))).await;
        pause = (pause * 2).min(RECONNECT_PAUSE_MAX);
    }
}

/// As Kafka's clients wait before they try to connect again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);
const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Whether a failure goes away by itself, perhaps: nobody answers, or not yet.
pub(crate) fn is_passing(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<KrafkaError>();
    error.is_some_and(KrafkaError::is_retriable)
}

/// A warning on standard error.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "WARN {message}");
}

/// An error on standard error, as Kafka's tools log one: what went wrong, then the exception.
pub(crate) fn log_error(message: &str, exception: &str) {
    let _ = writeln!(io::stderr(), "ERROR {message}\n{exception}");
}

/// Says which properties nothing has read: nobody knows them. Not their values: these may be
/// passwords.
pub(crate) fn warn_of_unknown(properties: &Properties) {
    for name in properties.unread() {
        warn(format_args!("unknown property {name}"));
    }
}

/// What Kafka's tools say of a failure: the words of the broker if it has refused, else the error.
pub(crate) fn words_of(error: &anyhow::Error) -> String {
    match known(error) {
        Some(exception) => exception.message,
        None => format!("{error:#}"),
    }
}

/// The exception that Kafka's tools would log for a failure: `class: message`.
pub(crate) fn exception_of(error: &anyhow::Error) -> String {
    match known(error) {
        Some(exception) => exception.with_class(),
        None => format!("{error:#}"),
    }
}

/// The exception of a failure that Kafka's tools know.
pub(crate) fn known(error: &anyhow::Error) -> Option<Exception> {
    let exception = error.downcast_ref::<Exception>().cloned();
    let refused = || match error.downcast_ref::<PropertyError>()? {
        invalid @ PropertyError::Invalid { .. } => Some(Exception {
            class: "org.apache.kafka.common.config.ConfigException",
            message: invalid.to_string(),
        }),
        PropertyError::Secret { .. } | PropertyError::Unsupported { .. } => None,
    };
    let exception = exception.or_else(refused);
    exception.or_else(|| error.downcast_ref::<KrafkaError>().map(Exception::of))
}
