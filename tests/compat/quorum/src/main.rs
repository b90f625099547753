//! Formats a log directory on which Apache Kafka then starts, and takes over the metadata log that
//! Apache Kafka has left, by one epoch.
//!
//! Not the job of this program: running Apache Kafka. `check` beside it does.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use metadata::VersionedRecord;
use metadata::controller::bootstrap_records;
use metadata::features::{MetadataVersion, default_levels};
use protocol::Uuid;
use protocol::generated::metadata::{MetadataRecord, NoOpRecord};
use protocol::ids::Offset;
use protocol::time::Now;
use protocol::wire::Writer;
use quorum::{
    Committed, FormatOptions, InitialVoters, METADATA_DIRECTORY, MetadataLogConfig, Quorum,
    QuorumOptions, format,
};
use raft::{BatchContent, Endpoint, VoterSet};
use storage::checkpoint::{self, MetaProperties};
use storage::directories::NodeIdentity;
use storage::directory_health::DirectoryHealth;
use storage::disk::{Disk, RealDisk};

const NODE_ID: i32 = 1;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    match arguments[..] {
        ["format", log_dir, port] => runtime.block_on(format_for_kafka(log_dir, port.parse()?)),
        ["take-over", log_dir, port] => runtime.block_on(take_over(log_dir, port.parse()?)),
        _ => bail!("usage: compat-quorum format LOG_DIR PORT | take-over LOG_DIR PORT"),
    }
}

async fn format_for_kafka(log_dir: &str, port: u16) -> Result<()> {
    let log_dir = PathBuf::from(log_dir);
    let bootstrap_records = bootstrap_records(&default_levels(MetadataVersion::LATEST))
        .iter()
        .map(VersionedRecord::to_frame)
        .collect::<Result<_, _>>()?;
    let options = FormatOptions {
        identity: NodeIdentity {
            node_id: NODE_ID,
            cluster_id: Uuid::from_u128(0x1234_5678).to_string(),
        },
        log_dirs: vec![(log_dir.clone(), Uuid::from_random_bytes([7; 16]))],
        metadata_log_dir: log_dir,
        bootstrap_records,
        voters: InitialVoters::Standalone {
            endpoints: vec![endpoint(port)],
        },
        ignore_formatted: false,
        now_ms: wall_ms(),
    };
    let formatted = format(disk().as_ref(), &options).await?;
    ensure!(formatted.formatted.len() == 1, "{formatted:?}");
    Ok(())
}

/// Leads the quorum for one epoch: reads everything, appends a record, takes a snapshot. Prints the
/// path of the snapshot.
async fn take_over(log_dir: &str, port: u16) -> Result<()> {
    let log_dir = Path::new(log_dir);
    let disk = disk();
    let _lock = disk.lock(&log_dir.join(".lock")).await?;
    let meta = log_dir.join(MetaProperties::FILE_NAME);
    let meta = checkpoint::load::<MetaProperties>(disk.as_ref(), &meta).await?;
    let clock = Instant::now();
    let now = || Now {
        monotonic_ms: clock.elapsed().as_millis() as u64,
        wall_ms: wall_ms(),
    };
    let options = QuorumOptions {
        log_dir: log_dir.to_owned(),
        node_id: NODE_ID,
        directory_id: meta.context("find meta.properties")?.directory_id,
        endpoints: vec![endpoint(port)],
        configured_voters: VoterSet::default(),
        config: MetadataLogConfig::default(),
    };
    let quorum = Quorum::open(
        disk.clone(),
        Arc::new(DirectoryHealth::default()),
        options,
        now(),
    );
    let quorum = Arc::new(quorum.await?);
    let epoch = quorum.start(now()).await?;
    let end_offset = {
        let appended = quorum.append(epoch, &[no_op()?], now()).await?;
        quorum.commit(appended.last_offset.next(), now()).await?
    };
    let records = history(&quorum, end_offset).await?;
    let id = quorum.snapshot(end_offset, &records, now()).await?;
    ensure!(id.epoch == epoch, "the snapshot is of epoch {}", id.epoch);
    quorum.close(now()).await?;
    let snapshot = log_dir
        .join(METADATA_DIRECTORY)
        .join(format!("{id}.checkpoint"));
    writeln!(io::stdout(), "{}", snapshot.display())?;
    Ok(())
}

/// All records up to the high watermark that make the image of the metadata: replayed in order
/// they give it, so that they serve as a snapshot.
async fn history(quorum: &Arc<Quorum>, high_watermark: Offset) -> Result<Vec<Vec<u8>>> {
    let mut listener = quorum.listen(Offset::ZERO);
    let mut records = Vec::new();
    while listener.position() < high_watermark {
        match listener.next().await? {
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
    let mut image = Vec::new();
    for frame in records {
        let (record, _) = MetadataRecord::decode_frame(&frame)?;
        let is_of_image = !matches!(
            record,
            MetadataRecord::NoOp(_)
                | MetadataRecord::BeginTransaction(_)
                | MetadataRecord::EndTransaction(_)
        );
        if is_of_image {
            image.push(frame);
        }
    }
    Ok(image)
}

fn no_op() -> Result<Vec<u8>> {
    let mut writer = Writer::new();
    MetadataRecord::NoOp(NoOpRecord::default()).encode_frame(&mut writer, 0)?;
    Ok(writer.into_parts().0)
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint {
        name: "CONTROLLER".to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
    }
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk::new(NonZeroUsize::MIN.saturating_add(63)))
}

fn wall_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    since.as_millis() as i64
}
