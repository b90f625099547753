//! `klamm metadata-quorum`, which is Kafka's `kafka-metadata-quorum`: the quorum of the controllers
//! is described, and who votes in it is changed (KIP-853).

mod controller;
mod quorum;
mod voters;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use client::Properties;

use crate::arguments::argparse::{Parsed, Subcommand, Tool};
use crate::arguments::{OptionSpec, Values};
use crate::cluster;
use crate::cluster::direct::Bootstrap;
use crate::commands::Call;
use crate::surroundings;

use controller::Controller;
use quorum::Quorum;

static TOOL: Tool = Tool {
    about: "Describes the quorum of the controllers, and changes who votes in it.",
    before: Subcommand {
        options: &[
            OptionSpec::BOOTSTRAP_SERVER_OR,
            OptionSpec::BOOTSTRAP_CONTROLLER,
            OptionSpec::optional(
                "command-config",
                "COMMAND_CONFIG",
                "Properties of the admin client; for add-controller those of the controller.",
            ),
        ],
        exclusive: &["bootstrap-server", "bootstrap-controller"],
        ..Subcommand::NONE
    },
    subcommands: &[
        Subcommand {
            name: "describe",
            about: "Print the state of the quorum, or of each of its replicas.",
            options: &[
                OptionSpec::flag("status", "The state of the quorum, in short."),
                OptionSpec::flag("replication", "How far each replica of the metadata is."),
                OptionSpec::flag(
                    "human-readable",
                    "With --replication: how long ago it was, instead of timestamps.",
                ),
            ],
            exclusive: &[],
        },
        Subcommand {
            name: "add-controller",
            about: "Let a controller vote; its configuration is what --command-config names.",
            options: &[DRY_RUN],
            exclusive: &[],
        },
        Subcommand {
            name: "remove-controller",
            about: "Let a controller vote no more.",
            options: &[
                OptionSpec {
                    short: Some('i'),
                    ..OptionSpec::required(
                        "controller-id",
                        "CONTROLLER_ID",
                        "The id of the controller.",
                    )
                },
                OptionSpec {
                    short: Some('d'),
                    ..OptionSpec::required(
                        "controller-directory-id",
                        "CONTROLLER_DIRECTORY_ID",
                        "The id of the directory of its metadata.",
                    )
                },
                DRY_RUN,
            ],
            exclusive: &[],
        },
    ],
};

const DRY_RUN: OptionSpec = OptionSpec::flag("dry-run", "Only say what would be done.");

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let (subcommand, values) = match TOOL.parse(&call.program, &call.arguments)? {
        Parsed::Run { subcommand, values } => (subcommand, values),
        Parsed::Help(text) => {
            write!(out, "{text}")?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let controller_id = TOOL.integer(&call.program, (subcommand, &values), "controller-id")?;
    let outcome = settings(&values).and_then(|settings| {
        let mut properties = Properties::new();
        properties.extend(settings.clone());
        let bootstrap = Bootstrap::of(&values).unwrap_or(Bootstrap::Brokers(""));
        match (subcommand, controller_id) {
            ("remove-controller", Some(id)) => {
                remove_controller(id, &values, (bootstrap, &properties), out)
            }
            ("add-controller", _) => {
                if !values.has("command-config") {
                    bail!(
                        "You must supply the configuration file of the controller you are adding \
                         when using add-controller."
                    );
                }
                // They are those of a node, which are none of a client.
                for name in settings.keys() {
                    properties.get(name);
                }
                let controller = Controller::of(&settings)?;
                add_controller(&controller, &values, (bootstrap, &properties), out)
            }
            _ => describe(&values, (bootstrap, &properties), out),
        }
    });
    cluster::ended(outcome, cluster::exception_of)
}

fn settings(values: &Values) -> Result<BTreeMap<String, String>> {
    match values.last("command-config") {
        None => Ok(BTreeMap::new()),
        Some(path) if !Path::new(path).exists() => {
            bail!("Properties file {path} does not exists!")
        }
        Some(path) => cluster::file(path),
    }
}

fn describe(
    values: &Values,
    (bootstrap, properties): (Bootstrap<'_>, &Properties),
    out: &mut dyn Write,
) -> Result<()> {
    let is_relative = values.has("human-readable");
    let text = match (values.has("status"), values.has("replication")) {
        (true, true) => bail!(
            "Only one of --status or --replication should be specified with describe sub-command"
        ),
        (false, false) => {
            bail!("One of --status or --replication must be specified with describe sub-command")
        }
        (true, false) if is_relative => {
            bail!("The option --human-readable is only supported along with --replication")
        }
        (true, false) => cluster::run(Quorum::ask(bootstrap, properties))?.status()?,
        (false, true) => {
            let quorum = cluster::run(Quorum::ask(bootstrap, properties))?;
            quorum.replication(is_relative.then(surroundings::wall_ms))?
        }
    };
    out.write_all(text.as_bytes())?;
    Ok(())
}

fn add_controller(
    controller: &Controller,
    values: &Values,
    (bootstrap, properties): (Bootstrap<'_>, &Properties),
    out: &mut dyn Write,
) -> Result<()> {
    let is_dry_run = values.has("dry-run");
    if !is_dry_run {
        cluster::run(voters::add(controller, bootstrap, properties))?;
    }
    let done = if is_dry_run {
        "DRY RUN of adding"
    } else {
        "Added"
    };
    writeln!(out, "{done} controller {controller}")?;
    Ok(())
}

fn remove_controller(
    id: i32,
    values: &Values,
    (bootstrap, properties): (Bootstrap<'_>, &Properties),
    out: &mut dyn Write,
) -> Result<()> {
    if id < 0 {
        bail!("Invalid negative --controller-id: {id}");
    }
    let directory = values.last("controller-directory-id").unwrap_or_default();
    let directory_id = match directory.parse() {
        Ok(directory_id) => directory_id,
        Err(error) => bail!("Failed to parse --controller-directory-id: {error}"),
    };
    let is_dry_run = values.has("dry-run");
    if !is_dry_run {
        cluster::run(voters::remove((id, directory_id), bootstrap, properties))?;
    }
    // With two blanks, as Kafka's tool prints it.
    let done = if is_dry_run {
        "DRY RUN of removing "
    } else {
        "Removed "
    };
    writeln!(
        out,
        "{done} KRaft controller {id} with directory id {directory_id}"
    )?;
    Ok(())
}
