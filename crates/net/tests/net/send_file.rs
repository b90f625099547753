//! Fetch answers whose records come from files.

use crate::files::{SystemFile, content, slice};
use crate::node::{Node, SECOND, client, config, memory, start_with};
use crate::transports::tcp;
use net::request_connection::RequestError;
use net::server::Allowance;
use net::transport::Transport;
use protocol::generated::FetchRequest;
use protocol::wire::Records;
use std::sync::Arc;

async fn node(transport: &dyn Transport, file: &Arc<SystemFile>, size: usize) -> Node {
    let slice = slice(Arc::clone(file) as _, 0, size);
    let unlimited = (Allowance::UNLIMITED, usize::MAX);
    start_with(transport, config(), unlimited, Some(slice)).await
}

async fn check_whole(transport: &dyn Transport) {
    let whole = content(900_000);
    let file = Arc::new(SystemFile::new(&whole));
    let node = node(transport, &file, whole.len()).await;
    let client = client(transport, &node).await;
    for version in [4, 12] {
        let request = FetchRequest::default();
        let answer = client.send(version, &request, 60 * SECOND).await.unwrap();
        let response = answer.decode().unwrap();
        let partitions = &response.responses[0].partitions;
        assert_eq!(partitions.len(), 2);
        for partition in partitions {
            assert!(partition.records == Some(Records::Inline(&whole)));
        }
    }
}

async fn check_cut(transport: &dyn Transport) {
    let file = Arc::new(SystemFile::new(&content(900_000)));
    let mut node = node(transport, &file, 900_000).await;
    file.file.set_len(300_000).unwrap();
    let client = client(transport, &node).await;
    let request = FetchRequest::default();
    let lost = client.send(4, &request, 60 * SECOND).await.unwrap_err();
    assert!(matches!(lost, RequestError::Failed(_)), "{lost}");
    let closed = node.told("closed").await;
    assert!(closed.contains("it ends within"), "{closed}");
}

#[tokio::test]
async fn records_come_from_the_file_between_the_fields_around_them_over_tcp() {
    check_whole(&tcp()).await;
}

#[tokio::test(start_paused = true)]
async fn records_come_from_the_file_between_the_fields_around_them_over_memory() {
    check_whole(&memory()).await;
}

#[tokio::test]
async fn a_file_cut_short_closes_the_connection_over_tcp() {
    check_cut(&tcp()).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_cut_short_closes_the_connection_over_memory() {
    check_cut(&memory()).await;
}
