//! Scenarios of one controller whose records are replayed as they would come from a disk, and a
//! property over random requests.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use protocol::generated::AssignReplicasToDirsRequest;
use protocol::generated::assign_replicas_to_dirs_request::{
    DirectoryData, PartitionData, TopicData,
};
use protocol::generated::broker_heartbeat_request::BrokerHeartbeatRequest;
use protocol::generated::broker_registration_request::{
    BrokerRegistrationRequest, Feature, Listener,
};
use protocol::generated::create_partitions_request::{
    CreatePartitionsRequest, CreatePartitionsTopic,
};
use protocol::generated::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreateTopicsRequest,
};
use protocol::generated::metadata::{
    BrokerRegistrationChangeRecord, FeatureLevelRecord, RegisterControllerRecord,
};
use protocol::time::Now;
use protocol::wire::Writer;
use protocol::{ErrorCode, Uuid};

use super::configs::MIN_INSYNC_REPLICAS;
use super::*;
use crate::features::{METADATA_VERSION, default_levels, supported_ranges};
use crate::image::{ConfigResource, MetadataDelta, NO_LEADER, ResourceKind};

mod features;
mod partitions;

struct Rules;

impl ConfigRules for Rules {
    fn check(&self, _: &ConfigResource, values: &BTreeMap<String, String>) -> Result<(), ApiError> {
        match values.get("retention.ms").map(|value| value.parse::<i64>()) {
            Some(Err(_)) => Err(ApiError::new(ErrorCode::INVALID_CONFIG, "not a number")),
            _ => Ok(()),
        }
    }

    fn is_list(&self, _: ResourceKind, name: &str) -> bool {
        name == "cleanup.policy"
    }

    fn default_value(&self, _: ResourceKind, name: &str) -> Option<String> {
        match name {
            "cleanup.policy" => Some("delete".to_owned()),
            "min.insync.replicas" => Some("1".to_owned()),
            _ => None,
        }
    }
}

/// Chance that is the same each time.
struct Counter(u128);

impl Chance for Counter {
    fn below(&mut self, bound: usize) -> usize {
        self.0 += 1;
        (self.0 % bound as u128) as usize
    }

    fn topic_id(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(0x1_0000 + self.0)
    }
}

/// A controller with its log, on which every record is replayed as it would come from a disk.
pub(super) struct Node {
    state: ControllerState,
    liveness: BrokerLiveness,
    settings: ControllerSettings,
    chance: Counter,
    now: Now,
    next_offset: i64,
}

impl Node {
    fn empty() -> Self {
        let state = ControllerState::default();
        let now = Now::default();
        Self {
            liveness: BrokerLiveness::on_loaded(&state, 9000, now),
            state,
            settings: ControllerSettings {
                node_id: 1,
                cluster_id: "cluster".to_owned(),
                partition_count: 1,
                replication_factor: 1,
            },
            chance: Counter(0),
            now,
            next_offset: 0,
        }
    }

    pub(super) fn with_brokers(count: i32) -> Self {
        let mut node = Self::empty();
        let bootstrap = bootstrap_records(&default_levels(MetadataVersion::LATEST));
        let activation = node.controller().activate(&bootstrap).unwrap();
        node.append(&activation.records);
        for id in 1..=count {
            node.register(id, 1).unwrap();
            node.heartbeat(id, |_| ()).unwrap();
        }
        node
    }

