//! What becomes of partitions when somebody asks: elections, reassignments, in-sync replicas, and
//! brokers that are forgotten.

use protocol::generated::alter_partition_reassignments_request::{
    AlterPartitionReassignmentsRequest, ReassignablePartition, ReassignableTopic,
};
use protocol::generated::alter_partition_request::{
    AlterPartitionRequest, BrokerState, PartitionData, TopicData,
};
use protocol::generated::elect_leaders_request::TopicPartitions;
use protocol::generated::list_partition_reassignments_request::ListPartitionReassignmentsTopics;

use super::*;
use crate::image::{LeaderRecoveryState, PartitionRegistration};

impl Node {
    pub(super) fn unregister(&mut self, id: i32) -> Result<(), ApiError> {
        let outcome = self.controller().unregister_broker(id)?;
        self.append(&outcome.records);
        Ok(())
    }

    pub(super) fn elect(
        &mut self,
        kind: ElectionKind,
        name: &str,
        index: i32,
    ) -> Result<(), ApiError> {
        let named = TopicPartitions {
            topic: name.into(),
            partitions: vec![index],
        };
        let mut outcome = self.controller().elect_leaders(kind, Some(&[named]))?;
        self.append(&outcome.records);
        outcome.response.remove(0).partitions.remove(0).1
    }

    pub(super) fn reassign(
        &mut self,
        name: &str,
        index: i32,
        replicas: Option<&[i32]>,
    ) -> Result<(), ApiError> {
        self.try_reassign(name, index, replicas, true)
    }

    fn try_reassign(
        &mut self,
        name: &str,
        index: i32,
        replicas: Option<&[i32]>,
        allow_replication_factor_change: bool,
    ) -> Result<(), ApiError> {
        let request = AlterPartitionReassignmentsRequest {
            allow_replication_factor_change,
            topics: vec![ReassignableTopic {
                name: name.into(),
                partitions: vec![ReassignablePartition {
                    partition_index: index,
                    replicas: replicas.map(<[i32]>::to_vec),
                }],
            }],
            ..AlterPartitionReassignmentsRequest::default()
        };
        let mut outcome = self.controller().alter_partition_reassignments(&request)?;
        self.append(&outcome.records);
        outcome.response.remove(0).partitions.remove(0).1
    }

    /// Tells in the name of a leader who is in sync with partition 0, in the epochs as they are.
    pub(super) fn alter_isr(
        &mut self,
        name: &str,
        broker: i32,
        isr: &[i32],
    ) -> Result<(), ErrorCode> {
        let data = self.isr_data(name, isr);
        self.alter_partition(name, broker, data)
    }

    fn isr_data(&self, name: &str, isr: &[i32]) -> PartitionData {
        let partition = self.partition(name, 0);
        PartitionData {
            partition_index: 0,
            leader_epoch: partition.leader_epoch,
            partition_epoch: partition.partition_epoch,
            new_isr: isr.to_vec(),
            leader_recovery_state: partition.leader_recovery_state.code(),
            new_isr_with_epochs: Vec::new(),
        }
    }

    fn alter_partition(
        &mut self,
        name: &str,
        broker: i32,
        data: PartitionData,
    ) -> Result<(), ErrorCode> {
        let request = AlterPartitionRequest {
            broker_id: broker,
            broker_epoch: self.epoch(broker),
            topics: vec![TopicData {
                topic_id: self.image().topics().by_name(name).unwrap().id,
                partitions: vec![data],
            }],
        };
        let outcome = self.controller().alter_partitions(&request);
        let outcome = outcome.map_err(|error| error.code)?;
        self.append(&outcome.records);
        let result = outcome.response[0].result.clone();
        result.map(|altered| assert_eq!(altered, self.partition(name, 0)))
    }

    fn epoch(&self, broker: i32) -> i64 {
        let broker = self.image().cluster().broker(broker);
        broker.map_or(-1, |broker| broker.epoch)
    }

    fn partition(&self, name: &str, index: i32) -> Arc<PartitionRegistration> {
        Arc::clone(&self.image().topics().by_name(name).unwrap().partitions[&index])
    }

    fn fence(&mut self, id: i32) {
        self.heartbeat(id, |request| request.want_fence = true)
            .unwrap();
    }

