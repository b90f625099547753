//! The options of `klamm console-producer`.
//!
//! Not the job of this module: what follows from them.

use crate::arguments::OptionSpec;
use crate::arguments::jopt::Tool;

pub(super) const TOOL: Tool = Tool {
    about: "Reads lines from standard input and writes each to a topic as a record.",
    options: OPTIONS,
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::BOOTSTRAP_SERVER,
    OptionSpec::required("topic", "TOPIC", "The topic to write to."),
    OptionSpec::flag(
        "sync",
        "Wait for the acknowledgement of each line before the next one is sent; the first \
         failure ends the program.",
    ),
    OptionSpec::optional(
        "compression-codec",
        "[CODEC]",
        "Compress with none, gzip, snappy, lz4 or zstd; gzip if no codec is named. (default: none)",
    ),
    OptionSpec::optional(
        "batch-size",
        "BYTES",
        "Size of a batch: `batch.size` of the producer. (default: 16384)",
    ),
    OptionSpec::optional(
        "message-send-max-retries",
        "COUNT",
        "`retries` of the producer. (default: 3)",
    ),
    OptionSpec::optional(
        "retry-backoff-ms",
        "MS",
        "Pause before a retry: `retry.backoff.ms` of the producer. (default: 100)",
    ),
    OptionSpec::optional(
        "timeout",
        "MS",
        "How long a record may wait for others of its batch: `linger.ms` of the producer. Unless \
         one of the two is given, records leave as soon as no further line waits. (default: 1000)",
    ),
    OptionSpec::optional(
        "request-required-acks",
        "ACKS",
        "Who has to acknowledge: 0, 1, -1 or all. (default: -1)",
    ),
    OptionSpec::optional(
        "request-timeout-ms",
        "MS",
        "How long an answer of a broker is waited for. (default: 1500)",
    ),
    OptionSpec::optional(
        "metadata-expiry-ms",
        "MS",
        "Age at which metadata is fetched anew. (default: 300000)",
    ),
    OptionSpec::optional(
        "max-block-ms",
        "MS",
        "How long a line may wait for metadata or memory. (default: 60000)",
    ),
    OptionSpec::optional(
        "max-memory-bytes",
        "BYTES",
        "Memory for records that wait: `buffer.memory` of the producer. (default: 33554432)",
    ),
    OptionSpec::optional(
        "max-partition-memory-bytes",
        "BYTES",
        "Deprecated: use --batch-size.",
    ),
    OptionSpec::optional(
        "socket-buffer-size",
        "BYTES",
        "`send.buffer.bytes` of the producer. (default: 102400)",
    ),
    OptionSpec::optional(
        "line-reader",
        "CLASS",
        "How lines are read; there is only org.apache.kafka.tools.LineMessageReader.",
    ),
    OptionSpec::optional(
        "reader-property",
        "NAME=VALUE",
        "How a line is read: parse.key, key.separator (default: tab), parse.headers, \
         headers.delimiter (tab), headers.separator (,), headers.key.separator (:), ignore.error, \
         null.marker. The order is headers, key, value.",
    ),
    OptionSpec::optional(
        "reader-config",
        "FILE",
        "A file of such properties; --reader-property wins.",
    ),
    OptionSpec::optional(
        "property",
        "NAME=VALUE",
        "Deprecated: use --reader-property.",
    ),
    OptionSpec::optional(
        "command-property",
        "NAME=VALUE",
        "A property of the producer.",
    ),
    OptionSpec::optional(
        "command-config",
        "FILE",
        "A file of properties of the producer; --command-property wins.",
    ),
    OptionSpec::optional(
        "producer-property",
        "NAME=VALUE",
        "Deprecated: use --command-property.",
    ),
    OptionSpec::optional(
        "producer.config",
        "FILE",
        "Deprecated: use --command-config.",
    ),
    OptionSpec::VERSION,
    OptionSpec::HELP,
];
