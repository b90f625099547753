//! DescribeLogDirs (key 35), versions 1 to 5: the log directories of this broker, and how large
//! what lies in them is (KIP-113).
//!
//! - DESCRIBE on the cluster. Version 3 has room for the refusal; before, it is an answer without
//!   directories, as in Kafka.
//! - Directories are answered in the order of the configuration; one that is offline has an error
//!   and nothing else.
//! - A lag is how far a log is behind the high watermark, that of a log on its way into another
//!   directory how far it is behind the one that it will replace; -1 if that is not here.
//! - Version 4: bytes of the file system in all, and those that this broker may still use
//!   (KIP-827). Version 5: whether a directory is closed to new partitions (KIP-1066).

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use protocol::generated::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use protocol::topic::TopicPartition;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use storage::directories::{LogDirectory, PartitionLog};

const NO_LAG: i64 = -1;

/// The partitions that are asked about; none for all.
type Asked<'a> = Option<BTreeSet<(&'a str, i32)>>;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: DescribeLogDirsRequest<'_> = call.decode()?;
    let throttle_time_ms = call.throttle_time_ms();
    if !broker.authorise(&call.context, Operation::Describe, Resource::Cluster) {
        return call.answer(&DescribeLogDirsResponse {
            throttle_time_ms,
            error_code: ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
            results: Vec::new(),
        });
    }
    let asked: Asked<'_> = request.topics.as_ref().map(|topics| {
        let named = topics.iter().flat_map(|topic| {
            let indexes = topic.partitions.iter();
            indexes.map(|index| (&*topic.topic, *index))
        });
        named.collect()
    });
    let logs = broker.partitions.logs();
    let mut results = Vec::with_capacity(logs.directories().len());
    for directory in logs.directories() {
        results.push(describe(&broker, directory, &asked).await);
    }
    call.answer(&DescribeLogDirsResponse {
        throttle_time_ms,
        error_code: ErrorCode::NONE,
        results,
    })
}

async fn describe(
    broker: &Broker,
    directory: &Arc<LogDirectory>,
    asked: &Asked<'_>,
) -> DescribeLogDirsResult<'static> {
    let log_dir = directory.path().display().to_string();
    let failed = DescribeLogDirsResult {
        error_code: ErrorCode::KAFKA_STORAGE_ERROR,
        log_dir: log_dir.into(),
        ..DescribeLogDirsResult::default()
    };
    if !directory.is_online() {
        return failed;
    }
    let space = broker.environment.disk.space(directory.path()).await;
    let Ok(space) = space else {
        return failed;
    };
    let bytes = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    DescribeLogDirsResult {
        error_code: ErrorCode::NONE,
        topics: topics_in(broker, directory, asked),
        total_bytes: bytes(space.total_bytes),
        usable_bytes: bytes(space.usable_bytes),
        ..failed
    }
}

fn topics_in(
    broker: &Broker,
    directory: &Arc<LogDirectory>,
    asked: &Asked<'_>,
) -> Vec<DescribeLogDirsTopic<'static>> {
    let mut topics: BTreeMap<String, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    let is_asked = |partition: &TopicPartition| {
        let named = (partition.topic.as_str(), partition.partition);
        asked.as_ref().is_none_or(|asked| asked.contains(&named))
    };
    let logs = broker.partitions.logs();
    let current = logs.partitions().into_iter().map(|log| (log, false));
    let copies = logs.copies().into_iter().map(|copy| (copy, true));
    for (log, is_future_key) in current.chain(copies) {
        let name = log.topic_partition();
        if Arc::ptr_eq(&log.directory(), directory) && is_asked(name) {
            let partitions = topics.entry(name.topic.to_string()).or_default();
            partitions.push(DescribeLogDirsPartition {
                partition_index: name.partition,
                partition_size: i64::try_from(log.log().size_bytes()).unwrap_or(i64::MAX),
                offset_lag: lag(broker, &log, is_future_key),
                is_future_key,
            });
        }
    }
    let topics = topics.into_iter().map(|(name, partitions)| {
        let name = name.into();
        DescribeLogDirsTopic { name, partitions }
    });
    topics.collect()
}

