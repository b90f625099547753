//! What the network in memory can do to connections.

use net::timers::Timers;
use net::transport::memory::{MemoryFaults, MemoryNetwork, MemoryTransport};
use net::transport::{Address, Connection, Transport};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const TWO: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));

async fn pair(one: &MemoryTransport, two: &MemoryTransport) -> (Connection, Connection) {
    let acceptor = two.listen(&Address::new("", 9092)).await.unwrap();
    let near = one.connect(&Address::new("two", 9092)).await.unwrap();
    (near, acceptor.accept().await.unwrap())
}

fn network(seed: u64, faults: MemoryFaults) -> (MemoryNetwork, MemoryTransport, MemoryTransport) {
    let network = MemoryNetwork::new(seed, faults);
    let (one, two) = (network.node("one", ONE), network.node("two", TWO));
    (network, one, two)
}

/// When each of many writes arrived, or how the connection ended.
async fn trace(seed: u64) -> Vec<(Duration, Result<u8, ErrorKind>)> {
    let faults = MemoryFaults {
        delay_min: Duration::from_millis(1),
        delay_max: Duration::from_millis(50),
        resets_per_million_writes: 10_000,
        ..MemoryFaults::default()
    };
    let (_network, one, two) = network(seed, faults);
    let begin = Instant::now();
    let timers = Timers::start();
    let (mut near, mut far) = pair(&one, &two).await;
    let mut trace = Vec::new();
    tokio::join!(
        async {
            for index in 0..200 {
                if near.writer.write_all(&[index]).await.is_err() {
                    break;
                }
                timers.sleep(Duration::from_millis(20)).await;
            }
            drop(near.writer);
        },
        async {
            loop {
                let read = far.reader.read_u8().await.map_err(|error| error.kind());
                trace.push((begin.elapsed(), read));
                if read.is_err() {
                    break;
                }
            }
        }
    );
    trace
}

#[tokio::test(start_paused = true)]
async fn one_seed_gives_one_trace_and_another_seed_another() {
    let (first, twin) = (trace(7).await, trace(7).await);
    assert_eq!(first, twin);
    assert_ne!(first, trace(8).await);
    let bytes: Vec<u8> = first.iter().filter_map(|(_, read)| read.ok()).collect();
    assert!(bytes.is_sorted());
    let mut ends = Vec::new();
    for seed in 0..20 {
        ends.extend(trace(seed).await.last().map(|(_, end)| *end));
    }
    assert!(ends.contains(&Err(ErrorKind::ConnectionReset)));
    assert!(ends.contains(&Err(ErrorKind::UnexpectedEof)));
}

#[tokio::test(start_paused = true)]
async fn a_partition_holds_bytes_and_connections_up_and_lets_them_through_when_it_ends() {
    let (network, one, two) = network(1, MemoryFaults::default());
    let (mut near, mut far) = pair(&one, &two).await;
    network.hold(ONE, TWO);
    near.writer.write_all(b"x").await.unwrap();
    far.writer.write_all(b"y").await.unwrap();
    assert_eq!(near.reader.read_u8().await.unwrap(), b'y');
    let timers = Timers::start();
    let acceptor = two.listen(&Address::new("two", 9093)).await.unwrap();
    let address = Address::from(acceptor.local_address());
    let mut connecting = one.connect(&address);
    tokio::select! {
        biased;
        _ = far.reader.read_u8() => panic!("it should be held up"),
        _ = &mut connecting => panic!("it should be held up"),
        () = timers.sleep(Duration::from_secs(100)) => {}
    }
    network.release(ONE, TWO);
    assert_eq!(far.reader.read_u8().await.unwrap(), b'x');
    connecting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_crash_resets_connections_and_refuses_new_ones_until_the_node_listens_again() {
    let (network, one, two) = network(1, MemoryFaults::default());
    let (mut near, _far) = pair(&one, &two).await;
    let _left = two.listen(&Address::new("", 9094)).await.unwrap();
    network.crash(TWO);
    let reset = near.reader.read_u8().await.unwrap_err();
    assert_eq!(reset.kind(), ErrorKind::ConnectionReset);
    let address = Address::new("two", 9094);
    let refused = one.connect(&address).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let two = network.node("two", TWO);
    let _again = two.listen(&Address::new("", 9094)).await.unwrap();
    one.connect(&address).await.unwrap();
}