    /// A topic with one partition on these brokers.
    fn create_on(&mut self, name: &'static str, replicas: &[i32]) {
        let assignment = CreatableReplicaAssignment {
            partition_index: 0,
            broker_ids: replicas.to_vec(),
        };
        let assigned = CreatableTopic {
            assignments: vec![assignment],
            ..topic(name, -1, -1)
        };
        self.create(assigned).unwrap();
    }
}

#[test]
fn a_broker_that_is_forgotten_leaves_its_partitions_to_others() {
    let mut node = Node::with_brokers(2);
    node.create_on("t", &[1, 2]);
    assert_eq!(
        code(node.unregister(9)),
        ErrorCode::BROKER_ID_NOT_REGISTERED
    );
    node.unregister(1).unwrap();
    assert!(node.image().cluster().broker(1).is_none());
    assert_eq!(node.leader("t", 0), (2, vec![2]));
    node.register(1, 7).unwrap();
    node.heartbeat(1, |_| ()).unwrap();
    node.alter_isr("t", 2, &[1, 2]).unwrap();
    assert_eq!(node.leader("t", 0), (2, vec![1, 2]));
}

#[test]
fn a_preferred_leader_takes_over_when_it_is_in_sync_again() {
    let mut node = Node::with_brokers(2);
    node.create_on("t", &[1, 2]);
    let elect = |node: &mut Node, kind| code(node.elect(kind, "t", 0));
    let preferred = ElectionKind::Preferred;
    assert_eq!(elect(&mut node, preferred), ErrorCode::ELECTION_NOT_NEEDED);
    node.fence(1);
    let unavailable = ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE;
    assert_eq!(elect(&mut node, preferred), unavailable);
    node.heartbeat(1, |_| ()).unwrap();
    assert_eq!(
        elect(&mut node, preferred),
        unavailable,
        "it is not in sync yet"
    );
    node.alter_isr("t", 2, &[1, 2]).unwrap();
    let unclean = ElectionKind::Unclean;
    assert_eq!(elect(&mut node, unclean), ErrorCode::ELECTION_NOT_NEEDED);
    let epoch = node.partition("t", 0).leader_epoch;
    assert_eq!(elect(&mut node, preferred), ErrorCode::NONE);
    assert_eq!(node.leader("t", 0), (1, vec![1, 2]));
    assert_eq!(node.partition("t", 0).leader_epoch, epoch + 1);
}

#[test]
fn an_unclean_election_takes_whoever_is_alive() {
    let mut node = Node::with_brokers(2);
    node.create_on("t", &[1, 2]);
    node.fence(2);
    node.fence(1);
    let unclean = ElectionKind::Unclean;
    let nobody = code(node.elect(unclean, "t", 0));
    assert_eq!(nobody, ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE);
    assert_eq!(node.leader("t", 0).0, NO_LEADER);
    let mut partition = (*node.partition("t", 0)).clone();
    // As if broker 2 had fallen behind before.
    partition.eligible_leader_replicas.clear();
    partition.last_known_eligible_leader_replicas.clear();
    partition.isr = vec![1];
    let id = node.image().topics().by_name("t").unwrap().id;
    let record = partition.to_record(id, 0, MetadataVersion::LATEST, true);
    let version = MetadataVersion::LATEST.partition_record_version();
    let record = MetadataRecord::Partition(record);
    node.append(&[VersionedRecord { record, version }]);
    node.heartbeat(2, |_| ()).unwrap();
    assert_eq!(node.leader("t", 0).0, NO_LEADER);
    node.elect(unclean, "t", 0).unwrap();
    assert_eq!(node.leader("t", 0), (2, vec![2]));
    let recovering = LeaderRecoveryState::Recovering;
    assert_eq!(node.partition("t", 0).leader_recovery_state, recovering);
    let mut recovered = node.isr_data("t", &[2]);
    recovered.leader_recovery_state = 0;
    node.alter_partition("t", 2, recovered).unwrap();
    let recovered = LeaderRecoveryState::Recovered;
    assert_eq!(node.partition("t", 0).leader_recovery_state, recovered);
}

