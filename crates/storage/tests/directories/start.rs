//! What a start makes of what it finds.

use std::path::Path;
use std::sync::Arc;

use protocol::Uuid;
use protocol::ids::Offset;
use storage::directories::{
    ClaimError, ClaimedDirectories, ConfiguredDirectory, DirectoryState, ExpectedNode, FormatError,
    LoadError, NodeIdentity, format,
};
use storage::disk::simulated::{Fault, Operation, SimulatedDisk};
use storage::disk::{Disk, DiskErrorKind};

use crate::node::{
    BROKER_EPOCH, DELETE_DELAY_MS, NOW_MS, Node, PATHS, append, claim, config, configured, list,
    read, settings, topic_partition, values, write,
};
use crate::run;

fn disk() -> (Arc<SimulatedDisk>, Arc<dyn Disk>) {
    let simulated = Arc::new(SimulatedDisk::new(1));
    (simulated.clone(), simulated)
}

fn both() -> [ConfiguredDirectory; 2] {
    PATHS.map(|path| configured(Path::new(path)))
}

/// Both directories claimed, with this in the first one's `meta.properties`.
async fn claim_with(meta: &str) -> Result<ClaimedDirectories, ClaimError> {
    let (_, disk) = disk();
    disk.create_directories(Path::new(PATHS[0])).await.unwrap();
    write(disk.as_ref(), "/data/d1/meta.properties", meta).await;
    claim(&disk, &both()).await
}

fn check_refused(claimed: Result<ClaimedDirectories, ClaimError>, message: &str) {
    assert_eq!(claimed.unwrap_err().to_string(), message);
}

#[test]
fn missing_directories_are_made_and_formatted_durably() {
    let (simulated, disk) = disk();
    run(async {
        claim(&disk, &both()).await.unwrap();
        simulated.crash();
        let content = read(disk.as_ref(), "/data/d1/meta.properties")
            .await
            .unwrap();
        let id = both()[0].new_id.unwrap();
        let expected = format!("node.id=1\ndirectory.id={id}\nversion=1\ncluster.id=cluster\n");
        assert_eq!(content, expected);
        let claimed = claim(&disk, &both()).await.unwrap();
        assert_eq!(claimed.directories()[0].id(), Some(id));
        assert_eq!(claimed.previous_broker_epoch(), None);
    });
}

#[test]
fn a_directory_is_formatted_once() {
    let (_, disk) = disk();
    let identity = NodeIdentity {
        node_id: 1,
        cluster_id: "cluster".to_owned(),
    };
    run(async {
        for (path, id) in [(PATHS[0], 501), (PATHS[1], 502)] {
            let id = Uuid::from_u128(id);
            format(disk.as_ref(), Path::new(path), &identity, id)
                .await
                .unwrap();
        }
        let again = format(
            disk.as_ref(),
            Path::new(PATHS[0]),
            &identity,
            Uuid::from_u128(503),
        );
        assert!(matches!(
            again.await,
            Err(FormatError::AlreadyFormatted { .. })
        ));
        let node = ExpectedNode {
            node_id: 1,
            cluster_id: None,
        };
        let configured = PATHS.map(|path| ConfiguredDirectory {
            path: path.into(),
            new_id: None,
        });
        let claimed = ClaimedDirectories::claim(disk, &node, &configured)
            .await
            .unwrap();
        assert_eq!(claimed.cluster_id(), "cluster");
        assert_eq!(claimed.directories()[1].id(), Some(Uuid::from_u128(502)));
    });
}

#[test]
fn directories_of_others_are_refused() {
    run(async {
        let id = Uuid::from_u128(5000);
        let meta = |node: i32, cluster: &str, id: Uuid| {
            format!("version=1\nnode.id={node}\ncluster.id={cluster}\ndirectory.id={id}\n")
        };
        check_refused(
            claim_with(&meta(2, "cluster", id)).await,
            "claim log directory /data/d1: it belongs to node 2, not 1",
        );
        check_refused(
            claim_with(&meta(1, "other", id)).await,
            "claim log directory /data/d1: it belongs to cluster other, not cluster",
        );
        let id = both()[1].new_id.unwrap();
        check_refused(
            claim_with(&meta(1, "cluster", id)).await,
            &format!("claim log directory /data/d2: /data/d1 has the same id {id}"),
        );
        let id = Uuid::from_u128(99);
        check_refused(
            claim_with(&meta(1, "cluster", id)).await,
            &format!("claim log directory /data/d1: id {id} is reserved"),
        );
    });
}

#[test]
fn directories_that_cannot_be_told_apart_or_are_not_formatted_are_refused() {
    let (_, disk) = disk();
    run(async {
        let twice = [both()[0].clone(), both()[0].clone()];
        check_refused(
            claim(&disk, &twice).await,
            "claim log directory /data/d1: it is configured twice",
        );
        let mut unformatted = both();
        unformatted[1].new_id = None;
        check_refused(
            claim(&disk, &unformatted).await,
            "claim log directory /data/d2: it is not formatted",
        );
        let nobody = ExpectedNode {
            node_id: 1,
            cluster_id: None,
        };
        check_refused(
            ClaimedDirectories::claim(disk, &nobody, &both()).await,
            "claim log directory /data/d1: it is not formatted",
        );
    });
}

