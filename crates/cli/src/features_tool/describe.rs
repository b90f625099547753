//! The features as a node describes them: what it supports, and what the cluster agrees on.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, bail};
use client::Properties;
use client::krafka::admin::DescribeFeaturesOptions;
use metadata::features::{METADATA_VERSION, MetadataVersion};

use crate::cluster::direct::{Bootstrap, DirectNode};
use crate::cluster::{self, FirstCall};

/// What a node says of the features.
#[derive(Debug, Default, PartialEq, Eq)]
struct Features {
    /// The lowest and the highest level, by name.
    supported: BTreeMap<String, (i16, i16)>,
    /// The level that the cluster agrees on, unless that is 0.
    finalized: BTreeMap<String, i16>,
    /// None if the node does not know what the cluster agrees on.
    epoch: Option<i64>,
}

/// Asks any node, or the one with this id, and prints what it says.
pub(super) fn run(
    bootstrap: Bootstrap<'_>,
    properties: &Properties,
    node_id: Option<i32>,
    out: &mut dyn Write,
) -> Result<()> {
    if let Some(id) = node_id.filter(|id| *id < 0) {
        bail!("Invalid node id {id}: must be non-negative.");
    }
    let first = FirstCall::named("describeFeatures");
    let features = cluster::run(async {
        match bootstrap {
            Bootstrap::Brokers(servers) => {
                let (_kafka, admin) = cluster::admin(servers, properties, first).await?;
                let mut options = DescribeFeaturesOptions::default();
                if let Some(id) = node_id {
                    options = options.node_id(id);
                }
                let found = admin.describe_features(options).await?;
                let supported = found.supported.into_iter();
                let finalized = found.finalized.into_iter();
                Ok(Features {
                    supported: supported
                        .map(|feature| (feature.name, (feature.min_version, feature.max_version)))
                        .collect(),
                    finalized: finalized
                        .map(|feature| (feature.name, feature.max_version_level))
                        .collect(),
                    epoch: found.finalized_epoch,
                })
            }
            Bootstrap::Controllers(_) => {
                let mut node = DirectNode::connect(bootstrap, properties, first).await?;
                if node_id.is_some() {
                    node = node.controller(node_id).await?;
                }
                of_controller(&node).await
            }
        }
    })?;
    out.write_all(features.text().as_bytes())?;
    Ok(())
}

async fn of_controller(node: &DirectNode<'_>) -> Result<Features> {
    let features = node.api_versions(|answer| {
        let supported = answer.supported_features.iter();
        let finalized = answer.finalized_features.iter();
        Features {
            supported: supported
                .map(|feature| {
                    let levels = (feature.min_version, feature.max_version);
                    (feature.name.clone().into_owned(), levels)
                })
                .collect(),
            finalized: finalized
                .map(|feature| {
                    let level = feature.max_version_level;
                    (feature.name.clone().into_owned(), level)
                })
                .collect(),
            epoch: Some(answer.finalized_features_epoch).filter(|epoch| *epoch >= 0),
        }
    });
    features.await
}

impl Features {
    /// A line for each feature that the node supports.
    fn text(&self) -> String {
        let epoch = self.epoch.map_or("-".to_owned(), |epoch| epoch.to_string());
        let lines = self.supported.iter().map(|(name, (lowest, highest))| {
            let finalized = self.finalized.get(name).copied().unwrap_or(0);
            let [lowest, highest, finalized] =
                [*lowest, *highest, finalized].map(|level| level_name(name, level));
            format!(
                "Feature: {name:40}  SupportedMinVersion: {lowest:15}  SupportedMaxVersion: \
                 {highest:15}  FinalizedVersionLevel: {finalized:15}  Epoch: {epoch}\n"
            )
        });
        lines.collect()
    }
}

/// Levels of `metadata.version` have names.
fn level_name(feature: &str, level: i16) -> String {
    if feature != METADATA_VERSION {
        return level.to_string();
    }
    match MetadataVersion::from_level(level) {
        Some(version) => version.name().to_owned(),
        None => format!("UNKNOWN {level}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_has_a_line_with_the_levels_of_the_node_and_of_the_cluster() {
        let features = Features {
            supported: BTreeMap::from([
                (METADATA_VERSION.to_owned(), (7, 99)),
                ("group.version".to_owned(), (0, 1)),
            ]),
            finalized: BTreeMap::from([(METADATA_VERSION.to_owned(), 30)]),
            epoch: Some(1952),
        };
        let expected = "\
Feature: group.version                             SupportedMinVersion: 0                \
SupportedMaxVersion: 1                FinalizedVersionLevel: 0                Epoch: 1952
Feature: metadata.version                          SupportedMinVersion: 3.3-IV3          \
SupportedMaxVersion: UNKNOWN 99       FinalizedVersionLevel: 4.3-IV0          Epoch: 1952
";
        assert_eq!(features.text(), expected);
        let unknown = Features {
            epoch: None,
            ..features
        };
        assert!(unknown.text().ends_with("Epoch: -\n"));
    }
}
