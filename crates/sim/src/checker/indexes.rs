//! Invariant: after a clean stop the indexes agree with a scan of the log. An entry of the offset
//! index gives the last offset of a batch and where it stands; an entry of the time index gives the
//! largest timestamp up to a batch and an offset of the batch that has it; both grow; and no
//! stretch of a segment is without entries that is several times as long as the interval.

use super::Checker;
use crate::files::Files;
use crate::files::indexes::{self, Entries, OffsetEntry, TimeEntry};
use crate::files::logs::{ScannedLog, ScannedSegment};
use std::collections::BTreeMap;
use std::path::Path;

const NAME: &str = "indexes";
/// `index.interval.bytes` is 4096; batches of the simulation are smaller than that.
const STRETCH_BYTES_MAX: u32 = 4 * 4096;

impl Checker {
    /// Looks at the indexes of all logs in `log_dir`.
    pub(crate) fn check_indexes(
        &mut self,
        log_dir: &Path,
        logs: &BTreeMap<String, ScannedLog>,
        files: &Files,
    ) {
        for (name, log) in logs {
            let directory = log_dir.join(name);
            for segment in &log.segments {
                let checked = check_segment(&directory, segment, files);
                match checked {
                    Ok(count) => self.counters.index_entries += count,
                    Err(complaint) => {
                        let message = format!("segment {}: {complaint}", segment.base_offset);
                        self.violate(NAME, name, &message);
                    }
                }
            }
        }
    }
}

fn check_segment(log: &Path, segment: &ScannedSegment, files: &Files) -> Result<u64, String> {
    if segment.has_rest {
        return Err("something stands behind the last sound batch".to_owned());
    }
    let mut count = 0;
    if let Some(offsets) = indexes::offsets(files, log, segment.base_offset) {
        count += offsets.entries.len() as u64;
        check_offsets(segment, &offsets)?;
    }
    if let Some(times) = indexes::times(files, log, segment.base_offset) {
        count += times.entries.len() as u64;
        check_times(segment, &times)?;
    }
    Ok(count)
}

fn check_offsets(segment: &ScannedSegment, index: &Entries<OffsetEntry>) -> Result<(), String> {
    if index.rest_bytes != 0 {
        return Err("the offset index ends within an entry".to_owned());
    }
    let mut indexed_to = 0;
    for entry in &index.entries {
        let batches = segment.batches.iter();
        let mut found = batches.filter(|(position, _)| *position == entry.position);
        match found.next() {
            Some((_, header)) if header.last_offset() == entry.offset => {}
            found => return Err(format!("{entry:?} points at {found:?}")),
        }
        if entry.position < indexed_to || entry.position - indexed_to > STRETCH_BYTES_MAX {
            return Err(format!("{entry:?} follows position {indexed_to}"));
        }
        indexed_to = entry.position;
    }
    match segment.batches.last() {
        Some((last, _)) if *last - indexed_to > STRETCH_BYTES_MAX => Err(format!(
            "no entry of the offset index lies behind position {indexed_to}"
        )),
        _ => Ok(()),
    }
}

fn check_times(segment: &ScannedSegment, index: &Entries<TimeEntry>) -> Result<(), String> {
    if index.rest_bytes != 0 {
        return Err("the time index ends within an entry".to_owned());
    }
    let mut before: Option<&TimeEntry> = None;
    for entry in &index.entries {
        let mut batches = segment.batches.iter().map(|(_, header)| header);
        let largest = batches
            .clone()
            .take_while(|header| header.base_offset <= entry.offset)
            .map(|header| header.max_timestamp_ms)
            .max();
        let holder = batches.find(|header| {
            header.base_offset <= entry.offset && entry.offset <= header.last_offset()
        });
        let holds = holder.is_some_and(|header| header.max_timestamp_ms == entry.timestamp_ms);
        if !holds || largest != Some(entry.timestamp_ms) {
            return Err(format!(
                "{entry:?} is not of {holder:?}; the largest is {largest:?}"
            ));
        }
        if before.is_some_and(|before| before.timestamp_ms >= entry.timestamp_ms) {
            return Err(format!("{entry:?} follows {before:?}"));
        }
        before = Some(entry);
    }
    Ok(())
}
