//! The life of brokers beside a real controller, in virtual time.

use crate::simulated_control_plane::{
    ControlPlane, NODE, Options, directory_id, formatted_disk, pass, topic,
};
use metadata::image::{MetadataImage, NO_LEADER};
use protocol::generated::create_topics_request::CreatableTopic;
use protocol::{ErrorCode, Uuid};
use std::time::Duration;
use tokio::time::Instant;

const OTHER: i32 = 2;

fn leader(image: &MetadataImage, name: &str) -> i32 {
    image.topics().by_name(name).unwrap().partitions[&0].leader
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_for_no_interval() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let start = Instant::now();
    let broker = plane.running_broker().await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    let image = plane.published().await.image.clone();
    let registration = image.cluster().broker(NODE).unwrap();
    assert_eq!(Some(registration.epoch), broker.broker_epoch());
    assert_eq!(registration.directories, [directory_id()]);
    assert_eq!(registration.endpoint("PLAINTEXT").unwrap().port, 9092);
}

#[tokio::test(start_paused = true)]
async fn a_broker_is_fenced_until_its_node_is_ready_and_keeps_its_session_meanwhile() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let broker = plane.lifecycle();
    pass(Duration::from_secs(60)).await;
    assert!(broker.broker_epoch().is_some());
    assert!(!plane.published().await.image.cluster().is_alive(NODE));
    let start = Instant::now();
    broker.become_ready().await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    pass(Duration::from_secs(60)).await;
    assert!(plane.published().await.image.cluster().is_alive(NODE));
}

#[tokio::test(start_paused = true)]
async fn a_controlled_shutdown_gives_up_everything_and_waits_for_nobody_else_alone() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let broker = plane.running_broker().await;
    plane.create(topic("t", 1)).await;
    let start = Instant::now();
    assert!(broker.shut_down().await);
    assert!(start.elapsed() < Duration::from_millis(100));
    let image = plane.published().await.image.clone();
    assert!(!image.cluster().is_alive(NODE));
    assert_eq!(leader(&image, "t"), NO_LEADER);
    let again = plane.running_broker().await;
    assert!(again.broker_epoch() > broker.broker_epoch());
    let image = plane.published().await.image.clone();
    assert_eq!(leader(&image, "t"), NODE);
}

#[tokio::test(start_paused = true)]
async fn a_controlled_shutdown_waits_until_others_know_of_the_new_leaders() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let broker = plane.running_broker().await;
    let other = plane.lifecycle_with(|settings| {
        settings.broker_id = OTHER;
        settings.directories = vec![Uuid::from_u128(0x77_0000_0000_0000_0002)];
    });
    other.become_ready().await.unwrap();
    let replicated = CreatableTopic {
        replication_factor: 2,
        ..topic("t", 2)
    };
    assert_eq!(plane.create(replicated).await, ErrorCode::NONE);
    assert!(broker.shut_down().await);
    let image = plane.published().await.image.clone();
    let created = image.topics().by_name("t").unwrap();
    for partition in created.partitions.values() {
        assert_eq!((partition.leader, &partition.isr), (OTHER, &vec![OTHER]));
    }
    assert!(image.cluster().is_alive(OTHER));
}

#[tokio::test(start_paused = true)]
async fn registration_is_tried_until_the_controller_is_there() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start_unawaited(&disk, Options::default()).await;
    disk.stall();
    let broker = plane.lifecycle();
    pass(Duration::from_secs(5)).await;
    assert_eq!(broker.broker_epoch(), None);
    disk.resume();
    broker.become_ready().await.unwrap();
    assert!(plane.published().await.image.cluster().is_alive(NODE));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_the_controller_does_not_take_is_fatal_in_the_end() {
    let mut plane = ControlPlane::start(&formatted_disk().await).await;
    let start = Instant::now();
    let broker = plane.lifecycle_with(|settings| settings.cluster_id = "other".to_owned());
    assert!(broker.become_ready().await.is_err());
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    let report = plane.fatal_report().unwrap();
    assert!(report.contains("INCONSISTENT_CLUSTER_ID"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn an_incarnation_that_lives_keeps_its_place() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let first = plane.running_broker().await;
    let second = plane.lifecycle();
    pass(Duration::from_secs(30)).await;
    assert_eq!(second.broker_epoch(), None);
    drop(first);
    let start = Instant::now();
    second.become_ready().await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(12));
}

#[tokio::test(start_paused = true)]
async fn an_offline_directory_loses_its_leaderships_at_once() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let broken = Uuid::from_u128(0x55_0000_0000_0000_0055);
    let broker = plane.lifecycle_with(|settings| settings.directories = vec![broken]);
    broker.become_ready().await.unwrap();
    plane.create(topic("t", 1)).await;
    let end_offset = plane.published().await.end_offset;
    broker.report_offline_directory(broken);
    let published = plane.cache.reached(end_offset.next()).await;
    assert_eq!(leader(&published.image, "t"), NO_LEADER);
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_registration_waits_for_nothing() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start_unawaited(&disk, Options::default()).await;
    disk.stall();
    let broker = plane.lifecycle();
    let start = Instant::now();
    assert!(!broker.shut_down().await);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_leave_that_nobody_grants_is_taken_in_the_end() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start(&disk).await;
    let broker = plane.lifecycle_with(|settings| settings.controlled_shutdown_timeout_ms = 3000);
    broker.become_ready().await.unwrap();
    disk.stall();
    let start = Instant::now();
    assert!(!broker.shut_down().await);
    assert_eq!(start.elapsed(), Duration::from_secs(3));
}
