//! `klamm features`, which is Kafka's `kafka-features`: the features that the cluster agrees on are
//! described and changed, and the table of features is looked up.

mod describe;
mod lookup;
mod options;
mod update;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use client::Properties;

use crate::arguments::argparse::Parsed;
use crate::arguments::{UsageError, Values};
use crate::cluster;
use crate::cluster::direct::Bootstrap;
use crate::commands::Call;

use options::TOOL;
use update::Update;

/// Runs the tool.
///
/// # Errors
/// When nothing can be printed; what else fails is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let outcome = execute(call, out).map_err(|error| match error.downcast_ref() {
        Some(UsageError { message, .. }) => {
            let message = message.strip_prefix(&format!("{}: error: ", call.program));
            let message = message.unwrap_or_default();
            anyhow!("Command line error: {message}. Type --help for help.")
        }
        None => error,
    });
    cluster::ended(outcome, |error| match cluster::known(error) {
        // Complaints about arguments are told without their classes.
        Some(exception) if exception.class.contains('.') => exception.message,
        _ => cluster::exception_of(error),
    })
}

fn execute(call: &Call, out: &mut dyn Write) -> Result<()> {
    let (subcommand, values) = match TOOL.parse(&call.program, &call.arguments)? {
        Parsed::Run { subcommand, values } => (subcommand, values),
        Parsed::Help(text) => {
            write!(out, "{text}")?;
            return Ok(());
        }
    };
    match subcommand {
        "version-mapping" => return lookup::print_defaults(values.last("release-version"), out),
        "feature-dependencies" => return lookup::print_dependencies(values.all("feature"), out),
        _ => {}
    }
    let Some(bootstrap) = Bootstrap::of(&values) else {
        bail!(
            "Command line error: You must specify either --bootstrap-controller or \
             --bootstrap-server.. Type --help for help."
        );
    };
    let node_id = TOOL.integer(&call.program, (subcommand, &values), "node-id")?;
    let properties = cluster::properties(values.last("command-config"), std::iter::empty())?;
    match subcommand {
        "describe" => describe::run(bootstrap, &properties, node_id, out),
        _ => change(subcommand, &values, (bootstrap, &properties), out),
    }
}

fn change(
    subcommand: &str,
    values: &Values,
    (bootstrap, properties): (Bootstrap<'_>, &Properties),
    out: &mut dyn Write,
) -> Result<()> {
    let update = Update::parse(subcommand, values, out)?;
    let outcomes = cluster::run(update.perform(bootstrap, properties))?;
    let (text, failure_count) = update.report(&outcomes);
    out.write_all(text.as_bytes())?;
    match failure_count {
        0 => Ok(()),
        count => bail!("{count} out of {} operation(s) failed.", outcomes.len()),
    }
}
