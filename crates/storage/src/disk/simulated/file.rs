//! A simulated file and a simulated lock, as one who got them from the disk holds them.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::super::{DiskError, DiskErrorKind, DiskFile, DiskFuture, DiskLock};
use super::content::SyncFailure;
use super::faults::Operation;
use super::state::{Shared, State, Target};
use super::tree::NodeId;

#[derive(Debug)]
pub(super) struct SimulatedFile {
    shared: Arc<Shared>,
    node: NodeId,
    crashes: u64,
    is_writable: bool,
    sync_failure: Arc<SyncFailure>,
}

#[derive(Debug)]
pub(super) struct SimulatedLock {
    pub(super) shared: Arc<Shared>,
    pub(super) node: NodeId,
    pub(super) crashes: u64,
}

impl SimulatedFile {
    pub(super) fn new(
        shared: Arc<Shared>,
        node: NodeId,
        crashes: u64,
        is_writable: bool,
        sync_failure: Arc<SyncFailure>,
    ) -> Self {
        shared.open_files.fetch_add(1, Ordering::Relaxed);
        Self {
            shared,
            node,
            crashes,
            is_writable,
            sync_failure,
        }
    }

    async fn perform<T>(
        &self,
        operation: Operation,
        work: impl FnOnce(&mut State) -> Result<T, DiskErrorKind>,
    ) -> Result<T, DiskError> {
        self.shared
            .perform(operation, Target::Node(self.node), self.crashes, work)
            .await
    }

    const fn check_writable(&self, size: u64) -> Result<(), DiskErrorKind> {
        if !self.is_writable {
            return Err(DiskErrorKind::PermissionDenied);
        }
        if size > i64::MAX as u64 {
            return Err(DiskErrorKind::TooLarge);
        }
        Ok(())
    }

    /// Writes what there is space for. An ordered fault strikes in the midst of the bytes.
    fn write(
        &self,
        state: &mut State,
        mut bytes: Vec<u8>,
        position: u64,
        fault: Option<DiskErrorKind>,
    ) -> Result<(), DiskErrorKind> {
        state.counters.writes += 1;
        self.check_writable(position.saturating_add(bytes.len() as u64))?;
        let free_bytes = state.free_bytes();
        let file = state.tree.file_mut(self.node);
        let file = file.ok_or(DiskErrorKind::NotFound)?;
        let mut writable = file.current().writable(&bytes, position, free_bytes);
        let outcome = match fault {
            Some(kind) => {
                writable = state.random.below(writable as u64 + 1) as usize;
                Err(kind)
            }
            None if writable < bytes.len() => Err(DiskErrorKind::NoSpace),
            None => Ok(()),
        };
        bytes.truncate(writable);
        if !bytes.is_empty() {
            file.write_at(bytes, position);
        }
        outcome
    }

    fn sync_now(
        &self,
        state: &mut State,
        fault: Option<DiskErrorKind>,
    ) -> Result<(), DiskErrorKind> {
        state.counters.syncs += 1;
        if let Some(kind) = self.sync_failure.get() {
            return Err(*kind);
        }
        let file = state.tree.file_mut(self.node);
        let file = file.ok_or(DiskErrorKind::NotFound)?;
        match fault {
            None => file.sync(),
            Some(kind) => {
                file.fail_sync(&mut state.random);
                return Err(*self.sync_failure.get_or_init(|| kind));
            }
        }
        Ok(())
    }
}

impl DiskFile for SimulatedFile {
    fn size(&self) -> DiskFuture<'_, u64> {
        Box::pin(self.perform(Operation::Size, |state| {
            let file = state.tree.file(self.node);
            Ok(file.ok_or(DiskErrorKind::NotFound)?.current().size())
        }))
    }

    fn read_at<'a>(&'a self, buffer: &'a mut [u8], position: u64) -> DiskFuture<'a, usize> {
        Box::pin(self.perform(Operation::Read, move |state| {
            state.counters.reads += 1;
            let file = state.tree.file(self.node).ok_or(DiskErrorKind::NotFound)?;
            Ok(file.current().read_at(buffer, position))
        }))
    }

    fn write_at<'a>(&'a self, parts: &'a [&'a [u8]], position: u64) -> DiskFuture<'a, ()> {
        let target = Target::Node(self.node);
        let work =
            move |state: &mut State, fault| self.write(state, parts.concat(), position, fault);
        Box::pin(
            self.shared
                .perform_with_fault(Operation::Write, target, self.crashes, work),
        )
    }

    fn sync(&self) -> DiskFuture<'_, ()> {
        let target = Target::Node(self.node);
        let work = |state: &mut State, fault| self.sync_now(state, fault);
        Box::pin(
            self.shared
                .perform_with_fault(Operation::Sync, target, self.crashes, work),
        )
    }

    fn set_size(&self, size: u64) -> DiskFuture<'_, ()> {
        Box::pin(self.perform(Operation::SetSize, move |state| {
            self.check_writable(size)?;
            let file = state.tree.file_mut(self.node);
            file.ok_or(DiskErrorKind::NotFound)?.set_size(size);
            Ok(())
        }))
    }

    fn system_file(&self) -> DiskFuture<'_, Option<Arc<fs::File>>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        self.shared.open_files.fetch_sub(1, Ordering::Relaxed);
    }
}

impl DiskLock for SimulatedLock {}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        // After a crash the lock is gone, and may be somebody else's.
        if state.crashes == self.crashes {
            state.locked.remove(&self.node);
        }
    }
}
