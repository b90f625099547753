//! Requests that change metadata: a broker passes them on to the active controller as they are
//! (KIP-590) and its answers back.
//!
//! A client sees what it has changed: its answer leaves when the change is in effect on this
//! broker, so that its next request finds the topic that it has just created. Kafka answers as soon
//! as the change is committed.
//!
//! Not the job of this module: what is allowed and what becomes of it; the controller decides. What
//! a request is answered with when no controller can be reached, the file of its API knows.

use crate::broker::Broker;
use crate::requests::{Call, Unanswerable, throttle_time_ms};
use net::server::{Answer, Handled, Outcome, Reply};
use protocol::{ApiKey, ErrorCode};
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer waits for a broker that is slow to take the change in; it has happened then.
const IN_EFFECT_WITHIN: Duration = Duration::from_secs(10);

/// Passes a request on. The next one of its connection waits until it is answered, so that changes
/// of one client happen in the order in which it asked for them.
pub(super) async fn forward(
    broker: &Broker,
    call: &Call,
    refused: impl FnOnce(ErrorCode) -> Result<Handled, Unanswerable>,
) -> Result<Handled, Unanswerable> {
    match forward_body(broker, call, call.body()).await {
        Ok(mut body) => {
            let throttle = merge_throttle(call, &mut body);
            Ok(Handled::Done(Answer {
                outcome: Outcome::Reply(Reply::of_body(&call.context, &body)?),
                throttle,
            }))
        }
        Err(error) => refused(error),
    }
}

/// Passes a body on in place of that of the request, in its version, and gives the answer's.
pub(super) async fn forward_body(
    broker: &Broker,
    call: &Call,
    body: &[u8],
) -> Result<Vec<u8>, ErrorCode> {
    let forwarded = broker.controller.forward(&call.context, body).await?;
    let in_effect = broker.metadata.reached(forwarded.end_offset);
    // Late or not, what was asked for is done.
    let _ = timeout(IN_EFFECT_WITHIN, in_effect).await;
    Ok(forwarded.body)
}

/// Holds the client back for as long as the controller or this broker wants it to be; the answer
/// says so, if it can.
fn merge_throttle(call: &Call, body: &mut [u8]) -> Duration {
    let (key, version) = (call.context.api_key, call.context.api_version);
    let field = first_with_throttle_time(key)
        .filter(|first| version >= *first)
        .and_then(|_| body.first_chunk_mut::<4>());
    let Some(field) = field else {
        return call.throttle;
    };
    let of_controller = u64::try_from(i32::from_be_bytes(*field)).unwrap_or(0);
    let throttle = call.throttle.max(Duration::from_millis(of_controller));
    *field = throttle_time_ms(throttle).to_be_bytes();
    throttle
}

/// From which version on answers begin with the time for which the client is held back.
const fn first_with_throttle_time(key: ApiKey) -> Option<i16> {
    match key {
        ApiKey::CreateTopics => Some(2),
        ApiKey::DeleteTopics => Some(1),
        ApiKey::CreatePartitions
        | ApiKey::AlterConfigs
        | ApiKey::IncrementalAlterConfigs
        | ApiKey::AlterClientQuotas
        | ApiKey::AlterUserScramCredentials
        | ApiKey::ElectLeaders
        | ApiKey::AlterPartitionReassignments
        | ApiKey::ListPartitionReassignments
        | ApiKey::UpdateFeatures
        | ApiKey::UnregisterBroker => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::generated::{
        AlterClientQuotasResponse, AlterConfigsResponse, AlterPartitionReassignmentsResponse,
        AlterUserScramCredentialsResponse, CreatePartitionsResponse, CreateTopicsResponse,
        DeleteTopicsResponse, ElectLeadersResponse, IncrementalAlterConfigsResponse,
        ListPartitionReassignmentsResponse, UnregisterBrokerResponse, UpdateFeaturesResponse,
    };
    use protocol::wire::{Message, Writer};

    /// Whether all answers from the version on begin with a time of one.
    fn begins_with_time<'a>(key: ApiKey, message: &impl Message<'a>) -> bool {
        let first = first_with_throttle_time(key).unwrap();
        let mut versions = first..=*key.stable_versions().end();
        versions.all(|version| {
            let mut writer = Writer::new();
            message.encode(&mut writer, version).unwrap();
            writer.into_parts().0.starts_with(&[0, 0, 0, 1])
        })
    }

    #[test]
    fn answers_begin_with_the_time_where_it_is_patched() {
        macro_rules! check {
            ($($key:ident, $response:ident;)*) => {$(
                let message = $response { throttle_time_ms: 1, ..$response::default() };
                assert!(begins_with_time(ApiKey::$key, &message), stringify!($key));
            )*};
        }
        check! {
            CreateTopics, CreateTopicsResponse;
            DeleteTopics, DeleteTopicsResponse;
            CreatePartitions, CreatePartitionsResponse;
            AlterConfigs, AlterConfigsResponse;
            IncrementalAlterConfigs, IncrementalAlterConfigsResponse;
            AlterClientQuotas, AlterClientQuotasResponse;
            AlterUserScramCredentials, AlterUserScramCredentialsResponse;
            ElectLeaders, ElectLeadersResponse;
            AlterPartitionReassignments, AlterPartitionReassignmentsResponse;
            ListPartitionReassignments, ListPartitionReassignmentsResponse;
            UpdateFeatures, UpdateFeaturesResponse;
            UnregisterBroker, UnregisterBrokerResponse;
        }
    }
}
