//! How a fetch is answered.

use super::reading::{Fetch, Part, Round};
use super::request::Reader;
use super::targets::Target;
use crate::api::leader_hints::{Leader, LeaderHints, Node};
use crate::fetch_sessions::{AnsweredPartition, PartitionKey, SessionAnswer, TopicKey};
use crate::requests::{Call, Unanswerable, Usage, throttle_time_ms};
use net::file_slice::FileSlice;
use net::server::{Answer, Handled, Outcome, Reply};
use protocol::generated::fetch_request::FetchPartition;
use protocol::generated::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint,
    PartitionData,
};
use protocol::generated::{FetchRequest, FetchResponse};
use protocol::ids::Offset;
use protocol::wire::Records;
use protocol::{ErrorCode, Uuid};
use std::time::Duration;

const LAST_WITHOUT_STORAGE_ERROR: i16 = 5;
/// Up to here a failure of the whole is told for each partition, too.
const LAST_FAILED_BY_PARTITION: i16 = 12;
const FIRST_WITH_LEADER_HINTS: i16 = 16;
/// What is not known, as answers say it.
const UNKNOWN: Offset = Offset(-1);

/// Answers a request whose session is refused.
pub(super) fn refused(call: &Call, error_code: ErrorCode) -> Result<Handled, Unanswerable> {
    call.answer(&FetchResponse {
        throttle_time_ms: call.throttle_time_ms(),
        error_code,
        ..FetchResponse::default()
    })
}

/// Answers a request that fails as a whole, whichever partitions it names.
pub(super) fn failed(call: &Call, error_code: ErrorCode) -> Result<Handled, Unanswerable> {
    let request: FetchRequest<'_> = call.decode()?;
    let topics = match call.context.api_version {
        ..=LAST_FAILED_BY_PARTITION => &request.topics[..],
        _ => &[],
    };
    let failed = |partition: &FetchPartition| PartitionData {
        partition_index: partition.partition,
        error_code,
        high_watermark: UNKNOWN.0,
        log_start_offset: UNKNOWN.0,
        last_stable_offset: UNKNOWN.0,
        aborted_transactions: Some(Vec::new()),
        records: Some(Records::Inline(&[])),
        ..PartitionData::default()
    };
    let responses = topics.iter().map(|topic| FetchableTopicResponse {
        topic: (&*topic.topic).into(),
        topic_id: topic.topic_id,
        partitions: topic.partitions.iter().map(failed).collect(),
    });
    call.answer(&FetchResponse {
        throttle_time_ms: call.throttle_time_ms(),
        error_code,
        session_id: request.session_id,
        responses: responses.collect(),
        ..FetchResponse::default()
    })
}

/// The answer as it comes about.
#[derive(Default)]
struct Told<'a> {
    topics: Vec<FetchableTopicResponse<'a>>,
    /// Where the records are, in the order of their tokens.
    slices: Vec<FileSlice>,
}

impl Fetch {
    pub(super) fn answer(&self, mut round: Round) -> Result<Answer, Unanswerable> {
        let throttle = self.throttle(round.bytes);
        let published = self.broker.metadata.current();
        let listener = self.context.connection.listener.as_str();
        let mut hints = LeaderHints::new(&published.image, listener);
        let session = self.session_answer(&round, throttle);
        let mut told = Told::default();
        for place in session.told {
            let key = &self.session.partitions()[place].key;
            let data = self.partition_data(place, &mut round.parts[place], &mut told, &mut hints);
            told.add(key, data);
        }
        let response = FetchResponse {
            throttle_time_ms: throttle_time_ms(throttle),
            error_code: session.error_code,
            session_id: session.session_id,
            responses: told.topics,
            node_endpoints: hints.into_nodes().map(NodeEndpoint::from).collect(),
        };
        Ok(Answer {
            outcome: Outcome::Reply(Reply::new(&self.context, &response, told.slices)?),
            throttle,
        })
    }

    /// Replicas have quotas of their own.
    fn throttle(&self, bytes: usize) -> Duration {
        match self.reader {
            Reader::Consumer(_) => {
                let quotas = &self.broker.quotas;
                let throttle = quotas.throttle(&self.context, Usage::FetchedBytes(bytes));
                let throttle = throttle.max(self.throttle);
                if throttle > Duration::ZERO {
                    quotas.throttle(&self.context, Usage::UnsentBytes(bytes));
                }
                throttle
            }
            Reader::Replica { .. } => Duration::ZERO,
        }
    }

