//! Compares what we say of a log with what Kafka says.
//!
//! Invariant: a difference is let pass only where Kafka does not find what is there, and we do.

use anyhow::{Result, ensure};

use crate::lines::ReadRecord;

const DIFFERENCES_SHOWN: usize = 5;

/// A comparison of lines about a log that holds these records.
pub(crate) struct Comparison<'a> {
    records: &'a [ReadRecord],
}

impl<'a> Comparison<'a> {
    pub(crate) const fn new(records: &'a [ReadRecord]) -> Self {
        Self { records }
    }

    /// Compares all lines. Returns how many look-ups found something where Kafka does not.
    pub(crate) fn compare(&self, ours: &[&str], theirs: &[&str]) -> Result<usize> {
        let mut blind_lookups = 0;
        let mut differences = Vec::new();
        for index in 0..ours.len().max(theirs.len()) {
            let ours = ours.get(index).copied().unwrap_or_default();
            let theirs = theirs.get(index).copied().unwrap_or_default();
            if ours == theirs {
                continue;
            }
            if self.sighted(theirs).is_some_and(|sighted| ours == sighted) {
                blind_lookups += 1;
            } else {
                differences.push(format!(
                    "line {}\n  ours   {ours}\n  theirs {theirs}",
                    index + 1
                ));
            }
        }
        let count = differences.len();
        differences.truncate(DIFFERENCES_SHOWN);
        ensure!(
            count == 0,
            "{count} lines differ\n{}",
            differences.join("\n")
        );
        Ok(blind_lookups)
    }

    /// The answer to a look-up that Kafka says finds nothing, after a look at all records; none if
    /// `theirs` is something else. Kafka looks up a timestamp in one segment only, the first whose
    /// largest timestamp is large enough; but that may be left of a record that was compacted away,
    /// or lie before the log start.
    fn sighted(&self, theirs: &str) -> Option<String> {
        let question = theirs.strip_suffix(" none")?;
        let asked = question.strip_prefix("timestamp ")?.parse().ok()?;
        let mut records = self.records.iter();
        let found = records.find(|record| record.timestamp_ms >= asked)?;
        Some(format!(
            "{question} {} {} {}",
            found.offset, found.timestamp_ms, found.leader_epoch
        ))
    }
}

#[cfg(test)]
mod tests {
    use protocol::records::TimestampType;

    use super::*;

    fn records() -> Vec<ReadRecord> {
        let record = |(offset, timestamp_ms)| ReadRecord {
            offset,
            leader_epoch: 2,
            timestamp_type: TimestampType::CreateTime,
            timestamp_ms,
            key: None,
            value: None,
            headers: Vec::new(),
        };
        [(5, 100), (7, 300), (8, 300)].map(record).into()
    }

    fn check(ours: &str, theirs: &str, verdict: Option<usize>) {
        let compared = Comparison::new(&records()).compare(&[ours], &[theirs]);
        assert_eq!(compared.ok(), verdict, "{ours} and {theirs}");
    }

    #[test]
    fn equal_lines_are_equal_and_others_are_not() {
        check("latest 9", "latest 9", Some(0));
        check("latest 9", "latest 8", None);
        check("latest 9", "", None);
        check("timestamp 200 7 300 2", "timestamp 200 8 300 2", None);
        check("max-timestamp 7 300 2", "max-timestamp 8 300 2", None);
    }

    #[test]
    fn only_the_right_answer_may_stand_where_kafka_finds_nothing() {
        check("timestamp 200 7 300 2", "timestamp 200 none", Some(1));
        check("timestamp 200 8 300 2", "timestamp 200 none", None);
        check("timestamp 301 none", "timestamp 301 7 300 2", None);
        check("timestamp 301 8 300 2", "timestamp 301 none", None);
        check("max-timestamp 7 300 2", "max-timestamp none", None);
    }
}
