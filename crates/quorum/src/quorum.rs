//! The quorum while it runs: inputs for the state machine, and its effects carried out.
//!
//! Appends go one by one through the log's writer. Whoever wants its records committed waits for
//! its turn to flush; the one whose turn it is flushes for all that were appended before, so that
//! they share one sync.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::BuildError;
use protocol::time::Now;
use raft::{
    Effect, ElectionState, Input, KraftVersion, OffsetAndEpoch, Raft, RetainedSnapshot, Role,
    SnapshotRetention, SnapshotSchedule, SnapshotStart, first_to_keep,
};
use storage::disk::{self, Disk, DiskError};
use storage::log::{AppendError, AppendOrigin, Appended, Codecs, LeaderAppend, Log, LogError};
use thiserror::Error;
use tokio::sync::watch;

use crate::metadata_log::{self, ReadLogError};
use crate::quorum_state::QuorumState;
use crate::snapshot_files::{self, SnapshotFileError};

/// The metadata quorum of a node.
#[derive(Debug)]
pub struct Quorum {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) log: Log,
    state: Mutex<State>,
    /// Held over a flush and what follows from it.
    flushing: tokio::sync::Mutex<()>,
    pub(crate) snapshots: tokio::sync::Mutex<Snapshots>,
    pub(crate) high_watermark: watch::Sender<Option<Offset>>,
}

#[derive(Debug)]
struct State {
    raft: Raft,
    schedule: SnapshotSchedule,
    uncommitted_bytes: u64,
}

/// The snapshots there are, and how long they stay.
#[derive(Debug)]
pub(crate) struct Snapshots {
    /// In ascending order.
    pub(crate) retained: Vec<RetainedSnapshot>,
    pub(crate) retention: SnapshotRetention,
    pub(crate) file_delete_delay_ms: i64,
    /// Files that are taken out of use, with the time at which they go.
    pub(crate) deletions: Vec<(i64, PathBuf)>,
}

/// Why an operation of the quorum failed.
#[derive(Debug, Clone, Error)]
pub enum QuorumError {
    /// The disk failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The log refused an append.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// The log does not work.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadLogError),
    /// A snapshot cannot be read or written.
    #[error(transparent)]
    Snapshot(#[from] SnapshotFileError),
    /// The records do not fit into a batch, or there are none.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// This node does not lead the epoch any more, or not yet.
    #[error("append metadata: this node does not lead epoch {epoch}")]
    NotLeader {
        /// The epoch it was to lead.
        epoch: LeaderEpoch,
    },
    /// The offset is behind the log end.
    #[error("commit metadata: offset {offset} is behind the log end {log_end_offset}")]
    BehindLogEnd {
        /// The offset asked for.
        offset: Offset,
        /// Where the log ends.
        log_end_offset: Offset,
    },
    /// A snapshot can only end where a batch ends that is committed and in the log.
    #[error("take snapshot at offset {offset}: no committed batch ends there")]
    SnapshotOffset {
        /// The offset asked for.
        offset: Offset,
    },
}

impl Quorum {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        log: Log,
        raft: Raft,
        schedule: SnapshotSchedule,
        snapshots: Snapshots,
    ) -> Self {
        Self {
            disk,
            log,
            state: Mutex::new(State {
                raft,
                schedule,
                uncommitted_bytes: 0,
            }),
            flushing: tokio::sync::Mutex::new(()),
            snapshots: tokio::sync::Mutex::new(snapshots),
            high_watermark: watch::Sender::new(None),
        }
    }

