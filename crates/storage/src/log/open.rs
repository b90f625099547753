//! Opening a log: what its directory holds is sorted out, and the segments are loaded.
//!
//! Leftovers of operations that a crash has cut short are treated as Kafka does: `.deleted` and
//! `.cleaned` files are removed; `.swap` files are complete and take the place of the segments they
//! were made from; indexes without a segment are removed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use protocol::ids::Offset;

use super::leftovers::Listing;
use super::load::Loaded;
use super::recovery::{LoadError, Loader};
use super::replay::{ProducersLoad, Replay};
use super::state::{LogEnd, Snapshots, State, floor_index};
use super::writer::Writer;
use super::{Flushed, Log, LogError, files};
use crate::checkpoint::{self, CheckpointError};
use crate::config::LogConfig;
use crate::directory_health::DirectoryHealth;
use crate::disk::{self, Disk, DiskErrorKind};
use crate::leader_epochs::LeaderEpochs;
use crate::producer_state;
use crate::segment::{ScanError, Segment};

/// What there is to know for opening a log.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The partition's directory, which exists.
    pub directory: PathBuf,
    /// The settings.
    pub config: LogConfig,
    /// From the checkpoint; 0 if it has none for this partition.
    pub log_start_offset: Offset,
    /// From the checkpoint: everything below is on the disk. 0 if it has none for this partition.
    pub recovery_point: Offset,
    /// Whether the log directory was closed before.
    pub clean_stop: bool,
    /// Any number: decides how much of `segment.jitter.ms` each segment gets.
    pub jitter_seed: u64,
    /// Wall time in milliseconds.
    pub now_ms: i64,
}

impl Log {
    /// Opens the log of a partition; a directory without segments becomes an empty log.
    ///
    /// # Errors
    /// When the disk fails, or the segments hold what recovery does not mend: after a clean stop
    /// nothing is ever cut off.
    pub async fn open(
        disk: Arc<dyn Disk>,
        health: Arc<DirectoryHealth>,
        options: OpenOptions,
    ) -> Result<Self, LogError> {
        let loader = Loader {
            disk: disk.as_ref(),
            directory: options.directory.as_path().into(),
            config: Arc::new(options.config.clone()),
        };
        let opened = loader.open(&options).await;
        let (state, dropped, tidied) =
            opened.map_err(|error| error.report(&health, &options.directory))?;
        let flushed = Flushed {
            latest_epoch: state.epochs.latest(),
            names_changes: 0,
        };
        let log = Self {
            disk,
            health: Mutex::new(health),
            jitter_seed: options.jitter_seed,
            writer: tokio::sync::Mutex::new(Writer::default()),
            flushing: tokio::sync::Mutex::new(flushed),
            cleaning: tokio::sync::Mutex::new(()),
            state: Mutex::new(state),
            retired: AtomicBool::new(false),
        };
        {
            let mut writer = log.lock_writer().await?;
            log.mark_segments_deleted(&mut writer, &dropped, options.now_ms)
                .await?;
            if tidied || !dropped.is_empty() {
                log.sync_directory().await?;
            }
        }
        Ok(log)
    }
}

