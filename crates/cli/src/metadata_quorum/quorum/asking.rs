//! How the quorum is asked for: a broker through krafka, a controller directly.

use anyhow::{Context, Result};
use client::Properties;
use client::krafka::admin::{
    DescribeClusterOptions, DescribeMetadataQuorumOptions, QuorumInfo, QuorumReplica,
};
use protocol::Uuid;
use protocol::generated::describe_quorum_request::{PartitionData, TopicData};
use protocol::generated::describe_quorum_response::{self, ReplicaState};
use protocol::generated::{DescribeQuorumRequest, DescribeQuorumResponse};

use super::{Quorum, Replica};
use crate::cluster::direct::{Bootstrap, CONTROLLERS, DirectNode, check};
use crate::cluster::{self, FirstCall};

const METADATA_TOPIC: &str = "__cluster_metadata";

impl Quorum {
    /// Asks a broker or a controller.
    ///
    /// # Errors
    /// When nobody answers, or it is refused.
    pub(in crate::metadata_quorum) async fn ask(
        bootstrap: Bootstrap<'_>,
        properties: &Properties,
    ) -> Result<Self> {
        let first = FirstCall::named("describeMetadataQuorum");
        let Bootstrap::Brokers(servers) = bootstrap else {
            let node = DirectNode::connect(bootstrap, properties, first).await?;
            return Self::of_controller(&node.controller(None).await?).await;
        };
        let (_kafka, admin) = cluster::admin(servers, properties, first).await?;
        let cluster = admin.describe_cluster(DescribeClusterOptions::default());
        let cluster_id = cluster.await?.cluster_id;
        let options = DescribeMetadataQuorumOptions::default();
        let found = admin.describe_metadata_quorum(options).await?;
        Ok(Self::of_broker(cluster_id, found))
    }

    fn of_broker(cluster_id: String, found: QuorumInfo) -> Self {
        let nodes = found.nodes.into_iter().map(|node| {
            let listeners = node.listeners.into_iter();
            let texts = listeners.map(|at| endpoint(&at.name, &at.host, at.port));
            (node.node_id, texts.collect())
        });
        Self {
            cluster_id,
            leader_id: found.leader_id,
            leader_epoch: found.leader_epoch,
            high_watermark: found.high_watermark,
            voters: found.voters.iter().map(Replica::from).collect(),
            observers: found.observers.iter().map(Replica::from).collect(),
            endpoints: nodes.collect(),
        }
    }

    async fn of_controller(node: &DirectNode<'_>) -> Result<Self> {
        let cluster_id = node.describe_cluster(CONTROLLERS, false, |answer| {
            answer.cluster_id.clone().into_owned()
        });
        let cluster_id = cluster_id.await?;
        let request = DescribeQuorumRequest {
            topics: vec![TopicData {
                topic_name: METADATA_TOPIC.into(),
                partitions: vec![PartitionData { partition_index: 0 }],
            }],
        };
        let answer = node.ask(&request).await?;
        Self::of_answer(cluster_id, &answer.decode()?)
    }

    fn of_answer(cluster_id: String, answer: &DescribeQuorumResponse<'_>) -> Result<Self> {
        check(answer.error_code, answer.error_message.as_deref())?;
        let mut partitions = answer.topics.iter().flat_map(|topic| &topic.partitions);
        let found = partitions
            .next()
            .context("describe the quorum: there is none")?;
        check(found.error_code, found.error_message.as_deref())?;
        let nodes = answer
            .nodes
            .iter()
            .map(|node: &describe_quorum_response::Node<'_>| {
                let listeners = node.listeners.iter();
                let texts = listeners.map(|at| endpoint(&at.name, &at.host, at.port));
                (node.node_id, texts.collect())
            });
        Ok(Self {
            cluster_id,
            leader_id: found.leader_id,
            leader_epoch: found.leader_epoch,
            high_watermark: found.high_watermark,
            voters: found.current_voters.iter().map(Replica::from).collect(),
            observers: found.observers.iter().map(Replica::from).collect(),
            endpoints: nodes.collect(),
        })
    }
}

fn endpoint(listener: &str, host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("{listener}://[{host}]:{port}"),
        false => format!("{listener}://{host}:{port}"),
    }
}

impl From<&QuorumReplica> for Replica {
    fn from(found: &QuorumReplica) -> Self {
        Self {
            id: found.replica_id,
            directory_id: found.directory_id.map_or(Uuid::ZERO, Uuid::from_bytes),
            log_end_offset: found.log_end_offset,
            last_fetch_ms: found.last_fetch_timestamp,
            last_caught_up_ms: found.last_caught_up_timestamp,
        }
    }
}

impl From<&ReplicaState> for Replica {
    fn from(found: &ReplicaState) -> Self {
        let known = |timestamp_ms: i64| Some(timestamp_ms).filter(|timestamp| *timestamp >= 0);
        Self {
            id: found.replica_id,
            directory_id: found.replica_directory_id,
            log_end_offset: found.log_end_offset,
            last_fetch_ms: known(found.last_fetch_timestamp),
            last_caught_up_ms: known(found.last_caught_up_timestamp),
        }
    }
}
