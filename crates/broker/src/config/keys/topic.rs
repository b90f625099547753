//! Keys of topics.

use super::*;

pub(super) const TOPIC_KEYS: &[ConfigKey] = keys! {
    "cleanup.policy", List, Is("delete"), ListOf(&["compact", "delete"]), Medium, ClusterWide,
        Used,
        "What becomes of old segments: delete, compact or both; empty keeps everything.";
    "compression.gzip.level", Int, Is("-1"), GzipLevel, Medium, ClusterWide, Used,
        "The level used when the server compresses with gzip.";
    "compression.lz4.level", Int, Is("9"), Between(1, 17), Medium, ClusterWide, Used,
        "The level used when the server compresses with lz4.";
    "compression.type", Text, Is("producer"),
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]), Medium, ClusterWide,
        Used,
        "The codec that batches are stored with; producer keeps what the producer chose.";
    "compression.zstd.level", Int, Is("3"), Between(-131_072, 22), Medium, ClusterWide, Used,
        "The level used when the server compresses with zstd.";
    "delete.retention.ms", Long, Is("86400000"), AtLeast(0), Medium, ClusterWide, Used,
        "How long tombstones outlive compaction.";
    "file.delete.delay.ms", Long, Is("60000"), AtLeast(0), Medium, ClusterWide, Used,
        "How long a deleted file stays on disk under another name.";
    "flush.messages", Long, Is("9223372036854775807"), AtLeast(1), Medium, ClusterWide, Used,
        "After how many records the log is synced to disk.";
    "flush.ms", Long, Is("9223372036854775807"), AtLeast(0), Medium, ClusterWide, Used,
        "How long a record may wait until the log is synced to disk.";
    "follower.replication.throttled.replicas", List, Is(""), ThrottledReplicas, Medium,
        ClusterWide, NotYet,
        "The replicas, partition:broker, whose fetching is throttled; an asterisk stands for all.";
    "index.interval.bytes", Int, Is("4096"), AtLeast(0), Medium, ClusterWide, Used,
        "How many bytes of records lie between two entries of the offset index.";
    #[internal]
    "internal.segment.bytes", Int, Null, Any, Medium, ClusterWide, Used,
        "The size of a segment without a lower bound; for tests.";
    "leader.replication.throttled.replicas", List, Is(""), ThrottledReplicas, Medium, ClusterWide,
        NotYet,
        "The replicas, partition:broker, that are throttled when they are fetched from; an \
         asterisk stands for all.";
    "local.retention.bytes", Long, Is("-2"), AtLeast(-2), Medium, ClusterWide, NotYet,
        "How much of a tiered log stays on local disk; -2 follows retention.bytes.";
    "local.retention.ms", Long, Is("-2"), AtLeast(-2), Medium, ClusterWide, NotYet,
        "How long a tiered log stays on local disk; -2 follows retention.ms.";
    "max.compaction.lag.ms", Long, Is("9223372036854775807"), AtLeast(1), Medium, ClusterWide,
        Used,
        "How long a record may stay out of compaction.";
    "max.message.bytes", Int, Is("1048588"), AtLeast(0), Medium, ClusterWide, Used,
        "The largest batch of records that is accepted, after compression.";
    "message.timestamp.after.max.ms", Long, Is("3600000"), AtLeast(0), Medium, ClusterWide, Used,
        "How far the timestamp of a record may be ahead of the broker's clock.";
    "message.timestamp.before.max.ms", Long, Is("9223372036854775807"), AtLeast(0), Medium,
        ClusterWide, Used,
        "How far the timestamp of a record may be behind the broker's clock.";
    "message.timestamp.type", Text, Is("CreateTime"), OneOf(&["CreateTime", "LogAppendTime"]),
        Medium, ClusterWide, Used,
        "Whether records carry the time of their creation or of their append.";
    "min.cleanable.dirty.ratio", Double, Is("0.5"), UpTo(1.0), Medium, ClusterWide, Used,
        "Which part of the log must be new before it is compacted.";
    "min.compaction.lag.ms", Long, Is("0"), AtLeast(0), Medium, ClusterWide, Used,
        "How long a record is kept from compaction.";
    "min.insync.replicas", Int, Is("1"), AtLeast(1), Medium, ClusterWide, Used,
        "How many replicas must be in sync for a write with acks=all.";
    "preallocate", Boolean, Is("false"), Any, Medium, ClusterWide, Used,
        "Whether new segments are allocated on disk in full.";
    "remote.log.copy.disable", Boolean, Is("false"), Any, Medium, ClusterWide, NotYet,
        "Whether the topic's remote tier only is read and no longer added to.";
    "remote.log.delete.on.disable", Boolean, Is("false"), Any, Medium, ClusterWide, NotYet,
        "Whether the remote segments are deleted when the remote tier is switched off.";
    "remote.storage.enable", Boolean, Is("false"), Any, Medium, ClusterWide, Refused,
        "Whether the topic has a remote tier.";
    "retention.bytes", Long, Is("-1"), Any, Medium, ClusterWide, Used,
        "The oldest segments are deleted while a partition is larger than this; -1 is no limit.";
    "retention.ms", Long, Is("604800000"), AtLeast(-1), Medium, ClusterWide, Used,
        "How long records are kept; -1 is for ever.";
    "segment.bytes", Int, Is("1073741824"), AtLeast(1_048_576), Medium, ClusterWide, Used,
        "How large a segment may get before a new one is begun.";
    "segment.index.bytes", Int, Is("10485760"), AtLeast(4), Medium, ClusterWide, Used,
        "How large an offset or time index may get; a full one ends its segment.";
    "segment.jitter.ms", Long, Is("0"), AtLeast(0), Medium, ClusterWide, Used,
        "Up to how much earlier a segment is rolled at random.";
    "segment.ms", Long, Is("604800000"), AtLeast(1), Medium, ClusterWide, Used,
        "After how long a new segment is begun, full or not.";
    "unclean.leader.election.enable", Boolean, Is("false"), Any, Medium, ClusterWide, Used,
        "Whether a replica that is not in sync may lead when no other is left.";
};
