//! What the cluster says about groups and the offsets of partitions, each request within the time
//! that the tool was given.
//!
//! Failures are told as Kafka's tool tells them, which depends on how deep inside it they come up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use anyhow::{Result, anyhow};
use client::exception::Exception;
use client::krafka::admin::{
    AdminClient, AlterConsumerGroupOffsetsOptions, ClusterBroker, ConsumerGroupDescription,
    ConsumerGroupListing, DeleteConsumerGroupOffsetsOptions, DeleteConsumerGroupsOptions,
    DescribeClusterOptions, DescribeConsumerGroupsOptions, DescribeTopicsOptions, GroupOffset,
    GroupType, ListConsumerGroupOffsetsOptions, ListConsumerGroupsOptions, OffsetSpec,
    TopicDescription,
};
use client::krafka::consumer::TopicPartition;
use client::krafka::error::ErrorCode;
use client::krafka::{Kafka, KrafkaError};

use crate::listed_offsets;
pub(super) use crate::listed_offsets::Partition;

/// The groups of a cluster.
pub(super) struct ClusterGroups {
    kafka: Kafka,
    admin: AdminClient,
    timeout: Duration,
}

impl ClusterGroups {
    pub(super) fn new(kafka: Kafka, admin: AdminClient, timeout: Duration) -> Self {
        Self {
            kafka,
            admin,
            timeout,
        }
    }

    /// The consumer groups of these types in these states, in the order of their ids; if none are
    /// named, in all.
    pub(super) async fn list(
        &self,
        types: Vec<String>,
        states: Vec<String>,
    ) -> Result<Vec<ConsumerGroupListing>, KrafkaError> {
        let listed = self.list_by_broker(types, states).await?;
        let mut groups = Vec::new();
        for of_broker in listed.into_values() {
            groups.extend(of_broker?);
        }
        groups.sort_unstable_by(|a, b| a.group_id.cmp(&b.group_id));
        Ok(groups)
    }