    pub(super) fn controller(&self) -> Controller<'_> {
        Controller::new(&self.state, &self.settings, &Rules)
    }

    pub(super) fn append(&mut self, records: &[VersionedRecord]) {
        let before = self.image().clone();
        for each in records {
            let mut writer = Writer::new();
            each.record.encode_frame(&mut writer, each.version).unwrap();
            let (record, _) = MetadataRecord::decode_frame(writer.buffer()).unwrap();
            assert_eq!(record, each.record, "nothing is lost by the version");
            let provenance = Provenance {
                offset: self.next_offset,
                epoch: 1,
                appended_wall_ms: self.now.wall_ms,
            };
            self.state.replay(&record, provenance).unwrap();
            self.next_offset += 1;
        }
        let delta = MetadataDelta::between(&before, self.image());
        for topic in &delta.topics {
            let id = topic.topic().unwrap().id;
            assert_eq!(topic.after.as_ref(), self.image().topics().by_id(id));
        }
    }

    fn register(&mut self, id: i32, incarnation: u128) -> Result<i64, ApiError> {
        self.register_incarnation(id, incarnation, |_| ())
    }

    /// Registers a first incarnation that supports other features.
    fn register_with(
        &mut self,
        id: i32,
        edit: impl FnOnce(&mut Vec<Feature<'static>>),
    ) -> Result<i64, ApiError> {
        self.register_incarnation(id, 1, edit)
    }

    fn register_incarnation(
        &mut self,
        id: i32,
        incarnation: u128,
        edit: impl FnOnce(&mut Vec<Feature<'static>>),
    ) -> Result<i64, ApiError> {
        let feature = |(name, min, max): (&'static str, i16, i16)| Feature {
            name: name.into(),
            min_supported_version: min,
            max_supported_version: max,
        };
        let mut features = supported_ranges().into_iter().map(feature).collect();
        edit(&mut features);
        let request = BrokerRegistrationRequest {
            broker_id: id,
            cluster_id: "cluster".into(),
            incarnation_id: Uuid::from_u128(incarnation),
            listeners: vec![Listener {
                name: "PLAINTEXT".into(),
                host: "127.0.0.1".into(),
                port: 9092,
                security_protocol: 0,
            }],
            features,
            rack: None,
            is_migrating_zk_broker: false,
            log_dirs: vec![Uuid::from_u128(1000 + id as u128)],
            previous_broker_epoch: -1,
        };
        let controller = Controller::new(&self.state, &self.settings, &Rules);
        let outcome =
            controller.register_broker(&self.liveness, self.now, &request, self.next_offset)?;
        self.append(&outcome.records);
        Ok(outcome.response)
    }

    fn heartbeat(
        &mut self,
        id: i32,
        edit: impl FnOnce(&mut BrokerHeartbeatRequest),
    ) -> Result<HeartbeatReply, ApiError> {
        let epoch = self
            .image()
            .cluster()
            .broker(id)
            .map_or(-1, |each| each.epoch);
        let mut request = BrokerHeartbeatRequest {
            broker_id: id,
            broker_epoch: epoch,
            current_metadata_offset: self.next_offset - 1,
            want_fence: false,
            want_shut_down: false,
            offline_log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        };
        edit(&mut request);
        let controller = Controller::new(&self.state, &self.settings, &Rules);
        let outcome = controller.broker_heartbeat(&mut self.liveness, self.now, &request)?;
        self.append(&outcome.records);
        if outcome.response.is_in_controlled_shutdown {
            let end = self.next_offset - 1;
            self.liveness.set_controlled_shutdown_offset(id, epoch, end);
        }
        Ok(outcome.response)
    }

    fn create(&mut self, topic: CreatableTopic<'static>) -> Result<CreatedTopic, ApiError> {
        let request = CreateTopicsRequest {
            topics: vec![topic],
            timeout_ms: 0,
            validate_only: false,
        };
        let controller = Controller::new(&self.state, &self.settings, &Rules);
        let mut outcome = controller.create_topics(&request, &mut self.chance)?;
        self.append(&outcome.records);
        outcome.response.remove(0).result
    }

    fn alter(&mut self, resource: ConfigResource, update: ConfigUpdate) -> Result<(), ApiError> {
        let updates = vec![update];
        let request = [ResourceUpdate { resource, updates }];
        let mut outcome = self.controller().alter_configs(&request, false)?;
        self.append(&outcome.records);
        outcome.response.remove(0).result
    }

    pub(super) fn image(&self) -> &MetadataImage {
        self.state.reader().image()
    }

    fn leader(&self, name: &str, index: i32) -> (i32, Vec<i32>) {
        let topic = self.image().topics().by_name(name).unwrap();
        let partition = &topic.partitions[&index];
        (partition.leader, partition.isr.clone())
    }
}

fn topic(name: &'static str, partitions: i32, replicas: i16) -> CreatableTopic<'static> {
    CreatableTopic {
        name: name.into(),
        num_partitions: partitions,
        replication_factor: replicas,
        ..CreatableTopic::default()
    }
}

fn update(name: &str, operation: ConfigOperation, value: Option<&str>) -> ConfigUpdate {
    ConfigUpdate {
        name: name.to_owned(),
        operation,
        value: value.map(str::to_owned),
    }
}

fn code<T>(result: Result<T, ApiError>) -> ErrorCode {
    result.err().map_or(ErrorCode::NONE, |error| error.code)
}

#[test]
fn a_controller_registers_only_where_the_cluster_knows_of_that() {
    let registration = || RegisterControllerRecord {
        controller_id: 1,
        ..RegisterControllerRecord::default()
    };
    let count_in = |level: i16| {
        let mut node = Node::empty();
        let level = FeatureLevelRecord {
            name: METADATA_VERSION.to_owned(),
            feature_level: level,
        };
        node.append(&[VersionedRecord::first(MetadataRecord::FeatureLevel(level))]);
        let registered = node.controller().register_controller(registration());
        node.append(&registered.records);
        node.image().cluster().controllers().count()
    };
    assert_eq!((count_in(14), count_in(15)), (0, 1));
}

#[test]
fn an_empty_log_begins_with_the_bootstrap_records_in_a_transaction() {
    let mut node = Node::empty();
    let bootstrap = bootstrap_records(&default_levels(MetadataVersion::LATEST));
    let records = node.controller().activate(&bootstrap).unwrap().records;
    let ids: Vec<i16> = records.iter().map(|each| each.record.id()).collect();
    assert_eq!(ids, [23, 12, 12, 12, 12, 12, 12, 4, 24]);
    node.append(&records[..3]);
    assert_eq!(node.image().features().metadata_version(), None);
    let again = node.controller().activate(&bootstrap).unwrap().records;
    assert_eq!(again[0].record.id(), 25);
    node.append(&again);
    assert_eq!(
        node.image().features().metadata_version(),
        Some(MetadataVersion::LATEST)
    );
    assert_eq!(node.controller().activate(&bootstrap).unwrap().records, []);
    assert_eq!(
        Node::empty().controller().activate(&[]),
        Err(ActivationError::NoMetadataVersion)
    );
}

#[test]
fn a_broker_is_unfenced_when_it_has_read_its_registration() {
    let mut node = Node::with_brokers(0);
    let epoch = node.register(1, 7).unwrap();
    assert!(node.image().cluster().broker(1).unwrap().fenced);
    let behind = node.heartbeat(1, |request| request.current_metadata_offset = epoch - 1);
    assert!(behind.unwrap().is_fenced);
    assert!(!node.heartbeat(1, |_| ()).unwrap().is_fenced);
    assert!(node.image().cluster().is_alive(1));
    assert_eq!(
        code(node.register(1, 8)),
        ErrorCode::DUPLICATE_BROKER_REGISTRATION
    );
    assert_eq!(node.register(1, 7), Ok(epoch));
    let stale = node.heartbeat(1, |request| request.broker_epoch -= 1);
    assert_eq!(code(stale), ErrorCode::STALE_BROKER_EPOCH);
}

#[test]
fn a_session_that_runs_out_moves_leadership_and_a_heartbeat_brings_it_back() {
    let mut node = Node::with_brokers(2);
    node.create(topic("t", 2, 2)).unwrap();
    node.create(topic("single", 2, 1)).unwrap();
    node.now.monotonic_ms = 9000;
    node.heartbeat(2, |_| ()).unwrap();
    assert_eq!(node.liveness.expired(node.now), None);
    assert_eq!(node.liveness.next_expiry_ms(), Some(9001));
    node.now.monotonic_ms = 9001;
    let session = node.liveness.expired(node.now).unwrap();
    assert_eq!(session.broker_id, 1);
    let records = node.controller().fence_broker(session).records;
    node.append(&records);
    node.liveness.forget(session);
    assert!(!node.image().cluster().is_alive(1));
    for index in 0..2 {
        assert_eq!(node.leader("t", index), (2, vec![2]));
    }
    let lost = (0..2)
        .find(|index| node.leader("single", *index).0 == NO_LEADER)
        .unwrap();
    node.heartbeat(1, |_| ()).unwrap();
    assert_eq!(node.leader("single", lost), (1, vec![1]));
}

/// Tells that the broker's replica of partition 0 of a topic is in a directory.
fn assign(
    node: &mut Node,
    broker_id: i32,
    topic_id: Uuid,
    directory: Uuid,
) -> Result<ErrorCode, ApiError> {
    let epoch = node.image().cluster().broker(broker_id).unwrap().epoch;
    let request = AssignReplicasToDirsRequest {
        broker_id,
        broker_epoch: epoch,
        directories: vec![DirectoryData {
            id: directory,
            topics: vec![TopicData {
                topic_id,
                partitions: vec![PartitionData { partition_index: 0 }],
            }],
        }],
    };
    let outcome = node.controller().assign_directories(&request)?;
    node.append(&outcome.records);
    let topic = &outcome.response.directories[0].topics[0];
    Ok(topic.partitions[0].error_code)
}

#[test]
fn a_replica_is_in_the_directory_that_its_broker_has_told() {
    let mut node = Node::with_brokers(2);
    let topic_id = node.create(topic("t", 1, 2)).unwrap().topic_id;
    let (online, offline) = (Uuid::from_u128(1001), Uuid::from_u128(7777));
    let directory_of = |node: &Node, broker_id: i32| {
        let partition = node.image().topics().partition(topic_id, 0).unwrap();
        partition.directory(broker_id).unwrap()
    };
    let other = directory_of(&node, 2);
    assert_eq!(assign(&mut node, 1, topic_id, online), Ok(ErrorCode::NONE));
    assert_eq!(directory_of(&node, 1), online);
    assert_eq!(directory_of(&node, 2), other);
    let offset = node.next_offset;
    assert_eq!(assign(&mut node, 1, topic_id, online), Ok(ErrorCode::NONE));
    assert_eq!(node.next_offset, offset, "nothing has changed");
    assert_eq!(node.leader("t", 0).1.len(), 2);
    assert_eq!(assign(&mut node, 1, topic_id, offline), Ok(ErrorCode::NONE));
    assert_eq!(directory_of(&node, 1), offline);
    assert_eq!(node.leader("t", 0), (2, vec![2]));
    let unknown = Uuid::from_u128(9);
    let refused = assign(&mut node, 1, unknown, online);
    assert_eq!(refused, Ok(ErrorCode::UNKNOWN_TOPIC_ID));
    let single = node.create(topic("single", 1, 1)).unwrap().topic_id;
    let leader = node.leader("single", 0).0;
    let refused = assign(&mut node, 3 - leader, single, online);
    assert_eq!(refused, Ok(ErrorCode::NOT_LEADER_OR_FOLLOWER));
}

#[test]
fn a_directory_that_goes_offline_takes_its_leaders_along_and_no_others() {
    let mut node = Node::with_brokers(2);
    let directories = [Uuid::from_u128(1001), Uuid::from_u128(2001)];
    let mut request = node
        .image()
        .cluster()
        .broker(1)
        .unwrap()
        .directories
        .clone();
    assert_eq!(request, [directories[0]]);
    request.push(directories[1]);
    let change = BrokerRegistrationChangeRecord {
        broker_id: 1,
        broker_epoch: node.image().cluster().broker(1).unwrap().epoch,
        log_dirs: request,
        ..BrokerRegistrationChangeRecord::default()
    };
    let record = MetadataRecord::BrokerRegistrationChange(change);
    node.append(&[VersionedRecord { record, version: 2 }]);
    for (name, directory) in [("a", directories[0]), ("b", directories[1])] {
        let topic_id = node.create(topic(name, 1, 2)).unwrap().topic_id;
        assert_eq!(
            assign(&mut node, 1, topic_id, directory),
            Ok(ErrorCode::NONE)
        );
    }
    node.heartbeat(1, |request| request.offline_log_dirs = vec![directories[1]])
        .unwrap();
    assert_eq!(node.leader("a", 0).1.len(), 2);
    assert_eq!(node.leader("b", 0), (2, vec![2]));
    assert!(node.image().cluster().is_active(1));
}

#[test]
fn controlled_shutdown_waits_until_the_others_know() {
    let mut node = Node::with_brokers(2);
    node.create(topic("t", 2, 2)).unwrap();
    let reply = node
        .heartbeat(1, |request| request.want_shut_down = true)
        .unwrap();
    assert!(reply.is_in_controlled_shutdown && !reply.should_shut_down);
    assert_eq!(node.leader("t", 0).0, 2);
    assert_eq!(node.leader("t", 1).0, 2);
    let waiting = node
        .heartbeat(1, |request| request.want_shut_down = true)
        .unwrap();
    assert!(!waiting.should_shut_down);
    node.heartbeat(2, |_| ()).unwrap();
    let stopped = node
        .heartbeat(1, |request| request.want_shut_down = true)
        .unwrap();
    assert!(stopped.should_shut_down && stopped.is_fenced);
}

#[test]
fn the_only_broker_may_stop_and_leads_again_after_its_restart() {
    let mut node = Node::with_brokers(1);
    node.create(topic("t", 1, 1)).unwrap();
    node.heartbeat(1, |request| request.want_shut_down = true)
        .unwrap();
    let stopped = node
        .heartbeat(1, |request| request.want_shut_down = true)
        .unwrap();
    assert!(stopped.should_shut_down);
    assert_eq!(node.leader("t", 0).0, NO_LEADER);
    node.register(1, 2).unwrap();
    node.heartbeat(1, |_| ()).unwrap();
    assert_eq!(node.leader("t", 0), (1, vec![1]));
}

/// KAFKA-18106: a broker that comes back without a clean stop may have lost what it had.
#[test]
fn a_new_incarnation_moves_the_leader_epoch() {
    let mut node = Node::with_brokers(1);
    let id = node.create(topic("t", 1, 1)).unwrap().topic_id;
    node.now.monotonic_ms = 20_000;
    let before = node.image().topics().partition(id, 0).unwrap().leader_epoch;
    node.register(1, 2).unwrap();
    node.heartbeat(1, |_| ()).unwrap();
    let after = node.image().topics().partition(id, 0).unwrap();
    assert_eq!(after.leader, 1);
    assert!(after.leader_epoch > before);
}

#[test]
fn topics_are_refused_as_kafka_refuses_them() {
    let mut node = Node::with_brokers(1);
    let assigned = |broker_ids: Vec<i32>| CreatableTopic {
        assignments: vec![CreatableReplicaAssignment {
            partition_index: 0,
            broker_ids,
        }],
        ..topic("assigned", -1, -1)
    };
    node.create(topic("a.b", -1, -1)).unwrap();
    let refusals = [
        (topic("a.b", 1, 1), ErrorCode::TOPIC_ALREADY_EXISTS),
        (topic("a_b", 1, 1), ErrorCode::INVALID_TOPIC_EXCEPTION),
        (topic("a/b", 1, 1), ErrorCode::INVALID_TOPIC_EXCEPTION),
        (topic("c", 0, 1), ErrorCode::INVALID_PARTITIONS),
        (topic("c", 1, 0), ErrorCode::INVALID_REPLICATION_FACTOR),
        (topic("c", 1, 2), ErrorCode::INVALID_REPLICATION_FACTOR),
        (topic("c", 10_001, 1), ErrorCode::POLICY_VIOLATION),
        (topic("c", i32::MAX, 1), ErrorCode::POLICY_VIOLATION),
        (
            topic("__cluster_metadata", 1, 1),
            ErrorCode::TOPIC_AUTHORIZATION_FAILED,
        ),
        (assigned(vec![]), ErrorCode::INVALID_REPLICA_ASSIGNMENT),
        (assigned(vec![9]), ErrorCode::INVALID_REPLICA_ASSIGNMENT),
        (assigned(vec![1, 1]), ErrorCode::INVALID_REPLICA_ASSIGNMENT),
        (assigned(vec![1]), ErrorCode::NONE),
    ];
    for (topic, expected) in refusals {
        let name = topic.name.clone();
        assert_eq!(code(node.create(topic)), expected, "{name}");
    }
}

#[test]
fn partitions_are_added_and_a_deleted_topic_leaves_nothing() {
    let mut node = Node::with_brokers(1);
    let first = node.create(topic("t", 1, 1)).unwrap();
    let config = update("retention.ms", ConfigOperation::Set, Some("5"));
    node.alter(ConfigResource::topic("t"), config).unwrap();
    for (count, expected) in [
        (1, ErrorCode::INVALID_PARTITIONS),
        (0, ErrorCode::INVALID_PARTITIONS),
        (i32::MAX, ErrorCode::POLICY_VIOLATION),
        (3, ErrorCode::NONE),
    ] {
        let request = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic {
                name: "t".into(),
                count,
                assignments: None,
            }],
            ..CreatePartitionsRequest::default()
        };
        let controller = Controller::new(&node.state, &node.settings, &Rules);
        let mut outcome = controller
            .create_partitions(&request, &mut node.chance)
            .unwrap();
        node.append(&outcome.records);
        assert_eq!(code(outcome.response.remove(0).result), expected, "{count}");
    }
    assert_eq!(
        node.image().topics().by_name("t").unwrap().partitions.len(),
        3
    );
    let both = [
        TopicSelector::Name("t".to_owned()),
        TopicSelector::Id(first.topic_id),
    ];
    assert_eq!(node.controller().delete_topics(&both).unwrap().records, []);
    let outcome = node.controller().delete_topics(&both[1..]).unwrap();
    node.append(&outcome.records);
    assert_eq!(node.image().configs().resources().count(), 1);
    let gone = node.controller().delete_topics(&both).unwrap().response;
    let codes: Vec<ErrorCode> = gone.into_iter().map(|each| code(each.result)).collect();
    assert_eq!(
        codes,
        [
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ErrorCode::UNKNOWN_TOPIC_ID
        ]
    );
    assert_ne!(
        node.create(topic("t", 1, 1)).unwrap().topic_id,
        first.topic_id
    );
}

