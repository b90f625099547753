//! Invariant: a topic whose creation was acknowledged is there after whatever befalls the node, a
//! deleted one is not, and a topic has the partitions it was given: the metadata log is synced
//! before it says so. A topic that is created again by its name is another one.

use super::{Checker, PartitionId};
use protocol::Uuid;
use std::collections::BTreeMap;

const NAME: &str = "topics";

/// All topics that were ever seen.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    topics: BTreeMap<Uuid, Topic>,
}

/// A topic.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: String,
    /// So many at least.
    pub(crate) partition_count: i32,
    /// So many at most: an increase has begun.
    partition_count_max: i32,
    pub(crate) state: TopicState,
}

/// Whether a topic is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TopicState {
    Live,
    /// Its deletion has begun, and nobody knows how it ended.
    Deleting,
    Deleted,
}

impl Topics {
    pub(crate) fn find(&self, id: Uuid) -> Option<&Topic> {
        self.topics.get(&id)
    }

    /// The partitions of topics that are there.
    pub(crate) fn live_partitions(&self) -> Vec<PartitionId> {
        let live = self.live();
        let partitions = live.flat_map(|(id, topic)| {
            (0..topic.partition_count).map(move |partition| (id, partition))
        });
        partitions.collect()
    }

    /// The topics that are there.
    pub(crate) fn live(&self) -> impl Iterator<Item = (Uuid, &Topic)> {
        let live = |(_, topic): &(&Uuid, &Topic)| topic.state == TopicState::Live;
        self.topics
            .iter()
            .filter(live)
            .map(|(id, topic)| (*id, topic))
    }

    pub(super) fn has_retention(&self, id: Uuid) -> bool {
        self.find(id)
            .is_some_and(|topic| topic.name.starts_with("brief"))
    }

    pub(super) fn is_flushed_at_once(&self, id: Uuid) -> bool {
        self.find(id)
            .is_some_and(|topic| topic.name.starts_with("prompt"))
    }
}

impl Checker {
    /// A creation was acknowledged.
    pub(crate) fn topic_created(&mut self, id: Uuid, name: &str, partition_count: i32) {
        self.counters.topics_changed += 1;
        self.record(
            name,
            &format!("created as {id} with {partition_count} partitions"),
        );
        let topic = Topic {
            name: name.to_owned(),
            partition_count,
            partition_count_max: partition_count,
            state: TopicState::Live,
        };
        if self.topics.topics.insert(id, topic).is_some() {
            self.violate(NAME, name, "it was created with the id of another topic");
        }
    }

    /// A deletion has begun, or was acknowledged.
    pub(crate) fn topic_moves_to(&mut self, id: Uuid, state: TopicState) {
        self.counters.topics_changed += u64::from(state == TopicState::Deleted);
        if let Some(topic) = self.topics.topics.get_mut(&id) {
            topic.state = state;
            let name = topic.name.clone();
            self.record(&name, &format!("{id} is {state:?}"));
        }
    }

    /// An increase of partitions has begun, or was acknowledged.
    pub(crate) fn partitions_added(&mut self, id: Uuid, count: i32, acked: bool) {
        self.counters.topics_changed += u64::from(acked);
        if let Some(topic) = self.topics.topics.get_mut(&id) {
            topic.partition_count_max = topic.partition_count_max.max(count);
            if acked {
                topic.partition_count = topic.partition_count.max(count);
            }
            let name = topic.name.clone();
            self.record(&name, &format!("{count} partitions, acked: {acked}"));
        }
    }

    /// All topics after a start, by id: name and number of partitions.
    pub(crate) fn topics_audited(&mut self, seen: &BTreeMap<Uuid, (String, i32)>) {
        let mut complaints = Vec::new();
        for (id, topic) in &mut self.topics.topics {
            let name = &topic.name;
            match (seen.get(id), topic.state) {
                (None, TopicState::Live) => {
                    complaints.push((name.clone(), format!("{id} is gone")));
                }
                (None, _) => topic.state = TopicState::Deleted,
                (Some(_), TopicState::Deleted) => {
                    complaints.push((name.clone(), format!("{id} was deleted and is there")));
                }
                (Some((_, count)), _) => {
                    topic.state = TopicState::Live;
                    let (least, most) = (topic.partition_count, topic.partition_count_max);
                    if *count < least || *count > most {
                        let message = format!("{count} partitions are not {least} to {most}");
                        complaints.push((name.clone(), message));
                    }
                    topic.partition_count = *count;
                    topic.partition_count_max = *count;
                }
            }
        }
        for (id, (name, partition_count)) in seen {
            let topic = || Topic {
                name: name.clone(),
                partition_count: *partition_count,
                partition_count_max: *partition_count,
                state: TopicState::Live,
            };
            self.topics.topics.entry(*id).or_insert_with(topic);
        }
        for (name, complaint) in complaints {
            self.violate(NAME, &name, &complaint);
        }
    }
}
