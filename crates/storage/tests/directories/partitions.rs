//! Partitions come, are found, and go.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::task::{Context, Waker};

use protocol::ids::Offset;
use protocol::{ErrorCode, Uuid};
use storage::directories::{
    CreateError, DeleteError, NewPartition, PartitionLog, TopicIdPartition,
};
use storage::disk::Disk;
use storage::disk::simulated::{HaltingDisk, SimulatedDisk};
use storage::log::{LogError, ReadRequest};

use crate::node::{
    DELETE_DELAY_MS, NOW_MS, Node, PATHS, append, config, list, read, topic_partition, values,
    write,
};
use crate::{poll_once, run};

fn disk() -> Arc<dyn Disk> {
    Arc::new(SimulatedDisk::new(1))
}

#[test]
fn a_partition_goes_where_there_are_fewest() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        for (partition, path) in [(0, 0), (1, 1), (2, 0), (3, 1)] {
            let created = node.create(&format!("t-{partition}"), 1001).await.unwrap();
            assert_eq!(created.directory().path(), Path::new(PATHS[path]));
        }
        let counts = node
            .logs
            .directories()
            .iter()
            .map(|directory| directory.partition_count());
        assert!(counts.eq([2, 2]));
        for name in ["t-1", "t-3"] {
            let partition = node.find(name).unwrap();
            node.logs
                .delete(&partition, Uuid::from_u128(1), NOW_MS)
                .await
                .unwrap();
        }
        let created = node.create("u-0", 1002).await.unwrap();
        assert_eq!(created.directory().path(), Path::new(PATHS[1]));
    });
}

#[test]
fn a_partition_is_found_by_its_identity_and_by_its_name() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        let created = node.create("t-1", 1001).await.unwrap();
        let id = TopicIdPartition {
            topic_id: Uuid::from_u128(1001),
            partition: 1,
        };
        assert_eq!(created.topic_id_partition(), Some(id));
        let found = node.logs.partition(id).unwrap().unwrap();
        assert!(Arc::ptr_eq(&found, &created));
        assert!(Arc::ptr_eq(&node.find("t-1").unwrap(), &created));
        let other = TopicIdPartition { partition: 0, ..id };
        assert!(node.logs.partition(other).unwrap().is_none());
        assert!(node.find("t-0").is_none());
        let again = node.create("t-1", 1001).await.unwrap();
        assert!(Arc::ptr_eq(&again, &created));
    });
}

#[test]
fn partitions_are_created_side_by_side_and_none_of_them_twice() {
    let simulated = Arc::new(SimulatedDisk::new(1));
    let disk: Arc<dyn Disk> = simulated.clone();
    let node = run(Node::start(&disk));
    simulated.stall();
    let names = ["t-0", "t-0", "t-1"];
    let mut creations = names.map(|name| Box::pin(node.create(name, 1001)));
    let mut poll_all = || {
        let polled = creations.each_mut().map(|creation| {
            let polled = creation
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()));
            polled.is_ready()
        });
        polled.into_iter().filter(|is_ready| *is_ready).count()
    };
    assert_eq!(poll_all(), 0);
    simulated.resume();
    let [first, again, other] = creations.map(|creation| run(creation).unwrap());
    assert!(Arc::ptr_eq(&first, &again));
    let paths = [&first, &other].map(|partition| partition.directory().path().to_owned());
    assert_eq!(
        paths,
        PATHS.map(PathBuf::from),
        "the second one has counted the first"
    );
    let counts = node.logs.directories().iter();
    assert!(
        counts
            .map(|directory| directory.partition_count())
            .eq([1, 1])
    );
}

#[test]
fn what_contradicts_the_identity_of_a_partition_is_refused() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        node.create("t-0", 1001).await.unwrap();
        let error = node.create("t-0", 1002).await.unwrap_err();
        assert!(matches!(error, CreateError::OtherTopic { .. }), "{error}");
        assert_eq!(error.error_code(), ErrorCode::INCONSISTENT_TOPIC_ID);
        let error = node.create("u-0", 1001).await.unwrap_err();
        assert!(matches!(error, CreateError::OtherName { .. }), "{error}");
        disk.create_directories(Path::new("/data/d2/v-0"))
            .await
            .unwrap();
        let error = node.create("v-0", 1003).await.unwrap_err();
        assert!(matches!(error, CreateError::Occupied { .. }), "{error}");
    });
}

