//! Transactions and producer ids.

use super::*;

pub(super) const TRANSACTION_KEYS: &[ConfigKey] = keys! {
    "add.partitions.to.txn.retry.backoff.max.ms", Int, Is("100"), AtLeast(0), High, ReadOnly,
        NotYet,
        "The longest that adding a partition to a transaction is retried on the server before \
         the client is told.";
    "add.partitions.to.txn.retry.backoff.ms", Int, Is("20"), AtLeast(1), High, ReadOnly, NotYet,
        "How long the server waits before it tries again to add a partition to a transaction.";
    #[internal]
    "producer.id.expiration.check.interval.ms", Int, Is("600000"), AtLeast(1), Low, ReadOnly, Used,
        "How often it is looked for producer ids that have run out.";
    "producer.id.expiration.ms", Int, Is("86400000"), AtLeast(1), Low, ClusterWide, Used,
        "How long a partition remembers a producer that writes nothing.";
    "transaction.abort.timed.out.transaction.cleanup.interval.ms", Int, Is("10000"), AtLeast(1),
        Low, ReadOnly, NotYet,
        "How often it is looked for transactions that have timed out.";
    "transaction.max.timeout.ms", Int, Is("900000"), AtLeast(1), High, ReadOnly, NotYet,
        "The longest timeout that a transaction may ask for.";
    "transaction.partition.verification.enable", Boolean, Is("true"), Any, Low, ClusterWide,
        NotYet,
        "Whether a transactional write is checked to belong to an ongoing transaction.";
    "transaction.remove.expired.transaction.cleanup.interval.ms", Int, Is("3600000"), AtLeast(1),
        Low, ReadOnly, NotYet,
        "How often it is looked for transactional ids that have run out.";
    "transaction.state.log.load.buffer.size", Int, Is("5242880"), AtLeast(1), High, ReadOnly,
        NotYet,
        "How many bytes are read at a time when transactions are loaded.";
    "transaction.state.log.min.isr", Int, Is("2"), AtLeast(1), High, ReadOnly, Used,
        "The min.insync.replicas that __transaction_state is created with.";
    "transaction.state.log.num.partitions", Int, Is("50"), AtLeast(1), High, ReadOnly, Used,
        "How many partitions __transaction_state is created with.";
    "transaction.state.log.replication.factor", Short, Is("3"), AtLeast(1), High, ReadOnly, Used,
        "How many replicas __transaction_state is created with.";
    "transaction.state.log.segment.bytes", Int, Is("104857600"), AtLeast(1), High, ReadOnly, Used,
        "How large a segment of __transaction_state may get.";
    "transaction.two.phase.commit.enable", Boolean, Is("false"), Any, Low, ReadOnly, NotYet,
        "Whether transactions may be prepared for an external coordinator.";
    "transactional.id.expiration.ms", Int, Is("604800000"), AtLeast(1), High, ReadOnly, Used,
        "How long a transactional id is remembered after its last use.";
};
