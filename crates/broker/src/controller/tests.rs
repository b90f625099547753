//! The control plane of one node over a simulated disk, in virtual time.

use super::ControllerChannel;
use crate::simulated_control_plane::{
    ControlPlane, NODE, Options, configured_topic, create, directory_id, formatted_disk,
    in_one_process, pass, topic,
};
use metadata::features::MetadataVersion;
use metadata::image::{ConfigResource, MetadataImage, NO_LEADER};
use net::request_context::{
    ConnectionContext, ConnectionId, ListenerName, Principal, RequestContext,
};
use protocol::generated::{CreateTopicsRequest, CreateTopicsResponse};
use protocol::ids::Offset;
use protocol::{ApiKey, ErrorCode};
use quorum::MetadataLogConfig;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use storage::disk::DiskErrorKind;
use storage::disk::simulated::{Fault, Operation, SimulatedDisk};
use tokio::time::Instant;

fn leader(image: &MetadataImage, name: &str) -> i32 {
    image.topics().by_name(name).unwrap().partitions[&0].leader
}

/// Asks for a topic as a broker does for its client.
async fn create_for_client(channel: &ControllerChannel) -> Result<ErrorCode, ErrorCode> {
    let version = 7;
    let context = RequestContext {
        connection: Arc::new(ConnectionContext {
            id: ConnectionId(1),
            listener: ListenerName::new("PLAINTEXT"),
            peer: "10.0.0.7:5000".parse().unwrap(),
            principal: Principal::anonymous(),
            software: OnceLock::new(),
        }),
        api_key: ApiKey::CreateTopics,
        api_version: version,
        correlation_id: 1,
        client_id: None,
        received_at: Instant::now(),
    };
    let request = CreateTopicsRequest {
        topics: vec![topic("t", 1)],
        ..CreateTopicsRequest::default()
    };
    let answer = channel.ask_for(&context, &request, version).await?;
    let response: CreateTopicsResponse<'_> = answer.decode()?;
    Ok(response.topics[0].error_code)
}

fn fail(disk: &SimulatedDisk, operation: Operation) {
    disk.order_fault(Fault {
        operation,
        path_suffix: ".log".to_owned(),
        successes_before: 0,
        kind: DiskErrorKind::Failed,
    });
}

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

#[tokio::test(start_paused = true)]
async fn each_process_registers_its_controller_anew_with_its_listeners() {
    let disk = formatted_disk().await;
    let mut incarnations = Vec::new();
    for _ in 0..2 {
        let plane = ControlPlane::start(&disk).await;
        let image = plane.published().await.image.clone();
        let controllers: Vec<_> = image.cluster().controllers().collect();
        assert_eq!(controllers.len(), 1);
        assert_eq!(controllers[0].controller_id, NODE);
        assert_eq!(controllers[0].end_points[0].name, "CONTROLLER");
        incarnations.push(controllers[0].incarnation_id);
        plane.stop().await;
    }
    assert_ne!(incarnations[0], incarnations[1]);
}

#[tokio::test(start_paused = true)]
async fn a_running_broker_says_that_none_of_its_directories_is_cordoned() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let _broker = plane.running_broker().await;
    let image = plane.published().await.image.clone();
    let broker = image.cluster().broker(NODE).unwrap();
    assert_eq!(broker.cordoned_directories, Some(Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_falls_silent_is_fenced_when_its_session_has_run_out() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let broker = plane.running_broker().await;
    plane.create(topic("t", 1)).await;
    drop(broker);
    pass(Duration::from_millis(8999)).await;
    let image = plane.published().await.image.clone();
    assert!(image.cluster().is_alive(NODE));
    assert_eq!(leader(&image, "t"), NODE);
    pass(Duration::from_millis(3)).await;
    let image = plane.published().await.image.clone();
    assert!(!image.cluster().is_alive(NODE));
    assert_eq!(leader(&image, "t"), NO_LEADER);
}

#[tokio::test(start_paused = true)]
async fn a_controller_that_was_held_up_hears_heartbeats_before_it_fences() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start(&disk).await;
    let _broker = plane.running_broker().await;
    plane.create(topic("t", 1)).await;
    let before = plane.published().await.image.clone();
    disk.stall();
    pass(Duration::from_secs(30)).await;
    disk.resume();
    pass(Duration::from_millis(1)).await;
    let after = plane.published().await.image.clone();
    assert_eq!(after.topics(), before.topics(), "no leader has changed");
}

