//! The metadata quorum and its log.

use super::*;

pub(super) const QUORUM_KEYS: &[ConfigKey] = keys! {
    "controller.quorum.append.linger.ms", Int, Is("25"), AtLeast(0), Medium, ReadOnly, Used,
        "How long the leader of the quorum gathers records before it writes them.";
    "controller.quorum.auto.join.enable", Boolean, Is("false"), Any, Low, ReadOnly, NotYet,
        "Whether a controller adds itself to the voters of its quorum.";
    "controller.quorum.bootstrap.servers", List, Is(""), Endpoints, High, ReadOnly, Used,
        "Addresses, host:port, at which the quorum is found when its voters stand in its log.";
    "controller.quorum.election.backoff.max.ms", Int, Is("1000"), AtLeast(0), High, ReadOnly, Used,
        "The longest wait before a new election is tried after one without a winner.";
    "controller.quorum.election.timeout.ms", Int, Is("1000"), AtLeast(0), High, ReadOnly, Used,
        "How long a candidate waits for votes before it begins again.";
    "controller.quorum.fetch.max.bytes", Int, Is("1048576"), AtLeast(1), Low, ReadOnly, Used,
        "How many bytes of the metadata log one Fetch brings at most, but always a whole batch.";
    "controller.quorum.fetch.snapshot.max.bytes", Int, Is("1048576"), AtLeast(1), Low, ReadOnly,
        Used,
        "How many bytes of a metadata snapshot one FetchSnapshot brings at most.";
    "controller.quorum.fetch.timeout.ms", Int, Is("2000"), AtLeast(0), High, ReadOnly, Used,
        "How long a voter goes without its leader before it stands for election, and a leader \
         without its majority before it resigns.";
    "controller.quorum.request.timeout.ms", Int, Is("2000"), AtLeast(0), Medium, ReadOnly, Used,
        "How long a node of the quorum waits for an answer from another.";
    "controller.quorum.retry.backoff.ms", Int, Is("20"), AtLeast(0), Low, ReadOnly, Used,
        "How long a node of the quorum waits before it sends a request again.";
    "controller.quorum.voters", List, Is(""), Voters, High, ReadOnly, Used,
        "The fixed voters, each id@host:port; empty when the voters stand in the quorum's log.";
    #[internal]
    "internal.metadata.delete.delay.millis", Long, Is("60000"), Any, Low, ReadOnly, Used,
        "How long files of the metadata log stay before they are removed; for tests.";
    #[internal]
    "internal.metadata.log.segment.bytes", Int, Null, Any, Low, ReadOnly, Used,
        "The size of a segment of the metadata log without a lower bound; for tests.";
    #[internal]
    "internal.metadata.max.batch.size.in.bytes", Int, Is("8388608"), Any, Low, ReadOnly, Used,
        "The largest batch in the metadata log; for tests.";
    "metadata.log.dir", Text, Null, Any, High, ReadOnly, Used,
        "The directory of the metadata log; without it, the first log directory.";
    "metadata.log.max.record.bytes.between.snapshots", Long, Is("20971520"), AtLeast(1), High,
        ReadOnly, Used,
        "After how many bytes of records a new metadata snapshot is made.";
    "metadata.log.max.snapshot.interval.ms", Long, Is("3600000"), AtLeast(0), High, ReadOnly, Used,
        "After how long a new metadata snapshot is made if there is anything new; zero never does.";
    "metadata.log.segment.bytes", Int, Is("1073741824"), AtLeast(8_388_608), High, ReadOnly, Used,
        "How large a segment of the metadata log may get.";
    "metadata.log.segment.ms", Long, Is("604800000"), Any, High, ReadOnly, Used,
        "After how long a new segment of the metadata log is begun.";
    "metadata.max.idle.interval.ms", Int, Is("500"), AtLeast(0), Low, ReadOnly, Used,
        "How often the active controller writes a record that says nothing; zero never does.";
    "metadata.max.retention.bytes", Long, Is("104857600"), Any, High, ReadOnly, Used,
        "How large the metadata log and its snapshots may get before old ones are deleted.";
    "metadata.max.retention.ms", Long, Is("604800000"), Any, High, ReadOnly, Used,
        "How long segments and snapshots of the metadata log are kept.";
};
