//! Metrics.

use super::*;

pub(super) const METRICS_KEYS: &[ConfigKey] = keys! {
    "kafka.metrics.polling.interval.secs", Int, Is("10"), AtLeast(1), Low, ReadOnly,
        WithoutMeaning(Java),
        "How often the reporters of kafka.metrics.reporters are called.";
    "kafka.metrics.reporters", List, Is(""), PartsNotEmpty, Low, ReadOnly, WithoutMeaning(Java),
        "Java classes that report Yammer metrics.";
    "metric.reporters", List, Is("org.apache.kafka.common.metrics.JmxReporter"), PartsNotEmpty,
        Low, ClusterWide, WithoutMeaning(Java),
        "Java classes that report metrics.";
    "metrics.num.samples", Int, Is("2"), AtLeast(1), Low, ReadOnly, Used,
        "How many samples a measured rate is computed over.";
    "metrics.recording.level", Text, Is("INFO"), Any, Low, ReadOnly, NotYet,
        "How much is measured.";
    "metrics.sample.window.ms", Long, Is("30000"), AtLeast(1), Low, ReadOnly, Used,
        "How long one sample of a measured rate lasts.";
    "telemetry.max.bytes", Int, Is("1048576"), AtLeast(1), Low, ReadOnly, Used,
        "How many bytes of metrics a client may push at a time.";
};
