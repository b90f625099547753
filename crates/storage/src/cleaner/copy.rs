//! One cleaning of one log: the map of its dirty part, and the copies of its segments.
//!
//! Not the job of this module: which log, and whether it is worth it.

use std::ops::Range;
use std::sync::Arc;

use protocol::ids::Offset;
use protocol::records::{BatchHeader, BatchView};

use super::filter::{self, Codecs, FilterError, Rules, Verdict};
use super::grouping::{self, GroupLimits, GroupMember};
use super::offset_map::{KeyHasher, OffsetMap};
use super::range::CleaningRange;
use super::transactions::TransactionTracker;
use super::{CleanerSettings, CleaningError, CleaningStatistics, Pace};
use crate::log::{CleanedSegment, CompactionView, Log};
use crate::segment::{BatchAt, INFLATED_BYTES_MAX, IndexSettings, Scan, Segment};

/// After so many bytes others may go on.
const PACE_BYTES: u64 = 64 * 1024;

/// What cleans logs, one at a time.
pub struct Cleaner {
    settings: CleanerSettings,
    hasher: KeyHasher,
    codecs: Codecs,
}

/// One cleaning on its way.
struct Cleaning<'a> {
    cleaner: &'a mut Cleaner,
    log: &'a Log,
    view: CompactionView,
    range: CleaningRange,
    pace: &'a dyn Pace,
    /// Bytes that the pace was not told of.
    untold_bytes: u64,
    now_ms: i64,
    statistics: CleaningStatistics,
}

/// A segment that is being made.
struct Output {
    cleaned: CleanedSegment,
    index: IndexSettings,
    /// Batches that are not written yet.
    bytes: Vec<u8>,
    headers: Vec<BatchHeader>,
}

impl Cleaner {
    /// One that has cleaned nothing yet.
    pub fn new(settings: CleanerSettings, hasher: KeyHasher) -> Self {
        Self {
            settings,
            hasher,
            codecs: Codecs::default(),
        }
    }

    /// Cleans a part of a log, as far as memory allows, and returns up to where. A cleaning that is
    /// given up keeps what it has replaced so far.
    ///
    /// # Errors
    /// When it is given up, the disk fails, or a batch is damaged.
    pub async fn clean(
        &mut self,
        log: &Log,
        range: CleaningRange,
        pace: &dyn Pace,
        now_ms: i64,
    ) -> Result<(Offset, CleaningStatistics), CleaningError> {
        let _cleaning = log.cleaning.lock().await;
        let mut cleaning = Cleaning {
            cleaner: self,
            log,
            view: log.compaction_view(),
            range,
            pace,
            untold_bytes: 0,
            now_ms,
            statistics: CleaningStatistics::default(),
        };
        cleaning.perform().await
    }
}

