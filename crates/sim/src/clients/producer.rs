//! A producer that is not idempotent, with acks 0, 1 or all and several batches in flight; it sends
//! nothing twice.

use super::Surroundings;
use super::batch::{self, Target};
use super::connection::{ClientConnection, send_on};
use crate::chance::{between, happens};
use crate::value::Value;
use broker::chance::Chance;
use net::request_connection::RequestConnection;
use std::sync::Arc;
use tokio::task::JoinSet;

/// A producer in one life of the node.
pub(crate) struct Producer {
    surroundings: Surroundings,
    chance: Chance,
    id: u32,
    acks: i16,
    written: u64,
}

/// One batch on its way.
struct Sending {
    surroundings: Surroundings,
    connection: Arc<RequestConnection>,
    target: Target,
    version: i16,
    acks: i16,
    values: Vec<Value>,
    bytes: Vec<u8>,
}

impl Producer {
    /// A producer, whose session is the life of the node.
    pub(crate) fn new(surroundings: &Surroundings, id: u32) -> Self {
        Self {
            surroundings: surroundings.clone(),
            chance: surroundings.chance(&format!("producer {id}")),
            id,
            acks: [1, -1, 0][id as usize % 3],
            written: 0,
        }
    }

    pub(crate) async fn run(mut self) {
        let mut connection =
            ClientConnection::new(&self.surroundings, &format!("producer-{}", self.id));
        loop {
            let pause_ms = between(&self.chance, 20, 300);
            self.surroundings.sleep_ms(pause_ms).await;
            let Some(open) = connection.open().await else {
                continue;
            };
            let mut sending = JoinSet::new();
            for _ in 0..between(&self.chance, 1, 4) {
                if let Some(target) = pick_target(&self.surroundings, &self.chance, |_| true) {
                    sending.spawn(self.sending(&open, target).run());
                }
            }
            let mut is_well = true;
            while let Some(answered) = sending.join_next().await {
                is_well &= answered.unwrap_or(false);
            }
            if !is_well {
                connection.close();
            }
        }
    }

    fn sending(&mut self, connection: &Arc<RequestConnection>, target: Target) -> Sending {
        let count = between(&self.chance, 1, 5);
        let value = |number| Value {
            producer: self.id,
            session: self.surroundings.life,
            number,
        };
        let values: Vec<_> = (self.written..self.written + count).map(value).collect();
        self.written += count;
        let now_ms = self.surroundings.wall_ms();
        Sending {
            surroundings: self.surroundings.clone(),
            connection: Arc::clone(connection),
            version: batch::version_for(&self.chance, &target.topic),
            target,
            acks: self.acks,
            bytes: batch::build(&self.chance, now_ms, &values, None),
            values,
        }
    }
}

impl Sending {
    /// Returns whether the connection is still of use.
    async fn run(self) -> bool {
        let request = batch::request(&self.target, self.version, self.acks, &self.bytes);
        if self.acks == 0 {
            let sent = self.connection.send_without_answer(self.version, &request);
            return sent.await.is_ok();
        }
        let answer = send_on(&self.surroundings, &self.connection, self.version, &request).await;
        let Some(answer) = answer else {
            return false;
        };
        let mut checker = self.surroundings.checker.lock();
        let name = checker.name_of(self.target.id);
        match answer.decode().ok().as_ref().and_then(batch::told) {
            Some(told) if told.error.0 == 0 => {
                checker.acked(self.target.id, told.base_offset, &self.values);
                checker.got_on(&format!("producer {}", self.values[0].producer));
            }
            Some(told) => {
                checker.record(&name, &format!("refused with {}", told.error.name()));
            }
            None => checker.violate("answers", &name, "a produce response says nothing"),
        }
        true
    }
}

/// A partition of a topic that is there, of those wanted.
pub(super) fn pick_target(
    surroundings: &Surroundings,
    chance: &Chance,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<Target> {
    let checker = surroundings.checker.lock();
    let targets: Vec<_> = checker.topics.live_partitions();
    let named = targets.into_iter().filter_map(|id| {
        let topic = checker.topics.find(id.0)?.name.clone();
        let is_ours = !topic.starts_with("__") && is_wanted(&topic);
        is_ours.then_some(Target { id, topic })
    });
    let targets: Vec<_> = named.collect();
    drop(checker);
    // Half of the writes go to a few partitions, so that some segments get long.
    match targets.len() {
        0 => None,
        count if happens(chance, 50) => targets.into_iter().nth(chance.below(count.min(3))),
        count => targets.into_iter().nth(chance.below(count)),
    }
}