#[test]
fn configurations_are_set_appended_to_and_deleted() {
    use ConfigOperation::{Append, Delete, Set, Subtract};
    let mut node = Node::with_brokers(1);
    node.create(topic("t", 1, 1)).unwrap();
    let steps = [
        (
            update("cleanup.policy", Append, Some("compact")),
            Some("delete,compact"),
        ),
        (
            update("cleanup.policy", Subtract, Some("delete")),
            Some("compact"),
        ),
        (
            update("cleanup.policy", Set, Some("delete")),
            Some("delete"),
        ),
        (update("cleanup.policy", Delete, None), None),
    ];
    for (step, expected) in steps {
        node.alter(ConfigResource::topic("t"), step).unwrap();
        let value = node
            .image()
            .configs()
            .value(&ConfigResource::topic("t"), "cleanup.policy");
        assert_eq!(value, expected);
    }
    let refusals = [
        (
            update("retention.ms", Set, Some("x")),
            ErrorCode::INVALID_CONFIG,
        ),
        (
            update("retention.ms", Append, Some("5")),
            ErrorCode::INVALID_CONFIG,
        ),
        (
            update("retention.ms", Set, None),
            ErrorCode::INVALID_REQUEST,
        ),
    ];
    for (step, expected) in refusals {
        assert_eq!(code(node.alter(ConfigResource::topic("t"), step)), expected);
    }
    let absent = node.alter(ConfigResource::topic("u"), update("a", Set, Some("b")));
    assert_eq!(code(absent), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let minimum = update("min.insync.replicas", Delete, None);
    let kept = node.alter(ConfigResource::all_brokers(), minimum);
    assert_eq!(code(kept), ErrorCode::INVALID_CONFIG);
}

#[test]
fn replaced_configurations_are_exactly_those_that_are_named() {
    use ConfigOperation::Set;
    let mut node = Node::with_brokers(1);
    node.create(topic("t", 1, 1)).unwrap();
    let replace = |node: &mut Node, updates: Vec<ConfigUpdate>, validate_only: bool| {
        let resource = ConfigResource::topic("t");
        let each = ResourceUpdate { resource, updates };
        let outcome = node.controller().replace_configs(&[each], validate_only);
        let mut outcome = outcome.unwrap();
        node.append(&outcome.records);
        code(outcome.response.remove(0).result)
    };
    let values = |node: &Node| -> Vec<(String, String)> {
        let configs = node.image().configs().of(&ConfigResource::topic("t"));
        let values = configs.into_iter().flat_map(|values| values.iter());
        values
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let both = vec![
        update("retention.ms", Set, Some("5")),
        update("segment.bytes", Set, Some("9")),
    ];
    assert_eq!(replace(&mut node, both, false), ErrorCode::NONE);
    let set = [pair("retention.ms", "5"), pair("segment.bytes", "9")];
    assert_eq!(values(&node), set);
    let refusals = [
        (
            vec![update("retention.ms", Set, Some("x"))],
            ErrorCode::INVALID_CONFIG,
        ),
        (
            vec![update("retention.ms", Set, None)],
            ErrorCode::INVALID_REQUEST,
        ),
        (
            vec![update("a", Set, Some("1")), update("a", Set, Some("2"))],
            ErrorCode::INVALID_REQUEST,
        ),
    ];
    for (updates, expected) in refusals {
        assert_eq!(replace(&mut node, updates, false), expected);
    }
    let one = || vec![update("segment.bytes", Set, Some("8"))];
    assert_eq!(replace(&mut node, one(), true), ErrorCode::NONE);
    assert_eq!(values(&node), set, "only validated");
    assert_eq!(replace(&mut node, one(), false), ErrorCode::NONE);
    assert_eq!(values(&node), [pair("segment.bytes", "8")]);
    assert_eq!(replace(&mut node, Vec::new(), false), ErrorCode::NONE);
    assert_eq!(values(&node), []);
}

#[test]
fn operations_have_the_numbers_of_the_protocol() {
    use ConfigOperation::{Append, Delete, Set, Subtract};
    for (number, operation) in (0..).zip([Set, Delete, Append, Subtract]) {
        assert_eq!(ConfigOperation::from_code(number), Some(operation));
    }
    for number in [i8::MIN, -1, 4, i8::MAX] {
        assert_eq!(ConfigOperation::from_code(number), None);
    }
}

#[test]
fn a_block_of_producer_ids_is_given_once() {
    let mut node = Node::with_brokers(1);
    let epoch = node.image().cluster().broker(1).unwrap().epoch;
    for first in [0, 1000, 2000] {
        let outcome = node.controller().allocate_producer_ids(1, epoch).unwrap();
        node.append(&outcome.records);
        assert_eq!(
            (outcome.response.first.0, outcome.response.size),
            (first, 1000)
        );
    }
    let stale = node.controller().allocate_producer_ids(1, epoch + 1);
    assert_eq!(code(stale), ErrorCode::STALE_BROKER_EPOCH);
}

#[test]
fn replicas_are_striped_over_brokers_and_leaders_are_even() {
    let mut node = Node::with_brokers(3);
    node.create(topic("t", 9, 2)).unwrap();
    let topic = node.image().topics().by_name("t").unwrap();
    let mut led = BTreeMap::new();
    for partition in topic.partitions.values() {
        assert_ne!(partition.replicas[0], partition.replicas[1]);
        assert_eq!(
            partition.directories[0],
            Uuid::from_u128(1000 + partition.leader as u128)
        );
        *led.entry(partition.leader).or_insert(0) += 1;
    }
    assert_eq!(led.into_values().collect::<Vec<i32>>(), [3, 3, 3]);
}

#[test]
fn a_level_that_is_not_known_stops_the_replay() {
    let mut state = ControllerState::default();
    let record = MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name: "metadata.version".to_owned(),
        feature_level: 99,
    });
    let provenance = Provenance {
        offset: 0,
        epoch: 0,
        appended_wall_ms: 0,
    };
    assert!(state.replay(&record, provenance).is_err());
    assert_eq!(state, ControllerState::default());
}

