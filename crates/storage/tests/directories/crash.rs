//! The power is cut at every single operation of a node's life; what it knew to be durable must be
//! there when it starts again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use protocol::Uuid;
use protocol::ids::Offset;
use storage::directories::{PartitionLog, TopicIdPartition};
use storage::disk::Disk;
use storage::disk::simulated::{HaltingDisk, SimulatedDisk};

use crate::node::{DELETE_DELAY_MS, NOW_MS, Node, PATHS, append, read, values};
use crate::{poll_once, run};

/// What a node knows when its power is cut.
#[derive(Debug, Default)]
struct Journal {
    /// The partitions that were created and not deleted, with what is in them.
    partitions: BTreeMap<String, Known>,
    /// Names of which nobody knows whether the partition is there: it was being made or deleted.
    undecided: BTreeSet<String>,
    /// Identities that must not come back.
    deleted: BTreeSet<TopicIdPartition>,
    /// Whether logs are open, and not about to be closed.
    is_serving: bool,
}

#[derive(Debug, Clone, Default)]
struct Known {
    topic_id: Uuid,
    /// Where it may start at most, and where it must at least.
    log_start_max: usize,
    log_start_min: usize,
    /// So many records are durable.
    durable: usize,
    /// All that may be there, in order.
    values: Vec<String>,
}

/// A life in which everything happens that changes directories.
struct Life<'a> {
    node: Node,
    journal: &'a Mutex<Journal>,
}

impl<'a> Life<'a> {
    async fn begin(disk: &Arc<dyn Disk>, journal: &'a Mutex<Journal>) -> Self {
        let node = Node::start(disk).await;
        journal.lock().unwrap().is_serving = true;
        Self { node, journal }
    }

    async fn create(&self, name: &str, topic_id: u128) {
        self.journal
            .lock()
            .unwrap()
            .undecided
            .insert(name.to_owned());
        self.node.create(name, topic_id).await.unwrap();
        let mut journal = self.journal.lock().unwrap();
        journal.undecided.remove(name);
        let topic_id = Uuid::from_u128(topic_id);
        let known = journal.partitions.entry(name.to_owned()).or_default();
        known.topic_id = topic_id;
    }

    async fn append(&self, name: &str, count: usize) {
        let partition = self.node.find(name).unwrap();
        for _ in 0..count {
            let value = {
                let mut journal = self.journal.lock().unwrap();
                let known = journal.partitions.get_mut(name).unwrap();
                let value = format!("{name} {} {}", known.topic_id, known.values.len());
                known.values.push(value.clone());
                value
            };
            append(&partition, &value).await;
        }
    }

    async fn flush(&self, name: &str) {
        let partition = self.node.find(name).unwrap();
        let log_end_offset = partition.log().log_end_offset();
        partition.log().flush(log_end_offset, NOW_MS).await.unwrap();
        self.know_durable(name);
    }

    fn know_durable(&self, name: &str) {
        let mut journal = self.journal.lock().unwrap();
        let known = journal.partitions.get_mut(name).unwrap();
        known.durable = known.values.len();
    }

    async fn delete(&self, name: &str, unique: u128) {
        let partition = self.node.find(name).unwrap();
        self.journal
            .lock()
            .unwrap()
            .undecided
            .insert(name.to_owned());
        let deleted = self
            .node
            .logs
            .delete(&partition, Uuid::from_u128(unique), NOW_MS);
        deleted.await.unwrap();
        let mut journal = self.journal.lock().unwrap();
        journal.undecided.remove(name);
        journal.partitions.remove(name);
        journal
            .deleted
            .insert(partition.topic_id_partition().unwrap());
    }

    async fn move_start(&self, name: &str, log_start: usize) {
        {
            let mut journal = self.journal.lock().unwrap();
            journal.partitions.get_mut(name).unwrap().log_start_max = log_start;
        }
        let partition = self.node.find(name).unwrap();
        partition
            .log()
            .advance_log_start(Offset(log_start as i64))
            .await
            .unwrap();
        let high_watermark = |partition: &PartitionLog| Some(partition.log().log_end_offset());
        let retained = self
            .node
            .logs
            .apply_retention(&high_watermark, NOW_MS)
            .await;
        assert!(retained.failures.is_empty(), "{:?}", retained.failures);
    }

    async fn checkpoint(&self) {
        let logs = &self.node.logs;
        logs.checkpoint_recovery_points().await;
        logs.checkpoint_log_start_offsets().await;
        logs.checkpoint_high_watermarks(&|partition| Some(partition.log().log_end_offset()))
            .await;
        for known in self.journal.lock().unwrap().partitions.values_mut() {
            known.log_start_min = known.log_start_max;
        }
    }

    async fn move_away(&self, name: &str, unique: u128) {
        self.node.begin_move(name, unique).await;
        self.append(name, 2).await;
        self.node.copy(name).await;
        self.append(name, 1).await;
        while !self.node.copy(name).await {}
        self.append(name, 1).await;
        self.node.finish_move(name).await;
        // All of the copy is durable.
        self.know_durable(name);
    }

    async fn end(self) {
        self.journal.lock().unwrap().is_serving = false;
        self.node.close().await;
        for name in self.node.names() {
            self.know_durable(&name);
        }
    }
}

