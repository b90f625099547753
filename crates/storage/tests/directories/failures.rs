//! A log directory fails while the node runs.

use std::path::Path;
use std::sync::Arc;

use protocol::ErrorCode;
use protocol::Uuid;
use protocol::ids::Offset;
use storage::directories::{CreateError, NewPartition};
use storage::disk::simulated::{Fault, Operation, SimulatedDisk};
use storage::disk::{Disk, DiskErrorKind};
use storage::log::LogError;

use crate::node::{NOW_MS, Node, PATHS, append, config, list, read, topic_partition, values};
use crate::run;

fn disk() -> (Arc<SimulatedDisk>, Arc<dyn Disk>) {
    let simulated = Arc::new(SimulatedDisk::new(1));
    (simulated.clone(), simulated)
}

fn fault(operation: Operation, path_suffix: &str, kind: DiskErrorKind) -> Fault {
    Fault {
        operation,
        path_suffix: path_suffix.to_owned(),
        successes_before: 0,
        kind,
    }
}

/// A node with `a-0` in the first directory, whose disk fails, and `b-0` in the second.
async fn node_with_a_failed_directory(simulated: &SimulatedDisk, disk: &Arc<dyn Disk>) -> Node {
    let node = Node::start(disk).await;
    let failing = node.create("a-0", 1001).await.unwrap();
    node.create("b-0", 1002).await.unwrap();
    append(&failing, "a").await;
    simulated.order_fault(fault(Operation::Sync, ".log", DiskErrorKind::Failed));
    let flushed = failing.log().flush(Offset(1), NOW_MS).await;
    assert!(matches!(flushed, Err(LogError::Disk(_))));
    node
}

fn is_marked(disk: &dyn Disk, path: &str) -> bool {
    run(list(disk, path)).contains(&".kafka_cleanshutdown".to_owned())
}

#[test]
fn a_failed_directory_takes_its_own_partitions_along_and_no_others() {
    let (simulated, disk) = disk();
    run(async {
        let node = node_with_a_failed_directory(&simulated, &disk).await;
        let offline = node
            .logs
            .partition_by_name(&topic_partition("a-0"))
            .unwrap_err();
        assert_eq!(offline.path, Path::new(PATHS[0]));
        assert_eq!(offline.error_code(), ErrorCode::KAFKA_STORAGE_ERROR);
        let partition = node.find("b-0").unwrap();
        append(&partition, "b").await;
        assert_eq!(values(&partition).await, ["b"]);
        let created = node.create("c-0", 1003).await.unwrap();
        assert_eq!(created.directory().path(), Path::new(PATHS[1]));
        let again = node.create("a-0", 1001).await.unwrap_err();
        assert!(matches!(again, CreateError::Offline(_)), "{again}");
        let not_new = NewPartition {
            topic_partition: topic_partition("d-0"),
            topic_id: Uuid::from_u128(1004),
            config: config(),
            is_new: false,
            directory: None,
        };
        let error = node.logs.create(not_new, NOW_MS).await.unwrap_err();
        assert!(
            matches!(error, CreateError::PerhapsOffline { .. }),
            "{error}"
        );
    });
}

#[test]
fn a_failed_directory_stays_locked_and_gets_no_mark() {
    let (simulated, disk) = disk();
    run(async {
        let node = node_with_a_failed_directory(&simulated, &disk).await;
        let lock = Path::new(PATHS[0]).join(".lock");
        let refused = disk.lock(&lock).await.unwrap_err();
        assert_eq!(refused.kind(), DiskErrorKind::Locked);
        node.logs.checkpoint_recovery_points().await;
        let reports = node.logs.close(None, &|_| None, NOW_MS).await;
        assert!(matches!(reports[0].failure, Some(LogError::Offline(_))));
        assert!(reports[1].failure.is_none());
        assert!(!is_marked(disk.as_ref(), PATHS[0]) && is_marked(disk.as_ref(), PATHS[1]));
        disk.lock(&lock).await.unwrap();
    });
}

