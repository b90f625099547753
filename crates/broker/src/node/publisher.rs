//! What follows from a change of the metadata: the configuration first, then partitions, which go
//! by it, then their coordinators.
//!
//! Not the job of this module: reading the metadata log, and showing the image to requests, which
//! comes after this.

use super::connection_limits;
use crate::client_telemetry::ClientTelemetry;
use crate::effective_config::EffectiveConfig;
use crate::groups::Groups;
use crate::metadata_follower::MetadataPublisher;
use crate::partitions::Partitions;
use crate::quotas::ClientQuotas;
use metadata::image::{ConfigResource, MetadataDelta, MetadataImage, ResourceKind};
use net::BoxFuture;
use net::server::ConnectionLimits;
use std::sync::Arc;
use tracing::{error, warn};

/// Tells the parts of a node.
#[derive(Debug)]
pub(super) struct NodePublisher {
    pub(super) config: Arc<EffectiveConfig>,
    pub(super) client_telemetry: Arc<ClientTelemetry>,
    pub(super) quotas: Arc<ClientQuotas>,
    pub(super) partitions: Arc<Partitions>,
    pub(super) groups: Arc<Groups>,
    pub(super) limits: Arc<ConnectionLimits>,
}

impl MetadataPublisher for NodePublisher {
    fn apply<'a>(
        &'a self,
        delta: &'a MetadataDelta,
        image: &'a MetadataImage,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for warning in self.config.apply(delta, image) {
                warn!("apply metadata: {warning}");
            }
            if delta.has_other_client_quotas {
                self.quotas.apply(image.client_quotas());
            }
            let is_subscription = |each: &ConfigResource| each.kind == ResourceKind::CLIENT_METRICS;
            if delta.configs.iter().any(is_subscription) {
                for warning in self.client_telemetry.apply(image.configs()) {
                    warn!("apply metadata: {warning}");
                }
            }
            let config = self.config.current();
            connection_limits::change(&self.limits, &config.config().network);
            let applied = self.partitions.apply(delta, image).await;
            for failed in &applied.failures {
                error!(partition = ?failed.id, "apply metadata: {}", failed.error);
            }
            self.groups.apply(&applied, delta, image, &self.partitions);
        })
    }

    fn is_behind(&self) -> bool {
        self.partitions.lacks_space()
    }

    fn retry<'a>(&'a self, image: &'a MetadataImage) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let applied = self.partitions.retry(image).await;
            for failed in &applied.failures {
                error!(partition = ?failed.id, "apply metadata: {}", failed.error);
            }
            let nothing = MetadataDelta::default();
            self.groups
                .apply(&applied, &nothing, image, &self.partitions);
        })
    }
}
