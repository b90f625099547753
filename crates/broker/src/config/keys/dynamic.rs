//! Keys of resources that have no place in a file: groups, client metrics, quotas of brokers.

use super::*;

pub(super) const RESOURCE_GROUP_KEYS: &[ConfigKey] = keys! {
    "consumer.assignment.interval.ms", Int, Is("1000"), AtLeast(0), Medium, ClusterWide, NotYet,
        "How long lies at least between two assignments of the group.";
    "consumer.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How often the members are told to send heartbeats.";
    "consumer.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How long a member may be silent before it is removed.";
    "share.assignment.interval.ms", Int, Is("1000"), AtLeast(0), Medium, ClusterWide, NotYet,
        "How long lies at least between two assignments of the group.";
    "share.auto.offset.reset", Text, Is("latest"), OffsetReset, Medium, ClusterWide, NotYet,
        "Where a share group without a position begins: latest, earliest or \
         by_duration:<duration>.";
    "share.delivery.count.limit", Int, Is("5"), AtLeast(2), Medium, ClusterWide, NotYet,
        "How often a record is delivered before it is given up.";
    "share.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How often the members are told to send heartbeats.";
    "share.isolation.level", Text, Is("read_uncommitted"),
        OneOf(&["read_committed", "read_uncommitted"]), Medium, ClusterWide, NotYet,
        "Whether records of open and aborted transactions are delivered.";
    "share.partition.max.record.locks", Int, Is("2000"), AtLeast(100), Medium, ClusterWide, NotYet,
        "How many records of a partition the group may hold locked.";
    "share.record.lock.duration.ms", Int, Is("30000"), AtLeast(1000), Medium, ClusterWide, NotYet,
        "How long a record stays locked for the member that acquired it.";
    "share.renew.acknowledge.enable", Boolean, Is("true"), Any, Medium, ClusterWide, NotYet,
        "Whether members may renew the lock on a record.";
    "share.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How long a member may be silent before it is removed.";
    "streams.assignment.interval.ms", Int, Is("1000"), AtLeast(0), Medium, ClusterWide, NotYet,
        "How long lies at least between two assignments of the group.";
    "streams.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How often the members are told to send heartbeats.";
    "streams.initial.rebalance.delay.ms", Int, Is("3000"), AtLeast(0), Medium, ClusterWide, NotYet,
        "How long a new group waits for more members before its first rebalance.";
    "streams.num.standby.replicas", Int, Is("0"), AtLeast(0), Medium, ClusterWide, NotYet,
        "How many standby replicas each task has.";
    "streams.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ClusterWide, NotYet,
        "How long a member may be silent before it is removed.";
};

pub(super) const CLIENT_METRICS_KEYS: &[ConfigKey] = keys! {
    "interval.ms", Int, Is("300000"), Any, Medium, ClusterWide, NotYet,
        "How often clients push their metrics, 100 to 3600000.";
    "match", List, Is(""), PartsNotEmpty, Medium, ClusterWide, NotYet,
        "Which clients it is for, as name=pattern; empty is for all.";
    "metrics", List, Is(""), PartsNotEmpty, Medium, ClusterWide, NotYet,
        "The prefixes of the metrics that are asked for; an asterisk stands for all.";
};

pub(super) const BROKER_QUOTA_KEYS: &[ConfigKey] = keys! {
    "follower.replication.throttled.rate", Long, Is("9223372036854775807"), AtLeast(0), Medium,
        ClusterWide, NotYet,
        "How many bytes a second throttled followers of this broker fetch.";
    "leader.replication.throttled.rate", Long, Is("9223372036854775807"), AtLeast(0), Medium,
        ClusterWide, NotYet,
        "How many bytes a second this broker sends to throttled followers.";
    "replica.alter.log.dirs.io.max.bytes.per.second", Long, Is("9223372036854775807"), AtLeast(0),
        Medium, ClusterWide, Used,
        "How many bytes a second are moved between log directories.";
};
