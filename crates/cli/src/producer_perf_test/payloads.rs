//! The values of the records.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

/// Where values come from.
#[derive(Debug)]
pub(super) enum Payloads {
    /// Letters, this many in each.
    Letters { size_bytes: usize, chance: Chance },
    /// One of these, by chance.
    Lines {
        lines: Vec<Arc<[u8]>>,
        chance: Chance,
    },
    /// The number of the record.
    Numbers,
}

/// The same numbers in each test, which are as good as by chance (SplitMix64).
#[derive(Debug, Default)]
pub(super) struct Chance(u64);

impl Payloads {
    /// The parts of a file between these delimiters; an empty one at the end does not count.
    ///
    /// # Errors
    /// When the file is empty, or cannot be read.
    pub(super) fn of_file(path: &Path, delimiter: &str) -> Result<(Self, usize)> {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.is_empty() {
            bail!("File does not exist or empty file provided.");
        }
        let delimiter = regex::Regex::new(delimiter).context("read --payload-delimiter")?;
        let mut lines: Vec<&str> = delimiter.split(&text).collect();
        while lines.last() == Some(&"") {
            lines.pop();
        }
        if lines.is_empty() {
            bail!("there is no payload in {}", path.display());
        }
        let lines: Vec<Arc<[u8]>> = lines.into_iter().map(|it| it.as_bytes().into()).collect();
        let count = lines.len();
        let chance = Chance::default();
        Ok((Self::Lines { lines, chance }, count))
    }

    /// The value of record `index`.
    pub(super) fn next(&mut self, index: u64) -> Vec<u8> {
        match self {
            Self::Letters { size_bytes, chance } => chance.letters(*size_bytes),
            Self::Lines { lines, chance } => {
                let place = chance.number() % lines.len() as u64;
                lines[place as usize].to_vec()
            }
            Self::Numbers => index.to_string().into_bytes(),
        }
    }
}

impl Chance {
    fn letters(&mut self, count: usize) -> Vec<u8> {
        let mut letters = Vec::with_capacity(count + 8);
        while letters.len() < count {
            let bytes = self.number().to_le_bytes();
            letters.extend(bytes.map(|byte| b'A' + (u16::from(byte) * 26 / 256) as u8));
        }
        letters.truncate(count);
        letters
    }

    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_as_many_as_asked_for_and_all_there_are() {
        let chance = Chance::default();
        let size_bytes = 1001;
        let mut payloads = Payloads::Letters { size_bytes, chance };
        let first = payloads.next(0);
        assert_eq!(first.len(), 1001);
        assert_ne!(payloads.next(1), first);
        for letter in b'A'..=b'Z' {
            assert!(first.contains(&letter), "{letter}");
        }
        assert!(first.iter().all(u8::is_ascii_uppercase));
    }

    #[test]
    fn numbers_count_the_records() {
        assert_eq!(Payloads::Numbers.next(42), b"42");
    }
}
