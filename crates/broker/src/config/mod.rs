//! The configuration of a node: `server.properties` with Kafka's keys.
