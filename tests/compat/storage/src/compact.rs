//! Writes logs with everything that compaction is about, and cleans them: DIRECTORY/ours is what
//! the crate `storage` has made of DIRECTORY/input, round by round as DIRECTORY/rounds says.
//!
//! Each line of `rounds` is a cleaning: the partition, the first dirty offset, the first offset not
//! to be cleaned, and the time. Apache Kafka's cleaner does the same to a copy
//! (`tests/compat/compaction/Clean.java`).

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use protocol::compression::{Codec, Compression, Compressor};
use protocol::ids::{LeaderEpoch, Offset};
use protocol::records::{
    BatchBuilder, BatchTemplate, EndTransactionMarker, NewRecord, ProducerFields, TransactionResult,
};
use storage::cleaner::{Cleaner, CleanerSettings, CleaningRange, KeyHasher, MapLimits, Pace};
use storage::config::LogConfig;
use storage::log::{AppendOrigin, Codecs, LeaderAppend, Log, OpenOptions};

use crate::node;

/// The same in `Clean.java`.
const DELETE_RETENTION_MS: i64 = 1_000_000;
const SEGMENT_BYTES: u32 = 8_000;
const STEPS: usize = 600;
/// So many transactional and as many idempotent producers write.
const PRODUCERS: u64 = 4;

/// Numbers that look random, the same each time.
struct Numbers(u64);

impl Numbers {
    const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Goes on without a rest.
struct Unhurried;

impl Pace for Unhurried {
    fn pass(&self, _bytes: u64) -> std::pin::Pin<Box<dyn Future<Output = bool> + Send + '_>> {
        Box::pin(std::future::ready(true))
    }
}

/// Writes and cleans.
pub(crate) async fn compact(directory: &Path) -> Result<()> {
    // Not long ago: Apache Kafka forgets producers by its clock.
    let written_ms = node::now_ms() - 3_600_000;
    let mut rounds = String::new();
    for seed in 1..=8 {
        let name = format!("compacted-{seed}");
        let input = directory.join("input").join(&name);
        fs::create_dir_all(&input)?;
        let log = open(&input, written_ms).await?;
        fill(&log, seed, written_ms).await?;
        log.close(written_ms).await?;
        plan(&name, &input, written_ms, &mut rounds)?;
        for side in ["ours", "kafka"] {
            copy(&input, &directory.join(side).join(&name))?;
        }
    }
    fs::write(directory.join("rounds"), &rounds)?;
    for round in rounds.lines() {
        let cleaned = clean(&directory.join("ours"), round).await;
        cleaned.with_context(|| format!("clean {round}"))?;
    }
    Ok(())
}

/// The log of a partition that was closed before, or is new.
async fn open(directory: &Path, now_ms: i64) -> Result<Log> {
    let options = OpenOptions {
        directory: directory.to_owned(),
        config: LogConfig {
            segment_bytes: SEGMENT_BYTES,
            index_interval_bytes: 500,
            compact: true,
            delete: false,
            delete_retention_ms: DELETE_RETENTION_MS,
            ..LogConfig::default()
        },
        log_start_offset: Offset::ZERO,
        recovery_point: Offset::ZERO,
        clean_stop: true,
        jitter_seed: 0,
        now_ms,
    };
    Ok(Log::open(node::disk(), Default::default(), options).await?)
}

