//! Partitions that move into another log directory.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use protocol::Uuid;
use protocol::ids::{LeaderEpoch, Offset, ProducerId};
use protocol::records::{BatchTemplate, ProducerFields};
use storage::directories::{MoveError, Orphan, PartitionLog};
use storage::disk::simulated::{Fault, Operation, SimulatedDisk};
use storage::disk::{Disk, DiskErrorKind};

use crate::node::{
    DELETE_DELAY_MS, NOW_MS, Node, PATHS, append, append_in, claim, configured, list, values,
};
use crate::run;

fn disk() -> (Arc<SimulatedDisk>, Arc<dyn Disk>) {
    let simulated = Arc::new(SimulatedDisk::new(1));
    (simulated.clone(), simulated)
}

/// Appends a record of a producer, in this epoch.
async fn produce(partition: &PartitionLog, epoch: i32, producer: ProducerFields) {
    let template = BatchTemplate {
        producer: Some(producer),
        transactional: true,
        ..BatchTemplate::new(0)
    };
    append_in(partition, epoch, template, "p").await;
}

const fn producer(id: i64, base_sequence: i32) -> ProducerFields {
    ProducerFields {
        id,
        epoch: 0,
        base_sequence,
    }
}

#[test]
fn a_moved_log_is_the_same_log_in_another_directory() {
    let (_, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        produce(&partition, 0, producer(7, 0)).await;
        for value in ["a", "b", "c", "d", "e", "f"] {
            append(&partition, value).await;
        }
        // The records of producer 7 are gone, it is not; epoch 3 has no records yet.
        let log = partition.log();
        log.advance_log_start(Offset(5)).await.unwrap();
        let at_end = |partition: &PartitionLog| Some(partition.log().log_end_offset());
        node.logs.apply_retention(&at_end, NOW_MS).await;
        produce(&partition, 2, producer(8, 0)).await;
        log.assign_leader_epoch(LeaderEpoch(3)).await.unwrap();
        let look = || {
            let log = partition.log();
            let producers = log.producers(|id, producer| (id, producer.clone()));
            let ends = (0..4).map(|epoch| log.end_offset_for_epoch(LeaderEpoch(epoch)));
            let ends: Vec<_> = ends.collect();
            (
                log.log_start_offset(),
                log.log_end_offset(),
                producers,
                ends,
            )
        };
        let before = (look(), values(&partition).await);
        assert_eq!(before.0.2[0].0, ProducerId(7));
        node.begin_move("t-0", 77).await;
        while !node.copy("t-0").await {}
        node.finish_move("t-0").await;
        assert_eq!((look(), values(&partition).await), before);
        assert_eq!(partition.directory().path(), Path::new(PATHS[1]));
        assert!(node.logs.copies().is_empty());
        append(&partition, "g").await;
        let names = list(disk.as_ref(), PATHS[0]).await;
        let deleted = format!("t-0.{:032x}-delete", 77);
        assert!(names.contains(&deleted), "{names:?}");
        node.logs.remove_due(NOW_MS + DELETE_DELAY_MS).await;
        assert!(!list(disk.as_ref(), PATHS[0]).await.contains(&deleted));
        let now = (look(), values(&partition).await);
        node.close().await;
        drop((node, partition));
        let node = Node::start(&disk).await;
        let partition = node.find("t-0").unwrap();
        let log = partition.log();
        let producers = log.producers(|id, producer| (id, producer.last_sequence()));
        assert_eq!(producers, [(ProducerId(7), 0), (ProducerId(8), 0)]);
        assert_eq!(log.log_start_offset(), now.0.0);
        assert_eq!(values(&partition).await, now.1);
    });
}

