//! The options of `klamm console-consumer`.
//!
//! Not the job of this module: what follows from them.

use crate::arguments::OptionSpec;
use crate::arguments::jopt::Tool;

pub(super) const TOOL: Tool = Tool {
    about: "Prints the records of topics, as they come.",
    options: OPTIONS,
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::BOOTSTRAP_SERVER,
    OptionSpec::optional("topic", "TOPIC", "The topic to read."),
    OptionSpec::optional(
        "include",
        "PATTERN",
        "Read all topics whose whole name this regular expression matches, later ones too.",
    ),
    OptionSpec::optional(
        "partition",
        "PARTITION",
        "Read this partition only, from its end unless --offset or --from-beginning is given.",
    ),
    OptionSpec::optional(
        "offset",
        "OFFSET",
        "Where to begin in the partition: a number, earliest or latest. (default: latest)",
    ),
    OptionSpec::flag(
        "from-beginning",
        "Begin with the earliest record if the group has committed nothing.",
    ),
    OptionSpec::optional(
        "max-messages",
        "COUNT",
        "End after so many records. (default: no end)",
    ),
    OptionSpec::optional(
        "timeout-ms",
        "MS",
        "End if no record comes for so long. (default: never)",
    ),
    OptionSpec::optional(
        "group",
        "GROUP",
        "The group to belong to. (default: console-consumer- and a random number)",
    ),
    OptionSpec::optional(
        "isolation-level",
        "LEVEL",
        "read_committed leaves out records of transactions that have not been committed. \
         (default: read_uncommitted)",
    ),
    OptionSpec::optional(
        "formatter",
        "CLASS",
        "org.apache.kafka.tools.consumer. and one of DefaultMessageFormatter, \
         LoggingMessageFormatter, NoOpMessageFormatter. (default: the first)",
    ),
    OptionSpec::optional(
        "formatter-property",
        "NAME=VALUE",
        "What is printed: print.timestamp, print.partition, print.offset, print.delivery, \
         print.epoch, print.headers, print.key, print.value (default: the value alone); \
         key.separator (tab), line.separator, headers.separator (,), null.literal (null); \
         key.deserializer, value.deserializer, headers.deserializer: classes of \
         org.apache.kafka.common.serialization.",
    ),
    OptionSpec::optional(
        "formatter-config",
        "FILE",
        "A file of such properties; --formatter-property wins.",
    ),
    OptionSpec::optional(
        "property",
        "NAME=VALUE",
        "Deprecated: use --formatter-property.",
    ),
    OptionSpec::optional(
        "key-deserializer",
        "CLASS",
        "The same as the property key.deserializer of the formatter.",
    ),
    OptionSpec::optional(
        "value-deserializer",
        "CLASS",
        "The same as the property value.deserializer of the formatter.",
    ),
    OptionSpec::flag(
        "skip-message-on-error",
        "Pass over a record that cannot be printed; else it is the end.",
    ),
    OptionSpec::optional(
        "command-property",
        "NAME=VALUE",
        "A property of the consumer.",
    ),
    OptionSpec::optional(
        "command-config",
        "FILE",
        "A file of properties of the consumer; --command-property wins.",
    ),
    OptionSpec::optional(
        "consumer-property",
        "NAME=VALUE",
        "Deprecated: use --command-property.",
    ),
    OptionSpec::optional(
        "consumer.config",
        "FILE",
        "Deprecated: use --command-config.",
    ),
    OptionSpec::flag(
        "enable-systest-events",
        "Print shutdown_complete at the end, for Kafka's system tests.",
    ),
    OptionSpec::VERSION,
    OptionSpec::HELP,
];
