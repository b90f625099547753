//! The options of `klamm topics`, and which of them go together.

use crate::arguments::jopt::{Parsed, Tool};
use crate::arguments::{OptionSpec, UsageError};

/// Options that say what to do; exactly one is given.
const ACTIONS: [&str; 5] = ["create", "list", "alter", "describe", "delete"];

/// Options that leave all but some partitions out of a description.
const PARTITION_FILTERS: [&str; 4] = [
    "under-replicated-partitions",
    "under-min-isr-partitions",
    "at-min-isr-partitions",
    "unavailable-partitions",
];

const TOOL: Tool = Tool {
    about: "Creates, lists, describes, changes and deletes topics.",
    options: OPTIONS,
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::optional(
        "bootstrap-server",
        "HOST:PORT,...",
        "Brokers of the cluster; required.",
    ),
    OptionSpec::optional(
        "command-config",
        "FILE",
        "A properties file for the admin client.",
    ),
    OptionSpec::flag("create", "Create a topic."),
    OptionSpec::flag("list", "Print the names of topics."),
    OptionSpec::flag("describe", "Show topics and their partitions."),
    OptionSpec::flag(
        "alter",
        "Add partitions to topics. Their configuration is changed with kafka-configs.",
    ),
    OptionSpec::flag("delete", "Delete topics."),
    OptionSpec::optional(
        "topic",
        "TOPIC",
        "The topic; but for --create a regular expression for the whole name, or several with \
         commas between.",
    ),
    OptionSpec::optional(
        "topic-id",
        "ID",
        "The id of the topic to describe; goes before --topic.",
    ),
    OptionSpec::optional(
        "config",
        "NAME=VALUE",
        "With --create: a configuration of the topic's own; may be given several times.",
    ),
    OptionSpec::optional(
        "delete-config",
        "NAME",
        "Has had no effect since Apache Kafka 4.0.",
    ),
    OptionSpec::optional(
        "partitions",
        "COUNT",
        "How many partitions the topic gets, or shall have altogether; a new topic gets the \
         brokers' default otherwise. Records with keys go to other partitions when their number \
         changes.",
    ),
    OptionSpec::optional(
        "replication-factor",
        "COUNT",
        "With --create: how many brokers have each partition; the brokers' default otherwise.",
    ),
    OptionSpec::optional(
        "replica-assignment",
        "BROKER:BROKER,BROKER:BROKER,...",
        "The brokers of each partition, its preferred leader first; those that exist as well.",
    ),
    OptionSpec::flag(
        "under-replicated-partitions",
        "Describe only partitions some of whose replicas are not in sync.",
    ),
    OptionSpec::flag(
        "unavailable-partitions",
        "Describe only partitions without a leader that is there.",
    ),
    OptionSpec::flag(
        "under-min-isr-partitions",
        "Describe only partitions with fewer replicas in sync than min.insync.replicas.",
    ),
    OptionSpec::flag(
        "at-min-isr-partitions",
        "Describe only partitions with just as many replicas in sync as min.insync.replicas.",
    ),
    OptionSpec::flag(
        "topics-with-overrides",
        "Describe only topics with configurations that are not the default, and not their \
         partitions.",
    ),
    OptionSpec::flag(
        "if-exists",
        "With --alter, --delete or --describe: no such topic is no failure.",
    ),
    OptionSpec::flag(
        "if-not-exists",
        "With --create: that the topic exists already is no failure.",
    ),
    OptionSpec::flag(
        "exclude-internal",
        "With --list or --describe: leave the brokers' own topics out.",
    ),
    OptionSpec::optional(
        "partition-size-limit-per-response",
        "COUNT",
        "How many partitions one answer of a broker may hold. Taken, and without effect: answers \
         hold at most 2000.",
    ),
    OptionSpec::VERSION,
    OptionSpec::HELP,
];

/// Reads the arguments, which go together then. With `--version` nothing else counts.
///
/// # Errors
/// When they do not.
pub(super) fn read(program: &str, arguments: &[String]) -> Result<Parsed, UsageError> {
    if arguments.is_empty() {
        return Err(TOOL.refusal(program, TOOL.about));
    }
    let parsed = TOOL.read(program, arguments)?;
    if parsed.values.has("version") {
        return Ok(parsed);
    }
    match contradiction(&parsed) {
        None => Ok(parsed),
        Some(message) => Err(TOOL.refusal(program, &message)),
    }
}