#[test]
fn a_partition_without_a_topic_id_gets_it_from_whoever_creates_it() {
    let disk = disk();
    run(async {
        drop(Node::start(&disk).await);
        disk.create_directories(Path::new("/data/d2/t-0"))
            .await
            .unwrap();
        let node = Node::start(&disk).await;
        assert_eq!(node.find("t-0").unwrap().topic_id_partition(), None);
        let created = node.create("t-0", 1001).await.unwrap();
        let id = created.topic_id_partition().unwrap();
        assert_eq!(id.topic_id, Uuid::from_u128(1001));
        assert!(node.logs.partition(id).unwrap().is_some());
        let content = read(disk.as_ref(), "/data/d2/t-0/partition.metadata").await;
        assert_eq!(
            content.unwrap(),
            format!("version: 0\ntopic_id: {}", id.topic_id)
        );
    });
}

#[test]
fn names_may_be_as_long_as_directories_allow() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        let topic = "x".repeat(249);
        let longest = node.create(&format!("{topic}-99999"), 1001).await.unwrap();
        node.logs
            .delete(&longest, Uuid::from_u128(1), NOW_MS)
            .await
            .unwrap();
        for partition in [100_000, i32::MIN] {
            let mut new = topic_partition(&format!("{topic}-0"));
            new.partition = partition;
            let error = node.logs.create(
                NewPartition {
                    topic_partition: new,
                    topic_id: Uuid::from_u128(1001),
                    config: config(),
                    is_new: true,
                    directory: None,
                },
                NOW_MS,
            );
            let error = error.await.unwrap_err();
            assert_eq!(
                error.error_code(),
                ErrorCode::INVALID_TOPIC_EXCEPTION,
                "{error}"
            );
        }
        let removed = node.logs.remove_due(NOW_MS + DELETE_DELAY_MS).await;
        assert_eq!(removed.directories, 1);
    });
}

#[test]
fn a_deleted_partition_keeps_its_files_for_the_delay_and_harms_nobody_when_they_go() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        append(&partition, "a").await;
        node.close().await;
        drop((partition, node));
        // A log that was just loaded has to look up where its batches are.
        let node = Node::start(&disk).await;
        let partition = node.find("t-0").unwrap();
        node.logs
            .delete(&partition, Uuid::from_u128(10), NOW_MS)
            .await
            .unwrap();
        assert!(node.find("t-0").is_none());
        assert!(
            node.logs
                .partition(partition.topic_id_partition().unwrap())
                .unwrap()
                .is_none()
        );
        assert_eq!(values(&partition).await, ["a"]);
        let again = node
            .logs
            .delete(&partition, Uuid::from_u128(11), NOW_MS)
            .await;
        assert!(matches!(again, Err(DeleteError::NotServed { .. })));
        let flushed = partition.log().flush(Offset(1), NOW_MS).await;
        assert!(matches!(flushed, Err(LogError::Closed)));
        let name = format!("t-0.{:032x}-delete", 10);
        assert!(list(disk.as_ref(), PATHS[0]).await.contains(&name));

        let early = node.logs.remove_due(NOW_MS + DELETE_DELAY_MS - 1).await;
        assert_eq!(early.next_due_ms, Some(NOW_MS + DELETE_DELAY_MS));
        let removed = node.logs.remove_due(NOW_MS + DELETE_DELAY_MS).await;
        assert_eq!((removed.directories, removed.next_due_ms), (1, None));
        assert!(!list(disk.as_ref(), PATHS[0]).await.contains(&name));
        let request = ReadRequest {
            fetch_offset: Offset(0),
            size_max: 100,
            upper_bound: Offset(1),
            at_least_one_batch: true,
        };
        let outcome = partition.log().read(&request).await;
        assert!(matches!(outcome, Err(LogError::Disk(_))), "{outcome:?}");
        assert!(partition.directory().health().failure().is_none());
    });
}

#[test]
fn what_has_the_name_of_a_deleted_partition_is_in_nobodys_way() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        let path = format!("/data/d1/t-0.{:032x}-delete", 10);
        disk.create_directories(Path::new(&path)).await.unwrap();
        write(
            disk.as_ref(),
            &format!("{path}/00000000000000000000.log"),
            "x",
        )
        .await;
        node.logs
            .delete(&partition, Uuid::from_u128(10), NOW_MS)
            .await
            .unwrap();
        let left = list(disk.as_ref(), &path).await;
        assert!(left.contains(&"partition.metadata".to_owned()), "{left:?}");
    });
}

