//! Follows the metadata log: what is committed becomes an image, the node's parts are told what
//! changed, and then everybody sees it.
//!
//! Not the job of this module: what the parts do about a change, and what is in a record.
//!
//! Invariants:
//! - Publishers are told one image after the other, never two at a time, and each image before the
//!   cache shows it.
//! - What was committed together is shown together; what is there already is taken in one step.
//! - A transaction of the metadata log shows only when it has ended.

mod snapshots;

use crate::clock::Clock;
use crate::fatal::Fatal;
use crate::metadata_cache::{MetadataCache, Published};
use crate::metadata_records::{self, MetadataLogError};
use metadata::image::{MetadataDelta, MetadataImage, MetadataReader};
use net::BoxFuture;
use protocol::ids::Offset;
use quorum::{Committed, Listener, Quorum};
use snapshots::{SnapshotSource, SnapshotTask};
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;
use tokio::select;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// How long a publisher that is behind is left alone: a full disk is not cleared in a moment, and
/// each try costs writes.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// A part of the node that acts on changes of the metadata.
pub trait MetadataPublisher: Send + Sync {
    /// Does what follows from `delta`, which leads to `image` and is not empty.
    fn apply<'a>(&'a self, delta: &'a MetadataDelta, image: &'a MetadataImage)
    -> BoxFuture<'a, ()>;

    /// Whether something could not be done that may be done later, without another change.
    fn is_behind(&self) -> bool {
        false
    }

    /// Tries that again. `image` is what it was told last.
    fn retry<'a>(&'a self, _image: &'a MetadataImage) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }
}

/// What a follower is made of.
pub struct FollowerParts {
    /// What it follows.
    pub quorum: Arc<Quorum>,
    /// Where it shows what it has read.
    pub cache: Arc<MetadataCache>,
    /// Whom it tells before, in this order.
    pub publishers: Vec<Arc<dyn MetadataPublisher>>,
    /// For the timestamps of snapshots.
    pub clock: Clock,
    /// Whom it tells that it cannot go on.
    pub fatal: Fatal,
}

/// A follower that runs. It ends when this is dropped; [`Self::stop`] waits for that.
#[derive(Debug)]
pub struct MetadataFollower {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

struct Task {
    parts: FollowerParts,
    listener: Listener,
    reader: MetadataReader,
    snapshots: watch::Sender<Option<SnapshotSource>>,
}

impl MetadataFollower {
    /// Starts on the present runtime, which does the work of the publishers.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start(parts: FollowerParts) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (snapshots, sources) = watch::channel(None);
        let (quorum, clock) = (Arc::clone(&parts.quorum), parts.clock.clone());
        let snapshot_task = SnapshotTask::new(quorum, clock, sources);
        let fatal = parts.fatal.clone();
        let following = Task {
            listener: parts.quorum.listen(Offset::ZERO),
            reader: MetadataReader::default(),
            parts,
            snapshots,
        };
        let task = tokio::spawn(async move {
            let snapshot_task = tokio::spawn(snapshot_task.run(fatal.clone()));
            if let Err(error) = following.run(stopped).await {
                fatal.report("metadata follower", error);
            }
            // It ends with the source of its images.
            let _ = snapshot_task.await;
        });
        Self { stop, task }
    }

    /// Ends it, behind the image or the snapshot that it is at work on.
    pub async fn stop(self) {
        // Either may have ended already.
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

impl Task {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) -> Result<(), MetadataLogError> {
        let mut retries_at = Instant::now() + RETRY_INTERVAL;
        loop {
            let committed = select! {
                biased;
                _ = &mut stopped => return Ok(()),
                () = sleep_until(retries_at), if self.is_behind() => {
                    self.retry().await;
                    retries_at = Instant::now() + RETRY_INTERVAL;
                    continue;
                }
                committed = self.listener.next() => committed?,
            };
            self.read(&committed)?;
            let target = self.parts.quorum.high_watermark();
            while Some(self.listener.position()) < target {
                let committed = self.listener.next().await?;
                self.read(&committed)?;
            }
            let was_behind = self.is_behind();
            self.publish().await;
            if !was_behind {
                retries_at = Instant::now() + RETRY_INTERVAL;
            }
        }
    }

    fn is_behind(&self) -> bool {
        let mut publishers = self.parts.publishers.iter();
        publishers.any(|publisher| publisher.is_behind())
    }

    async fn retry(&self) {
        let published = self.parts.cache.current();
        for publisher in &self.parts.publishers {
            if publisher.is_behind() {
                publisher.retry(&published.image).await;
            }
        }
    }

    fn read(&mut self, committed: &Committed) -> Result<(), MetadataLogError> {
        match committed {
            Committed::Snapshot(snapshot) => {
                self.reader = metadata_records::read_snapshot(snapshot)?;
            }
            Committed::Batches(batches) => {
                for batch in batches {
                    let reader = &mut self.reader;
                    let replay = |record: &_, provenance| reader.replay(record, provenance);
                    metadata_records::replay_batch(batch, replay)?;
                }
            }
        }
        Ok(())
    }

    async fn publish(&self) {
        let cache = &self.parts.cache;
        let image = self.reader.image().clone();
        let end_offset = self.listener.position();
        let delta = MetadataDelta::between(&cache.current().image, &image);
        if !delta.is_empty() {
            for publisher in &self.parts.publishers {
                publisher.apply(&delta, &image).await;
            }
        }
        // A snapshot inside a transaction would lose the beginning of it.
        if self.reader.transaction_start_offset().is_none() {
            let image = image.clone();
            let source = SnapshotSource { image, end_offset };
            self.snapshots.send_replace(Some(source));
        }
        cache.publish(Published {
            image,
            end_offset,
            kraft_version: self.parts.quorum.kraft_version().level(),
        });
    }
}

#[cfg(test)]
mod tests;
