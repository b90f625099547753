//! How far the node follows the metadata log.

use super::GaugeSource;
use crate::metadata_cache::MetadataCache;
use crate::telemetry::exposition::Exposition;
use crate::telemetry::families;
use std::sync::Arc;

/// For every node.
#[derive(Debug)]
pub struct MetadataGauges {
    metadata: Arc<MetadataCache>,
}

impl MetadataGauges {
    /// Of this cache.
    pub const fn new(metadata: Arc<MetadataCache>) -> Self {
        Self { metadata }
    }
}

impl GaugeSource for MetadataGauges {
    fn collect(&self, exposition: &mut Exposition) {
        let applied = self.metadata.current().end_offset.0 - 1;
        exposition.sample(&families::LAST_APPLIED_RECORD_OFFSET, &[], applied);
    }
}
