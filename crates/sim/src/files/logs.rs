//! The logs of partitions, scanned batch by batch.

use super::Files;
use protocol::Uuid;
use protocol::records::{BatchHeader, BatchView, Batches};
use std::collections::BTreeMap;
use std::path::Path;

/// The log of a partition.
#[derive(Debug, Clone)]
pub(crate) struct ScannedLog {
    /// From `partition.metadata`.
    pub(crate) topic_id: Option<Uuid>,
    /// In order of their base offsets.
    pub(crate) segments: Vec<ScannedSegment>,
}

/// A `.log` file up to its first unsound batch.
#[derive(Debug, Clone)]
pub(crate) struct ScannedSegment {
    pub(crate) base_offset: i64,
    /// The batches, each with its position.
    pub(crate) batches: Vec<(u32, BatchHeader)>,
    pub(crate) bytes: Vec<u8>,
    /// Whether something stands behind the sound batches.
    pub(crate) has_rest: bool,
}

/// Whether a file is part of what is scanned here.
pub(crate) fn is_wanted(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".log") || name.ends_with("/partition.metadata")
}

/// The logs by the name of their directory, those on their way out excepted.
pub(crate) fn scan(files: &Files) -> BTreeMap<String, ScannedLog> {
    let mut logs = BTreeMap::new();
    for (path, bytes) in files {
        let directory = path.parent().and_then(Path::file_name);
        let Some(directory) = directory.and_then(|name| name.to_str()) else {
            continue;
        };
        let partition = directory
            .rsplit_once('-')
            .map(|(_, partition)| partition.parse::<i32>());
        let Some(Ok(_)) = partition else {
            continue;
        };
        let log = logs.entry(directory.to_owned()).or_insert(ScannedLog {
            topic_id: None,
            segments: Vec::new(),
        });
        let name = path.file_name().and_then(|name| name.to_str());
        match name.and_then(|name| name.split_once('.')) {
            Some((base, "log")) => log.segments.extend(scan_segment(base, bytes)),
            Some(("partition", "metadata")) => log.topic_id = topic_id(bytes),
            _ => {}
        }
    }
    for log in logs.values_mut() {
        log.segments.sort_by_key(|segment| segment.base_offset);
    }
    logs
}

fn scan_segment(base: &str, bytes: &[u8]) -> Option<ScannedSegment> {
    let base_offset = base.parse().ok()?;
    let mut batches = Vec::new();
    let mut position = 0;
    let mut next_offset = base_offset;
    for batch in Batches::new(bytes) {
        let Ok(batch) = batch else { break };
        let header = *batch.header();
        if batch.check_crc().is_err() || header.base_offset < next_offset {
            break;
        }
        next_offset = header.next_offset();
        batches.push((position as u32, header));
        position += batch.bytes().len();
    }
    Some(ScannedSegment {
        base_offset,
        batches,
        bytes: bytes.to_vec(),
        has_rest: position < bytes.len(),
    })
}

fn topic_id(bytes: &[u8]) -> Option<Uuid> {
    let text = std::str::from_utf8(bytes).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("topic_id: "))?;
    line.parse().ok()
}

impl ScannedSegment {
    fn end(&self) -> i64 {
        let last = self.batches.last();
        last.map_or(self.base_offset, |(_, last)| last.next_offset())
    }
}

impl ScannedLog {
    /// The offset behind the last batch that a recovery from the beginning would reach.
    pub(crate) fn end(&self) -> i64 {
        let mut end = self
            .segments
            .first()
            .map_or(0, |segment| segment.base_offset);
        for segment in &self.segments {
            if segment.base_offset != end {
                break;
            }
            end = segment.end();
            if segment.has_rest {
                break;
            }
        }
        end
    }

    /// The segments, for reports: offsets, bytes, bytes behind the sound batches.
    pub(crate) fn extents(&self) -> String {
        let extent = |segment: &ScannedSegment| {
            let end = segment.end();
            let rest = if segment.has_rest { " and a rest" } else { "" };
            format!(
                "[{}..{end}: {} bytes{rest}]",
                segment.base_offset,
                segment.bytes.len()
            )
        };
        self.segments
            .iter()
            .map(extent)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// All batches, in order.
    pub(crate) fn batches(&self) -> impl Iterator<Item = BatchView<'_>> {
        self.segments.iter().flat_map(|segment| {
            let parse = |(position, _): &(u32, BatchHeader)| {
                BatchView::parse(&segment.bytes[*position as usize..]).ok()
            };
            segment.batches.iter().filter_map(parse)
        })
    }
}
