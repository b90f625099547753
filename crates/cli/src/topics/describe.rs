//! `--describe`: topics are looked up, with all that their description needs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;

use anyhow::Result;
use client::exception::Exception;
use client::krafka::TopicInfo;
use client::krafka::admin::{
    AdminClient, ConfigEntry, ConfigResource, DescribeClusterOptions, DescribeConfigsOptions,
    DescribeTopicsOptions, ListPartitionReassignmentsOptions, PartitionDescription,
    PartitionReassignment, TopicDescription,
};
use client::krafka::consumer::TopicPartition;
use protocol::Uuid;
use protocol::uuid::UuidError;

use super::Selection;
use super::description::{Config, Filter, Partition, Reassignment, Topic};
use crate::arguments::jopt::Parsed;

/// Where a value comes from that nobody has set (KIP-226).
const DEFAULT_CONFIG: i8 = 5;

/// What to describe, besides the selection of topics.
#[derive(Debug)]
pub(super) struct Description {
    topic_id: Option<Uuid>,
    filter: Filter,
}

type Reassignments = HashMap<TopicPartition, PartitionReassignment>;

impl Description {
    /// Reads it from the arguments.
    ///
    /// # Errors
    /// When a value is none that the option takes.
    pub(super) fn of(parsed: &Parsed) -> Result<Self, Exception> {
        // Read, so that it is a number; answers are as long as brokers make them.
        parsed.integer("partition-size-limit-per-response")?;
        let topic_id = match parsed.single("topic-id")? {
            None => None,
            Some(text) => {
                let id = text.parse::<Uuid>();
                Some(id.map_err(|error| no_uuid(text, &error))?)
            }
        };
        let has = |option| parsed.values.has(option);
        Ok(Self {
            topic_id: topic_id.filter(|id| !id.is_zero()),
            filter: Filter {
                under_replicated: has("under-replicated-partitions"),
                unavailable: has("unavailable-partitions"),
                under_min_isr: has("under-min-isr-partitions"),
                at_min_isr: has("at-min-isr-partitions"),
                overridden_topics: has("topics-with-overrides"),
            },
        })
    }

    /// The names of the topics that are meant.
    ///
    /// # Errors
    /// When one was named that is not there.
    pub(super) fn topics(&self, selection: &Selection, known: &[TopicInfo]) -> Result<Vec<String>> {
        let Some(id) = self.topic_id else {
            return selection.existing(known);
        };
        let found = known
            .iter()
            .filter(|topic| topic.topic_id == *id.as_bytes());
        let found: Vec<_> = found.map(|topic| topic.name.clone()).collect();
        if found.is_empty() && !selection.if_exists {
            let message = format!("TopicId '{id}' does not exist as expected");
            return Err(Exception::illegal_argument(message).into());
        }
        Ok(found)
    }

    /// Describes these topics, in the order of their names.
    ///
    /// # Errors
    /// When a topic is not there, or the cluster refuses.
    pub(super) async fn execute(
        self,
        admin: &AdminClient,
        topics: Vec<String>,
        out: &mut dyn Write,
    ) -> Result<()> {
        let described = described(admin, topics).await?;
        let names = described.iter().map(|topic| topic.name.as_str());
        let configs = names.map(ConfigResource::topic);
        let mut configs = admin
            .describe_configs(configs, DescribeConfigsOptions::default())
            .await?;
        let cluster = admin.describe_cluster(DescribeClusterOptions::default());
        let live: BTreeSet<_> = cluster.await?.brokers.iter().map(|each| each.id).collect();
        let reassignments = reassignments(admin, &described).await?;
        for topic in described {
            let resource = ConfigResource::topic(&topic.name);
            let configs = configs.remove(&resource).transpose()?.unwrap_or_default();
            let topic = assembled(topic, configs, &reassignments);
            write!(out, "{}", topic.shown(self.filter, &live)?)?;
        }
        Ok(())
    }
}

