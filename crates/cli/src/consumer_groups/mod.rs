//! `klamm consumer-groups`, which is Kafka's `kafka-consumer-groups`: consumer groups are listed,
//! described and deleted, and their committed offsets moved or deleted.
//!
//! As Kafka's tool does, it ends with 0 also when the cluster has refused; only arguments that are
//! none end with 1. Departures: groups and partitions come in the order of their names, which
//! Kafka's tool leaves to chance in part; regular expressions are checked by Rust's rules, which
//! are RE2's but for details.

mod cluster_groups;
mod csv;
mod delete;
mod describe;
mod list;
mod members;
mod offsets;
mod options;
mod reset;
mod scope;
mod states;

use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use client::exception::Exception;

use crate::arguments::jopt::Parsed;
use crate::arguments::{KAFKA_VERSION, Values};
use crate::cluster::{self, FirstCall};
use crate::commands::Call;

use cluster_groups::ClusterGroups;
use options::TOOL;

const CLIENT_ID: &str = "adminclient-1";

/// What stands in a column that has no value.
const MISSING: &str = "-";

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let parsed = TOOL.read(&call.program, &call.arguments)?;
    if parsed.values.has("version") {
        writeln!(out, "{KAFKA_VERSION}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let refuse = |message: &str| anyhow!(TOOL.refusal(&call.program, message));
    options::check(&parsed.values).map_err(|message| refuse(&message))?;
    if let Some(regex) = parsed.values.last("validate-regex") {
        validate_regex(regex, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    match act(&parsed, out) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) if error.is::<io::Error>() => Err(error),
        Err(error) => match error.downcast_ref::<Exception>() {
            Some(refused) => Err(refuse(&refused.message)),
            None => {
                let cause = cluster::exception_of(&error);
                let what = "Executing consumer group command failed due to";
                writeln!(out, "\nError: {what} {cause}")?;
                Ok(ExitCode::SUCCESS)
            }
        },
    }
}

fn validate_regex(regex: &str, out: &mut dyn Write) -> Result<()> {
    let verdict = match regex::Regex::new(regex) {
        Ok(_) => "is valid.".to_owned(),
        Err(regex::Error::CompiledTooBig(_)) => "is invalid: it is too big.".to_owned(),
        Err(error) => {
            let text = error.to_string();
            let reason = text.lines().last().unwrap_or_default();
            format!("is invalid: {}.", reason.trim_start_matches("error: "))
        }
    };
    writeln!(out, "The regular expression `{regex}` {verdict}")?;
    Ok(())
}

fn act(parsed: &Parsed, out: &mut dyn Write) -> Result<()> {
    let servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    let file = parsed.single("command-config")?;
    let mut properties = cluster::properties(file, std::iter::empty())?;
    properties.set_default("client.id", CLIENT_ID);
    cluster::run(async {
        let values = &parsed.values;
        let timeout = options::timeout(parsed)?;
        let first = FirstCall {
            name: first_call(values),
            timeout: Some(timeout),
        };
        let (kafka, admin) = cluster::admin(servers, &properties, first).await?;
        let groups = ClusterGroups::new(kafka, admin, timeout);
        if values.has("list") {
            list::run(&groups, values, out).await
        } else if values.has("describe") {
            describe::run(&groups, values, out).await
        } else if values.has("delete") {
            delete::groups(&groups, values, out).await
        } else if values.has("reset-offsets") {
            reset::run(&groups, values, out).await
        } else {
            delete::offsets(&groups, values, out).await
        }
    })
}

/// What Kafka's tool asks first.
fn first_call(values: &Values) -> &'static str {
    match () {
        () if values.has("list") => "listGroups",
        () if values.has("delete") => "deleteConsumerGroups(api=FIND_COORDINATOR)",
        () => "describeConsumerGroups(api=FIND_COORDINATOR)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_is_valid_or_told_why_not() {
        let verdict = |regex| {
            let mut out = Vec::new();
            validate_regex(regex, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let valid = "The regular expression `a.*b` is valid.\n";
        assert_eq!(verdict("a.*b"), valid);
        let invalid = "The regular expression `(a` is invalid: unclosed group.\n";
        assert_eq!(verdict("(a"), invalid);
    }
}
