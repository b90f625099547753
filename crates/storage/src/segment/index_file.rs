//! A file of fixed-size, ascending entries with its newest entries still in memory: what the
//! offset index and the time index have in common.
//!
//! Not the job of this module: what the entries mean, and whether they agree with the records;
//! whoever looks something up verifies what comes back.
//!
//! Invariants:
//! - Entries in the file come before those in memory; both are searched as one ascending list.
//! - While a segment is active its indexes are preallocated and sparse: the zeros behind the last
//!   entry are not entries. A segment that is sealed or closed has exactly its entries. In between,
//!   after a rewind, anything may lie behind the last entry.
//! - One caller at a time changes an index; any number may search it meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::{DiskError, DiskFile};

/// So many entries are kept in memory before they are written together.
const TAIL_ENTRIES_MAX: usize = 32;

/// So many bytes are read at once where a binary search has come that close.
const BLOCK_BYTES: usize = 2048;

/// One entry of an index.
pub(crate) trait IndexEntry: Copy + Send + Sync + std::fmt::Debug + 'static {
    /// Its size in bytes in the file.
    const SIZE: usize;

    /// Appends its bytes to `buffer`.
    fn encode(&self, buffer: &mut Vec<u8>);

    /// Reads it back from exactly [`Self::SIZE`] bytes.
    fn decode(bytes: &[u8]) -> Self;

    /// Whether it is a preallocated slot that was never written.
    fn is_blank(&self) -> bool;
}

/// An index of a segment.
#[derive(Debug)]
pub(crate) struct IndexFile<E> {
    file: Arc<dyn DiskFile>,
    entries: Mutex<Entries<E>>,
}

#[derive(Debug)]
struct Entries<E> {
    /// How many are in the file.
    written: u64,
    /// The ones behind those, not in the file yet.
    tail: Vec<E>,
    /// The last one of all.
    last: Option<E>,
}

impl<E: IndexEntry> IndexFile<E> {
    /// An empty index over `file`, whose content is forgotten, preallocated to as many whole
    /// entries as `bytes_max` holds.
    pub(crate) async fn create(file: Arc<dyn DiskFile>, bytes_max: u32) -> Result<Self, DiskError> {
        file.set_size(0).await?;
        file.set_size(whole_entries_bytes::<E>(bytes_max)).await?;
        Ok(Self::new(file, 0, None))
    }

    /// The index found in `file`, without the blank slots at its end.
    pub(crate) async fn open(file: Arc<dyn DiskFile>) -> Result<Self, DiskError> {
        let slots = file.size().await? / E::SIZE as u64;
        let mut last = None;
        let mut written = slots;
        if slots > 0 {
            let entry = read_entry::<E>(file.as_ref(), slots - 1).await?;
            if entry.is_none_or(|entry| entry.is_blank()) {
                written = written_slots::<E>(file.as_ref(), slots).await?;
            }
            if written > 0 {
                last = read_entry(file.as_ref(), written - 1).await?;
            }
        }
        Ok(Self::new(file, written, last))
    }

    fn new(file: Arc<dyn DiskFile>, written: u64, last: Option<E>) -> Self {
        let entries = Mutex::new(Entries {
            written,
            tail: Vec::new(),
            last,
        });
        Self { file, entries }
    }

    /// Adds an entry, which must not be smaller than the last. It is in memory only until
    /// [`Self::write_tail`].
    pub(crate) fn push(&self, entry: E) {
        let mut entries = self.lock();
        entries.tail.push(entry);
        entries.last = Some(entry);
    }

    /// Whether enough entries wait in memory for a write to be worth it.
    pub(crate) fn is_tail_full(&self) -> bool {
        self.lock().tail.len() >= TAIL_ENTRIES_MAX
    }

    /// Writes the entries that are in memory only. When it fails they stay there.
    pub(crate) async fn write_tail(&self) -> Result<(), DiskError> {
        let (bytes, written, count) = {
            let entries = self.lock();
            let mut bytes = Vec::with_capacity(entries.tail.len() * E::SIZE);
            for entry in &entries.tail {
                entry.encode(&mut bytes);
            }
            (bytes, entries.written, entries.tail.len())
        };
        if count == 0 {
            return Ok(());
        }
        self.file
            .write_at(&[&bytes], written * E::SIZE as u64)
            .await?;
        let mut entries = self.lock();
        assert!(entries.written == written && entries.tail.len() >= count);
        entries.written += count as u64;
        entries.tail.drain(..count);
        if entries.tail.is_empty() {
            entries.tail = Vec::new();
        }
        Ok(())
    }

    /// Forgets all entries but the first `count`. The file keeps what it holds behind them, to be
    /// written over, until [`Self::trim`]: cutting it now, only to write the same entries again,
    /// would have file systems allocate and write out blocks at once.
    pub(crate) async fn rewind(&self, count: u64) -> Result<(), DiskError> {
        let written = {
            let mut entries = self.lock();
            if count < entries.written {
                entries.written = count;
                entries.tail.clear();
            } else {
                let kept = usize::try_from(count - entries.written).unwrap_or(usize::MAX);
                entries.tail.truncate(kept);
            }
            entries.last = entries.tail.last().copied();
            entries.written
        };
        if let Some(index) = written.checked_sub(1) {
            let last = read_entry(self.file.as_ref(), index).await?;
            let mut entries = self.lock();
            entries.last = entries.last.or(last);
        }
        Ok(())
    }

