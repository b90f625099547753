//! Produce against a broker over a simulated disk, in virtual time.

use crate::api::harness::{COMPACTED, Node, STAMPED, T, WALL_MS, batch, batch_from, compressed};
use crate::fetch_sessions::SessionCounts;
use protocol::compression::{Codec, Compression};
use protocol::generated::ProduceRequest;
use protocol::generated::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::generated::produce_response::{
    LeaderIdAndEpoch, PartitionProduceResponse, ProduceResponse,
};
use protocol::ids::{BrokerEpoch, BrokerId, LeaderEpoch, Offset};
use protocol::records::{BatchTemplate, ProducerFields};
use protocol::wire::Records;
use protocol::{ErrorCode, Uuid};
use replica::FollowerFetch;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

const ALL: i16 = -1;

fn partition(index: i32, records: &[u8]) -> PartitionProduceData<'_> {
    PartitionProduceData {
        index,
        records: Some(Records::Inline(records)),
    }
}

fn to<'a>(
    name: &'a str,
    topic_id: Uuid,
    partition_data: Vec<PartitionProduceData<'a>>,
) -> TopicProduceData<'a> {
    TopicProduceData {
        name: name.into(),
        topic_id,
        partition_data,
    }
}

fn request<'a>(acks: i16, topic_data: Vec<TopicProduceData<'a>>) -> ProduceRequest<'a> {
    ProduceRequest {
        transactional_id: None,
        acks,
        timeout_ms: 1_000,
        topic_data,
    }
}

fn only<'a>(response: &'a ProduceResponse<'_>) -> &'a PartitionProduceResponse<'a> {
    assert_eq!(response.responses.len(), 1);
    assert_eq!(response.responses[0].partition_responses.len(), 1);
    &response.responses[0].partition_responses[0]
}

/// Sends one batch to a partition of a topic and returns the error.
async fn error_of(node: &Node, version: i16, topic: TopicProduceData<'_>) -> ErrorCode {
    let answer = node.send(version, &request(1, vec![topic])).await;
    only(&answer.decode().unwrap()).error_code
}

