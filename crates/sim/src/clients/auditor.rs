//! The auditor: after each start and at the end, with nothing wrong, it reads everything there is
//! and tells the checker.

use super::Surroundings;
use super::connection::ClientConnection;
use crate::checker::{Commit, CommitKey, DiskAtEnd, PartitionId, SeenRecord};
use crate::clients::member::TOPIC;
use crate::files::logs::ScannedLog;
use protocol::compression::Decompressor;
use protocol::generated::fetch_request::{FetchPartition, FetchTopic};
use protocol::generated::group::{GroupKey, GroupValue};
use protocol::generated::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::generated::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use protocol::generated::{
    FetchRequest, FindCoordinatorRequest, ListOffsetsRequest, MetadataRequest, OffsetFetchRequest,
};
use protocol::records::RecordView;
use protocol::wire::{Reader, Records};
use protocol::{ErrorCode, Uuid};
use std::collections::BTreeMap;

/// So often something is asked for before it counts as stuck, with a pause between.
const ATTEMPTS_MAX: usize = 100;
const PAUSE_MS: u64 = 100;
pub(super) const EARLIEST: i64 = -2;
const LATEST: i64 = -1;

/// The commits in the log of a coordinator: group, topic name and partition.
pub(crate) type LoggedCommits = BTreeMap<(String, String, i32), Commit>;

/// The auditor in one life of the node.
pub(crate) struct Auditor {
    surroundings: Surroundings,
    connection: ClientConnection,
}

impl Auditor {
    pub(crate) fn new(surroundings: &Surroundings) -> Self {
        Self {
            surroundings: surroundings.clone(),
            connection: ClientConnection::new(surroundings, "auditor"),
        }
    }

    /// Looks at everything; `disk` is how the life before ended, if there was one.
    pub(crate) async fn audit(&mut self, disk: Option<&DiskAtEnd>, logged: &LoggedCommits) {
        let Some(topics) = self.topics().await else {
            self.surroundings
                .checker
                .lock()
                .stuck("metadata are not answered");
            return;
        };
        self.surroundings.checker.lock().topics_audited(&topics);
        for (id, (name, count)) in &topics {
            for partition in 0..*count {
                if !self.audit_partition(name, (*id, partition), disk).await {
                    let what = format!("{name}-{partition} cannot be read");
                    self.surroundings.checker.lock().stuck(&what);
                }
            }
        }
        self.audit_commits(disk, logged).await;
    }

    /// Makes the group coordinator's topic be there.
    pub(crate) async fn find_coordinator(&mut self, group: &str) -> bool {
        for _ in 0..ATTEMPTS_MAX {
            let request = FindCoordinatorRequest {
                coordinator_keys: vec![group.into()],
                ..FindCoordinatorRequest::default()
            };
            if let Some(answer) = self.connection.send(4, &request).await
                && let Ok(response) = answer.decode()
                && response
                    .coordinators
                    .iter()
                    .all(|found| found.error_code == ErrorCode::NONE)
            {
                return true;
            }
            self.surroundings.sleep_ms(PAUSE_MS).await;
        }
        false
    }

    /// All topics but internal ones, by id: names and numbers of partitions.
    async fn topics(&mut self) -> Option<BTreeMap<Uuid, (String, i32)>> {
        let request = MetadataRequest {
            topics: None,
            ..MetadataRequest::default()
        };
        let answer = self.connection.send(12, &request).await?;
        let response = answer.decode().ok()?;
        let topics = response.topics.iter().filter(|topic| !topic.is_internal);
        let named = topics.filter_map(|topic| {
            let name = topic.name.as_ref()?.to_string();
            Some((topic.topic_id, (name, topic.partitions.len() as i32)))
        });
        Some(named.collect())
    }

    async fn audit_partition(
        &mut self,
        name: &str,
        id: PartitionId,
        disk: Option<&DiskAtEnd>,
    ) -> bool {
        let Some(log_start) = self.offset(name, id.1, EARLIEST).await else {
            return false;
        };
        let Some(log_end) = self.offset(name, id.1, LATEST).await else {
            return false;
        };
        let mut seen: Vec<SeenRecord> = Vec::new();
        let mut next = log_start;
        let mut failures = 0;
        while next < log_end {
            match self.read(id, next).await {
                Some(records) if !records.is_empty() => {
                    next = records[records.len() - 1].offset + 1;
                    seen.extend(records);
                }
                _ if failures == ATTEMPTS_MAX => return false,
                _ => {
                    failures += 1;
                    self.surroundings.sleep_ms(PAUSE_MS).await;
                }
            }
        }
        seen.retain(|record| record.offset < log_end);
        let mut checker = self.surroundings.checker.lock();
        checker.audited(id, disk, (log_start, log_end), &seen);
        true
    }

    async fn offset(&mut self, name: &str, partition: i32, timestamp: i64) -> Option<i64> {
        for _ in 0..ATTEMPTS_MAX {
            let found = list_offset(&mut self.connection, name, partition, timestamp).await;
            if found.is_some() {
                return found;
            }
            self.surroundings.sleep_ms(PAUSE_MS).await;
        }
        None
    }

