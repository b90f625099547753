//! A server against clients that are slow, silent, wrong or too many, and its drain.

use crate::node::{
    Node, SECOND, client, command, config, memory, start, start_limited, start_with,
};
use crate::pipelining::framed;
use net::request_connection::RequestError;
use net::server::{Allowance, ConnectionLimits, ConnectionRates};
use net::transport::{Connection, Transport};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// Sends bytes, waits until the server closes, and tells after how long and why.
async fn cut_after(bytes: &[u8], pause: Duration) -> (Duration, String) {
    let transport = memory();
    let mut node = start(&transport, config()).await;
    let mut connection = transport.connect(&node.address).await.unwrap();
    let begin = Instant::now();
    let Connection { reader, writer, .. } = &mut connection;
    let dripping = async {
        for byte in bytes {
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
            node.timers.sleep(pause).await;
        }
        std::future::pending::<()>().await;
    };
    let mut end = Vec::new();
    tokio::select! {
        biased;
        _ = reader.read_to_end(&mut end) => {}
        () = dripping => {}
    }
    let elapsed = begin.elapsed();
    (elapsed, node.told("closed").await)
}

async fn check_closed(bytes: &[u8], cause: &str) {
    let (elapsed, told) = cut_after(bytes, Duration::ZERO).await;
    assert!(told.contains(cause), "{told}");
    assert!(elapsed < SECOND);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_request_close_the_connection_with_a_reason() {
    check_closed(&[0xff; 4], "its size is -1").await;
    check_closed(&[0x7f; 4], "are more than 104857600").await;
    check_closed(&[0; 4], "it is empty").await;
    check_closed(&[0, 0, 0, 4, 0x7f, 0, 0, 0], "no api key 32512").await;
    check_closed(&[0, 0, 0, 4, 0, 3, 0, 1], "only 0 remain").await;
}

#[tokio::test(start_paused = true)]
async fn silent_and_dripping_clients_are_cut_within_thirty_seconds() {
    let (elapsed, told) = cut_after(&[], SECOND).await;
    assert!(told.ends_with("since the connection was opened"), "{told}");
    assert_eq!(elapsed, 30 * SECOND);
    let (elapsed, told) = cut_after(&[1; 3], SECOND).await;
    assert!(told.ends_with("comes in too slowly"), "{told}");
    assert_eq!(elapsed, 30 * SECOND);
    let slowly = [&[0, 0, 16, 0][..], &[0; 4096]].concat();
    let (elapsed, told) = cut_after(&slowly, 10 * SECOND).await;
    assert!(told.ends_with("comes in too slowly"), "{told}");
    assert!(elapsed <= 31 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_but_not_while_a_request_is_in_flight() {
    let transport = memory();
    let mut node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let answer = client
        .send(3, &command("later 1500000"), 9_000 * SECOND)
        .await;
    assert!(answer.is_ok());
    let answered = Instant::now();
    client.closed().await;
    let idle = answered.elapsed();
    assert!((300 * SECOND..=601 * SECOND).contains(&idle), "{idle:?}");
    assert!(node.told("closed").await.ends_with("idle for too long"));
    assert_eq!(node.timers.armed_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_client_gets_its_answer_and_is_then_not_read_from() {
    let transport = memory();
    let node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let begin = Instant::now();
    client
        .send(3, &command("throttle 700"), SECOND)
        .await
        .unwrap();
    assert!(begin.elapsed() < Duration::from_millis(5));
    client.send(3, &command("now"), SECOND).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(700));
    let times = node.record.times.lock().unwrap();
    assert!(
        times
            .iter()
            .all(|times| times.total() < Duration::from_millis(5))
    );
}

#[tokio::test(start_paused = true)]
async fn stage_times_tell_where_a_request_has_been() {
    let transport = memory();
    let mut node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    client.send(3, &command("later 400"), SECOND).await.unwrap();
    node.told("answered").await;
    let times = node.record.times.lock().unwrap()[0];
    let remote = times.remote();
    assert!((Duration::from_millis(399)..=Duration::from_millis(401)).contains(&remote));
    let rest = times.queue() + times.local() + times.response_queue() + times.send();
    assert_eq!(times.total(), rest + remote);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answers_is_given_up() {
    let transport = memory();
    let mut node = start(&transport, config()).await;
    let deaf = transport.connect(&node.address).await.unwrap();
    let mut writer = deaf.writer;
    let flood = async {
        let request = framed(1, "now");
        while writer.write_all(&request).await.is_ok() {}
    };
    tokio::join!(flood, async {
        let told = node.told("closed").await;
        assert!(told.ends_with("does not take its answers"), "{told}");
    });
    drop(deaf.reader);
}

/// One connection at once, others after half a second.
#[derive(Debug, Default)]
struct OneAtOnce(AtomicUsize);

impl ConnectionRates for OneAtOnce {
    fn pause_before(&self, _: IpAddr) -> Duration {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Duration::ZERO,
            _ => SECOND / 2,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_comes_too_fast_is_closed_after_a_pause() {
    let transport = memory();
    let rates = Arc::new(OneAtOnce::default());
    let limits = ConnectionLimits::new(Allowance::UNLIMITED, usize::MAX, BTreeMap::new(), rates);
    let mut node = start_limited(&transport, config(), &limits, None).await;
    let first = client(&transport, &node).await;
    let second = client(&transport, &node).await;
    let begun = Instant::now();
    second.closed().await;
    let pause = begun.elapsed().as_millis();
    assert!((499..=502).contains(&pause), "{pause}");
    assert!(node.told("refused").await.contains("too fast"));
    first.send(3, &command("now"), SECOND).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_address_with_too_many_connections_is_refused_until_one_has_gone() {
    let transport = memory();
    let two_each = (Allowance::UNLIMITED, 2);
    let mut node = start_with(&transport, config(), two_each, None).await;
    let first = client(&transport, &node).await;
    let second = client(&transport, &node).await;
    second.send(3, &command("now"), SECOND).await.unwrap();
    let third = client(&transport, &node).await;
    third.closed().await;
    assert!(node.told("refused").await.contains("127.0.0.1 has as many"));
    drop(first);
    node.told("closed").await;
    let fourth = client(&transport, &node).await;
    fourth.send(3, &command("now"), SECOND).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_connection_beyond_the_limit_of_the_node_waits_for_a_place() {
    let transport = memory();
    let one = (Allowance::of(1), usize::MAX);
    let mut node = start_with(&transport, config(), one, None).await;
    let first = client(&transport, &node).await;
    first.send(3, &command("now"), SECOND).await.unwrap();
    let second = client(&transport, &node).await;
    let unserved = second.send(3, &command("now"), SECOND).await;
    assert!(matches!(unserved, Err(RequestError::TimedOut(_))));
    drop(first);
    node.told("closed").await;
    second.send(3, &command("now"), SECOND).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn connections_that_come_too_fast_are_accepted_at_the_rate() {
    let transport = memory();
    let two_a_second = Allowance {
        per_second_max: 2,
        ..Allowance::UNLIMITED
    };
    let node = start_with(&transport, config(), (two_a_second, usize::MAX), None).await;
    let begin = Instant::now();
    let mut served = Vec::new();
    for _ in 0..24 {
        let client = client(&transport, &node).await;
        client.send(3, &command("now"), 9 * SECOND).await.unwrap();
        served.push(begin.elapsed().as_millis());
        drop(client);
    }
    // What a window of ten seconds may bring, and then two a second.
    assert!(served[19] < 100, "{served:?}");
    let late = served[23].saturating_sub(2_000);
    assert!(served[23] >= 2_000 && late < 100, "{served:?}");
    let waiting = client(&transport, &node).await;
    node.server.drain(SECOND).await;
    waiting.closed().await;
    assert!(begin.elapsed() < 3 * SECOND, "a stop does not wait for it");
}

/// Keeps the whole budget but for less than a frame's first room.
async fn use_budget_up(node: &Node) -> net::byte_budget::Allotment {
    node.budget.begin(node.budget.available_bytes()).await
}

#[tokio::test(start_paused = true)]
async fn without_budget_nothing_is_read_and_the_client_is_not_blamed() {
    let transport = memory();
    let node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let all = use_budget_up(&node).await;
    let request = command("now");
    let mut waiting = Box::pin(client.send(3, &request, 9_000 * SECOND));
    tokio::select! {
        biased;
        _ = &mut waiting => panic!("there is no budget"),
        () = node.timers.sleep(3_000 * SECOND) => {}
    }
    assert!(node.script.begun.lock().unwrap().is_empty());
    drop(all);
    assert!(waiting.await.is_ok());
    assert_eq!(node.budget.available_bytes(), 32 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_gone_gives_its_budget_back() {
    let transport = memory();
    let mut node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let held = client.send(3, &command("hold"), SECOND).await;
    assert!(matches!(held, Err(RequestError::TimedOut(_))));
    assert!(node.budget.available_bytes() < 32 << 20);
    drop(client);
    node.told("closed").await;
    tokio::task::yield_now().await;
    assert_eq!(node.budget.available_bytes(), 32 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_drain_lets_what_is_in_flight_finish_and_closes_the_rest() {
    let transport = memory();
    let node = start(&transport, config()).await;
    let (busy, idle) = (
        client(&transport, &node).await,
        client(&transport, &node).await,
    );
    idle.send(3, &command("now"), SECOND).await.unwrap();
    let begin = Instant::now();
    let request = command("later 400");
    let Node { server, timers, .. } = node;
    let (answer, ()) = tokio::join!(busy.send(3, &request, SECOND), async {
        timers.sleep(Duration::from_millis(100)).await;
        server.drain(10 * SECOND).await;
    });
    assert!(answer.is_ok());
    assert!(begin.elapsed() < Duration::from_millis(410));
    idle.closed().await;
    busy.closed().await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_does_not_wait_for_longer_than_it_was_told() {
    let transport = memory();
    let node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let request = command("hold");
    let begin = Instant::now();
    let Node { server, timers, .. } = node;
    let (answer, ()) = tokio::join!(client.send(3, &request, 60 * SECOND), async {
        timers.sleep(SECOND).await;
        server.drain(2 * SECOND).await;
    });
    assert!(answer.is_err());
    assert_eq!(begin.elapsed(), 3 * SECOND);
}