#[test]
fn a_directory_without_an_id_gets_one() {
    run(async {
        let claimed = claim_with("version=1\nnode.id=1\ncluster.id=cluster\nmy.note=x\n").await;
        let claimed = claimed.unwrap();
        assert_eq!(claimed.directories()[0].id(), both()[0].new_id);
    });
}

#[test]
fn a_directory_in_use_is_refused_and_free_again_when_its_user_is_gone() {
    let (_, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        check_refused(
            claim(&disk, &both()[1..]).await,
            "claim log directory /data/d2: another process uses it",
        );
        drop(node);
        claim(&disk, &both()).await.unwrap();
    });
}

#[test]
fn a_directory_that_fails_is_offline_and_the_others_serve() {
    let faults = [
        (Operation::CreateDirectories, "d1"),
        (Operation::Lock, ".lock"),
        (Operation::Open, "meta.properties"),
        (Operation::List, "d1"),
    ];
    for (operation, suffix) in faults {
        let (simulated, disk) = disk();
        simulated.order_fault(Fault {
            operation,
            path_suffix: suffix.to_owned(),
            successes_before: 0,
            kind: DiskErrorKind::PermissionDenied,
        });
        run(async {
            let node = Node::start(&disk).await;
            let states = node
                .logs
                .directories()
                .iter()
                .map(|directory| directory.state());
            let states: Vec<_> = states.collect();
            assert!(
                matches!(
                    states[..],
                    [DirectoryState::Offline(_), DirectoryState::Online]
                ),
                "{operation:?}: {states:?}"
            );
            let partition = node.create("t-0", 1001).await.unwrap();
            assert_eq!(partition.directory().path(), Path::new(PATHS[1]));
        });
    }
}

#[test]
fn malformed_properties_take_a_directory_offline_and_no_directory_is_no_start() {
    run(async {
        let claimed = claim_with("version=1\n").await.unwrap();
        let DirectoryState::Offline(failure) = claimed.directories()[0].state() else {
            panic!("the directory works");
        };
        assert_eq!(
            failure.to_string(),
            "use /data/d1: read /data/d1/meta.properties: property node.id is missing"
        );
        let (_, disk) = disk();
        write(disk.as_ref(), "/file", "").await;
        let configured = [configured(Path::new("/file/d"))];
        let refused = claim(&disk, &configured).await.unwrap_err();
        assert!(
            matches!(refused, ClaimError::AllOffline { .. }),
            "{refused}"
        );
    });
}

#[test]
fn a_clean_stop_is_believed_once() {
    let (simulated, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        let partition = node.create("t-0", 1001).await.unwrap();
        append(&partition, "a").await;
        node.close().await;
        drop((partition, node));
        simulated.crash();

        let claimed = claim(&disk, &both()).await.unwrap();
        assert_eq!(claimed.previous_broker_epoch(), Some(BROKER_EPOCH));
        let node = Node::load(claimed).await;
        assert!(node.reports.iter().all(|report| report.clean_stop));
        let loaded = &node.reports[0].logs[0];
        assert_eq!(loaded.topic_partition, topic_partition("t-0"));
        assert_eq!(loaded.topic_id, Some(Uuid::from_u128(1001)));
        assert_eq!(
            (loaded.log_start_offset, loaded.log_end_offset),
            (Offset(0), Offset(1))
        );
        assert_eq!(loaded.recovered_from, None);
        drop(node);
        simulated.crash();

        let claimed = claim(&disk, &both()).await.unwrap();
        assert_eq!(claimed.previous_broker_epoch(), None);
        let node = Node::load(claimed).await;
        assert!(!node.reports.iter().any(|report| report.clean_stop));
        assert_eq!(node.reports[0].logs[0].recovered_from, Some(Offset(1)));
        assert_eq!(values(&node.find("t-0").unwrap()).await, ["a"]);
    });
}

