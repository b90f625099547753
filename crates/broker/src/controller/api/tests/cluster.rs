//! What is asked of the cluster as a whole: its quorum, its features, its brokers, and who leads
//! its partitions.

use super::*;
use metadata::features::{KRAFT_VERSION, METADATA_VERSION, SHARE_VERSION};
use protocol::generated::alter_partition_reassignments_request::{
    ReassignablePartition, ReassignableTopic,
};
use protocol::generated::alter_partition_request::{PartitionData, TopicData};
use protocol::generated::describe_quorum_request as quorum_request;
use protocol::generated::elect_leaders_request::TopicPartitions;
use protocol::generated::list_partition_reassignments_request::ListPartitionReassignmentsTopics;
use protocol::generated::update_features_request::FeatureUpdateKey;
use protocol::generated::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, AlterPartitionRequest,
    AlterPartitionResponse, DescribeQuorumRequest, DescribeQuorumResponse, ElectLeadersRequest,
    ElectLeadersResponse, ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
    UnregisterBrokerRequest, UnregisterBrokerResponse, UpdateFeaturesRequest,
    UpdateFeaturesResponse,
};

/// Lets alice do everything that is tested here.
const ALL: &[(Operation, &str)] = &[
    (Operation::Alter, ""),
    (Operation::Describe, ""),
    (Operation::ClusterAction, ""),
];

