//! `klamm broker-api-versions`, which is Kafka's `kafka-broker-api-versions`: the APIs that each
//! broker serves, in which versions.

mod listing;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use client::Properties;
use client::brokers::{self, ConnectError};
use client::exception::class_of;
use client::krafka::admin::{ClusterBroker, DescribeClusterOptions};
use protocol::ErrorCode;
use protocol::generated::{ApiVersionsRequest, ApiVersionsResponse};

use crate::arguments::jopt::Tool;
use crate::arguments::{KAFKA_VERSION, OptionSpec};
use crate::cluster;
use crate::commands::Call;

use listing::ApiRange;

const TOOL: Tool = Tool {
    about: "Lists the APIs that brokers serve, with their versions.",
    options: &[
        OptionSpec::BOOTSTRAP_SERVER,
        OptionSpec::optional("command-config", "FILE", "Properties of the client."),
        OptionSpec::HELP,
        OptionSpec::VERSION,
    ],
};

const CLIENT_ID: &str = "admin-1";

/// Kafka's tool waits so long unless it is told otherwise.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong or nobody can be asked.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let parsed = TOOL.read(&call.program, &call.arguments)?;
    if parsed.values.has("version") {
        writeln!(out, "{KAFKA_VERSION}")?;
        return Ok(ExitCode::SUCCESS);
    }
    let servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    let file = parsed.single("command-config")?;
    let mut properties = cluster::properties(file, std::iter::empty())?;
    let timeout = properties.milliseconds("request.timeout.ms")?;
    let timeout = timeout.unwrap_or(REQUEST_TIMEOUT);
    properties.set_default("client.id", CLIENT_ID);
    let outcome = cluster::run(async {
        // As Kafka's tool, this one tries once.
        let kafka = cluster::connect(servers, &properties).await?;
        let cluster = kafka
            .admin()
            .describe_cluster(DescribeClusterOptions::default())
            .await?;
        cluster::warn_of_unknown(&properties);
        let mut brokers = cluster.brokers;
        brokers.sort_unstable_by_key(|broker| broker.id);
        for broker in &brokers {
            let line = match ranges(broker, &properties, timeout).await {
                Ok(ranges) => listing::text(&ranges),
                Err(error) if is_refused(&error) => return Err(error),
                Err(error) => format!("ERROR: {error:#}"),
            };
            writeln!(out, "{} -> {line}", name(broker))?;
        }
        Ok(())
    });
    cluster::ended(outcome, cluster::words_of)
}

/// A broker as Kafka's clients write one.
fn name(broker: &ClusterBroker) -> String {
    let rack = broker.rack.as_deref().unwrap_or("null");
    let ClusterBroker {
        id,
        host,
        port,
        is_fenced,
        ..
    } = broker;
    format!("{host}:{port} (id: {id} rack: {rack} isFenced: {is_fenced})")
}

/// Whether the properties do not let any broker be asked.
fn is_refused(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ConnectError::Property(_)))
}

async fn ranges(
    broker: &ClusterBroker,
    properties: &Properties,
    timeout: Duration,
) -> Result<Vec<ApiRange>> {
    let port = u16::try_from(broker.port).context("its port is none")?;
    let connection = brokers::connect((&broker.host, port), properties, timeout).await?;
    let request = ApiVersionsRequest {
        client_software_name: "klamm".into(),
        client_software_version: env!("CARGO_PKG_VERSION").into(),
    };
    // A broker that is older than a version answers in version 0 (KIP-511).
    for version in [4, 3, 0] {
        let answer = connection.send(version, &request, timeout).await?;
        let Ok(answer) = answer.decode() else {
            continue;
        };
        match answer.error_code {
            ErrorCode::NONE => return Ok(listed(&answer)),
            ErrorCode::UNSUPPORTED_VERSION => {}
            code => bail!("{}", class_of(code.0)),
        }
    }
    Err(anyhow!(
        "it serves no version of ApiVersions that is known here"
    ))
}

fn listed(answer: &ApiVersionsResponse<'_>) -> Vec<ApiRange> {
    let keys = answer.api_keys.iter();
    let ranges = keys.map(|key| ApiRange {
        id: key.api_key,
        versions: key.min_version..=key.max_version,
    });
    ranges.collect()
}
