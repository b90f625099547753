//! The id of a snapshot, and the file names made of it.

use std::fmt;
use std::str::FromStr;

use protocol::ids::{LeaderEpoch, Offset};

/// Everything before an offset, and the epoch of the last record of it. Ordered by epoch first, as
/// Kafka does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetAndEpoch {
    /// The offset after the last record.
    pub offset: Offset,
    /// The epoch of the last record.
    pub epoch: LeaderEpoch,
}

/// What a file of a snapshot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotFileKind {
    /// `.checkpoint`: complete.
    Complete,
    /// `.checkpoint.part`: being written, or left behind by a crash.
    Partial,
    /// `.checkpoint.deleted`: not needed any more.
    Deleted,
}

/// The name of a file of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotFileName {
    /// The snapshot.
    pub id: OffsetAndEpoch,
    /// What the file is.
    pub kind: SnapshotFileKind,
}

impl OffsetAndEpoch {
    /// The snapshot that formatting writes.
    pub const BOOTSTRAP: Self = Self {
        offset: Offset::ZERO,
        epoch: LeaderEpoch(0),
    };
}

impl Ord for OffsetAndEpoch {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.epoch, self.offset).cmp(&(other.epoch, other.offset))
    }
}

impl PartialOrd for OffsetAndEpoch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for OffsetAndEpoch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:020}-{:010}", self.offset.0, self.epoch.0)
    }
}

impl fmt::Display for SnapshotFileName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = match self.kind {
            SnapshotFileKind::Complete => "",
            SnapshotFileKind::Partial => ".part",
            SnapshotFileKind::Deleted => ".deleted",
        };
        write!(formatter, "{}.checkpoint{suffix}", self.id)
    }
}

/// A name that is not one of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("parse file name: it is not that of a snapshot")]
pub struct NotASnapshot;

impl FromStr for SnapshotFileName {
    type Err = NotASnapshot;

    /// Kafka puts a random number behind the id of a snapshot it is writing.
    fn from_str(name: &str) -> Result<Self, NotASnapshot> {
        let (id, rest) = name.split_at_checked(31).ok_or(NotASnapshot)?;
        let (offset, epoch) = id.split_once('-').ok_or(NotASnapshot)?;
        let is_number = |text: &str, width| {
            text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_number(offset, 20) || !is_number(epoch, 10) {
            return Err(NotASnapshot);
        }
        let kind = match rest {
            ".checkpoint" => SnapshotFileKind::Complete,
            ".checkpoint.deleted" => SnapshotFileKind::Deleted,
            rest if rest.ends_with(".checkpoint.part") => SnapshotFileKind::Partial,
            _ => return Err(NotASnapshot),
        };
        Ok(Self {
            id: OffsetAndEpoch {
                offset: Offset(offset.parse().map_err(|_| NotASnapshot)?),
                epoch: LeaderEpoch(epoch.parse().map_err(|_| NotASnapshot)?),
            },
            kind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_and_print_as_kafka_has_them() {
        for (name, kind) in [
            (
                "00000000000000003902-0000000002.checkpoint",
                SnapshotFileKind::Complete,
            ),
            (
                "00000000000000003902-0000000002.checkpoint.part",
                SnapshotFileKind::Partial,
            ),
            (
                "00000000000000003902-0000000002.checkpoint.deleted",
                SnapshotFileKind::Deleted,
            ),
        ] {
            let parsed: SnapshotFileName = name.parse().unwrap();
            assert_eq!(
                (parsed.id.offset, parsed.id.epoch),
                (Offset(3902), LeaderEpoch(2))
            );
            assert_eq!(parsed.kind, kind);
            assert_eq!(parsed.to_string(), name);
        }
        let kafkas = "00000000000000003902-0000000002-123.checkpoint.part".parse();
        assert_eq!(
            kafkas.map(|name: SnapshotFileName| name.kind),
            Ok(SnapshotFileKind::Partial)
        );
    }

    #[test]
    fn other_names_are_refused() {
        for name in [
            "bootstrap.checkpoint",
            "00000000000000000000.snapshot",
            "99999999999999999999-0000000002.checkpoint",
            "0000000000000000390ü-000000000.checkpoint",
            "+0000000000000003902-0000000002.checkpoint",
            "",
        ] {
            assert_eq!(
                name.parse::<SnapshotFileName>(),
                Err(NotASnapshot),
                "{name}"
            );
        }
    }
}
