//! What happens to a quorum while all is well.

use std::sync::Arc;

use protocol::ids::{LeaderEpoch, Offset};
use quorum::{FormatOptions, InitialVoters, MetadataLogConfig, QuorumError, format};
use raft::{KraftVersion, KraftVersionRange, ReplicaKey, SnapshotRetention, Voter, VoterSet};
use storage::disk::Disk;
use storage::disk::simulated::SimulatedDisk;

use crate::node::{
    LOG, at, commit, committed, directory_id, endpoint, format_options, format_standalone, open,
    open_with, open_with_voters,
};
use crate::{poll_once, run};

fn formatted() -> (Arc<SimulatedDisk>, Arc<dyn Disk>) {
    let simulated = Arc::new(SimulatedDisk::new(1));
    let disk: Arc<dyn Disk> = simulated.clone();
    run(format_standalone(disk.as_ref())).unwrap();
    (simulated, disk)
}

fn names(disk: &dyn Disk) -> Vec<String> {
    let entries = run(disk.list(LOG.as_ref())).unwrap();
    entries.into_iter().map(|entry| entry.name).collect()
}

#[test]
fn each_start_takes_the_next_epoch_and_finds_what_was_committed() {
    let (_, disk) = formatted();
    let mut expected = Vec::new();
    for epoch in 1..=3 {
        run(async {
            let quorum = open(&disk).await;
            assert_eq!(quorum.start(at(5)).await.unwrap(), LeaderEpoch(epoch));
            assert_eq!(committed(&quorum).await, expected);
            let record = format!("of epoch {epoch}");
            commit(&quorum, LeaderEpoch(epoch), &[&record]).await;
            expected.push(record);
            quorum.close(at(6)).await.unwrap();
        });
    }
}

#[test]
fn voters_of_the_configuration_stand_in_the_log_when_the_version_is_raised() {
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new(1));
    run(async {
        let options = FormatOptions {
            voters: InitialVoters::Static,
            ..format_options(1000)
        };
        format(disk.as_ref(), &options).await.unwrap();
        let configured = VoterSet::new([Voter {
            key: ReplicaKey {
                id: 1,
                directory_id: None,
            },
            endpoints: vec![endpoint(29093)],
            kraft_versions: KraftVersionRange::SUPPORTED,
        }]);
        let quorum = open_with_voters(&disk, configured).await.unwrap();
        assert_eq!(quorum.describe(at(4)), None, "it leads nothing yet");
        let epoch = quorum.start(at(5)).await.unwrap();
        let early = quorum.raise_kraft_version(LeaderEpoch(0), at(5)).await;
        assert!(matches!(early, Err(QuorumError::NotLeader { .. })));
        let described = quorum.describe(at(6)).unwrap();
        assert_eq!(described.voters[0].key.directory_id, None);
        assert_eq!(described.voters[0].log_end_offset, described.high_watermark);
        let raised = quorum.raise_kraft_version(epoch, at(6)).await.unwrap();
        let end_offset = raised.last_offset.next();
        quorum.commit(end_offset, at(6)).await.unwrap();
        assert_eq!(quorum.kraft_version(), KraftVersion::One);
        quorum.close(at(7)).await.unwrap();
        drop(quorum);
        let again = open(&disk).await;
        again.start(at(8)).await.unwrap();
        let described = again.describe(at(9)).unwrap();
        let voter = &described.voters[0];
        assert_eq!(voter.key.directory_id, Some(directory_id()));
        assert_eq!(voter.endpoints, [endpoint(29093)]);
        assert_eq!((described.leader_id, voter.last_fetch_ms), (1, 9));
    });
}

#[test]
fn nothing_is_appended_before_the_start_or_in_another_epoch() {
    let (_, disk) = formatted();
    run(async {
        let quorum = open(&disk).await;
        let early = quorum.append(LeaderEpoch(1), &["x"], at(5)).await;
        assert!(
            matches!(early, Err(QuorumError::NotLeader { .. })),
            "{early:?}"
        );
        quorum.start(at(5)).await.unwrap();
        let stale = quorum.append(LeaderEpoch(0), &["x"], at(5)).await;
        assert!(
            matches!(stale, Err(QuorumError::NotLeader { .. })),
            "{stale:?}"
        );
        let ahead = quorum.commit(Offset(99), at(5)).await;
        assert!(
            matches!(ahead, Err(QuorumError::BehindLogEnd { .. })),
            "{ahead:?}"
        );
    });
}

#[test]
fn listeners_wait_for_what_is_committed_only() {
    let (_, disk) = formatted();
    let quorum = run(open(&disk));
    let mut listener = quorum.listen(Offset(3));
    assert!(
        poll_once(listener.next()).is_none(),
        "nothing is committed before the start"
    );
    let epoch = run(quorum.start(at(5))).unwrap();
    let appended = run(quorum.append(epoch, &["a"], at(5))).unwrap();
    assert!(
        poll_once(listener.next()).is_none(),
        "nothing is committed before the flush"
    );
    run(quorum.commit(appended.last_offset.next(), at(5))).unwrap();
    assert!(poll_once(listener.next()).is_some());
    assert_eq!(listener.position(), Offset(4));
}