impl Loader<'_> {
    /// Returns what readers see, segments that are to go, and whether others files went.
    async fn open(
        &self,
        options: &OpenOptions,
    ) -> Result<(State, Vec<Arc<Segment>>, bool), LoadError> {
        let listing = Listing::tidy(self.disk, &self.directory).await?;
        let mut loaded = self.load_segments(&listing, options).await?;
        let first = loaded.segments[0].base_offset();
        let log_start_offset = options.log_start_offset.max(first);
        let log_end_offset = loaded.log_end_offset;
        loaded.epochs_changed |= loaded.epochs.truncate_from_end(log_end_offset);
        if loaded.epochs_changed {
            let path = self.directory.join(LeaderEpochs::FILE_NAME);
            checkpoint::save(self.disk, &path, &loaded.epochs).await?;
        }
        loaded.epochs.truncate_from_start(log_start_offset);
        let snapshots = self.remove_snapshots(&listing, &loaded).await?;
        let tidied = snapshots.len() < listing.snapshots.len();
        let replay = self.producers(&mut loaded, &snapshots).await?;
        let mut snapshots = Snapshots {
            offsets: snapshots.into_iter().collect(),
            unsaved: Default::default(),
        };
        snapshots.add(replay.missing_snapshots);
        let active = loaded.segments.last().expect("a log has a segment");
        active.unseal(files::index_settings(&self.config)).await?;
        let log_end = LogEnd {
            offset: log_end_offset,
            segment: active.base_offset(),
            position: active.size(),
        };
        let unflushed_from = match loaded.recovery_point < log_end_offset {
            true => floor_index(&loaded.segments, loaded.recovery_point).unwrap_or(0),
            false => loaded.segments.len(),
        };
        let unflushed = loaded.segments[unflushed_from..].iter();
        let unflushed_bytes = unflushed.map(|segment| segment.size()).sum();
        let state = State {
            directory: self.directory.clone(),
            config: self.config.clone(),
            segments: loaded.segments.into(),
            log_start_offset,
            log_end,
            recovery_point: loaded.recovery_point,
            flushed_ms: options.now_ms,
            unflushed_bytes,
            recent: Default::default(),
            epochs: loaded.epochs,
            producers: replay.producers,
            snapshots,
            unsynced_seals: Vec::new(),
            // Whatever was renamed or removed is not durable yet.
            names_changes: 1,
            cleaned_to: None,
            truncations: 0,
            truncated_to: None,
            is_copied: false,
        };
        Ok((state, loaded.dropped, tidied))
    }

    /// Removes the snapshots that belong to no segment or lie behind the log; returns the others.
    async fn remove_snapshots(
        &self,
        listing: &Listing,
        loaded: &Loaded,
    ) -> Result<Vec<Offset>, LoadError> {
        let bases: Vec<_> = loaded
            .segments
            .iter()
            .map(|segment| segment.base_offset())
            .collect();
        // Snapshots below the log start are as good as others: they know of producers whose
        // records are gone.
        let (below_all, log_end) = (Offset(-1), loaded.log_end_offset);
        let mut kept: BTreeSet<_> = listing.snapshots.iter().copied().collect();
        let mut removed =
            producer_state::snapshots_out_of_range(&listing.snapshots, below_all, log_end);
        for offset in &removed {
            kept.remove(offset);
        }
        let in_range: Vec<_> = kept.iter().copied().collect();
        let stray = producer_state::stray_snapshots(&in_range, &bases);
        for offset in &stray {
            kept.remove(offset);
        }
        removed.extend(stray);
        for offset in removed {
            let path = files::live_path(&self.directory, offset, files::SNAPSHOT);
            disk::remove_if_there(self.disk, &path).await?;
        }
        Ok(kept.into_iter().collect())
    }

    /// The producers at the end of the log; with them the aborted transactions are complete.
    async fn producers(
        &self,
        loaded: &mut Loaded,
        snapshots: &[Offset],
    ) -> Result<Replay, LoadError> {
        let mut replay = match loaded.replay.take() {
            Some(replay) => replay,
            None => {
                let load = ProducersLoad {
                    segments: &loaded.segments,
                    snapshots,
                    log_end_offset: loaded.log_end_offset,
                    transactions_missing_from: loaded.transactions_missing_from,
                };
                self.load_producers(&load).await?
            }
        };
        replay.producers.advance_to(loaded.log_end_offset);
        // The entries are not believed to be missing after the next crash, so they must be there.
        for segment in &loaded.segments {
            if segment.transactions().is_unsynced() {
                segment.write_indexes(self.disk, &self.directory).await?;
                segment.transactions().sync().await?;
            }
        }
        Ok(replay)
    }
}

impl LoadError {
    /// Tells the log directory of a disk that failed.
    pub(super) fn report(self, health: &DirectoryHealth, directory: &Path) -> LogError {
        match self {
            Self::Checkpoint(CheckpointError::Disk(error)) | Self::Disk(error) => {
                if error.kind() != DiskErrorKind::NoSpace {
                    health.fail(&error);
                }
                LogError::Disk(error)
            }
            Self::Checkpoint(error) => LogError::Checkpoint(error),
            Self::Scan(_, ScanError::Disk(error)) => Self::Disk(error).report(health, directory),
            Self::Scan(segment, ScanError::Corrupt { position, source }) => LogError::Corrupt {
                directory: directory.to_owned(),
                base_offset: segment.base_offset(),
                position,
                source,
            },
        }
    }
}
