//! The arguments of `klamm configs`: what goes together, in Kafka's words and order.

#[cfg(test)]
mod tests;

use anyhow::Result;
use client::exception::Exception;

use super::changes::Changes;
use super::entities::{Entities, EntityType};
use super::options::TOOL;
use crate::arguments::UsageError;
use crate::arguments::jopt::Parsed;

/// What is to be done, and with whom.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) entities: Entities,
    pub(super) action: Action,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Action {
    /// Show what is set, or `all` that holds.
    Describe { all: bool },
    /// Change it.
    Alter(Changes),
}

/// Reads the arguments; whether they go together is only checked as far as Kafka's tool answers
/// with how it is used.
///
/// # Errors
/// When they are not arguments of this tool.
pub(super) fn read(program: &str, arguments: &[String]) -> Result<Parsed, UsageError> {
    if arguments.is_empty() {
        return Err(TOOL.refusal(program, TOOL.about));
    }
    let parsed = TOOL.read(program, arguments)?;
    let has = |option: &str| parsed.values.has(option);
    if has("version") {
        return Ok(parsed);
    }
    if has("alter") == has("describe") {
        let message = "Command must include exactly one action: --describe, --alter";
        return Err(TOOL.refusal(program, message));
    }
    let changes = ["add-config", "delete-config"];
    match changes.into_iter().find(|option| has(option)) {
        Some(option) if has("describe") => {
            let message = format!("Option \"[describe]\" can't be used with option \"[{option}]\"");
            Err(TOOL.refusal(program, &message))
        }
        _ => Ok(parsed),
    }
}

impl Arguments {
    /// What they say.
    ///
    /// # Errors
    /// When they do not go together.
    pub(super) fn of(parsed: &Parsed) -> Result<Self> {
        let has = |option: &str| parsed.values.has(option);
        let (server, controller) = (has("bootstrap-server"), has("bootstrap-controller"));
        if !server && !controller {
            return refusal(
                "Either --bootstrap-server or --bootstrap-controller must be specified.",
            );
        }
        let entities = Entities::of(parsed)?;
        if server && controller {
            return refusal(
                "Only one of --bootstrap-server or --bootstrap-controller can be specified",
            );
        }
        entities.check_names()?;
        if has("describe") {
            check_description(parsed, &entities)?;
        } else {
            check_alteration(parsed, &entities)?;
        }
        if controller {
            return refusal(
                "--bootstrap-controller is not supported: name brokers with --bootstrap-server",
            );
        }
        if has("describe") {
            let action = Action::Describe { all: has("all") };
            return Ok(Self { entities, action });
        }
        if entities.types.len() != entities.names.len() {
            return refusal("An entity name must be specified for every entity type");
        }
        let action = Action::Alter(Changes::of(parsed)?);
        Ok(Self { entities, action })
    }

    /// What Kafka's tool asks first.
    pub(super) fn first_call(&self) -> &'static str {
        match (&self.action, self.entities.first_type()) {
            (_, EntityType::User | EntityType::Client | EntityType::Ip) => "describeClientQuotas",
            (_, EntityType::BrokerLogger) => "describeConfigs",
            (Action::Alter(_), _) => "incrementalAlterConfigs",
            (Action::Describe { .. }, EntityType::Topic) => "listTopics",
            (Action::Describe { .. }, EntityType::Broker) => "listNodes",
            (Action::Describe { .. }, EntityType::ClientMetrics) => "listConfigResources",
            (Action::Describe { .. }, EntityType::Group) => "listGroups",
        }
    }
}

fn check_description(parsed: &Parsed, entities: &Entities) -> Result<()> {
    let types = entities.listed_types();
    if parsed.values.has("entity-default") && !entities.may_have_defaults() {
        return refusal(format!(
            "--entity-default must not be specified with --describe of {types}"
        ));
    }
    if types == "broker-loggers" && !entities.has_name() {
        return refusal(format!(
            "An entity name must be specified with --describe of {types}"
        ));
    }
    Ok(())
}

fn check_alteration(parsed: &Parsed, entities: &Entities) -> Result<()> {
    let has = |option: &str| parsed.values.has(option);
    if entities.may_have_defaults() {
        if !entities.has_name() && !entities.has_default() {
            return refusal(
                "An entity-name or default entity must be specified with --alter of users, \
                 clients, brokers or ips",
            );
        }
    } else if !entities.has_name() {
        let types = entities.listed_types();
        return refusal(format!(
            "An entity name must be specified with --alter of {types}"
        ));
    }
    if has("add-config") && has("add-config-file") {
        return refusal("Only one of --add-config or --add-config-file must be specified");
    }
    let changes = ["add-config", "add-config-file", "delete-config"];
    if !changes.into_iter().any(has) {
        return refusal(
            "At least one of --add-config, --add-config-file, or --delete-config must be \
             specified with --alter",
        );
    }
    Ok(())
}

fn refusal<T>(message: impl Into<String>) -> Result<T> {
    Err(Exception::illegal_argument(message).into())
}