fn act(node: &mut Node, action: u8, broker: i32, size: i32) {
    const NAMES: [&str; 4] = ["a", "b", "c.d", "c_d"];
    let name = NAMES[size.unsigned_abs() as usize % NAMES.len()];
    match action {
        0 => drop(node.create(topic(name, size % 7, (broker % 4) as i16))),
        1 => {
            let selector = [TopicSelector::Name(name.to_owned())];
            let outcome = node.controller().delete_topics(&selector).unwrap();
            node.append(&outcome.records);
        }
        2 => drop(node.register(broker, size as u128)),
        3 => drop(node.heartbeat(broker, |_| ())),
        4 => drop(node.heartbeat(broker, |request| request.want_fence = true)),
        5 => drop(node.heartbeat(broker, |request| request.want_shut_down = true)),
        6 => {
            node.now.monotonic_ms += 3000;
            while let Some(session) = node.liveness.expired(node.now) {
                let outcome = node.controller().fence_broker(session);
                node.append(&outcome.records);
                node.liveness.forget(session);
            }
        }
        7 => {
            let value = size.to_string();
            let set = update("min.insync.replicas", ConfigOperation::Set, Some(&value));
            drop(node.alter(ConfigResource::topic(name), set));
        }
        _ => {
            let directory = Uuid::from_u128(1000 + broker as u128);
            drop(node.heartbeat(broker, |request| request.offline_log_dirs = vec![directory]));
        }
    }
}

