//! The names of the files of a partition that belong to an offset:
//! `{20 digits}.{log|index|timeindex|txnindex|snapshot}`, with `.deleted`, `.cleaned` or `.swap`
//! behind it while the file is on its way.

use std::fmt;

use protocol::ids::Offset;

/// The name of a segment's file, or of a producer snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogFileName {
    /// The base offset of the segment; for a producer snapshot the offset behind the last record
    /// it takes account of.
    pub offset: Offset,
    /// What the file holds.
    pub kind: LogFileKind,
    /// Whether the file is in use.
    pub stage: LogFileStage,
}

/// What a file of a partition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFileKind {
    /// `.log`: record batches.
    Records,
    /// `.index`: offsets to positions.
    OffsetIndex,
    /// `.timeindex`: timestamps to offsets.
    TimeIndex,
    /// `.txnindex`: aborted transactions.
    TransactionIndex,
    /// `.snapshot`: the state of producers.
    ProducerSnapshot,
}

/// Where a file is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogFileStage {
    /// In use; no suffix.
    Live,
    /// `.deleted`: out of use, removed after `file.delete.delay.ms`; `.1.deleted` and so on if an
    /// earlier file of that name is not removed yet. Kafka goes by the end of the name.
    Deleted(u32),
    /// `.cleaned`: being written by the cleaner; worthless after a crash.
    Cleaned,
    /// `.swap`: complete, about to replace what it was made from; carried on with after a crash.
    Swap,
}

impl LogFileName {
    /// The name of a file in use.
    pub const fn live(offset: Offset, kind: LogFileKind) -> Self {
        Self::staged(offset, kind, LogFileStage::Live)
    }

    /// The name of a file at a stage of its way.
    pub const fn staged(offset: Offset, kind: LogFileKind, stage: LogFileStage) -> Self {
        Self {
            offset,
            kind,
            stage,
        }
    }

    /// The name that this text prints; none if it is the name of something else.
    pub fn parse(name: &str) -> Option<Self> {
        let (digits, rest) = name.split_once('.')?;
        if digits.len() != 20 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let (kind, stage) = match rest.split_once('.') {
            None => (rest, LogFileStage::Live),
            Some((kind, "deleted")) => (kind, LogFileStage::Deleted(0)),
            Some((kind, "cleaned")) => (kind, LogFileStage::Cleaned),
            Some((kind, "swap")) => (kind, LogFileStage::Swap),
            Some((kind, stage)) => {
                let number = stage.strip_suffix(".deleted")?;
                let number: u32 = number.parse().ok().filter(|number| *number > 0)?;
                (kind, LogFileStage::Deleted(number))
            }
        };
        let kind = match kind {
            "log" => LogFileKind::Records,
            "index" => LogFileKind::OffsetIndex,
            "timeindex" => LogFileKind::TimeIndex,
            "txnindex" => LogFileKind::TransactionIndex,
            "snapshot" => LogFileKind::ProducerSnapshot,
            _ => return None,
        };
        let offset = Offset(digits.parse().ok()?);
        Some(Self::staged(offset, kind, stage))
    }
}

impl fmt::Display for LogFileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            LogFileKind::Records => "log",
            LogFileKind::OffsetIndex => "index",
            LogFileKind::TimeIndex => "timeindex",
            LogFileKind::TransactionIndex => "txnindex",
            LogFileKind::ProducerSnapshot => "snapshot",
        };
        write!(formatter, "{:020}.{kind}", self.offset.0)?;
        match self.stage {
            LogFileStage::Live => Ok(()),
            LogFileStage::Deleted(0) => formatter.write_str(".deleted"),
            LogFileStage::Deleted(number) => write!(formatter, ".{number}.deleted"),
            LogFileStage::Cleaned => formatter.write_str(".cleaned"),
            LogFileStage::Swap => formatter.write_str(".swap"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_print_and_parse() {
        let names = [
            (
                "00000000000000000000.log",
                LogFileName::live(Offset(0), LogFileKind::Records),
            ),
            (
                "00000000000000000400.timeindex.deleted",
                LogFileName::staged(
                    Offset(400),
                    LogFileKind::TimeIndex,
                    LogFileStage::Deleted(0),
                ),
            ),
            (
                "00000000000000000400.log.12.deleted",
                LogFileName::staged(Offset(400), LogFileKind::Records, LogFileStage::Deleted(12)),
            ),
            (
                "00000000000000000006.txnindex.cleaned",
                LogFileName::staged(
                    Offset(6),
                    LogFileKind::TransactionIndex,
                    LogFileStage::Cleaned,
                ),
            ),
            (
                "09223372036854775807.index.swap",
                LogFileName::staged(
                    Offset(i64::MAX),
                    LogFileKind::OffsetIndex,
                    LogFileStage::Swap,
                ),
            ),
            (
                "00000000000000027012.snapshot",
                LogFileName::live(Offset(27_012), LogFileKind::ProducerSnapshot),
            ),
        ];
        for (text, name) in names {
            assert_eq!(LogFileName::parse(text), Some(name));
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn other_names_are_not_taken_for_files_of_the_log() {
        for name in [
            "leader-epoch-checkpoint",
            "partition.metadata",
            "00000000000000000000",
            "00000000000000000000.",
            "00000000000000000000.log.",
            "00000000000000000000.log.tmp",
            "00000000000000000000.log.deleted.deleted",
            "00000000000000000000.log.0.deleted",
            "0.log",
            "-0000000000000000001.log",
            "99999999999999999999.log",
            "00000000000000003902-0000000002.checkpoint",
        ] {
            assert_eq!(LogFileName::parse(name), None, "{name}");
        }
    }
}
