//! InitProducerId (key 22), versions 0 to 5: an id for a producer whose records are told from their
//! repetitions (KIP-98, KIP-360).
//!
//! - A producer without a transactional id gets a new id each time it asks, whichever it has had.
//! - Transactions are not served yet: a transactional id is answered with UNSUPPORTED_VERSION,
//!   which clients take for final.

use crate::broker::Broker;
use crate::requests::{Call, Operation, Resource, Unanswerable};
use metadata::controller::ProducerIdBlock;
use net::server::Handled;
use protocol::ErrorCode;
use protocol::generated::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, InitProducerIdRequest,
    InitProducerIdResponse,
};
use protocol::ids::ProducerId;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const ALLOCATE_VERSION: i16 = 0;
const NO_ID: i64 = -1;
const NO_EPOCH: i16 = -1;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let request: InitProducerIdRequest<'_> = call.decode()?;
    let response = match check(&broker, &call, &request) {
        Err(error) => refusal(error),
        Ok(()) => match broker.producer_ids.next(allocate(&broker)).await {
            Err(error) => refusal(error),
            Ok(id) => InitProducerIdResponse {
                producer_id: id.0,
                producer_epoch: 0,
                ..InitProducerIdResponse::default()
            },
        },
    };
    call.answer(&InitProducerIdResponse {
        throttle_time_ms: call.throttle_time_ms(),
        ..response
    })
}

fn check(
    broker: &Broker,
    call: &Call,
    request: &InitProducerIdRequest<'_>,
) -> Result<(), ErrorCode> {
    match request.transactional_id.as_deref() {
        Some("") => Err(ErrorCode::INVALID_REQUEST),
        Some(id) => {
            let resource = Resource::TransactionalId(id);
            match broker.authorise(&call.context, Operation::Write, resource) {
                true => Err(ErrorCode::UNSUPPORTED_VERSION),
                false => Err(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
            }
        }
        None if (request.producer_id == NO_ID) != (request.producer_epoch == NO_EPOCH) => {
            Err(ErrorCode::INVALID_REQUEST)
        }
        None => {
            match broker.authorise(&call.context, Operation::IdempotentWrite, Resource::Cluster) {
                true => Ok(()),
                false => Err(ErrorCode::CLUSTER_AUTHORIZATION_FAILED),
            }
        }
    }
}

fn refusal(error_code: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse {
        error_code,
        producer_id: NO_ID,
        producer_epoch: NO_EPOCH,
        ..InitProducerIdResponse::default()
    }
}

/// The next block of ids for this broker. Whoever has to come back is told so.
async fn allocate(broker: &Broker) -> Result<ProducerIdBlock, ErrorCode> {
    let request = AllocateProducerIdsRequest {
        broker_id: broker.identity.node_id,
        broker_epoch: broker.broker_epoch.load(Ordering::Acquire),
    };
    let later = |_| ErrorCode::COORDINATOR_LOAD_IN_PROGRESS;
    let answer = broker.controller.ask(&request, ALLOCATE_VERSION).await;
    let answer = answer.map_err(later)?;
    let response: AllocateProducerIdsResponse = answer.decode().map_err(later)?;
    if response.error_code != ErrorCode::NONE {
        return Err(later(response.error_code));
    }
    Ok(ProducerIdBlock {
        first: ProducerId(response.producer_id_start),
        size: response.producer_id_len,
    })
}
