//! What the controller answers to each request, and to whom.

mod cluster;

use crate::controller::ControllerChannel;
use crate::requests::{Authorizer, Operation, Quotas, Resource, Usage};
use crate::simulated_control_plane::{
    ControlPlane, NODE, Options, configured_topic, configured_voters, formatted_disk,
    formatted_disk_at, pass, topic,
};
use metadata::features::MetadataVersion;
use net::request_context::{
    ConnectionContext, ConnectionId, ListenerName, Principal, RequestContext,
};
use protocol::api_key::Request;
use protocol::generated::alter_client_quotas_request::{
    EntityData as QuotaPart, EntryData as AskedQuotas, OpData,
};
use protocol::generated::alter_configs_request::{
    AlterConfigsResource, AlterableConfig as WholeConfig,
};
use protocol::generated::create_partitions_request::CreatePartitionsTopic;
use protocol::generated::delete_topics_request::DeleteTopicState;
use protocol::generated::incremental_alter_configs_request::{
    AlterConfigsResource as IncrementalResource, AlterableConfig,
};
use protocol::generated::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, AlterClientQuotasRequest,
    AlterClientQuotasResponse, AlterConfigsRequest, AlterConfigsResponse, BrokerHeartbeatRequest,
    BrokerHeartbeatResponse, BrokerRegistrationRequest, BrokerRegistrationResponse,
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DeleteTopicsRequest, DeleteTopicsResponse, IncrementalAlterConfigsRequest,
    IncrementalAlterConfigsResponse,
};
use protocol::wire::{Message, Reader, Writer};
use protocol::{ApiKey, ErrorCode, Uuid};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::Instant;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Lets User:alice do what is listed, and everybody else everything.
struct AliceMay(&'static [(Operation, &'static str)]);

impl Authorizer for AliceMay {
    fn authorise(
        &self,
        principal: &Principal,
        host: IpAddr,
        operation: Operation,
        resource: Resource<'_>,
    ) -> bool {
        if principal.name() != "alice" {
            return true;
        }
        assert_eq!(host, IpAddr::from([10, 0, 0, 7]));
        let name = match resource {
            Resource::Topic(name) | Resource::Group(name) => name,
            Resource::Cluster | Resource::TransactionalId(_) => "",
        };
        self.0.contains(&(operation, name))
    }
}

fn alice(key: ApiKey, version: i16) -> RequestContext {
    RequestContext {
        connection: Arc::new(ConnectionContext {
            id: ConnectionId(1),
            listener: ListenerName::new("PLAINTEXT"),
            peer: "10.0.0.7:5000".parse().unwrap(),
            principal: Principal::new("User", "alice"),
            software: OnceLock::new(),
        }),
        api_key: key,
        api_version: version,
        correlation_id: 77,
        client_id: Some("console".into()),
        received_at: Instant::now(),
    }
}

/// Passes a request on as a broker does for its client; returns the body of the answer.
async fn forward<'a, Q: Request<'a>>(
    channel: &ControllerChannel,
    request: &Q,
    version: i16,
) -> Result<Vec<u8>, ErrorCode> {
    let mut writer = Writer::new();
    request.encode(&mut writer, version).unwrap();
    let context = alice(Q::KEY, version);
    let forwarded = channel.forward(&context, writer.buffer()).await;
    forwarded.map(|forwarded| forwarded.body)
}

fn decode<'a, R: Message<'a>>(body: &'a [u8], version: i16) -> R {
    let mut reader = Reader::new(body);
    let message = R::decode(&mut reader, version).unwrap();
    reader.expect_end().unwrap();
    message
}

async fn plane_for_alice(may: &'static [(Operation, &'static str)]) -> ControlPlane {
    let options = Options {
        authorizer: Arc::new(AliceMay(may)),
        ..Options::default()
    };
    ControlPlane::start_with(&formatted_disk().await, options).await
}

