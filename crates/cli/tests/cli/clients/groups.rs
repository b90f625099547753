//! Members of a group share the partitions of a topic.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use client::krafka::Kafka;
use client::krafka::consumer::Consumer;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{POLL, connect, consumer, create_topic, produce, read, run};
use crate::node::process::Node;
use crate::program::Place;

const AT_ONCE: &[&str] = &["group.initial.rebalance.delay.ms=0"];

#[test]
fn members_share_a_topic_more_of_them_idle_and_those_left_take_over() {
    let place = Place::new("client-groups", "unused");
    let node = Node::start(&place, AT_ONCE);
    run(async {
        let kafka = connect(node.address).await;
        create_topic(&kafka, "topic", 3).await;
        let polled = Arc::new(Notify::new());
        let mut members = vec![
            Member::join(node.address, &polled).await,
            Member::join(node.address, &polled).await,
        ];
        await_shares(&members, &polled, &[1, 2]).await;
        members.extend([
            Member::join(node.address, &polled).await,
            Member::join(node.address, &polled).await,
        ]);
        await_shares(&members, &polled, &[0, 1, 1, 1]).await;
        for _ in 0..3 {
            members.remove(0).leave().await;
        }
        await_shares(&members, &polled, &[3]).await;
    });
}

#[test]
fn whoever_takes_over_goes_on_behind_what_was_committed() {
    let place = Place::new("client-resume", "unused");
    let node = Node::start(&place, AT_ONCE);
    run(async {
        let kafka = connect(node.address).await;
        create_topic(&kafka, "topic", 1).await;
        produce(&kafka, &[], "topic", &[("a", "1"), ("a", "2")]).await;
        let first = subscribed(&kafka).await;
        assert_eq!(read(&first, 2).await.len(), 2);
        first.commit().await.unwrap();
        first.close().await.unwrap();
        produce(&kafka, &[], "topic", &[("a", "3")]).await;
        let second = subscribed(&kafka).await;
        let records = read(&second, 1).await;
        assert_eq!(
            records
                .iter()
                .map(|record| record.offset)
                .collect::<Vec<_>>(),
            [2]
        );
        second.close().await.unwrap();
    });
}

/// A consumer that polls all the time, as one in a loop of its own does.
struct Member {
    consumer: Arc<Consumer>,
    polling: JoinHandle<()>,
}

impl Member {
    /// Each has connections of its own: answers come in order on a connection, and that to a join
    /// waits for all members.
    async fn join(address: SocketAddr, polled_once: &Arc<Notify>) -> Self {
        let consumer = Arc::new(subscribed(&connect(address).await).await);
        let polled = Arc::clone(&consumer);
        let once = Arc::clone(polled_once);
        let polling = tokio::spawn(async move {
            loop {
                polled.poll(POLL).await.unwrap();
                once.notify_one();
            }
        });
        Self { consumer, polling }
    }

    async fn leave(self) {
        self.polling.abort();
        self.consumer.close().await.unwrap();
    }

    async fn partitions(&self) -> Vec<i32> {
        let mut assignment = self.consumer.assignment().await;
        assignment.remove("topic").unwrap_or_default()
    }
}

async fn subscribed(kafka: &Kafka) -> Consumer {
    let settings = [
        ("group.id", "demo-group"),
        ("heartbeat.interval.ms", "100"),
        ("session.timeout.ms", "6000"),
    ];
    let consumer = consumer(kafka, &settings).await;
    consumer.subscribe(["topic"]).await.unwrap();
    consumer
}

/// Waits until the members own these numbers of partitions, in some order, and all of them.
async fn await_shares(members: &[Member], polled: &Notify, shares: &[usize]) {
    loop {
        let mut all = BTreeSet::new();
        let mut counts = Vec::new();
        for member in members {
            let partitions = member.partitions().await;
            counts.push(partitions.len());
            all.extend(partitions);
        }
        counts.sort_unstable();
        if counts == shares && all.len() == 3 {
            return;
        }
        polled.notified().await;
    }
}
