//! What every transport keeps, as one suite.

use crate::files::{MemoryFile, SystemFile, content, slice};
use crate::node::memory;
use net::transport::tcp::{TcpOptions, TcpTransport};
use net::transport::{Address, Connection, Transport};
use std::io::ErrorKind;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub(crate) fn tcp() -> TcpTransport {
    TcpTransport::new(TcpOptions {
        send_buffer_bytes: Some(102_400),
        receive_buffer_bytes: Some(102_400),
        listen_backlog_size: 50,
    })
}

async fn pair(transport: &dyn Transport) -> (Connection, Connection) {
    let here = Address::new("127.0.0.1", 0);
    let acceptor = transport.listen(&here).await.unwrap();
    let address = acceptor.local_address().into();
    let (near, far) = tokio::join!(transport.connect(&address), acceptor.accept());
    let (near, far) = (near.unwrap(), far.unwrap());
    assert_eq!((near.peer, near.local), (far.local, far.peer));
    (near, far)
}

async fn bytes_arrive_in_order_through_a_full_window(transport: &dyn Transport) {
    let (mut near, mut far) = pair(transport).await;
    let sent = content(1 << 20);
    let mut received = Vec::new();
    let sending = async {
        near.writer.write_all(&sent).await.unwrap();
        near.writer.shutdown().await.unwrap();
    };
    let (_, read) = tokio::join!(sending, far.reader.read_to_end(&mut received));
    assert_eq!(read.unwrap(), sent.len());
    assert!(received == sent);
}

async fn a_half_closed_connection_goes_on_in_the_other_direction(transport: &dyn Transport) {
    let (mut near, mut far) = pair(transport).await;
    near.writer.write_all(b"question").await.unwrap();
    near.writer.shutdown().await.unwrap();
    let mut question = Vec::new();
    far.reader.read_to_end(&mut question).await.unwrap();
    assert_eq!(question, b"question");
    far.writer.write_all(b"answer").await.unwrap();
    drop(far);
    let mut answer = Vec::new();
    near.reader.read_to_end(&mut answer).await.unwrap();
    assert_eq!(answer, b"answer");
}

async fn writing_to_a_peer_that_is_gone_fails(transport: &dyn Transport) {
    let (mut near, far) = pair(transport).await;
    drop(far);
    let block = content(64 << 10);
    let failure = loop {
        if let Err(error) = near.writer.write_all(&block).await {
            break error.kind();
        }
    };
    assert!(matches!(
        failure,
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    ));
}

async fn nobody_listens_is_told_at_once_and_a_port_is_taken_once(transport: &dyn Transport) {
    let here = Address::new("127.0.0.1", 0);
    let acceptor = transport.listen(&here).await.unwrap();
    let taken = acceptor.local_address().into();
    let twice = transport.listen(&taken).await.unwrap_err();
    assert_eq!(twice.kind(), ErrorKind::AddrInUse);
    drop(acceptor);
    let refused = transport.connect(&taken).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

async fn slices_of_files_are_sent_between_bytes(transport: &dyn Transport) {
    let whole = content(700_000);
    let system = Arc::new(SystemFile::new(&whole));
    system.make_cold();
    let memory = Arc::new(MemoryFile(whole.clone()));
    for slice in [slice(system, 100, 600_001), slice(memory, 100, 600_001)] {
        let (mut near, mut far) = pair(transport).await;
        let mut received = Vec::new();
        let sending = async {
            near.writer.write_all(b"before").await.unwrap();
            let mut rest = slice.clone();
            while rest.size > 0 {
                let count = near.writer.send_file(&rest).await.unwrap();
                assert!(count > 0);
                rest = rest.skip(count);
            }
            near.writer.write_all(b"after").await.unwrap();
            near.writer.shutdown().await.unwrap();
        };
        tokio::join!(sending, async {
            far.reader.read_to_end(&mut received).await.unwrap();
        });
        let expected = [b"before", &whole[100..600_101], b"after"].concat();
        assert!(received == expected);
    }
}

async fn a_file_that_was_cut_short_is_an_error_and_never_padded(transport: &dyn Transport) {
    let system = Arc::new(SystemFile::new(&content(10_000)));
    let promised = slice(Arc::clone(&system) as _, 0, 10_000);
    system.file.set_len(4_000).unwrap();
    let (mut near, mut far) = pair(transport).await;
    let mut rest = promised;
    let failure = loop {
        match near.writer.send_file(&rest).await {
            Ok(count) => rest = rest.skip(count),
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(failure, ErrorKind::UnexpectedEof);
    drop(near);
    let mut received = Vec::new();
    far.reader.read_to_end(&mut received).await.unwrap();
    assert!(content(4_000).starts_with(&received));
}

macro_rules! contract {
    ($($name:ident)*) => {
        mod over_tcp {
            $(#[tokio::test] async fn $name() { super::$name(&super::tcp()).await; })*
        }
        mod over_memory {
            $(#[tokio::test(start_paused = true)] async fn $name() {
                super::$name(&super::memory()).await;
            })*
        }
    };
}

contract! {
    bytes_arrive_in_order_through_a_full_window
    a_half_closed_connection_goes_on_in_the_other_direction
    writing_to_a_peer_that_is_gone_fails
    nobody_listens_is_told_at_once_and_a_port_is_taken_once
    slices_of_files_are_sent_between_bytes
    a_file_that_was_cut_short_is_an_error_and_never_padded
}