#[test]
fn what_is_no_partition_is_told_and_left_alone() {
    let (_, disk) = disk();
    run(async {
        drop(Node::start(&disk).await);
        let suffix = "97e1f48803c44740bf996c1b39133113";
        let names = [
            format!("t-0.{suffix}-delete"),
            format!("t-1.{suffix}-future"),
            format!("t-2.{suffix}-stray"),
            "lost+found".to_owned(),
            "remote-log-index-cache".to_owned(),
            "__cluster_metadata-0".to_owned(),
            "t-3".to_owned(),
        ];
        for name in &names {
            let path = Path::new(PATHS[0]).join(name);
            disk.create_directories(&path).await.unwrap();
        }
        write(disk.as_ref(), "/data/d1/notes", "").await;
        write(disk.as_ref(), "/data/d1/bootstrap.checkpoint", "").await;
        let node = Node::start(&disk).await;
        assert_eq!(node.names(), ["t-3"]);
        let survey = &node.reports[0].survey;
        assert_eq!(survey.partitions, [topic_partition("t-3")]);
        assert_eq!(survey.deleted, names[..1]);
        assert_eq!(survey.future, names[1..2]);
        assert_eq!(survey.stray, names[2..3]);
        assert_eq!(survey.ignored, ["lost+found", "notes"]);

        let early = node.logs.remove_due(NOW_MS + DELETE_DELAY_MS - 1).await;
        assert_eq!(
            (early.directories, early.next_due_ms),
            (0, Some(NOW_MS + DELETE_DELAY_MS))
        );
        let removed = node.logs.remove_due(NOW_MS + DELETE_DELAY_MS).await;
        assert_eq!((removed.directories, removed.next_due_ms), (2, None));
        let left = list(disk.as_ref(), PATHS[0]).await;
        assert!(!left.contains(&names[0]));
        assert!(!left.contains(&names[1]), "a copy of nothing");
        assert!(
            names[2..].iter().all(|name| left.contains(name)),
            "{left:?}"
        );
    });
}

#[test]
fn a_partition_in_two_directories_stops_the_start_before_anything_is_changed() {
    let (_, disk) = disk();
    run(async {
        Node::start(&disk).await.close().await;
        for path in ["/data/d1/t-0", "/data/d2/t-0"] {
            disk.create_directories(Path::new(path)).await.unwrap();
        }
        let claimed = claim(&disk, &both()).await.unwrap();
        let error = claimed
            .load(settings(), &|_| config(), NOW_MS)
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "load partition t-0: it is in /data/d1 and in /data/d2"
        );
        for path in PATHS {
            assert!(
                list(disk.as_ref(), path)
                    .await
                    .contains(&".kafka_cleanshutdown".to_owned())
            );
        }
    });
}

#[test]
fn two_names_of_one_identity_stop_the_start() {
    let (_, disk) = disk();
    run(async {
        drop(Node::start(&disk).await);
        for path in ["/data/d1/a-0", "/data/d2/b-0"] {
            disk.create_directories(Path::new(path)).await.unwrap();
            let path = format!("{path}/partition.metadata");
            let content = format!("version: 0\ntopic_id: {}", Uuid::from_u128(1001));
            write(disk.as_ref(), &path, &content).await;
        }
        let claimed = claim(&disk, &both()).await.unwrap();
        let error = claimed
            .load(settings(), &|_| config(), NOW_MS)
            .await
            .unwrap_err();
        assert!(matches!(error, LoadError::SameIdentity { .. }), "{error}");
    });
}

#[test]
fn a_malformed_or_exaggerating_checkpoint_is_not_believed() {
    for (content, is_malformed) in [("0\n1\nt 0 x\n", true), ("0\n1\nt 0 99\n", false)] {
        let (_, disk) = disk();
        run(async {
            let node = Node::start(&disk).await;
            let partition = node.create("t-0", 1001).await.unwrap();
            for value in ["a", "b", "c"] {
                append(&partition, value).await;
            }
            partition.log().flush(Offset(3), NOW_MS).await.unwrap();
            drop((partition, node));
            let path = "/data/d1/recovery-point-offset-checkpoint";
            write(disk.as_ref(), path, content).await;

            let node = Node::start(&disk).await;
            let report = &node.reports[0];
            assert_eq!(
                report.malformed_checkpoints.len(),
                usize::from(is_malformed)
            );
            let expected = if is_malformed { Offset(0) } else { Offset(3) };
            assert_eq!(report.logs[0].recovered_from, Some(expected));
            let partition = node.find("t-0").unwrap();
            assert_eq!(values(&partition).await, ["a", "b", "c"]);
            let end = partition.log().recovery_point().0;
            let written = read(disk.as_ref(), path).await.unwrap();
            assert_eq!(written, format!("0\n1\nt 0 {end}\n"));
        });
    }
}

#[test]
fn a_log_that_cannot_be_opened_takes_its_directory_offline() {
    let (_, disk) = disk();
    run(async {
        let node = Node::start(&disk).await;
        for (name, id) in [("a-0", 1001), ("b-0", 1002), ("c-0", 1003)] {
            node.create(name, id).await.unwrap();
        }
        node.close().await;
        drop(node);
        write(disk.as_ref(), "/data/d1/a-0/partition.metadata", "nonsense").await;
        let node = Node::start(&disk).await;
        assert!(matches!(
            node.logs.directories()[0].state(),
            DirectoryState::Offline(_)
        ));
        assert!(node.find("b-0").is_some());
        let failed = node.logs.partition_by_name(&topic_partition("c-0"));
        assert!(!matches!(failed, Ok(Some(_))), "its directory is offline");
        let reports = node.logs.close(None, &|_| None, NOW_MS).await;
        assert!(reports[0].failure.is_some() && reports[1].failure.is_none());
        let is_marked = async |path| {
            let names = list(disk.as_ref(), path).await;
            names.contains(&".kafka_cleanshutdown".to_owned())
        };
        assert!(!is_marked(PATHS[0]).await && is_marked(PATHS[1]).await);
    });
}
