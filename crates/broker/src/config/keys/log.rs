//! Logs of partitions, and the defaults of topics.

use super::*;

pub(super) const LOG_KEYS: &[ConfigKey] = keys! {
    "compression.gzip.level", Int, Is("-1"), GzipLevel, Medium, ClusterWide, Used,
        "The level used when the server compresses with gzip.";
    "compression.lz4.level", Int, Is("9"), Between(1, 17), Medium, ClusterWide, Used,
        "The level used when the server compresses with lz4.";
    "compression.type", Text, Is("producer"),
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), High, ClusterWide,
        Used,
        "The codec that batches are stored with; producer keeps what the producer chose.";
    "compression.zstd.level", Int, Is("3"), Between(-131_072, 22), Medium, ClusterWide, Used,
        "The level used when the server compresses with zstd.";
    "cordoned.log.dirs", List, Is(""), PartsNotEmpty, Medium, PerBroker, NotYet,
        "Log directories that get no new replicas; an asterisk stands for all of them.";
    "log.cleanup.policy", List, Is("delete"), ListOf(&["compact", "delete"]), Medium, ClusterWide,
        Used,
        "What becomes of old segments: delete, compact or both; empty keeps everything.";
    "log.dir", List, Is("/tmp/kafka-logs"), ListNotEmpty, High, ReadOnly, Used,
        "The log directories when log.dirs is not set.";
    "log.dir.failure.timeout.ms", Long, Is("30000"), AtLeast(1), Low, ReadOnly, Used,
        "How long a broker lives on when it cannot tell the controller of a log directory that \
         failed.";
    "log.dirs", List, Null, ListNotEmpty, High, ReadOnly, Used,
        "The directories that hold the partitions, separated by commas.";
    "log.flush.interval.messages", Long, Is("9223372036854775807"), AtLeast(1), High, ClusterWide,
        Used,
        "After how many records a log is synced to disk.";
    "log.flush.interval.ms", Long, Null, Any, High, ClusterWide, Used,
        "How long a record may wait until its log is synced to disk; without it, \
         log.flush.scheduler.interval.ms.";
    "log.flush.offset.checkpoint.interval.ms", Int, Is("60000"), AtLeast(0), High, ReadOnly, Used,
        "How often it is written down up to where logs are synced.";
    "log.flush.scheduler.interval.ms", Long, Is("9223372036854775807"), Any, High, ReadOnly, Used,
        "How often it is looked for logs that are due to be synced.";
    "log.flush.start.offset.checkpoint.interval.ms", Int, Is("60000"), AtLeast(0), High, ReadOnly,
        Used,
        "How often it is written down where logs begin.";
    "log.index.interval.bytes", Int, Is("4096"), AtLeast(0), Medium, ClusterWide, Used,
        "How many bytes of records lie between two entries of the offset index.";
    "log.index.size.max.bytes", Int, Is("10485760"), AtLeast(4), Medium, ClusterWide, Used,
        "How large an offset or time index may get; a full one ends its segment.";
    #[internal]
    "log.initial.task.delay.ms", Long, Is("30000"), AtLeast(0), Low, ReadOnly, Used,
        "How long after the start the background work on logs begins; for tests.";
    "log.local.retention.bytes", Long, Is("-2"), AtLeast(-2), Medium, ClusterWide, NotYet,
        "How much of a tiered log stays on local disk; -2 follows log.retention.bytes.";
    "log.local.retention.ms", Long, Is("-2"), AtLeast(-2), Medium, ClusterWide, NotYet,
        "How long a tiered log stays on local disk; -2 follows log.retention.ms.";
    "log.message.timestamp.after.max.ms", Long, Is("3600000"), AtLeast(0), Medium, ClusterWide,
        Used,
        "How far the timestamp of a record may be ahead of the broker's clock.";
    "log.message.timestamp.before.max.ms", Long, Is("9223372036854775807"), AtLeast(0), Medium,
        ClusterWide, Used,
        "How far the timestamp of a record may be behind the broker's clock.";
    "log.message.timestamp.type", Text, Is("CreateTime"), OneOf(&["CreateTime", "LogAppendTime"]),
        Medium, ClusterWide, Used,
        "Whether records carry the time of their creation or of their append.";
    "log.preallocate", Boolean, Is("false"), Any, Medium, ClusterWide, Used,
        "Whether new segments are allocated on disk in full.";
    "log.retention.bytes", Long, Is("-1"), Any, High, ClusterWide, Used,
        "The oldest segments of a partition are deleted while it is larger than this; -1 is no \
         limit.";
    "log.retention.check.interval.ms", Long, Is("300000"), AtLeast(1), Medium, ReadOnly, Used,
        "How often it is looked for segments that may be deleted.";
    "log.retention.hours", Int, Is("168"), Any, High, ReadOnly, Used,
        "How many hours records are kept, when neither log.retention.ms nor \
         log.retention.minutes is set.";
    "log.retention.minutes", Int, Null, Any, High, ReadOnly, Used,
        "How many minutes records are kept, when log.retention.ms is not set.";
    "log.retention.ms", Long, Null, Any, High, ClusterWide, Used,
        "How long records are kept; -1 is for ever.";
    "log.roll.hours", Int, Is("168"), AtLeast(1), High, ReadOnly, Used,
        "After how many hours a new segment is begun, when log.roll.ms is not set.";
    "log.roll.jitter.hours", Int, Is("0"), AtLeast(0), High, ReadOnly, Used,
        "Up to how many hours a roll comes earlier at random, when log.roll.jitter.ms is not set.";
    "log.roll.jitter.ms", Long, Null, Any, High, ClusterWide, Used,
        "Up to how much earlier a segment is rolled at random.";
    "log.roll.ms", Long, Null, Any, High, ClusterWide, Used,
        "After how long a new segment is begun, full or not.";
    "log.segment.bytes", Int, Is("1073741824"), AtLeast(1_048_576), High, ClusterWide, Used,
        "How large a segment may get before a new one is begun.";
    "log.segment.delete.delay.ms", Long, Is("60000"), AtLeast(0), High, ClusterWide, Used,
        "How long a deleted segment stays on disk under another name.";
    "message.max.bytes", Int, Is("1048588"), AtLeast(0), High, ClusterWide, Used,
        "The largest batch of records that is accepted, after compression.";
    "min.insync.replicas", Int, Is("1"), AtLeast(1), High, ClusterWide, Used,
        "How many replicas must be in sync for a write with acks=all, for topics that do not say.";
    "num.recovery.threads.per.data.dir", Int, Is("2"), AtLeast(1), High, ClusterWide, Used,
        "How many logs of a directory are loaded at a time at the start, and flushed at the end.";
    "unclean.leader.election.enable", Boolean, Is("false"), Any, High, ClusterWide, Used,
        "Whether a replica that is not in sync may lead when no other is left, for topics that \
         do not say.";
};
