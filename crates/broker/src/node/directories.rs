//! The log directories of a node: locked, and this node's.
//!
//! Not the job of this module: formatting them.

use crate::chance::Chance;
use crate::config::BrokerConfig;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use storage::directories::{
    ClaimError, ClaimedDirectories, ConfiguredDirectory, ExpectedNode, LogDirectory,
};
use storage::disk::Disk;

/// Log directories that nobody else uses for as long as this is held.
#[derive(Debug)]
pub struct NodeDirectories {
    /// `log.dirs`, for partitions.
    pub data: ClaimedDirectories,
    /// `metadata.log.dir` if it is none of them: no partition is ever placed in it.
    pub metadata: Option<ClaimedDirectories>,
}

impl NodeDirectories {
    /// Locks the directories of a configuration. That of the metadata log has to be formatted; one
    /// for partitions that is new is taken in, as in Kafka.
    ///
    /// # Errors
    /// When a directory is not this node's to use, or none works.
    pub async fn claim(
        disk: &Arc<dyn Disk>,
        config: &BrokerConfig,
        chance: &Chance,
    ) -> Result<Self, ClaimError> {
        let node = &config.node;
        let metadata_dir = &node.metadata_log_dir;
        let configured = |path: &PathBuf| ConfiguredDirectory {
            path: path.clone(),
            new_id: (path != metadata_dir).then(|| chance.uuid()),
        };
        let expected = ExpectedNode {
            node_id: node.id.0,
            cluster_id: None,
        };
        let claim = async |expected: &ExpectedNode, paths: &[PathBuf]| {
            let directories: Vec<_> = paths.iter().map(configured).collect();
            ClaimedDirectories::claim(Arc::clone(disk), expected, &directories).await
        };
        if node.log_dirs.contains(metadata_dir) {
            return Ok(Self {
                data: claim(&expected, &node.log_dirs).await?,
                metadata: None,
            });
        }
        let metadata = claim(&expected, std::slice::from_ref(metadata_dir)).await?;
        let expected = ExpectedNode {
            cluster_id: Some(metadata.cluster_id().to_owned()),
            ..expected
        };
        Ok(Self {
            data: claim(&expected, &node.log_dirs).await?,
            metadata: Some(metadata),
        })
    }

    /// The cluster they belong to.
    pub fn cluster_id(&self) -> &str {
        self.data.cluster_id()
    }

    /// The one at `path`.
    pub(super) fn at(&self, path: &Path) -> Option<&Arc<LogDirectory>> {
        let metadata = self
            .metadata
            .iter()
            .flat_map(|claimed| claimed.directories());
        let mut all = self.data.directories().iter().chain(metadata);
        all.find(|directory| directory.path() == path)
    }
}
