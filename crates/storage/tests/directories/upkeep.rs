//! What is done from time to time, and what it leaves in the files.

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::Uuid;
use protocol::ids::Offset;
use storage::config::LogConfig;
use storage::directories::{LogDirectories, NewPartition, PartitionLog};
use storage::disk::Disk;
use storage::disk::simulated::SimulatedDisk;

use crate::node::{NOW_MS, Node, append, config, read, topic_partition, values, write};
use crate::run;

fn disk() -> (Arc<SimulatedDisk>, Arc<dyn Disk>) {
    let simulated = Arc::new(SimulatedDisk::new(1));
    (simulated.clone(), simulated)
}

fn at_end(partition: &PartitionLog) -> Option<Offset> {
    Some(partition.log().log_end_offset())
}

async fn create(node: &Node, name: &str, topic_id: u128, config: LogConfig) -> Arc<PartitionLog> {
    let new = NewPartition {
        topic_partition: topic_partition(name),
        topic_id: Uuid::from_u128(topic_id),
        config,
        is_new: true,
        directory: None,
    };
    node.logs.create(new, NOW_MS).await.unwrap()
}

#[test]
fn checkpoints_hold_the_offsets_of_their_directory_and_are_written_when_they_change() {
    let (simulated, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        // One directory, the other, the first one again.
        for (name, id) in [("a-0", 1001), ("b-0", 1002), ("c-0", 1003)] {
            let partition = node.create(name, id).await.unwrap();
            for value in ["x", "y", "z"] {
                append(&partition, value).await;
            }
        }
        let [a, c] = ["a-0", "c-0"].map(|name| node.find(name).unwrap());
        a.log().flush(Offset(2), NOW_MS).await.unwrap();
        c.log().advance_log_start(Offset(1)).await.unwrap();
        assert_eq!(node.logs.checkpoint_recovery_points().await, 2);
        assert_eq!(node.logs.checkpoint_log_start_offsets().await, 2);
        assert_eq!(node.logs.checkpoint_high_watermarks(&at_end).await, 2);
        let content = async |name: &str| read(disk.as_ref(), &format!("/data/{name}")).await;
        for (name, expected) in [
            (
                "d1/recovery-point-offset-checkpoint",
                "0\n2\na 0 2\nc 0 0\n",
            ),
            ("d2/recovery-point-offset-checkpoint", "0\n1\nb 0 0\n"),
            ("d1/log-start-offset-checkpoint", "0\n1\nc 0 1\n"),
            ("d2/log-start-offset-checkpoint", "0\n0\n"),
            ("d1/replication-offset-checkpoint", "0\n2\na 0 3\nc 0 3\n"),
            ("d2/replication-offset-checkpoint", "0\n1\nb 0 3\n"),
        ] {
            assert_eq!(content(name).await.as_deref(), Some(expected), "{name}");
        }
        let before = simulated.counters();
        assert_eq!(node.logs.checkpoint_recovery_points().await, 0);
        assert_eq!(node.logs.checkpoint_log_start_offsets().await, 0);
        assert_eq!(node.logs.checkpoint_high_watermarks(&|_| None).await, 0);
        assert_eq!(simulated.counters(), before);
        node.logs
            .checkpoint_high_watermarks(&|_| Some(Offset(2)))
            .await;
        drop((a, c, node));
        simulated.crash();

        let node = Node::start(&disk).await;
        let high_watermark = |name| node.find(name).unwrap().checkpointed_high_watermark();
        assert_eq!(high_watermark("a-0"), Offset(2));
        let c = node.find("c-0").unwrap().log().log_start_offset();
        assert_eq!(c, Offset(1));
    });
}

#[test]
fn offsets_of_the_cleaner_are_kept_for_as_long_as_their_partition() {
    let (_, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        for (name, id) in [("a-0", 1001), ("b-0", 1002), ("c-0", 1003)] {
            node.create(name, id).await.unwrap();
        }
        for value in ["x", "y"] {
            append(&node.find("a-0").unwrap(), value).await;
        }
        node.close().await;
        drop(node);
        let path = "/data/d1/cleaner-offset-checkpoint";
        // That of b lies behind its end: what comes there next will not have been cleaned.
        let content = "0\n4\na 0 1\nb 0 5\nc 0 0\ngone 0 7\n";
        write(disk.as_ref(), path, content).await;
        let node = Node::start(&disk).await;
        let partition = node.find("c-0").unwrap();
        node.logs
            .delete(&partition, Uuid::from_u128(1), NOW_MS)
            .await
            .unwrap();
        node.close().await;
        assert_eq!(read(disk.as_ref(), path).await.unwrap(), "0\n1\na 0 1\n");
    });
}

#[test]
fn logs_are_flushed_when_they_are_due() {
    let (_, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let by_time = LogConfig {
            flush_ms: Some(100),
            ..config()
        };
        let by_count = LogConfig {
            flush_messages: Some(2),
            ..config()
        };
        let by_time = create(&node, "a-0", 1001, by_time).await;
        let by_count = create(&node, "b-0", 1002, by_count).await;
        let by_roll = create(&node, "c-0", 1003, config()).await;
        append(&by_time, "x").await;
        append(&by_count, "x").await;
        append(&by_roll, "x").await;
        let upkeep = node.logs.flush_due(NOW_MS + 99).await;
        assert_eq!((upkeep.count, upkeep.next_due_ms), (0, Some(NOW_MS + 100)));
        append(&by_count, "x").await;
        while by_roll.log().segment_count() == 1 {
            append(&by_roll, "x").await;
        }
        let upkeep = node.logs.flush_due(NOW_MS + 100).await;
        assert_eq!((upkeep.count, upkeep.next_due_ms), (3, None));
        assert!(upkeep.failures.is_empty());
        for partition in node.logs.partitions() {
            let log = partition.log();
            assert_eq!(log.recovery_point(), log.log_end_offset());
        }
    });
}

