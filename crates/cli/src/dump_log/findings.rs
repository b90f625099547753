//! What is wrong between a log and its indexes, or within a log: gathered while files are printed,
//! and told after them.

use std::collections::BTreeMap;
use std::io::{self, Write};

/// All that was found, by file.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// An index offset, and the last offset of the batch it points to.
    index_mismatches: PerFile<BTreeMap<i64, i64>>,
    /// An indexed timestamp, and the largest of the batch.
    time_mismatches: PerFile<Vec<(i64, i64)>>,
    /// An indexed timestamp, and one before it that is not smaller.
    time_disorder: PerFile<Vec<(i64, i64)>>,
    /// An offset in the time index, and the last offset of the batch that is there instead.
    offsets_not_found: PerFile<Vec<(i64, i64)>>,
    /// An offset, and the one after it in the log.
    gaps: PerFile<BTreeMap<i64, i64>>,
}

type PerFile<T> = Vec<(String, T)>;

impl Findings {
    pub(super) fn index_mismatch(&mut self, file: &str, index_offset: i64, log_offset: i64) {
        of_file(&mut self.index_mismatches, file).insert(index_offset, log_offset);
    }

    pub(super) fn time_mismatch(&mut self, file: &str, indexed: i64, logged: i64) {
        of_file(&mut self.time_mismatches, file).push((indexed, logged));
    }

    pub(super) fn time_disorder(&mut self, file: &str, indexed: i64, previous: i64) {
        of_file(&mut self.time_disorder, file).push((indexed, previous));
    }

    pub(super) fn offset_not_found(&mut self, file: &str, indexed: i64, logged: i64) {
        of_file(&mut self.offsets_not_found, file).push((indexed, logged));
    }

    pub(super) fn gap(&mut self, file: &str, offset: i64, next: i64) {
        of_file(&mut self.gaps, file).insert(offset, next);
    }

    /// Writes all of it.
    pub(super) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for (file, offsets) in &self.index_mismatches {
            writeln!(out, "Mismatches in :{file}")?;
            for (index, log) in offsets.iter().rev() {
                writeln!(out, "  Index offset: {index}, log offset: {log}")?;
            }
        }
        for (file, timestamps) in &self.time_mismatches {
            writeln!(out, "Found timestamp mismatch in :{file}")?;
            for (index, log) in timestamps {
                writeln!(out, "  Index timestamp: {index}, log timestamp: {log}")?;
            }
        }
        for (file, timestamps) in &self.time_disorder {
            writeln!(out, "Found out of order timestamp in :{file}")?;
            for (index, previous) in timestamps {
                writeln!(
                    out,
                    "  Index timestamp: {index}, Previously indexed timestamp: {previous}"
                )?;
            }
        }
        for (file, offsets) in &self.offsets_not_found {
            writeln!(
                out,
                "The following indexed offsets are not found in :{file}"
            )?;
            for (index, log) in offsets {
                writeln!(out, "Indexed offset: {index}, found log offset: {log}")?;
            }
        }
        for (file, offsets) in &self.gaps {
            writeln!(out, "Non-consecutive offsets in {file}")?;
            for (offset, next) in offsets {
                writeln!(out, "  {offset} is followed by {next}")?;
            }
        }
        Ok(())
    }
}

fn of_file<'a, T: Default>(findings: &'a mut PerFile<T>, file: &str) -> &'a mut T {
    let known = findings.iter().position(|(name, _)| name == file);
    let index = known.unwrap_or_else(|| {
        findings.push((file.to_owned(), T::default()));
        findings.len() - 1
    });
    &mut findings[index].1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_told_by_file_and_kind() {
        let mut findings = Findings::default();
        findings.gap("/a.log", -1, 5);
        findings.index_mismatch("/a.index", 1, 2);
        findings.index_mismatch("/a.index", 3, 4);
        findings.time_mismatch("/a.timeindex", 5, 6);
        findings.time_disorder("/a.timeindex", 7, 8);
        findings.offset_not_found("/a.timeindex", 9, -1);
        let mut out = Vec::new();
        findings.print(&mut out).unwrap();
        let expected = "\
Mismatches in :/a.index
  Index offset: 3, log offset: 4
  Index offset: 1, log offset: 2
Found timestamp mismatch in :/a.timeindex
  Index timestamp: 5, log timestamp: 6
Found out of order timestamp in :/a.timeindex
  Index timestamp: 7, Previously indexed timestamp: 8
The following indexed offsets are not found in :/a.timeindex
Indexed offset: 9, found log offset: -1
Non-consecutive offsets in /a.log
  -1 is followed by 5
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
