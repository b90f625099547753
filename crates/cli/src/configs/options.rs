//! The options of `klamm configs`.

use crate::arguments::OptionSpec;
use crate::arguments::jopt::Tool;

pub(super) const TOOL: Tool = Tool {
    about: "Describes and changes the configurations of topics, brokers, groups and client \
            metrics, the quotas of users, clients and addresses, and SCRAM credentials.",
    options: &[
        OptionSpec::optional(
            "bootstrap-server",
            "HOST:PORT,...",
            "Brokers of the cluster; required.",
        ),
        OptionSpec::optional(
            "bootstrap-controller",
            "HOST:PORT,...",
            "Controllers instead of brokers. Not possible here, and refused.",
        ),
        OptionSpec::optional(
            "command-config",
            "FILE",
            "A properties file for the admin client.",
        ),
        OptionSpec::flag("describe", "Show what is configured."),
        OptionSpec::flag("alter", "Change what is configured."),
        OptionSpec::flag(
            "all",
            "With --describe: show what is not set for the entity itself as well.",
        ),
        OptionSpec::optional(
            "entity-type",
            "TYPE",
            "topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups; \
             users and clients may be given together.",
        ),
        OptionSpec::optional(
            "entity-name",
            "NAME",
            "The name of the entity; of brokers their id.",
        ),
        OptionSpec::flag(
            "entity-default",
            "Instead of a name: what holds for all clients, users, brokers or ips that have \
             nothing of their own.",
        ),
        OptionSpec::optional(
            "add-config",
            "NAME=VALUE,...",
            "What to set. Values with commas in them stand in square brackets: \
             a=1,b=[2,3]. Users also take \
             SCRAM-SHA-256=[iterations=8192,password=...] and SCRAM-SHA-512.",
        ),
        OptionSpec::optional(
            "add-config-file",
            "FILE",
            "A properties file of what to set.",
        ),
        OptionSpec::optional("delete-config", "NAME,...", "What to set no longer."),
        OptionSpec::optional("topic", "TOPIC", "The topic of this name."),
        OptionSpec::optional("client", "ID", "The client of this id."),
        OptionSpec::flag("client-defaults", "All clients."),
        OptionSpec::optional("user", "NAME", "The user of this name."),
        OptionSpec::flag("user-defaults", "All users."),
        OptionSpec::optional("broker", "ID", "The broker of this id."),
        OptionSpec::flag("broker-defaults", "All brokers."),
        OptionSpec::optional(
            "broker-logger",
            "ID",
            "The loggers of the broker of this id.",
        ),
        OptionSpec::flag("ip-defaults", "All addresses."),
        OptionSpec::optional("ip", "ADDRESS", "The clients at this address."),
        OptionSpec::optional("group", "ID", "The group of this id."),
        OptionSpec::optional(
            "client-metrics",
            "NAME",
            "The subscription to clients' metrics of this name.",
        ),
        OptionSpec::VERSION,
        OptionSpec::HELP,
    ],
};
