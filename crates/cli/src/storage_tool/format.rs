//! `klamm storage format`: the log directories of a configuration become those of a node of a new
//! cluster.
//!
//! Departures from Kafka: a directory that cannot be read fails the whole command, where Kafka
//! formats the others; SCRAM credentials are refused.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use broker::chance::Chance;
use broker::config::{Base, BrokerConfig, Sources};
use quorum::{FormatError, Formatted, InitialVoters};

use super::levels::{self, InitialLevels};
use super::plan::FormatPlan;
use super::voters;
use crate::arguments::Values;
use crate::surroundings;

/// Formats, and prints what was done.
pub(super) fn run(config: &Path, values: &Values, out: &mut dyn Write) -> Result<ExitCode> {
    let config = configuration(config)?;
    let release = values.last("release-version").map(levels::release);
    let release = release.transpose()?;
    let voters = initial_voters(&config, values)?;
    if values.has("add-scram") {
        bail!("add SCRAM credential: not implemented yet");
    }
    let is_dynamic = config.quorum.voters.is_empty();
    let plan = FormatPlan {
        config: &config,
        cluster_id: values.last("cluster-id").unwrap_or_default().to_owned(),
        levels: InitialLevels::choose(release, values.all("feature"), is_dynamic)?,
        voters,
        ignore_formatted: values.has("ignore-formatted"),
    };
    let options = plan.options(&Chance::from_system()?, surroundings::wall_ms())?;
    let disk = surroundings::disk();
    let formatted = surroundings::block_on(quorum::format(disk.as_ref(), &options))?;
    print(&formatted.map_err(as_kafka_says)?, &plan, out)?;
    Ok(ExitCode::SUCCESS)
}

/// The configuration in this file, with what the environment says over it.
pub(super) fn configuration(file: &Path) -> Result<BrokerConfig> {
    let shown = || format!("read configuration {}", file.display());
    let content = std::fs::read(file).with_context(shown)?;
    let sources = Sources {
        base: Base::File(&content),
        environment: &surroundings::variables(),
        overrides: &[],
    };
    // What is odd about it is said when a node starts with it.
    let (config, _) = BrokerConfig::load(&sources).with_context(shown)?;
    Ok(config)
}

/// The log directories, that of the metadata log among them, in the order of their names.
pub(super) fn directories(config: &BrokerConfig) -> Vec<PathBuf> {
    let node = &config.node;
    let all = node.log_dirs.iter().chain([&node.metadata_log_dir]);
    let sorted: BTreeSet<_> = all.map(|path| path.as_os_str()).collect();
    sorted.into_iter().map(PathBuf::from).collect()
}

fn initial_voters(config: &BrokerConfig, values: &Values) -> Result<InitialVoters> {
    let is_controller = config.node.roles.controller;
    let is_static = !config.quorum.voters.is_empty();
    let listed = values.last("initial-controllers");
    let is_standalone = values.has("standalone");
    if is_static && (listed.is_some() || is_standalone) {
        bail!(
            "You cannot specify controller.quorum.voters and format the node with \
             --initial-controllers or --standalone. If you want to use dynamic quorum, please \
             remove controller.quorum.voters and specify controller.quorum.bootstrap.servers \
             instead."
        );
    }
    if let Some(text) = listed {
        let names = &config.listeners.controller_names;
        let listener = names.first().map_or("", String::as_str);
        let voters = voters::parse(text, listener)?;
        return Ok(InitialVoters::Listed { voters });
    }
    if is_standalone {
        return super::plan::standalone(config);
    }
    if is_controller && !is_static && !values.has("no-initial-controllers") {
        bail!(
            "Because controller.quorum.voters is not set on this controller, you must specify one \
             of the following: --standalone, --initial-controllers, or --no-initial-controllers."
        );
    }
    Ok(InitialVoters::Static)
}

fn print(formatted: &Formatted, plan: &FormatPlan<'_>, out: &mut dyn Write) -> Result<()> {
    if formatted.formatted.is_empty() {
        writeln!(out, "All of the log directories are already formatted.")?;
        return Ok(());
    }
    let InitialLevels {
        metadata_version,
        of_records,
    } = &plan.levels;
    let records = of_records.iter().map(|(name, level)| {
        format!(
            "ApiMessageAndVersion(FeatureLevelRecord(name='{name}', featureLevel={level}) at \
             version 0)"
        )
    });
    let records = records.collect::<Vec<_>>().join(", ");
    let level = metadata_version.level();
    writeln!(
        out,
        "Bootstrap metadata: BootstrapMetadata(records=[{records}], metadataVersionLevel={level}, \
         source=format command)"
    )?;
    for path in &formatted.formatted {
        let kind = kind_of(path, plan);
        let shown = path.display();
        writeln!(
            out,
            "Formatting {kind} {shown} with metadata.version {metadata_version}."
        )?;
    }
    Ok(())
}

fn kind_of(path: &Path, plan: &FormatPlan<'_>) -> &'static str {
    let node = &plan.config.node;
    if path != node.metadata_log_dir {
        return "data directory";
    }
    match &plan.voters {
        InitialVoters::Static => "metadata directory",
        InitialVoters::Listed { voters } if voters.voter(node.id.0).is_none() => {
            "dynamic metadata directory"
        }
        InitialVoters::Standalone { .. } | InitialVoters::Listed { .. } => {
            "dynamic metadata voter directory"
        }
    }
}

fn as_kafka_says(error: FormatError) -> anyhow::Error {
    match error {
        FormatError::AlreadyFormatted { path } => anyhow!(
            "Log directory {} is already formatted. Use --ignore-formatted to ignore this \
             directory and format the others.",
            path.display()
        ),
        error => error.into(),
    }
}
