//! The request connection against a server.

use crate::node::{SECOND, client, command, config, memory, start};
use net::request_connection::{RequestConnection, RequestConnectionOptions, RequestError};
use net::transport::{Address, Transport};
use protocol::ErrorCode;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn requests_sent_together_wait_together() {
    let transport = memory();
    let node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let begin = Instant::now();
    let (slow, quick) = (command("later 300"), command("later 100"));
    let (slow, quick) = tokio::join!(
        client.send(3, &slow, 10 * SECOND),
        client.send(3, &quick, 10 * SECOND)
    );
    assert_eq!(slow.unwrap().decode().unwrap().error_code, ErrorCode::NONE);
    assert_eq!(quick.unwrap().decode().unwrap().error_code, ErrorCode::NONE);
    assert!(begin.elapsed() < Duration::from_millis(310));
}

#[tokio::test(start_paused = true)]
async fn a_request_out_of_time_is_told_and_its_late_answer_harms_nobody() {
    let transport = memory();
    let node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let late = client.send(3, &command("later 5000"), SECOND).await;
    assert!(matches!(late, Err(RequestError::TimedOut(_))));
    client
        .send_without_answer(3, &command("silent"))
        .await
        .unwrap();
    let next = client.send(3, &command("now"), 10 * SECOND).await;
    assert!(next.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_fails_all_that_wait() {
    let transport = memory();
    let mut node = start(&transport, config()).await;
    let client = client(&transport, &node).await;
    let (waits, closes) = (command("later 100"), command("close"));
    let (answered, closed) = tokio::join!(
        client.send(3, &waits, 10 * SECOND),
        client.send(3, &closes, 10 * SECOND)
    );
    assert!(matches!(closed, Err(RequestError::Closed)));
    // What was not there when the handler closed is not waited for.
    assert!(answered.is_err());
    client.closed().await;
    assert!(
        node.told("closed")
            .await
            .ends_with("closed by the handler: as asked")
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_nothing_ends_the_connection() {
    let transport = memory();
    let acceptor = transport.listen(&Address::new("", 1)).await.unwrap();
    let timers = net::timers::Timers::start();
    let options = RequestConnectionOptions {
        client_id: String::new(),
        response_bytes_max: 1000,
        in_flight_count_max: 1,
        connect_timeout: SECOND,
    };
    let address = Address::new("here", 1);
    let client = RequestConnection::open(&transport, &address, options, &timers)
        .await
        .unwrap();
    let mut peer = acceptor.accept().await.unwrap();
    let request = command("now");
    let (answer, ()) = tokio::join!(client.send(3, &request, SECOND), async {
        peer.writer
            .write_all(&[0, 0, 0, 4, 0, 0, 9, 9])
            .await
            .unwrap();
    });
    assert!(matches!(answer, Err(RequestError::Failed(_))));
}
