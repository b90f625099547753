//! How a record can contradict the image.

use protocol::Uuid;

/// Why a record was not replayed. The log is at odds with itself or with this software; whoever
/// replays it cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// A level of a feature that this software cannot run with.
    #[error("replay feature level: `{name}` has no level {level}")]
    UnknownLevel {
        /// The feature.
        name: String,
        /// The level in the record.
        level: i16,
    },
    /// A change to a broker that is not registered.
    #[error("replay change of broker {id}: it is not registered")]
    NoBroker {
        /// The broker.
        id: i32,
    },
    /// A change to another incarnation of a broker.
    #[error(
        "replay change of broker {id} at epoch {epoch}: it is registered at epoch {registered}"
    )]
    OtherBrokerEpoch {
        /// The broker.
        id: i32,
        /// The epoch in the record.
        epoch: i64,
        /// The epoch in the image.
        registered: i64,
    },
    /// A field holds a number that means nothing.
    #[error("replay record: {field} cannot be {value}")]
    InvalidField {
        /// The field.
        field: &'static str,
        /// Its value.
        value: i64,
    },
    /// A topic whose name or id is taken.
    #[error("replay topic `{name}` with id {id}: `{existing}` is there already")]
    TopicExists {
        /// The name in the record.
        name: String,
        /// The id in the record.
        id: Uuid,
        /// The name of the topic that is in the way.
        existing: String,
    },
    /// A record about a topic that is not there.
    #[error("replay record of topic {id}: there is no such topic")]
    NoTopic {
        /// The topic.
        id: Uuid,
    },
    /// A record about a topic name that is not there.
    #[error("replay record of topic `{name}`: there is no such topic")]
    NoTopicName {
        /// The topic.
        name: String,
    },
    /// A change to a partition that is not there.
    #[error("replay change of partition {index} of topic {topic_id}: there is no such partition")]
    NoPartition {
        /// The topic.
        topic_id: Uuid,
        /// The partition.
        index: i32,
    },
    /// Replicas and directories that do not pair up.
    #[error(
        "replay partition {index} of topic {topic_id}: {replicas} replicas but \
         {directories} directories"
    )]
    UnpairedDirectories {
        /// The topic.
        topic_id: Uuid,
        /// The partition.
        index: i32,
        /// How many replicas there would be.
        replicas: usize,
        /// How many directories there would be.
        directories: usize,
    },
    /// An epoch that cannot be counted further.
    #[error("replay change of partition {index} of topic {topic_id}: its epoch is at its end")]
    EpochExhausted {
        /// The topic.
        topic_id: Uuid,
        /// The partition.
        index: i32,
    },
    /// Producer ids that were given away before.
    #[error("replay producer ids: next id {next} is not behind {known}")]
    ProducerIdsGoBack {
        /// The next id in the record.
        next: i64,
        /// The next id in the image.
        known: i64,
    },
    /// An access control entry to remove that is not there.
    #[error("replay removal of access control entry {id}: there is none")]
    NoAccessControlEntry {
        /// The entry.
        id: Uuid,
    },
    /// A transaction that begins inside another.
    #[error("replay begin of metadata transaction: one is open since offset {since}")]
    TransactionOpen {
        /// The offset at which the open one began.
        since: i64,
    },
    /// An end or abort with nothing open.
    #[error("replay end of metadata transaction: none is open")]
    NoTransaction,
}
