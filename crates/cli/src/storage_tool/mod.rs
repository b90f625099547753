//! `klamm storage`, which is Kafka's `kafka-storage`: log directories are formatted and looked at
//! before a node uses them.

mod features;
mod format;
mod info;
mod levels;
mod plan;
mod voters;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use broker::chance::Chance;

use crate::arguments::OptionSpec;
use crate::arguments::argparse::{Parsed, Subcommand, Tool};
use crate::commands::Call;

pub(crate) use features::{Unknown, dependencies, print_defaults};
pub(crate) use levels::{InitialLevels, release};
pub(crate) use plan::{FormatPlan, standalone};

const TOOL: Tool = Tool {
    about: "Prepares log directories for a node, and tells what is in them.",
    before: Subcommand::NONE,
    subcommands: &[
        Subcommand {
            name: "info",
            about: "Say which log directories there are, whose they are, and what is wrong.",
            options: &[CONFIG],
            exclusive: &[],
        },
        Subcommand {
            name: "format",
            about: "Make the log directories those of a node of a new cluster.",
            options: &[
                CONFIG,
                OptionSpec {
                    long: "cluster-id",
                    short: Some('t'),
                    value: Some("CLUSTER_ID"),
                    is_required: true,
                    help: "The id of the cluster, the same on all of its nodes; `random-uuid` \
                           prints a new one.",
                },
                OptionSpec {
                    long: "add-scram",
                    short: Some('S'),
                    value: Some("ADD_SCRAM"),
                    is_required: false,
                    help: "A SCRAM credential that the cluster begins with. Not implemented yet, \
                           and refused.",
                },
                OptionSpec {
                    long: "ignore-formatted",
                    short: Some('g'),
                    value: None,
                    is_required: false,
                    help: "Leave directories that are formatted already as they are and format \
                           the others, instead of refusing.",
                },
                OptionSpec {
                    long: "release-version",
                    short: Some('r'),
                    value: Some("RELEASE_VERSION"),
                    is_required: false,
                    help: RELEASE_VERSION_HELP,
                },
                OptionSpec {
                    long: "feature",
                    short: Some('f'),
                    value: Some("FEATURE"),
                    is_required: false,
                    help: "The level that one feature begins with, such as `group.version=1`; \
                           may be given several times.",
                },
                OptionSpec {
                    long: "standalone",
                    short: Some('s'),
                    value: None,
                    is_required: false,
                    help: "This controller alone is the quorum to begin with; others may join.",
                },
                OptionSpec {
                    long: "no-initial-controllers",
                    short: Some('N'),
                    value: None,
                    is_required: false,
                    help: "The quorum is not named: this node joins one that exists.",
                },
                OptionSpec {
                    long: "initial-controllers",
                    short: Some('I'),
                    value: Some("INITIAL_CONTROLLERS"),
                    is_required: false,
                    help: "The quorum to begin with, the same on all nodes: \
                           id@host:port:directory-id, separated by commas.",
                },
            ],
            exclusive: &[
                "standalone",
                "no-initial-controllers",
                "initial-controllers",
            ],
        },
        Subcommand {
            name: "version-mapping",
            about: "Print the levels of all features that a release begins with.",
            options: &[OptionSpec {
                long: "release-version",
                short: Some('r'),
                value: Some("RELEASE_VERSION"),
                is_required: false,
                help: RELEASE_VERSION_HELP,
            }],
            exclusive: &[],
        },
        Subcommand {
            name: "feature-dependencies",
            about: "Print what levels of features need.",
            options: &[OptionSpec {
                long: "feature",
                short: Some('f'),
                value: Some("FEATURE"),
                is_required: true,
                help: "A feature and its level, such as `metadata.version=30`; may be given \
                       several times.",
            }],
            exclusive: &[],
        },
        Subcommand {
            name: "random-uuid",
            about: "Print a new id, for a cluster or a directory.",
            options: &[],
            exclusive: &[],
        },
    ],
};

const CONFIG: OptionSpec = OptionSpec {
    long: "config",
    short: Some('c'),
    value: Some("CONFIG"),
    is_required: true,
    help: "The configuration of the node, a server.properties.",
};

const RELEASE_VERSION_HELP: &str = "The release whose features count, from 3.3-IV3 to 4.3-IV0, \
                                    which is the default.";

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong or the directories are not as they should be.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    static HELD: Tool = TOOL;
    let (subcommand, values) = match HELD.parse(&call.program, &call.arguments)? {
        Parsed::Run { subcommand, values } => (subcommand, values),
        Parsed::Help(text) => {
            write!(out, "{text}")?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let config = Path::new(values.last(CONFIG.long).unwrap_or_default());
    match subcommand {
        "info" => info::run(config, out),
        "format" => format::run(config, &values, out),
        "version-mapping" => print_defaults(values.last("release-version"), out),
        "feature-dependencies" => features::print_dependencies(values.all("feature"), out),
        "random-uuid" => {
            writeln!(out, "{}", Chance::from_system()?.uuid())?;
            Ok(ExitCode::SUCCESS)
        }
        other => bail!("run storage: `{other}` has no code"),
    }
}
