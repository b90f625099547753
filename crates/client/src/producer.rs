//! A producer, from the properties of Kafka's producer.
//!
//! Not the job of this module: the connection, and which records are sent.

use std::time::Duration;

use krafka::producer::{Acks, ProducerBuilder, RoundRobinPartitioner};
use krafka::{Compression, Kafka};

use crate::properties::{Properties, PropertyError, invalid};

/// Kafka's own.
const BATCH_SIZE_BYTES: usize = 16384;

/// Kafka's default of `max.block.ms`.
pub const BLOCK_MAX: Duration = Duration::from_secs(60);

/// Properties of Kafka's producer whose effect krafka has built in, or that have none here.
const WITHOUT_MEANING: [&str; 8] = [
    "max.in.flight.requests.per.connection",
    "metadata.max.idle.ms",
    "partitioner.adaptive.partitioning.enable",
    "partitioner.availability.timeout.ms",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "retries",
    "retry.backoff.max.ms",
];

/// A producer's settings. Whether it is transactional is for the caller to ask of
/// `transactional.id`.
///
/// # Errors
/// When a property has a value that it does not take.
pub fn builder(kafka: &Kafka, properties: &Properties) -> Result<ProducerBuilder, PropertyError> {
    for name in WITHOUT_MEANING {
        properties.get(name);
    }
    let mut builder = kafka.producer();
    let acks = acks(properties)?;
    if let Some(acks) = acks {
        builder = builder.acks(acks);
    }
    // As in Kafka: idempotence is on unless it is switched off, or the acks rule it out.
    let is_idempotent = properties.boolean("enable.idempotence")?;
    let is_ruled_out = acks.is_some_and(|acks| acks != Acks::All);
    builder = builder.idempotent(is_idempotent.unwrap_or(!is_ruled_out));
    builder = compressed(builder, properties)?;
    builder = sized(builder, properties)?;
    if let Some(bytes) = properties.number("buffer.memory")? {
        builder = builder.buffer_memory(bytes);
    }
    if let Some(time) = properties.milliseconds("max.block.ms")? {
        builder = builder.max_block(time);
    }
    if let Some(time) = properties.milliseconds("retry.backoff.ms")? {
        builder = builder.retry_backoff(time);
    }
    if let Some(time) = properties.milliseconds("transaction.timeout.ms")? {
        builder = builder.transaction_timeout(time);
    }
    if let Some(is_pushed) = properties.boolean("enable.metrics.push")? {
        builder = builder.metrics_push(is_pushed);
    }
    if let Some(rack) = properties.get("client.rack") {
        builder = builder.client_rack(rack);
    }
    partitioned(timed(builder, properties)?, properties)
}

fn acks(properties: &Properties) -> Result<Option<Acks>, PropertyError> {
    let name = "acks";
    match properties.get(name) {
        None => Ok(None),
        Some("0") => Ok(Some(Acks::None)),
        Some("1") => Ok(Some(Acks::Leader)),
        Some("-1" | "all") => Ok(Some(Acks::All)),
        Some(value) => Err(invalid(name, value, "String must be one of: all, -1, 0, 1")),
    }
}

fn sized(
    mut builder: ProducerBuilder,
    properties: &Properties,
) -> Result<ProducerBuilder, PropertyError> {
    let request_bytes_max: Option<usize> = properties.number("max.request.size")?;
    if let Some(bytes) = request_bytes_max {
        builder = builder.max_request_size(bytes);
    }
    // Kafka takes a batch size that no request could hold: no batch gets that large.
    let batch_bytes = properties.number("batch.size")?.unwrap_or(BATCH_SIZE_BYTES);
    let batch_bytes = request_bytes_max.map_or(batch_bytes, |bytes| bytes.min(batch_bytes));
    Ok(builder.batch_size(batch_bytes))
}

fn compressed(
    builder: ProducerBuilder,
    properties: &Properties,
) -> Result<ProducerBuilder, PropertyError> {
    let name = "compression.type";
    let (codec, level) = match properties.get(name).unwrap_or("none") {
        "none" => (Compression::None, None),
        "gzip" => (
            Compression::Gzip,
            properties.number("compression.gzip.level")?,
        ),
        "snappy" => (Compression::Snappy, None),
        "lz4" => (Compression::Lz4, None),
        "zstd" => (
            Compression::Zstd,
            properties.number("compression.zstd.level")?,
        ),
        value => {
            let reason = "it is one of none, gzip, snappy, lz4, zstd";
            return Err(invalid(name, value, reason));
        }
    };
    Ok(builder.compression(codec).compression_level(level))
}

/// The three times that belong together: as in Kafka, a delivery timeout that nobody gave is long
/// enough for the other two.
fn timed(
    builder: ProducerBuilder,
    properties: &Properties,
) -> Result<ProducerBuilder, PropertyError> {
    let linger = properties.milliseconds("linger.ms")?;
    let linger = linger.unwrap_or(Duration::from_millis(5));
    let request = properties.milliseconds("request.timeout.ms")?;
    let request = request.unwrap_or(Duration::from_secs(30));
    let delivery = properties.milliseconds("delivery.timeout.ms")?;
    let delivery = delivery.unwrap_or_else(|| Duration::from_secs(120).max(linger + request));
    Ok(builder.linger(linger).delivery_timeout(delivery))
}

fn partitioned(
    builder: ProducerBuilder,
    properties: &Properties,
) -> Result<ProducerBuilder, PropertyError> {
    let name = "partitioner.class";
    let is_keyless = properties.boolean("partitioner.ignore.keys")? == Some(true);
    match properties.get(name) {
        None if is_keyless => Err(PropertyError::Unsupported {
            name: "partitioner.ignore.keys",
            reason: "leave the keys out, or choose the round-robin partitioner".to_owned(),
        }),
        None | Some("") => Ok(builder),
        Some(class) if class.ends_with("RoundRobinPartitioner") => {
            Ok(builder.partitioner(RoundRobinPartitioner::new()))
        }
        Some(class) => Err(PropertyError::Unsupported {
            name,
            reason: format!("a class of Java cannot be loaded here: {class}"),
        }),
    }
}