#[test]
fn a_move_that_is_given_up_leaves_nothing_behind_and_can_begin_anew() {
    let (_, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        append(&partition, "a").await;
        let copy = node.begin_move("t-0", 77).await;
        let destination = copy.directory();
        let again = node
            .logs
            .begin_move(&partition, &destination, Uuid::from_u128(78), NOW_MS);
        let again = again.await.unwrap_err();
        assert!(matches!(again, MoveError::UnderWay { .. }), "{again}");
        node.logs.abandon_move(&copy, NOW_MS).await.unwrap();
        let late = node.logs.copy(&partition, &copy, 100, NOW_MS).await;
        let late = late.unwrap_err();
        assert!(matches!(late, MoveError::NotServed { .. }), "{late}");
        assert_eq!(destination.partition_count(), 0);
        node.begin_move("t-0", 78).await;
        node.finish_move("t-0").await;
        assert_eq!(values(&partition).await, ["a"]);
        let counts = node.logs.directories().iter();
        let counts: Vec<_> = counts.map(|each| each.partition_count()).collect();
        assert_eq!(counts, [0, 1]);
        node.logs.remove_due(i64::MAX).await;
        let names = list(disk.as_ref(), PATHS[1]).await;
        let left: Vec<_> = names.iter().filter(|name| name.contains("t-0")).collect();
        assert_eq!(left, ["t-0"]);
    });
}

#[test]
fn a_destination_that_fails_in_the_midst_leaves_the_log_where_it_was() {
    let (simulated, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        append(&partition, "a").await;
        let copy = node.begin_move("t-0", 77).await;
        simulated.order_fault(Fault {
            operation: Operation::Rename,
            path_suffix: format!("t-0.{:032x}-future", 77),
            successes_before: 0,
            kind: DiskErrorKind::Failed,
        });
        let failed = node
            .logs
            .finish_move(&partition, &copy, &|_| None, NOW_MS)
            .await;
        let failed = failed.unwrap_err();
        assert!(matches!(failed, MoveError::Copy { .. }), "{failed}");
        assert!(!copy.directory().is_online());
        append(&partition, "b").await;
        assert_eq!(values(&partition).await, ["a", "b"]);
        assert_eq!(partition.directory().path(), Path::new(PATHS[0]));
    });
}

#[test]
fn a_copy_without_its_log_waits_for_the_directory_that_may_have_it() {
    let (simulated, disk) = disk();
    let name = format!("t-0.{:032x}-future", 77);
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        append(&partition, "a").await;
        node.begin_move("t-0", 77).await;
        while !node.copy("t-0").await {}
        node.close().await;
    });
    // The disk of the log does not come back.
    for (decided, is_there) in [(Orphan::Undecided, false), (Orphan::IsTheLog, true)] {
        simulated.order_fault(Fault {
            operation: Operation::List,
            path_suffix: PATHS[0].to_owned(),
            successes_before: 0,
            kind: DiskErrorKind::Failed,
        });
        run(async {
            let both = PATHS.map(|path| configured(Path::new(path)));
            let node = Node::load(claim(&disk, &both).await.unwrap()).await;
            assert!(!node.logs.directories()[0].is_online());
            assert!(node.find("t-0").is_none(), "it is not decided");
            let decide = |_: &PartitionLog| decided;
            node.logs.settle_copies(&decide, NOW_MS).await.unwrap();
            assert_eq!(node.find("t-0").is_some(), is_there);
            let names = list(disk.as_ref(), PATHS[1]).await;
            assert_eq!(names.contains(&name), !is_there);
        });
    }
}

/// What happens to a partition that is being moved.
#[derive(Debug, Clone)]
enum Step {
    Append(u8),
    Copy,
    Begin,
    Abandon,
    Finish,
    /// Drops the last so many records, as a follower does.
    Truncate(u8),
    /// Deletes the first so many records.
    Delete(u8),
    Roll,
    Restart,
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1..5_u8).prop_map(Step::Append),
        6 => Just(Step::Copy),
        4 => Just(Step::Begin),
        1 => Just(Step::Abandon),
        4 => Just(Step::Finish),
        2 => (1..6_u8).prop_map(Step::Truncate),
        2 => (1..6_u8).prop_map(Step::Delete),
        1 => Just(Step::Roll),
        1 => Just(Step::Restart),
        2 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..40)
}

