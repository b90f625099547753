//! The remote tier of logs.

use super::*;

pub(super) const REMOTE_TIER_KEYS: &[ConfigKey] = keys! {
    "follower.fetch.last.tiered.offset.enable", Boolean, Is("false"), Any, Medium, ClusterWide,
        NotYet,
        "Whether an empty follower begins behind what is in the remote tier.";
    "remote.fetch.max.wait.ms", Int, Is("500"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How long a fetch waits for records from the remote tier.";
    "remote.list.offsets.request.timeout.ms", Long, Is("30000"), AtLeast(1), Medium, ClusterWide,
        NotYet,
        "How long a lookup of offsets in the remote tier may take.";
    "remote.log.index.file.cache.total.size.bytes", Long, Is("1073741824"), AtLeast(1), Low,
        ClusterWide, NotYet,
        "How much disk the indexes fetched from the remote tier may take.";
    #[internal]
    "remote.log.index.file.cache.ttl.ms", Long, Is("900000"), AtLeast(-1), Low, ReadOnly, NotYet,
        "How long an index fetched from the remote tier is kept after its last use; -1 is for \
         ever.";
    "remote.log.manager.copier.thread.pool.size", Int, Is("10"), AtLeast(1), Medium, ClusterWide,
        NotYet,
        "How many threads copy segments to the remote tier.";
    "remote.log.manager.copy.max.bytes.per.second", Long, Is("9223372036854775807"), AtLeast(1),
        Medium, ClusterWide, NotYet,
        "How many bytes a second are copied to the remote tier.";
    "remote.log.manager.copy.quota.window.num", Int, Is("11"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "How many samples are kept for the limit of copies to the remote tier.";
    "remote.log.manager.copy.quota.window.size.seconds", Int, Is("1"), AtLeast(1), Medium,
        ReadOnly, NotYet,
        "How long one sample lasts for the limit of copies to the remote tier.";
    "remote.log.manager.expiration.thread.pool.size", Int, Is("10"), AtLeast(1), Medium,
        ClusterWide, NotYet,
        "How many threads remove expired segments from the remote tier.";
    "remote.log.manager.fetch.max.bytes.per.second", Long, Is("9223372036854775807"), AtLeast(1),
        Medium, ClusterWide, NotYet,
        "How many bytes a second are fetched from the remote tier.";
    "remote.log.manager.fetch.quota.window.num", Int, Is("11"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "How many samples are kept for the limit of fetches from the remote tier.";
    "remote.log.manager.fetch.quota.window.size.seconds", Int, Is("1"), AtLeast(1), Medium,
        ReadOnly, NotYet,
        "How long one sample lasts for the limit of fetches from the remote tier.";
    "remote.log.manager.follower.thread.pool.size", Int, Is("2"), AtLeast(1), Medium, ClusterWide,
        NotYet,
        "How many threads followers learn with what the remote tier holds.";
    "remote.log.manager.task.interval.ms", Long, Is("30000"), AtLeast(1), Low, ReadOnly, NotYet,
        "How often segments are copied to the remote tier and removed from it.";
    #[internal]
    "remote.log.manager.task.retry.backoff.max.ms", Long, Is("30000"), AtLeast(1), Low, ReadOnly,
        NotYet,
        "The longest wait before work on the remote tier is tried again.";
    #[internal]
    "remote.log.manager.task.retry.backoff.ms", Long, Is("500"), AtLeast(1), Low, ReadOnly, NotYet,
        "The first wait before work on the remote tier is tried again.";
    #[internal]
    "remote.log.manager.task.retry.jitter", Double, Is("0.2"), UpTo(0.5), Low, ReadOnly, NotYet,
        "Which part of that wait is random.";
    "remote.log.manager.thread.pool.size", Int, Is("2"), AtLeast(1), Medium, ReadOnly, NotYet,
        "The older name of remote.log.manager.follower.thread.pool.size.";
    "remote.log.metadata.custom.metadata.max.bytes", Int, Is("128"), AtLeast(0), Low, ReadOnly,
        NotYet,
        "How many bytes of its own a remote storage plugin may add to a segment's metadata.";
    "remote.log.metadata.manager.class.name", Text,
        Is("org.apache.kafka.server.log.remote.metadata.storage.\
            TopicBasedRemoteLogMetadataManager"),
        NotEmpty, Medium, ReadOnly, WithoutMeaning(Java),
        "The Java class that keeps the metadata of the remote tier.";
    "remote.log.metadata.manager.class.path", Text, Null, Any, Medium, ReadOnly,
        WithoutMeaning(Java),
        "Where that class is loaded from.";
    "remote.log.metadata.manager.impl.prefix", Text, Is("rlmm.config."), NotEmpty, Medium,
        ReadOnly, WithoutMeaning(Java),
        "The prefix of the keys that are handed to that class.";
    "remote.log.metadata.manager.listener.name", Text, Null, NotEmpty, Medium, ReadOnly, NotYet,
        "The listener that that class connects to.";
    "remote.log.reader.max.pending.tasks", Int, Is("100"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How many reads from the remote tier may wait.";
    "remote.log.reader.threads", Int, Is("10"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How many threads read from the remote tier.";
    "remote.log.storage.manager.class.name", Text, Null, NotEmpty, Medium, ReadOnly,
        WithoutMeaning(Java),
        "The Java class that stores segments in the remote tier.";
    "remote.log.storage.manager.class.path", Text, Null, Any, Medium, ReadOnly,
        WithoutMeaning(Java),
        "Where that class is loaded from.";
    "remote.log.storage.manager.impl.prefix", Text, Is("rsm.config."), NotEmpty, Medium, ReadOnly,
        WithoutMeaning(Java),
        "The prefix of the keys that are handed to that class.";
    "remote.log.storage.system.enable", Boolean, Is("false"), Any, Medium, ReadOnly, Refused,
        "Whether topics may have a remote tier.";
};
