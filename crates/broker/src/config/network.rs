//! Sockets, requests, fetches and metrics.

use std::collections::BTreeMap;

use super::endpoint::{HostPort, is_host};
use super::error::ConfigError;
use super::settings::Settings;

/// Sockets, requests and fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkConfig {
    /// `socket.send.buffer.bytes`; `None` leaves it to the system.
    pub send_buffer_bytes: Option<u32>,
    /// `socket.receive.buffer.bytes`; `None` leaves it to the system, also where nobody has set it:
    /// Kafka's default keeps the system from widening the buffer for a fast producer.
    pub receive_buffer_bytes: Option<u32>,
    /// `socket.request.max.bytes`.
    pub request_bytes_max: u32,
    /// `socket.listen.backlog.size`.
    pub listen_backlog: u32,
    /// `max.connections`.
    pub connections_max: u32,
    /// `max.connections.per.ip`.
    pub connections_per_ip_max: u32,
    /// `max.connections.per.ip.overrides`, by host.
    pub connections_per_ip_overrides: BTreeMap<String, u32>,
    /// `max.connection.creation.rate`, connections a second.
    pub connection_creation_rate_max: u32,
    /// The same two of single listeners, by their names in capitals; what is not said for one is as
    /// for all.
    pub by_listener: BTreeMap<String, ListenerAllowance>,
    /// `connections.max.idle.ms`; `None` closes none.
    pub connection_idle_ms_max: Option<u64>,
    /// `connection.failed.authentication.delay.ms`.
    pub failed_authentication_delay_ms: u64,
    /// `queued.max.requests`.
    pub queued_requests_max: u32,
    /// `queued.max.request.bytes`; `None` is no limit.
    pub queued_request_bytes_max: Option<u64>,
    /// `socket.connection.setup.timeout.ms`.
    pub connect_timeout_ms: u64,
    /// `socket.connection.setup.timeout.max.ms`.
    pub connect_timeout_ms_max: u64,
    /// `request.timeout.ms`.
    pub request_timeout_ms: u64,
    /// `max.request.partition.size.limit`.
    pub partitions_per_request_max: u32,
    /// `fetch.max.bytes`.
    pub fetch_bytes_max: u32,
    /// `max.incremental.fetch.session.cache.slots`.
    pub fetch_sessions_max: u32,
}

/// What is said of connections of one listener.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListenerAllowance {
    /// `listener.name.<name>.max.connections`.
    pub connections_max: Option<u32>,
    /// `listener.name.<name>.max.connection.creation.rate`, connections a second.
    pub connection_creation_rate_max: Option<u32>,
}

/// What is measured, and where it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsConfig {
    /// `klamm.metrics.listener`; `None` serves no metrics.
    pub listener: Option<HostPort>,
    /// `metrics.num.samples`.
    pub sample_count: u32,
    /// `metrics.sample.window.ms`.
    pub sample_window_ms: u64,
}

const CONNECTIONS: &str = "max.connections";
const CREATION_RATE: &str = "max.connection.creation.rate";
/// The keys of which single listeners may have their own.
pub(super) const OF_LISTENERS: [&str; 2] = [CONNECTIONS, CREATION_RATE];
const OVERRIDES: &str = "max.connections.per.ip.overrides";

const RECEIVE_BUFFER: &str = "socket.receive.buffer.bytes";