fn text(message: Option<&std::borrow::Cow<'_, str>>) -> String {
    message.map(ToString::to_string).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn created_topics_show_their_configuration_to_those_who_may_see_it() {
    let may = &[
        (Operation::Create, "seen"),
        (Operation::Create, "unseen"),
        (Operation::DescribeConfigs, "seen"),
    ];
    let plane = plane_for_alice(may).await;
    let _broker = plane.running_broker().await;
    let request = CreateTopicsRequest {
        topics: vec![
            configured_topic("seen", "retention.ms", "5"),
            configured_topic("unseen", "retention.ms", "5"),
            topic("forbidden", 1),
            topic("twice", 1),
            topic("twice", 1),
            topic("__cluster_metadata", 1),
            configured_topic("wrong", "retention.ms", "x"),
        ],
        ..CreateTopicsRequest::default()
    };
    for version in [2, 5, 7] {
        let validate_only = version < 7;
        let request = CreateTopicsRequest {
            validate_only,
            ..request.clone()
        };
        let body = forward(&plane.channel(), &request, version).await.unwrap();
        let response: CreateTopicsResponse<'_> = decode(&body, version);
        let codes: Vec<_> = response
            .topics
            .iter()
            .map(|topic| (&*topic.name, topic.error_code))
            .collect();
        let expected = [
            ("seen", ErrorCode::NONE),
            ("unseen", ErrorCode::NONE),
            ("__cluster_metadata", ErrorCode::INVALID_REQUEST),
            ("forbidden", ErrorCode::TOPIC_AUTHORIZATION_FAILED),
            ("twice", ErrorCode::INVALID_REQUEST),
            ("wrong", ErrorCode::TOPIC_AUTHORIZATION_FAILED),
        ];
        assert_eq!(codes, expected);
        let (seen, unseen) = (&response.topics[0], &response.topics[1]);
        if version < 5 {
            continue;
        }
        assert_eq!((seen.num_partitions, seen.replication_factor), (1, 1));
        let configs = seen.configs.as_ref().unwrap();
        let shown = |key: &str| {
            let config = configs.iter().find(|config| config.name == key).unwrap();
            (config.value.as_deref(), config.config_source)
        };
        assert_eq!(shown("cleanup.policy"), (Some("delete"), 5));
        assert_eq!(shown("retention.ms"), (Some("5"), 1));
        // Set for all brokers since the bootstrap, because of eligible leader replicas.
        assert_eq!(shown("min.insync.replicas"), (Some("1"), 3));
        assert_eq!(
            (unseen.topic_config_error_code, unseen.num_partitions),
            (ErrorCode::TOPIC_AUTHORIZATION_FAILED, -1)
        );
        let image = plane.published().await.image.clone();
        let id = image.topics().by_name("seen").map(|topic| topic.id);
        assert_eq!(id, (!validate_only).then_some(seen.topic_id));
    }
}

fn state(name: Option<&'static str>, topic_id: Uuid) -> DeleteTopicState<'static> {
    DeleteTopicState {
        name: name.map(Into::into),
        topic_id,
    }
}

/// Deletes topics for alice; returns the answers in order.
async fn delete(
    channel: &ControllerChannel,
    topics: Vec<DeleteTopicState<'_>>,
) -> Vec<(Option<String>, Uuid, ErrorCode)> {
    let request = DeleteTopicsRequest {
        topics,
        topic_names: Vec::new(),
        timeout_ms: 60_000,
    };
    let body = forward(channel, &request, 6).await.unwrap();
    let response: DeleteTopicsResponse<'_> = decode(&body, 6);
    let answers = response.responses.iter().map(|each| {
        let name = each.name.as_ref().map(ToString::to_string);
        (name, each.topic_id, each.error_code)
    });
    let mut answers: Vec<_> = answers.collect();
    answers.sort_unstable();
    answers
}

#[tokio::test(start_paused = true)]
async fn topics_are_deleted_by_name_and_by_id_and_hidden_ones_are_not_told_of() {
    let may = &[
        (Operation::Describe, "shown"),
        (Operation::Describe, "missing"),
        (Operation::Describe, "a"),
        (Operation::Delete, "a"),
        (Operation::Delete, "b"),
        (Operation::Describe, "twofold"),
        (Operation::Delete, "twofold"),
    ];
    let plane = plane_for_alice(may).await;
    let _broker = plane.running_broker().await;
    for name in ["a", "b", "shown", "hidden", "twofold"] {
        plane.create(topic(name, 1)).await;
    }
    let image = plane.published().await.image.clone();
    let id = |name| image.topics().by_name(name).unwrap().id;
    let unknown = Uuid::from_u128(5);
    let asked = vec![
        state(Some("a"), Uuid::ZERO),
        state(None, id("b")),
        state(Some("shown"), Uuid::ZERO),
        state(None, id("shown")),
        state(None, id("hidden")),
        state(Some("hidden"), Uuid::ZERO),
        state(Some("absent"), Uuid::ZERO),
        state(Some("missing"), Uuid::ZERO),
        state(None, unknown),
        state(None, Uuid::ZERO),
        state(Some("both"), unknown),
        state(Some("twofold"), Uuid::ZERO),
        state(None, id("twofold")),
    ];
    let refused = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let mut expected = vec![
        (Some("a"), id("a"), ErrorCode::NONE),
        (Some("b"), id("b"), ErrorCode::NONE),
        (Some("shown"), Uuid::ZERO, refused),
        (Some("shown"), id("shown"), refused),
        (None, id("hidden"), refused),
        (Some("hidden"), Uuid::ZERO, refused),
        (Some("absent"), Uuid::ZERO, refused),
        (
            Some("missing"),
            Uuid::ZERO,
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ),
        (None, unknown, ErrorCode::UNKNOWN_TOPIC_ID),
        (None, Uuid::ZERO, ErrorCode::INVALID_REQUEST),
        (Some("both"), unknown, ErrorCode::INVALID_REQUEST),
        (Some("twofold"), id("twofold"), ErrorCode::INVALID_REQUEST),
    ];
    expected.sort_unstable();
    let found = delete(&plane.channel(), asked).await;
    let found: Vec<_> = found
        .iter()
        .map(|(name, id, code)| (name.as_deref(), *id, *code))
        .collect();
    assert_eq!(found, expected);
    let image = plane.published().await.image.clone();
    let left: Vec<_> = image
        .topics()
        .by_names()
        .map(|topic| &*topic.name)
        .collect();
    assert_eq!(left, ["hidden", "shown", "twofold"]);
}

#[tokio::test(start_paused = true)]
async fn deletion_can_be_turned_off() {
    let options = Options {
        is_topic_deletion_enabled: false,
        ..Options::default()
    };
    let plane = ControlPlane::start_with(&formatted_disk().await, options).await;
    let request = DeleteTopicsRequest {
        topic_names: vec!["t".into()],
        timeout_ms: 60_000,
        ..DeleteTopicsRequest::default()
    };
    for (version, expected) in [
        (2, ErrorCode::INVALID_REQUEST),
        (3, ErrorCode::TOPIC_DELETION_DISABLED),
    ] {
        let answer = plane.channel().ask(&request, version).await.unwrap();
        let response: DeleteTopicsResponse<'_> = answer.decode().unwrap();
        assert_eq!(response.responses[0].error_code, expected);
        assert_eq!(response.responses[0].name.as_deref(), Some("t"));
    }
}

#[tokio::test(start_paused = true)]
async fn partitions_are_added_to_topics_that_the_client_may_alter() {
    let plane = plane_for_alice(&[(Operation::Alter, "t")]).await;
    let _broker = plane.running_broker().await;
    plane.create(topic("t", 1)).await;
    plane.create(topic("u", 1)).await;
    let more = |name: &'static str| CreatePartitionsTopic {
        name: name.into(),
        count: 3,
        assignments: None,
    };
    for validate_only in [true, false] {
        let request = CreatePartitionsRequest {
            topics: vec![more("t"), more("u"), more("v"), more("v")],
            timeout_ms: 60_000,
            validate_only,
        };
        let body = forward(&plane.channel(), &request, 3).await.unwrap();
        let response: CreatePartitionsResponse<'_> = decode(&body, 3);
        let mut codes: Vec<_> = response
            .results
            .iter()
            .map(|each| (&*each.name, each.error_code))
            .collect();
        codes.sort_unstable();
        let expected = [
            ("t", ErrorCode::NONE),
            ("u", ErrorCode::TOPIC_AUTHORIZATION_FAILED),
            ("v", ErrorCode::INVALID_REQUEST),
        ];
        assert_eq!(codes, expected);
        let image = plane.published().await.image.clone();
        let count = image.topics().by_name("t").unwrap().partitions.len();
        assert_eq!(count, if validate_only { 1 } else { 3 });
    }
}

#[tokio::test(start_paused = true)]
async fn configurations_are_altered_key_by_key() {
    let may = &[
        (Operation::AlterConfigs, "t"),
        (Operation::AlterConfigs, ""),
    ];
    let plane = plane_for_alice(may).await;
    let _broker = plane.running_broker().await;
    plane.create(topic("t", 1)).await;
    let resource = |kind, name: &'static str, operation| IncrementalResource {
        resource_type: kind,
        resource_name: name.into(),
        configs: vec![AlterableConfig {
            name: "retention.ms".into(),
            config_operation: operation,
            value: Some("7".into()),
        }],
    };
    let request = IncrementalAlterConfigsRequest {
        resources: vec![
            resource(TOPIC, "t", 0),
            resource(TOPIC, "u", 0),
            resource(BROKER, "1", 9),
            resource(BROKER, "", 0),
            resource(8, "1", 0),
            resource(99, "x", 0),
            resource(TOPIC, "v", 0),
            resource(TOPIC, "v", 0),
        ],
        validate_only: false,
    };
    let body = forward(&plane.channel(), &request, 1).await.unwrap();
    let response: IncrementalAlterConfigsResponse<'_> = decode(&body, 1);
    let mut results: Vec<_> = response
        .responses
        .iter()
        .map(|each| {
            let message = text(each.error_message.as_ref());
            (
                each.resource_type,
                &*each.resource_name,
                each.error_code,
                message,
            )
        })
        .collect();
    results.sort_unstable();
    let invalid = ErrorCode::INVALID_REQUEST;
    let refused = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let expected = [
        (TOPIC, "t", ErrorCode::NONE, ""),
        (TOPIC, "u", refused, ""),
        (
            TOPIC,
            "v",
            invalid,
            "Each resource must appear at most once.",
        ),
        (
            TOPIC,
            "v",
            invalid,
            "Each resource must appear at most once.",
        ),
        (BROKER, "", ErrorCode::NONE, ""),
        (BROKER, "1", invalid, "Unknown operations type 9"),
        (8, "1", invalid, "Unexpected resource type BROKER_LOGGER."),
        (99, "x", invalid, "Unknown resource type 99"),
    ]
    .map(|(kind, name, code, message)| (kind, name, code, message.to_owned()));
    assert_eq!(results, expected);
}