#[test]
fn any_failure_of_closing_costs_the_mark_of_that_directory_only() {
    let faults = [
        (Operation::Sync, "a-0/00000000000000000000.log"),
        (Operation::SetSize, "a-0/00000000000000000000.index"),
        (Operation::Write, "a-0/00000000000000000001.snapshot.tmp"),
        (Operation::Sync, "d1/recovery-point-offset-checkpoint.tmp"),
        (Operation::Rename, "d1/log-start-offset-checkpoint.tmp"),
        (Operation::SyncDirectory, "d1"),
        (Operation::Write, "d1/.kafka_cleanshutdown.tmp"),
    ];
    for (operation, suffix) in faults {
        for kind in [DiskErrorKind::Failed, DiskErrorKind::NoSpace] {
            let (simulated, disk) = disk();
            run(async {
                let node = Node::start(&disk).await;
                let failing = node.create("a-0", 1001).await.unwrap();
                node.create("b-0", 1002).await.unwrap();
                append(&failing, "a").await;
                simulated.order_fault(fault(operation, suffix, kind));
                let reports = node.logs.close(None, &|_| None, NOW_MS).await;
                let failed = reports.iter().map(|report| report.failure.is_some());
                let failed: Vec<_> = failed.collect();
                assert_eq!(failed, [true, false], "{operation:?} {suffix} {kind:?}");
                drop(node);
                assert!(!is_marked(disk.as_ref(), PATHS[0]));
                assert!(is_marked(disk.as_ref(), PATHS[1]));
            });
        }
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_takes_its_directory_offline() {
    let (simulated, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("a-0", 1001).await.unwrap();
        node.create("b-0", 1002).await.unwrap();
        let suffix = "d1/recovery-point-offset-checkpoint.tmp";
        simulated.order_fault(fault(Operation::Write, suffix, DiskErrorKind::Failed));
        assert_eq!(node.logs.checkpoint_recovery_points().await, 1);
        assert!(partition.directory().health().failure().is_some());
        assert!(node.logs.directories()[1].health().failure().is_none());
    });
}

#[test]
fn a_checkpoint_that_finds_no_space_is_written_later() {
    let (simulated, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("a-0", 1001).await.unwrap();
        append(&partition, "a").await;
        partition.log().flush(Offset(1), NOW_MS).await.unwrap();
        let suffix = "d1/recovery-point-offset-checkpoint.tmp";
        simulated.order_fault(fault(Operation::Write, suffix, DiskErrorKind::NoSpace));
        assert_eq!(node.logs.checkpoint_recovery_points().await, 0);
        assert!(partition.directory().health().failure().is_none());
        assert_eq!(node.logs.checkpoint_recovery_points().await, 1);
    });
}

#[test]
fn a_recovery_point_that_must_go_back_and_finds_no_space_costs_the_directory() {
    let (simulated, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("a-0", 1001).await.unwrap();
        append(&partition, "a").await;
        append(&partition, "b").await;
        let log = partition.log();
        log.flush(log.log_end_offset(), NOW_MS).await.unwrap();
        node.logs.checkpoint_recovery_points().await;
        log.truncate_to(Offset(1), NOW_MS).await.unwrap();
        let suffix = "d1/recovery-point-offset-checkpoint.tmp";
        simulated.order_fault(fault(Operation::Write, suffix, DiskErrorKind::NoSpace));
        node.logs.checkpoint_recovery_points().await;
        assert!(partition.directory().health().failure().is_some());
    });
}

#[test]
fn a_creation_that_fails_goes_to_the_next_directory() {
    let faults = [
        (Operation::List, "a-0"),
        (Operation::CreateDirectories, "a-0"),
        (Operation::Write, "partition.metadata.tmp"),
        (Operation::SyncDirectory, "d1"),
        (Operation::Open, "00000000000000000000.log"),
        (Operation::SetSize, "00000000000000000000.index"),
    ];
    for (operation, suffix) in faults {
        for kind in [DiskErrorKind::Failed, DiskErrorKind::NoSpace] {
            let (simulated, disk) = disk();
            run(async {
                let node = Node::start(&disk).await;
                simulated.order_fault(fault(operation, suffix, kind));
                let created = node.create("a-0", 1001).await.unwrap();
                let context = format!("{operation:?} {suffix} {kind:?}");
                assert_eq!(created.directory().path(), Path::new(PATHS[1]), "{context}");
                let is_offline = node.logs.directories()[0].health().failure().is_some();
                let is_full = kind == DiskErrorKind::NoSpace && operation != Operation::List;
                assert_eq!(is_offline, !is_full, "{context}");
                if is_full {
                    let names = list(disk.as_ref(), PATHS[0]).await;
                    assert!(!names.contains(&"a-0".to_owned()), "{context}: {names:?}");
                    node.close().await;
                    drop((created, node));
                    assert_eq!(Node::start(&disk).await.names(), ["a-0"], "{context}");
                }
            });
        }
    }
}

#[test]
fn a_deletion_that_fails_takes_the_directory_offline_and_is_done_after_the_next_start() {
    let faults = [
        (Operation::RemoveDirectory, "-delete"),
        (Operation::Rename, "a-0"),
        (Operation::SyncDirectory, "d1"),
    ];
    for (operation, suffix) in faults {
        let (simulated, disk) = disk();
        run(async {
            let node = Node::start(&disk).await;
            let partition = node.create("a-0", 1001).await.unwrap();
            simulated.order_fault(fault(operation, suffix, DiskErrorKind::Failed));
            let deleted = node.logs.delete(&partition, Uuid::from_u128(10), NOW_MS);
            let deleted = deleted.await;
            deleted.unwrap_err();
            assert!(partition.directory().health().failure().is_some());
            drop((partition, node));
            simulated.crash();
            let node = Node::start(&disk).await;
            if let Some(partition) = node.find("a-0") {
                node.logs
                    .delete(&partition, Uuid::from_u128(10), NOW_MS)
                    .await
                    .unwrap();
            }
            node.logs.remove_due(i64::MAX).await;
            let metadata = read(disk.as_ref(), "/data/d1/a-0/partition.metadata").await;
            assert_eq!(metadata, None);
            let names = list(disk.as_ref(), PATHS[0]).await;
            assert!(
                !names.iter().any(|name| name.starts_with("a-0")),
                "{names:?}"
            );
        });
    }
}