async fn live(disk: Arc<dyn Disk>, journal: &Mutex<Journal>) {
    let life = Life::begin(&disk, journal).await;
    life.create("a-0", 1001).await;
    life.create("a-1", 1001).await;
    life.create("b-0", 1002).await;
    life.append("a-0", 7).await;
    life.append("a-1", 3).await;
    life.append("b-0", 5).await;
    life.flush("a-0").await;
    life.move_start("a-0", 5).await;
    life.checkpoint().await;
    life.append("a-0", 2).await;
    life.delete("a-0", 5001).await;
    life.create("a-0", 1003).await;
    life.append("a-0", 3).await;
    life.move_away("a-0", 6001).await;
    life.append("a-0", 1).await;
    life.flush("b-0").await;
    life.checkpoint().await;
    life.move_away("a-0", 6002).await;
    life.node.begin_move("a-1", 6003).await;
    life.node.copy("a-1").await;
    life.append("b-0", 2).await;
    life.node.logs.remove_due(NOW_MS + DELETE_DELAY_MS).await;
    life.end().await;
    let life = Life::begin(&disk, journal).await;
    life.append("a-1", 2).await;
    life.node.begin_move("b-0", 6004).await;
    life.node.copy("b-0").await;
    life.delete("b-0", 5001).await;
    life.flush("a-1").await;
    life.node.finish_move("a-1").await;
    life.append("a-1", 1).await;
    life.flush("a-1").await;
    life.end().await;
}

/// Starts the node after a crash and looks at everything.
fn check(disk: &Arc<dyn Disk>, journal: &Journal) {
    let is_marked = PATHS.map(|path| {
        let path = format!("{path}/.kafka_cleanshutdown");
        run(read(disk.as_ref(), &path)).is_some()
    });
    assert!(
        !journal.is_serving || is_marked == [false; 2],
        "{is_marked:?}"
    );
    let node = run(Node::start(disk));
    for (report, is_marked) in node.reports.iter().zip(is_marked) {
        assert_eq!(report.clean_stop, is_marked);
        assert!(report.malformed_checkpoints.is_empty());
        assert_eq!(report.survey.ignored, [""; 0]);
    }
    let names = node.names();
    for name in journal.partitions.keys() {
        let is_there = names.contains(name) || journal.undecided.contains(name);
        assert!(is_there, "{name} is lost");
    }
    for partition in node.logs.partitions() {
        check_partition(&partition, journal, &is_marked);
    }
    for copy in node.logs.copies() {
        // It goes on as if nothing had happened.
        let name = copy.topic_partition().to_string();
        let partition = node.find(&name).unwrap();
        let before = run(values(&partition));
        run(append(&partition, "new"));
        run(node.finish_move(&name));
        let mut after = run(values(&partition));
        assert_eq!(after.pop().as_deref(), Some("new"));
        assert_eq!(after, before, "{name}");
    }
    check_service(disk, node);
}

fn check_partition(partition: &PartitionLog, journal: &Journal, is_marked: &[bool; 2]) {
    let name = partition.topic_partition().to_string();
    let log = partition.log();
    let id = partition.topic_id_partition();
    assert!(
        !id.is_some_and(|id| journal.deleted.contains(&id)),
        "{name} was deleted"
    );
    let Some(known) = journal.partitions.get(&name) else {
        assert!(journal.undecided.contains(&name), "{name} was never made");
        assert_eq!(
            log.log_end_offset(),
            Offset::ZERO,
            "{name} has inherited records"
        );
        return;
    };
    assert_eq!(id.unwrap().topic_id, known.topic_id);
    let (start, end) = (
        log.log_start_offset().0 as usize,
        log.log_end_offset().0 as usize,
    );
    let starts = known.log_start_min..=known.log_start_max;
    assert!(
        starts.contains(&start),
        "{name} starts at {start}, not in {starts:?}"
    );
    assert!(
        end >= known.durable,
        "{name} ends at {end} of {}",
        known.durable
    );
    assert_eq!(run(values(partition)), known.values[start..end], "{name}");
    let directory = PATHS
        .iter()
        .position(|path| partition.directory().path() == Path::new(path));
    if is_marked[directory.unwrap()] {
        assert_eq!(
            end,
            known.values.len(),
            "{name} was not closed but its directory is marked"
        );
    }
}

/// The node does everything it did before, under the same names.
fn check_service(disk: &Arc<dyn Disk>, node: Node) {
    for (name, topic_id) in [("a-0", 2001), ("a-1", 2001), ("b-0", 2002)] {
        if let Some(partition) = node.find(name) {
            let deleted = node.logs.delete(&partition, Uuid::from_u128(5001), NOW_MS);
            run(deleted).unwrap();
        }
        let partition = run(node.create(name, topic_id)).unwrap();
        assert_eq!(partition.log().log_end_offset(), Offset::ZERO);
        run(append(&partition, name));
    }
    run(node.logs.remove_due(NOW_MS + DELETE_DELAY_MS));
    run(node.close());
    drop(node);
    let node = run(Node::start(disk));
    assert_eq!(node.names(), ["a-0", "a-1", "b-0"]);
    for partition in node.logs.partitions() {
        assert_eq!(
            run(values(&partition)),
            [partition.topic_partition().to_string()]
        );
    }
    for path in PATHS {
        let names = run(crate::node::list(disk.as_ref(), path));
        assert!(
            !names.iter().any(|name| name.ends_with("-delete")),
            "{names:?}"
        );
    }
}

#[test]
fn a_crash_at_any_operation_loses_nothing_that_was_durable_and_brings_nothing_back() {
    for seed in 0..2 {
        let mut operations = 0;
        loop {
            let simulated = Arc::new(SimulatedDisk::new(seed * 1_000_003 + operations));
            let journal = Mutex::default();
            let halting = HaltingDisk::new(&simulated, operations);
            let has_ended = poll_once(live(Arc::new(halting), &journal)).is_some();
            simulated.crash();
            println!("seed {seed}, {operations} operations");
            let disk: Arc<dyn Disk> = simulated;
            check(&disk, &journal.into_inner().unwrap());
            if has_ended {
                break;
            }
            operations += 1;
        }
        assert!(
            operations > 500,
            "the node did {operations} operations only"
        );
    }
}
