//! What the tools that talk to a cluster have in common: the files and pairs that their clients are
//! configured with, the connection, and how a failure is told.
//!
//! Not the job of this module: the arguments of a single tool.

pub(crate) mod direct;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use broker::config::{parse_properties, resolve};
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

/// Properties of a file, if one was named, and then those that were given as `name=value`; with the
/// values that stand elsewhere (`config.providers`).
///
/// # Errors
/// When the file cannot be read, a pair is none, or a value cannot be found where it stands.
pub(crate) fn properties<'a>(
    path: Option<&str>,
    pairs: impl Iterator<Item = &'a str>,
) -> Result<Properties> {
    let mut values = match path {
        Some(path) => file(path)?,
        None => BTreeMap::new(),
    };
    for pair in pairs {
        let Some((name, value)) = pair.split_once('=') else {
            bail!("Invalid command line properties: {pair}");
        };
        values.insert(name.to_owned(), value.to_owned());
    }
    with_values_of_providers(values)
}

/// Asks the providers that properties name for the values of their variables.
fn with_values_of_providers(mut values: BTreeMap<String, String>) -> Result<Properties> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    resolve(&mut values, &environment.collect::<Vec<_>>())?;
    // They are for this only, and no client reads them.
    values.retain(|name, _| !name.starts_with("config.providers"));
    let mut properties = Properties::new();
    properties.extend(values);
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

/// Connects.
///
/// # Errors
/// When a property has a value that it does not take, or nobody of `bootstrap_servers` answers.
pub(crate) async fn connect(bootstrap_servers: &str, properties: &Properties) -> Result<Kafka> {
    let builder = connection::builder(bootstrap_servers, properties)?;
    Ok(connection::connect(builder).await?)
}

/// What an admin tool asks first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstCall {
    /// As Kafka's admin client names the request.
    pub(crate) name: &'static str,
    /// How long a broker is waited for, if the tool has an option for that.
    pub(crate) timeout: Option<Duration>,
}

impl FirstCall {
    /// The call of this name; the properties say how long a broker is waited for.
    pub(crate) const fn named(name: &'static str) -> Self {
        Self {
            name,
            timeout: None,
        }
    }
}

/// Nobody has answered as long as an admin tool waits for that.
#[derive(Debug)]
struct Unanswered(&'static str);

impl fmt::Display for Unanswered {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = "Timed out waiting for a node assignment.";
        write!(formatter, "{what} Call: {}", self.0)
    }
}

impl std::error::Error for Unanswered {}

/// Connects as Kafka's admin client does: as long as nobody answers it complains and tries again,
/// until the time of the call is over. All properties that admin clients have are read then, and
/// it is said of the others that nobody knows them.
///
/// # Errors
/// As [`connect`]; nobody's answer only when the time is over.
pub(crate) async fn admin(
    bootstrap_servers: &str,
    properties: &Properties,
    first: FirstCall,
) -> Result<(Kafka, AdminClient)> {
    let timeout = api_timeout(properties)?;
    let deadline = Instant::now() + first.timeout.unwrap_or(timeout);
    let connected = connect_until(bootstrap_servers, properties, Some(deadline)).await;
    let kafka = connected.map_err(|error| match is_passing(&error) {
        true => Unanswered(first.name).into(),
        false => error,
    })?;
    read_admin_properties(properties);
    let mut admin = kafka.admin().default_api_timeout(timeout);
    if let Some(backoff) = properties.milliseconds("retry.backoff.ms")? {
        admin = admin.retry_backoff(backoff);
    }
    warn_of_unknown(properties);
    Ok((kafka, admin))
}

/// Takes what admin clients have besides. krafka tries again until the time of the call is over,
/// with a longest pause of its own.
fn read_admin_properties(properties: &Properties) {
    for name in [
        "retries",
        "retry.backoff.ms",
        "retry.backoff.max.ms",
        "enable.metrics.push",
    ] {
        properties.get(name);
    }
}

/// Kafka's default of `default.api.timeout.ms`.
const API_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a call of an admin client may take. Like Kafka's, it is never shorter than a request.
///
/// # Errors
/// When a property has a value that it does not take, or says that it is shorter.
pub(crate) fn api_timeout(properties: &Properties) -> Result<Duration> {
    let request = properties.milliseconds("request.timeout.ms")?;
    let request = request.unwrap_or(connection::REQUEST_TIMEOUT);
    match properties.milliseconds("default.api.timeout.ms")? {
        None => Ok(API_TIMEOUT.max(request)),
        Some(timeout) if timeout < request => Err(PropertyError::Invalid {
            name: "default.api.timeout.ms",
            value: timeout.as_millis().to_string(),
            reason: "Value must be no smaller than that of request.timeout.ms".to_owned(),
        }
        .into()),
        Some(timeout) => Ok(timeout),
    }
}

/// Connects as Kafka's producer and consumer do: as long as nobody answers they complain and try
/// again, until `deadline`.
///
/// # Errors
/// As [`connect`]; nobody's answer only at the deadline.
pub(crate) async fn connect_until(
    bootstrap_servers: &str,
    properties: &Properties,
    deadline: Option<Instant>,
) -> Result<Kafka> {
    let mut pause = RECONNECT_PAUSE;
    loop {
        let error = match attempt(bootstrap_servers, properties, deadline).await {
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

/// Connects before the deadline.
async fn attempt(
    bootstrap_servers: &str,
    properties: &Properties,
    deadline: Option<Instant>,
) -> Result<Kafka> {
    let connecting = connect(bootstrap_servers, properties);
    let Some(deadline) = deadline else {
        return connecting.await;
    };
    let connected = tokio::time::timeout_at(deadline, connecting).await;
    connected.unwrap_or_else(|_| {
        let what = format!("connect to {bootstrap_servers}");
        Err(KrafkaError::timeout(what).into())
    })
}

/// As Kafka's clients wait before they try to connect again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);
const RECONNECT_PAUSE_MAX: Duration = Duration::from_secs(1);

/// Whether a failure goes away by itself, perhaps: nobody answers, or not yet.
pub(crate) fn is_passing(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<KrafkaError>();
    error.is_some_and(KrafkaError::is_retriable)
}

/// How a tool ends that says on standard error what has failed, in the words of `tell`. What
/// cannot be read or written is told where all commands end.
///
/// # Errors
/// When something could not be read or written.
pub(crate) fn ended(
    outcome: Result<()>,
    tell: impl FnOnce(&anyhow::Error) -> String,
) -> Result<ExitCode> {
    match outcome {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.is::<io::Error>() => Err(error),
        Err(error) => {
            let _ = writeln!(io::stderr(), "{}", tell(&error));
            Ok(ExitCode::FAILURE)
        }
    }
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
    let unanswered = error.downcast_ref::<Unanswered>().map(|error| Exception {
        class: "TimeoutException",
        message: error.to_string(),
    });
    let exception = unanswered.or_else(|| error.downcast_ref::<Exception>().cloned());
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
