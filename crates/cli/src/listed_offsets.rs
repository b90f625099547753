//! Offsets of partitions at their ends or at a time, where there may be no such offset.
//!
//! krafka's admin client takes an offset that does not exist for one that is not known yet, and
//! asks again until the time is over. Its consumer does not, so that it is asked where there may be
//! none.

use std::collections::BTreeMap;
use std::time::Duration;

use client::krafka::admin::{AdminClient, ListOffsetsOptions, OffsetSpec};
use client::krafka::consumer::TopicPartition;
use client::krafka::{Kafka, KrafkaError};

/// A partition by topic and id; these have an order.
pub(crate) type Partition = (String, i32);

/// A partition as Kafka's clients write it.
pub(crate) fn name((topic, id): &Partition) -> String {
    format!("{topic}-{id}")
}

/// Asks each partition's leader; none where there is no such offset. `timeout` is for all of it.
///
/// # Errors
/// When the client is closed.
pub(crate) async fn list(
    kafka: &Kafka,
    admin: &AdminClient,
    partitions: &[Partition],
    spec: OffsetSpec,
    timeout: Duration,
) -> Result<BTreeMap<Partition, Result<Option<i64>, KrafkaError>>, KrafkaError> {
    let timestamp = match spec {
        OffsetSpec::Timestamp(timestamp_ms) => timestamp_ms,
        OffsetSpec::MaxTimestamp => -3,
        OffsetSpec::EarliestLocal => -4,
        OffsetSpec::LatestTiered => -5,
        OffsetSpec::EarliestPendingUpload => -6,
        _ => return list_ends(admin, partitions, spec, timeout).await,
    };
    let names = partitions.iter().map(|(topic, id)| (topic.as_str(), *id));
    let names: Vec<(&str, i32)> = names.collect();
    let work = async {
        let consumer = kafka.consumer_without_group().build().await?;
        let offsets = consumer.offsets_for_times(&names, timestamp).await;
        consumer.close().await?;
        Ok::<_, KrafkaError>(offsets)
    };
    let too_late = |_| KrafkaError::timeout("list offsets");
    let offsets = tokio::time::timeout(timeout, work)
        .await
        .map_err(too_late)??;
    let known = |offset: i64| (offset >= 0).then_some(offset);
    Ok(offsets
        .into_iter()
        .map(|(partition, offset)| (partition, offset.map(known)))
        .collect())
}

async fn list_ends(
    admin: &AdminClient,
    partitions: &[Partition],
    spec: OffsetSpec,
    timeout: Duration,
) -> Result<BTreeMap<Partition, Result<Option<i64>, KrafkaError>>, KrafkaError> {
    let specs = partitions.iter();
    let specs = specs.map(|(topic, id)| (TopicPartition::new(topic.as_str(), *id), spec));
    let options = ListOffsetsOptions::default().timeout(timeout);
    let listed = admin.list_offsets(specs, options).await?.into_iter();
    let listed = listed.map(|(partition, listed)| {
        let key = (partition.topic().to_owned(), partition.partition());
        (key, listed.map(|listed| Some(listed.offset)))
    });
    Ok(listed.collect())
}
