//! Who leads instead: what answers of Produce and Fetch tell a client that asked the wrong broker,
//! so that it need not ask for metadata first (KIP-951).

use metadata::image::{MetadataImage, NO_LEADER};
use std::collections::BTreeMap;
use storage::directories::TopicIdPartition;

/// Collects the leaders that an answer names, and how this listener's clients reach them.
pub(super) struct LeaderHints<'a> {
    image: &'a MetadataImage,
    listener: &'a str,
    nodes: BTreeMap<i32, Node>,
}

/// The leader of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leader {
    /// The broker; -1 if nobody leads.
    pub(super) id: i32,
    /// Its epoch; -1 if there is no such partition.
    pub(super) epoch: i32,
}

/// How a leader is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: i32,
    pub(super) host: String,
    pub(super) port: i32,
    pub(super) rack: Option<String>,
}

impl<'a> LeaderHints<'a> {
    pub(super) const fn new(image: &'a MetadataImage, listener: &'a str) -> Self {
        Self {
            image,
            listener,
            nodes: BTreeMap::new(),
        }
    }

    /// Who leads; how it is reached is remembered for [`Self::into_nodes`].
    pub(super) fn leader_of(&mut self, id: TopicIdPartition) -> Leader {
        let partition = self.image.topics().partition(id.topic_id, id.partition);
        let Some(partition) = partition else {
            return Leader {
                id: NO_LEADER,
                epoch: -1,
            };
        };
        let cluster = self.image.cluster();
        if let Some((broker, endpoint)) = cluster.reached(partition.leader, self.listener) {
            self.nodes.entry(broker.id).or_insert_with(|| Node {
                id: broker.id,
                host: endpoint.host.clone(),
                port: i32::from(endpoint.port),
                rack: broker.rack.clone(),
            });
        }
        Leader {
            id: partition.leader,
            epoch: partition.leader_epoch,
        }
    }

    /// The leaders that were named, in the order of their ids.
    pub(super) fn into_nodes(self) -> impl Iterator<Item = Node> {
        self.nodes.into_values()
    }
}
