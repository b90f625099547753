//! Classic and consumer groups, and committed offsets.

use super::*;

pub(super) const GROUP_KEYS: &[ConfigKey] = keys! {
    "group.consumer.assignment.interval.ms", Int, Is("1000"), AtLeast(0), Medium, ClusterWide,
        NotYet,
        "How long lies at least between two assignments of a consumer group.";
    "group.consumer.assignors", List, Is("uniform,range"), ListNotEmpty, Medium, ReadOnly, NotYet,
        "The assignors of the server for consumer groups; the first is used when a member names \
         none.";
    "group.consumer.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How often the members of a consumer group are told to send heartbeats.";
    "group.consumer.max.assignment.interval.ms", Int, Is("15000"), AtLeast(0), Medium, ReadOnly,
        NotYet,
        "The highest assignment interval that a consumer group may be given.";
    "group.consumer.max.heartbeat.interval.ms", Int, Is("15000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "The highest heartbeat interval that a consumer group may be given.";
    "group.consumer.max.session.timeout.ms", Int, Is("60000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "The highest session timeout that a consumer group may be given.";
    "group.consumer.max.size", Int, Is("2147483647"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How many members a consumer group may have.";
    "group.consumer.migration.policy", Text, Is("bidirectional"),
        OneOfIgnoringCase(&["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"]), Medium,
        ReadOnly, NotYet,
        "Whether groups change between the classic and the consumer protocol while they have \
         members.";
    "group.consumer.min.assignment.interval.ms", Int, Is("0"), AtLeast(0), Medium, ReadOnly,
        NotYet,
        "The lowest assignment interval that a consumer group may be given.";
    "group.consumer.min.heartbeat.interval.ms", Int, Is("5000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "The lowest heartbeat interval that a consumer group may be given.";
    "group.consumer.min.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "The lowest session timeout that a consumer group may be given.";
    #[internal]
    "group.consumer.regex.refresh.interval.ms", Int, Is("600000"), AtLeast(10000), Medium,
        ReadOnly, NotYet,
        "How often the topics that match a regular expression of a consumer group are looked up \
         again.";
    "group.consumer.session.timeout.ms", Int, Is("45000"), AtLeast(1), Medium, ReadOnly, NotYet,
        "How long a member of a consumer group may be silent before it is removed.";
    "group.coordinator.append.linger.ms", Int, Is("-1"), AtLeast(-1), Medium, ReadOnly, Used,
        "How long the group coordinator gathers records before it writes them; -1 adapts to the \
         load.";
    "group.coordinator.background.threads", Int, Is("2"), AtLeast(1), High, ReadOnly,
        WithoutMeaning(Internals),
        "How many threads compute assignments and match regular expressions.";
    "group.coordinator.cached.buffer.max.bytes", Int, Is("1048588"), AtLeast(524_288), Medium,
        ClusterWide, WithoutMeaning(Internals),
        "How large a write buffer the group coordinator keeps for reuse.";
    "group.coordinator.rebalance.protocols", List, Is("classic,consumer,streams"),
        SomeOf(&["consumer", "classic", "share", "streams"]), Medium, ReadOnly, Used,
        "The kinds of groups that are served.";
    "group.coordinator.threads", Int, Is("4"), AtLeast(1), High, ReadOnly,
        WithoutMeaning(Internals),
        "How many threads the group coordinator has.";
    "group.initial.rebalance.delay.ms", Int, Is("3000"), Any, Medium, ReadOnly, Used,
        "How long a new classic group waits for more members before its first rebalance.";
    "group.max.session.timeout.ms", Int, Is("1800000"), Any, Medium, ReadOnly, Used,
        "The longest session timeout that a member of a classic group may ask for.";
    "group.max.size", Int, Is("2147483647"), AtLeast(1), Medium, ReadOnly, Used,
        "How many members a classic group may have.";
    "group.min.session.timeout.ms", Int, Is("6000"), Any, Medium, ReadOnly, Used,
        "The shortest session timeout that a member of a classic group may ask for.";
    "offset.metadata.max.bytes", Int, Is("4096"), Any, High, ReadOnly, Used,
        "How long the text may be that comes with a committed offset.";
    "offsets.commit.timeout.ms", Int, Is("5000"), AtLeast(1), High, ReadOnly, Used,
        "How long a commit of offsets waits for the replicas of its partition.";
    "offsets.load.buffer.size", Int, Is("5242880"), AtLeast(1), High, ReadOnly, Used,
        "How many bytes are read at a time when groups are loaded.";
    "offsets.retention.check.interval.ms", Long, Is("600000"), AtLeast(1), High, ReadOnly, Used,
        "How often it is looked for committed offsets that have run out.";
    "offsets.retention.minutes", Int, Is("10080"), AtLeast(1), High, ReadOnly, Used,
        "How long committed offsets outlive the last member of their group.";
    "offsets.topic.compression.codec", Int, Is("0"), Any, High, ReadOnly, Used,
        "The number of the codec that committed offsets are stored with.";
    "offsets.topic.num.partitions", Int, Is("50"), AtLeast(1), High, ReadOnly, Used,
        "How many partitions __consumer_offsets is created with.";
    "offsets.topic.replication.factor", Short, Is("3"), AtLeast(1), High, ReadOnly, Used,
        "How many replicas __consumer_offsets is created with.";
    "offsets.topic.segment.bytes", Int, Is("104857600"), AtLeast(1), High, ReadOnly, Used,
        "How large a segment of __consumer_offsets may get.";
};
