//! Registration: what a broker says of itself at its start (KIP-631, KIP-858, KIP-966).

use super::{LifecycleError, LifecycleSettings, backoff, milliseconds_since};
use crate::controller::ControllerChannel;
use metadata::features::supported_ranges;
use protocol::generated::broker_registration_request::{Feature, Listener};
use protocol::generated::{BrokerRegistrationRequest, BrokerRegistrationResponse};
use protocol::{ApiKey, ErrorCode, Uuid};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// Where clients and other brokers reach a listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvertisedListener {
    /// The name of the listener.
    pub name: String,
    /// The host name that is given away.
    pub host: String,
    /// The port that is given away.
    pub port: u16,
    /// The security protocol, as Kafka numbers it: 0 is PLAINTEXT.
    pub security_protocol: i16,
}

/// Registers one incarnation.
pub(super) struct Registration<'a> {
    pub(super) settings: &'a LifecycleSettings,
    pub(super) controller: &'a ControllerChannel,
    pub(super) incarnation_id: Uuid,
}

impl Registration<'_> {
    /// Registers and returns the broker epoch. Tries again until the time for it is over: the
    /// controller may not be there yet, or take the broker's last incarnation for alive.
    ///
    /// # Errors
    /// When the time is over.
    pub(super) async fn register(&self) -> Result<i64, LifecycleError> {
        let start = Instant::now();
        let patience = Duration::from_millis(self.settings.registration_timeout_ms);
        let longest_pause = Duration::from_millis(self.settings.heartbeat_interval_ms);
        let mut last = ErrorCode::REQUEST_TIMED_OUT;
        let registered = timeout(patience, async {
            for failure_count in 1.. {
                match self.try_once().await {
                    Ok(broker_epoch) => return Some(broker_epoch),
                    Err(error) => last = error,
                }
                sleep(backoff(failure_count, longest_pause)).await;
            }
            None
        });
        let registered = registered.await.ok().flatten();
        registered.ok_or_else(|| LifecycleError::NotRegistered {
            waited_ms: milliseconds_since(start),
            last,
        })
    }

    /// Registers if that can be done at once; returns the broker epoch.
    ///
    /// # Errors
    /// The answer of the controller.
    pub(super) async fn try_once(&self) -> Result<i64, ErrorCode> {
        let version = *ApiKey::BrokerRegistration.stable_versions().end();
        let answer = self.controller.ask(&self.request(), version).await?;
        let response: BrokerRegistrationResponse = answer.decode()?;
        match response.error_code {
            ErrorCode::NONE => Ok(response.broker_epoch),
            refused => Err(refused),
        }
    }

    fn request(&self) -> BrokerRegistrationRequest<'_> {
        let settings = self.settings;
        let listeners = settings.listeners.iter().map(|listener| Listener {
            name: listener.name.as_str().into(),
            host: listener.host.as_str().into(),
            port: listener.port,
            security_protocol: listener.security_protocol,
        });
        let features = supported_ranges()
            .into_iter()
            .map(|(name, min, max)| Feature {
                name: name.into(),
                min_supported_version: min,
                max_supported_version: max,
            });
        BrokerRegistrationRequest {
            broker_id: settings.broker_id,
            cluster_id: settings.cluster_id.as_str().into(),
            incarnation_id: self.incarnation_id,
            listeners: listeners.collect(),
            features: features.collect(),
            rack: settings.rack.as_deref().map(Into::into),
            is_migrating_zk_broker: false,
            log_dirs: settings.directories.clone(),
            previous_broker_epoch: settings.previous_broker_epoch.unwrap_or(-1),
        }
    }
}
