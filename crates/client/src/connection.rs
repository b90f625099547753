//! The connection to a cluster, from the properties that all of Kafka's clients have.
//!
//! Not the job of this module: properties of producers and consumers alone.

use std::time::Duration;

use krafka::admin::ListTopicsOptions;
use krafka::{Kafka, KafkaBuilder, KrafkaError};

use crate::properties::{Properties, PropertyError, invalid};
use crate::security;
use crate::topics::known_metadata;

/// Properties of Kafka's clients that name classes of Java or tune what does not exist here. They
/// are taken, and nothing follows from them.
const WITHOUT_MEANING: [&str; 13] = [
    "auto.include.jmx.reporter",
    "client.dns.lookup",
    "confluent.monitoring.interceptor.bootstrap.servers",
    "key.deserializer",
    "key.serializer",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "security.providers",
    "socket.connection.setup.timeout.max.ms",
    "value.deserializer",
    "value.serializer",
];

/// Kafka's default of `request.timeout.ms`.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Kafka's default of `socket.connection.setup.timeout.ms`.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How to reach the cluster: `bootstrap_servers` is the comma-separated list of Kafka's tools, and
/// takes the place of the property `bootstrap.servers`.
///
/// # Errors
/// When a property has a value that it does not take.
pub fn builder(
    bootstrap_servers: &str,
    properties: &Properties,
) -> Result<KafkaBuilder, PropertyError> {
    properties.get("bootstrap.servers");
    check_servers(bootstrap_servers)?;
    for name in WITHOUT_MEANING {
        properties.get(name);
    }
    let mut builder = Kafka::builder(bootstrap_servers).security(security::of(properties)?);
    if let Some(id) = properties.get("client.id") {
        builder = builder.client_id(id);
    }
    let request = properties.milliseconds("request.timeout.ms")?;
    let request = request.unwrap_or(REQUEST_TIMEOUT);
    let connect = properties.milliseconds("socket.connection.setup.timeout.ms")?;
    let connect = connect.unwrap_or(CONNECT_TIMEOUT);
    // krafka refuses to wait longer for a connection than for an answer on it.
    builder = builder.request_timeout(request);
    builder = builder.connect_timeout(connect.min(request));
    if let Some(is_allowed) = properties.boolean("allow.auto.create.topics")? {
        builder = builder.allow_auto_create_topics(is_allowed);
    }
    if let Some(age) = properties.milliseconds("metadata.max.age.ms")? {
        builder = builder.metadata_max_age(age);
    }
    if let Some(idle) = properties.number::<i64>("connections.max.idle.ms")? {
        let idle = u64::try_from(idle).ok().map(Duration::from_millis);
        builder = builder.connections_max_idle(idle);
    }
    if let Some(bytes) = buffer_bytes(properties, "send.buffer.bytes")? {
        builder = builder.socket_send_buffer(bytes);
    }
    if let Some(bytes) = buffer_bytes(properties, "receive.buffer.bytes")? {
        builder = builder.socket_receive_buffer(bytes);
    }
    Ok(builder)
}

/// Refuses what would never lead to a broker, however often it is tried.
fn check_servers(servers: &str) -> Result<(), PropertyError> {
    let parts = servers.split(',').map(str::trim);
    for server in parts.filter(|server| !server.is_empty()) {
        let (host, port) = server.rsplit_once(':').unwrap_or_default();
        let is_bare_ipv6 = host.contains(':') && !host.ends_with(']');
        if host.is_empty() || is_bare_ipv6 || port.parse::<u16>().is_err() {
            return Err(invalid(
                "bootstrap.servers",
                server,
                "Value must be HOST:PORT, an IPv6 address in brackets",
            ));
        }
    }
    Ok(())
}

/// Connects, and waits until the metadata names a broker: a node that has just started answers
/// without any. krafka asks for a producer id of those brokers only that it knew at first, and asks
/// an empty list again and again until the delivery timeout is over.
///
/// # Errors
/// When nobody answers, or no broker is named in time.
pub async fn connect(builder: KafkaBuilder) -> Result<Kafka, KrafkaError> {
    let kafka = builder.connect().await?;
    for _ in 0..BROKER_ATTEMPTS_MAX {
        if !known_metadata(&kafka).await?.brokers.is_empty() {
            return Ok(kafka);
        }
        tokio::time::sleep(BROKER_PAUSE).await;
        // The list of topics is asked for with all other metadata.
        let admin = kafka.admin();
        admin.list_topics(ListTopicsOptions::default()).await?;
    }
    Err(KrafkaError::timeout("connect: the cluster names no broker"))
}

/// How often the metadata is looked at for a broker. krafka makes each request for metadata wait as
/// well, so that these are some ten seconds in all.
const BROKER_ATTEMPTS_MAX: usize = 100;
const BROKER_PAUSE: Duration = Duration::from_millis(50);

/// The size of a socket's buffer; inside, none leaves it to the system, as -1 does in Kafka.
fn buffer_bytes(
    properties: &Properties,
    name: &'static str,
) -> Result<Option<Option<usize>>, PropertyError> {
    let Some(bytes) = properties.number::<i64>(name)? else {
        return Ok(None);
    };
    match bytes {
        -1 => Ok(Some(None)),
        bytes => match usize::try_from(bytes) {
            Ok(bytes) => Ok(Some(Some(bytes))),
            Err(_) => Err(invalid(
                name,
                &bytes.to_string(),
                "Value must be at least -1",
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_cannot_be_one_is_refused_before_it_is_tried() {
        for good in ["a:1", " a:9092 , [::1]:9092", "127.0.0.1:65535,", ""] {
            assert!(check_servers(good).is_ok(), "{good}");
        }
        for bad in ["a", "a:", ":1", "a:65536", "a:-1", "::1", "a:1,b", "a:x"] {
            assert!(check_servers(bad).is_err(), "{bad}");
        }
    }
}