#[tokio::test(start_paused = true)]
async fn configurations_are_replaced_as_a_whole() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let _broker = plane.running_broker().await;
    plane
        .create(configured_topic("t", "retention.ms", "5"))
        .await;
    let config = |name: &'static str, value: Option<&'static str>| WholeConfig {
        name: name.into(),
        value: value.map(Into::into),
    };
    let request = |configs| AlterConfigsRequest {
        resources: vec![AlterConfigsResource {
            resource_type: TOPIC,
            resource_name: "t".into(),
            configs,
        }],
        validate_only: false,
    };
    let cases = [
        (config("retention.ms", None), ErrorCode::INVALID_REQUEST),
        (config("cleanup.policy", Some("compact")), ErrorCode::NONE),
    ];
    for (config, expected) in cases {
        let answer = plane
            .channel()
            .ask(&request(vec![config]), 2)
            .await
            .unwrap();
        let response: AlterConfigsResponse<'_> = answer.decode().unwrap();
        assert_eq!(response.responses[0].error_code, expected);
    }
    let image = plane.published().await.image.clone();
    let resource = metadata::image::ConfigResource::topic("t");
    let values: Vec<_> = image.configs().of(&resource).unwrap().iter().collect();
    assert_eq!(
        values,
        [(&"cleanup.policy".to_owned(), &"compact".to_owned())]
    );
}

