//! A consumer, from the properties of Kafka's consumer.
//!
//! Not the job of this module: the connection, and what is done with the records.

use std::time::Duration;

use krafka::Kafka;
use krafka::consumer::{
    AutoOffsetReset, ConsumerBuilder, GroupProtocol, IsolationLevel, PartitionAssignmentStrategy,
};

use crate::properties::{Properties, PropertyError, invalid};

/// Properties of Kafka's consumer whose effect krafka has built in, or that have none here.
const WITHOUT_MEANING: [&str; 7] = [
    "check.crcs",
    "default.api.timeout.ms",
    "exclude.internal.topics",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "retry.backoff.max.ms",
    "retry.backoff.ms",
];

/// A consumer's settings; without `group.id` it belongs to no group and commits nothing.
///
/// # Errors
/// When a property has a value that it does not take.
pub fn builder(kafka: &Kafka, properties: &Properties) -> Result<ConsumerBuilder, PropertyError> {
    for name in WITHOUT_MEANING {
        properties.get(name);
    }
    let mut builder = match properties.get("group.id") {
        Some(group) => kafka.consumer(group),
        None => kafka.consumer_without_group(),
    };
    if let Some(reset) = offset_reset(properties)? {
        builder = builder.auto_offset_reset(reset);
    }
    if let Some(is_committed) = properties.boolean("enable.auto.commit")? {
        builder = builder.enable_auto_commit(is_committed);
    }
    if let Some(interval) = properties.milliseconds("auto.commit.interval.ms")? {
        builder = builder.auto_commit_interval(interval);
    }
    if let Some(level) = isolation(properties)? {
        builder = builder.isolation_level(level);
    }
    if let Some(is_pushed) = properties.boolean("enable.metrics.push")? {
        builder = builder.metrics_push(is_pushed);
    }
    if let Some(rack) = properties.get("client.rack") {
        builder = builder.client_rack(rack);
    }
    membership(fetching(builder, properties)?, properties)
}

fn fetching(
    mut builder: ConsumerBuilder,
    properties: &Properties,
) -> Result<ConsumerBuilder, PropertyError> {
    if let Some(bytes) = properties.number("fetch.min.bytes")? {
        builder = builder.fetch_min_bytes(bytes);
    }
    if let Some(bytes) = properties.number("fetch.max.bytes")? {
        builder = builder.fetch_max_bytes(bytes);
    }
    if let Some(bytes) = properties.number("max.partition.fetch.bytes")? {
        builder = builder.max_partition_fetch_bytes(bytes);
    }
    if let Some(wait) = properties.milliseconds("fetch.max.wait.ms")? {
        builder = builder.fetch_max_wait(wait);
    }
    if let Some(count) = properties.number("max.poll.records")? {
        builder = builder.max_poll_records(count).max_buffered_records(count);
    }
    Ok(builder)
}

fn membership(
    mut builder: ConsumerBuilder,
    properties: &Properties,
) -> Result<ConsumerBuilder, PropertyError> {
    if let Some(interval) = properties.milliseconds("max.poll.interval.ms")? {
        builder = builder.max_poll_interval(interval);
    }
    if let Some(timeout) = properties.milliseconds("session.timeout.ms")? {
        builder = builder.session_timeout(timeout);
    }
    if let Some(interval) = properties.milliseconds("heartbeat.interval.ms")? {
        builder = builder.heartbeat_interval(interval);
    }
    if let Some(id) = properties.get("group.instance.id") {
        builder = builder.group_instance_id(id);
    }
    if let Some(assignor) = properties.get("group.remote.assignor") {
        builder = builder.group_remote_assignor(assignor);
    }
    let name = "group.protocol";
    if let Some(protocol) = properties.get(name) {
        builder = builder.group_protocol(match protocol.to_ascii_lowercase().as_str() {
            "classic" => GroupProtocol::Classic,
            "consumer" => GroupProtocol::Consumer,
            _ => return Err(invalid(name, protocol, "it is one of CLASSIC, CONSUMER")),
        });
    }
    let strategies = match properties.get("partition.assignment.strategy") {
        Some(classes) => assignors(classes)?,
        // The two that Kafka's consumer offers, in its order.
        None => vec![
            PartitionAssignmentStrategy::Range,
            PartitionAssignmentStrategy::CooperativeSticky,
        ],
    };
    Ok(builder.partition_assignment_strategies(strategies))
}

