//! What became of a Produce request, and how it is answered.

use crate::api::leader_hints::{Leader, LeaderHints, Node};
use crate::broker::Broker;
use crate::partitions::{PendingAck, ProduceFailure};
use crate::requests::{Unanswerable, Usage, answer, throttle_time_ms};
use net::request_context::RequestContext;
use net::server::{Answer, Outcome as ServerOutcome};
use protocol::generated::ProduceResponse;
use protocol::generated::produce_response::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceResponse,
    TopicProduceResponse,
};
use protocol::{ErrorCode, Uuid};
use replica::Acks;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use storage::directories::TopicIdPartition;
use storage::log::Appended;

const FIRST_WITH_RECORD_ERRORS: i16 = 8;
const FIRST_WITH_LEADER_HINTS: i16 = 10;
/// What is not known, as answers say it.
const UNKNOWN: i64 = -1;

/// A request whose appends are done.
pub(super) struct Produced {
    pub(super) context: RequestContext,
    pub(super) throttle: Duration,
    /// None if it asked for acknowledgements that there are not.
    pub(super) acks: Option<Acks>,
    pub(super) request_bytes: usize,
    pub(super) topics: Vec<ProducedTopic>,
}

pub(super) struct ProducedTopic {
    pub(super) name: Arc<str>,
    pub(super) id: Uuid,
    pub(super) partitions: Vec<ProducedPartition>,
}

pub(super) struct ProducedPartition {
    pub(super) index: i32,
    pub(super) outcome: Outcome,
    /// The acknowledgement, as long as it has not come.
    pub(super) pending: Option<PendingAck>,
}

pub(super) enum Outcome {
    Appended(Appended),
    /// In the log, and never acknowledged.
    Unacknowledged(Appended, ErrorCode),
    Failed(ProduceFailure),
}

impl Produced {
    /// Waits for all acknowledgements. Each has a deadline of its own, the same one.
    pub(super) async fn wait(&mut self) {
        let topics = self.topics.iter_mut();
        for partition in topics.flat_map(|topic| &mut topic.partitions) {
            if let Some(pending) = partition.pending.take()
                && let Err(error) = pending.wait().await
                && let Outcome::Appended(appended) = partition.outcome
            {
                partition.outcome = Outcome::Unacknowledged(appended, error);
            }
        }
    }

    pub(super) fn answer(&self, broker: &Broker) -> Result<Answer, Unanswerable> {
        let usage = Usage::ProducedBytes(self.request_bytes);
        let throttle = broker.quotas.throttle(&self.context, usage);
        if self.acks == Some(Acks::None) {
            return self.no_answer(throttle);
        }
        let throttle = throttle.max(self.throttle);
        let published = broker.metadata.current();
        let listener = self.context.connection.listener.as_str();
        let mut hints = LeaderHints::new(&published.image, listener);
        let responses = self.topics.iter();
        let responses = responses.map(|topic| topic.response(self.context.api_version, &mut hints));
        let response = ProduceResponse {
            responses: responses.collect(),
            throttle_time_ms: throttle_time_ms(throttle),
            node_endpoints: hints.into_nodes().map(NodeEndpoint::from).collect(),
        };
        answer(&self.context, &response, throttle)
    }

    /// Whoever wants no answer is disconnected after an error.
    fn no_answer(&self, throttle: Duration) -> Result<Answer, Unanswerable> {
        let mut errors = String::new();
        for topic in &self.topics {
            for partition in &topic.partitions {
                if let Some(error) = partition.outcome.error() {
                    let (name, index) = (&topic.name, partition.index);
                    let _ = write!(errors, " {name}-{index}: {}", error.name());
                }
            }
        }
        if errors.is_empty() {
            return Ok(Answer {
                outcome: ServerOutcome::NoReply,
                throttle,
            });
        }
        let cause = format!("produce without acknowledgement:{errors}");
        Err(Unanswerable::Refused(cause))
    }

    pub(super) fn is_waiting(&self) -> bool {
        let mut partitions = self.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.any(|partition| partition.pending.is_some())
    }
}

impl ProducedTopic {
    fn response<'a>(
        &'a self,
        version: i16,
        hints: &mut LeaderHints<'_>,
    ) -> TopicProduceResponse<'a> {
        let respond = |partition: &'a ProducedPartition| {
            let mut response = partition.response(version);
            let is_elsewhere = response.error_code == ErrorCode::NOT_LEADER_OR_FOLLOWER;
            if is_elsewhere && version >= FIRST_WITH_LEADER_HINTS {
                let leader = hints.leader_of(TopicIdPartition {
                    topic_id: self.id,
                    partition: partition.index,
                });
                response.current_leader = leader.into();
            }
            response
        };
        TopicProduceResponse {
            name: (&*self.name).into(),
            topic_id: self.id,
            partition_responses: self.partitions.iter().map(respond).collect(),
        }
    }
}

impl ProducedPartition {
    fn response(&self, version: i16) -> PartitionProduceResponse<'_> {
        let response = PartitionProduceResponse {
            index: self.index,
            error_code: self.outcome.error().unwrap_or(ErrorCode::NONE),
            base_offset: UNKNOWN,
            log_append_time_ms: UNKNOWN,
            log_start_offset: UNKNOWN,
            ..PartitionProduceResponse::default()
        };
        match &self.outcome {
            Outcome::Appended(appended) | Outcome::Unacknowledged(appended, _) => {
                PartitionProduceResponse {
                    base_offset: appended.first_offset.0,
                    log_append_time_ms: appended.log_append_time_ms.unwrap_or(UNKNOWN),
                    log_start_offset: appended.log_start_offset.0,
                    ..response
                }
            }
            Outcome::Failed(failure) => PartitionProduceResponse {
                log_start_offset: failure.log_start_offset.map_or(UNKNOWN, |offset| offset.0),
                record_errors: match version {
                    FIRST_WITH_RECORD_ERRORS.. => record_errors(failure),
                    _ => Vec::new(),
                },
                error_message: failure.message.as_deref().map(Into::into),
                ..response
            },
        }
    }
}

impl Outcome {
    const fn error(&self) -> Option<ErrorCode> {
        match self {
            Self::Appended(_) => None,
            Self::Unacknowledged(_, error) => Some(*error),
            Self::Failed(failure) => Some(failure.error_code),
        }
    }
}

fn record_errors(failure: &ProduceFailure) -> Vec<BatchIndexAndErrorMessage<'_>> {
    let records = failure.records.iter();
    records
        .map(|record| BatchIndexAndErrorMessage {
            batch_index: record.batch_index,
            batch_index_error_message: Some(record.violation.to_string().into()),
        })
        .collect()
}

impl From<Leader> for LeaderIdAndEpoch {
    fn from(leader: Leader) -> Self {
        Self {
            leader_id: leader.id,
            leader_epoch: leader.epoch,
        }
    }
}

impl From<Node> for NodeEndpoint<'_> {
    fn from(node: Node) -> Self {
        Self {
            node_id: node.id,
            host: node.host.into(),
            port: node.port,
            rack: node.rack.map(Into::into),
        }
    }
}
