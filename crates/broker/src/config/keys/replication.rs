//! Replicas, leaders and the life of brokers.

use super::*;

pub(super) const REPLICATION_KEYS: &[ConfigKey] = keys! {
    "alter.log.dirs.replication.quota.window.num", Int, Is("11"), AtLeast(1), Low, ReadOnly,
        NotYet,
        "How many samples are kept for the quota of moves between log directories.";
    "alter.log.dirs.replication.quota.window.size.seconds", Int, Is("1"), AtLeast(1), Low,
        ReadOnly, NotYet,
        "How long one sample lasts for the quota of moves between log directories.";
    "auto.leader.rebalance.enable", Boolean, Is("true"), Any, High, ReadOnly, NotYet,
        "Whether leadership is given back to preferred replicas from time to time.";
    "broker.heartbeat.interval.ms", Int, Is("2000"), Any, Medium, ReadOnly, Used,
        "How often a broker tells the controller that it is alive.";
    "broker.session.timeout.ms", Int, Is("9000"), Any, Medium, ReadOnly, Used,
        "How long a broker may be silent before the controller fences it.";
    "controlled.shutdown.enable", Boolean, Is("true"), Any, Medium, ReadOnly, Used,
        "Whether a broker hands its leaderships over before it stops.";
    "initial.broker.registration.timeout.ms", Int, Is("60000"), Any, Medium, ReadOnly, Used,
        "How long a broker that starts tries to register before it gives up and stops.";
    "leader.imbalance.check.interval.seconds", Long, Is("300"), AtLeast(1), High, ReadOnly, NotYet,
        "How often the controller looks whether leaders should move back to preferred replicas.";
    "num.replica.alter.log.dirs.threads", Int, Null, Any, High, ReadOnly, Used,
        "How many threads move replicas between log directories.";
    "num.replica.fetchers", Int, Is("1"), AtLeast(1), High, ClusterWide, NotYet,
        "How many fetchers copy records from one other broker.";
    "replica.fetch.backoff.ms", Int, Is("1000"), AtLeast(0), Medium, ReadOnly, NotYet,
        "How long a follower rests after a partition could not be fetched.";
    "replica.fetch.max.bytes", Int, Is("1048576"), AtLeast(0), Medium, ReadOnly, NotYet,
        "How many bytes of one partition a follower fetches at a time, but always a whole batch.";
    "replica.fetch.min.bytes", Int, Is("1"), Any, High, ReadOnly, NotYet,
        "How many bytes a follower's fetch waits for.";
    "replica.fetch.response.max.bytes", Int, Is("10485760"), AtLeast(0), Medium, ReadOnly, NotYet,
        "How many bytes a follower fetches at a time in all, but always a whole batch.";
    "replica.fetch.wait.max.ms", Int, Is("500"), Any, High, ReadOnly, NotYet,
        "How long a follower's fetch waits for records.";
    "replica.high.watermark.checkpoint.interval.ms", Long, Is("5000"), Any, High, ReadOnly, Used,
        "How often high watermarks are written to disk.";
    "replica.lag.time.max.ms", Long, Is("30000"), Any, High, ReadOnly, Used,
        "How long a follower may lag behind before it is no longer in sync.";
    "replica.selector.class", Text, Null, Any, Medium, ReadOnly, NotYet,
        "The Java class that chooses the replica a consumer reads from.";
    "replica.socket.receive.buffer.bytes", Int, Is("65536"), Any, High, ReadOnly, NotYet,
        "The receive buffer of the sockets that followers fetch over.";
    "replica.socket.timeout.ms", Int, Is("30000"), Any, High, ReadOnly, NotYet,
        "How long a follower waits on the socket to its leader.";
    "replication.quota.window.num", Int, Is("11"), AtLeast(1), Low, ReadOnly, NotYet,
        "How many samples are kept for the quotas of replication.";
    "replication.quota.window.size.seconds", Int, Is("1"), AtLeast(1), Low, ReadOnly, NotYet,
        "How long one sample lasts for the quotas of replication.";
    #[internal]
    "unclean.leader.election.interval.ms", Long, Is("300000"), AtLeast(1), Medium, ReadOnly,
        NotYet,
        "How often the controller looks for partitions that need an unclean election.";
};