fn quorum_of(topic: &'static str, partition_index: i32) -> DescribeQuorumRequest<'static> {
    DescribeQuorumRequest {
        topics: vec![quorum_request::TopicData {
            topic_name: topic.into(),
            partitions: vec![quorum_request::PartitionData { partition_index }],
        }],
    }
}

fn feature(name: &'static str, level: i16, upgrade_type: i8) -> UpdateFeaturesRequest<'static> {
    UpdateFeaturesRequest {
        feature_updates: vec![FeatureUpdateKey {
            feature: name.into(),
            max_version_level: level,
            allow_downgrade: false,
            upgrade_type,
        }],
        ..UpdateFeaturesRequest::default()
    }
}

async fn update(plane: &ControlPlane, request: &UpdateFeaturesRequest<'_>) -> (ErrorCode, String) {
    let body = forward(&plane.channel(), request, 2).await.unwrap();
    let response: UpdateFeaturesResponse<'_> = decode(&body, 2);
    (response.error_code, text(response.error_message.as_ref()))
}

#[tokio::test(start_paused = true)]
async fn the_quorum_is_its_only_voter_who_has_everything() {
    let plane = plane_for_alice(ALL).await;
    for version in 0..=2 {
        let asked = quorum_of("__cluster_metadata", 0);
        let body = forward(&plane.channel(), &asked, version).await.unwrap();
        let response: DescribeQuorumResponse<'_> = decode(&body, version);
        let partition = &response.topics[0].partitions[0];
        assert_eq!(partition.error_code, ErrorCode::NONE);
        assert_eq!((partition.leader_id, partition.leader_epoch), (NODE, 1));
        assert!(partition.high_watermark > 0);
        let voter = &partition.current_voters[0];
        assert_eq!(voter.log_end_offset, partition.high_watermark);
        let fetched_at = plane.environment.clock.now().wall_ms;
        let expected = if version == 0 { -1 } else { fetched_at };
        assert_eq!(voter.last_caught_up_timestamp, expected);
        let directory = match version {
            2 => crate::simulated_control_plane::directory_id(),
            _ => Uuid::ZERO,
        };
        assert_eq!(voter.replica_directory_id, directory);
        assert_eq!(response.nodes.len(), usize::from(version == 2));
    }
    for (topic, index) in [("__cluster_metadata", 1), ("other", 0)] {
        let asked = quorum_of(topic, index);
        let body = forward(&plane.channel(), &asked, 2).await.unwrap();
        let response: DescribeQuorumResponse<'_> = decode(&body, 2);
        let partition = &response.topics[0].partitions[0];
        assert_eq!(partition.error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    }
}

#[tokio::test(start_paused = true)]
async fn levels_of_features_are_in_effect_when_they_are_answered() {
    let plane = plane_for_alice(ALL).await;
    let _broker = plane.running_broker().await;
    let (refused, message) = update(&plane, &feature(SHARE_VERSION, 0, 1)).await;
    assert_eq!(refused, ErrorCode::INVALID_UPDATE_VERSION);
    let begins = "The update failed for all features since the following feature had an error: ";
    assert!(message.starts_with(begins), "{message}");
    let dry = UpdateFeaturesRequest {
        validate_only: true,
        ..feature(SHARE_VERSION, 0, 2)
    };
    assert_eq!(update(&plane, &dry).await.0, ErrorCode::NONE);
    let level = async || {
        let published = plane.published().await;
        published.image.features().level(SHARE_VERSION)
    };
    assert_eq!(level().await, 1);
    let down = feature(SHARE_VERSION, 0, 2);
    assert_eq!(update(&plane, &down).await.0, ErrorCode::NONE);
    assert_eq!(level().await, 0);
    let (refused, _) = update(&plane, &feature(METADATA_VERSION, 29, 2)).await;
    assert_eq!(refused, ErrorCode::INVALID_UPDATE_VERSION);
    for version in 0..=1 {
        let same = feature(SHARE_VERSION, 0, 1);
        let body = forward(&plane.channel(), &same, version).await.unwrap();
        let response: UpdateFeaturesResponse<'_> = decode(&body, version);
        let features: Vec<_> = response.results.iter().map(|it| &*it.feature).collect();
        assert_eq!(features, [SHARE_VERSION]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_of_an_earlier_version_grows_into_this_one() {
    let disk = formatted_disk_at(
        MetadataVersion::from_level(14).unwrap(),
        quorum::InitialVoters::Static,
    )
    .await;
    let options = Options {
        configured_voters: configured_voters(),
        ..Options::default()
    };
    let plane = ControlPlane::start_with(&disk, options.clone()).await;
    let broker = plane.running_broker().await;
    assert_eq!(plane.create(topic("t", 1)).await, ErrorCode::NONE);
    let image = plane.published().await.image.clone();
    assert_eq!(image.cluster().controllers().count(), 0);
    assert!(image.cluster().broker(NODE).unwrap().directories.is_empty());
    let up = feature(METADATA_VERSION, 30, 1);
    assert_eq!(update(&plane, &up).await, (ErrorCode::NONE, String::new()));
    assert_eq!(
        plane
            .published()
            .await
            .image
            .cluster()
            .controllers()
            .count(),
        1
    );
    let has_directories = |published: &crate::metadata_cache::Published| {
        let broker = published.image.cluster().broker(NODE).unwrap();
        !broker.directories.is_empty() && !broker.fenced
    };
    plane.cache.until(has_directories).await;
    let up = feature(KRAFT_VERSION, 1, 1);
    assert_eq!(update(&plane, &up).await, (ErrorCode::NONE, String::new()));
    assert_eq!(plane.published().await.kraft_version, 1);
    assert_eq!(plane.create(topic("later", 1)).await, ErrorCode::NONE);
    drop(broker);
    plane.stop().await;
    let options = Options {
        configured_voters: raft::VoterSet::default(),
        ..options
    };
    let plane = ControlPlane::start_with(&disk, options).await;
    let published = plane.published().await;
    assert_eq!(published.kraft_version, 1, "the voters stand in the log");
    assert!(published.image.topics().by_name("later").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_broker_is_forgotten_once() {
    let plane = plane_for_alice(ALL).await;
    drop(plane.running_broker().await);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let asked = UnregisterBrokerRequest { broker_id: NODE };
        let body = forward(&plane.channel(), &asked, 0).await.unwrap();
        let response: UnregisterBrokerResponse<'_> = decode(&body, 0);
        answers.push((response.error_code, text(response.error_message.as_ref())));
    }
    let unknown = "Broker ID 1 is not currently registered".to_owned();
    let expected = [
        (ErrorCode::NONE, String::new()),
        (ErrorCode::BROKER_ID_NOT_REGISTERED, unknown),
    ];
    assert_eq!(answers, expected);
    let published = plane.published().await;
    assert_eq!(published.image.cluster().brokers().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn elections_answer_for_each_partition_or_for_all_that_need_one() {
    let plane = plane_for_alice(ALL).await;
    let _broker = plane.running_broker().await;
    plane.create(topic("t", 2)).await;
    let elect = async |version, election_type, named: bool| {
        let request = ElectLeadersRequest {
            election_type,
            topic_partitions: named.then(|| {
                vec![TopicPartitions {
                    topic: "t".into(),
                    partitions: vec![0, 7],
                }]
            }),
            timeout_ms: 1000,
        };
        let body = forward(&plane.channel(), &request, version).await.unwrap();
        let response: ElectLeadersResponse<'_> = decode(&body, version);
        let results = response.replica_election_results.iter();
        let codes = results.flat_map(|topic| &topic.partition_result);
        let codes: Vec<_> = codes.map(|it| it.error_code).collect();
        (response.error_code, codes)
    };
    let not_needed = ErrorCode::ELECTION_NOT_NEEDED;
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    for version in 0..=2 {
        let expected = (ErrorCode::NONE, vec![not_needed, unknown]);
        assert_eq!(elect(version, 0, true).await, expected);
        assert_eq!(elect(version, 0, false).await, (ErrorCode::NONE, vec![]));
    }
    let invalid = ErrorCode::INVALID_REQUEST;
    assert_eq!(elect(1, 9, true).await, (invalid, vec![invalid, invalid]));
}

#[tokio::test(start_paused = true)]
async fn a_partition_on_its_way_to_a_broker_that_is_away_is_listed_until_it_is_cancelled() {
    let plane = plane_for_alice(ALL).await;
    let _broker = plane.running_broker().await;
    let _other = plane.lifecycle_with(|settings| {
        settings.broker_id = 2;
        settings.directories = vec![Uuid::from_u128(0x1234_0000_0000_0000_0002)];
    });
    let is_known = |it: &crate::metadata_cache::Published| it.image.cluster().broker(2).is_some();
    plane.cache.until(is_known).await;
    plane.create(topic("t", 1)).await;
    let move_to = async |replicas: Option<Vec<i32>>, allow| {
        let request = AlterPartitionReassignmentsRequest {
            allow_replication_factor_change: allow,
            topics: vec![ReassignableTopic {
                name: "t".into(),
                partitions: vec![ReassignablePartition {
                    partition_index: 0,
                    replicas,
                }],
            }],
            ..AlterPartitionReassignmentsRequest::default()
        };
        let body = forward(&plane.channel(), &request, 1).await.unwrap();
        let response: AlterPartitionReassignmentsResponse<'_> = decode(&body, 1);
        assert_eq!(response.allow_replication_factor_change, allow);
        response.responses[0].partitions[0].error_code
    };
    let list = async || {
        let request = ListPartitionReassignmentsRequest {
            topics: Some(vec![ListPartitionReassignmentsTopics {
                name: "t".into(),
                partition_indexes: vec![0],
            }]),
            ..ListPartitionReassignmentsRequest::default()
        };
        let body = forward(&plane.channel(), &request, 0).await.unwrap();
        let response: ListPartitionReassignmentsResponse<'_> = decode(&body, 0);
        let partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
        let lists = partitions.map(|it| (it.replicas.clone(), it.adding_replicas.clone()));
        lists.collect::<Vec<_>>()
    };
    let resized = move_to(Some(vec![1, 2]), false).await;
    assert_eq!(resized, ErrorCode::INVALID_REPLICATION_FACTOR);
    assert_eq!(move_to(Some(vec![1, 2]), true).await, ErrorCode::NONE);
    assert_eq!(list().await, [(vec![1, 2], vec![2])]);
    assert_eq!(move_to(None, true).await, ErrorCode::NONE);
    assert!(list().await.is_empty());
    let none = move_to(None, true).await;
    assert_eq!(none, ErrorCode::NO_REASSIGNMENT_IN_PROGRESS);
}

#[tokio::test(start_paused = true)]
async fn a_leader_is_told_what_its_partition_has_become() {
    let plane = plane_for_alice(ALL).await;
    let broker = plane.running_broker().await;
    plane.create(topic("t", 1)).await;
    let image = plane.published().await.image.clone();
    let topic_id = image.topics().by_name("t").unwrap().id;
    let request = |broker_epoch, leader_epoch| AlterPartitionRequest {
        broker_id: NODE,
        broker_epoch,
        topics: vec![TopicData {
            topic_id,
            partitions: vec![PartitionData {
                leader_epoch,
                new_isr: vec![NODE],
                ..PartitionData::default()
            }],
        }],
    };
    let ask = async |request: AlterPartitionRequest| {
        let answer = plane.channel().ask(&request, 2).await.unwrap();
        let response: AlterPartitionResponse = answer.decode().unwrap();
        response
    };
    let epoch = broker.broker_epoch().unwrap();
    let stale = ask(request(epoch - 1, 0)).await;
    assert_eq!(stale.error_code, ErrorCode::STALE_BROKER_EPOCH);
    let altered = ask(request(epoch, 0)).await;
    let partition = &altered.topics[0].partitions[0];
    assert_eq!(partition.error_code, ErrorCode::NONE);
    assert_eq!(
        (partition.leader_id, &partition.isr[..]),
        (NODE, &[NODE][..])
    );
    let ahead = ask(request(epoch, 1)).await;
    let partition = &ahead.topics[0].partitions[0];
    assert_eq!(partition.error_code, ErrorCode::NOT_CONTROLLER);
    // No client may ask such a thing.
    let refused = forward(&plane.channel(), &request(epoch, 0), 2).await;
    assert_eq!(refused, Err(ErrorCode::INVALID_REQUEST));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_the_cluster_is_told_or_changed_without_leave() {
    let plane = plane_for_alice(&[]).await;
    let channel = plane.channel();
    let refused = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    let asked = quorum_of("__cluster_metadata", 0);
    let body = forward(&channel, &asked, 2).await.unwrap();
    let response: DescribeQuorumResponse<'_> = decode(&body, 2);
    assert_eq!(response.error_code, refused);
    let body = forward(&channel, &UnregisterBrokerRequest { broker_id: 1 }, 0).await;
    let body = body.unwrap();
    let response: UnregisterBrokerResponse<'_> = decode(&body, 0);
    assert_eq!(response.error_code, refused);
    assert_eq!(
        update(&plane, &feature(SHARE_VERSION, 0, 2)).await.0,
        refused
    );
    let request = ElectLeadersRequest::default();
    let body = forward(&channel, &request, 2).await.unwrap();
    let response: ElectLeadersResponse<'_> = decode(&body, 2);
    assert_eq!(response.error_code, refused);
    let request = AlterPartitionReassignmentsRequest::default();
    let body = forward(&channel, &request, 1).await.unwrap();
    let response: AlterPartitionReassignmentsResponse<'_> = decode(&body, 1);
    assert_eq!(response.error_code, refused);
    let request = ListPartitionReassignmentsRequest::default();
    let body = forward(&channel, &request, 0).await.unwrap();
    let response: ListPartitionReassignmentsResponse<'_> = decode(&body, 0);
    assert_eq!(response.error_code, refused);
}
