//! The connection to a cluster, from the properties that all of Kafka's clients have.
//!
//! Not the job of this module: properties of producers and consumers alone.

use krafka::{Kafka, KafkaBuilder};

use crate::properties::{Properties, PropertyError, invalid};
use crate::security;

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
    for name in WITHOUT_MEANING {
        properties.get(name);
    }
    let mut builder = Kafka::builder(bootstrap_servers).security(security::of(properties)?);
    if let Some(id) = properties.get("client.id") {
        builder = builder.client_id(id);
    }
    if let Some(timeout) = properties.milliseconds("request.timeout.ms")? {
        builder = builder.request_timeout(timeout);
    }
    if let Some(timeout) = properties.milliseconds("socket.connection.setup.timeout.ms")? {
        builder = builder.connect_timeout(timeout);
    }
    if let Some(age) = properties.milliseconds("metadata.max.age.ms")? {
        builder = builder.metadata_max_age(age);
    }
    if let Some(idle) = properties.number::<i64>("connections.max.idle.ms")? {
        let idle = u64::try_from(idle)
            .ok()
            .map(std::time::Duration::from_millis);
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