fn offset_reset(properties: &Properties) -> Result<Option<AutoOffsetReset>, PropertyError> {
    let name = "auto.offset.reset";
    let Some(value) = properties.get(name) else {
        return Ok(None);
    };
    let reset = match value {
        "earliest" => AutoOffsetReset::Earliest,
        "latest" => AutoOffsetReset::Latest,
        "none" => AutoOffsetReset::None,
        _ => {
            let duration = value.strip_prefix("by_duration:").and_then(iso_duration);
            let reason = "it is one of latest, earliest, none, by_duration:PnDTnHnMn.nS";
            let duration = duration.ok_or_else(|| invalid(name, value, reason))?;
            AutoOffsetReset::ByDuration(duration)
        }
    };
    Ok(Some(reset))
}

/// A duration such as `P2DT3H4M5.5S`, as ISO 8601 and Java's `Duration` write it; none if it is
/// none, or negative.
pub fn iso_duration(text: &str) -> Option<Duration> {
    let rest = text.strip_prefix(['P', 'p'])?;
    let (days, times) = match rest.split_once(['T', 't']) {
        Some((_, "")) => return None,
        Some((days, times)) => (days, times),
        None => (rest, ""),
    };
    let mut seconds = 0.0;
    let mut is_empty = true;
    for (part, units) in [(days, &[('D', 86_400.0)][..]), (times, &TIME_UNITS[..])] {
        let mut units = units.iter();
        let mut part = part;
        while !part.is_empty() {
            let end = part.find(|character: char| character.is_ascii_alphabetic())?;
            let number: f64 = part[..end].parse().ok()?;
            let unit = part[end..].chars().next()?.to_ascii_uppercase();
            let (_, size) = units.find(|(letter, _)| *letter == unit)?;
            seconds += number * size;
            part = &part[end + 1..];
            is_empty = false;
        }
    }
    if is_empty {
        return None;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

const TIME_UNITS: [(char, f64); 3] = [('H', 3_600.0), ('M', 60.0), ('S', 1.0)];

fn isolation(properties: &Properties) -> Result<Option<IsolationLevel>, PropertyError> {
    let name = "isolation.level";
    match properties.get(name) {
        None => Ok(None),
        Some("read_committed") => Ok(Some(IsolationLevel::ReadCommitted)),
        Some("read_uncommitted") => Ok(Some(IsolationLevel::ReadUncommitted)),
        Some(value) => {
            let reason = "String must be one of: read_committed, read_uncommitted";
            Err(invalid(name, value, reason))
        }
    }
}

fn assignors(classes: &str) -> Result<Vec<PartitionAssignmentStrategy>, PropertyError> {
    let name = "partition.assignment.strategy";
    let names = classes.split(',').map(str::trim);
    let strategies = names.map(|class| match class.rsplit('.').next() {
        Some("RangeAssignor") => Ok(PartitionAssignmentStrategy::Range),
        Some("RoundRobinAssignor") => Ok(PartitionAssignmentStrategy::RoundRobin),
        Some("CooperativeStickyAssignor") => Ok(PartitionAssignmentStrategy::CooperativeSticky),
        _ => Err(PropertyError::Unsupported {
            name,
            reason: format!("there is no assignor {class}"),
        }),
    });
    strategies.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_java_reads_them() {
        let check = |text, seconds: Option<f64>| {
            assert_eq!(
                iso_duration(text),
                seconds.map(Duration::from_secs_f64),
                "{text}"
            );
        };
        check("P1D", Some(86_400.0));
        check("PT1H30M", Some(5_400.0));
        check("P2DT0.5S", Some(172_800.5));
        check("pt5s", Some(5.0));
        for bad in [
            "", "P", "PT", "1D", "P1H", "PT1S1H", "PT-1S", "PT1", "PT1S ", "P1DT",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn assignors_are_known_by_their_java_classes() {
        let classes = "org.apache.kafka.clients.consumer.RoundRobinAssignor, \
                       org.apache.kafka.clients.consumer.CooperativeStickyAssignor";
        let strategies = assignors(classes).unwrap();
        assert_eq!(strategies[0], PartitionAssignmentStrategy::RoundRobin);
        assert_eq!(
            strategies[1],
            PartitionAssignmentStrategy::CooperativeSticky
        );
        assert!(assignors("org.example.MyAssignor").is_err());
    }
}
