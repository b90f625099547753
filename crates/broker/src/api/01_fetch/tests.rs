//! Fetch against a broker over a simulated disk, in virtual time.

use crate::api::harness::{
    FETCH_BYTES_MAX, Node, SHORT, T, WALL_MS, batch, batch_from, partition, topic,
};
use net::request_connection::ResponseBytes;
use protocol::generated::FetchRequest;
use protocol::generated::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
use protocol::generated::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchResponse, LeaderIdAndEpoch, PartitionData,
};
use protocol::generated::metadata::{MetadataRecord, PartitionChangeRecord, RemoveTopicRecord};
use protocol::records::{BatchTemplate, EndTransactionMarker, ProducerFields, TransactionResult};
use protocol::wire::Records;
use protocol::{ErrorCode, Uuid};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use storage::disk::{DiskError, DiskErrorKind};
use storage::log::AppendOrigin;
use tokio::time::Instant;

const WAIT_MS: i32 = 500;
const LATER: Uuid = Uuid::from_u128(900);

fn part(partition: i32, fetch_offset: i64) -> FetchPartition {
    FetchPartition {
        partition,
        fetch_offset,
        partition_max_bytes: 1 << 20,
        current_leader_epoch: -1,
        last_fetched_epoch: -1,
        log_start_offset: -1,
        high_watermark: i64::MAX,
        replica_directory_id: Uuid::ZERO,
    }
}

fn of(name: &str, topic_id: Uuid, partitions: Vec<FetchPartition>) -> FetchTopic<'_> {
    FetchTopic {
        topic: name.into(),
        topic_id,
        partitions,
    }
}

/// Asks for at least a byte, and waits for it.
fn fetch(topics: Vec<FetchTopic<'_>>) -> FetchRequest<'_> {
    FetchRequest {
        max_wait_ms: WAIT_MS,
        min_bytes: 1,
        topics,
        ..FetchRequest::default()
    }
}

fn fetch_t<'a>(partitions: Vec<FetchPartition>) -> FetchRequest<'a> {
    fetch(vec![of("t", T, partitions)])
}

fn in_session<'a>(id: i32, epoch: i32, topics: Vec<FetchTopic<'a>>) -> FetchRequest<'a> {
    FetchRequest {
        session_id: id,
        session_epoch: epoch,
        ..fetch(topics)
    }
}

fn parts<'a, 'm>(response: &'a FetchResponse<'m>) -> Vec<&'a PartitionData<'m>> {
    let topics = response.responses.iter();
    topics.flat_map(|topic| &topic.partitions).collect()
}

fn bytes<'a>(part: &'a PartitionData<'_>) -> &'a [u8] {
    match part.records {
        Some(Records::Inline(bytes)) => bytes,
        _ => panic!("{part:?}"),
    }
}

fn errors(response: &FetchResponse<'_>) -> Vec<ErrorCode> {
    parts(response).iter().map(|part| part.error_code).collect()
}

async fn errors_of(node: &Node, version: i16, request: &FetchRequest<'_>) -> Vec<ErrorCode> {
    let answer = node.send(version, request).await;
    errors(&answer.decode().unwrap())
}

/// Sends and says how long the answer took.
async fn timed<'a>(
    node: &Node,
    request: &FetchRequest<'a>,
) -> (ResponseBytes<FetchRequest<'a>>, Duration) {
    let begin = Instant::now();
    let answer = node.send(12, request).await;
    (answer, begin.elapsed())
}

fn is_at_once(waited: Duration) -> bool {
    waited < Duration::from_millis(50)
}

fn is_in_time(waited: Duration) -> bool {
    let late = waited.saturating_sub(Duration::from_millis(WAIT_MS as u64));
    waited >= Duration::from_millis(WAIT_MS as u64) && late < Duration::from_millis(50)
}

