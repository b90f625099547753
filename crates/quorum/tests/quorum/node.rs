//! A node whose log directory is `/data`, formatted as `--standalone`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use protocol::Uuid;
use protocol::ids::{LeaderEpoch, Offset};
use protocol::time::Now;
use quorum::{
    Committed, FormatError, FormatOptions, Formatted, InitialVoters, MetadataLogConfig, OpenError,
    Quorum, QuorumOptions, format,
};
use raft::{BatchContent, Endpoint, VoterSet};
use storage::directories::NodeIdentity;
use storage::directory_health::DirectoryHealth;
use storage::disk::{self, Disk};

pub(crate) const LOG: &str = "/data/__cluster_metadata-0";
pub(crate) const CLUSTER: &str = "iykqZaBdSNekMPfftoQUpg";

/// The feature records of the `bootstrap.checkpoint` that Kafka writes, in their frames.
pub(crate) const FEATURES: [&str; 6] = [
    "010c00116d657461646174612e76657273696f6e001e00",
    "010c0021656c696769626c652e6c65616465722e7265706c696361732e76657273696f6e000100",
    "010c000e67726f75702e76657273696f6e000100",
    "010c000e73686172652e76657273696f6e000100",
    "010c001073747265616d732e76657273696f6e000100",
    "010c00147472616e73616374696f6e2e76657273696f6e000200",
];

pub(crate) fn directory_id() -> Uuid {
    "Le9E-thxSbm6hFerTHjKBQ".parse().unwrap()
}

pub(crate) const fn at(wall_ms: i64) -> Now {
    Now {
        monotonic_ms: wall_ms as u64,
        wall_ms,
    }
}

pub(crate) fn format_options(now_ms: i64) -> FormatOptions {
    FormatOptions {
        identity: NodeIdentity {
            node_id: 1,
            cluster_id: CLUSTER.to_owned(),
        },
        log_dirs: vec![(PathBuf::from("/data"), directory_id())],
        metadata_log_dir: PathBuf::from("/data"),
        bootstrap_records: FEATURES.map(hex).to_vec(),
        voters: InitialVoters::Standalone {
            endpoints: vec![endpoint(29093)],
        },
        ignore_formatted: false,
        now_ms,
    }
}

pub(crate) fn endpoint(port: u16) -> Endpoint {
    Endpoint {
        name: "CONTROLLER".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
    }
}

pub(crate) async fn format_standalone(disk: &dyn Disk) -> Result<Formatted, FormatError> {
    format(disk, &format_options(1000)).await
}

pub(crate) async fn open_with(
    disk: &Arc<dyn Disk>,
    config: MetadataLogConfig,
) -> Result<Arc<Quorum>, OpenError> {
    open_as(disk, config, VoterSet::default()).await
}

/// A node with `controller.quorum.voters`.
pub(crate) async fn open_with_voters(
    disk: &Arc<dyn Disk>,
    configured_voters: VoterSet,
) -> Result<Arc<Quorum>, OpenError> {
    open_as(disk, MetadataLogConfig::default(), configured_voters).await
}

async fn open_as(
    disk: &Arc<dyn Disk>,
    config: MetadataLogConfig,
    configured_voters: VoterSet,
) -> Result<Arc<Quorum>, OpenError> {
    let options = QuorumOptions {
        log_dir: PathBuf::from("/data"),
        node_id: 1,
        directory_id: Some(directory_id()),
        endpoints: vec![endpoint(29093)],
        configured_voters,
        config,
    };
    let health = Arc::new(DirectoryHealth::default());
    Quorum::open(disk.clone(), health, options, at(2000))
        .await
        .map(Arc::new)
}

pub(crate) async fn open(disk: &Arc<dyn Disk>) -> Arc<Quorum> {
    open_with(disk, MetadataLogConfig::default()).await.unwrap()
}

/// Appends records and waits until they are committed; returns the high watermark.
pub(crate) async fn commit(quorum: &Quorum, epoch: LeaderEpoch, records: &[&str]) -> Offset {
    let appended = quorum.append(epoch, records, at(3000)).await.unwrap();
    let end_offset = appended.last_offset.next();
    quorum.commit(end_offset, at(3000)).await.unwrap()
}

/// All records that are committed, in order, with those of the latest snapshot first.
pub(crate) async fn committed(quorum: &Arc<Quorum>) -> Vec<String> {
    let mut listener = quorum.listen(Offset::ZERO);
    let mut records = Vec::new();
    while Some(listener.position()) < quorum.high_watermark() {
        match listener.next().await.unwrap() {
            Committed::Snapshot(snapshot) => records = snapshot.records,
            Committed::Batches(batches) => {
                for batch in batches {
                    if let BatchContent::Data(values) = batch.content {
                        records.extend(values);
                    }
                }
            }
        }
    }
    let texts = records
        .into_iter()
        .map(|record| String::from_utf8(record).unwrap());
    texts.collect()
}

pub(crate) async fn read(disk: &dyn Disk, path: &str) -> Vec<u8> {
    disk::read_whole(disk, Path::new(path), 1 << 20)
        .await
        .unwrap()
        .unwrap()
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16))
        .collect();
    digits
        .chunks(2)
        .map(|pair| (pair[0] * 16 + pair[1]) as u8)
        .collect()
}
