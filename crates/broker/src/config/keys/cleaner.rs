//! Compaction of logs.

use super::*;

pub(super) const CLEANER_KEYS: &[ConfigKey] = keys! {
    "log.cleaner.backoff.ms", Long, Is("15000"), AtLeast(0), Medium, ClusterWide, Used,
        "How long compaction rests when there is nothing to compact.";
    "log.cleaner.dedupe.buffer.size", Long, Is("134217728"), Any, Medium, ClusterWide, Used,
        "How much memory compaction may use to find duplicate keys.";
    "log.cleaner.delete.retention.ms", Long, Is("86400000"), AtLeast(0), Medium, ClusterWide, Used,
        "How long tombstones outlive compaction, for topics that do not say.";
    "log.cleaner.enable", Boolean, Is("true"), Any, Medium, ReadOnly, Used,
        "Whether logs are compacted at all.";
    "log.cleaner.io.buffer.load.factor", Double, Is("0.9"), Any, Medium, ClusterWide, Used,
        "How full the memory for duplicate keys may get.";
    "log.cleaner.io.buffer.size", Int, Is("524288"), AtLeast(0), Medium, ClusterWide, Used,
        "How much memory compaction reads and writes with.";
    "log.cleaner.io.max.bytes.per.second", Double, Is("1.7976931348623157E308"), Any, Medium,
        ClusterWide, Used,
        "How many bytes compaction may read and write in a second.";
    "log.cleaner.max.compaction.lag.ms", Long, Is("9223372036854775807"), AtLeast(1), Medium,
        ClusterWide, Used,
        "How long a record may stay out of compaction, for topics that do not say.";
    "log.cleaner.min.cleanable.ratio", Double, Is("0.5"), UpTo(1.0), Medium, ClusterWide, Used,
        "Which part of a log must be new before it is compacted, for topics that do not say.";
    "log.cleaner.min.compaction.lag.ms", Long, Is("0"), AtLeast(0), Medium, ClusterWide, Used,
        "How long a record is kept from compaction, for topics that do not say.";
    "log.cleaner.threads", Int, Is("1"), AtLeast(0), Medium, ClusterWide, Used,
        "How many threads compact logs.";
};