/// What is missing, or does not go together, in Kafka's words and order.
fn contradiction(parsed: &Parsed) -> Option<String> {
    let has = |long: &str| parsed.values.has(long);
    let given: Vec<_> = ACTIONS.into_iter().filter(|action| has(action)).collect();
    let [action] = given[..] else {
        return Some(
            "Command must include exactly one action: --list, --describe, --create, --alter or \
             --delete"
                .to_owned(),
        );
    };
    if !has("bootstrap-server") {
        return Some("--bootstrap-server must be specified".to_owned());
    }
    if action == "describe" && has("if-exists") && !has("topic") && !has("topic-id") {
        return Some("--topic or --topic-id is required to describe a topic".to_owned());
    }
    if !["list", "describe"].contains(&action) && !has("topic") {
        return Some(missing("topic"));
    }
    if action == "alter" && has("config") {
        return Some(
            "Option combination \"[[bootstrap-server], [config]]\" can't be used with option \
             \"[alter]\" (the kafka-configs tool alters topic configurations)"
                .to_owned(),
        );
    }
    if action == "alter" && !has("partitions") {
        return Some(missing("partitions"));
    }
    let misplaced = |(option, _): &&(&str, &[&str])| has(option);
    for (option, actions) in PLACES.iter().filter(misplaced) {
        if !actions.contains(&action) {
            return Some(clash(option, action));
        }
    }
    exclusive_pair(parsed)
}

/// Options, and the actions that take them.
const PLACES: &[(&str, &[&str])] = &[
    ("config", &["create"]),
    ("partitions", &["alter", "create"]),
    ("replication-factor", &["create"]),
    ("replica-assignment", &["alter", "create"]),
    ("under-replicated-partitions", &["describe"]),
    ("under-min-isr-partitions", &["describe"]),
    ("at-min-isr-partitions", &["describe"]),
    ("unavailable-partitions", &["describe"]),
    ("topics-with-overrides", &["describe"]),
    ("if-exists", &["alter", "delete", "describe"]),
    ("if-not-exists", &["create"]),
    ("exclude-internal", &["list", "describe"]),
];

/// Two options that exclude each other whatever is done.
fn exclusive_pair(parsed: &Parsed) -> Option<String> {
    let has = |long: &str| parsed.values.has(long);
    let counts = ["partitions", "replication-factor"];
    if has("create")
        && has("replica-assignment")
        && let Some(count) = counts.into_iter().find(|count| has(count))
    {
        return Some(clash("replica-assignment", count));
    }
    let filter = PARTITION_FILTERS.into_iter().find(|filter| has(filter))?;
    has("topics-with-overrides").then(|| clash(filter, "topics-with-overrides"))
}

fn missing(option: &str) -> String {
    format!("Missing required argument \"[{option}]\"")
}

fn clash(option: &str, other: &str) -> String {
    format!("Option \"[{option}]\" can't be used with option \"[{other}]\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match read("kafka-topics", &arguments) {
            Ok(_) => String::new(),
            Err(error) => error.usage,
        }
    }

    #[test]
    fn there_is_one_action_and_what_it_needs() {
        let check = |line, message: &str| assert_eq!(refused(line), message, "{line}");
        let actions = "Command must include exactly one action: --list, --describe, --create, \
                       --alter or --delete";
        check("--bootstrap-server b:1", actions);
        check("--bootstrap-server b:1 --list --create", actions);
        check("--list", "--bootstrap-server must be specified");
        check("", TOOL.about);
        check("--help", TOOL.about);
        check("--lists", "lists is not a recognized option");
        check("--bootstrap-server b:1 --list", "");
        check("--version", "");
        let needed = "Missing required argument \"[topic]\"";
        check("--bootstrap-server b:1 --create", needed);
        check("--bootstrap-server b:1 --delete", needed);
        let needed = "Missing required argument \"[partitions]\"";
        check("--bootstrap-server b:1 --alter --topic t", needed);
        let needed = "--topic or --topic-id is required to describe a topic";
        check("--bootstrap-server b:1 --describe --if-exists", needed);
    }

    #[test]
    fn options_of_one_action_are_none_of_another() {
        let check = |line: &str, option, other| {
            let line = format!("--bootstrap-server b:1 --topic t {line}");
            assert_eq!(refused(&line), clash(option, other), "{line}");
        };
        check("--describe --config a=b", "config", "describe");
        check("--list --partitions 1", "partitions", "list");
        let alter = "--alter --partitions 2 --replication-factor 1";
        check(alter, "replication-factor", "alter");
        check("--create --if-exists", "if-exists", "create");
        check("--delete --if-not-exists", "if-not-exists", "delete");
        check("--delete --exclude-internal", "exclude-internal", "delete");
        let create = "--create --replica-assignment 1 --partitions 1";
        check(create, "replica-assignment", "partitions");
        let filter = "unavailable-partitions";
        check("--list --unavailable-partitions", filter, "list");
        let both = "--describe --unavailable-partitions --topics-with-overrides";
        check(both, filter, "topics-with-overrides");
    }

    #[test]
    fn configurations_are_not_altered_here() {
        let line = "--bootstrap-server b:1 --alter --topic t --partitions 2 --config a=b";
        assert!(refused(line).contains("kafka-configs"));
    }
}
