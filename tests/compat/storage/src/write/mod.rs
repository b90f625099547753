//! Writes log directories for Apache Kafka to read: DIRECTORY/clean was closed in order,
//! DIRECTORY/crashed was not closed at all.
//!
//! In each, `log` is the log directory; `expected` has a file for each partition with what its log
//! holds, in the form of `tests/compat/java/directories/README.md`; `dump` has one with the lines
//! that `kafka-dump-log` prints for its records.

mod samples;
mod scribe;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use protocol::Uuid;
use protocol::compression::{Codec, Compression};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::TransactionResult;
use storage::config::LogConfig;
use storage::directories::NewPartition;
use storage::names::TopicPartition;

use self::scribe::{Producer, Scribe};
use crate::describe::describe;
use crate::node::{self, Node};

const CODECS: [Codec; 5] = [
    Codec::None,
    Codec::Gzip,
    Codec::Snappy,
    Codec::Lz4,
    Codec::Zstd,
];

/// Writes both log directories below `directory`.
pub(crate) async fn write(directory: &Path) -> Result<()> {
    write_log_dir(&directory.join("clean"), Ending::Closed).await?;
    write_log_dir(&directory.join("crashed"), Ending::Abandoned).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Closed,
    Abandoned,
}

/// The topics, of one partition each; [`fill`] says what is in them.
const TOPICS: [&str; 8] = [
    "codecs",
    "append-time",
    "full-index",
    "idempotent",
    "transactions",
    "epochs",
    "shortened",
    "empty",
];

async fn write_log_dir(directory: &Path, ending: Ending) -> Result<()> {
    for folder in ["expected", "dump"] {
        fs::create_dir_all(directory.join(folder))?;
    }
    let node = Node::start_new(&directory.join("log")).await?;
    for (topic, id) in TOPICS.into_iter().zip(100..) {
        let new = NewPartition {
            topic_partition: TopicPartition {
                topic: topic.parse()?,
                partition: 0,
            },
            topic_id: Uuid::from_u128(id),
            config: config(topic),
            is_new: true,
            directory: None,
        };
        let partition = node.directories.create(new, node::now_ms()).await?;
        let name = partition.topic_partition().to_string();
        let mut scribe = Scribe::new(partition);
        let filled = fill(topic, &mut scribe).await;
        filled.with_context(|| format!("write {name}"))?;

        let description = describe(scribe.log()).await?;
        scribe.check(&description.records)?;
        let expected = description.lines.join("\n") + "\n";
        fs::write(directory.join("expected").join(&name), expected)?;
        let dump = scribe.dump_lines().join("\n") + "\n";
        fs::write(directory.join("dump").join(&name), dump)?;
    }
    match ending {
        Ending::Closed => node.stop().await,
        Ending::Abandoned => {
            node.directories.checkpoint_recovery_points().await;
            node.directories.checkpoint_log_start_offsets().await;
            Ok(())
        }
    }
}

/// Small segments with many index entries, and what the topic is about.
fn config(topic: &str) -> LogConfig {
    let small = LogConfig {
        segment_bytes: 20_000,
        index_interval_bytes: 1000,
        ..LogConfig::default()
    };
    match topic {
        "append-time" => LogConfig {
            log_append_time: true,
            ..small
        },
        "full-index" => LogConfig {
            segment_bytes: 1 << 20,
            segment_index_bytes: 64,
            ..small
        },
        _ => small,
    }
}

async fn fill(topic: &str, scribe: &mut Scribe) -> Result<()> {
    match topic {
        "idempotent" => idempotent(scribe).await,
        "transactions" => transactions(scribe).await,
        "epochs" => epochs(scribe).await,
        "shortened" => shortened(scribe).await,
        "empty" => Ok(()),
        _ => codecs(scribe).await,
    }
}

/// Batches of every codec, over several segments; some of them durable.
async fn codecs(scribe: &mut Scribe) -> Result<()> {
    for round in 0..20 {
        for codec in CODECS {
            scribe
                .append(Compression::with_default_level(codec), None, 1 + round)
                .await?;
        }
        if round == 8 {
            scribe.flush().await?;
        }
    }
    Ok(())
}

/// Producers with ids, one of them with more batches than are remembered, one of a new epoch.
async fn idempotent(scribe: &mut Scribe) -> Result<()> {
    let mut producers = [
        Producer::new(10, 0),
        Producer::new(11, 4),
        Producer::new(12, 0),
    ];
    for round in 0..30 {
        let turns = if round < 5 { 3 } else { 2 };
        for producer in &mut producers[..turns] {
            scribe.append(Compression::NONE, Some(producer), 7).await?;
        }
    }
    scribe.flush().await?;
    producers[0] = Producer::new(10, 1);
    for _ in 0..3 {
        scribe
            .append(Compression::NONE, Some(&mut producers[0]), 5)
            .await?;
    }
    Ok(())
}

/// Two producers whose transactions overlap, each third aborted, with plain batches in between; one
/// transaction stays open. The markers of the second bump its epoch (KIP-890).
async fn transactions(scribe: &mut Scribe) -> Result<()> {
    let mut one = Producer::transactional(20, 0, 1);
    let mut other = Producer::transactional(21, 3, 2);
    for round in 0..24 {
        let result = |aborts| match aborts {
            true => TransactionResult::Abort,
            false => TransactionResult::Commit,
        };
        scribe.append(Compression::NONE, Some(&mut one), 4).await?;
        scribe
            .append(Compression::NONE, Some(&mut other), 6)
            .await?;
        scribe.append(Compression::NONE, None, 2).await?;
        scribe.append(Compression::NONE, Some(&mut one), 3).await?;
        scribe.end(&mut one, result(round % 3 == 1)).await?;
        if round == 12 {
            scribe.flush().await?;
        }
        scribe
            .append(Compression::NONE, Some(&mut other), 3)
            .await?;
        scribe.end(&mut other, result(round % 3 == 2)).await?;
    }
    scribe.append(Compression::NONE, Some(&mut one), 9).await?;
    scribe.append(Compression::NONE, None, 9).await
}

/// Leaders that follow each other, one of them without records.
async fn epochs(scribe: &mut Scribe) -> Result<()> {
    for epoch in [0, 1, 4, 5, 9] {
        scribe.lead(LeaderEpoch(epoch)).await?;
        let batches = if epoch == 4 { 0 } else { 12 };
        for _ in 0..batches {
            scribe.append(Compression::NONE, None, 10).await?;
        }
    }
    Ok(())
}

/// A log whose first records were deleted, up to the middle of a batch.
async fn shortened(scribe: &mut Scribe) -> Result<()> {
    for _ in 0..60 {
        scribe.append(Compression::NONE, None, 10).await?;
    }
    scribe.log().advance_log_start(Offset(333)).await?;
    scribe.delete_segments().await
}
