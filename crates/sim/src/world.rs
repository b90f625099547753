//! What outlives the node: its disk, its configuration, calendar time.

use crate::chance;
use broker::chance::Chance;
use broker::clock::WallClock;
use broker::config::{Base, BrokerConfig, Sources};
use metadata::controller::bootstrap_records;
use metadata::features::{MetadataVersion, default_levels};
use quorum::{FormatOptions, InitialVoters, format};
use raft::Endpoint;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use storage::directories::NodeIdentity;
use storage::disk::simulated::SimulatedDisk;
use tokio::time::Instant;

use crate::clients::{NODE, PORT};

/// When every run begins, in milliseconds since 1970.
pub(crate) const WALL_ORIGIN_MS: i64 = 1_800_000_000_000;
pub(crate) const LOG_DIR: &str = "/data";

/// What outlives the node.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) disk: Arc<SimulatedDisk>,
    pub(crate) config: Arc<BrokerConfig>,
    /// Calendar time, since 1970, at which the next life begins.
    pub(crate) wall_ms: i64,
}

/// Calendar time that goes on with tokio's.
#[derive(Debug)]
pub(crate) struct SimulatedWallClock {
    pub(crate) base_ms: i64,
    pub(crate) began: Instant,
}

impl WallClock for SimulatedWallClock {
    fn wall_ms(&self) -> i64 {
        self.base_ms + self.began.elapsed().as_millis() as i64
    }
}

impl World {
    /// A world with an empty disk.
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            seed,
            disk: Arc::new(SimulatedDisk::new(chance::number(seed, "disk"))),
            config: Arc::new(config(seed)),
            wall_ms: WALL_ORIGIN_MS,
        }
    }

    /// Formats the disk.
    pub(crate) async fn format(&self) {
        let chance = chance::stream(self.seed, "format");
        let formatted = format(self.disk.as_ref(), &self.options(&chance)).await;
        formatted.expect("an empty disk on which nothing fails can be formatted");
    }

    fn options(&self, chance: &Chance) -> FormatOptions {
        let records = bootstrap_records(&default_levels(MetadataVersion::LATEST));
        let frames = records.iter().map(|record| record.to_frame());
        FormatOptions {
            identity: NodeIdentity {
                node_id: self.config.node.id.0,
                cluster_id: chance.uuid().to_string(),
            },
            log_dirs: vec![(PathBuf::from(LOG_DIR), chance.uuid())],
            metadata_log_dir: PathBuf::from(LOG_DIR),
            bootstrap_records: frames
                .collect::<Result<_, _>>()
                .expect("the records of a new cluster can be written down"),
            voters: InitialVoters::Standalone {
                endpoints: vec![Endpoint {
                    name: "CONTROLLER".to_owned(),
                    host: NODE.to_string(),
                    port: PORT + 1,
                }],
            },
            ignore_formatted: false,
            now_ms: self.wall_ms,
        }
    }

    /// Some time passes while there is no node.
    pub(crate) fn pass(&mut self, lived: Duration) {
        let chance = chance::stream(self.seed, &format!("pause at {}", self.wall_ms));
        self.wall_ms += lived.as_millis() as i64 + chance::between(&chance, 10, 3_000) as i64;
    }
}

/// Short intervals, so that much happens in little time; else Kafka's defaults, but that some seeds
/// flush by time.
fn config(seed: u64) -> BrokerConfig {
    let (client, controller) = (PORT, PORT + 1);
    let listeners = format!("PLAINTEXT://{NODE}:{client},CONTROLLER://{NODE}:{controller}");
    let mut overrides = vec![
        format!("listeners={listeners}"),
        format!("advertised.listeners={listeners}"),
        "auto.create.topics.enable=false".to_owned(),
        "offsets.topic.num.partitions=2".to_owned(),
        "group.initial.rebalance.delay.ms=200".to_owned(),
        "group.min.session.timeout.ms=500".to_owned(),
        "log.retention.check.interval.ms=3000".to_owned(),
        "log.segment.delete.delay.ms=3000".to_owned(),
        "log.flush.offset.checkpoint.interval.ms=2000".to_owned(),
        "log.flush.start.offset.checkpoint.interval.ms=2500".to_owned(),
        "replica.high.watermark.checkpoint.interval.ms=1500".to_owned(),
        "metadata.log.max.record.bytes.between.snapshots=20000".to_owned(),
    ];
    if chance::happens(&chance::stream(seed, "configuration"), 50) {
        overrides.push("log.flush.interval.ms=700".to_owned());
    }
    let sources = Sources {
        base: Base::Standalone(Path::new(LOG_DIR)),
        environment: &[],
        overrides: &overrides,
    };
    let loaded = BrokerConfig::load(&sources);
    loaded
        .expect("the configuration of the simulation is sound")
        .0
}
