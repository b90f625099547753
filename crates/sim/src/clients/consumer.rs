//! A consumer that reads by offset, some with an incremental fetch session (KIP-227): from the log
//! start of the partitions it has chosen, again and again behind what it has read.

use super::Surroundings;
use super::auditor;
use super::connection::ClientConnection;
use crate::chance::{between, happens};
use crate::checker::PartitionId;
use broker::chance::Chance;
use protocol::generated::fetch_request::{FetchPartition, FetchTopic};
use protocol::generated::fetch_response::PartitionData;
use protocol::generated::{FetchRequest, FetchResponse};
use protocol::wire::Records;
use protocol::{ErrorCode, Uuid};
use std::collections::{BTreeMap, BTreeSet};

/// Topics are known by id.
const VERSION: i16 = 16;
const FINAL_EPOCH: i32 = -1;

/// A consumer in one life of the node.
pub(crate) struct Consumer {
    surroundings: Surroundings,
    chance: Chance,
    id: u32,
    positions: BTreeMap<PartitionId, i64>,
    session: Option<Session>,
    uses_session: bool,
    /// Where it has to ask where the log begins.
    out_of_range: BTreeSet<PartitionId>,
}

/// A fetch session as the consumer knows it.
#[derive(Debug, Default)]
struct Session {
    id: i32,
    epoch: i32,
    /// What the node was told last.
    told: BTreeMap<PartitionId, i64>,
}

impl Consumer {
    pub(crate) fn new(surroundings: &Surroundings, id: u32) -> Self {
        Self {
            surroundings: surroundings.clone(),
            chance: surroundings.chance(&format!("consumer {id}")),
            id,
            positions: BTreeMap::new(),
            session: None,
            uses_session: id.is_multiple_of(2),
            out_of_range: BTreeSet::new(),
        }
    }

    pub(crate) async fn run(mut self) {
        let mut connection =
            ClientConnection::new(&self.surroundings, &format!("consumer-{}", self.id));
        loop {
            self.choose();
            self.find_log_starts(&mut connection).await;
            let pause_ms = between(&self.chance, 0, 200);
            self.surroundings.sleep_ms(pause_ms).await;
            let (asked, floors) = self.ask();
            let request = self.request(&asked);
            let answer = connection.send(VERSION, &request).await;
            let Some(answer) = answer else {
                self.session = None;
                continue;
            };
            match answer.decode() {
                Ok(response) => self.hear(&response, &floors),
                Err(_) => self.session = None,
            }
        }
    }

    /// Takes more partitions in now and then, and begins again now and then.
    fn choose(&mut self) {
        let live = self.surroundings.checker.lock().topics.live_partitions();
        if live.is_empty() {
            return;
        }
        if self.positions.is_empty() || happens(&self.chance, 10) {
            let partition = live[self.chance.below(live.len())];
            let name = self.surroundings.checker.lock().name_of(partition);
            if !name.starts_with("__") {
                self.positions.insert(partition, 0);
            }
        }
        self.positions
            .retain(|partition, _| live.contains(partition));
    }

    async fn find_log_starts(&mut self, connection: &mut ClientConnection) {
        for id in std::mem::take(&mut self.out_of_range) {
            let topic = self
                .surroundings
                .checker
                .lock()
                .topics
                .find(id.0)
                .map(|topic| topic.name.clone());
            let Some(topic) = topic else { continue };
            let found = auditor::list_offset(connection, &topic, id.1, auditor::EARLIEST).await;
            if let Some(log_start) = found {
                self.positions.insert(id, log_start);
            }
        }
    }

