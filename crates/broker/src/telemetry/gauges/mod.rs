//! Gauges, computed when the metrics are collected, from what other parts of the node hold anyway.

mod compaction;
mod controller;
mod metadata;
mod process;
mod replicas;

use super::exposition::Exposition;

pub use compaction::CompactionGauges;
pub use controller::ControllerGauges;
pub use metadata::MetadataGauges;
pub use process::ProcessGauges;
pub use replicas::{LeadershipStatus, LogStatus, ReplicaGauges, ReplicaStatus, Replicas};

/// Something that knows the values of gauges.
pub trait GaugeSource: Send + Sync {
    /// Writes its samples. Must not wait; it runs between two requests.
    fn collect(&self, exposition: &mut Exposition);
}

impl<F: Fn(&mut Exposition) + Send + Sync> GaugeSource for F {
    fn collect(&self, exposition: &mut Exposition) {
        self(exposition);
    }
}
