//! Keys of our own, which Apache Kafka does not know.

use super::*;

pub(super) const KLAMM_KEYS: &[ConfigKey] = keys! {
    "klamm.metrics.listener", Text, Null, Endpoint, Low, ReadOnly, Used,
        "The address, host:port, at which metrics are served over HTTP for Prometheus; without it, \
         they are not.";
};