#[test]
fn a_partition_inherits_nothing_from_one_of_its_name() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        for value in ["a", "b", "c", "d", "e", "f", "g"] {
            append(&partition, value).await;
        }
        partition.log().flush(Offset(7), NOW_MS).await.unwrap();
        partition.log().advance_log_start(Offset(6)).await.unwrap();
        node.logs.checkpoint_recovery_points().await;
        node.logs.checkpoint_log_start_offsets().await;
        node.logs
            .checkpoint_high_watermarks(&|_| Some(Offset(7)))
            .await;
        node.logs
            .delete(&partition, Uuid::from_u128(10), NOW_MS)
            .await
            .unwrap();
        node.create("t-0", 1002).await.unwrap();
        for file in ["recovery-point", "log-start", "replication"] {
            let path = format!("/data/d1/{file}-offset-checkpoint");
            assert_eq!(read(disk.as_ref(), &path).await.unwrap(), "0\n0\n");
        }
        drop((partition, node));
        let node = Node::start(&disk).await;
        let partition = node.find("t-0").unwrap();
        assert_eq!(partition.log().log_start_offset(), Offset(0));
        assert_eq!(partition.log().log_end_offset(), Offset(0));
        assert_eq!(partition.checkpointed_high_watermark(), Offset(0));
    });
}

#[test]
fn a_checkpoint_that_was_given_up_half_way_leaves_nothing_to_inherit() {
    let halting = HaltingDisk::new(&Arc::new(SimulatedDisk::new(1)), u64::MAX);
    let halting = Arc::new(halting);
    let disk: Arc<dyn Disk> = halting.clone();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        append(&partition, "a").await;
        append(&partition, "b").await;
        node.logs.checkpoint_log_start_offsets().await;
        partition.log().advance_log_start(Offset(1)).await.unwrap();
        // The file is replaced, and nobody hears of it.
        halting.allow(5);
        assert!(poll_once(node.logs.checkpoint_log_start_offsets()).is_none());
        halting.allow(u64::MAX);
        let path = "/data/d1/log-start-offset-checkpoint";
        assert_eq!(read(disk.as_ref(), path).await.unwrap(), "0\n1\nt 0 1\n");
        node.logs
            .delete(&partition, Uuid::from_u128(10), NOW_MS)
            .await
            .unwrap();
        node.create("t-0", 1002).await.unwrap();
        assert_eq!(read(disk.as_ref(), path).await.unwrap(), "0\n0\n");
    });
}

#[test]
fn a_partition_that_is_set_aside_keeps_its_files_and_leaves_its_name() {
    let disk = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        append(&partition, "a").await;
        let unique = Uuid::from_u128(10);
        node.logs
            .set_aside(&partition, unique, NOW_MS)
            .await
            .unwrap();
        assert!(node.find("t-0").is_none());
        let again = node.logs.set_aside(&partition, unique, NOW_MS).await;
        assert!(matches!(again, Err(DeleteError::NotServed { .. })));
        assert_eq!(node.logs.remove_due(i64::MAX).await.directories, 0);
        let anew = node.create("t-0", 1002).await.unwrap();
        assert!(values(&anew).await.is_empty());
        node.close().await;
        let node = Node::start(&disk).await;
        let stray = format!("t-0.{}-stray", "0".repeat(31) + "a");
        assert_eq!(node.reports[0].survey.stray, [stray]);
    });
}

#[test]
fn nothing_is_changed_once_the_directories_are_closed() {
    let simulated = Arc::new(SimulatedDisk::new(1));
    let halting = Arc::new(HaltingDisk::new(&simulated, u64::MAX));
    let disk: Arc<dyn Disk> = halting.clone();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        let deleted = node.create("t-1", 1001).await.unwrap();
        append(&partition, "a").await;
        node.logs
            .delete(&deleted, Uuid::from_u128(10), NOW_MS)
            .await
            .unwrap();
        node.close().await;
        halting.allow(0);
        let error = node.create("t-1", 1001).await.unwrap_err();
        assert!(matches!(error, CreateError::Closed { .. }), "{error}");
        let deleted = node
            .logs
            .delete(&partition, Uuid::from_u128(10), NOW_MS)
            .await;
        assert!(matches!(deleted, Err(DeleteError::NotServed { .. })));
        assert_eq!(node.logs.remove_due(i64::MAX).await.directories, 0);
        assert_eq!(node.logs.flush_due(i64::MAX).await.count, 0);
        let at_end = |_: &PartitionLog| Some(Offset(1));
        assert_eq!(node.logs.apply_retention(&at_end, i64::MAX).await.count, 0);
        assert_eq!(node.logs.checkpoint_recovery_points().await, 0);
        assert_eq!(node.logs.checkpoint_high_watermarks(&at_end).await, 0);
        assert!(node.logs.close(None, &|_| None, NOW_MS).await.is_empty());
    });
}