/// Plain, idempotent and transactional producers write, delete, commit and abort.
async fn fill(log: &Log, seed: u64, written_ms: i64) -> Result<()> {
    let mut numbers = Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut sequences = [0; 2 * PRODUCERS as usize];
    let mut codecs = Codecs::default();
    for step in 0..STEPS {
        let who = numbers.below(3 * PRODUCERS);
        let id = who.checked_sub(PRODUCERS).map(|id| id as usize);
        let is_transactional = who >= 2 * PRODUCERS;
        let timestamp_ms = written_ms + step as i64;
        let ends = is_transactional && numbers.below(4) == 0;
        let mut template = BatchTemplate::new(0);
        let (mut batch, origin) = if let Some(id) = id.filter(|_| ends) {
            let marker = EndTransactionMarker {
                result: match numbers.below(2) {
                    0 => TransactionResult::Abort,
                    _ => TransactionResult::Commit,
                },
                coordinator_epoch: 1,
            };
            let origin = AppendOrigin::EndTransaction {
                transaction_version: 0,
            };
            (marker.batch(&template, id as i64, 0, timestamp_ms)?, origin)
        } else {
            let count = 1 + numbers.below(6);
            // How well something is compressed is the codec's affair, and with it which segments
            // fit together: so only batches of which nothing can go are compressed.
            let codec = match numbers.below(8) {
                0 => Codec::Lz4,
                _ => Codec::None,
            };
            template.compression = Compression::with_default_level(codec);
            template.transactional = is_transactional;
            if let Some(id) = id {
                template.producer = Some(ProducerFields {
                    id: id as i64,
                    epoch: 0,
                    base_sequence: sequences[id],
                });
                sequences[id] += count as i32;
            }
            let mut builder = BatchBuilder::new(template);
            for record in 0..count {
                let key = match codec {
                    Codec::None => format!("key-{}", numbers.below(60)),
                    _ => format!("once-{step}-{record}"),
                };
                let value = vec![b'a' + record as u8; numbers.below(60) as usize];
                let is_tombstone = codec == Codec::None && numbers.below(5) == 0;
                builder.append(&NewRecord {
                    timestamp_ms: timestamp_ms + numbers.below(20) as i64,
                    key: Some(key.as_bytes()),
                    value: (!is_tombstone).then_some(&value),
                    headers: &[],
                })?;
            }
            (
                builder.finish(&mut Compressor::new())?,
                AppendOrigin::Client,
            )
        };
        let append = LeaderAppend {
            leader_epoch: LeaderEpoch(0),
            origin,
            produce_version: 9,
            now_ms: timestamp_ms,
        };
        log.append_as_leader(&mut batch, &append, &mut codecs)
            .await?;
    }
    Ok(())
}

/// The cleanings of a log: of its first half, of most of it, and of that again when horizons have
/// passed.
fn plan(name: &str, directory: &Path, written_ms: i64, rounds: &mut String) -> Result<()> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory)? {
        let file = entry?.file_name();
        if let Some(digits) = file.to_string_lossy().strip_suffix(".log") {
            segments.push(digits.parse::<i64>()?);
        }
    }
    segments.sort_unstable();
    let (half, end) = (segments[segments.len() / 2], segments[segments.len() - 1]);
    let passed_ms = written_ms + 2 * DELETE_RETENTION_MS;
    for (first_dirty, first_uncleanable, now_ms) in [
        (0, half, written_ms),
        (half, end, written_ms + DELETE_RETENTION_MS / 2),
        (half, end, passed_ms),
        (half, end, passed_ms + 2 * DELETE_RETENTION_MS),
    ] {
        writeln!(rounds, "{name} {first_dirty} {first_uncleanable} {now_ms}")?;
    }
    Ok(())
}

async fn clean(logs: &Path, round: &str) -> Result<()> {
    let [name, numbers @ ..] = &round.split(' ').collect::<Vec<_>>()[..] else {
        anyhow::bail!("read round: it is empty");
    };
    let numbers: Vec<i64> = numbers
        .iter()
        .map(|number| number.parse())
        .collect::<Result<_, _>>()?;
    let range = CleaningRange {
        first_dirty: Offset(numbers[0]),
        first_uncleanable: Offset(numbers[1]),
        clean_bytes: 0,
        cleanable_bytes: 0,
    };
    let settings = CleanerSettings {
        map: MapLimits {
            bytes_max: 1 << 20,
            load_factor: 0.9,
        },
        io_buffer_bytes: 4096,
    };
    let log = open(&logs.join(name), numbers[2]).await?;
    let mut cleaner = Cleaner::new(settings, KeyHasher::new([1; 16]));
    let (end, _) = cleaner.clean(&log, range, &Unhurried, numbers[2]).await?;
    ensure!(end == range.first_uncleanable, "it ends at {end}");
    Ok(log.close(numbers[2]).await?)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}