#[test]
fn a_restart_finds_everything_that_was_committed() {
    let disk = in_one_process(formatted_disk());
    let before = in_one_process(async {
        let plane = ControlPlane::start(&disk).await;
        let _broker = plane.running_broker().await;
        let configured = configured_topic("t", "retention.ms", "5");
        assert_eq!(plane.create(configured).await, ErrorCode::NONE);
        plane.published().await.image.clone()
    });
    disk.crash();
    in_one_process(async {
        let plane = ControlPlane::start(&disk).await;
        let image = plane.published().await.image.clone();
        assert_eq!(
            image.topics().by_name("t").unwrap().id,
            before.topics().by_name("t").unwrap().id
        );
        let resource = ConfigResource::topic("t");
        assert_eq!(image.configs().value(&resource, "retention.ms"), Some("5"));
        assert_eq!(
            create(&plane.channel(), topic("t", 1)).await,
            ErrorCode::TOPIC_ALREADY_EXISTS
        );
        plane.stop().await;
    });
}

/// Kafka waits for the session of the last incarnation to run out, which nobody can prolong.
#[test]
fn after_a_crash_the_broker_serves_again_at_once() {
    let disk = in_one_process(formatted_disk());
    let epoch = in_one_process(async {
        let plane = ControlPlane::start(&disk).await;
        let broker = plane.running_broker().await;
        plane.create(topic("t", 1)).await;
        broker.broker_epoch().unwrap()
    });
    disk.crash();
    in_one_process(async {
        let start = Instant::now();
        let plane = ControlPlane::start(&disk).await;
        let broker = plane.running_broker().await;
        assert!(start.elapsed() < Duration::from_millis(10));
        assert!(broker.broker_epoch().unwrap() > epoch);
        let image = plane.published().await.image.clone();
        assert_eq!(leader(&image, "t"), NODE);
    });
}

#[tokio::test(start_paused = true)]
async fn what_a_full_disk_refuses_is_undone_and_can_be_asked_again() {
    let disk = formatted_disk().await;
    let mut plane = ControlPlane::start(&disk).await;
    let _broker = plane.running_broker().await;
    disk.set_capacity(Some(0));
    let refused = plane.create(topic("t", 1000)).await;
    assert_eq!(refused, ErrorCode::KAFKA_STORAGE_ERROR);
    assert!(
        plane
            .published()
            .await
            .image
            .topics()
            .by_name("t")
            .is_none()
    );
    pass(Duration::from_secs(20)).await;
    disk.set_capacity(None);
    assert_eq!(plane.create(topic("t", 1000)).await, ErrorCode::NONE);
    let published = plane.published().await;
    assert_eq!(
        published
            .image
            .topics()
            .by_name("t")
            .unwrap()
            .partitions
            .len(),
        1000
    );
    assert!(published.image.cluster().is_alive(NODE));
    assert_eq!(plane.fatal_report(), None);
}

#[tokio::test(start_paused = true)]
async fn a_broken_disk_is_fatal_and_nothing_is_answered_that_is_not_committed() {
    for operation in [Operation::Write, Operation::Sync] {
        let disk = formatted_disk().await;
        let mut plane = ControlPlane::start(&disk).await;
        let _broker = plane.running_broker().await;
        fail(&disk, operation);
        assert_eq!(plane.create(topic("t", 1)).await, ErrorCode::NOT_CONTROLLER);
        let report = plane.fatal_errors.next().await;
        assert_eq!(report.part, "controller");
        assert_eq!(plane.create(topic("u", 1)).await, ErrorCode::NOT_CONTROLLER);
        assert_eq!(plane.fatal_report(), None, "reported once");
    }
}

#[tokio::test(start_paused = true)]
async fn decisions_that_are_taken_together_share_a_flush() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start(&disk).await;
    let _broker = plane.running_broker().await;
    let before = disk.counters().syncs;
    plane.create(topic("single", 1)).await;
    let single = disk.counters().syncs - before;
    let names: Vec<String> = (0..20).map(|index| format!("t{index}")).collect();
    let creating: Vec<_> = names
        .into_iter()
        .map(|name| {
            let channel = plane.channel();
            tokio::spawn(async move { create(&channel, topic(&name, 1)).await })
        })
        .collect();
    for created in creating {
        assert_eq!(created.await.unwrap(), ErrorCode::NONE);
    }
    let together = disk.counters().syncs - before - single;
    assert!(
        together <= 2 * single,
        "{together} syncs, one takes {single}"
    );
}

