//! The text form of what is in a log, as `tests/compat/java/directories/README.md` describes it.

use std::collections::BTreeSet;
use std::fmt::Write;

use anyhow::{Result, bail};
use protocol::ids::ProducerId;
use protocol::records::TimestampType;
use storage::log::TimestampOffset;
use storage::producer_state::ProducerEntry;

/// A record as a consumer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadRecord {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) timestamp_type: TimestampType,
    pub(crate) timestamp_ms: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

/// The line of a record as a reader of `isolation` gets it.
pub(crate) fn record(isolation: &str, record: &ReadRecord) -> String {
    let headers = record.headers.iter().map(|(key, value)| {
        let (key, value) = (bytes(Some(key)), bytes(value.as_deref()));
        format!("{key}={value}")
    });
    format!(
        "{isolation} {} {} {} {} {} {} [{}]",
        record.offset,
        record.leader_epoch,
        timestamp_type(record.timestamp_type),
        record.timestamp_ms,
        bytes(record.key.as_deref()),
        bytes(record.value.as_deref()),
        headers.collect::<Vec<_>>().join(",")
    )
}

/// The line of a producer that the partition remembers.
pub(crate) fn producer(id: ProducerId, entry: &ProducerEntry) -> String {
    let transaction_start = entry
        .transaction_first_offset()
        .map_or(-1, |offset| offset.0);
    format!(
        "producer {id} {} {} {} {} {transaction_start}",
        entry.producer_epoch(),
        entry.last_sequence(),
        entry.last_timestamp_ms(),
        entry.coordinator_epoch()
    )
}

/// The answer to a look-up by timestamp.
pub(crate) fn found(found: Option<TimestampOffset>) -> String {
    match found {
        Some(found) => format!(
            "{} {} {}",
            found.offset, found.timestamp, found.leader_epoch
        ),
        None => "none".to_owned(),
    }
}

/// Timestamps to look up: some of the given ones in their order, those beside them, and two that
/// none has.
pub(crate) fn looked_up(timestamps_ms: &[i64]) -> BTreeSet<i64> {
    const HOUR_MS: i64 = 3_600_000;
    let mut chosen = BTreeSet::from([0]);
    for part in 0..=4 {
        if let Some(last) = timestamps_ms.len().checked_sub(1) {
            let timestamp = timestamps_ms[last * part / 4];
            chosen.extend([timestamp - 1, timestamp, timestamp + 1]);
        }
    }
    chosen.insert(chosen.last().copied().unwrap_or(0) + HOUR_MS);
    chosen
}

/// Kafka's name of a timestamp type.
pub(crate) fn timestamp_type(timestamp_type: TimestampType) -> &'static str {
    match timestamp_type {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    }
}

/// The records of the lines that [`record`] made for `uncommitted`, but for what they carry.
pub(crate) fn parse_uncommitted(lines: &[&str]) -> Result<Vec<ReadRecord>> {
    let words = lines.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    let uncommitted = words.filter(|words| words[0] == "uncommitted");
    let parsed = uncommitted.map(|words| {
        let [
            "uncommitted",
            offset,
            leader_epoch,
            timestamp_type,
            timestamp,
            ..,
        ] = words[..]
        else {
            bail!("parse record: a line has {} words", words.len());
        };
        Ok(ReadRecord {
            offset: offset.parse()?,
            leader_epoch: leader_epoch.parse()?,
            timestamp_type: match timestamp_type {
                "LogAppendTime" => TimestampType::LogAppendTime,
                _ => TimestampType::CreateTime,
            },
            timestamp_ms: timestamp.parse()?,
            key: None,
            value: None,
            headers: Vec::new(),
        })
    });
    parsed.collect()
}

fn bytes(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else {
        return "null".to_owned();
    };
    bytes.iter().fold("0x".to_owned(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}
