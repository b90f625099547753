//! Syncs of one directory that several wait for at a time: those that come while one is under way
//! share the next.
//!
//! Invariant: a success is only reported for a sync that began after the caller had asked.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::{Disk, DiskError};

/// The syncs of one directory.
#[derive(Debug, Default)]
pub(super) struct SharedSync {
    /// How many have asked.
    asked: AtomicU64,
    turn: tokio::sync::Mutex<Answered>,
}

/// How many of those who have asked know the outcome.
#[derive(Debug, Default)]
struct Answered {
    count: u64,
    /// Who is among the first so many and has not looked yet is told of this failure.
    failure: Option<(u64, DiskError)>,
}

impl SharedSync {
    /// Makes the changes of names durable that were made in the directory before the first poll.
    ///
    /// # Errors
    /// When the disk fails, for everybody who has shared the sync.
    pub(super) async fn sync(&self, disk: &dyn Disk, directory: &Path) -> Result<(), DiskError> {
        let ticket = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = self.turn.lock().await;
        if ticket > answered.count {
            let count = self.asked.load(Ordering::SeqCst);
            let synced = disk.sync_directory(directory).await;
            answered.count = count;
            if let Err(error) = synced {
                answered.failure = Some((count, error));
            }
        }
        match &answered.failure {
            Some((count, error)) if ticket <= *count => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::disk::DiskErrorKind;
    use crate::disk::simulated::{Fault, Operation, SimulatedDisk, poll_once};

    /// Has four ask while the disk hangs, and says what each gets, and how many syncs that took.
    fn ask_four_times(disk: &SimulatedDisk, shared: &SharedSync) -> (usize, u64) {
        let before = disk.counters().directory_syncs;
        disk.stall();
        let root = Path::new("");
        let mut asking: Vec<_> = (0..4).map(|_| Box::pin(shared.sync(disk, root))).collect();
        let mut context = Context::from_waker(Waker::noop());
        for each in &mut asking {
            assert!(each.as_mut().poll(&mut context).is_pending());
        }
        disk.resume();
        let mut succeeded = 0;
        for each in &mut asking {
            match each.as_mut().poll(&mut context) {
                Poll::Ready(outcome) => succeeded += usize::from(outcome.is_ok()),
                Poll::Pending => panic!("the disk is not stalled any more"),
            }
        }
        (succeeded, disk.counters().directory_syncs - before)
    }

    #[test]
    fn those_who_ask_while_one_waits_share_its_sync_or_the_next() {
        let (disk, shared) = (SimulatedDisk::new(1), SharedSync::default());
        // The first began before the others had asked.
        assert_eq!(ask_four_times(&disk, &shared), (4, 2));
        assert_eq!(ask_four_times(&disk, &shared), (4, 2));
    }

    #[test]
    fn a_failure_is_told_to_all_who_share_it_and_not_to_those_who_come_later() {
        let (disk, shared) = (SimulatedDisk::new(1), SharedSync::default());
        disk.order_fault(Fault {
            operation: Operation::SyncDirectory,
            path_suffix: String::new(),
            successes_before: 1,
            kind: DiskErrorKind::NoSpace,
        });
        let (succeeded, _) = ask_four_times(&disk, &shared);
        assert_eq!(succeeded, 1);
        let later = poll_once(shared.sync(&disk, Path::new("")));
        assert!(later.unwrap().is_ok());
    }

    #[test]
    fn who_gives_up_holds_nobody_up() {
        let (disk, shared) = (SimulatedDisk::new(1), SharedSync::default());
        disk.stall();
        assert!(poll_once(shared.sync(&disk, Path::new(""))).is_none());
        disk.resume();
        let next = poll_once(shared.sync(&disk, Path::new("")));
        assert!(next.unwrap().is_ok());
        assert_eq!(disk.counters().directory_syncs, 1);
    }
}
