//! Produce (key 0), versions 3 to 13 (0 to 2 are advertised for old clients' sake and refused):
//! record batches of producers go to the logs of the partitions that this node leads.
//!
//! - acks=0 has no answer; an error then closes the connection, so that the producer notices.
//!   acks=1 answers after the append, acks=-1 when the in-sync replicas have it, or in time with
//!   REQUEST_TIMED_OUT. Anything else is INVALID_REQUIRED_ACKS.
//! - A partition takes one batch of magic 2 in a request; zstd from version 7 on (KIP-110). Records
//!   that are null are INVALID_RECORD; Kafka fails on them.
//! - From version 8 on single records are named that were refused (KIP-467), from 10 on who leads
//!   instead (KIP-951), and from 13 on topics go by id (KIP-516): UNKNOWN_TOPIC_ID.
//! - Internal topics are INVALID_TOPIC_EXCEPTION but for the client id `__admin_client`, as in
//!   Kafka.
//! - The bytes of a request are given back as soon as they are in the logs, before the wait.
//! - A partition that is named twice gets both batches; Kafka appends the last one only.
//!
//! Missing: transactions. There is no transaction coordinator that would know of a transactional
//! id, so transactional batches are INVALID_PRODUCER_ID_MAPPING, as Kafka answers for such an id.

#[path = "00_produce/plan.rs"]
mod plan;
#[path = "00_produce/produced.rs"]
mod produced;
#[cfg(test)]
#[path = "00_produce/tests.rs"]
mod tests;

use crate::broker::Broker;
use crate::partitions::{Ack, ProduceAppend};
use crate::requests::{Call, Unanswerable, later};
use net::server::Handled;
use plan::{Plan, PlannedPartition};
use produced::{Outcome, Produced, ProducedPartition, ProducedTopic};
use replica::Acks;
use std::sync::Arc;
use storage::log::AppendOrigin;

pub(super) async fn handle(broker: Arc<Broker>, call: Call) -> Result<Handled, Unanswerable> {
    let plan = Plan::of(&broker, &call)?;
    let Call {
        context,
        mut frame,
        throttle,
        ..
    } = call;
    let mut produced = Produced {
        context,
        throttle,
        acks: plan.acks,
        request_bytes: frame.bytes().len(),
        topics: append(&broker, plan, frame.bytes_mut()).await,
    };
    drop(frame);
    if !produced.is_waiting() {
        return Ok(Handled::Done(produced.answer(&broker)?));
    }
    Ok(later(async move {
        produced.wait().await;
        produced.answer(&broker)
    }))
}

/// Appends what can be appended, in the order of the request.
async fn append(broker: &Broker, plan: Plan, frame: &mut [u8]) -> Vec<ProducedTopic> {
    let append = ProduceAppend {
        acks: plan.acks.unwrap_or(Acks::None),
        origin: AppendOrigin::Client,
        produce_version: plan.version,
        timeout_ms: plan.timeout_ms,
    };
    let mut codecs = broker.codecs.lend();
    let mut topics = Vec::with_capacity(plan.topics.len());
    for topic in plan.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for PlannedPartition { index, append: to } in topic.partitions {
            let appended = match to {
                Ok((partition, range)) => {
                    let records = &mut frame[range];
                    partition.append(records, append, &mut codecs).await
                }
                Err(failure) => Err(failure),
            };
            let (outcome, pending) = match appended {
                Ok((appended, Ack::Ready)) => (Outcome::Appended(appended), None),
                Ok((appended, Ack::Waiting(ack))) => (Outcome::Appended(appended), Some(ack)),
                Err(failure) => (Outcome::Failed(failure), None),
            };
            partitions.push(ProducedPartition {
                index,
                outcome,
                pending,
            });
        }
        topics.push(ProducedTopic {
            name: topic.name,
            id: topic.id,
            partitions,
        });
    }
    topics
}