impl Cleaning<'_> {
    async fn perform(&mut self) -> Result<(Offset, CleaningStatistics), CleaningError> {
        let map = self.build_map().await?;
        let end = map.latest_offset().next().max(self.range.first_dirty);
        let mut tracker = TransactionTracker::default();
        for group in self.groups(end) {
            self.clean_group(group, &map, &mut tracker).await?;
        }
        let limits = self.cleaner.settings.map;
        self.statistics.map_utilization = map.key_count() as f64 / limits.keys_max().max(1) as f64;
        self.log.note_cleaned(&self.view, end);
        Ok((end, self.statistics))
    }

    /// The last offsets of the keys in the dirty part, or in as much of it as fits.
    async fn build_map(&mut self) -> Result<OffsetMap, CleaningError> {
        let (start, end) = (self.range.first_dirty, self.range.first_uncleanable);
        let keys_expected = u64::try_from(end.0 - start.0).unwrap_or(0);
        let cleaner = &self.cleaner;
        let mut map = OffsetMap::new(&cleaner.hasher, cleaner.settings.map, keys_expected);
        let mut tracker = TransactionTracker::default();
        tracker.expect(self.log.aborted_transactions(start, end));
        let segments = self.view.segments.clone();
        for (index, segment) in segments.iter().enumerate() {
            let next = self.end_of(index);
            if next <= start || segment.base_offset() >= end {
                continue;
            }
            if !self.map_segment(segment, &mut map, &mut tracker).await? {
                break;
            }
            map.looked_at(Offset(next.min(end).0 - 1));
        }
        Ok(map)
    }

    /// Returns whether there was room for all of it.
    async fn map_segment(
        &mut self,
        segment: &Arc<Segment>,
        map: &mut OffsetMap,
        tracker: &mut TransactionTracker,
    ) -> Result<bool, CleaningError> {
        let start = self.range.first_dirty;
        let located = segment.locate(start, segment.size()).await;
        let located = located.map_err(|error| self.log.scan_failed(segment, error))?;
        let Some(first) = located else {
            return Ok(true);
        };
        let mut scan = self.scan(segment, first.position);
        while let Some((batch, bytes)) = next_batch(&mut scan, self.log, segment).await? {
            let size = bytes.len() as u64;
            let codecs = &mut self.cleaner.codecs;
            let noted = note_keys(bytes, start, map, tracker, codecs);
            let has_room = noted.map_err(|source| batch_failed(&batch, segment, source))?;
            self.statistics.map_bytes_read += size;
            if !has_room {
                return Ok(false);
            }
            if batch.last_offset() >= start {
                map.looked_at(batch.last_offset());
            }
            self.step(size).await?;
        }
        Ok(true)
    }

    /// Which segments are cleaned together, of those with offsets below `end`.
    fn groups(&self, end: Offset) -> Vec<Range<usize>> {
        let segments = &self.view.segments;
        let end = end.min(self.range.first_uncleanable);
        let count = segments.partition_point(|segment| segment.base_offset() < end);
        let member = |(index, segment): (usize, &Arc<Segment>)| {
            let (offset_index_bytes, time_index_bytes) = segment.index_bytes();
            GroupMember {
                base_offset: segment.base_offset(),
                last_offset: Offset(self.end_of(index).0 - 1),
                size_bytes: segment.size(),
                offset_index_bytes,
                time_index_bytes,
            }
        };
        let cleaned = segments[..count].iter().enumerate();
        let members: Vec<_> = cleaned.map(member).collect();
        let limits = GroupLimits {
            segment_bytes: u64::from(self.view.config.segment_bytes),
            index_bytes: u64::from(self.view.config.segment_index_bytes),
        };
        grouping::group(&members, limits)
    }

    /// Copies a group of segments into one that takes their place.
    async fn clean_group(
        &mut self,
        group: Range<usize>,
        map: &OffsetMap,
        tracker: &mut TransactionTracker,
    ) -> Result<(), CleaningError> {
        let sources = self.view.segments[group.clone()].to_vec();
        let created = sources.iter().map(|segment| segment.progress().created_ms);
        let created_ms = created.max().unwrap_or(self.now_ms);
        let base_offset = sources[0].base_offset();
        let created = self.log.create_cleaned(base_offset, created_ms).await;
        let segment = match created {
            Ok(segment) => segment,
            Err(error) => {
                let _ = self.log.drop_cleaned(base_offset).await;
                return Err(error.into());
            }
        };
        let mut output = Output {
            cleaned: CleanedSegment {
                segment,
                last_offset: None,
            },
            index: self.log.index_settings(),
            bytes: Vec::new(),
            headers: Vec::new(),
        };
        let copied = self.copy_group(group, map, tracker, &mut output).await;
        let made = match copied {
            Ok(()) => {
                let sealed = self.log.seal_cleaned(&output.cleaned.segment).await;
                sealed.map_err(CleaningError::from)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = made {
            // Why it was not made says more than why it is not removed.
            let _ = self.log.drop_cleaned(base_offset).await;
            return Err(error);
        }
        let (log, view, cleaned) = (self.log, &self.view, &output.cleaned);
        // When this fails, what there is of the new segment may be needed by the next start.
        let is_replaced = log.replace_segments(view, &sources, cleaned, self.now_ms);
        if is_replaced.await? {
            return Ok(());
        }
        log.drop_cleaned(base_offset).await?;
        Err(CleaningError::GivenUp)
    }

    async fn copy_group(
        &mut self,
        group: Range<usize>,
        map: &OffsetMap,
        tracker: &mut TransactionTracker,
        output: &mut Output,
    ) -> Result<(), CleaningError> {
        let producers = self.log.last_records();
        let rules = Rules {
            map,
            producers: &producers,
            end: self.range.first_uncleanable,
            now_ms: self.now_ms,
            delete_retention_ms: self.view.config.delete_retention_ms,
        };
        let segments = self.view.segments.clone();
        for index in group {
            let source = &segments[index];
            let end = self.end_of(index);
            tracker.expect(self.log.aborted_transactions(source.base_offset(), end));
            let mut scan = self.scan(source, 0);
            while let Some((batch, bytes)) = next_batch(&mut scan, self.log, source).await? {
                let view = BatchView::parse(bytes).map_err(FilterError::from);
                let codecs = &mut self.cleaner.codecs;
                let verdict = view.and_then(|view| filter::judge(&view, &rules, tracker, codecs));
                let verdict = verdict.map_err(|source_| batch_failed(&batch, source, source_))?;
                self.statistics.bytes_read += bytes.len() as u64;
                let size = bytes.len() as u64;
                let written = match &verdict {
                    Verdict::Keep => output.take(bytes),
                    Verdict::Rewrite(rewritten) => output.take(rewritten),
                    Verdict::Drop => 0,
                };
                self.statistics.bytes_written += written;
                if output.bytes.len() >= self.cleaner.settings.io_buffer_bytes {
                    output.write(self.log).await?;
                }
                self.step(size + written).await?;
            }
        }
        output.write(self.log).await?;
        for transaction in tracker.take_retained() {
            output.cleaned.segment.transactions().push(transaction);
        }
        Ok(())
    }

    /// The base offset of the segment behind one that is not the last.
    fn end_of(&self, index: usize) -> Offset {
        let next = self.view.segments.get(index + 1);
        next.map_or(Offset(i64::MAX), |next| next.base_offset())
    }

    fn scan(&self, segment: &Arc<Segment>, position: u64) -> Scan {
        let file = segment.file().clone();
        let chunk_bytes = self.cleaner.settings.io_buffer_bytes;
        let range = position..segment.size();
        Scan::new(file, segment.base_offset(), range, chunk_bytes)
    }

    /// Lets others go on from time to time, and looks whether to go on.
    async fn step(&mut self, bytes: u64) -> Result<(), CleaningError> {
        self.untold_bytes += bytes;
        if self.untold_bytes < PACE_BYTES {
            return Ok(());
        }
        let goes_on = self.pace.pass(std::mem::take(&mut self.untold_bytes)).await;
        match goes_on && self.log.is_as_viewed(&self.view) {
            true => Ok(()),
            false => Err(CleaningError::GivenUp),
        }
    }
}

impl Output {
    /// Returns how many bytes it has taken.
    fn take(&mut self, batch: &[u8]) -> u64 {
        let header = BatchHeader::decode(batch).expect("what was judged is a batch");
        self.headers.push(header);
        self.bytes.extend_from_slice(batch);
        batch.len() as u64
    }

    async fn write(&mut self, log: &Log) -> Result<(), CleaningError> {
        let segment = &self.cleaned.segment;
        let written = segment.write(&self.bytes).await;
        written.map_err(|error| log.disk_failed(error))?;
        for header in self.headers.drain(..) {
            let position = segment.size();
            let batch = BatchAt { position, header };
            segment.note(&batch, self.index);
            self.cleaned.last_offset = Some(batch.last_offset());
        }
        self.bytes.clear();
        let written = segment.write_indexes_when_full().await;
        Ok(written.map_err(|error| log.disk_failed(error))?)
    }
}

/// The next batch of a scan with its bytes, which agree with their checksum.
async fn next_batch<'a>(
    scan: &'a mut Scan,
    log: &Log,
    segment: &Arc<Segment>,
) -> Result<Option<(BatchAt, &'a [u8])>, CleaningError> {
    let next = scan.next().await;
    let Some(batch) = next.map_err(|error| log.scan_failed(segment, error))? else {
        return Ok(None);
    };
    let bytes = scan.bytes(&batch).await;
    let bytes = bytes.map_err(|error| log.scan_failed(segment, error))?;
    let checked = BatchView::parse(bytes).and_then(|view| view.check_crc());
    checked.map_err(|error| batch_failed(&batch, segment, error.into()))?;
    Ok(Some((batch, bytes)))
}

/// Notes the keys of a batch that is not aborted; returns whether there was room for all.
fn note_keys(
    bytes: &[u8],
    start: Offset,
    map: &mut OffsetMap,
    tracker: &mut TransactionTracker,
    codecs: &mut Codecs,
) -> Result<bool, FilterError> {
    let view = BatchView::parse(bytes)?;
    let header = view.header();
    if header.attributes.is_control() {
        let record_type = filter::control_type(&view, &mut codecs.decompressor)?;
        tracker.on_control(header, record_type);
        return Ok(true);
    }
    if tracker.on_records(header) {
        return Ok(true);
    }
    for record in view.records(&mut codecs.decompressor, INFLATED_BYTES_MAX)? {
        let record = record?;
        let Some(key) = record.key.filter(|_| record.offset >= start.0) else {
            continue;
        };
        if map.is_full() {
            return Ok(false);
        }
        map.put(key, Offset(record.offset));
    }
    Ok(true)
}

const fn batch_failed(batch: &BatchAt, segment: &Segment, source: FilterError) -> CleaningError {
    CleaningError::Batch {
        base_offset: batch.base_offset(),
        segment: segment.base_offset(),
        source,
    }
}