/// A partition in the course of steps, and what must be in it.
struct Mover {
    simulated: Arc<SimulatedDisk>,
    disk: Arc<dyn Disk>,
    node: Option<Node>,
    expected: Vec<String>,
    start: usize,
    durable: usize,
    appended: usize,
    unique: u128,
    epoch: i32,
    moved: usize,
}

impl Mover {
    fn new() -> Self {
        let (simulated, disk) = disk();
        let node = run(Node::start(&disk));
        run(node.create("t-0", 1001)).unwrap();
        Self {
            simulated,
            disk,
            node: Some(node),
            expected: Vec::new(),
            start: 0,
            durable: 0,
            appended: 0,
            unique: 0,
            epoch: 0,
            moved: 0,
        }
    }

    fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }

    fn partition(&self) -> Arc<PartitionLog> {
        self.node().find("t-0").unwrap()
    }

    fn is_moving(&self) -> bool {
        !self.node().logs.copies().is_empty()
    }

    fn step(&mut self, step: &Step) {
        let partition = self.partition();
        let log = partition.log();
        match *step {
            Step::Append(count) => {
                for _ in 0..count {
                    let value = format!("value {}", self.appended);
                    self.appended += 1;
                    let template = BatchTemplate::new(0);
                    run(append_in(&partition, self.epoch, template, &value));
                    self.expected.push(value);
                }
            }
            Step::Copy if self.is_moving() => {
                run(self.node().copy("t-0"));
            }
            Step::Begin if !self.is_moving() => {
                self.unique += 1;
                run(self.node().begin_move("t-0", self.unique));
            }
            Step::Abandon if self.is_moving() => {
                let copy = self.node().logs.copies().remove(0);
                run(self.node().logs.abandon_move(&copy, NOW_MS)).unwrap();
            }
            Step::Finish if self.is_moving() => {
                run(self.node().finish_move("t-0"));
                self.durable = self.expected.len();
                self.moved += 1;
            }
            Step::Truncate(count) => {
                let end = self.expected.len().saturating_sub(usize::from(count));
                let end = end.max(self.start);
                run(log.truncate_to(Offset(end as i64), NOW_MS)).unwrap();
                run(self.node().logs.checkpoint_recovery_points());
                self.expected.truncate(end);
                self.durable = self.durable.min(end);
                self.epoch += 1;
                run(log.assign_leader_epoch(LeaderEpoch(self.epoch))).unwrap();
            }
            Step::Delete(count) => {
                self.start = self.expected.len().min(self.start + usize::from(count));
                run(log.advance_log_start(Offset(self.start as i64))).unwrap();
                run(self.node().logs.checkpoint_log_start_offsets());
                let at_end = |partition: &PartitionLog| Some(partition.log().log_end_offset());
                run(self.node().logs.apply_retention(&at_end, NOW_MS));
            }
            Step::Roll => run(log.roll(NOW_MS)).unwrap(),
            Step::Restart => {
                run(self.node().close());
                self.start_anew();
            }
            Step::Crash => {
                self.node = None;
                self.simulated.crash();
                self.start_anew();
            }
            Step::Copy | Step::Begin | Step::Abandon | Step::Finish => {}
        }
    }

    fn start_anew(&mut self) {
        self.node = None;
        self.node = Some(run(Node::start(&self.disk)));
        // As after any start: what is appended from now on is of a new epoch.
        self.epoch += 1;
        let end = self.partition().log().log_end_offset().0 as usize;
        assert!(end >= self.durable, "{end} of {}", self.durable);
        self.expected.truncate(end);
    }

    fn check(&self) {
        let partition = self.partition();
        let start = partition.log().log_start_offset().0 as usize;
        assert!(start <= self.start);
        let found = run(values(&partition));
        assert_eq!(found, self.expected[start..]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happens_a_moved_log_has_what_it_would_have_had(steps in steps()) {
        let mut mover = Mover::new();
        for step in &steps {
            mover.step(step);
            mover.check();
        }
        mover.step(&Step::Begin);
        mover.step(&Step::Append(1));
        mover.step(&Step::Finish);
        mover.step(&Step::Crash);
        mover.check();
        prop_assert!(mover.moved > 0);
    }
}
