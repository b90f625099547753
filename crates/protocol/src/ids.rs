//! Numbers that must not be mistaken for each other: offsets, epochs, ids of producers and brokers.
//!
//! Wire structs carry plain integers; they become these types at the edge.

use std::fmt;

macro_rules! number {
    ($($(#[$doc:meta])* $name:ident($type:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $type);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    )*};
}

number! {
    /// The position of a record in its partition; the first is 0, gaps are allowed.
    Offset(i64);
    /// How many leaders a partition has had before this one.
    LeaderEpoch(i32);
    /// An idempotent or transactional producer.
    ProducerId(i64);
    /// The incarnation of a producer id; a higher one fences the lower.
    ProducerEpoch(i16);
    /// The incarnation of a transaction coordinator, carried by its markers.
    CoordinatorEpoch(i32);
    /// A broker, and the replica it holds.
    BrokerId(i32);
    /// The incarnation of a broker: grows with each registration (KIP-841, KIP-903).
    BrokerEpoch(i64);
    /// Grows with each change of a partition's leader, in-sync replicas or assignment (KIP-497).
    PartitionEpoch(i32);
}

impl Offset {
    /// The first offset of every partition.
    pub const ZERO: Self = Self(0);

    /// The offset `count` behind this one, or the last one there is.
    #[must_use]
    pub const fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The offset that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }
}

impl LeaderEpoch {
    /// No epoch is known.
    pub const NONE: Self = Self(-1);
}

impl ProducerId {
    /// The batch has no producer id: neither idempotent nor transactional.
    pub const NONE: Self = Self(-1);
}

impl BrokerEpoch {
    /// The broker did not say; Fetch requests before version 15 cannot.
    pub const NONE: Self = Self(-1);
}