#[tokio::test(start_paused = true)]
async fn records_are_appended_in_the_order_of_the_request_and_offsets_answered() {
    let node = Node::start().await;
    let records = [batch(&["a", "b"]), batch(&["c"]), batch(&["d"])];
    for (version, first) in [(3, 0), (8, 2), (9, 4), (12, 6), (13, 8)] {
        let partitions = vec![partition(0, &records[0]), partition(1, &records[1])];
        let sent = request(1, vec![to("t", T, partitions)]);
        let answer = node.send(version, &sent).await;
        let response = answer.decode().unwrap();
        assert_eq!(response.throttle_time_ms, 0);
        let topic = &response.responses[0];
        match version {
            13 => assert_eq!((&*topic.name, topic.topic_id), ("", T)),
            _ => assert_eq!(topic.name, "t"),
        }
        let answered: Vec<_> = topic.partition_responses.iter().collect();
        assert_eq!((answered[0].index, answered[0].base_offset), (0, first));
        assert_eq!((answered[1].index, answered[1].base_offset), (1, first / 2));
        for partition in answered {
            assert_eq!(partition.error_code, ErrorCode::NONE);
            assert_eq!(partition.log_append_time_ms, -1);
            let log_start_offset = if version >= 5 { 0 } else { -1 };
            assert_eq!(partition.log_start_offset, log_start_offset);
        }
    }
    let stored = node.partition(T, 0);
    assert_eq!(stored.high_watermark(), Offset(10));
    assert_eq!(
        node.broker.fetch_sessions.counts(),
        SessionCounts::default()
    );
    assert_eq!(node.budget.available_bytes(), 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn who_wants_no_answer_gets_none_and_is_disconnected_after_an_error() {
    let node = Node::start().await;
    let records = batch(&["a"]);
    let sent = request(0, vec![to("t", T, vec![partition(0, &records)])]);
    node.client.send_without_answer(9, &sent).await.unwrap();
    // The next answer belongs to the next request.
    let sent = request(1, vec![to("t", T, vec![partition(0, &records)])]);
    let answer = node.send(9, &sent).await;
    assert_eq!(only(&answer.decode().unwrap()).base_offset, 1);
    let sent = request(0, vec![to("t", T, vec![partition(2, &records)])]);
    node.client.send_without_answer(9, &sent).await.unwrap();
    node.client.closed().await;
    while node.events.closed.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let reason = node.events.closed.lock().unwrap()[0].clone();
    assert!(reason.contains("t-2: NOT_LEADER_OR_FOLLOWER"), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn all_replicas_in_sync_are_waited_for_without_the_bytes_of_the_request() {
    let node = Node::start().await;
    let records = batch(&["a"]);
    let sent = request(ALL, vec![to("t", T, vec![partition(3, &records)])]);
    let answering = node.send(9, &sent);
    let replicating = async {
        let partition = node.partition(T, 3);
        while partition.log().log_end_offset() == Offset(0) {
            tokio::task::yield_now().await;
        }
        assert_eq!(partition.high_watermark(), Offset(0));
        assert_eq!(node.budget.available_bytes(), 1 << 20);
        // The next request of the connection does not wait for the first one.
        let one = request(1, vec![to("t", T, vec![partition_1(&records)])]);
        node.client
            .send_without_answer(9, &acks_0(&one))
            .await
            .unwrap();
        while node.partition(T, 1).log().log_end_offset() == Offset(0) {
            tokio::task::yield_now().await;
        }
        let fetch = FollowerFetch {
            replica: BrokerId(2),
            broker_epoch: BrokerEpoch(10),
            current_leader_epoch: LeaderEpoch(0),
            fetch_offset: Offset(1),
            last_fetched_epoch: Some(LeaderEpoch(0)),
            log_start_offset: Offset(0),
        };
        let limits = crate::partitions::ReadLimits {
            size_max: 1_000,
            at_least_one_batch: true,
        };
        partition.read_for_follower(&fetch, limits).await.unwrap();
    };
    let (answer, ()) = tokio::join!(answering, replicating);
    let response = answer.decode().unwrap();
    let acked = only(&response);
    assert_eq!((acked.error_code, acked.base_offset), (ErrorCode::NONE, 0));
}

fn partition_1(records: &[u8]) -> PartitionProduceData<'_> {
    partition(1, records)
}

fn acks_0<'a>(request: &ProduceRequest<'a>) -> ProduceRequest<'a> {
    ProduceRequest {
        acks: 0,
        ..request.clone()
    }
}

#[tokio::test(start_paused = true)]
async fn an_acknowledgement_that_does_not_come_in_time_says_where_the_records_are() {
    let node = Node::start().await;
    let begin = Instant::now();
    let records = batch(&["a"]);
    let partitions = vec![partition(3, &records), partition(0, &records)];
    let answer = node
        .send(13, &request(ALL, vec![to("", T, partitions)]))
        .await;
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_millis(1_100));
    let response = answer.decode().unwrap();
    let [late, acked] = &response.responses[0].partition_responses[..] else {
        panic!("{response:?}");
    };
    assert_eq!(
        (late.error_code, late.base_offset),
        (ErrorCode::REQUEST_TIMED_OUT, 0)
    );
    assert_eq!((acked.error_code, acked.base_offset), (ErrorCode::NONE, 0));
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_that_do_not_exist_are_refused() {
    let node = Node::start().await;
    let records = batch(&["a"]);
    for acks in [2, -2, i16::MAX] {
        let sent = request(acks, vec![to("t", T, vec![partition(0, &records)])]);
        let answer = node.send(9, &sent).await;
        let response = answer.decode().unwrap();
        let refused = only(&response);
        assert_eq!(refused.error_code, ErrorCode::INVALID_REQUIRED_ACKS);
        assert_eq!((refused.base_offset, refused.log_start_offset), (-1, -1));
    }
    assert_eq!(node.partition(T, 0).log().log_end_offset(), Offset(0));
}

#[tokio::test(start_paused = true)]
async fn topics_that_are_not_there_or_not_for_this_client_are_errors_of_their_partitions() {
    let node = Node::start().await;
    let records = batch(&["a"]);
    let nobody = Uuid::from_u128(9);
    let cases = [
        (12, "nobody", nobody, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
        (13, "", nobody, ErrorCode::UNKNOWN_TOPIC_ID),
        (13, "", Uuid::ZERO, ErrorCode::UNKNOWN_TOPIC_ID),
        (12, "secret", nobody, ErrorCode::TOPIC_AUTHORIZATION_FAILED),
        (
            13,
            "",
            Uuid::from_u128(503),
            ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ),
        (
            12,
            "__consumer_offsets",
            nobody,
            ErrorCode::INVALID_TOPIC_EXCEPTION,
        ),
    ];
    for (version, name, id, expected) in cases {
        let topic = to(name, id, vec![partition(0, &records)]);
        assert_eq!(error_of(&node, version, topic).await, expected, "{name}");
    }
    let topic = to("t", T, vec![partition(99, &records)]);
    let unknown = error_of(&node, 9, topic).await;
    assert_eq!(unknown, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

#[tokio::test(start_paused = true)]
async fn the_admin_client_may_write_to_internal_topics() {
    let node = Node::start().await;
    let records = batch(&["a"]);
    let topic = to(
        "__consumer_offsets",
        Uuid::ZERO,
        vec![partition(0, &records)],
    );
    let admin = node.connect("__admin_client").await;
    let timeout = Duration::from_secs(1);
    let answer = admin.send(9, &request(1, vec![topic]), timeout).await;
    let answer = answer.unwrap();
    assert_eq!(only(&answer.decode().unwrap()).error_code, ErrorCode::NONE);
}

#[tokio::test(start_paused = true)]
async fn who_asks_the_wrong_broker_is_told_the_right_one_from_version_10_on() {
    let node = Node::start().await;
    let records = batch(&["a"]);
    for (version, is_told) in [(9, false), (10, true), (13, true)] {
        let sent = request(1, vec![to("t", T, vec![partition(2, &records)])]);
        let answer = node.send(version, &sent).await;
        let response = answer.decode().unwrap();
        let refused = only(&response);
        assert_eq!(refused.error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
        let leader = LeaderIdAndEpoch {
            leader_id: 2,
            leader_epoch: 0,
        };
        if !is_told {
            assert_eq!(refused.current_leader, LeaderIdAndEpoch::default());
            assert!(response.node_endpoints.is_empty());
            continue;
        }
        assert_eq!(refused.current_leader, leader);
        let [endpoint] = &response.node_endpoints[..] else {
            panic!("{response:?}");
        };
        assert_eq!(
            (endpoint.node_id, &*endpoint.host, endpoint.port),
            (2, "b2", 9092)
        );
        assert_eq!(endpoint.rack.as_deref(), Some("r"));
    }
}

#[tokio::test(start_paused = true)]
async fn records_that_are_none_or_not_one_sound_batch_are_refused() {
    let node = Node::start().await;
    let null = PartitionProduceData {
        index: 0,
        records: None,
    };
    let refused = error_of(&node, 9, to("t", T, vec![null])).await;
    assert_eq!(refused, ErrorCode::INVALID_RECORD);
    let mut old = batch(&["a"]);
    old[16] = 1;
    let mut corrupt = batch(&["a"]);
    corrupt[17] ^= 1;
    let two = [batch(&["a"]), batch(&["b"])].concat();
    let zstd = Compression::with_default_level(Codec::Zstd);
    let zstd = compressed(zstd, &["a"]);
    let cases: [(i16, &[u8], ErrorCode); 6] = [
        (9, &[], ErrorCode::INVALID_RECORD),
        (9, &[1, 2, 3], ErrorCode::INVALID_RECORD),
        (9, &old, ErrorCode::INVALID_RECORD),
        (9, &corrupt, ErrorCode::CORRUPT_MESSAGE),
        (9, &two, ErrorCode::INVALID_RECORD),
        (6, &zstd, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),
    ];
    for (version, records, expected) in cases {
        let topic = to("t", T, vec![partition(0, records)]);
        assert_eq!(error_of(&node, version, topic).await, expected);
    }
    assert_eq!(node.partition(T, 0).log().log_end_offset(), Offset(0));
    let topic = to("t", T, vec![partition(0, &zstd)]);
    assert_eq!(error_of(&node, 7, topic).await, ErrorCode::NONE);
}

#[tokio::test(start_paused = true)]
async fn single_records_that_are_refused_are_named_from_version_8_on() {
    let node = Node::start().await;
    let records = batch(&["a", "b"]);
    for (version, named) in [(7, 0), (8, 2), (13, 2)] {
        let topic = to("compacted", COMPACTED, vec![partition(0, &records)]);
        let answer = node.send(version, &request(1, vec![topic])).await;
        let response = answer.decode().unwrap();
        let refused = only(&response);
        assert_eq!(refused.error_code, ErrorCode::INVALID_RECORD);
        assert_eq!(refused.record_errors.len(), named);
        assert_eq!(refused.error_message.is_some(), version >= 8);
        let no_key = "Compacted topic cannot accept message without key in topic partition \
                      compacted-0";
        for (index, error) in (0..).zip(&refused.record_errors) {
            assert_eq!(error.batch_index, index);
            assert_eq!(error.batch_index_error_message.as_deref(), Some(no_key));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_the_append_is_answered_where_records_get_it() {
    let node = Node::start().await;
    let records = batch(&["a"]);
    let topic = to("stamped", STAMPED, vec![partition(0, &records)]);
    let answer = node.send(9, &request(1, vec![topic])).await;
    assert_eq!(only(&answer.decode().unwrap()).log_append_time_ms, WALL_MS);
}

#[tokio::test(start_paused = true)]
async fn a_producer_that_repeats_a_batch_is_answered_with_the_first_offset() {
    let node = Node::start().await;
    let template = BatchTemplate {
        producer: Some(ProducerFields {
            id: 7,
            epoch: 0,
            base_sequence: 0,
        }),
        ..BatchTemplate::new(0)
    };
    let records = batch_from(template, &["a", "b"]);
    for _ in 0..2 {
        let sent = request(1, vec![to("t", T, vec![partition(0, &records)])]);
        let answer = node.send(9, &sent).await;
        let response = answer.decode().unwrap();
        let written = only(&response);
        assert_eq!(
            (written.error_code, written.base_offset),
            (ErrorCode::NONE, 0)
        );
    }
    assert_eq!(node.partition(T, 0).log().log_end_offset(), Offset(2));
}

#[tokio::test(start_paused = true)]
async fn a_transactional_batch_is_of_a_transactional_id_that_nobody_knows() {
    let node = Node::start().await;
    let template = BatchTemplate {
        transactional: true,
        producer: Some(ProducerFields {
            id: 7,
            epoch: 0,
            base_sequence: 0,
        }),
        ..BatchTemplate::new(0)
    };
    let (records, plain) = (batch_from(template, &["a"]), batch(&["b"]));
    let refusal = ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    let unknown = ErrorCode::INVALID_PRODUCER_ID_MAPPING;
    let cases = [
        (None, [refusal, refusal]),
        (Some("secret"), [refusal, refusal]),
        (Some("mine"), [unknown, ErrorCode::NONE]),
    ];
    for (id, expected) in cases {
        let partitions = vec![partition(0, &records), partition(1, &plain)];
        let mut sent = request(ALL, vec![to("t", T, partitions)]);
        sent.transactional_id = id.map(Into::into);
        let answer = node.send(9, &sent).await;
        let response = answer.decode().unwrap();
        let errors = response.responses[0].partition_responses.iter();
        let errors: Vec<_> = errors.map(|partition| partition.error_code).collect();
        assert_eq!(errors, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn who_produces_too_much_is_told_for_how_long_he_is_held_back() {
    let node = Node::start().await;
    node.throttle.ms.store(250, Ordering::Relaxed);
    let records = batch(&["a"]);
    let begin = Instant::now();
    for (count, held_back_ms) in [(1, 0), (2, 250)] {
        let sent = request(1, vec![to("t", T, vec![partition(0, &records)])]);
        let answer = node.send(9, &sent).await;
        assert_eq!(answer.decode().unwrap().throttle_time_ms, 250);
        let offset = node.partition(T, 0).log().log_end_offset();
        assert_eq!(offset, Offset(count));
        assert!(begin.elapsed() >= Duration::from_millis(held_back_ms));
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_into_a_topic_is_counted() {
    let node = Node::start().await;
    let (records, large) = (batch(&["a", "b"]), batch(&[&"x".repeat(900_000)]));
    let mut size_bytes = 0;
    for (index, records) in [(0, &records), (1, &records), (0, &large), (2, &records)] {
        let sent = request(1, vec![to("t", T, vec![partition(index, records)])]);
        node.send(9, &sent).await;
        if index < 2 {
            size_bytes += records.len() as u64;
        }
    }
    let mut forged = records.clone();
    forged[0] = 1;
    node.send(
        9,
        &request(1, vec![to("t", T, vec![partition(0, &forged)])]),
    )
    .await;
    assert_eq!(node.count_of_t("messagesin").await, 5);
    assert_eq!(node.count_of_t("bytesin").await, size_bytes);
    assert_eq!(node.count_of_t("totalproducerequests").await, 4);
    assert_eq!(node.count_of_t("failedproducerequests").await, 1);
    assert_eq!(node.count_of_t("bytesrejected").await, 0);
}