/// What is asked of partitions that are there.
fn act_on_partitions(node: &mut Node, action: u8, broker: i32, size: i32) {
    let Some(topic) = node.image().topics().iter().next().cloned() else {
        return;
    };
    match action {
        0 => {
            let replicas = [broker, size % 4, size % 3];
            let end = 1 + size as usize % 3;
            drop(node.reassign(&topic.name, 0, Some(&replicas[..end])));
        }
        1 => drop(node.reassign(&topic.name, 0, None)),
        2 => drop(node.unregister(broker)),
        3 => drop(node.elect(ElectionKind::Unclean, &topic.name, 0)),
        4 => drop(node.elect(ElectionKind::Preferred, &topic.name, 0)),
        _ => {
            let partition = &topic.partitions[&0];
            let isr: Vec<i32> = partition.replicas.clone();
            // Refused or not, what it comes to is checked.
            let _ = node.alter_isr(&topic.name, partition.leader, &isr);
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_is_replayed_and_survives_a_snapshot(
        actions in proptest::collection::vec((0..15_u8, 1..5_i32, 0..9_i32), 1..60),
    ) {
        let mut node = Node::with_brokers(3);
        for (action, broker, size) in actions {
            match action.checked_sub(9) {
                None => act(&mut node, action, broker, size),
                Some(action) => act_on_partitions(&mut node, action, broker, size),
            }
            for topic in node.image().topics().iter() {
                for partition in topic.partitions.values() {
                    let leader = partition.leader;
                    prop_assert!(leader == NO_LEADER || node.image().cluster().is_alive(leader));
                    prop_assert!(leader == NO_LEADER || partition.isr.contains(&leader));
                }
            }
        }
        let snapshot = node.image().to_records(MetadataVersion::LATEST);
        prop_assert!(snapshot.losses.is_empty());
        let provenance = node.state.reader().provenance().unwrap();
        let records = snapshot.records.iter().map(|each| &each.record);
        let reader = MetadataReader::from_snapshot(records, provenance).unwrap();
        prop_assert_eq!(&reader, node.state.reader());
        prop_assert!(MetadataDelta::between(reader.image(), node.image()).is_empty());
    }
}
