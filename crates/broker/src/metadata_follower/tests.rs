//! What publishers are told and when everybody else sees it.

use super::*;
use crate::simulated_control_plane::{ControlPlane, Options, create, formatted_disk, pass, topic};
use std::sync::Mutex;
use tokio::sync::Semaphore;

/// Notes the topics that it is told of, one permit for each call.
struct Notes {
    permits: Semaphore,
    told: Mutex<Vec<Vec<String>>>,
}

impl Notes {
    fn new(permit_count: usize) -> Arc<Self> {
        Arc::new(Self {
            permits: Semaphore::new(permit_count),
            told: Mutex::default(),
        })
    }

    fn take(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

impl MetadataPublisher for Notes {
    fn apply<'a>(
        &'a self,
        delta: &'a MetadataDelta,
        image: &'a MetadataImage,
    ) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let permit = self.permits.acquire().await.unwrap();
            permit.forget();
            let topics = delta.topics.iter().filter_map(|topic| topic.after.as_ref());
            let names: Vec<String> = topics.map(|topic| topic.name.to_string()).collect();
            for name in &names {
                assert!(image.topics().by_name(name).is_some());
            }
            self.told.lock().unwrap().push(names);
        })
    }
}

async fn plane_with(notes: &Arc<Notes>) -> ControlPlane {
    let options = Options {
        publishers: vec![notes.clone()],
        ..Options::default()
    };
    ControlPlane::start_with(&formatted_disk().await, options).await
}

#[tokio::test(start_paused = true)]
async fn publishers_are_told_before_anybody_sees_and_what_came_meanwhile_in_one_step() {
    let notes = Notes::new(100);
    let plane = plane_with(&notes).await;
    let _broker = plane.running_broker().await;
    plane.published().await;
    notes.take();
    // From here on each call has to be let through.
    notes.permits.forget_permits(100);
    for name in ["a", "b", "c"] {
        assert_eq!(
            create(&plane.channel(), topic(name, 1)).await,
            protocol::ErrorCode::NONE
        );
    }
    assert!(plane.cache.current().image.topics().by_name("a").is_none());
    notes.permits.add_permits(100);
    let published = plane.published().await;
    assert!(published.image.topics().by_name("c").is_some());
    let mut told = notes.take();
    assert!(told.len() <= 2, "{told:?}");
    told.iter_mut().for_each(|names| names.sort());
    assert_eq!(told.concat(), ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_of_records_that_change_nothing() {
    let notes = Notes::new(100);
    let plane = plane_with(&notes).await;
    plane.published().await;
    notes.take();
    pass(Duration::from_secs(10)).await;
    let high_watermark = plane.quorum.high_watermark().unwrap();
    assert_eq!(plane.cache.current().end_offset, high_watermark);
    assert!(notes.take().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_bootstrap_transaction_shows_as_a_whole() {
    let notes = Notes::new(100);
    let plane = plane_with(&notes).await;
    let published = plane.published().await;
    assert_eq!(notes.take().len(), 1);
    assert_eq!(published.image.features().levels().count(), 6);
}

/// Is behind until it was asked so often.
struct Behind {
    retries_left: Mutex<u32>,
    retried: Mutex<Vec<Instant>>,
}

impl MetadataPublisher for Behind {
    fn apply<'a>(&'a self, _: &'a MetadataDelta, _: &'a MetadataImage) -> BoxFuture<'a, ()> {
        Box::pin(ready(()))
    }

    fn is_behind(&self) -> bool {
        *self.retries_left.lock().unwrap() > 0
    }

    fn retry<'a>(&'a self, image: &'a MetadataImage) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            assert!(image.features().metadata_version().is_some());
            *self.retries_left.lock().unwrap() -= 1;
            self.retried.lock().unwrap().push(Instant::now());
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_publisher_that_is_behind_is_asked_again_at_an_interval_however_busy_the_log_is() {
    let behind = Arc::new(Behind {
        retries_left: Mutex::new(3),
        retried: Mutex::default(),
    });
    let options = Options {
        publishers: vec![behind.clone()],
        ..Options::default()
    };
    let plane = ControlPlane::start_with(&formatted_disk().await, options).await;
    plane.published().await;
    pass(Duration::from_secs(60)).await;
    let retried = behind.retried.lock().unwrap().clone();
    assert_eq!(retried.len(), 3);
    for pair in retried[1..].windows(2) {
        assert_eq!(pair[1] - pair[0], RETRY_INTERVAL);
    }
}
