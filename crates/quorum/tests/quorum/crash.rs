//! The power is cut at every single operation from the first format on, and again while the node
//! recovers: nothing committed is lost,
//! no epoch is led twice, no vote is forgotten.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use protocol::ids::{LeaderEpoch, Offset};
use quorum::{MetadataLogConfig, QuorumState};
use raft::SnapshotRetention;
use storage::disk::simulated::{HaltingDisk, SimulatedDisk};
use storage::disk::{self, Disk};

use crate::node::{LOG, at, committed, format_standalone, open_with};
use crate::{poll_once, run};

/// What the node knew when its power was cut.
#[derive(Debug, Default)]
struct Journal {
    formatted: bool,
    /// The last epoch that it led.
    led: i32,
    /// What was committed, in order, and what was appended after.
    committed: Vec<String>,
    appended: Vec<String>,
}

fn config() -> MetadataLogConfig {
    MetadataLogConfig {
        segment_bytes: 200,
        retention: SnapshotRetention {
            bytes_max: Some(0),
            ms_max: None,
        },
        file_delete_delay_ms: 0,
        ..MetadataLogConfig::default()
    }
}

/// Two terms of a leader; after each step the journal knows.
async fn live(disk: Arc<dyn Disk>, journal: &Mutex<Journal>) {
    format_standalone(disk.as_ref()).await.unwrap();
    journal.lock().unwrap().formatted = true;
    for term in 1..=2 {
        let quorum = open_with(&disk, config()).await.unwrap();
        let epoch = quorum.start(at(term)).await.unwrap();
        journal.lock().unwrap().led = epoch.0;
        for round in 0..3 {
            let record = format!("{term}.{round}");
            journal.lock().unwrap().appended.push(record.clone());
            let appended = quorum.append(epoch, &[&record], at(term)).await.unwrap();
            let end_offset: Offset = appended.last_offset.next();
            quorum.commit(end_offset, at(term)).await.unwrap();
            journal.lock().unwrap().committed.push(record);
            if round > 0 {
                // The image is everything there was.
                let image = journal.lock().unwrap().committed.clone();
                quorum.snapshot(end_offset, &image, at(term)).await.unwrap();
            }
        }
        quorum.clean(at(term)).await.unwrap();
        quorum.close(at(term)).await.unwrap();
    }
}

/// The start after the cut, which is cut again.
async fn recover(disk: Arc<dyn Disk>, journal: &Mutex<Journal>) {
    // Formatting may not have come to its end.
    if let Ok(quorum) = open_with(&disk, config()).await {
        let epoch = quorum.start(at(40)).await.unwrap();
        journal.lock().unwrap().led = epoch.0;
    }
}

/// The epoch that the file remembers, with a vote or a leader in it.
async fn remembered(disk: &dyn Disk) -> i32 {
    let path = PathBuf::from(LOG).join(QuorumState::FILE_NAME);
    let bytes = disk::read_whole(disk, &path, 1 << 20).await.unwrap();
    bytes.map_or(0, |bytes| {
        QuorumState::decode(&bytes).unwrap().election.epoch.0
    })
}

/// Cuts the power after so many operations; returns whether the life was over before.
fn cut_after(operations: u64) -> bool {
    let simulated = Arc::new(SimulatedDisk::new(operations));
    let journal = Mutex::new(Journal::default());
    let halting = Arc::new(HaltingDisk::new(&simulated, operations));
    let is_over = poll_once(live(halting.clone(), &journal)).is_some();
    simulated.crash();
    halting.allow(operations % 61);
    poll_once(recover(halting, &journal));
    simulated.crash();
    let journal = journal.into_inner().unwrap();
    let disk: Arc<dyn Disk> = simulated;
    run(async {
        if !journal.formatted {
            let formatted = format_standalone(disk.as_ref()).await;
            // All that was missing may have been the answer.
            assert!(
                formatted.is_ok() || formatted.unwrap_err().to_string().contains("already"),
                "cut after {operations}"
            );
        }
        let before = remembered(disk.as_ref()).await;
        assert!(
            before >= journal.led,
            "cut after {operations}: epoch {before} after {journal:?}"
        );
        let quorum = open_with(&disk, config()).await.unwrap();
        let epoch = quorum.start(at(50)).await.unwrap();
        assert_eq!(epoch, LeaderEpoch(before + 1), "cut after {operations}");
        let found = committed(&quorum).await;
        assert!(
            found.starts_with(&journal.committed) && journal.appended.starts_with(&found),
            "cut after {operations}: {found:?} of {journal:?}"
        );
    });
    is_over
}

#[test]
fn a_cut_at_any_operation_loses_no_record_no_epoch_and_no_vote() {
    let mut operations = 0;
    while !cut_after(operations) {
        operations += 1;
    }
    assert!(operations > 200, "only {operations} operations were tried");
}
