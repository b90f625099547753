//! Where the replicas of new partitions go: Kafka's striped placement.
//!
//! Leaders go round the racks, each rack going round its brokers; the other replicas of a partition
//! go to the racks behind. After as many partitions as there are brokers the order is drawn anew,
//! so that brokers do not always follow the same leader. Fenced brokers come last and never first.

use std::collections::BTreeMap;

use protocol::{ErrorCode, Uuid};

use super::{ApiError, Controller};

/// The chance that placement and new topics need, drawn by the caller.
pub trait Chance {
    /// A number below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize;

    /// A new topic id.
    fn topic_id(&mut self) -> Uuid;
}

impl Controller<'_> {
    /// The replicas of so many new partitions, the preferred leader first.
    pub(super) fn place(
        &self,
        partition_count: i32,
        replication_factor: i16,
        chance: &mut dyn Chance,
    ) -> Result<Vec<Vec<i32>>, ApiError> {
        let mut racks = Racks::new(self, chance);
        let refused = |reason: String| {
            let message =
                format!("Unable to replicate the partition {replication_factor} time(s): {reason}");
            ApiError::new(ErrorCode::INVALID_REPLICATION_FACTOR, message)
        };
        if racks.unfenced_count == 0 {
            let reason =
                "All brokers are currently fenced, or have all their log directories cordoned.";
            return Err(refused(reason.to_owned()));
        }
        let replica_count = usize::try_from(replication_factor).unwrap_or(0);
        if replica_count > racks.broker_count {
            return Err(refused(format!(
                "The target replication factor of {replication_factor} cannot be reached because \
                 only {} broker(s) are registered or some brokers have all their log directories \
                 cordoned.",
                racks.broker_count
            )));
        }
        Ok((0..partition_count)
            .map(|_| racks.next(replica_count, chance))
            .collect())
    }
}

struct Racks {
    racks: Vec<Rack>,
    broker_count: usize,
    unfenced_count: usize,
    /// Partitions since the order was drawn.
    round: usize,
    offset: usize,
}

#[derive(Default)]
struct Rack {
    unfenced: Brokers,
    fenced: Brokers,
}

#[derive(Default)]
struct Brokers {
    ids: Vec<i32>,
    index: usize,
    offset: usize,
    round: usize,
}

impl Racks {
    fn new(controller: &Controller<'_>, chance: &mut dyn Chance) -> Self {
        let mut by_name: BTreeMap<Option<&str>, Rack> = BTreeMap::new();
        let (mut broker_count, mut unfenced_count) = (0, 0);
        for broker in controller.image().cluster().brokers() {
            if broker.in_controlled_shutdown || !broker.has_uncordoned_directory() {
                continue;
            }
            let rack = by_name.entry(broker.rack.as_deref()).or_default();
            broker_count += 1;
            if broker.fenced {
                rack.fenced.ids.push(broker.id);
            } else {
                unfenced_count += 1;
                rack.unfenced.ids.push(broker.id);
            }
        }
        let mut racks: Vec<Rack> = by_name.into_values().collect();
        for brokers in racks
            .iter_mut()
            .flat_map(|rack| [&mut rack.fenced, &mut rack.unfenced])
        {
            if !brokers.ids.is_empty() {
                brokers.offset = chance.below(brokers.ids.len());
            }
        }
        let offset = if racks.is_empty() {
            0
        } else {
            chance.below(racks.len())
        };
        Self {
            racks,
            broker_count,
            unfenced_count,
            round: 0,
            offset,
        }
    }

    /// Needs an unfenced broker, and no more replicas than there are brokers.
    fn next(&mut self, replica_count: usize, chance: &mut dyn Chance) -> Vec<i32> {
        if self.round == self.unfenced_count && self.unfenced_count > 1 {
            self.shuffle(chance);
            self.round = 0;
        }
        let count = self.racks.len();
        let start = self.offset % count;
        let round = self.round;
        let mut replicas = Vec::with_capacity(replica_count);
        let mut leader_rack = None;
        for index in (start..start + count).map(|index| index % count) {
            if let Some(broker) = self.racks[index].unfenced.next(round) {
                replicas.push(broker);
                leader_rack = Some(index);
                break;
            }
        }
        // The leader's rack is passed over once, then takes its turns like the others.
        let mut index = start;
        let mut barren_count = 0;
        while replicas.len() < replica_count && barren_count <= count {
            if leader_rack == Some(index) {
                leader_rack = None;
            } else if let Some(broker) = self.racks[index].next(round) {
                replicas.push(broker);
                barren_count = 0;
            } else {
                barren_count += 1;
            }
            index = (index + 1) % count;
        }
        self.round += 1;
        self.offset = start + 1;
        replicas
    }

    fn shuffle(&mut self, chance: &mut dyn Chance) {
        shuffle(&mut self.racks, chance);
        for rack in &mut self.racks {
            shuffle(&mut rack.fenced.ids, chance);
            shuffle(&mut rack.unfenced.ids, chance);
        }
    }
}

impl Rack {
    fn next(&mut self, round: usize) -> Option<i32> {
        self.unfenced
            .next(round)
            .or_else(|| self.fenced.next(round))
    }
}

impl Brokers {
    /// The next broker of this round, each once.
    fn next(&mut self, round: usize) -> Option<i32> {
        let count = self.ids.len();
        if count == 0 {
            return None;
        }
        if self.round != round {
            self.round = round;
            self.index = 0;
            self.offset = (self.offset + 1) % count;
        }
        if self.index >= count {
            return None;
        }
        let id = self.ids[(self.index + self.offset) % count];
        self.index += 1;
        Some(id)
    }
}

fn shuffle<T>(items: &mut [T], chance: &mut dyn Chance) {
    for bound in (2..=items.len()).rev() {
        items.swap(bound - 1, chance.below(bound));
    }
}