#[tokio::test(start_paused = true)]
async fn producer_ids_go_to_registered_brokers_once() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let broker = plane.running_broker().await;
    let broker_epoch = broker.broker_epoch().unwrap();
    let allocate = |broker_epoch| AllocateProducerIdsRequest {
        broker_id: NODE,
        broker_epoch,
    };
    for first in [0, 1000] {
        let answer = plane
            .channel()
            .ask(&allocate(broker_epoch), 0)
            .await
            .unwrap();
        let response: AllocateProducerIdsResponse = answer.decode().unwrap();
        assert_eq!(
            (
                response.error_code,
                response.producer_id_start,
                response.producer_id_len
            ),
            (ErrorCode::NONE, first, 1000)
        );
    }
    let answer = plane
        .channel()
        .ask(&allocate(broker_epoch - 1), 0)
        .await
        .unwrap();
    let response: AllocateProducerIdsResponse = answer.decode().unwrap();
    assert_eq!(response.error_code, ErrorCode::STALE_BROKER_EPOCH);
}

#[tokio::test(start_paused = true)]
async fn who_must_not_act_as_a_broker_is_told_in_the_answer() {
    let plane = plane_for_alice(&[]).await;
    let channel = plane.channel();
    let key = ApiKey::BrokerRegistration;
    let registration = BrokerRegistrationRequest::default();
    let answer = channel.ask_for(&alice(key, 4), &registration, 4).await;
    assert_eq!(
        answer.map(drop),
        Err(ErrorCode::INVALID_REQUEST),
        "no client's request"
    );
    let request = AllocateProducerIdsRequest::default();
    let body = forward(&channel, &request, 0).await.unwrap();
    let response: AllocateProducerIdsResponse = decode(&body, 0);
    assert_eq!(response.error_code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    let answer = channel.ask(&registration, 4).await.unwrap();
    let response: BrokerRegistrationResponse = answer.decode().unwrap();
    assert_eq!(response.error_code, ErrorCode::INCONSISTENT_CLUSTER_ID);
    let answer = channel
        .ask(&BrokerHeartbeatRequest::default(), 2)
        .await
        .unwrap();
    let response: BrokerHeartbeatResponse = answer.decode().unwrap();
    assert_eq!(response.error_code, ErrorCode::STALE_BROKER_EPOCH);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_or_is_not_served_is_refused_as_a_whole() {
    let plane = plane_for_alice(&[]).await;
    let channel = plane.channel();
    let cases: [(ApiKey, i16, &[u8], ErrorCode); 4] = [
        (
            ApiKey::CreateTopics,
            7,
            &[0xff; 9],
            ErrorCode::INVALID_REQUEST,
        ),
        (ApiKey::CreateTopics, 7, &[], ErrorCode::INVALID_REQUEST),
        (
            ApiKey::CreateTopics,
            99,
            &[],
            ErrorCode::UNSUPPORTED_VERSION,
        ),
        (ApiKey::CreateAcls, 3, &[], ErrorCode::UNSUPPORTED_VERSION),
    ];
    for (key, version, body, expected) in cases {
        let answer = channel.forward(&alice(key, version), body).await;
        assert_eq!(answer.err(), Some(expected), "{} {version}", key.name());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_has_waited_too_long_is_not_begun() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start(&disk).await;
    let _broker = plane.running_broker().await;
    disk.stall();
    // The controller is held up by the record of its idle interval.
    pass(Duration::from_secs(1)).await;
    let channel = plane.channel();
    let asking = tokio::spawn(async move {
        let request = CreateTopicsRequest {
            topics: vec![topic("t", 1)],
            timeout_ms: 100,
            validate_only: false,
        };
        let answer = channel.ask(&request, 7).await.unwrap();
        let response: CreateTopicsResponse<'_> = answer.decode().unwrap();
        response.topics[0].error_code
    });
    pass(Duration::from_secs(1)).await;
    disk.resume();
    assert_eq!(asking.await.unwrap(), ErrorCode::REQUEST_TIMED_OUT);
    assert!(
        plane
            .published()
            .await
            .image
            .topics()
            .by_name("t")
            .is_none()
    );
}

#[tokio::test(start_paused = true)]
async fn quotas_of_clients_are_altered_by_who_may() {
    let entry = AskedQuotas {
        entity: vec![QuotaPart {
            entity_type: "user".into(),
            entity_name: Some("u".into()),
        }],
        ops: vec![OpData {
            key: "producer_byte_rate".into(),
            value: 1024.0,
            remove: false,
        }],
    };
    let request = AlterClientQuotasRequest {
        entries: vec![entry],
        validate_only: false,
    };
    for (may, expected) in [
        (
            &[][..],
            (
                ErrorCode::CLUSTER_AUTHORIZATION_FAILED,
                Some("Cluster authorization failed."),
            ),
        ),
        (
            &[(Operation::AlterConfigs, "")][..],
            (ErrorCode::NONE, None),
        ),
    ] {
        let plane = plane_for_alice(may).await;
        let body = forward(&plane.channel(), &request, 1).await.unwrap();
        let response: AlterClientQuotasResponse<'_> = decode(&body, 1);
        let entry = &response.entries[0];
        assert_eq!((entry.error_code, entry.error_message.as_deref()), expected);
        assert_eq!(entry.entity[0].entity_name.as_deref(), Some("u"));
    }
}

/// Has room for two partitions, and says how long to wait for more.
#[derive(Default)]
struct TwoPartitions(AtomicUsize);

impl Quotas for TwoPartitions {
    fn throttle(&self, _: &RequestContext, _: Usage) -> Duration {
        Duration::ZERO
    }

    fn charge_mutations(
        &self,
        principal: &Principal,
        client_id: &str,
        partition_count: usize,
        is_strict: bool,
    ) -> Duration {
        if principal.name() != "alice" {
            return Duration::ZERO;
        }
        assert_eq!(client_id, "console");
        let charged = self.0.fetch_add(partition_count, Ordering::Relaxed);
        if charged + partition_count <= 2 {
            return Duration::ZERO;
        }
        if is_strict {
            self.0.fetch_sub(partition_count, Ordering::Relaxed);
        }
        Duration::from_millis(700)
    }
}

#[tokio::test(start_paused = true)]
async fn mutations_beyond_the_quota_are_refused_or_in_old_versions_delayed() {
    let options = Options {
        quotas: Arc::new(TwoPartitions::default()),
        ..Options::default()
    };
    let plane = ControlPlane::start_with(&formatted_disk().await, options).await;
    let _broker = plane.running_broker().await;
    let create = |names: &[&'static str]| CreateTopicsRequest {
        topics: names.iter().map(|name| topic(name, 1)).collect(),
        ..CreateTopicsRequest::default()
    };
    let body = forward(&plane.channel(), &create(&["a", "b", "c"]), 7).await;
    let body = body.unwrap();
    let response: CreateTopicsResponse<'_> = decode(&body, 7);
    let codes: Vec<_> = response.topics.iter().map(|it| it.error_code).collect();
    let refused = ErrorCode::THROTTLING_QUOTA_EXCEEDED;
    assert_eq!(codes, [ErrorCode::NONE, ErrorCode::NONE, refused]);
    assert_eq!(response.throttle_time_ms, 700);
    let body = forward(&plane.channel(), &create(&["c"]), 5).await.unwrap();
    let response: CreateTopicsResponse<'_> = decode(&body, 5);
    assert_eq!(response.topics[0].error_code, ErrorCode::NONE);
    assert_eq!(response.throttle_time_ms, 700);
    let deleted = delete(&plane.channel(), vec![state(Some("a"), Uuid::ZERO)]).await;
    assert_eq!(deleted[0].2, refused);
    let request = CreatePartitionsRequest {
        topics: vec![CreatePartitionsTopic {
            name: "b".into(),
            count: 3,
            assignments: None,
        }],
        timeout_ms: 60_000,
        validate_only: false,
    };
    let body = forward(&plane.channel(), &request, 3).await.unwrap();
    let response: CreatePartitionsResponse<'_> = decode(&body, 3);
    assert_eq!(response.results[0].error_code, refused);
}
