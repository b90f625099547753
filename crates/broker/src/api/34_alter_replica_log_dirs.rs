//! AlterReplicaLogDirs (key 34), versions 1 and 2: replicas of this broker move between its log
//! directories (KIP-113).
//!
//! - ALTER on the cluster.
//! - The answer comes when a move has begun; DescribeLogDirs tells how far it is. A new move takes
//!   the place of one that is under way, and one to where the replica is gives that up.
//! - A partition that is not here yet will be created in the directory that is named, and is
//!   REPLICA_NOT_AVAILABLE until then.
//! - Topics are answered in the order of their names, partitions each once; of one that is named
//!   for two directories the last counts, as in Kafka.

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::alter_replica_log_dirs_response::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
};
use protocol::generated::{AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse};
use protocol::topic::TopicPartition;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: AlterReplicaLogDirsRequest<'_> = call.decode()?;
    let mut asked: BTreeMap<&str, BTreeMap<i32, &str>> = BTreeMap::new();
    for directory in &request.dirs {
        for topic in &directory.topics {
            let partitions = topic.partitions.iter();
            let paths = partitions.map(|index| (*index, &*directory.path));
            asked.entry(&topic.name).or_default().extend(paths);
        }
    }
    let may_alter = broker.authorise(&call.context, Operation::Alter, Resource::Cluster);
    let mut results = Vec::with_capacity(asked.len());
    for (name, paths) in asked {
        let mut partitions = Vec::with_capacity(paths.len());
        for (partition_index, path) in paths {
            let altered = match may_alter {
                true => alter(&broker, name, partition_index, path).await,
                false => Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
            };
            partitions.push(AlterReplicaLogDirPartitionResult {
                partition_index,
                error_code: altered.err().unwrap_or(ErrorCode::NONE),
            });
        }
        // Kafka groups what became of partitions by topics: without any there is no topic.
        if !partitions.is_empty() {
            results.push(AlterReplicaLogDirTopicResult {
                topic_name: name.into(),
                partitions,
            });
        }
    }
    call.answer(&AlterReplicaLogDirsResponse {
        throttle_time_ms: call.throttle_time_ms(),
        results,
    })
}

async fn alter(broker: &Broker, topic: &str, partition: i32, path: &str) -> Result<(), ErrorCode> {
    let unknown = |_| ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let topic = topic.parse().map_err(unknown)?;
    let partition = TopicPartition { topic, partition };
    broker
        .partitions
        .alter_log_directory(&partition, path)
        .await
}

#[cfg(test)]
mod tests {
    use super::super::harness::Node;
    use super::*;
    use protocol::generated::alter_replica_log_dirs_request::{
        AlterReplicaLogDir, AlterReplicaLogDirTopic,
    };
    use std::sync::atomic::Ordering;

    async fn ask(node: &Node, path: &'static str, topic: &'static str, index: i32) -> ErrorCode {
        let request = AlterReplicaLogDirsRequest {
            dirs: vec![AlterReplicaLogDir {
                path: path.into(),
                topics: vec![AlterReplicaLogDirTopic {
                    name: topic.into(),
                    partitions: vec![index],
                }],
            }],
        };
        let answer = node.send(2, &request).await;
        let answer: AlterReplicaLogDirsResponse<'_> = answer.decode().unwrap();
        let topic = &answer.results[0];
        assert_eq!(topic.partitions[0].partition_index, index);
        topic.partitions[0].error_code
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_move_is_told_why() {
        let node = Node::start().await;
        node.rights.cluster.store(true, Ordering::Relaxed);
        let cases = [
            ("/d", "t", 0, ErrorCode::NONE),
            ("/elsewhere", "t", 0, ErrorCode::LOG_DIR_NOT_FOUND),
            ("/d", "t", 2, ErrorCode::REPLICA_NOT_AVAILABLE),
            ("/d", "t", 9, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            ("/d", "unknown", 0, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        ];
        for (path, topic, index, expected) in cases {
            assert_eq!(ask(&node, path, topic, index).await, expected, "{topic}");
        }
        node.rights.cluster.store(false, Ordering::Relaxed);
        let refused = ask(&node, "/d", "t", 0).await;
        assert_eq!(refused, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    }
}