    /// Takes the lead in a new epoch and returns it; all that is in the log is committed then.
    /// To be driven to its end.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn start(&self, now: Now) -> Result<LeaderEpoch, QuorumError> {
        let mut inputs = VecDeque::from([Input::Start]);
        while let Some(input) = inputs.pop_front() {
            let effects = self.lock().raft.handle(now, input)?;
            for effect in effects {
                match effect {
                    Effect::Persist(election) => {
                        self.persist(election).await?;
                        inputs.push_back(Input::Persisted);
                    }
                    Effect::AppendStartOfEpoch { epoch, mut batch } => {
                        let appended = self.append_batch(epoch, &mut batch, now).await?;
                        let base_offset = appended.first_offset;
                        self.replay(&batch, base_offset)?;
                        inputs.push_back(Input::EpochStarted { base_offset });
                    }
                    Effect::Commit { .. } => unreachable!("nothing was flushed"),
                }
            }
        }
        self.commit(self.log.log_end_offset(), now).await?;
        Ok(self.lock().raft.role().epoch())
    }

    /// Appends records, each in its frame, as one batch of the epoch. They are not committed yet.
    /// To be driven to its end.
    ///
    /// # Errors
    /// When nothing was appended: this node does not lead the epoch, the records do not fit into a
    /// batch, or the disk fails.
    pub async fn append(
        &self,
        epoch: LeaderEpoch,
        records: &[impl AsRef<[u8]>],
        now: Now,
    ) -> Result<Appended, QuorumError> {
        self.check_lead(epoch)?;
        let mut batch = raft::build_data_batch(Offset::ZERO, epoch, now.wall_ms, records)?;
        self.append_batch(epoch, &mut batch, now).await
    }

    /// Raises `kraft.version` to 1 by a control batch of the epoch: from then on the voters stand
    /// in the log (KIP-853). It is not committed yet. To be driven to its end.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub async fn raise_kraft_version(
        &self,
        epoch: LeaderEpoch,
        now: Now,
    ) -> Result<Appended, QuorumError> {
        self.check_lead(epoch)?;
        let mut batch = self.lock().raft.raised_kraft_version_batch(epoch, now)?;
        let appended = self.append_batch(epoch, &mut batch, now).await?;
        self.replay(&batch, appended.first_offset)?;
        Ok(appended)
    }

    /// Waits until everything below `end_offset` is committed; returns the high watermark. Calls
    /// that come while a flush is under way share the next one.
    ///
    /// # Errors
    /// When the disk fails; then nothing is ever committed again in this process.
    pub async fn commit(&self, end_offset: Offset, now: Now) -> Result<Offset, QuorumError> {
        let log_end_offset = self.log.log_end_offset();
        if end_offset > log_end_offset {
            return Err(QuorumError::BehindLogEnd {
                offset: end_offset,
                log_end_offset,
            });
        }
        let committed = || {
            self.high_watermark()
                .filter(|committed| *committed >= end_offset)
        };
        if let Some(high_watermark) = committed() {
            return Ok(high_watermark);
        }
        let _turn = self.flushing.lock().await;
        if let Some(high_watermark) = committed() {
            return Ok(high_watermark);
        }
        let target = self.log.log_end_offset();
        self.log.flush(target, now.wall_ms).await?;
        let mut state = self.lock();
        let end_offset = target;
        for effect in state.raft.handle(now, Input::Flushed { end_offset })? {
            if let Effect::Commit { high_watermark } = effect {
                let bytes = std::mem::take(&mut state.uncommitted_bytes);
                state.schedule.note_committed(bytes);
                self.high_watermark.send_replace(Some(high_watermark));
            }
        }
        let epoch = state.raft.role().epoch();
        state
            .raft
            .high_watermark()
            .ok_or(QuorumError::NotLeader { epoch })
    }

    /// Writes a snapshot that stands for everything below `end_offset`; `records` are the image
    /// there, each in its frame. Returns its id; if there is such a snapshot already, nothing is
    /// written.
    ///
    /// # Errors
    /// When no committed batch ends there, or the disk fails.
    pub async fn snapshot(
        &self,
        end_offset: Offset,
        records: impl IntoIterator<Item = impl AsRef<[u8]>>,
        now: Now,
    ) -> Result<OffsetAndEpoch, QuorumError> {
        let mut snapshots = self.snapshots.lock().await;
        let latest = snapshots.retained.last().map(|snapshot| snapshot.id);
        if let Some(latest) = latest.filter(|latest| latest.offset == end_offset) {
            return Ok(latest);
        }
        let refused = || QuorumError::SnapshotOffset { offset: end_offset };
        let is_committed = self
            .high_watermark()
            .is_some_and(|committed| end_offset <= committed);
        if !is_committed || end_offset <= self.log.log_start_offset() {
            return Err(refused());
        }
        let batches = metadata_log::read(&self.log, end_offset.plus(-1), end_offset).await?;
        let last = batches
            .first()
            .filter(|batch| batch.end_offset == end_offset);
        let last = last.ok_or_else(refused)?;
        let id = OffsetAndEpoch {
            offset: end_offset,
            epoch: last.epoch,
        };
        if latest.is_some_and(|latest| id < latest) {
            return Err(refused());
        }
        let voters = {
            let state = self.lock();
            let history = state.raft.history();
            match history.kraft_version_before(end_offset) {
                KraftVersion::Zero => None,
                KraftVersion::One => history.voters_before(end_offset).cloned(),
            }
        };
        let start = SnapshotStart {
            id,
            last_contained_log_timestamp_ms: last.timestamp_ms,
            voters,
        };
        let path = snapshot_files::path(&self.log.directory(), id);
        let disk = self.disk.as_ref();
        let size_bytes = snapshot_files::write(disk, path, start, records, now.wall_ms).await?;
        snapshots.retained.push(RetainedSnapshot {
            id,
            size_bytes,
            last_contained_log_timestamp_ms: last.timestamp_ms,
        });
        self.lock().schedule.note_snapshot(now);
        Ok(id)
    }

    /// Removes snapshots, and the log before them, as retention asks, and files whose delay is
    /// over. To be called from time to time, and to be driven to its end.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn clean(&self, now: Now) -> Result<(), QuorumError> {
        let Some(high_watermark) = self.high_watermark() else {
            return Ok(());
        };
        let mut snapshots = self.snapshots.lock().await;
        let log_bytes = self.log.size_bytes();
        let (retention, now_ms) = (snapshots.retention, now.wall_ms);
        let kept = first_to_keep(&snapshots.retained, log_bytes, retention, now_ms);
        if let Some(kept) = kept.filter(|kept| kept.offset > self.log.log_start_offset()) {
            self.log.advance_log_start(kept.offset).await?;
            self.log.apply_retention(high_watermark, now_ms).await?;
            let due_ms = now_ms.saturating_add(snapshots.file_delete_delay_ms);
            let is_older = |snapshot: &RetainedSnapshot| snapshot.id < kept;
            while let Some(oldest) = snapshots.retained.first().copied().filter(is_older) {
                let directory = self.log.directory();
                let disk = self.disk.as_ref();
                let deleted = snapshot_files::mark_deleted(disk, &directory, oldest.id).await?;
                snapshots.retained.remove(0);
                snapshots.deletions.push((due_ms, deleted));
            }
            self.lock().raft.forget_before(kept.offset);
        }
        self.log.delete_due(now_ms).await?;
        while let Some(index) = snapshots
            .deletions
            .iter()
            .position(|(due, _)| *due <= now_ms)
        {
            let path = &snapshots.deletions[index].1;
            disk::remove_if_there(self.disk.as_ref(), path).await?;
            snapshots.deletions.remove(index);
        }
        Ok(())
    }

    /// Closes the log for a clean stop.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn close(&self, now: Now) -> Result<(), QuorumError> {
        let _turn = self.flushing.lock().await;
        Ok(self.log.close(now.wall_ms).await?)
    }

    /// The offset below which everything is committed; none before the start.
    pub fn high_watermark(&self) -> Option<Offset> {
        *self.high_watermark.borrow()
    }

    /// The epoch that this node is in, and whether it leads it.
    pub fn role(&self) -> Role {
        *self.lock().raft.role()
    }

    /// The version of the quorum's own records that is in effect.
    pub fn kraft_version(&self) -> KraftVersion {
        self.lock().raft.history().kraft_version()
    }

    /// Whether a snapshot is due.
    pub fn is_snapshot_due(&self, now: Now) -> bool {
        self.lock().schedule.is_due(now)
    }

    /// The latest snapshot, that of formatting apart.
    pub async fn latest_snapshot(&self) -> Option<OffsetAndEpoch> {
        let snapshots = self.snapshots.lock().await;
        let latest = snapshots.retained.last().map(|snapshot| snapshot.id);
        latest.filter(|id| *id != OffsetAndEpoch::BOOTSTRAP)
    }

    fn check_lead(&self, epoch: LeaderEpoch) -> Result<(), QuorumError> {
        match self.lock().raft.role() {
            Role::Leader(leader) if leader.epoch == epoch && leader.epoch_start.is_some() => Ok(()),
            Role::Leader(_) | Role::Unattached(_) | Role::Candidate(_) => {
                Err(QuorumError::NotLeader { epoch })
            }
        }
    }

    async fn persist(&self, election: ElectionState) -> Result<(), DiskError> {
        let state = {
            let state = self.lock();
            QuorumState {
                election,
                kraft_version: state.raft.history().kraft_version(),
                voter_ids: state
                    .raft
                    .voters()
                    .iter()
                    .map(|voter| voter.key.id)
                    .collect(),
            }
        };
        state.save(self.disk.as_ref(), &self.log.directory()).await
    }

    async fn append_batch(
        &self,
        leader_epoch: LeaderEpoch,
        batch: &mut [u8],
        now: Now,
    ) -> Result<Appended, QuorumError> {
        let append = LeaderAppend {
            leader_epoch,
            origin: AppendOrigin::Replication,
            produce_version: 0,
            now_ms: now.wall_ms,
        };
        let appended = self
            .log
            .append_as_leader(batch, &append, &mut Codecs::default())
            .await?;
        self.lock().uncommitted_bytes += batch.len() as u64;
        Ok(appended)
    }

    fn replay(&self, batch: &[u8], offset: Offset) -> Result<(), QuorumError> {
        let batches = raft::read_batches(batch);
        let batches = batches.map_err(|source| ReadLogError::Batch { offset, source })?;
        let mut state = self.lock();
        for batch in &batches {
            state.raft.replay(batch);
        }
        Ok(())
    }

    pub(crate) fn raft<T>(&self, read: impl FnOnce(&Raft) -> T) -> T {
        read(&self.lock().raft)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
