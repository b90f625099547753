//! Requests as Kafka's classes write them, with some bytes changed, to each kind of listener.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use protocol::ApiKey;

use super::frames::{Random, Witness, frame};

/// How many requests each listener gets.
const REQUEST_COUNT: usize = 2_000;
/// Some requests wait before they are answered, which is not waited for.
const PATIENCE: Duration = Duration::from_millis(20);

#[test]
fn requests_with_changed_bytes_do_no_harm() {
    let witness = Witness::start("mutations");
    let requests = golden_requests();
    let mut random = Random(2);
    for address in [witness.node.address, witness.node.controller_address] {
        for _ in 0..REQUEST_COUNT {
            let (key, version, body) = &requests[random.below(requests.len())];
            let mut body = body.clone();
            for _ in 0..random.below(4) {
                if !body.is_empty() {
                    let position = random.below(body.len());
                    body[position] = random.below(256) as u8;
                }
            }
            deliver(address, &frame(*key, *version, &body));
        }
    }
    witness.expect_unharmed();
}

/// Sends a request and takes the answer, if there is one soon.
fn deliver(address: SocketAddr, bytes: &[u8]) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    let _ = stream.shutdown(Shutdown::Write);
    if let Err(error) = stream.read_to_end(&mut Vec::new()) {
        let kinds = [ErrorKind::WouldBlock, ErrorKind::ConnectionReset];
        assert!(kinds.contains(&error.kind()), "{error}");
    }
}

/// The key, version and body of each request among the samples of the crate `protocol`.
fn golden_requests() -> Vec<(i16, i16, Vec<u8>)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/golden");
    let mut requests = Vec::new();
    for id in 0..i16::MAX {
        let Some(key) = ApiKey::from_id(id) else {
            continue;
        };
        let path = golden.join(format!("{}Request.txt", key.name()));
        let text = fs::read_to_string(path).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut parts = line.split(' ');
            let version = parts.next().unwrap().parse().unwrap();
            let body = bytes_of(parts.nth(1).unwrap_or_default());
            requests.push((id, version, body));
        }
    }
    requests
}

fn bytes_of(hexadecimal: &str) -> Vec<u8> {
    let starts = (0..hexadecimal.len()).step_by(2);
    let bytes = starts.map(|start| u8::from_str_radix(&hexadecimal[start..start + 2], 16));
    bytes.map(Result::unwrap).collect()
}
