//! Keys of our own, which Apache Kafka does not know.

use super::*;

pub(super) const KLAMM_KEYS: &[ConfigKey] = keys! {
    "klamm.client.metrics.receive", Boolean, Is("false"), Any, Medium, ReadOnly, Used,
        "Whether clients are asked for their metrics (KIP-714), which klamm.metrics.listener then \
         serves beside its own; it takes the place of a Java class in metric.reporters.";
    "klamm.metrics.listener", Text, Null, Endpoint, Low, ReadOnly, Used,
        "The address, host:port, at which metrics are served over HTTP for Prometheus; without it, \
         they are not.";
};
