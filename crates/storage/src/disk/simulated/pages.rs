//! Bytes in pages that take up space only where something was written.
//!
//! Not the job of this module: what of them is durable.
//!
//! Invariant: behind the end all bytes of the last page are 0, and there are no pages.

use std::collections::BTreeMap;

/// How much space is taken up at a time, in bytes.
pub(super) const PAGE_BYTES: usize = 4096;

#[derive(Debug, Default, Clone)]
pub(super) struct Pages {
    size: u64,
    pages: BTreeMap<u64, Box<[u8; PAGE_BYTES]>>,
}

impl Pages {
    pub(super) fn write_at(&mut self, bytes: &[u8], position: u64) {
        for (page, within, part) in split(bytes, position) {
            let page = self
                .pages
                .entry(page)
                .or_insert_with(|| Box::new([0; PAGE_BYTES]));
            page[within..within + part.len()].copy_from_slice(part);
        }
        if !bytes.is_empty() {
            self.extend(position + bytes.len() as u64);
        }
    }

    pub(super) fn set_size(&mut self, size: u64) {
        if size < self.size {
            let (last, within) = place(size);
            drop(self.pages.split_off(&size.div_ceil(PAGE_BYTES as u64)));
            if let Some(page) = self.pages.get_mut(&last) {
                page[within..].fill(0);
            }
        }
        self.size = size;
    }

    /// Makes the size at least `size`.
    pub(super) fn extend(&mut self, size: u64) {
        self.size = self.size.max(size);
    }

    /// Flips a bit, and says whether there is such a byte.
    pub(super) fn flip_bit(&mut self, position: u64, bit: u32) -> bool {
        if position >= self.size {
            return false;
        }
        let mut byte = [0];
        self.read_at(&mut byte, position);
        self.write_at(&[byte[0] ^ (1 << (bit % 8))], position);
        true
    }

    pub(super) fn read_at(&self, buffer: &mut [u8], position: u64) -> usize {
        let left = self.size.saturating_sub(position);
        let count = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let mut done = 0;
        while done < count {
            let (page, within) = place(position + done as u64);
            let end = count.min(done + PAGE_BYTES - within);
            let part = &mut buffer[done..end];
            match self.pages.get(&page) {
                Some(page) => part.copy_from_slice(&page[within..within + part.len()]),
                None => part.fill(0),
            }
            done = end;
        }
        count
    }

    pub(super) fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.size).unwrap_or(0)];
        self.read_at(&mut bytes, 0);
        bytes
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn space_bytes(&self) -> u64 {
        (self.pages.len() * PAGE_BYTES) as u64
    }

    /// How many of `bytes` can be written if no more than `free_bytes` of space are left.
    pub(super) fn writable(&self, bytes: &[u8], position: u64, free_bytes: u64) -> usize {
        let mut pages_free = free_bytes / PAGE_BYTES as u64;
        let mut count = 0;
        for (page, _, part) in split(bytes, position) {
            if !self.pages.contains_key(&page) {
                if pages_free == 0 {
                    break;
                }
                pages_free -= 1;
            }
            count += part.len();
        }
        count
    }
}

/// The page of a position, and where it is in there.
const fn place(position: u64) -> (u64, usize) {
    let page_bytes = PAGE_BYTES as u64;
    (position / page_bytes, (position % page_bytes) as usize)
}

/// Bytes by page: its number, where they start in it, and the bytes.
fn split(mut bytes: &[u8], mut position: u64) -> impl Iterator<Item = (u64, usize, &[u8])> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let (page, within) = place(position);
        let (part, rest) = bytes.split_at(bytes.len().min(PAGE_BYTES - within));
        bytes = rest;
        position += part.len() as u64;
        Some((page, within, part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pages: &Pages, position: u64, count: usize) -> Vec<u8> {
        let mut buffer = vec![0xff; count];
        let read = pages.read_at(&mut buffer, position);
        buffer.truncate(read);
        buffer
    }

    #[test]
    fn a_write_across_pages_is_read_back_and_holes_are_zeros() {
        let mut pages = Pages::default();
        let bytes: Vec<u8> = (0..10_000).map(|index| (index % 251) as u8).collect();
        pages.write_at(&bytes, 20_000);
        assert_eq!(pages.size(), 30_000);
        assert_eq!(pages.space_bytes(), 4 * 4096);
        assert_eq!(read(&pages, 20_000, 10_000), bytes);
        assert_eq!(read(&pages, 0, 20_000), vec![0; 20_000]);
        assert_eq!(read(&pages, 29_999, 10).len(), 1);
        assert_eq!(read(&pages, 30_000, 10).len(), 0);
    }

    #[test]
    fn what_was_cut_off_is_zeros_when_the_file_grows_again() {
        let mut pages = Pages::default();
        pages.write_at(&[7; 5000], 0);
        pages.set_size(4096);
        assert_eq!(pages.space_bytes(), 4096);
        pages.set_size(100);
        pages.set_size(5000);
        let mut expected = vec![7; 100];
        expected.resize(5000, 0);
        assert_eq!(read(&pages, 0, 5000), expected);
    }

    #[test]
    fn writing_ends_where_no_page_is_free() {
        let mut pages = Pages::default();
        pages.write_at(&[1; 10], 0);
        assert_eq!(pages.writable(&[2; 9000], 10, 0), 4086);
        assert_eq!(pages.writable(&[2; 9000], 10, 4096), 8182);
        assert_eq!(pages.writable(&[2; 9000], 10, 8192), 9000);
    }
}