#[test]
fn appends_that_come_during_a_flush_share_the_next_one() {
    let (simulated, disk) = formatted();
    let quorum = run(open(&disk));
    let epoch = run(quorum.start(at(5))).unwrap();
    run(quorum.append(epoch, &["a"], at(5))).unwrap();
    run(quorum.append(epoch, &["b"], at(5))).unwrap();
    run(quorum.append(epoch, &["c"], at(5))).unwrap();
    let waker = std::task::Waker::noop();
    let mut context = std::task::Context::from_waker(waker);
    simulated.stall();
    let mut commits: Vec<_> = [4, 5, 6]
        .map(|end| Box::pin(quorum.commit(Offset(end), at(5))))
        .into_iter()
        .collect();
    for commit in &mut commits {
        assert!(commit.as_mut().poll(&mut context).is_pending());
    }
    let before = simulated.counters();
    simulated.resume();
    for commit in &mut commits {
        let done = commit.as_mut().poll(&mut context);
        assert!(
            matches!(done, std::task::Poll::Ready(Ok(Offset(6)))),
            "{done:?}"
        );
    }
    let after = simulated.counters();
    drop(commits);
    run(quorum.append(epoch, &["d"], at(5))).unwrap();
    run(quorum.commit(Offset(7), at(5))).unwrap();
    let single = simulated.counters().syncs - after.syncs;
    assert_eq!(after.syncs - before.syncs, single);
}

#[test]
fn a_snapshot_stands_for_the_log_before_it_which_retention_removes() {
    let (_, disk) = formatted();
    let config = MetadataLogConfig {
        segment_bytes: 200,
        retention: SnapshotRetention {
            bytes_max: Some(0),
            ms_max: None,
        },
        file_delete_delay_ms: 10,
        ..MetadataLogConfig::default()
    };
    run(async {
        let quorum = open_with(&disk, config.clone()).await.unwrap();
        let epoch = quorum.start(at(5)).await.unwrap();
        for record in ["a", "b", "c", "d"] {
            commit(&quorum, epoch, &[record]).await;
        }
        let refused = quorum.snapshot(Offset(99), ["x"], at(6)).await;
        assert!(
            matches!(refused, Err(QuorumError::SnapshotOffset { .. })),
            "{refused:?}"
        );
        let inside = quorum.snapshot(Offset(2), ["x"], at(6)).await;
        assert!(
            matches!(inside, Err(QuorumError::SnapshotOffset { .. })),
            "{inside:?}"
        );
        let first = quorum.snapshot(Offset(5), ["a+b"], at(6)).await.unwrap();
        assert_eq!(first.to_string(), "00000000000000000005-0000000001");
        assert_eq!(
            quorum.snapshot(Offset(5), ["z"], at(6)).await.unwrap(),
            first
        );
        assert_eq!(committed(&quorum).await, ["a+b", "c", "d"]);
        quorum.snapshot(Offset(6), ["a+b+c"], at(6)).await.unwrap();
        quorum.clean(at(20)).await.unwrap();
        assert_eq!(committed(&quorum).await, ["a+b+c", "d"]);
        let marked = names(disk.as_ref());
        assert!(
            marked.contains(&format!("{first}.checkpoint.deleted")),
            "{marked:?}"
        );
        quorum.clean(at(30)).await.unwrap();
        let left = names(disk.as_ref());
        assert!(
            !left.iter().any(|name| name.ends_with(".deleted")),
            "{left:?}"
        );
        assert!(
            !left.contains(&"00000000000000000000.log".to_owned()),
            "{left:?}"
        );
        quorum.close(at(31)).await.unwrap();
        // The snapshot tells of the voters now, and the log does not need to.
        let again = open_with(&disk, config).await.unwrap();
        again.start(at(40)).await.unwrap();
        assert_eq!(committed(&again).await, ["a+b+c", "d"]);
    });
}

#[test]
fn a_snapshot_is_due_when_enough_was_committed() {
    let (_, disk) = formatted();
    let config = MetadataLogConfig {
        snapshot_bytes_max: 300,
        ..MetadataLogConfig::default()
    };
    run(async {
        let quorum = open_with(&disk, config).await.unwrap();
        let epoch = quorum.start(at(5)).await.unwrap();
        assert!(!quorum.is_snapshot_due(at(5)));
        let high_watermark = commit(&quorum, epoch, &[&"x".repeat(200)]).await;
        assert!(quorum.is_snapshot_due(at(5)));
        quorum.snapshot(high_watermark, ["x"], at(6)).await.unwrap();
        assert!(!quorum.is_snapshot_due(at(6)));
    });
}
