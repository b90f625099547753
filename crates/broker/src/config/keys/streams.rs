//! Streams groups.

use super::*;

pub(super) const STREAMS_KEYS: &[ConfigKey] = keys! {
    "group.streams.assignment.interval.ms", Int, Is("1000"), AtLeast(0), Medium, ClusterWide,
        NotYet,
        "How long lies at least between two assignments of a streams group.";
    "group.streams.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How often the members of a streams group are told to send heartbeats.";
    "group.streams.initial.rebalance.delay.ms", Int, Is("3000"), AtLeast(0), Medium, ReadOnly,
        NotYet,
        "How long a new streams group waits for more members before its first rebalance.";
    "group.streams.max.assignment.interval.ms", Int, Is("15000"), AtLeast(0), Medium, ReadOnly,
        NotYet,
        "The highest assignment interval that a streams group may be given.";
    "group.streams.max.heartbeat.interval.ms", Int, Is("15000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "The highest heartbeat interval that a streams group may be given.";
    "group.streams.max.session.timeout.ms", Int, Is("60000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "The highest session timeout that a streams group may be given.";
    "group.streams.max.size", Int, Is("2147483647"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How many clients a streams group may have.";
    "group.streams.max.standby.replicas", Int, Is("2"), AtLeast(0), Medium, ReadOnly, NotYet,
        "The highest number of standby replicas that a streams group may be given.";
    "group.streams.min.assignment.interval.ms", Int, Is("0"), AtLeast(0), Medium, ReadOnly, NotYet,
        "The lowest assignment interval that a streams group may be given.";
    "group.streams.min.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "The lowest heartbeat interval that a streams group may be given.";
    "group.streams.min.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "The lowest session timeout that a streams group may be given.";
    "group.streams.num.standby.replicas", Int, Is("0"), AtLeast(0), Medium, ReadOnly, NotYet,
        "How many standby replicas each task of a streams group has.";
    "group.streams.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How long a member of a streams group may be silent before it is removed.";
};
