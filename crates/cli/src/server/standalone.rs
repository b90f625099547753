//! A node that begins without a configuration file formats its directories itself, as
//! `klamm storage format --standalone` does, with a cluster id of chance.

use std::path::Path;

use anyhow::{Context, Result, bail};
use broker::chance::Chance;
use broker::config::BrokerConfig;
use quorum::InitialVoters;
use storage::checkpoint::{self, MetaProperties};
use storage::directories::{LOCK_FILE, create_directory};
use storage::disk::{Disk, DiskError, DiskErrorKind, DiskLock};

use crate::storage_tool::{FormatPlan, InitialLevels, standalone};

/// Formats the directories unless that of the metadata log is formatted, and says whether it did.
///
/// # Errors
/// When another process uses the directory, the node is not one that may begin a cluster, or the
/// disk fails.
pub(super) async fn format_if_new(
    disk: &dyn Disk,
    config: &BrokerConfig,
    chance: &Chance,
    now_ms: i64,
) -> Result<bool> {
    let directory = &config.node.metadata_log_dir;
    // Two nodes that begin at once must not both write.
    let _lock = lock(disk, directory).await?;
    let meta = directory.join(MetaProperties::FILE_NAME);
    if checkpoint::load::<MetaProperties>(disk, &meta)
        .await?
        .is_some()
    {
        return Ok(false);
    }
    if !config.node.roles.controller {
        bail!(
            "format log directory {}: a node that is no controller cannot begin a cluster; \
             `klamm storage format` says which one it belongs to",
            directory.display()
        );
    }
    let voters = match config.quorum.voters.is_empty() {
        true => standalone(config)?,
        false => InitialVoters::Static,
    };
    let plan = FormatPlan {
        config,
        cluster_id: chance.uuid().to_string(),
        levels: InitialLevels::latest(),
        voters,
        ignore_formatted: false,
    };
    let formatted = quorum::format(disk, &plan.options(chance, now_ms)?).await?;
    for path in &formatted.formatted {
        tracing::info!(
            "formatted {} for cluster {}",
            path.display(),
            plan.cluster_id
        );
    }
    Ok(true)
}

async fn lock(disk: &dyn Disk, directory: &Path) -> Result<Box<dyn DiskLock>> {
    create_directory(disk, directory).await?;
    let locked = disk.lock(&directory.join(LOCK_FILE)).await;
    let is_in_use = |error: &DiskError| error.kind() == DiskErrorKind::Locked;
    match locked {
        Err(error) if is_in_use(&error) => Err(error).with_context(|| {
            let shown = directory.display();
            format!("format log directory {shown}: another process uses it")
        }),
        locked => Ok(locked?),
    }
}
