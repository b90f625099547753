//! Numbers of brokers and partitions that must not be mistaken for each other.

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
    /// A broker, and the replica it holds.
    BrokerId(i32);
    /// The incarnation of a broker: grows with each registration (KIP-841, KIP-903).
    BrokerEpoch(i64);
    /// Grows with each change of a partition's leader, in-sync replicas or assignment (KIP-497).
    PartitionEpoch(i32);
}

impl BrokerEpoch {
    /// The broker did not say; Fetch requests before version 15 cannot.
    pub const NONE: Self = Self(-1);
}
