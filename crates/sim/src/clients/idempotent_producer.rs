//! An idempotent producer (KIP-98, KIP-360): it sends a batch again until it is acknowledged, over
//! lives of the node too, and begins a new session, with a new producer id, when the node says that
//! its batches do not follow what is there.

use super::Surroundings;
use super::batch::{self, Target, Told};
use super::connection::{ClientConnection, send_on};
use super::producer::pick_target;
use crate::chance::between;
use crate::value::Value;
use broker::chance::Chance;
use net::request_connection::RequestConnection;
use protocol::ErrorCode;
use protocol::generated::InitProducerIdRequest;
use protocol::records::ProducerFields;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinSet;

/// As in Kafka's producer.
const IN_FLIGHT_COUNT_MAX: usize = 5;

/// What survives the client's connections and the node's lives.
#[derive(Debug)]
pub(crate) struct ProducerState {
    id: u32,
    /// Counts producer ids.
    session: u32,
    /// Producer id and epoch.
    given: Option<(i64, i16)>,
    partitions: BTreeMap<Target, PartitionState>,
}

#[derive(Debug, Default)]
struct PartitionState {
    /// How many records of the session were put in batches; the next sequence too.
    written: u64,
    /// Not acknowledged, oldest first.
    unacked: VecDeque<Batch>,
}

#[derive(Debug, Clone)]
struct Batch {
    version: i16,
    values: Vec<Value>,
    bytes: Vec<u8>,
    sent_count: u32,
}

/// A producer in one life of the node.
pub(crate) struct IdempotentProducer {
    surroundings: Surroundings,
    chance: Chance,
    state: Arc<Mutex<ProducerState>>,
}

impl ProducerState {
    pub(crate) const fn new(number: u32) -> Self {
        Self {
            id: Value::IDEMPOTENT + number,
            session: 0,
            given: None,
            partitions: BTreeMap::new(),
        }
    }

    fn begin_session(&mut self) {
        self.session += 1;
        self.given = None;
        self.partitions.clear();
    }

    /// Fills up what is on its way to a partition.
    fn add_batches(&mut self, target: &Target, now_ms: i64, chance: &Chance) {
        let Some((id, epoch)) = self.given else {
            return;
        };
        let (producer, session) = (self.id, self.session);
        let partition = self.partitions.entry(target.clone()).or_default();
        let room = IN_FLIGHT_COUNT_MAX - partition.unacked.len();
        for _ in 0..room.min(between(chance, 1, 5) as usize) {
            let count = between(chance, 1, 4);
            let value = |number| Value {
                producer,
                session,
                number,
            };
            let first = partition.written;
            let values: Vec<_> = (first..first + count).map(value).collect();
            let fields = ProducerFields {
                id,
                epoch,
                base_sequence: first as i32,
            };
            partition.written += count;
            partition.unacked.push_back(Batch {
                version: batch::version_for(chance, &target.topic),
                bytes: batch::build(chance, now_ms, &values, Some(fields)),
                values,
                sent_count: 0,
            });
        }
    }
}

impl IdempotentProducer {
    pub(crate) fn new(surroundings: &Surroundings, state: &Arc<Mutex<ProducerState>>) -> Self {
        let state = Arc::clone(state);
        let id = state.lock().unwrap_or_else(PoisonError::into_inner).id;
        Self {
            surroundings: surroundings.clone(),
            chance: surroundings.chance(&format!("idempotent producer {id}")),
            state,
        }
    }

    pub(crate) async fn run(self) {
        let name = format!("producer-{}", self.state().id);
        let mut connection = ClientConnection::new(&self.surroundings, &name);
        loop {
            let pause_ms = between(&self.chance, 20, 300);
            self.surroundings.sleep_ms(pause_ms).await;
            let has_id = self.state().given.is_some();
            if !has_id && !self.init(&mut connection).await {
                continue;
            }
            if let Some(target) = pick_target(&self.surroundings, &self.chance, |_| true) {
                let now_ms = self.surroundings.wall_ms();
                self.state().add_batches(&target, now_ms, &self.chance);
            }
            let Some(open) = connection.open().await else {
                continue;
            };
            if !self.send_all(&open).await {
                connection.close();
            }
        }
    }

