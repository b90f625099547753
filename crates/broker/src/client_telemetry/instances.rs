//! The clients that are asked for metrics: when each has asked and pushed, and what it is asked
//! for. Pure; time is given.

use super::subscriptions::Asked;
use net::request_context::ConnectionId;
use protocol::compression::Codec;
use protocol::generated::PushTelemetryRequest;
use protocol::{ErrorCode, Uuid};
use std::collections::BTreeMap;

/// As in Kafka; the one that was not heard of longest goes first.
const COUNT_MAX: usize = 16_384;
const IDLE_MS_MIN: u64 = 60_000;

/// Clients by their ids.
#[derive(Debug, Default)]
pub(super) struct Instances {
    by_id: BTreeMap<Uuid, Instance>,
    /// By the number of the last request.
    by_use: BTreeMap<u64, Uuid>,
    use_count: u64,
}

/// One client.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) asked: Asked,
    pub(super) last_error: ErrorCode,
    subscriptions_version: u64,
    connection: ConnectionId,
    asked_ms: Option<u64>,
    pushed_ms: Option<u64>,
    is_terminating: bool,
    last_use: u64,
    used_ms: u64,
}

impl Instances {
    /// A client, begun anew if it is not known, the subscriptions have changed, or it has come over
    /// another connection.
    pub(super) fn find(
        &mut self,
        id: Uuid,
        connection: ConnectionId,
        subscriptions_version: u64,
        now_ms: u64,
        asked: impl FnOnce() -> Asked,
    ) -> &mut Instance {
        self.forget_idle(now_ms);
        let is_current = |instance: &Instance| {
            instance.subscriptions_version == subscriptions_version
                && instance.connection == connection
        };
        let known = self.by_id.get(&id);
        if let Some(known) = known {
            self.by_use.remove(&known.last_use);
        }
        if !known.is_some_and(is_current) {
            self.by_id.remove(&id);
            while self.by_id.len() >= COUNT_MAX {
                self.forget_oldest();
            }
        }
        self.use_count += 1;
        self.by_use.insert(self.use_count, id);
        let instance = self.by_id.entry(id).or_insert_with(|| Instance {
            asked: asked(),
            last_error: ErrorCode::NONE,
            subscriptions_version,
            connection,
            asked_ms: None,
            pushed_ms: None,
            is_terminating: false,
            last_use: 0,
            used_ms: 0,
        });
        instance.last_use = self.use_count;
        instance.used_ms = now_ms;
        instance
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Those that are due stand in front, unless one with a long interval stands before them.
    pub(super) fn forget_idle(&mut self, now_ms: u64) {
        while let Some((_, id)) = self.by_use.first_key_value() {
            let is_idle = self.by_id.get(id).is_none_or(|instance| {
                now_ms.saturating_sub(instance.used_ms) >= instance.idle_ms_max()
            });
            if !is_idle {
                return;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, id)) = self.by_use.pop_first() {
            self.by_id.remove(&id);
        }
    }
}

impl Instance {
    /// It asks what it shall push. That is answered once in an interval, and at once after an error
    /// that a new subscription mends.
    pub(super) fn ask(&mut self, now_ms: u64) -> ErrorCode {
        let last_ms = self.asked_ms.max(self.pushed_ms);
        let is_due = last_ms.is_none_or(|last_ms| now_ms - last_ms >= self.asked.interval_ms);
        if is_due {
            self.asked_ms = Some(now_ms);
        }
        let is_mending = matches!(
            self.last_error,
            ErrorCode::UNKNOWN_SUBSCRIPTION_ID | ErrorCode::UNSUPPORTED_COMPRESSION_TYPE
        );
        if !is_due && !is_mending {
            return ErrorCode::THROTTLING_QUOTA_EXCEEDED;
        }
        self.last_error = ErrorCode::NONE;
        ErrorCode::NONE
    }

    /// It pushes. Clients vary the interval, so the first push after a subscription is never early.
    pub(super) fn push(
        &mut self,
        request: &PushTelemetryRequest<'_>,
        bytes_max: u32,
        now_ms: u64,
    ) -> ErrorCode {
        self.last_error = self.check_push(request, bytes_max, now_ms);
        self.is_terminating = request.terminating;
        self.last_error
    }

    fn check_push(
        &mut self,
        request: &PushTelemetryRequest<'_>,
        bytes_max: u32,
        now_ms: u64,
    ) -> ErrorCode {
        if self.is_terminating {
            return ErrorCode::INVALID_REQUEST;
        }
        let is_first = self.asked_ms > self.pushed_ms;
        let since = self.pushed_ms.map(|pushed_ms| now_ms - pushed_ms);
        let is_due = is_first || since.is_none_or(|since| since >= self.asked.interval_ms);
        if is_due {
            self.pushed_ms = Some(now_ms);
        } else if !request.terminating {
            return ErrorCode::THROTTLING_QUOTA_EXCEEDED;
        }
        let subscription_id = self.asked.subscription_id(request.client_instance_id);
        let codec = u8::try_from(request.compression_type).ok();
        if request.subscription_id != subscription_id {
            ErrorCode::UNKNOWN_SUBSCRIPTION_ID
        } else if codec.and_then(Codec::from_id).is_none() {
            ErrorCode::UNSUPPORTED_COMPRESSION_TYPE
        } else if request.metrics.len() > bytes_max as usize {
            ErrorCode::TELEMETRY_TOO_LARGE
        } else {
            ErrorCode::NONE
        }
    }

    /// For how long it is remembered.
    pub(super) fn idle_ms_max(&self) -> u64 {
        (3 * self.asked.interval_ms).max(IDLE_MS_MIN)
    }
}
