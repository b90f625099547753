//! What the handlers of requests work with: the parts of a node, put together.

use crate::auto_topic_creation::AutoTopicCreation;
use crate::client_telemetry::ClientTelemetry;
use crate::codec_pool::CodecPool;
use crate::controller::ControllerChannel;
use crate::effective_config::EffectiveConfig;
use crate::environment::Environment;
use crate::fetch_sessions::FetchSessions;
use crate::groups::Groups;
use crate::metadata_cache::MetadataCache;
use crate::partitions::Partitions;
use crate::producer_ids::ProducerIds;
use crate::requests::{Authorizer, Operation, Quotas, Resource, authorized_operations};
use net::request_context::RequestContext;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

/// A broker as its handlers see it.
pub struct Broker {
    /// Who it is.
    pub identity: Identity,
    /// What is configured, at the start and since.
    pub config: Arc<EffectiveConfig>,
    /// What surrounds it.
    pub environment: Environment,
    /// What the cluster has agreed on.
    pub metadata: Arc<MetadataCache>,
    /// Who changes it.
    pub controller: ControllerChannel,
    /// The epoch of its registration, -1 before it has one.
    pub broker_epoch: Arc<AtomicI64>,
    /// Ids that it may give to producers.
    pub producer_ids: ProducerIds,
    /// The partitions that it has replicas of.
    pub partitions: Arc<Partitions>,
    /// What clients fetch in sessions.
    pub fetch_sessions: FetchSessions,
    /// What compresses and inflates what is produced.
    pub codecs: CodecPool,
    /// `fetch.max.bytes`.
    pub fetch_bytes_max: usize,
    /// The group coordinators.
    pub groups: Arc<Groups>,
    /// Has topics created that are needed.
    pub topic_creation: AutoTopicCreation,
    /// Metrics that clients push.
    pub client_telemetry: Arc<ClientTelemetry>,
    /// Who may do what.
    pub authorizer: Arc<dyn Authorizer>,
    /// Who is held back.
    pub quotas: Arc<dyn Quotas>,
}

/// Who a broker is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// `node.id`.
    pub node_id: i32,
    /// The cluster it belongs to.
    pub cluster_id: String,
}

impl Broker {
    /// Whether the client may.
    pub fn authorise(
        &self,
        context: &RequestContext,
        operation: Operation,
        resource: Resource<'_>,
    ) -> bool {
        let (principal, host) = (&context.connection.principal, context.connection.peer.ip());
        self.authorizer
            .authorise(principal, host, operation, resource)
    }

    /// What the client may do to the cluster, as far as it may know of it.
    pub fn cluster_operations(&self, context: &RequestContext) -> i32 {
        match self.authorise(context, Operation::Describe, Resource::Cluster) {
            true => self.authorized_operations(context, Resource::Cluster),
            false => 0,
        }
    }

    /// What the client may do to a resource, one bit for each operation.
    pub fn authorized_operations(&self, context: &RequestContext, resource: Resource<'_>) -> i32 {
        let (principal, host) = (&context.connection.principal, context.connection.peer.ip());
        authorized_operations(self.authorizer.as_ref(), principal, host, resource)
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Broker")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