    /// The partitions to name in the next request, and what may not be answered below.
    fn ask(&mut self) -> (BTreeMap<PartitionId, i64>, BTreeMap<PartitionId, i64>) {
        let checker = self.surroundings.checker.lock();
        let floor = |id: &PartitionId| (*id, checker.floor(*id));
        let floors = self.positions.keys().map(floor).collect();
        drop(checker);
        let Some(session) = &mut self.session else {
            return (self.positions.clone(), floors);
        };
        let is_news = |id: &PartitionId, offset: &i64| session.told.get(id) != Some(offset);
        let news = self
            .positions
            .iter()
            .filter(|(id, offset)| is_news(id, offset));
        let news: BTreeMap<_, _> = news.map(|(id, offset)| (*id, *offset)).collect();
        session.told.extend(news.iter());
        (news, floors)
    }

    fn request(&self, asked: &BTreeMap<PartitionId, i64>) -> FetchRequest<'static> {
        let mut topics: BTreeMap<Uuid, Vec<FetchPartition>> = BTreeMap::new();
        let partition_max_bytes = between(&self.chance, 200, 20_000) as i32;
        for ((topic_id, partition), offset) in asked {
            topics.entry(*topic_id).or_default().push(FetchPartition {
                partition: *partition,
                fetch_offset: *offset,
                partition_max_bytes,
                ..FetchPartition::default()
            });
        }
        let (session_id, session_epoch) = match (&self.session, self.uses_session) {
            (Some(session), _) => (session.id, session.epoch),
            (None, true) => (0, 0),
            (None, false) => (0, FINAL_EPOCH),
        };
        FetchRequest {
            max_wait_ms: between(&self.chance, 0, 800) as i32,
            min_bytes: [0, 1, 1, 500][self.chance.below(4)],
            max_bytes: between(&self.chance, 500, 50_000) as i32,
            session_id,
            session_epoch,
            topics: topics
                .into_iter()
                .map(|(topic_id, partitions)| FetchTopic {
                    topic_id,
                    partitions,
                    ..FetchTopic::default()
                })
                .collect(),
            ..FetchRequest::default()
        }
    }

    fn hear(&mut self, response: &FetchResponse<'_>, floors: &BTreeMap<PartitionId, i64>) {
        if response.error_code != ErrorCode::NONE {
            self.session = None;
            return;
        }
        match &mut self.session {
            Some(session) => {
                session.epoch += 1;
                self.surroundings.checker.lock().counters.session_fetches += 1;
            }
            None if response.session_id != 0 => {
                self.session = Some(Session {
                    id: response.session_id,
                    epoch: 1,
                    told: self.positions.clone(),
                });
            }
            None => {}
        }
        for topic in &response.responses {
            for data in &topic.partitions {
                let id = (topic.topic_id, data.partition_index);
                self.hear_partition(id, data, floors.get(&id).copied().unwrap_or(0));
            }
        }
        // The session takes partitions out only when it is told; beginning again is simpler.
        let told = self.session.as_ref().map(|session| &session.told);
        if told.is_some_and(|told| told.keys().any(|id| !self.positions.contains_key(id))) {
            self.session = None;
        }
    }

    fn hear_partition(&mut self, id: PartitionId, data: &PartitionData<'_>, floor: i64) {
        let Some(position) = self.positions.get_mut(&id) else {
            return;
        };
        match data.error_code {
            ErrorCode::NONE => {
                let mut checker = self.surroundings.checker.lock();
                checker.high_watermark(id, floor, data.high_watermark);
                let Some(Records::Inline(bytes)) = data.records else {
                    return;
                };
                let seen = checker.fetched(id, *position, data.high_watermark, bytes);
                if let Some(last) = seen.last() {
                    *position = last.offset + 1;
                    checker.got_on(&format!("consumer {}", self.id));
                }
            }
            ErrorCode::OFFSET_OUT_OF_RANGE => {
                let mut checker = self.surroundings.checker.lock();
                let name = checker.name_of(id);
                checker.record(&name, &format!("offset {position} is out of range"));
                let has_retention = name.starts_with("brief");
                if !has_retention && *position <= floor {
                    let message = format!("{position} was refused below {floor}");
                    checker.violate("high_watermark", &name, &message);
                }
                drop(checker);
                self.out_of_range.insert(id);
            }
            _ => {
                self.positions.remove(&id);
            }
        }
    }
}
