//! All there is of a simulated disk, behind one lock, and the gate every operation goes through.
//!
//! Invariants:
//! - The gate opens at once unless the disk is stalled, and then with `resume` or a crash.
//! - What was begun before a crash fails after it, and changes nothing.
//! - Wakers are called without the lock.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::task::{Poll, Waker};

use super::super::{DiskError, DiskErrorKind};
use super::faults::{Faults, Operation};
use super::random::SplitMix64;
use super::tree::{NodeId, Tree};

/// What the disk and everything opened on it share.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) open_files: AtomicU64,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) tree: Tree,
    pub(super) random: SplitMix64,
    pub(super) faults: Faults,
    pub(super) locked: BTreeSet<NodeId>,
    pub(super) capacity_bytes: Option<u64>,
    pub(super) counters: Counters,
    pub(super) crashes: u64,
    stall: Option<Stall>,
}

/// Of the whole disk or a part of it.
#[derive(Debug)]
struct Stall {
    /// What is at these paths does not go on; every path is below the empty one.
    below: PathBuf,
    waiting: Vec<Waker>,
}

/// How much was asked of the disk since it was made.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Reads from files that were done.
    pub reads: u64,
    /// Writes to files, failed ones included.
    pub writes: u64,
    /// Syncs of files, failed ones included.
    pub syncs: u64,
    /// Syncs of directories.
    pub directory_syncs: u64,
    /// Logical files held at the moment.
    pub open_files: u64,
}

/// What an operation is about.
pub(super) enum Target<'a> {
    Path(&'a Path),
    Node(NodeId),
}

impl Shared {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                tree: Tree::new(),
                random: SplitMix64::new(seed),
                faults: Faults::default(),
                locked: BTreeSet::new(),
                capacity_bytes: None,
                counters: Counters::default(),
                crashes: 0,
                stall: None,
            }),
            open_files: AtomicU64::new(0),
        }
    }

    pub(super) fn crash(&self) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.crashes += 1;
        state.tree.crash(&mut state.random);
        state.faults.clear();
        state.locked.clear();
        drop(guard);
        self.resume();
    }

    pub(super) fn stall(&self, below: &Path) {
        let mut state = self.lock();
        match &mut state.stall {
            Some(stall) => stall.below = below.to_owned(),
            None => {
                state.stall = Some(Stall {
                    below: below.to_owned(),
                    waiting: Vec::new(),
                });
            }
        }
    }

    pub(super) fn resume(&self) {
        let stall = self.lock().stall.take();
        let waiting = stall.map(|stall| stall.waiting);
        waiting.into_iter().flatten().for_each(Waker::wake);
    }

    pub(super) fn counters(&self) -> Counters {
        Counters {
            open_files: self.open_files.load(Ordering::Relaxed),
            ..self.lock().counters
        }
    }

    /// Does `work` when its turn comes, unless a fault was ordered for it. `crashes` is how many
    /// there had been when the operation, or the life of its file, began.
    pub(super) async fn perform<T>(
        &self,
        operation: Operation,
        target: Target<'_>,
        crashes: u64,
        work: impl FnOnce(&mut State) -> Result<T, DiskErrorKind>,
    ) -> Result<T, DiskError> {
        let work = |state: &mut State, fault: Option<DiskErrorKind>| match fault {
            Some(kind) => Err(kind),
            None => work(state),
        };
        self.perform_with_fault(operation, target, crashes, work)
            .await
    }

    /// As [`Self::perform`], where the work carries out the ordered fault itself.
    pub(super) async fn perform_with_fault<T>(
        &self,
        operation: Operation,
        target: Target<'_>,
        crashes: u64,
        work: impl FnOnce(&mut State, Option<DiskErrorKind>) -> Result<T, DiskErrorKind>,
    ) -> Result<T, DiskError> {
        self.turn(&target, crashes).await;
        let mut state = self.lock();
        let path = match target {
            Target::Path(path) => Some(path.to_owned()),
            Target::Node(node) => state.tree.path(node),
        };
        let outcome = match &path {
            _ if state.crashes != crashes => Err(DiskErrorKind::Failed),
            None => Err(DiskErrorKind::NotFound),
            Some(path) => {
                let fault = state.faults.meet(operation, path);
                work(&mut state, fault)
            }
        };
        let path = path.unwrap_or_else(|| PathBuf::from("a file without a name"));
        outcome.map_err(|kind| DiskError::new(operation.verb(), &path, kind))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder of the state panics")
    }

    async fn turn(&self, target: &Target<'_>, crashes: u64) {
        poll_fn(|context| {
            let mut state = self.lock();
            if state.crashes != crashes || !state.is_stalled(target) {
                return Poll::Ready(());
            }
            match &mut state.stall {
                Some(Stall { waiting, .. }) => {
                    if !waiting.iter().any(|waker| waker.will_wake(context.waker())) {
                        waiting.push(context.waker().clone());
                    }
                    Poll::Pending
                }
                None => Poll::Ready(()),
            }
        })
        .await;
    }
}

impl State {
    fn is_stalled(&self, target: &Target<'_>) -> bool {
        let Some(Stall { below, .. }) = &self.stall else {
            return false;
        };
        match target {
            Target::Path(path) => path.starts_with(below),
            Target::Node(node) => match self.tree.path(*node) {
                Some(path) => path.starts_with(below),
                None => below.as_os_str().is_empty(),
            },
        }
    }

    pub(super) fn free_bytes(&self) -> u64 {
        match self.capacity_bytes {
            Some(capacity_bytes) => capacity_bytes.saturating_sub(self.tree.space_bytes()),
            None => u64::MAX,
        }
    }
}
