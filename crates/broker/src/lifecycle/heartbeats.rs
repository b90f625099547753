//! Heartbeats: that the broker lives, how far it has read the metadata, and what it wants.

use super::registration::Registration;
use super::{LifecycleParts, Phase, Status, Wants, backoff};
use crate::metadata_cache::Published;
use metadata::features::MetadataVersion;
use protocol::generated::{BrokerHeartbeatRequest, BrokerHeartbeatResponse};
use protocol::ids::Offset;
use protocol::{ApiKey, ErrorCode, Uuid};
use std::future::pending;
use std::time::Duration;
use tokio::select;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Sends heartbeats until the controller lets the broker go, or nobody wants it any more.
pub(super) struct Heartbeats {
    pub(super) parts: LifecycleParts,
    pub(super) broker_epoch: i64,
    pub(super) incarnation_id: Uuid,
    pub(super) wanted: watch::Receiver<Wants>,
    pub(super) status: watch::Sender<Status>,
    /// Whether the controller has not taken a registration that was to follow the first.
    pub(super) was_refused: bool,
}

/// What keeps the next heartbeat waiting.
struct Pause {
    /// It comes then at the latest.
    longest: Duration,
    /// It comes as soon as the metadata reach this.
    end_offset: Option<Offset>,
}

impl Heartbeats {
    pub(super) async fn run(mut self) {
        let interval = Duration::from_millis(self.parts.settings.heartbeat_interval_ms);
        // The registration is at this offset or behind, in the same batch.
        let registered = Offset(self.broker_epoch).next();
        let mut pause = Pause {
            longest: interval,
            end_offset: Some(registered),
        };
        let mut failure_count = 0;
        let mut leave_count = 0;
        while self.wait(&pause).await {
            self.register_again_if_needed().await;
            let wants = self.wanted.borrow_and_update().clone();
            let end_offset = self.parts.metadata.current().end_offset;
            let reply = timeout(interval, self.send(&wants, end_offset)).await;
            let Ok(Ok(reply)) = reply else {
                failure_count += 1;
                pause = Pause {
                    longest: backoff(failure_count, interval),
                    end_offset: None,
                };
                continue;
            };
            failure_count = 0;
            if reply.should_shut_down {
                self.set_phase(Phase::ShutDown);
                return;
            }
            let is_unfenced = !reply.is_fenced;
            self.set_phase(if is_unfenced {
                Phase::Running
            } else {
                Phase::Fenced
            });
            leave_count += u32::from(wants.is_stopping);
            let longest = match wants.is_stopping {
                true => backoff(leave_count, interval),
                false => interval,
            };
            // What the controller waits for is that metadata arrive, here or at other brokers.
            let is_waited_for = wants.is_stopping || (wants.is_ready && reply.is_fenced);
            let end_offset = is_waited_for.then(|| end_offset.next());
            pause = Pause {
                longest,
                end_offset,
            };
        }
    }

    /// A cluster that has agreed on a version with directories (KIP-858) does not know those of
    /// brokers that had registered before.
    async fn register_again_if_needed(&mut self) {
        let (parts, epoch) = (&self.parts, self.broker_epoch);
        if !lacks_directories(parts, epoch, &parts.metadata.current()) {
            return;
        }
        let registration = Registration {
            settings: &self.parts.settings,
            controller: &self.parts.controller,
            incarnation_id: self.incarnation_id,
        };
        let interval = Duration::from_millis(parts.settings.heartbeat_interval_ms);
        let registered = timeout(interval, async {
            registration.try_once().await?;
            let is_known = |it: &Published| !lacks_directories(parts, epoch, it);
            parts.metadata.until(is_known).await;
            Ok::<(), ErrorCode>(())
        });
        // The next heartbeat tries again if it was refused, and does not come any sooner then.
        self.was_refused = !matches!(registered.await, Ok(Ok(())));
    }

    /// Waits for the time of the next heartbeat, or for something that calls for one before;
    /// returns whether there is to be one.
    async fn wait(&mut self, pause: &Pause) -> bool {
        let metadata = async {
            match pause.end_offset {
                Some(end_offset) => self.parts.metadata.reached(end_offset).await,
                None => pending().await,
            }
        };
        let (parts, epoch, was_refused) = (&self.parts, self.broker_epoch, self.was_refused);
        let lack = parts
            .metadata
            .until(|it| !was_refused && lacks_directories(parts, epoch, it));
        let metadata = async {
            select! {
                biased;
                _ = metadata => {}
                _ = lack => {}
            }
        };
        select! {
            biased;
            changed = self.wanted.changed() => changed.is_ok(),
            () = metadata => true,
            () = sleep(pause.longest) => true,
        }
    }

    async fn send(
        &self,
        wants: &Wants,
        end_offset: Offset,
    ) -> Result<BrokerHeartbeatResponse, ErrorCode> {
        let request = BrokerHeartbeatRequest {
            broker_id: self.parts.settings.broker_id,
            broker_epoch: self.broker_epoch,
            current_metadata_offset: end_offset.0 - 1,
            want_fence: !wants.is_ready,
            want_shut_down: wants.is_stopping,
            offline_log_dirs: wants.offline_directories.iter().copied().collect(),
            cordoned_log_dirs: self.cordoned_directories(),
        };
        let version = *ApiKey::BrokerHeartbeat.stable_versions().end();
        let answer = self.parts.controller.ask(&request, version).await?;
        let response: BrokerHeartbeatResponse = answer.decode()?;
        match response.error_code {
            ErrorCode::NONE => Ok(response),
            refused => Err(refused),
        }
    }

    /// None is ever cordoned here (KIP-1066), which the controller is told when the metadata that
    /// are in effect have the registration and a version that knows of it.
    fn cordoned_directories(&self) -> Option<Vec<Uuid>> {
        let metadata = self.parts.metadata.current();
        let has_registration = metadata.end_offset.0 > self.broker_epoch;
        let version = metadata.image.features().metadata_version();
        let is_known = version.is_some_and(MetadataVersion::has_cordoned_directories);
        (has_registration && is_known).then(Vec::new)
    }

    fn set_phase(&self, phase: Phase) {
        self.status.send_if_modified(|status| {
            let is_other = status.phase != phase;
            status.phase = phase;
            is_other
        });
    }
}

/// Whether a registration stands without the directories that the cluster asks for by now.
fn lacks_directories(parts: &LifecycleParts, broker_epoch: i64, published: &Published) -> bool {
    let image = &published.image;
    let version = image.features().metadata_version();
    let broker = image.cluster().broker(parts.settings.broker_id);
    version.is_some_and(MetadataVersion::has_directory_assignment)
        && broker.is_some_and(|it| it.epoch == broker_epoch && it.directories.is_empty())
}
