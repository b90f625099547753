//! Listeners, sockets, requests and fetches.

use super::*;

pub(super) const NETWORK_KEYS: &[ConfigKey] = keys! {
    "advertised.listeners", List, Null, ListNotEmpty, High, ReadOnly, Used,
        "The addresses that clients and other brokers are told to connect to; without it, those \
         of the listeners.";
    "connection.failed.authentication.delay.ms", Int, Is("100"), AtLeast(0), Low, ReadOnly, Used,
        "How long the connection stays open after an authentication that failed.";
    "connections.max.idle.ms", Long, Is("600000"), Any, Medium, ReadOnly, Used,
        "Connections that say nothing for this long are closed; a negative value never closes \
         them.";
    "controller.listener.names", List, Required, ListNotEmpty, High, ReadOnly, Used,
        "The listeners that the controller is reached at; a broker uses the first.";
    "controller.socket.timeout.ms", Int, Is("30000"), Any, Medium, ReadOnly,
        WithoutMeaning(Removed),
        "How long the controller waited on a socket to a broker.";
    "delete.records.purgatory.purge.interval.requests", Int, Is("1"), Any, Medium, ReadOnly,
        WithoutMeaning(Internals),
        "After how many requests finished DeleteRecords requests are cleared away.";
    "fetch.max.bytes", Int, Is("57671680"), AtLeast(1024), Medium, ReadOnly, Used,
        "How many bytes one fetch returns at most, but always a whole batch.";
    "fetch.purgatory.purge.interval.requests", Int, Is("1000"), Any, Medium, ReadOnly,
        WithoutMeaning(Internals),
        "After how many requests finished fetches are cleared away.";
    "inter.broker.listener.name", Text, Null, Any, Medium, ReadOnly, Used,
        "The listener that brokers talk to each other on; without it, the one named as \
         security.inter.broker.protocol.";
    "listener.security.protocol.map", Text,
        Is("SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT"), Any,
        Low, PerBroker, Used,
        "Which security protocol each listener speaks, as NAME:PROTOCOL pairs.";
    "listeners", List, Is("PLAINTEXT://:9092"), ListNotEmpty, High, PerBroker, Used,
        "The addresses that the node listens on, each NAME://host:port; an empty host is every \
         interface.";
    "max.connection.creation.rate", Int, Is("2147483647"), AtLeast(0), Medium, ClusterWide, NotYet,
        "How many connections a second the broker accepts.";
    "max.connections", Int, Is("2147483647"), AtLeast(0), Medium, ClusterWide, Used,
        "How many connections the broker holds open.";
    "max.connections.per.ip", Int, Is("2147483647"), AtLeast(0), Medium, ClusterWide, Used,
        "How many connections one address may hold open.";
    "max.connections.per.ip.overrides", Text, Is(""), Any, Medium, ClusterWide, Used,
        "Other limits for single addresses, as address:count pairs.";
    "max.incremental.fetch.session.cache.slots", Int, Is("1000"), AtLeast(0), Medium, ReadOnly,
        Used,
        "How many incremental fetch sessions the broker keeps.";
    "max.request.partition.size.limit", Int, Is("2000"), AtLeast(1), Medium, ReadOnly, Used,
        "How many partitions one request may ask for where answers come in pages.";
    "num.io.threads", Int, Is("8"), AtLeast(1), High, ClusterWide, WithoutMeaning(Internals),
        "How many threads serve requests.";
    "num.network.threads", Int, Is("3"), AtLeast(1), High, ClusterWide, WithoutMeaning(Internals),
        "How many threads each listener reads and writes sockets with.";
    "producer.purgatory.purge.interval.requests", Int, Is("1000"), Any, Medium, ReadOnly,
        WithoutMeaning(Internals),
        "After how many requests finished produce requests are cleared away.";
    "queued.max.request.bytes", Long, Is("-1"), Any, Medium, ReadOnly, Used,
        "How many bytes of requests may wait before sockets are no longer read; -1 is no limit.";
    "queued.max.requests", Int, Is("500"), AtLeast(1), High, ReadOnly, Used,
        "How many requests may wait before sockets are no longer read.";
    "request.timeout.ms", Int, Is("30000"), Any, High, ReadOnly, Used,
        "How long a node waits for the answer of another.";
    "socket.connection.setup.timeout.max.ms", Long, Is("30000"), Any, Medium, ReadOnly, Used,
        "The longest that connecting to another node may take, after repeated failures.";
    "socket.connection.setup.timeout.ms", Long, Is("10000"), Any, Medium, ReadOnly, Used,
        "How long connecting to another node may take.";
    "socket.listen.backlog.size", Int, Is("50"), AtLeast(1), Medium, ReadOnly, Used,
        "How many connections may wait to be accepted.";
    "socket.receive.buffer.bytes", Int, Is("102400"), Any, High, ReadOnly, Used,
        "The receive buffer of sockets; -1 leaves it to the system, and so does a file without it.";
    "socket.request.max.bytes", Int, Is("104857600"), AtLeast(1), High, ReadOnly, Used,
        "The largest request that is read.";
    "socket.send.buffer.bytes", Int, Is("102400"), Any, High, ReadOnly, Used,
        "The send buffer of sockets; -1 leaves it to the system.";
};