    /// Gets a producer id.
    async fn init(&self, connection: &mut ClientConnection) -> bool {
        let request = InitProducerIdRequest {
            transactional_id: None,
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let Some(answer) = connection.send(4, &request).await else {
            return false;
        };
        let Ok(response) = answer.decode() else {
            return false;
        };
        if response.error_code != ErrorCode::NONE {
            return false;
        }
        let mut state = self.state();
        state.given = Some((response.producer_id, response.producer_epoch));
        self.surroundings
            .checker
            .lock()
            .session_begins(state.id, state.session);
        true
    }

    /// Sends everything that is not acknowledged, in order, and hears what becomes of it; returns
    /// whether the connection is still of use.
    async fn send_all(&self, connection: &Arc<RequestConnection>) -> bool {
        let mut sending = JoinSet::new();
        let mut resent = 0;
        for (target, partition) in &mut self.state().partitions {
            for batch in &mut partition.unacked {
                resent += u64::from(batch.sent_count > 0);
                batch.sent_count += 1;
                let sent = send(
                    self.surroundings.clone(),
                    Arc::clone(connection),
                    target.clone(),
                    batch.clone(),
                );
                sending.spawn(sent);
            }
        }
        self.surroundings.checker.lock().counters.resent += resent;
        let mut is_well = true;
        let mut told = BTreeMap::new();
        while let Some(sent) = sending.join_next().await {
            let Ok((target, first, answer)) = sent else {
                return false;
            };
            is_well &= answer.is_some();
            told.insert((target, first), answer);
        }
        for ((target, first), answer) in told {
            if let Some(answer) = answer {
                self.hear(&target, first, answer);
            }
        }
        is_well
    }

    /// What became of the batch that begins with a record.
    fn hear(&self, target: &Target, first: Value, told: Told) {
        let mut state = self.state();
        if state.session != first.session {
            return;
        }
        let id = state.id;
        let Some(partition) = state.partitions.get_mut(target) else {
            return;
        };
        let begins_with_it = |batch: &Batch| batch.values.first() == Some(&first);
        let Some(position) = partition.unacked.iter().position(begins_with_it) else {
            return;
        };
        let mut checker = self.surroundings.checker.lock();
        match told.error {
            ErrorCode::NONE => {
                let acked = partition.unacked.remove(position);
                // Of a duplicate beyond the window the node does not know where it is.
                if let Some(batch) = acked.filter(|_| told.base_offset >= 0) {
                    checker.acked(target.id, told.base_offset, &batch.values);
                    let number = id - Value::IDEMPOTENT;
                    checker.got_on(&format!("idempotent producer {number}"));
                }
            }
            // What comes behind a batch that failed is out of order, and is sent again with it.
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER if position > 0 => {}
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER | ErrorCode::UNKNOWN_PRODUCER_ID => {
                checker.refused_as_out_of_order(target.id, first);
                state.begin_session();
            }
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID => {
                // The topic is gone, or the node has not heard of it yet.
                let name = checker.name_of(target.id);
                checker.record(&name, &format!("unknown to producer {id}"));
                state.begin_session();
            }
            error => {
                let name = checker.name_of(target.id);
                checker.record(&name, &format!("refused with {}", error.name()));
                if !error.is_retriable() && error != ErrorCode::UNKNOWN_SERVER_ERROR {
                    state.begin_session();
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, ProducerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn send(
    surroundings: Surroundings,
    connection: Arc<RequestConnection>,
    target: Target,
    batch: Batch,
) -> (Target, Value, Option<Told>) {
    let request = batch::request(&target, batch.version, -1, &batch.bytes);
    let answer = send_on(&surroundings, &connection, batch.version, &request).await;
    let told = answer.and_then(|answer| answer.decode().ok().as_ref().and_then(batch::told));
    (target, batch.values[0], told)
}
