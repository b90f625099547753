//! Keys that other releases of Apache Kafka know, and those that only its plugins read.

use super::*;

pub(super) const ELSEWHERE_KEYS: &[(&str, Standing)] = &[
    (
        "alter.config.policy.kraft.compatibility.enable",
        WithoutMeaning(Removed),
    ),
    ("auto.include.jmx.reporter", WithoutMeaning(Removed)),
    ("broker.id.generation.enable", WithoutMeaning(Removed)),
    ("control.plane.listener.name", WithoutMeaning(Removed)),
    ("controlled.shutdown.max.retries", WithoutMeaning(Removed)),
    (
        "controlled.shutdown.retry.backoff.ms",
        WithoutMeaning(Removed),
    ),
    ("delegation.token.master.key", Refused),
    ("eligible.leader.replicas.enable", WithoutMeaning(Removed)),
    ("group.coordinator.new.enable", WithoutMeaning(Removed)),
    ("group.share.enable", WithoutMeaning(Removed)),
    ("group.share.max.groups", WithoutMeaning(Removed)),
    ("inter.broker.protocol.version", WithoutMeaning(Removed)),
    (
        "leader.imbalance.per.broker.percentage",
        WithoutMeaning(Removed),
    ),
    ("log.message.downconversion.enable", WithoutMeaning(Removed)),
    ("log.message.format.version", WithoutMeaning(Removed)),
    (
        "log.message.timestamp.difference.max.ms",
        WithoutMeaning(Removed),
    ),
    ("metadata.log.segment.min.bytes", WithoutMeaning(Removed)),
    ("offsets.commit.required.acks", WithoutMeaning(Removed)),
    (
        "password.encoder.cipher.algorithm",
        WithoutMeaning(ZooKeeper),
    ),
    ("password.encoder.iterations", WithoutMeaning(ZooKeeper)),
    ("password.encoder.key.length", WithoutMeaning(ZooKeeper)),
    (
        "password.encoder.keyfactory.algorithm",
        WithoutMeaning(ZooKeeper),
    ),
    ("password.encoder.old.secret", WithoutMeaning(ZooKeeper)),
    ("password.encoder.secret", WithoutMeaning(ZooKeeper)),
    ("reserved.broker.max.id", WithoutMeaning(Removed)),
    ("zookeeper.clientCnxnSocket", WithoutMeaning(ZooKeeper)),
    ("zookeeper.connect", WithoutMeaning(ZooKeeper)),
    ("zookeeper.connection.timeout.ms", WithoutMeaning(ZooKeeper)),
    (
        "zookeeper.max.in.flight.requests",
        WithoutMeaning(ZooKeeper),
    ),
    (
        "zookeeper.metadata.migration.enable",
        WithoutMeaning(ZooKeeper),
    ),
    (
        "zookeeper.metadata.migration.min.batch.size",
        WithoutMeaning(ZooKeeper),
    ),
    ("zookeeper.session.timeout.ms", WithoutMeaning(ZooKeeper)),
    ("zookeeper.set.acl", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.cipher.suites", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.client.enable", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.crl.enable", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.enabled.protocols", WithoutMeaning(ZooKeeper)),
    (
        "zookeeper.ssl.endpoint.identification.algorithm",
        WithoutMeaning(ZooKeeper),
    ),
    ("zookeeper.ssl.keystore.location", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.keystore.password", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.keystore.type", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.ocsp.enable", WithoutMeaning(ZooKeeper)),
    ("zookeeper.ssl.protocol", WithoutMeaning(ZooKeeper)),
    (
        "zookeeper.ssl.truststore.location",
        WithoutMeaning(ZooKeeper),
    ),
    (
        "zookeeper.ssl.truststore.password",
        WithoutMeaning(ZooKeeper),
    ),
    ("zookeeper.ssl.truststore.type", WithoutMeaning(ZooKeeper)),
    (
        "errors.deadletterqueue.auto.create.topics.enable",
        WithoutMeaning(Later),
    ),
    (
        "errors.deadletterqueue.topic.name.prefix",
        WithoutMeaning(Later),
    ),
    (
        "group.consumer.assignor.offload.enable",
        WithoutMeaning(Later),
    ),
    ("group.share.assignor.offload.enable", WithoutMeaning(Later)),
    ("group.share.dlq.manager.class.name", WithoutMeaning(Later)),
    (
        "group.streams.acceptable.recovery.lag",
        WithoutMeaning(Later),
    ),
    (
        "group.streams.assignor.offload.enable",
        WithoutMeaning(Later),
    ),
    ("group.streams.assignors", WithoutMeaning(Later)),
    ("group.streams.max.warmup.replicas", WithoutMeaning(Later)),
    (
        "group.streams.min.task.offset.interval.ms",
        WithoutMeaning(Later),
    ),
    ("group.streams.num.warmup.replicas", WithoutMeaning(Later)),
    (
        "group.streams.rack.aware.assignment.tags",
        WithoutMeaning(Later),
    ),
    (
        "group.streams.task.offset.interval.ms",
        WithoutMeaning(Later),
    ),
    (
        "group.streams.topology.description.plugin.class",
        WithoutMeaning(Later),
    ),
    ("log.remote.copy.lag.bytes", WithoutMeaning(Later)),
    ("log.remote.copy.lag.ms", WithoutMeaning(Later)),
    ("max.decompressed.message.bytes", WithoutMeaning(Later)),
    (
        "sasl.oauthbearer.allow.unverified.audience",
        WithoutMeaning(Later),
    ),
    (
        "sasl.oauthbearer.allow.unverified.issuer",
        WithoutMeaning(Later),
    ),
    // Read by the authorizer alone.
    ("allow.everyone.if.no.acl.found", WithoutMeaning(Authorizer)),
    ("super.users", Refused),
];