    /// Writes what is in memory, cuts off whatever else the file holds, and extends it with blank
    /// slots to as many whole entries as `bytes_max` holds.
    pub(crate) async fn preallocate(&self, bytes_max: u32) -> Result<(), DiskError> {
        let size = self.trim().await?;
        let bytes = whole_entries_bytes::<E>(bytes_max);
        if size < bytes {
            self.file.set_size(bytes).await?;
        }
        Ok(())
    }

    /// Writes what is in memory and cuts off whatever else the file holds. Returns its size in
    /// bytes.
    pub(crate) async fn trim(&self) -> Result<u64, DiskError> {
        self.write_tail().await?;
        let size = self.lock().written * E::SIZE as u64;
        if self.file.size().await? != size {
            self.file.set_size(size).await?;
        }
        Ok(size)
    }

    /// Makes what was written durable.
    pub(crate) async fn sync(&self) -> Result<(), DiskError> {
        self.file.sync().await
    }

    /// The last entry, and how many there are, of those at the start for which `holds` is true.
    /// It must be true for some first entries and for none behind them.
    pub(crate) async fn last_where(
        &self,
        holds: impl Fn(&E) -> bool + Send,
    ) -> Result<Option<(E, u64)>, DiskError> {
        let (mut low, mut found) = (0, None);
        let mut high = {
            let entries = self.lock();
            let count = entries.tail.partition_point(&holds);
            if count > 0 {
                return Ok(Some((
                    entries.tail[count - 1],
                    entries.written + count as u64,
                )));
            }
            entries.written
        };
        let block_entries = (BLOCK_BYTES / E::SIZE) as u64;
        while high - low > block_entries {
            let middle = low + (high - low) / 2;
            match read_entry::<E>(self.file.as_ref(), middle).await? {
                Some(entry) if holds(&entry) => {
                    found = Some((entry, middle + 1));
                    low = middle + 1;
                }
                _ => high = middle,
            }
        }
        let mut block = [0; BLOCK_BYTES];
        let bytes = &mut block[..(high - low) as usize * E::SIZE];
        let read = self.file.read_at(bytes, low * E::SIZE as u64).await?;
        for (index, bytes) in bytes[..read].chunks_exact(E::SIZE).enumerate() {
            let entry = E::decode(bytes);
            if !holds(&entry) {
                break;
            }
            found = Some((entry, low + index as u64 + 1));
        }
        Ok(found)
    }

    /// The entry at a place, counted from 0.
    pub(crate) async fn entry(&self, place: u64) -> Result<Option<E>, DiskError> {
        {
            let entries = self.lock();
            if let Some(in_tail) = place.checked_sub(entries.written) {
                return Ok(entries.tail.get(in_tail as usize).copied());
            }
        }
        read_entry(self.file.as_ref(), place).await
    }

    /// How many entries there are.
    pub(crate) fn count(&self) -> u64 {
        let entries = self.lock();
        entries.written + entries.tail.len() as u64
    }

    /// The last entry.
    pub(crate) fn last(&self) -> Option<E> {
        self.lock().last
    }

    fn lock(&self) -> MutexGuard<'_, Entries<E>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many entries fit into an index of `bytes_max`.
pub(crate) const fn entries_max<E: IndexEntry>(bytes_max: u32) -> u64 {
    bytes_max as u64 / E::SIZE as u64
}

const fn whole_entries_bytes<E: IndexEntry>(bytes_max: u32) -> u64 {
    entries_max::<E>(bytes_max) * E::SIZE as u64
}

/// How many of the first `slots` were written, where the last one is blank.
///
/// Most slots are blank, so the search begins with the first ones and goes ahead in strides that
/// double.
async fn written_slots<E: IndexEntry>(file: &dyn DiskFile, slots: u64) -> Result<u64, DiskError> {
    let block_entries = (BLOCK_BYTES / E::SIZE) as u64;
    let (mut low, mut high) = (0, slots - 1);
    let mut stride = block_entries;
    while high - low > block_entries {
        let is_ahead = stride < high - low;
        let probed = low + if is_ahead { stride } else { (high - low) / 2 };
        match read_entry::<E>(file, probed).await? {
            Some(entry) if !entry.is_blank() => {
                low = probed + 1;
                stride = stride.saturating_mul(2);
            }
            _ => {
                high = probed;
                // It lies between the last two steps: from here on by halves.
                stride = u64::MAX;
            }
        }
    }
    let mut block = [0; BLOCK_BYTES];
    let bytes = &mut block[..(high - low) as usize * E::SIZE];
    let read = file.read_at(bytes, low * E::SIZE as u64).await?;
    let mut entries = bytes[..read].chunks_exact(E::SIZE).map(E::decode);
    let count = entries.position(|entry| entry.is_blank());
    Ok(low + count.map_or((read / E::SIZE) as u64, |count| count as u64))
}

async fn read_entry<E: IndexEntry>(
    file: &dyn DiskFile,
    index: u64,
) -> Result<Option<E>, DiskError> {
    let mut bytes = [0; 16];
    let bytes = &mut bytes[..E::SIZE];
    let read = file.read_at(bytes, index * E::SIZE as u64).await?;
    Ok((read == E::SIZE).then(|| E::decode(bytes)))
}