    async fn read(&mut self, id: PartitionId, offset: i64) -> Option<Vec<SeenRecord>> {
        let request = FetchRequest {
            max_wait_ms: 100,
            min_bytes: 1,
            max_bytes: 1 << 20,
            session_epoch: -1,
            topics: vec![FetchTopic {
                topic_id: id.0,
                partitions: vec![FetchPartition {
                    partition: id.1,
                    fetch_offset: offset,
                    partition_max_bytes: 1 << 20,
                    ..FetchPartition::default()
                }],
                ..FetchTopic::default()
            }],
            ..FetchRequest::default()
        };
        let answer = self.connection.send(16, &request).await?;
        let response = answer.decode().ok()?;
        let data = response.responses.first()?.partitions.first()?;
        let Some(Records::Inline(bytes)) = data.records else {
            return None;
        };
        if data.error_code != ErrorCode::NONE {
            return None;
        }
        let mut checker = self.surroundings.checker.lock();
        Some(checker.fetched(id, offset, data.high_watermark, bytes))
    }

    async fn audit_commits(&mut self, disk: Option<&DiskAtEnd>, logged: &LoggedCommits) {
        let mut keys: BTreeMap<String, Vec<CommitKey>> = BTreeMap::new();
        for key in self.surroundings.checker.lock().commit_keys() {
            keys.entry(key.0.clone()).or_default().push(key);
        }
        for (group, keys) in keys {
            let mut fetched = None;
            for _ in 0..ATTEMPTS_MAX {
                fetched = fetch_offsets(&mut self.connection, &group, &keys).await;
                if fetched.is_some() {
                    break;
                }
                self.surroundings.sleep_ms(PAUSE_MS).await;
            }
            let mut checker = self.surroundings.checker.lock();
            let Some(fetched) = fetched else {
                checker.stuck(&format!("the offsets of {group} cannot be fetched"));
                continue;
            };
            for (key, found) in fetched {
                let in_log = logged
                    .get(&(group.clone(), TOPIC.to_owned(), key.1.1))
                    .copied();
                checker.commit_audited(&key, disk.map(|disk| disk.end), in_log, found);
            }
        }
    }
}

/// Asks for the offset at a timestamp; none if there is no answer.
pub(super) async fn list_offset(
    connection: &mut ClientConnection,
    topic: &str,
    partition: i32,
    timestamp: i64,
) -> Option<i64> {
    let request = ListOffsetsRequest {
        replica_id: -1,
        topics: vec![ListOffsetsTopic {
            name: topic.into(),
            partitions: vec![ListOffsetsPartition {
                partition_index: partition,
                timestamp,
                ..ListOffsetsPartition::default()
            }],
        }],
        ..ListOffsetsRequest::default()
    };
    let answer = connection.send(7, &request).await?;
    let response = answer.decode().ok()?;
    let found = response.topics.first()?.partitions.first()?;
    (found.error_code == ErrorCode::NONE).then_some(found.offset)
}

/// Fetches the committed offsets of a group; none if there is no answer or the coordinator is not
/// ready.
pub(super) async fn fetch_offsets(
    connection: &mut ClientConnection,
    group: &str,
    keys: &[CommitKey],
) -> Option<Vec<(CommitKey, Option<Commit>)>> {
    let request = OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            group_id: group.into(),
            topics: Some(vec![OffsetFetchRequestTopics {
                name: TOPIC.into(),
                partition_indexes: keys.iter().map(|key| key.1.1).collect(),
                ..OffsetFetchRequestTopics::default()
            }]),
            ..OffsetFetchRequestGroup::default()
        }],
        ..OffsetFetchRequest::default()
    };
    let answer = connection.send(8, &request).await?;
    let response = answer.decode().ok()?;
    let group = response.groups.first()?;
    if group.error_code != ErrorCode::NONE {
        return None;
    }
    let partitions = group.topics.iter().flat_map(|topic| &topic.partitions);
    let mut fetched = Vec::new();
    for partition in partitions {
        if partition.error_code != ErrorCode::NONE {
            return None;
        }
        let key = keys
            .iter()
            .find(|key| key.1.1 == partition.partition_index)?;
        let metadata = partition.metadata.as_deref().unwrap_or_default();
        let is_there = partition.committed_offset >= 0;
        let found = is_there.then(|| Commit::from_parts(partition.committed_offset, metadata));
        fetched.push((key.clone(), found.flatten()));
    }
    Some(fetched)
}

/// The last commits in the logs of the coordinator.
pub(crate) fn logged_commits(logs: &BTreeMap<String, ScannedLog>) -> LoggedCommits {
    let mut commits = LoggedCommits::new();
    let mut decompressor = Decompressor::new();
    let of_coordinator =
        |(name, _): &(&String, &ScannedLog)| name.starts_with("__consumer_offsets-");
    for (_, log) in logs.iter().filter(of_coordinator) {
        for batch in log.batches() {
            let Ok(records) = batch.records(&mut decompressor, 1 << 20) else {
                continue;
            };
            for record in records.filter_map(Result::ok) {
                take(&record, &mut commits);
            }
        }
    }
    commits
}

fn take(record: &RecordView<'_>, commits: &mut LoggedCommits) {
    let Some(key) = record.key else { return };
    let Ok(GroupKey::OffsetCommit(key)) = GroupKey::decode(&mut Reader::new(key)) else {
        return;
    };
    let place = (key.group, key.topic, key.partition);
    let value = record
        .value
        .map(|value| GroupValue::decode(1, &mut Reader::new(value)));
    match value {
        Some(Ok(GroupValue::OffsetCommit(value))) => {
            if let Some(commit) = Commit::from_parts(value.offset, &value.metadata) {
                commits.insert(place, commit);
            }
        }
        _ => {
            commits.remove(&place);
        }
    }
}
