//! `klamm configs`, which is Kafka's `kafka-configs`: configurations of topics, brokers, groups and
//! client metrics, levels of loggers, quotas and SCRAM credentials are described and changed.
//!
//! Departures from Kafka's tool: entities and quotas are listed in the order of their names, which
//! Kafka's leaves to chance; a complaint repeats the arguments without secrets;
//! `--bootstrap-controller` is refused, because the admin client talks to brokers only.

mod arguments;
mod changes;
mod credentials;
mod entities;
mod entry;
mod options;
mod quotas;
mod resources;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Result;
use client::exception::Exception;
use client::krafka::admin::AdminClient;
use client::krafka::{KrafkaError, ProtocolErrorKind};

use crate::arguments::KAFKA_VERSION;
use crate::arguments::jopt::Parsed;
use crate::cluster::{self, FirstCall};
use crate::commands::Call;

use arguments::{Action, Arguments};
use changes::Changes;
use entities::{Entities, EntityType};

/// What the tool calls itself, as Kafka's admin client does.
const CLIENT_ID: &str = "adminclient-1";

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let parsed = arguments::read(&call.program, &call.arguments)?;
    if parsed.values.has("version") {
        writeln!(out, "{KAFKA_VERSION}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let Err(error) = execute(&parsed, out) else {
        return Ok(ExitCode::SUCCESS);
    };
    // The tool's own refusals stand alone, without how it was called.
    if error.is::<Exception>() || is_broken_pipe(&error) {
        return Err(error);
    }
    let class = match cluster::known(&error) {
        Some(_) => "java.util.concurrent.ExecutionException: ",
        None => "",
    };
    let _ = writeln!(
        io::stderr(),
        "Error while executing config command with args '{}'\n{class}{}",
        without_secrets(&call.arguments).join(" "),
        cluster::exception_of(&error)
    );
    Ok(ExitCode::FAILURE)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn execute(parsed: &Parsed, out: &mut dyn Write) -> Result<()> {
    let arguments = Arguments::of(parsed)?;
    let bootstrap_servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    let mut properties = cluster::properties(parsed.single("command-config")?, std::iter::empty())?;
    properties.set_default("client.id", CLIENT_ID);
    cluster::run(async {
        let first = FirstCall::named(arguments.first_call());
        let (_, admin) = cluster::admin(bootstrap_servers, &properties, first).await?;
        let entities = &arguments.entities;
        match arguments.action {
            Action::Describe { all } => describe(&admin, entities, all, out).await,
            Action::Alter(changes) => {
                alter(&admin, entities, changes).await?;
                Ok(writeln!(out, "{}", completed(entities))?)
            }
        }
    })
}

async fn describe(
    admin: &AdminClient,
    entities: &Entities,
    all: bool,
    out: &mut dyn Write,
) -> Result<()> {
    match entities.first_type() {
        EntityType::User | EntityType::Client => {
            quotas::describe(admin, entities, out).await?;
            let is_of_users = !entities.types.contains(&EntityType::Client);
            if is_of_users && !entities.has_default() {
                credentials::describe(admin, &entities.names, out).await?;
            }
            Ok(())
        }
        EntityType::Ip => quotas::describe(admin, entities, out).await,
        entity_type => {
            let name = entities.names.first().map(String::as_str);
            resources::describe(admin, entity_type, name, all, out).await
        }
    }
}

async fn alter(admin: &AdminClient, entities: &Entities, changes: Changes) -> Result<()> {
    let name = entities.names.first().map_or("", String::as_str);
    match entities.first_type() {
        EntityType::User | EntityType::Client => {
            if quotas::check_of_clients(entities, &changes)? {
                return quotas::alter(admin, entities, changes).await;
            }
            credentials::alter(admin, name, changes).await
        }
        EntityType::Ip => {
            quotas::check_of_addresses(&changes)?;
            quotas::alter(admin, entities, changes).await
        }
        EntityType::BrokerLogger => resources::alter_loggers(admin, name, changes).await,
        entity_type => resources::alter(admin, entity_type, name, changes).await,
    }
}

fn completed(entities: &Entities) -> String {
    let entity_type = entities.first_type();
    match entities.names.first().map(String::as_str) {
        None | Some("") => {
            format!("Completed updating default config for {entity_type} in the cluster.")
        }
        Some(name) => {
            let entity_type = entity_type.singular();
            format!("Completed updating config for {entity_type} {name}.")
        }
    }
}

/// The error in Kafka's words, if it is that the broker lacks the request of this name.
fn naming(api: &str, error: KrafkaError) -> KrafkaError {
    match error.protocol_error_kind() {
        Some(kind @ ProtocolErrorKind::UnknownApiVersion) => {
            KrafkaError::protocol_kind(kind, format!("The node does not support {api}"))
        }
        _ => error,
    }
}

/// The arguments, for messages: values that are to be set may be passwords.
fn without_secrets(arguments: &[String]) -> Vec<&str> {
    let mut shown: Vec<&str> = Vec::new();
    for argument in arguments {
        let lower_case = argument.to_ascii_lowercase();
        let is_secret = ["password", "jaas", "secret", "scram", "ssl.keystore.key"]
            .iter()
            .any(|word| lower_case.contains(word) && lower_case.contains('='));
        shown.push(if is_secret { "[hidden]" } else { argument });
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_named() {
        let of = |entity_type, name: &str| {
            completed(&Entities {
                types: vec![entity_type],
                names: vec![name.to_owned()],
            })
        };
        let topic = "Completed updating config for topic t.";
        assert_eq!(of(EntityType::Topic, "t"), topic);
        let brokers = "Completed updating default config for brokers in the cluster.";
        assert_eq!(of(EntityType::Broker, ""), brokers);
        let metrics = "Completed updating config for client-metric m.";
        assert_eq!(of(EntityType::ClientMetrics, "m"), metrics);
    }

    #[test]
    fn secrets_are_not_repeated() {
        let line = "--user a --add-config SCRAM-SHA-256=[password=x] --command-config password";
        let arguments: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let expected = [
            "--user",
            "a",
            "--add-config",
            "[hidden]",
            "--command-config",
            "password",
        ];
        assert_eq!(without_secrets(&arguments), expected);
        let without_its_name = ["scram-sha-512=x".to_owned()];
        assert_eq!(without_secrets(&without_its_name), ["[hidden]"]);
    }
}
