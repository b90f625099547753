//! `klamm cluster`, which is Kafka's `kafka-cluster`: the id of the cluster and its nodes, and
//! brokers that are to be forgotten.
//!
//! Brokers are asked through krafka where it has the call: only these connections may be secure.

mod endpoints;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use client::Properties;
use client::exception::Exception;
use client::krafka::admin::DescribeClusterOptions;
use protocol::generated::UnregisterBrokerRequest;

use crate::arguments::argparse::{Parsed, Subcommand, Tool};
use crate::arguments::{OptionSpec, Values};
use crate::cluster::direct::{self, Bootstrap, CONTROLLERS, DirectNode};
use crate::cluster::{self, FirstCall};
use crate::commands::Call;

use endpoints::Endpoint;

static TOOL: Tool = Tool {
    about: "Shows the id and the nodes of a cluster, and makes it forget brokers.",
    before: Subcommand::NONE,
    subcommands: &[
        Subcommand {
            name: "cluster-id",
            about: "Print the id of the cluster.",
            options: &[SERVER, CONTROLLER, CONFIG, COMMAND_CONFIG],
            exclusive: CONNECTION,
        },
        Subcommand {
            name: "unregister",
            about: "Forget a broker that will not come back.",
            options: &[
                SERVER,
                CONTROLLER,
                CONFIG,
                COMMAND_CONFIG,
                OptionSpec {
                    short: Some('i'),
                    ..OptionSpec::required("id", "ID", "The id of the broker.")
                },
            ],
            exclusive: CONNECTION,
        },
        Subcommand {
            name: "list-endpoints",
            about: "List the nodes, with where they listen.",
            options: &[
                SERVER,
                CONTROLLER,
                CONFIG,
                COMMAND_CONFIG,
                OptionSpec::flag(
                    "include-fenced-brokers",
                    "Also brokers that are registered but not at work.",
                ),
            ],
            exclusive: CONNECTION,
        },
    ],
};

const SERVER: OptionSpec = OptionSpec {
    short: Some('b'),
    ..OptionSpec::BOOTSTRAP_SERVER_OR
};
const CONTROLLER: OptionSpec = OptionSpec {
    short: Some('C'),
    ..OptionSpec::BOOTSTRAP_CONTROLLER
};
const CONNECTION: &[&str] = &[SERVER.long, CONTROLLER.long];
const CONFIG: OptionSpec =
    OptionSpec::optional("config", "CONFIG", "The former name of --command-config.");
const COMMAND_CONFIG: OptionSpec = OptionSpec {
    short: Some('c'),
    ..OptionSpec::optional(
        "command-config",
        "COMMAND_CONFIG",
        "Properties of the admin client.",
    )
};

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong; what fails later is printed as Kafka's tool does.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let (subcommand, values) = match TOOL.parse(&call.program, &call.arguments)? {
        Parsed::Run { subcommand, values } => (subcommand, values),
        // Kafka's tool answers this with the exit code of a failure.
        Parsed::Help(text) => {
            write!(out, "{text}")?;
            return Ok(ExitCode::FAILURE);
        }
    };
    let id = TOOL.integer(&call.program, (subcommand, &values), "id")?;
    let outcome = properties(&values, out).and_then(|properties| {
        let bootstrap = Bootstrap::of(&values).unwrap_or(Bootstrap::Brokers(""));
        cluster::run(async {
            match (subcommand, id) {
                ("unregister", Some(id)) => unregister(bootstrap, &properties, id, out).await,
                ("list-endpoints", _) => {
                    let is_fenced_too = values.has("include-fenced-brokers");
                    list_endpoints(bootstrap, &properties, is_fenced_too, out).await
                }
                _ => print_id(bootstrap, &properties, out).await,
            }
        })
    });
    cluster::ended(outcome, |error| match cluster::known(error) {
        // Complaints about arguments are told without their classes.
        Some(exception) if exception.class.contains('.') => exception.message,
        _ => cluster::exception_of(error),
    })
}

