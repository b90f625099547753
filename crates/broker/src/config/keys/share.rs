//! Share groups and their coordinator.

use super::*;

pub(super) const SHARE_KEYS: &[ConfigKey] = keys! {
    "group.share.assignment.interval.ms", Int, Is("1000"), AtLeast(0), Medium, ClusterWide, NotYet,
        "How long lies at least between two assignments of a share group.";
    "group.share.assignors", List, Is("simple"), ListNotEmpty, Medium, ReadOnly, NotYet,
        "The one assignor that share groups use.";
    "group.share.delivery.count.limit", Int, Is("5"), Between(2, 10), Medium, ReadOnly, NotYet,
        "How often a record is delivered to a share group before it is given up.";
    "group.share.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How often the members of a share group are told to send heartbeats.";
    #[internal]
    "group.share.initialize.retry.interval.ms", Int, Is("30000"), AtLeast(1), Low, ReadOnly,
        NotYet,
        "How long lies between two tries to initialise the state of a share group.";
    "group.share.max.assignment.interval.ms", Int, Is("15000"), AtLeast(0), Medium, ReadOnly,
        NotYet,
        "The highest assignment interval that a share group may be given.";
    "group.share.max.delivery.count.limit", Int, Is("10"), Between(5, 25), Medium, ReadOnly,
        NotYet,
        "The highest delivery count that a share group may be given.";
    "group.share.max.heartbeat.interval.ms", Int, Is("15000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "The highest heartbeat interval that a share group may be given.";
    "group.share.max.partition.max.record.locks", Int, Is("4000"), Between(2000, 10000), Medium,
        ReadOnly, NotYet,
        "The highest limit of locked records a partition that a share group may be given.";
    "group.share.max.record.lock.duration.ms", Int, Is("60000"), Between(30000, 3_600_000), Medium,
        ReadOnly, NotYet,
        "The longest lock on records that a share group may be given.";
    "group.share.max.session.timeout.ms", Int, Is("60000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "The highest session timeout that a share group may be given.";
    "group.share.max.share.sessions", Int, Is("2000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How many share sessions one broker keeps.";
    "group.share.max.size", Int, Is("200"), Between(1, 1000), Medium, ReadOnly, NotYet,
        "How many members a share group may have.";
    "group.share.min.assignment.interval.ms", Int, Is("0"), AtLeast(0), Medium, ReadOnly, NotYet,
        "The lowest assignment interval that a share group may be given.";
    "group.share.min.delivery.count.limit", Int, Is("2"), Between(2, 5), Medium, ReadOnly, NotYet,
        "The lowest delivery count that a share group may be given.";
    "group.share.min.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "The lowest heartbeat interval that a share group may be given.";
    "group.share.min.partition.max.record.locks", Int, Is("100"), Between(100, 2000), Medium,
        ReadOnly, NotYet,
        "The lowest limit of locked records a partition that a share group may be given.";
    "group.share.min.record.lock.duration.ms", Int, Is("15000"), Between(1000, 30000), Medium,
        ReadOnly, NotYet,
        "The shortest lock on records that a share group may be given.";
    "group.share.min.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "The lowest session timeout that a share group may be given.";
    "group.share.partition.max.record.locks", Int, Is("2000"), Between(100, 10000), Medium,
        ReadOnly, NotYet,
        "How many records of a partition a share group may hold locked.";
    #[internal]
    "group.share.persister.class.name", Text,
        Is("org.apache.kafka.server.share.persister.DefaultStatePersister"), Any, Medium, ReadOnly,
        WithoutMeaning(Java),
        "The Java class that keeps the state of share groups.";
    "group.share.record.lock.duration.ms", Int, Is("30000"), Between(1000, 3_600_000), Medium,
        ReadOnly, NotYet,
        "How long a record stays locked for the member that acquired it.";
    "group.share.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How long a member of a share group may be silent before it is removed.";
    "share.coordinator.append.linger.ms", Int, Is("-1"), AtLeast(-1), Medium, ReadOnly, NotYet,
        "How long the share coordinator gathers records before it writes them; -1 adapts to the \
         load.";
    "share.coordinator.cached.buffer.max.bytes", Int, Is("1048588"), AtLeast(524_288), Medium,
        ClusterWide, WithoutMeaning(Internals),
        "How large a write buffer the share coordinator keeps for reuse.";
    #[internal]
    "share.coordinator.cold.partition.snapshot.interval.ms", Int, Is("300000"), AtLeast(1), Low,
        ReadOnly, NotYet,
        "How often partitions of share groups without updates are snapshotted.";
    "share.coordinator.load.buffer.size", Int, Is("5242880"), AtLeast(1), High, ReadOnly, NotYet,
        "How many bytes are read at a time when the state of share groups is loaded.";
    "share.coordinator.snapshot.update.records.per.snapshot", Int, Is("500"), Between(0, 500),
        Medium, ReadOnly, NotYet,
        "How many updates the share coordinator writes between two snapshots.";
    "share.coordinator.state.topic.compression.codec", Int, Is("0"), Any, High, ReadOnly, NotYet,
        "The number of the codec that __share_group_state is stored with.";
    "share.coordinator.state.topic.min.isr", Short, Is("2"), AtLeast(1), High, ReadOnly, Used,
        "The min.insync.replicas that __share_group_state is created with.";
    "share.coordinator.state.topic.num.partitions", Int, Is("50"), AtLeast(1), High, ReadOnly,
        Used,
        "How many partitions __share_group_state is created with.";
    #[internal]
    "share.coordinator.state.topic.prune.interval.ms", Int, Is("300000"), AtLeast(1), Low,
        ReadOnly, NotYet,
        "How often records that are no longer needed are deleted from __share_group_state.";
    "share.coordinator.state.topic.replication.factor", Short, Is("3"), AtLeast(1), High, ReadOnly,
        Used,
        "How many replicas __share_group_state is created with.";
    "share.coordinator.state.topic.segment.bytes", Int, Is("104857600"), AtLeast(1), High,
        ReadOnly, Used,
        "How large a segment of __share_group_state may get.";
    "share.coordinator.threads", Int, Is("1"), AtLeast(1), Medium, ReadOnly,
        WithoutMeaning(Internals),
        "How many threads the share coordinator has.";
    "share.coordinator.write.timeout.ms", Int, Is("5000"), AtLeast(1), High, ReadOnly, NotYet,
        "How long a write of the share coordinator waits for its replicas.";
    "share.fetch.purgatory.purge.interval.requests", Int, Is("1000"), Any, Medium, ReadOnly,
        WithoutMeaning(Internals),
        "After how many requests finished share fetches are cleared away.";
};
