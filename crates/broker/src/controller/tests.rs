//! The control plane of one node over a simulated disk, in virtual time.

use crate::simulated_control_plane::{
    ControlPlane, NODE, Options, configured_topic, create, directory_id, formatted_disk, topic,
};
use metadata::features::MetadataVersion;
use metadata::image::{ConfigResource, NO_LEADER};
use protocol::ErrorCode;
use protocol::ids::Offset;
use quorum::MetadataLogConfig;
use std::time::Duration;
use storage::disk::DiskErrorKind;
use storage::disk::simulated::{Fault, Operation};
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn an_empty_log_begins_with_the_bootstrap_records() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let published = plane.cache.reached(Offset(12)).await;
    let version = published.image.features().metadata_version();
    assert_eq!(version, Some(MetadataVersion::LATEST));
}

#[tokio::test(start_paused = true)]
async fn a_created_topic_is_published_with_its_partitions() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let _broker = plane.running_broker().await;
    assert_eq!(plane.create(topic("t", 3)).await, ErrorCode::NONE);
    let published = plane.published().await;
    let created = published.image.topics().by_name("t").unwrap();
    assert_eq!(created.partitions.len(), 3);
    for partition in created.partitions.values() {
        assert_eq!((partition.leader, &partition.isr), (NODE, &vec![NODE]));
        assert_eq!(partition.directories, [directory_id()]);
    }
}