#[test]
fn large_logs_are_flushed_when_all_together_hold_too_much_and_a_crash_finds_that_they_were() {
    let (simulated, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        // No log is rolled here.
        let config = LogConfig {
            segment_bytes: 1 << 20,
            ..config()
        };
        let [large, other, small] = [("a-0", 1001), ("b-0", 1002), ("c-0", 1003)];
        let large = create(&node, large.0, large.1, config.clone()).await;
        let other = create(&node, other.0, other.1, config.clone()).await;
        let small = create(&node, small.0, small.1, config).await;
        append(&large, &"x".repeat(4000)).await;
        append(&other, &"x".repeat(5000)).await;
        assert_eq!(small.log().unflushed_bytes(), 0);
        let counters = simulated.counters();
        assert_eq!(node.logs.flush_due(NOW_MS).await.count, 0);
        assert_eq!(simulated.counters(), counters, "nothing is due");
        append(&large, &"x".repeat(1000)).await;
        let upkeep = node.logs.flush_due(NOW_MS).await;
        assert_eq!((upkeep.count, upkeep.next_due_ms), (2, None));
        append(&large, "not flushed").await;
        for (partition, recovery_point) in [(&large, 2), (&other, 1), (&small, 0)] {
            assert_eq!(partition.log().recovery_point(), Offset(recovery_point));
        }
        assert_eq!(other.log().unflushed_bytes(), 0);
        let size_bytes = large.log().unflushed_bytes();
        assert!((1..200).contains(&size_bytes), "{size_bytes}");
        // The power is not cut, only the process is gone.
        drop((node, large, other, small));
        let node = Node::start(&disk).await;
        let logs = node.reports.iter().flat_map(|report| &report.logs);
        let recovered_from: BTreeMap<_, _> = logs
            .map(|log| (log.topic_partition.to_string(), log.recovered_from))
            .collect();
        for (name, offset) in [("a-0", 2), ("b-0", 1), ("c-0", 0)] {
            assert_eq!(recovered_from[name], Some(Offset(offset)), "{name}");
        }
        let large = node.find("a-0").unwrap();
        assert_eq!(values(&large).await[2], "not flushed");
        assert!(large.log().unflushed_bytes() > 0);
    });
}

#[test]
fn segments_expire_below_the_high_watermark_and_their_files_go_after_the_delay() {
    let (_, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let config = LogConfig {
            retention_ms: Some(1000),
            file_delete_delay_ms: 50,
            ..config()
        };
        let [with, without] = [("a-0", 1001), ("b-0", 1002)];
        let with = create(&node, with.0, with.1, config.clone()).await;
        let without = create(&node, without.0, without.1, config).await;
        for partition in [&with, &without] {
            while partition.log().segment_count() < 3 {
                append(partition, "x").await;
            }
        }
        let name = with.topic_partition().clone();
        let high_watermark = |partition: &PartitionLog| {
            at_end(partition).filter(|_| *partition.topic_partition() == name)
        };
        let now_ms = NOW_MS + 1001;
        let upkeep = node.logs.apply_retention(&high_watermark, now_ms).await;
        assert_eq!((upkeep.count, upkeep.next_due_ms), (3, Some(now_ms + 50)));
        assert_eq!(with.log().segment_count(), 1);
        assert_eq!(without.log().segment_count(), 3);
        let files = async || {
            let names = crate::node::list(disk.as_ref(), "/data/d1/a-0").await;
            names
                .iter()
                .filter(|name| name.ends_with(".deleted"))
                .count()
        };
        assert!(files().await > 0);
        let removed = node.logs.remove_due(now_ms + 49).await;
        assert_eq!(removed.next_due_ms, Some(now_ms + 50));
        assert!(files().await > 0);
        let removed = node.logs.remove_due(now_ms + 50).await;
        assert_eq!((removed.next_due_ms, removed.directories), (None, 0));
        assert_eq!(files().await, 0);
    });
}

#[test]
fn everything_can_be_awaited_on_any_thread() {
    fn check<T: Send>(_: T) {}
    fn check_all(logs: &LogDirectories, new: NewPartition, partition: &Arc<PartitionLog>) {
        check(logs.create(new, 0));
        check(logs.delete(partition, Uuid::from_u128(1), 0));
        check(logs.remove_due(0));
        check(logs.flush_due(0));
        check(logs.apply_retention(&at_end, 0));
        check(logs.checkpoint_recovery_points());
        check(logs.checkpoint_high_watermarks(&at_end));
        check(logs.close(None, &at_end, 0));
    }
    let (_, disk) = disk();
    let node = run(Node::start(&disk));
    let partition = run(node.create("t-0", 1001)).unwrap();
    let new = NewPartition {
        topic_partition: topic_partition("t-1"),
        topic_id: Uuid::from_u128(1001),
        config: config(),
        is_new: true,
        directory: None,
    };
    check_all(&node.logs, new, &partition);
    check(crate::node::claim(&disk, &[]));
    check(Node::start(&disk));
}