#[test]
fn a_snapshot_is_taken_when_it_is_due_and_read_after_a_restart() {
    let options = Options {
        log: MetadataLogConfig {
            snapshot_bytes_max: 2000,
            ..MetadataLogConfig::default()
        },
        ..Options::default()
    };
    let disk = in_one_process(formatted_disk());
    let (before, latest) = in_one_process(async {
        let plane = ControlPlane::start_with(&disk, options.clone()).await;
        let _broker = plane.running_broker().await;
        for name in ["a", "b", "c", "d", "e"] {
            assert_eq!(plane.create(topic(name, 5)).await, ErrorCode::NONE);
        }
        let image = plane.published().await.image.clone();
        let latest = {
            let quorum = plane.quorum.clone();
            plane.stop().await;
            quorum.latest_snapshot().await
        };
        (image, latest.expect("more than 2000 bytes were committed"))
    });
    assert!(latest.offset > Offset(12));
    in_one_process(async {
        let mut plane = ControlPlane::start_with(&disk, options).await;
        let image = plane.published().await.image.clone();
        let ids = |image: &MetadataImage| -> Vec<_> {
            image.topics().iter().map(|topic| topic.id).collect()
        };
        assert_eq!(ids(&image), ids(&before));
        assert_eq!(image.features(), before.features());
        let _broker = plane.running_broker().await;
        assert_eq!(plane.create(topic("f", 1)).await, ErrorCode::NONE);
        assert_eq!(plane.fatal_report(), None);
    });
}

#[tokio::test(start_paused = true)]
async fn an_idle_log_moves_on_at_its_interval_and_not_without_one() {
    let plane = ControlPlane::start(&formatted_disk().await).await;
    let before = plane.quorum.high_watermark().unwrap();
    pass(Duration::from_millis(10_100)).await;
    assert_eq!(plane.quorum.high_watermark(), Some(before.plus(20)));
    let options = Options {
        idle_interval_ms: None,
        ..Options::default()
    };
    let still = ControlPlane::start_with(&formatted_disk().await, options).await;
    let before = still.quorum.high_watermark();
    pass(Duration::from_secs(100)).await;
    assert_eq!(still.quorum.high_watermark(), before);
}

#[tokio::test(start_paused = true)]
async fn who_asks_before_activation_or_after_the_end_is_told() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start_unawaited(&disk, Options::default()).await;
    disk.stall();
    assert_eq!(plane.create(topic("t", 1)).await, ErrorCode::NOT_CONTROLLER);
    disk.resume();
    assert!(plane.controller.activated().await);
    let channel = plane.channel();
    plane.stop().await;
    assert_eq!(
        create(&channel, topic("t", 1)).await,
        ErrorCode::NOT_CONTROLLER
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_of_a_client_waits_for_a_controller() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start_unawaited(&disk, Options::default()).await;
    disk.stall();
    let (begin, channel) = (Instant::now(), plane.channel());
    let (created, ()) = tokio::join!(create_for_client(&channel), async {
        pass(Duration::from_secs(50)).await;
        disk.resume();
    });
    // There is no broker, and somebody who says so.
    assert_eq!(created, Ok(ErrorCode::INVALID_REPLICATION_FACTOR));
    let waited = begin.elapsed();
    let late = waited.saturating_sub(Duration::from_secs(50));
    assert!(waited >= Duration::from_secs(50) && late <= Duration::from_millis(200));
}

#[tokio::test(start_paused = true)]
async fn a_request_of_a_client_does_not_wait_for_ever_and_not_for_what_has_ended() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start_unawaited(&disk, Options::default()).await;
    disk.stall();
    let begin = Instant::now();
    let created = create_for_client(&plane.channel()).await;
    assert_eq!(created, Err(ErrorCode::REQUEST_TIMED_OUT));
    assert_eq!(begin.elapsed(), Duration::from_secs(60));
    disk.resume();
    assert!(plane.controller.activated().await);
    let channel = plane.channel();
    plane.stop().await;
    let begin = Instant::now();
    let created = create_for_client(&channel).await;
    assert_eq!(created, Err(ErrorCode::NOT_CONTROLLER));
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_stop_answers_what_was_decided() {
    let disk = formatted_disk().await;
    let plane = ControlPlane::start(&disk).await;
    let _broker = plane.running_broker().await;
    let channel = plane.channel();
    let creating = tokio::spawn(async move { create(&channel, topic("t", 1)).await });
    tokio::task::yield_now().await;
    plane.stop().await;
    assert_eq!(creating.await.unwrap(), ErrorCode::NONE);
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fails_at_activation_is_fatal() {
    let disk = formatted_disk().await;
    let mut plane = ControlPlane::start_unawaited(&disk, Options::default()).await;
    fail(&disk, Operation::Sync);
    assert!(!plane.controller.activated().await);
    assert!(plane.fatal_report().is_some());
}