    /// The ids of the groups that are named, or of all there are.
    pub(super) async fn ids<'a>(
        &self,
        named: Option<impl Iterator<Item = &'a str>>,
    ) -> Result<Vec<String>> {
        match named {
            Some(named) => Ok(named.map(str::to_owned).collect()),
            None => {
                let types = vec!["classic".to_owned(), "consumer".to_owned()];
                let groups = self.list(types, Vec::new()).await.map_err(executed)?;
                Ok(groups.into_iter().map(|group| group.group_id).collect())
            }
        }
    }

    /// Descriptions of groups, or why there is none.
    pub(super) async fn describe(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, Result<ConsumerGroupDescription, KrafkaError>>> {
        let options = DescribeConsumerGroupsOptions::default().timeout(self.timeout);
        let described = self.admin.describe_consumer_groups(ids, options).await?;
        Ok(described.into_iter().collect())
    }

    /// Which broker coordinates each group.
    pub(super) async fn coordinators(&self) -> Result<HashMap<String, ClusterBroker>> {
        let options = DescribeClusterOptions::default().timeout(self.timeout);
        let cluster = self.admin.describe_cluster(options).await?;
        let brokers: HashMap<i32, ClusterBroker> = cluster
            .brokers
            .into_iter()
            .map(|broker| (broker.id, broker))
            .collect();
        let mut coordinators = HashMap::new();
        for (id, listed) in self.list_by_broker(Vec::new(), Vec::new()).await? {
            // A broker lists the groups that it coordinates.
            let Some(broker) = brokers.get(&id) else {
                continue;
            };
            let groups = listed?.into_iter().map(|group| group.group_id);
            coordinators.extend(groups.map(|group| (group, broker.clone())));
        }
        Ok(coordinators)
    }

    /// What a group has committed.
    pub(super) async fn committed(&self, group: &str) -> Result<BTreeMap<Partition, GroupOffset>> {
        let options = ListConsumerGroupOffsetsOptions::default().timeout(self.timeout);
        let committed = self.admin.list_consumer_group_offsets(group, options).await;
        let committed = committed.map_err(executed)?.into_iter();
        // A partition that cannot be asked about is left out, as Kafka's client does.
        let known = committed.filter_map(|(partition, offset)| {
            let offset = offset.ok().filter(|offset| offset.offset.is_some())?;
            Some((key(&partition), offset))
        });
        Ok(known.collect())
    }

    /// Descriptions of topics.
    pub(super) async fn topics(
        &self,
        names: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, TopicDescription>, KrafkaError> {
        let options = DescribeTopicsOptions::default().timeout(self.timeout);
        let described = self.admin.describe_topics(names, options).await?;
        let topics = described.into_iter().map(|(name, topic)| match topic {
            Ok(topic) => Ok((name, topic)),
            // Without krafka's words: Kafka's clients have their own.
            Err(KrafkaError::Broker { code, .. }) if code == ErrorCode::UnknownTopicOrPartition => {
                Err(KrafkaError::broker(code, format!("{code:?}")))
            }
            Err(error) => Err(error),
        });
        topics.collect()
    }

    /// Offsets of partitions; none where there is no such offset.
    pub(super) async fn offsets(
        &self,
        partitions: impl IntoIterator<Item = &Partition>,
        spec: OffsetSpec,
    ) -> Result<BTreeMap<Partition, Option<i64>>> {
        let partitions: Vec<Partition> = partitions.into_iter().cloned().collect();
        let (kafka, admin) = (&self.kafka, &self.admin);
        let listed = listed_offsets::list(kafka, admin, &partitions, spec, self.timeout).await;
        let offsets = listed.map_err(executed)?.into_iter();
        let offsets = offsets.map(|(partition, offset)| Ok((partition, offset.map_err(executed)?)));
        offsets.collect()
    }

    /// Commits offsets for a group without members.
    pub(super) async fn commit(
        &self,
        group: &str,
        offsets: &BTreeMap<Partition, i64>,
    ) -> Result<()> {
        let offsets = offsets.iter();
        let offsets = offsets
            .map(|((topic, id), offset)| (TopicPartition::new(topic.as_str(), *id), *offset));
        let options = AlterConsumerGroupOffsetsOptions::default().timeout(self.timeout);
        let results = self
            .admin
            .alter_consumer_group_offsets(group, offsets, options)
            .await;
        results
            .map_err(thrown)?
            .into_values()
            .try_for_each(|result| result.map_err(thrown))
    }

    /// Deletes groups; how it went for each.
    pub(super) async fn delete(
        &self,
        ids: &[String],
    ) -> Result<BTreeMap<String, Result<(), KrafkaError>>> {
        let options = DeleteConsumerGroupsOptions::default().timeout(self.timeout);
        Ok(self
            .admin
            .delete_consumer_groups(ids, options)
            .await?
            .into_iter()
            .collect())
    }

    /// Deletes what a group has committed for these partitions; how it went for each.
    pub(super) async fn delete_offsets(
        &self,
        group: &str,
        partitions: &BTreeSet<Partition>,
    ) -> Result<BTreeMap<Partition, Result<(), KrafkaError>>> {
        let partitions = partitions.iter();
        let partitions = partitions.map(|(topic, id)| TopicPartition::new(topic.as_str(), *id));
        let options = DeleteConsumerGroupOffsetsOptions::default().timeout(self.timeout);
        let results = self
            .admin
            .delete_consumer_group_offsets(group, partitions, options);
        let results = results.await?.into_iter();
        Ok(results
            .map(|(partition, result)| (key(&partition), result))
            .collect())
    }

    async fn list_by_broker(
        &self,
        types: Vec<String>,
        states: Vec<String>,
    ) -> Result<BTreeMap<i32, Result<Vec<ConsumerGroupListing>, KrafkaError>>, KrafkaError> {
        let options = ListConsumerGroupsOptions::default()
            .types(types)
            .states(states);
        let listed = self
            .admin
            .list_consumer_groups(options.timeout(self.timeout))
            .await?;
        let of_consumers = |group: &ConsumerGroupListing| {
            let is_consumer = matches!(&*group.protocol_type, "" | "consumer");
            is_consumer && !matches!(group.group_type, Some(GroupType::Unknown(_)))
        };
        let listed = listed.into_iter().map(|(broker, groups)| {
            let groups = groups.map(|groups| groups.into_iter().filter(of_consumers).collect());
            (broker, groups)
        });
        Ok(listed.collect())
    }
}

/// A failure that Kafka's tool tells with all that it is wrapped in.
pub(super) fn executed(error: KrafkaError) -> anyhow::Error {
    anyhow!("java.util.concurrent.ExecutionException: {}", text(&error))
}

/// A failure of which Kafka's tool tells the message alone.
pub(super) fn thrown(error: KrafkaError) -> anyhow::Error {
    anyhow!(Exception::of(&error).message)
}

/// The class and the message of a failure.
pub(super) fn text(error: &KrafkaError) -> String {
    Exception::of(error).with_class()
}

fn key(partition: &TopicPartition) -> Partition {
    (partition.topic().to_owned(), partition.partition())
}
