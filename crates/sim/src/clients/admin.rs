//! The administrator: creates topics, deletes them, creates them again by the same name, and adds
//! partitions.

use super::Surroundings;
use super::connection::ClientConnection;
use crate::chance::between;
use crate::checker::TopicState;
use broker::chance::Chance;
use protocol::generated::create_partitions_request::CreatePartitionsTopic;
use protocol::generated::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::generated::delete_topics_request::DeleteTopicState;
use protocol::generated::{CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest};
use protocol::{ErrorCode, Uuid};

const NAME: &str = "admin";
const PARTITION_COUNT_MAX: i32 = 6;

/// A topic that every run begins with.
struct FirstTopic {
    name: &'static str,
    partition_count: i32,
    configs: &'static [(&'static str, &'static str)],
}

const FIRST_TOPICS: [FirstTopic; 4] = [
    FirstTopic {
        name: "steady",
        partition_count: 3,
        configs: &[],
    },
    FirstTopic {
        name: "prompt",
        partition_count: 2,
        configs: &[("flush.messages", "1"), ("segment.ms", "20000")],
    },
    FirstTopic {
        name: "brief",
        partition_count: 1,
        configs: &[("retention.ms", "15000"), ("segment.ms", "4000")],
    },
    FirstTopic {
        name: "grow",
        partition_count: 1,
        configs: &[("segment.ms", "7000")],
    },
];

/// The administrator in one life of the node.
pub(crate) struct Admin {
    surroundings: Surroundings,
    chance: Chance,
    connection: ClientConnection,
}

impl Admin {
    pub(crate) fn new(surroundings: &Surroundings) -> Self {
        Self {
            surroundings: surroundings.clone(),
            chance: surroundings.chance(NAME),
            connection: ClientConnection::new(surroundings, NAME),
        }
    }

    /// Creates the topics that every run begins with; returns whether they are there.
    pub(crate) async fn create_first_topics(&mut self) -> bool {
        for topic in &FIRST_TOPICS {
            let created = self.create(topic.name, topic.partition_count, topic.configs);
            if !created.await {
                return false;
            }
        }
        true
    }

    pub(crate) async fn run(mut self) {
        loop {
            let pause_ms = between(&self.chance, 500, 2_500);
            self.surroundings.sleep_ms(pause_ms).await;
            let name = format!("extra-{}", self.chance.below(3));
            let live = self.find(&name);
            let got_on = match (self.chance.below(4), live) {
                (0, _) => self.grow().await,
                (1, Some(id)) => self.delete(id).await,
                (_, None) => {
                    self.create(&name, 1 + self.chance.below(2) as i32, &[])
                        .await
                }
                _ => true,
            };
            if got_on {
                self.surroundings.checker.lock().got_on(NAME);
            }
        }
    }

    async fn create(&mut self, name: &str, count: i32, configs: &[(&str, &str)]) -> bool {
        let config = |(key, value): &(&str, &str)| CreatableTopicConfig {
            name: (*key).to_owned().into(),
            value: Some((*value).to_owned().into()),
        };
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: name.into(),
                num_partitions: count,
                replication_factor: 1,
                configs: configs.iter().map(config).collect(),
                ..CreatableTopic::default()
            }],
            timeout_ms: 2_000,
            validate_only: false,
        };
        let Some(answer) = self.connection.send(7, &request).await else {
            return false;
        };
        let response = answer.decode().ok();
        let Some(topic) = response
            .as_ref()
            .and_then(|response| response.topics.first())
        else {
            return false;
        };
        let mut checker = self.surroundings.checker.lock();
        if topic.error_code == ErrorCode::NONE {
            checker.topic_created(topic.topic_id, name, count);
            return true;
        }
        checker.record(
            name,
            &format!("creation refused with {}", topic.error_code.name()),
        );
        // One whose answer was lost.
        topic.error_code == ErrorCode::TOPIC_ALREADY_EXISTS
    }

    async fn delete(&mut self, id: Uuid) -> bool {
        self.surroundings
            .checker
            .lock()
            .topic_moves_to(id, TopicState::Deleting);
        let request = DeleteTopicsRequest {
            topics: vec![DeleteTopicState {
                name: None,
                topic_id: id,
            }],
            timeout_ms: 2_000,
            ..DeleteTopicsRequest::default()
        };
        let Some(answer) = self.connection.send(6, &request).await else {
            return false;
        };
        let response = answer.decode().ok();
        let topic = response
            .as_ref()
            .and_then(|response| response.responses.first());
        let is_deleted = topic.is_some_and(|topic| topic.error_code == ErrorCode::NONE);
        if is_deleted {
            self.surroundings
                .checker
                .lock()
                .topic_moves_to(id, TopicState::Deleted);
        }
        is_deleted
    }

    async fn grow(&mut self) -> bool {
        let id = self.find("grow");
        let Some(id) = id else { return true };
        let count = self
            .surroundings
            .checker
            .lock()
            .topics
            .find(id)
            .map_or(0, |topic| topic.partition_count);
        if count >= PARTITION_COUNT_MAX {
            return true;
        }
        let count = count + 1;
        self.surroundings
            .checker
            .lock()
            .partitions_added(id, count, false);
        let request = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic {
                name: "grow".into(),
                count,
                assignments: None,
            }],
            timeout_ms: 2_000,
            validate_only: false,
        };
        let Some(answer) = self.connection.send(3, &request).await else {
            return false;
        };
        let response = answer.decode().ok();
        let topic = response
            .as_ref()
            .and_then(|response| response.results.first());
        let is_done = topic.is_some_and(|topic| topic.error_code == ErrorCode::NONE);
        if is_done {
            self.surroundings
                .checker
                .lock()
                .partitions_added(id, count, true);
        }
        // One whose answer was lost leaves nothing to add.
        is_done || topic.is_some_and(|topic| topic.error_code == ErrorCode::INVALID_PARTITIONS)
    }

    fn find(&self, name: &str) -> Option<Uuid> {
        let checker = self.surroundings.checker.lock();
        let found = checker.topics.live().find(|(_, topic)| topic.name == name);
        found.map(|(id, _)| id)
    }
}