fn properties(values: &Values, out: &mut dyn Write) -> Result<Properties> {
    let old = values.last(CONFIG.long);
    let new = values.last(COMMAND_CONFIG.long);
    if old.is_some() && new.is_some() {
        let message = "--config and --command-config cannot be specified together.";
        return Err(Exception::illegal_argument(message).into());
    }
    if old.is_some() {
        writeln!(
            out,
            "Option --config has been deprecated and will be removed in a future version. Use \
             --command-config instead."
        )?;
    }
    cluster::properties(old.or(new), std::iter::empty())
}

async fn print_id(
    bootstrap: Bootstrap<'_>,
    properties: &Properties,
    out: &mut dyn Write,
) -> Result<()> {
    let first = FirstCall::named("listNodes");
    let id = match bootstrap {
        Bootstrap::Brokers(servers) => {
            let (_kafka, admin) = cluster::admin(servers, properties, first).await?;
            let options = DescribeClusterOptions::default();
            admin.describe_cluster(options).await?.cluster_id
        }
        Bootstrap::Controllers(_) => {
            let node = DirectNode::connect(bootstrap, properties, first).await?;
            let id = node.describe_cluster(CONTROLLERS, false, |answer| {
                answer.cluster_id.clone().into_owned()
            });
            id.await?
        }
    };
    writeln!(out, "Cluster ID: {id}")?;
    Ok(())
}

async fn unregister(
    bootstrap: Bootstrap<'_>,
    properties: &Properties,
    broker_id: i32,
    out: &mut dyn Write,
) -> Result<()> {
    let first = FirstCall::named("unregisterBroker");
    let mut node = DirectNode::connect(bootstrap, properties, first).await?;
    if matches!(bootstrap, Bootstrap::Controllers(_)) {
        node = node.controller(None).await?;
    }
    let answer = match node.ask(&UnregisterBrokerRequest { broker_id }).await {
        Err(error) if is_unsupported(&error) => {
            let message = "The target cluster does not support the broker unregistration API.";
            writeln!(out, "{message}")?;
            return Ok(());
        }
        answer => answer?,
    };
    let answer = answer.decode()?;
    direct::check(answer.error_code, answer.error_message.as_deref()).inspect_err(|exception| {
        let message = &exception.message;
        let what = format!("Unregister broker request for broker ID {broker_id} failed: {message}");
        cluster::log_error(&what, &exception.with_class());
    })?;
    writeln!(out, "Broker {broker_id} is no longer registered.")?;
    Ok(())
}

fn is_unsupported(error: &anyhow::Error) -> bool {
    let exception = cluster::known(error);
    exception.is_some_and(|exception| exception.class == "UnsupportedVersionException")
}

async fn list_endpoints(
    bootstrap: Bootstrap<'_>,
    properties: &Properties,
    is_fenced_too: bool,
    out: &mut dyn Write,
) -> Result<()> {
    let is_controllers = matches!(bootstrap, Bootstrap::Controllers(_));
    if is_controllers && is_fenced_too {
        let message =
            "The option --include-fenced-brokers is only supported with --bootstrap-server option";
        return Err(Exception::illegal_argument(message).into());
    }
    let first = FirstCall::named("listNodes");
    let endpoints = match bootstrap {
        Bootstrap::Brokers(servers) if !is_fenced_too => {
            let (_kafka, admin) = cluster::admin(servers, properties, first).await?;
            let options = DescribeClusterOptions::default();
            let brokers = admin.describe_cluster(options).await?.brokers.into_iter();
            brokers.map(Endpoint::from).collect()
        }
        _ => {
            let node = DirectNode::connect(bootstrap, properties, first).await?;
            let endpoint_type = if is_controllers { CONTROLLERS } else { BROKERS };
            let endpoints = node.describe_cluster(endpoint_type, is_fenced_too, |answer| {
                answer.brokers.iter().map(Endpoint::from).collect()
            });
            endpoints.await?
        }
    };
    out.write_all(endpoints::table(endpoints, is_controllers).as_bytes())?;
    Ok(())
}

/// The endpoint type of brokers in DescribeCluster.
const BROKERS: i8 = 1;