#[test]
fn of_all_partitions_only_those_that_need_an_election_are_answered() {
    let mut node = Node::with_brokers(2);
    node.create_on("a", &[1, 2]);
    node.create_on("b", &[2, 1]);
    node.fence(1);
    node.heartbeat(1, |_| ()).unwrap();
    node.alter_isr("a", 2, &[1, 2]).unwrap();
    let outcome = node
        .controller()
        .elect_leaders(ElectionKind::Preferred, None)
        .unwrap();
    let answered = outcome.response.iter();
    let answered: Vec<_> = answered
        .map(|each| (&*each.topic, each.partitions.len()))
        .collect();
    assert_eq!(answered, [("a", 1), ("b", 0)]);
    assert_eq!(outcome.records.len(), 1);
    let mut unknown = |name, index| node.elect(ElectionKind::Preferred, name, index);
    let expected = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    assert_eq!(code(unknown("none", 0)), expected);
    assert_eq!(code(unknown("a", 1)), expected);
}

#[test]
fn replicas_move_when_the_new_ones_are_in_sync() {
    let mut node = Node::with_brokers(3);
    node.create_on("t", &[1, 2]);
    node.reassign("t", 0, Some(&[2, 3])).unwrap();
    let partition = node.partition("t", 0);
    assert_eq!(partition.replicas, [2, 3, 1]);
    let directory = |id: u128| Uuid::from_u128(1000 + id);
    assert_eq!(
        partition.directories,
        [directory(2), directory(3), directory(1)]
    );
    assert_eq!(partition.adding_replicas, [3]);
    assert_eq!(partition.removing_replicas, [1]);
    assert_eq!(node.leader("t", 0), (1, vec![1, 2]));
    let named = ListPartitionReassignmentsTopics {
        name: "t".into(),
        partition_indexes: vec![7, 0],
    };
    let all = node.controller().partition_reassignments(None);
    let ongoing = node.controller().partition_reassignments(Some(&[named]));
    assert_eq!(all, ongoing);
    assert_eq!(ongoing[0].partitions, [(0, Arc::clone(&partition))]);
    // Who is about to lose the lead learns it by an error.
    let altered = node.alter_isr("t", 1, &[1, 2, 3]);
    assert_eq!(altered, Err(ErrorCode::NEW_LEADER_ELECTED));
    let partition = node.partition("t", 0);
    assert_eq!(partition.replicas, [2, 3]);
    assert_eq!(partition.directories, [directory(2), directory(3)]);
    assert!(partition.adding_replicas.is_empty() && partition.removing_replicas.is_empty());
    assert_eq!(node.leader("t", 0), (2, vec![2, 3]));
    assert!(node.controller().partition_reassignments(None).is_empty());
}

#[test]
fn a_reassignment_that_is_cancelled_leaves_the_replicas_of_before() {
    let mut node = Node::with_brokers(3);
    node.create_on("t", &[1, 2]);
    let none = code(node.reassign("t", 0, None));
    assert_eq!(none, ErrorCode::NO_REASSIGNMENT_IN_PROGRESS);
    node.reassign("t", 0, Some(&[3])).unwrap();
    assert_eq!(node.partition("t", 0).removing_replicas, [1, 2]);
    let epoch = node.partition("t", 0).leader_epoch;
    node.reassign("t", 0, None).unwrap();
    let partition = node.partition("t", 0);
    assert_eq!(
        (&partition.replicas[..], &partition.isr[..]),
        (&[1, 2][..], &[1, 2][..])
    );
    assert_eq!(
        partition.leader_epoch,
        epoch + 1,
        "broker 3 has no replica any more"
    );
}

#[test]
fn fewer_replicas_and_another_order_need_no_time() {
    let mut node = Node::with_brokers(2);
    node.create_on("t", &[1, 2]);
    node.reassign("t", 0, Some(&[2, 1])).unwrap();
    assert_eq!(node.partition("t", 0).replicas, [2, 1]);
    assert_eq!(node.leader("t", 0).0, 1, "nobody asked for an election");
    node.reassign("t", 0, Some(&[2])).unwrap();
    assert_eq!(node.partition("t", 0).replicas, [2]);
    assert_eq!(node.leader("t", 0), (2, vec![2]));
}