async fn described(admin: &AdminClient, names: Vec<String>) -> Result<Vec<TopicDescription>> {
    let described = admin.describe_topics(names, DescribeTopicsOptions::default());
    let by_name = BTreeMap::from_iter(described.await?);
    Ok(by_name.into_values().collect::<Result<_, _>>()?)
}

/// The reassignments under way; none where brokers cannot tell, or may not.
async fn reassignments(admin: &AdminClient, topics: &[TopicDescription]) -> Result<Reassignments> {
    let partitions = topics.iter().flat_map(|topic| {
        let indexes = topic.partitions.iter().map(|each| each.partition);
        indexes.map(|index| TopicPartition::new(topic.name.clone(), index))
    });
    let partitions = partitions.collect();
    let options = ListPartitionReassignmentsOptions::default().partitions(partitions);
    match admin.list_partition_reassignments(options).await {
        Ok(reassignments) => Ok(reassignments),
        Err(error) => match Exception::of(&error).class {
            "UnsupportedVersionException" | "ClusterAuthorizationException" => {
                Ok(Reassignments::new())
            }
            _ => Err(error.into()),
        },
    }
}

fn assembled(
    topic: TopicDescription,
    configs: Vec<ConfigEntry>,
    reassignments: &Reassignments,
) -> Topic {
    let partitions = topic.partitions.into_iter().map(|partition| {
        let key = TopicPartition::new(topic.name.clone(), partition.partition);
        assembled_partition(partition, reassignments.get(&key))
    });
    let configs = configs.into_iter().map(|entry| Config {
        name: entry.name,
        value: entry.value,
        is_default: entry.config_source == DEFAULT_CONFIG,
    });
    Topic {
        partitions: partitions.collect(),
        configs: configs.collect(),
        name: topic.name,
        id: Uuid::from_bytes(topic.topic_id),
    }
}

fn assembled_partition(
    partition: PartitionDescription,
    reassignment: Option<&PartitionReassignment>,
) -> Partition {
    Partition {
        index: partition.partition,
        leader: partition.leader,
        replicas: partition.replicas,
        isr: partition.isr,
        eligible_leader_replicas: partition.eligible_leader_replicas,
        last_known_eligible: partition.last_known_elr,
        reassignment: reassignment.map(|each| Reassignment {
            replicas: each.replicas.clone(),
            adding: each.adding_replicas.clone(),
            removing: each.removing_replicas.clone(),
        }),
    }
}

/// What Java says of a text that is no UUID.
fn no_uuid(text: &str, error: &UuidError) -> Exception {
    /// Of 16 bytes, with padding.
    const LENGTH_MAX: usize = 24;

    let prefix: String = text.chars().take(LENGTH_MAX).collect();
    if prefix != text {
        return Exception::illegal_argument(format!(
            "Input string with prefix `{prefix}` is too long to be decoded as a base64 UUID"
        ));
    }
    let digits = text.trim_end_matches('=');
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let bytes = digits.len() * 3 / 4;
    let is_base64 = digits.bytes().all(is_digit) && digits.len() % 4 != 1;
    if !is_base64 || bytes == 16 {
        return Exception::illegal_argument(error.to_string());
    }
    Exception::illegal_argument(format!(
        "Input string `{text}` decoded as {bytes} bytes, which is not equal to the expected 16 \
         bytes of a base64-encoded UUID"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_uuid_is_refused_in_the_words_of_java() {
        let message = |text: &str| no_uuid(text, &text.parse::<Uuid>().unwrap_err()).message;
        let short = "Input string `nonsense` decoded as 6 bytes, which is not equal to the \
                     expected 16 bytes of a base64-encoded UUID";
        assert_eq!(message("nonsense"), short);
        let long = "Input string with prefix `AAAAAAAAAAAAAAAAAAAAAAAA` is too long to be \
                    decoded as a base64 UUID";
        assert_eq!(message("AAAAAAAAAAAAAAAAAAAAAAAAA"), long);
        let no_digit = "parse uuid: `no id` is not 22 characters of base64url";
        assert_eq!(message("no id"), no_digit);
    }
}