#[tokio::test(start_paused = true)]
async fn the_bytes_of_the_log_are_answered_in_every_version() {
    let node = Node::start().await;
    node.fill(T, 0, &["a", "b", "c"]).await;
    let log = node.log_bytes(T, 0).await;
    for version in 4..=18 {
        let answer = node
            .send(version, &fetch_t(vec![part(0, 0), part(1, 0)]))
            .await;
        let response = answer.decode().unwrap();
        let [topic] = &response.responses[..] else {
            panic!("{response:?}");
        };
        match version {
            13.. => assert_eq!((&*topic.topic, topic.topic_id), ("", T)),
            _ => assert_eq!(topic.topic, "t"),
        }
        let [full, empty] = parts(&response)[..] else {
            panic!("{response:?}");
        };
        assert_eq!(bytes(full), log);
        assert_eq!((full.high_watermark, full.last_stable_offset), (3, 3));
        assert_eq!(full.log_start_offset, if version >= 5 { 0 } else { -1 });
        assert_eq!((bytes(empty).len(), empty.high_watermark), (0, 0));
        assert_eq!(full.preferred_read_replica, -1);
        assert_eq!(full.aborted_transactions, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_begins_with_the_batch_that_holds_its_offset() {
    let node = Node::start().await;
    let mut both = batch(&["a", "b"]);
    node.append(T, 0, AppendOrigin::Client, &mut both).await;
    node.fill(T, 0, &["c"]).await;
    let log = node.log_bytes(T, 0).await;
    for (offset, from) in [(0, 0), (1, 0), (2, both.len())] {
        let answer = node.send(12, &fetch_t(vec![part(0, offset)])).await;
        let response = answer.decode().unwrap();
        assert_eq!(bytes(parts(&response)[0]), &log[from..]);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_hold_but_for_the_first_batch_of_all() {
    let node = Node::start().await;
    let value = "x".repeat(1_000);
    node.fill(T, 0, &[&value, &value, &value, &value, &value])
        .await;
    node.fill(T, 1, &[&value]).await;
    let log = node.log_bytes(T, 0).await;
    let batch_bytes = log.len() as i32 / 5;
    let sizes = async |max_bytes, partition_bytes: [i32; 2]| {
        let asked = [part(0, 0), part(1, 0)].into_iter().zip(partition_bytes);
        let asked = asked.map(|(part, partition_max_bytes)| FetchPartition {
            partition_max_bytes,
            ..part
        });
        let request = FetchRequest {
            max_bytes,
            ..fetch_t(asked.collect())
        };
        let answer = node.send(12, &request).await;
        let response = answer.decode().unwrap();
        let sizes: Vec<_> = parts(&response)
            .iter()
            .map(|part| bytes(part).len())
            .collect();
        (sizes[0] as i32, sizes[1] as i32)
    };
    let large = 1 << 20;
    assert_eq!(sizes(1, [large; 2]).await, (batch_bytes, 0));
    assert_eq!(sizes(0, [large; 2]).await, (batch_bytes, 0));
    assert_eq!(sizes(-5, [-5; 2]).await, (batch_bytes, 0));
    assert_eq!(sizes(large, [1; 2]).await, (batch_bytes, 0));
    assert_eq!(sizes(large, [2_000, large]).await, (2_000, batch_bytes));
    assert_eq!(sizes(3_000, [2_000, large]).await, (2_000, 0));
    let server_max = FETCH_BYTES_MAX as i32;
    assert_eq!(sizes(large, [large; 2]).await, (server_max, 0));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_waits_for_records_and_no_longer_than_it_wants() {
    let node = Node::start().await;
    let (answer, waited) = timed(&node, &fetch_t(vec![part(0, 0), part(1, 0)])).await;
    assert!(is_in_time(waited), "{waited:?}");
    assert_eq!(errors(&answer.decode().unwrap()), [ErrorCode::NONE; 2]);
    for max_wait_ms in [0, -1] {
        let request = FetchRequest {
            max_wait_ms,
            ..fetch_t(vec![part(0, 0)])
        };
        assert!(is_at_once(timed(&node, &request).await.1));
    }
    let armed_count = node.broker.environment.timers.armed_count();
    let request = FetchRequest {
        min_bytes: 0,
        ..fetch_t(vec![part(0, 0)])
    };
    assert!(is_at_once(timed(&node, &request).await.1));
    let request = fetch_t(vec![part(0, 0), part(1, 0)]);
    let later = async {
        node.pass_ms(200).await;
        node.fill(T, 1, &["a"]).await;
    };
    let ((answer, waited), ()) = tokio::join!(timed(&node, &request), later);
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_millis(250));
    let response = answer.decode().unwrap();
    assert_eq!(bytes(parts(&response)[1]), node.log_bytes(T, 1).await);
    let timers = &node.broker.environment.timers;
    assert_eq!(timers.armed_count(), armed_count, "nothing waits any more");
}

#[tokio::test(start_paused = true)]
async fn bytes_are_counted_over_all_partitions_as_they_come() {
    let node = Node::start().await;
    let batch_bytes = batch(&["a"]).len() as i32;
    let request = FetchRequest {
        min_bytes: 3 * batch_bytes,
        ..fetch_t(vec![part(0, 0), part(1, 0)])
    };
    let later = async {
        for index in [0, 1, 1] {
            node.pass_ms(100).await;
            node.fill(T, index, &["a"]).await;
        }
    };
    let ((answer, waited), ()) = tokio::join!(timed(&node, &request), later);
    assert!(waited >= Duration::from_millis(300) && waited < Duration::from_millis(350));
    let response = answer.decode().unwrap();
    let sizes: Vec<_> = parts(&response)
        .iter()
        .map(|part| bytes(part).len() as i32)
        .collect();
    assert_eq!(sizes, [batch_bytes, 2 * batch_bytes]);
    // No more is waited for than an answer can hold.
    let request = FetchRequest {
        min_bytes: i32::MAX,
        max_bytes: batch_bytes,
        ..fetch_t(vec![part(0, 0)])
    };
    assert!(is_at_once(timed(&node, &request).await.1));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_more_than_a_segment_has_if_there_is_another() {
    let node = Node::start().await;
    let value = "x".repeat(1_000);
    node.fill(SHORT, 0, &[&value, &value]).await;
    for (offset, is_first) in [(0, true), (1, false)] {
        let request = FetchRequest {
            min_bytes: 2_000,
            ..fetch(vec![of("short", SHORT, vec![part(0, offset)])])
        };
        let (answer, waited) = timed(&node, &request).await;
        assert_eq!(
            bytes(parts(&answer.decode().unwrap())[0]).len(),
            batch(&[&value]).len()
        );
        assert_eq!(
            (is_at_once(waited), is_in_time(waited)),
            (is_first, !is_first)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_told_at_once_and_what_does_not_exist_in_time() {
    let node = Node::start().await;
    let elsewhere = fetch_t(vec![part(0, 0), part(2, 0)]);
    let (answer, waited) = timed(&node, &elsewhere).await;
    assert!(is_at_once(waited));
    let expected = [ErrorCode::NONE, ErrorCode::NOT_LEADER_OR_FOLLOWER];
    assert_eq!(errors(&answer.decode().unwrap()), expected);
    for offset in [-1, 1, i64::MAX] {
        let (answer, waited) = timed(&node, &fetch_t(vec![part(0, offset)])).await;
        assert!(is_at_once(waited));
        let response = answer.decode().unwrap();
        assert_eq!(errors(&response), [ErrorCode::OFFSET_OUT_OF_RANGE]);
        let [part] = parts(&response)[..] else {
            panic!("{response:?}");
        };
        assert_eq!((part.high_watermark, part.log_start_offset), (-1, -1));
    }
    let (answer, waited) = timed(&node, &fetch_t(vec![part(0, 0), part(99, 0)])).await;
    assert!(is_in_time(waited));
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    assert_eq!(
        errors(&answer.decode().unwrap()),
        [ErrorCode::NONE, unknown]
    );
    let none = fetch(vec![
        of("nobody", LATER, vec![part(0, 0)]),
        of("secret", LATER, vec![part(0, 0)]),
    ]);
    let (answer, waited) = timed(&node, &none).await;
    assert!(is_at_once(waited), "there is nothing to wait for");
    let expected = [unknown, ErrorCode::TOPIC_AUTHORIZATION_FAILED];
    assert_eq!(errors(&answer.decode().unwrap()), expected);
    let (_, waited) = timed(&node, &fetch(Vec::new())).await;
    assert!(is_at_once(waited));
}

#[tokio::test(start_paused = true)]
async fn who_waits_learns_that_the_leader_has_changed() {
    let node = Node::start().await;
    let change = MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: 3,
        topic_id: T,
        leader: 2,
        ..PartitionChangeRecord::default()
    });
    let request = fetch_t(vec![part(3, 0)]);
    let later = async {
        node.pass_ms(100).await;
        node.apply(&[change]).await;
    };
    let ((answer, waited), ()) = tokio::join!(timed(&node, &request), later);
    assert!(waited < Duration::from_millis(150), "{waited:?}");
    let moved = ErrorCode::NOT_LEADER_OR_FOLLOWER;
    assert_eq!(errors(&answer.decode().unwrap()), [moved]);
}

#[tokio::test(start_paused = true)]
async fn sessions_leave_out_what_has_not_changed() {
    let node = Node::start().await;
    node.fill(T, 0, &["a"]).await;
    let all = vec![of("t", T, vec![part(0, 1), part(1, 0)])];
    let answer = node.send(13, &in_session(0, 0, all)).await;
    let response = answer.decode().unwrap();
    let id = response.session_id;
    assert!(id > 0);
    assert_eq!(parts(&response).len(), 2);
    let answer = node.send(13, &in_session(id, 1, Vec::new())).await;
    let response = answer.decode().unwrap();
    assert_eq!((response.session_id, response.responses.len()), (id, 0));
    node.fill(T, 1, &["b"]).await;
    let answer = node.send(13, &in_session(id, 2, Vec::new())).await;
    let response = answer.decode().unwrap();
    let [told] = parts(&response)[..] else {
        panic!("{response:?}");
    };
    assert_eq!(
        (told.partition_index, bytes(told)),
        (1, &*node.log_bytes(T, 1).await)
    );
    let refused = async |request: FetchRequest<'static>| {
        let answer = node.send(13, &request).await;
        let response: FetchResponse<'_> = answer.decode().unwrap();
        (response.error_code, response.session_id)
    };
    let stale = refused(in_session(id, 2, Vec::new())).await;
    assert_eq!(stale, (ErrorCode::INVALID_FETCH_SESSION_EPOCH, 0));
    let unknown = refused(in_session(id ^ 1, 3, Vec::new())).await;
    assert_eq!(unknown, (ErrorCode::FETCH_SESSION_ID_NOT_FOUND, 0));
    let answer = node.send(12, &in_session(id, 3, Vec::new())).await;
    let by_names = answer.decode().unwrap().error_code;
    assert_eq!(by_names, ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
}

#[tokio::test(start_paused = true)]
async fn a_session_by_ids_tells_apart_what_never_was_what_is_gone_and_what_is_new() {
    let node = Node::start().await;
    let all = vec![of("", LATER, vec![part(0, 0)])];
    let answer = node.send(13, &in_session(0, 0, all)).await;
    let response = answer.decode().unwrap();
    assert_eq!(errors(&response), [ErrorCode::UNKNOWN_TOPIC_ID]);
    let id = response.session_id;
    let next = async |epoch| errors_of(&node, 13, &in_session(id, epoch, Vec::new())).await;
    assert_eq!(next(1).await, [ErrorCode::UNKNOWN_TOPIC_ID]);
    let remove = |topic_id| MetadataRecord::RemoveTopic(RemoveTopicRecord { topic_id });
    node.apply(&[topic("later", LATER), partition(LATER, 0, &[1])])
        .await;
    assert_eq!(next(2).await, [ErrorCode::NONE]);
    node.apply(&[remove(LATER)]).await;
    assert_eq!(next(3).await, [ErrorCode::UNKNOWN_TOPIC_OR_PARTITION]);
    let again = Uuid::from_u128(901);
    node.apply(&[topic("later", again), partition(again, 0, &[1])])
        .await;
    assert_eq!(next(4).await, [ErrorCode::INCONSISTENT_TOPIC_ID]);
}

#[tokio::test(start_paused = true)]
async fn readers_of_committed_records_stop_before_open_transactions() {
    let node = Node::start().await;
    let producer = ProducerFields {
        id: 7,
        epoch: 0,
        base_sequence: 0,
    };
    node.fill(T, 0, &["a"]).await;
    let template = BatchTemplate {
        transactional: true,
        producer: Some(producer),
        ..BatchTemplate::new(0)
    };
    let mut open = batch_from(template, &["b"]);
    node.append(T, 0, AppendOrigin::Client, &mut open).await;
    node.fill(T, 0, &["c"]).await;
    let log = node.log_bytes(T, 0).await;
    let committed = FetchRequest {
        isolation_level: 1,
        ..fetch_t(vec![part(0, 0)])
    };
    let answer = node.send(12, &committed).await;
    let response = answer.decode().unwrap();
    let [part_0] = parts(&response)[..] else {
        panic!("{response:?}");
    };
    assert_eq!(bytes(part_0), &log[..batch(&["a"]).len()]);
    assert_eq!((part_0.high_watermark, part_0.last_stable_offset), (3, 1));
    assert_eq!(part_0.aborted_transactions, Some(Vec::new()));
    let waiting = FetchRequest {
        isolation_level: 1,
        ..fetch_t(vec![part(0, 1)])
    };
    let later = async {
        node.pass_ms(100).await;
        let marker = EndTransactionMarker {
            result: TransactionResult::Abort,
            coordinator_epoch: 1,
        };
        let marker = marker.batch(&BatchTemplate::new(0), producer.id, 0, WALL_MS);
        let origin = AppendOrigin::EndTransaction {
            transaction_version: 0,
        };
        node.append(T, 0, origin, &mut marker.unwrap()).await;
    };
    let ((answer, waited), ()) = tokio::join!(timed(&node, &waiting), later);
    assert!(waited >= Duration::from_millis(100) && waited < Duration::from_millis(150));
    let response = answer.decode().unwrap();
    let aborted = AbortedTransaction {
        producer_id: 7,
        first_offset: 1,
    };
    let [part_0] = parts(&response)[..] else {
        panic!("{response:?}");
    };
    assert_eq!(part_0.aborted_transactions, Some(vec![aborted]));
    assert_eq!(part_0.last_stable_offset, 4);
}

#[tokio::test(start_paused = true)]
async fn epochs_that_do_not_fit_are_refused_and_logs_that_part_are_told_where() {
    let node = Node::start().await;
    node.fill(T, 3, &["a", "b"]).await;
    let change = MetadataRecord::PartitionChange(PartitionChangeRecord {
        partition_id: 3,
        topic_id: T,
        leader: 1,
        ..PartitionChangeRecord::default()
    });
    node.apply(&[change]).await;
    let with_epoch = |current_leader_epoch| {
        let part = FetchPartition {
            current_leader_epoch,
            ..part(3, 0)
        };
        fetch_t(vec![part])
    };
    let fenced = errors_of(&node, 9, &with_epoch(0)).await;
    assert_eq!(fenced, [ErrorCode::FENCED_LEADER_EPOCH]);
    let unknown = errors_of(&node, 9, &with_epoch(2)).await;
    assert_eq!(unknown, [ErrorCode::UNKNOWN_LEADER_EPOCH]);
    let answer = node.send(16, &with_epoch(0)).await;
    let response = answer.decode().unwrap();
    let leader = LeaderIdAndEpoch {
        leader_id: 1,
        leader_epoch: 1,
    };
    assert_eq!(parts(&response)[0].current_leader, leader);
    assert_eq!(&*response.node_endpoints[0].host, "b1");
    node.fill(T, 3, &["c"]).await;
    let parted = FetchPartition {
        last_fetched_epoch: 0,
        ..part(3, 3)
    };
    let (answer, waited) = timed(&node, &fetch_t(vec![parted])).await;
    assert!(is_at_once(waited));
    let response = answer.decode().unwrap();
    let end = EpochEndOffset {
        epoch: 0,
        end_offset: 2,
    };
    let told = parts(&response)[0];
    assert_eq!((&told.diverging_epoch, bytes(told).len()), (&end, 0));
}

#[tokio::test(start_paused = true)]
async fn who_asks_the_wrong_broker_is_told_the_right_one_from_version_16_on() {
    let node = Node::start().await;
    for (version, leader_id) in [(15, -1), (16, 2), (18, 2)] {
        let answer = node.send(version, &fetch_t(vec![part(2, 0)])).await;
        let response = answer.decode().unwrap();
        assert_eq!(errors(&response), [ErrorCode::NOT_LEADER_OR_FOLLOWER]);
        assert_eq!(parts(&response)[0].current_leader.leader_id, leader_id);
        let hosts: Vec<_> = response
            .node_endpoints
            .iter()
            .map(|node| &*node.host)
            .collect();
        assert_eq!(hosts, if leader_id == 2 { vec!["b2"] } else { vec![] });
    }
}

#[tokio::test(start_paused = true)]
async fn who_fetches_too_much_is_held_back_and_told_of_nothing() {
    let node = Node::start().await;
    node.fill(T, 0, &["a"]).await;
    let all = vec![of("t", T, vec![part(0, 0)])];
    let answer = node.send(12, &in_session(0, 0, all)).await;
    let id = answer.decode().unwrap().session_id;
    node.throttle.ms.store(100, Ordering::Relaxed);
    let answer = node.send(12, &in_session(id, 1, Vec::new())).await;
    let response = answer.decode().unwrap();
    assert_eq!((response.throttle_time_ms, response.session_id), (100, id));
    assert!(response.responses.is_empty());
    node.throttle.ms.store(0, Ordering::Relaxed);
    let answer = node.send(12, &in_session(id, 2, Vec::new())).await;
    let response = answer.decode().unwrap();
    assert_eq!(bytes(parts(&response)[0]), node.log_bytes(T, 0).await);
}

#[tokio::test(start_paused = true)]
async fn replicas_read_to_the_end_of_the_log_and_commit_it_if_they_may_act_for_the_cluster() {
    let node = Node::start().await;
    node.fill(T, 3, &["a", "b"]).await;
    let log = node.log_bytes(T, 3).await;
    let by_replica = |version, fetch_offset| {
        let of_replica = FetchPartition {
            current_leader_epoch: 0,
            log_start_offset: 0,
            ..part(3, fetch_offset)
        };
        let state = ReplicaState {
            replica_id: 2,
            replica_epoch: 10,
        };
        let request = fetch_t(vec![of_replica]);
        if version >= 15 {
            FetchRequest {
                replica_state: state,
                ..request
            }
        } else {
            FetchRequest {
                replica_id: 2,
                ..request
            }
        }
    };
    let refused = errors_of(&node, 13, &by_replica(13, 0)).await;
    assert_eq!(refused, [ErrorCode::TOPIC_AUTHORIZATION_FAILED]);
    node.rights.cluster.store(true, Ordering::Relaxed);
    for version in [12, 18] {
        let answer = node.send(version, &by_replica(version, 0)).await;
        let response = answer.decode().unwrap();
        assert_eq!(errors(&response), [ErrorCode::NONE]);
        assert_eq!(bytes(parts(&response)[0]), log);
    }
    assert_eq!(node.partition(T, 3).high_watermark().0, 0);
    let later = async {
        node.pass_ms(100).await;
        node.fill(T, 3, &["c"]).await;
    };
    let request = by_replica(18, 2);
    let (answer, ()) = tokio::join!(node.send(18, &request), later);
    let response = answer.decode().unwrap();
    let [told] = parts(&response)[..] else {
        panic!("{response:?}");
    };
    assert_eq!(bytes(told), &node.log_bytes(T, 3).await[log.len()..]);
    assert_eq!(told.high_watermark, 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_log_directory_has_an_error_that_old_clients_know() {
    let node = Node::start().await;
    let error = DiskError::new("sync", Path::new("/d"), DiskErrorKind::Failed);
    let logs = node.broker.partitions.logs();
    logs.directories()[0].health().fail(&error);
    tokio::task::yield_now().await;
    let old = errors_of(&node, 5, &fetch_t(vec![part(0, 0)])).await;
    assert_eq!(old, [ErrorCode::NOT_LEADER_OR_FOLLOWER]);
    let new = errors_of(&node, 6, &fetch_t(vec![part(0, 0)])).await;
    assert_eq!(new, [ErrorCode::KAFKA_STORAGE_ERROR]);
}

#[tokio::test(start_paused = true)]
async fn what_goes_out_of_a_topic_is_counted_once_however_often_it_is_looked_at() {
    let node = Node::start().await;
    let request = fetch_t(vec![part(0, 0), part(1, 0)]);
    let later = async {
        node.pass_ms(100).await;
        node.fill(T, 1, &["a"]).await;
    };
    tokio::join!(timed(&node, &request), later);
    let sent = node.log_bytes(T, 1).await.len() as u64;
    assert_eq!(node.count_of_t("bytesout").await, sent);
    assert_eq!(node.count_of_t("totalfetchrequests").await, 2);
    timed(&node, &fetch_t(vec![part(0, 5)])).await;
    assert_eq!(node.count_of_t("totalfetchrequests").await, 3);
    assert_eq!(node.count_of_t("failedfetchrequests").await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_does_not_fit_counts_as_being_there() {
    let node = Node::start().await;
    node.fill(T, 0, &["a"]).await;
    node.fill(T, 1, &[&"b".repeat(1_000)]).await;
    let narrow = FetchPartition {
        partition_max_bytes: 500,
        ..part(1, 0)
    };
    let request = FetchRequest {
        min_bytes: 400,
        ..fetch_t(vec![part(0, 0), narrow])
    };
    let (answer, waited) = timed(&node, &request).await;
    let response = answer.decode().unwrap();
    let [part_0, part_1] = parts(&response)[..] else {
        panic!("{response:?}");
    };
    assert_eq!(bytes(part_0), node.log_bytes(T, 0).await);
    assert_eq!(bytes(part_1), b"");
    assert!(is_at_once(waited), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_isolation_level_that_does_not_exist_fails_the_whole_where_there_is_something_to_read() {
    let node = Node::start().await;
    node.fill(T, 0, &["a"]).await;
    let unknown = |partitions| FetchRequest {
        isolation_level: 7,
        ..fetch_t(partitions)
    };
    for version in 4..=18 {
        let request = unknown(vec![part(99, 0), part(0, 0)]);
        let answer = node.send(version, &request).await;
        let response = answer.decode().unwrap();
        let whole = if version >= 7 {
            ErrorCode::UNKNOWN_SERVER_ERROR
        } else {
            ErrorCode::NONE
        };
        assert_eq!(response.error_code, whole, "{version}");
        let count = if version <= 12 { 2 } else { 0 };
        let expected = vec![ErrorCode::UNKNOWN_SERVER_ERROR; count];
        assert_eq!(errors(&response), expected, "{version}");
        assert!(parts(&response).iter().all(|part| bytes(part).is_empty()));
    }
    let nowhere = errors_of(&node, 12, &unknown(vec![part(99, 0)])).await;
    assert_eq!(nowhere, [ErrorCode::UNKNOWN_TOPIC_OR_PARTITION]);
}