fn lag(broker: &Broker, log: &PartitionLog, is_future: bool) -> i64 {
    let partition = log.topic_id_partition();
    let partition = partition.and_then(|id| broker.partitions.find(id).ok());
    partition.map_or(NO_LAG, |partition| {
        let end = log.log().log_end_offset().0;
        match is_future {
            true => partition.log().log_end_offset().0 - end,
            false => (partition.high_watermark().0 - end).max(0),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::harness::{Node, T};
    use super::*;
    use protocol::generated::describe_log_dirs_request::DescribableLogDirTopic;
    use std::sync::atomic::Ordering;
    use storage::disk::{DiskError, DiskErrorKind};

    async fn ask(
        node: &Node,
        version: i16,
        named: Option<&[(&'static str, i32)]>,
    ) -> (ErrorCode, Vec<DescribeLogDirsResult<'static>>) {
        let topics = named.map(|named| {
            let topics = named.iter().map(|&(topic, index)| DescribableLogDirTopic {
                topic: topic.into(),
                partitions: vec![index],
            });
            topics.collect()
        });
        let answer = node.send(version, &DescribeLogDirsRequest { topics }).await;
        let answer: DescribeLogDirsResponse<'_> = answer.decode().unwrap();
        let results = answer.results.iter().map(|result| {
            let topics = result.topics.iter().map(|topic| DescribeLogDirsTopic {
                name: topic.name.to_string().into(),
                partitions: topic.partitions.clone(),
            });
            DescribeLogDirsResult {
                log_dir: result.log_dir.to_string().into(),
                topics: topics.collect(),
                ..*result
            }
        });
        (answer.error_code, results.collect())
    }

    #[tokio::test(start_paused = true)]
    async fn sizes_are_told_of_all_partitions_or_of_those_that_are_named() {
        let node = Node::start().await;
        node.rights.cluster.store(true, Ordering::Relaxed);
        node.fill(T, 0, &["a", "b"]).await;
        for version in 1..=5 {
            let (code, results) = ask(&node, version, Some(&[("t", 0), ("t", 2), ("x", 0)])).await;
            assert_eq!((code, results.len()), (ErrorCode::NONE, 1));
            let [result] = &results[..] else {
                panic!("the broker has one directory");
            };
            assert_eq!(result.log_dir, "/d");
            assert_eq!(result.total_bytes > 0, version >= 4);
            assert_eq!(result.usable_bytes > 0, version >= 4);
            let size = node.log_bytes(T, 0).await.len();
            let expected = DescribeLogDirsPartition {
                partition_index: 0,
                partition_size: i64::try_from(size).unwrap(),
                offset_lag: 0,
                is_future_key: false,
            };
            assert_eq!(result.topics.len(), 1, "what is elsewhere is left out");
            assert_eq!(result.topics[0].name, "t");
            assert_eq!(result.topics[0].partitions, [expected]);
        }
        let (_, all) = ask(&node, 5, None).await;
        let names: Vec<_> = all[0].topics.iter().map(|topic| &*topic.name).collect();
        assert_eq!(names.len(), 6, "{names:?}");
        assert!(names.is_sorted(), "{names:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_directory_that_is_offline_has_an_error_and_nothing_else() {
        let node = Node::start().await;
        node.rights.cluster.store(true, Ordering::Relaxed);
        let directory = &node.broker.partitions.logs().directories()[0];
        let failure = std::io::Error::other("broken");
        let failure = DiskError::from_system("use", directory.path(), failure);
        assert_eq!(failure.kind(), DiskErrorKind::Failed);
        directory.health().fail(&failure);
        let (code, results) = ask(&node, 5, None).await;
        assert_eq!(code, ErrorCode::NONE);
        let expected = DescribeLogDirsResult {
            error_code: ErrorCode::KAFKA_STORAGE_ERROR,
            log_dir: "/d".into(),
            topics: Vec::new(),
            total_bytes: -1,
            usable_bytes: -1,
            is_cordoned: false,
        };
        assert_eq!(results, [expected]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_not_describe_the_cluster_is_told_nothing() {
        let node = Node::start().await;
        node.rights.cluster.store(false, Ordering::Relaxed);
        for version in 1..=5 {
            let (code, results) = ask(&node, version, None).await;
            let refusal = match version >= 3 {
                true => ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
                false => ErrorCode::NONE,
            };
            assert_eq!((code, results), (refusal, Vec::new()));
        }
    }
}
