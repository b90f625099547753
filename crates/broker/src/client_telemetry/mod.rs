//! Metrics that clients push (KIP-714): what they are asked for, and what is shown of them.
//!
//! Not the job of this module: the configuration of subscriptions (resources of the kind
//! `client-metrics`), and where metrics are served (`telemetry`).
//!
//! Invariants:
//! - Clients are known in bounded number, each by an id that it keeps; who is not heard of for
//!   three of its intervals is forgotten.
//! - Nothing is read of what clients push unless the node was told to receive it; then a payload
//!   that cannot be read is INVALID_RECORD, and what is kept of the others is bounded.
//!
//! Departures from Kafka: receivers are Java classes there; here `klamm.client.metrics.receive` has
//! metrics shown at `klamm.metrics.listener`. A client that comes over another connection is taken
//! for one that has lost the first.

mod instances;
mod otlp;
mod received;
mod subscriptions;
#[cfg(test)]
mod tests;

use crate::clock::Clock;
use crate::telemetry::{Exposition, GaugeSource, families};
use instances::{Instance, Instances};
use metadata::image::ConfigsImage;
use net::request_context::RequestContext;
use protocol::compression::{Codec, Decompressor};
use protocol::generated::{GetTelemetrySubscriptionsResponse, PushTelemetryRequest};
use protocol::{ErrorCode, Uuid};
use received::Received;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use subscriptions::{Client, Subscriptions};

/// zstd, lz4, gzip, snappy: what clients may compress with, best first.
const COMPRESSION_TYPES: [i8; 4] = [4, 3, 1, 2];

/// How pushed metrics are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientTelemetrySettings {
    /// `telemetry.max.bytes`, compressed and inflated.
    pub bytes_max: u32,
    /// `klamm.client.metrics.receive`.
    pub is_received: bool,
}

/// The clients that are asked for metrics, and what they have pushed.
#[derive(Debug)]
pub struct ClientTelemetry {
    settings: ClientTelemetrySettings,
    clock: Clock,
    subscriptions: RwLock<Arc<Subscriptions>>,
    instances: Mutex<Instances>,
    received: Mutex<Received>,
}

impl ClientTelemetry {
    /// No subscriptions and no clients yet.
    pub fn new(settings: ClientTelemetrySettings, clock: Clock) -> Self {
        Self {
            settings,
            clock,
            subscriptions: RwLock::default(),
            instances: Mutex::default(),
            received: Mutex::default(),
        }
    }

    /// Whether clients are told that metrics can be pushed.
    pub const fn is_received(&self) -> bool {
        self.settings.is_received
    }

    /// From now on these subscriptions hold. Those that cannot be read are left out and named.
    pub fn apply(&self, configs: &ConfigsImage) -> Vec<String> {
        let mut subscriptions = self
            .subscriptions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        let (next, warnings) = Subscriptions::of(configs, subscriptions.version() + 1);
        *subscriptions = Arc::new(next);
        warnings
    }

    /// What a client is asked for. One without an id is given `new_id`.
    pub fn subscription(
        &self,
        context: &RequestContext,
        id: Uuid,
        new_id: Uuid,
    ) -> GetTelemetrySubscriptionsResponse<'static> {
        let id = if id.is_zero() { new_id } else { id };
        let now_ms = self.clock.now().monotonic_ms;
        let mut instances = self.instances();
        let instance = self.find(&mut instances, context, id, now_ms);
        let error_code = instance.ask(now_ms);
        if error_code != ErrorCode::NONE {
            return GetTelemetrySubscriptionsResponse {
                error_code,
                ..GetTelemetrySubscriptionsResponse::default()
            };
        }
        let asked = &instance.asked;
        GetTelemetrySubscriptionsResponse {
            client_instance_id: id,
            subscription_id: asked.subscription_id(id),
            accepted_compression_types: COMPRESSION_TYPES.to_vec(),
            push_interval_ms: i32::try_from(asked.interval_ms).unwrap_or(i32::MAX),
            telemetry_max_bytes: i32::try_from(self.settings.bytes_max).unwrap_or(i32::MAX),
            delta_temporality: true,
            requested_metrics: asked.metrics.iter().cloned().map(Into::into).collect(),
            ..GetTelemetrySubscriptionsResponse::default()
        }
    }

    /// Takes metrics of a client.
    pub fn push(&self, context: &RequestContext, request: &PushTelemetryRequest<'_>) -> ErrorCode {
        let id = request.client_instance_id;
        if id.is_zero() || id == Uuid::METADATA_TOPIC {
            return ErrorCode::INVALID_REQUEST;
        }
        let now_ms = self.clock.now().monotonic_ms;
        let mut instances = self.instances();
        let instance = self.find(&mut instances, context, id, now_ms);
        let idle_ms_max = instance.idle_ms_max();
        let mut error_code = instance.push(request, self.settings.bytes_max, now_ms);
        drop(instances);
        if error_code == ErrorCode::NONE && self.settings.is_received {
            error_code = self.receive(context, request, now_ms + idle_ms_max);
            let mut instances = self.instances();
            let instance = self.find(&mut instances, context, id, now_ms);
            instance.last_error = error_code;
        }
        error_code
    }

    fn receive(
        &self,
        context: &RequestContext,
        request: &PushTelemetryRequest<'_>,
        expires_ms: u64,
    ) -> ErrorCode {
        let codec = u8::try_from(request.compression_type).ok();
        let Some(codec) = codec.and_then(Codec::from_id) else {
            return ErrorCode::UNSUPPORTED_COMPRESSION_TYPE;
        };
        let mut decompressor = Decompressor::new();
        let bytes_max = self.settings.bytes_max as usize;
        let Ok(payload) = decompressor.decompress(codec, &request.metrics, bytes_max) else {
            return ErrorCode::INVALID_RECORD;
        };
        let Ok(points) = otlp::read(payload) else {
            return ErrorCode::INVALID_RECORD;
        };
        let client_id = context.client_id.as_deref().unwrap_or_default();
        let mut received = self.received();
        received.forget_expired(self.clock.now().monotonic_ms);
        received.add(request.client_instance_id, client_id, points, expires_ms);
        ErrorCode::NONE
    }

    fn find<'a>(
        &self,
        instances: &'a mut Instances,
        context: &RequestContext,
        id: Uuid,
        now_ms: u64,
    ) -> &'a mut Instance {
        let subscriptions = self
            .subscriptions
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let subscriptions = Arc::clone(&subscriptions);
        let connection = context.connection.id;
        instances.find(id, connection, subscriptions.version(), now_ms, || {
            subscriptions.asked_of(&Client::of(context, id))
        })
    }

    fn instances(&self) -> std::sync::MutexGuard<'_, Instances> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn received(&self) -> std::sync::MutexGuard<'_, Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GaugeSource for ClientTelemetry {
    fn collect(&self, exposition: &mut Exposition) {
        let now_ms = self.clock.now().monotonic_ms;
        let mut instances = self.instances();
        instances.forget_idle(now_ms);
        let count = instances.len() as u64;
        drop(instances);
        exposition.sample(&families::CLIENT_METRICS_INSTANCE_COUNT, &[], count);
        let mut received = self.received();
        received.forget_expired(now_ms);
        received.collect(exposition);
    }
}
