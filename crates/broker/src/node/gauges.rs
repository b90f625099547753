//! What a broker says of its log directories and fetch sessions: Kafka's `LogManager` and
//! `FetchSessionCache`.
//!
//! Not the job of this module: replicas and logs, the cluster, groups; they are sources themselves.

use crate::broker::Broker;
use crate::telemetry::Exposition;
use crate::telemetry::GaugeSource;
use crate::telemetry::families;
use std::sync::Arc;

/// Of one broker.
#[derive(Debug)]
pub(super) struct BrokerGauges(pub(super) Arc<Broker>);

impl GaugeSource for BrokerGauges {
    fn collect(&self, exposition: &mut Exposition) {
        let mut offline_count = 0_u64;
        for directory in self.0.partitions.logs().directories() {
            let is_offline = u64::from(!directory.is_online());
            offline_count += is_offline;
            let path = directory.path().to_string_lossy();
            let labels = [("logdirectory", &*path)];
            exposition.sample(&families::LOG_DIRECTORY_OFFLINE, &labels, is_offline);
        }
        exposition.sample(&families::OFFLINE_LOG_DIRECTORY_COUNT, &[], offline_count);
        let counts = self.0.fetch_sessions.counts();
        let (sessions, partitions) = (counts.sessions as u64, counts.partitions as u64);
        exposition.sample(&families::FETCH_SESSIONS, &[], sessions);
        exposition.sample(&families::FETCH_SESSION_PARTITIONS, &[], partitions);
        exposition.sample(&families::FETCH_SESSION_EVICTIONS, &[], counts.evictions);
    }
}