#[test]
fn reassignments_are_refused_as_kafka_refuses_them() {
    let mut node = Node::with_brokers(2);
    node.create_on("t", &[1]);
    let invalid = ErrorCode::INVALID_REPLICA_ASSIGNMENT;
    for replicas in [&[][..], &[1, 1], &[1, 9], &[-1]] {
        assert_eq!(
            code(node.reassign("t", 0, Some(replicas))),
            invalid,
            "{replicas:?}"
        );
    }
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    assert_eq!(code(node.reassign("none", 0, Some(&[1]))), unknown);
    assert_eq!(code(node.reassign("t", 1, Some(&[1]))), unknown);
    let resized = node.try_reassign("t", 0, Some(&[1, 2]), false).unwrap_err();
    assert_eq!(resized.code, ErrorCode::INVALID_REPLICATION_FACTOR);
    let message = "The replication factor is changed from 1 to 2";
    assert_eq!(resized.message.as_deref(), Some(message));
    node.try_reassign("t", 0, Some(&[2]), false).unwrap();
    assert_eq!(node.partition("t", 0).replicas, [2, 1]);
    // One replica leaves when the other has come, so there is one all the time.
    let resized = node.try_reassign("t", 0, Some(&[1, 2]), false);
    assert_eq!(code(resized), ErrorCode::INVALID_REPLICATION_FACTOR);
}

#[test]
fn only_the_leader_of_now_says_who_is_in_sync() {
    let mut node = Node::with_brokers(3);
    node.create_on("t", &[1, 2]);
    type Edit = fn(&mut PartitionData);
    let refused: [(ErrorCode, i32, Edit); 13] = [
        (ErrorCode::NOT_CONTROLLER, 1, |it| it.leader_epoch += 1),
        (ErrorCode::NOT_CONTROLLER, 1, |it| it.partition_epoch += 1),
        (ErrorCode::FENCED_LEADER_EPOCH, 1, |it| it.leader_epoch -= 1),
        (ErrorCode::INVALID_REQUEST, 2, |_| ()),
        (ErrorCode::INVALID_UPDATE_VERSION, 1, |it| {
            it.partition_epoch -= 1
        }),
        (ErrorCode::INVALID_REQUEST, 1, |it| it.new_isr = vec![1, 3]),
        (ErrorCode::INVALID_REQUEST, 1, |it| it.new_isr = vec![2]),
        (ErrorCode::INVALID_REQUEST, 1, |it| it.new_isr = vec![1, 1]),
        (ErrorCode::INVALID_REQUEST, 1, |it| it.new_isr = Vec::new()),
        (ErrorCode::INVALID_REQUEST, 1, |it| {
            it.leader_recovery_state = 1
        }),
        (ErrorCode::INVALID_REQUEST, 1, |it| {
            it.leader_recovery_state = 7
        }),
        (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, 1, |it| {
            it.partition_index = 1
        }),
        (ErrorCode::STALE_BROKER_EPOCH, 9, |_| ()),
    ];
    for (expected, broker, edit) in refused {
        let mut data = node.isr_data("t", &[1, 2]);
        edit(&mut data);
        let found = node.alter_partition("t", broker, data);
        assert_eq!(found, Err(expected));
    }
    node.alter_isr("t", 1, &[1]).unwrap();
    assert_eq!(node.leader("t", 0), (1, vec![1]));
    let epochs = node.partition("t", 0);
    assert_eq!((epochs.leader_epoch, epochs.partition_epoch), (0, 1));
    node.alter_isr("t", 1, &[1]).unwrap();
    assert_eq!(node.partition("t", 0), epochs, "nothing has changed");
}

#[test]
fn nobody_gets_in_sync_who_is_away_or_of_another_incarnation() {
    let mut node = Node::with_brokers(2);
    node.create_on("t", &[1, 2]);
    node.fence(2);
    let ineligible = Err(ErrorCode::INELIGIBLE_REPLICA);
    assert_eq!(node.alter_isr("t", 1, &[1, 2]), ineligible);
    node.heartbeat(2, |_| ()).unwrap();
    let with_epoch = |node: &mut Node, epoch: i64| {
        let mut data = node.isr_data("t", &[]);
        let states = [(1, -1), (2, epoch)].map(|(broker_id, broker_epoch)| BrokerState {
            broker_id,
            broker_epoch,
        });
        data.new_isr_with_epochs = states.to_vec();
        node.alter_partition("t", 1, data)
    };
    let epoch = node.epoch(2);
    assert_eq!(with_epoch(&mut node, epoch - 1), ineligible);
    assert_eq!(with_epoch(&mut node, epoch), Ok(()));
    assert_eq!(node.leader("t", 0), (1, vec![1, 2]));
}