    /// What the session has to say. Who is throttled gets no records, and asks for them again.
    fn session_answer(&self, round: &Round, throttle: Duration) -> SessionAnswer {
        if throttle > Duration::ZERO {
            return self.session.throttled();
        }
        let now_ms = self.broker.environment.clock.now().monotonic_ms;
        let answered: Vec<_> = round.parts.iter().map(AnsweredPartition::from).collect();
        self.session
            .finish(&self.broker.fetch_sessions, &answered, now_ms)
    }

    fn partition_data<'a>(
        &self,
        place: usize,
        part: &mut Part,
        told: &mut Told<'a>,
        hints: &mut LeaderHints<'_>,
    ) -> PartitionData<'a> {
        let version = self.context.api_version;
        let key = &self.session.partitions()[place].key;
        let (high_watermark, log_start_offset) = part.offsets();
        // What is not even looked for has an empty list, and what is read uncommitted has none.
        let is_refused = matches!(self.targets[place], Target::Refused(_));
        let aborted = part.aborted.take().or_else(|| is_refused.then(Vec::new));
        let mut data = PartitionData {
            partition_index: key.partition,
            error_code: match part.error_code {
                ErrorCode::KAFKA_STORAGE_ERROR if version <= LAST_WITHOUT_STORAGE_ERROR => {
                    ErrorCode::NOT_LEADER_OR_FOLLOWER
                }
                error_code => error_code,
            },
            high_watermark: high_watermark.0,
            log_start_offset: log_start_offset.0,
            last_stable_offset: part
                .bounds
                .map_or(UNKNOWN, |bounds| bounds.last_stable_offset)
                .0,
            aborted_transactions: aborted.map(|aborted| {
                let aborted = aborted.into_iter();
                let aborted = aborted.map(|each| AbortedTransaction {
                    producer_id: each.producer_id.0,
                    first_offset: each.first_offset.0,
                });
                aborted.collect()
            }),
            records: Some(self.records(place, part.records.take(), told)),
            ..PartitionData::default()
        };
        if let Some(end) = part.diverging {
            data.diverging_epoch = EpochEndOffset {
                epoch: end.epoch.0,
                end_offset: end.end_offset.0,
            };
        }
        let is_elsewhere = matches!(
            part.error_code,
            ErrorCode::NOT_LEADER_OR_FOLLOWER | ErrorCode::FENCED_LEADER_EPOCH
        );
        if is_elsewhere && version >= FIRST_WITH_LEADER_HINTS {
            data.current_leader = match &self.targets[place] {
                Target::Here(partition) => hints.leader_of(partition.id()).into(),
                Target::Elsewhere(id, _) => hints.leader_of(*id).into(),
                Target::Refused(_) => LeaderIdAndEpoch::default(),
            };
        }
        data
    }

    fn records<'a>(
        &self,
        place: usize,
        slice: Option<FileSlice>,
        told: &mut Told<'a>,
    ) -> Records<'a> {
        let Some(slice) = slice else {
            return Records::Inline(&[]);
        };
        // What goes to replicas is counted apart in Kafka.
        if let (Target::Here(partition), Reader::Consumer(_)) = (&self.targets[place], self.reader)
        {
            partition.metrics().sent(slice.size as u64);
        }
        told.records(slice)
    }
}

impl<'a> Told<'a> {
    fn add(&mut self, key: &'a PartitionKey, data: PartitionData<'a>) {
        let (name, id) = match &key.topic {
            TopicKey::Name(name) => (&**name, Uuid::ZERO),
            TopicKey::Id(id) => ("", *id),
        };
        match self.topics.last_mut() {
            Some(last) if last.topic == name && last.topic_id == id => last.partitions.push(data),
            _ => self.topics.push(FetchableTopicResponse {
                topic: name.into(),
                topic_id: id,
                partitions: vec![data],
            }),
        }
    }

    fn records(&mut self, slice: FileSlice) -> Records<'a> {
        let token = self.slices.len();
        let size = slice.size;
        self.slices.push(slice);
        Records::External { token, size }
    }
}

impl Part {
    /// High watermark and log start offset as they are answered.
    fn offsets(&self) -> (Offset, Offset) {
        self.bounds.map_or((UNKNOWN, UNKNOWN), |bounds| {
            (bounds.high_watermark, bounds.log_start_offset)
        })
    }
}

impl From<&Part> for AnsweredPartition {
    fn from(part: &Part) -> Self {
        let (high_watermark, log_start_offset) = part.offsets();
        Self {
            high_watermark,
            log_start_offset,
            has_records: part.records.is_some(),
            is_error: part.error_code != ErrorCode::NONE,
            is_notable: part.diverging.is_some(),
        }
    }
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