impl NetworkConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let queued_bytes: i64 = settings.number("queued.max.request.bytes")?;
        let config = Self {
            send_buffer_bytes: settings.limit("socket.send.buffer.bytes")?,
            receive_buffer_bytes: receive_buffer_bytes(settings)?,
            request_bytes_max: settings.number("socket.request.max.bytes")?,
            listen_backlog: settings.number("socket.listen.backlog.size")?,
            connections_max: settings.number(CONNECTIONS)?,
            connections_per_ip_max: settings.number("max.connections.per.ip")?,
            connections_per_ip_overrides: parse_overrides(settings)?,
            connection_creation_rate_max: settings.number(CREATION_RATE)?,
            by_listener: of_listeners(settings)?,
            connection_idle_ms_max: settings.limit("connections.max.idle.ms")?,
            failed_authentication_delay_ms: settings
                .number("connection.failed.authentication.delay.ms")?,
            queued_requests_max: settings.number("queued.max.requests")?,
            queued_request_bytes_max: u64::try_from(queued_bytes).ok().filter(|bytes| *bytes > 0),
            connect_timeout_ms: settings.number("socket.connection.setup.timeout.ms")?,
            connect_timeout_ms_max: settings.number("socket.connection.setup.timeout.max.ms")?,
            request_timeout_ms: settings.number("request.timeout.ms")?,
            partitions_per_request_max: settings.number("max.request.partition.size.limit")?,
            fetch_bytes_max: settings.number("fetch.max.bytes")?,
            fetch_sessions_max: settings.number("max.incremental.fetch.session.cache.slots")?,
        };
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let conflict = |text: String| Err(ConfigError::requirement(&text));
        let request_bytes_max = u64::from(self.request_bytes_max);
        let queued = self.queued_request_bytes_max;
        if queued.is_some_and(|bytes| bytes < request_bytes_max) {
            let text = "queued.max.request.bytes must be larger or equal to \
                        socket.request.max.bytes";
            return conflict(text.to_owned());
        }
        if self.connections_per_ip_max == 0 && self.connections_per_ip_overrides.is_empty() {
            return conflict(format!(
                "max.connections.per.ip can be set to zero only if {OVERRIDES} property is set."
            ));
        }
        let delay_ms = self.failed_authentication_delay_ms;
        match self.connection_idle_ms_max {
            Some(idle_ms) if delay_ms >= idle_ms => conflict(format!(
                "connection.failed.authentication.delay.ms={delay_ms} should always be less than \
                 connections.max.idle.ms={idle_ms} to prevent failed authentication responses \
                 from timing out"
            )),
            _ => Ok(()),
        }
    }
}

impl MetricsConfig {
    pub(super) fn new(settings: &Settings) -> Result<Self, ConfigError> {
        let listener = settings.text("klamm.metrics.listener")?;
        Ok(Self {
            listener: listener.as_deref().and_then(HostPort::parse),
            sample_count: settings.number("metrics.num.samples")?,
            sample_window_ms: settings.number("metrics.sample.window.ms")?,
        })
    }
}

fn of_listeners(settings: &Settings) -> Result<BTreeMap<String, ListenerAllowance>, ConfigError> {
    let mut by_listener = BTreeMap::<String, ListenerAllowance>::new();
    for key in OF_LISTENERS {
        for (listener, count_max) in settings.numbers_of_listeners(key)? {
            let allowance = by_listener.entry(listener.to_uppercase()).or_default();
            match key {
                CONNECTIONS => allowance.connections_max = Some(count_max),
                _ => allowance.connection_creation_rate_max = Some(count_max),
            }
        }
    }
    Ok(by_listener)
}

fn parse_overrides(settings: &Settings) -> Result<BTreeMap<String, u32>, ConfigError> {
    let text = settings.text(OVERRIDES)?.unwrap_or_default();
    let mut overrides = BTreeMap::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let pair = part.rsplit_once(':').and_then(|(host, count)| {
            let count = count.trim().parse().ok()?;
            Some((host.trim(), count))
        });
        match pair {
            Some((host, count)) if is_host(host) => overrides.insert(host.to_owned(), count),
            _ => {
                let reason = "each part must be of the form {address}:{count}";
                return Err(ConfigError::value(OVERRIDES, &text, reason));
            }
        };
    }
    Ok(overrides)
}

fn receive_buffer_bytes(settings: &Settings) -> Result<Option<u32>, ConfigError> {
    match settings.given(RECEIVE_BUFFER) {
        Some(_) => settings.limit(RECEIVE_BUFFER),
        None => Ok(None),
    }
}
