//! Frames that nobody should send: each is answered with an error or closes its connection, and
//! the node goes on.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};

use protocol::generated::RequestHeader;
use protocol::wire::{Message, Writer};
use protocol::{ApiKey, ErrorCode};

use super::batches::batch;
use super::client::{ALL, Client};
use super::process::Node;
use crate::program::Place;

const FRAME_COUNT: usize = 4_000;
/// What the resident memory of a debug build may come to.
const MEMORY_BYTES_MAX: usize = 128 << 20;

/// A node on which a record was stored before anything bad happens.
pub(super) struct Witness {
    pub(super) node: Node,
    pub(super) client: Client,
    // Behind the node, so that it is removed after the end of it.
    _place: Place,
}

impl Witness {
    pub(super) fn start(name: &str) -> Self {
        let place = Place::new(name, "unused");
        let node = Node::start(&place, &[]);
        let client = Client::connect(node.address);
        assert_eq!(client.create_topic("before", 1, &[]).0, ErrorCode::NONE);
        let produced = client.produce("before", ALL, &batch(&[b"kept"]));
        assert_eq!(produced, (ErrorCode::NONE, 0));
        Self {
            node,
            client,
            _place: place,
        }
    }

    /// The node answers as before, has what it had, and has not grown.
    pub(super) fn expect_unharmed(&self) {
        self.client.expect_service();
        let expected = [(0, b"kept".to_vec())];
        assert_eq!(self.client.read_all("before"), expected);
        let memory_bytes = self.node.memory_bytes("VmHWM");
        assert!(memory_bytes < MEMORY_BYTES_MAX, "{memory_bytes} bytes");
    }

    /// What the node answers to these bytes, behind which nothing comes, before it closes.
    pub(super) fn answer_to(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.node.connect();
        send(&mut stream, bytes);
        // Closed by the other side already, it cannot be shut down.
        let _ = stream.shutdown(Shutdown::Write);
        read_to_end(&mut stream)
    }

    /// The node closes the connection over these bytes although more could come.
    fn expect_close(&self, bytes: &[u8]) {
        let mut stream = self.node.connect();
        send(&mut stream, bytes);
        assert_eq!(read_to_end(&mut stream), b"", "{bytes:?}");
    }
}

#[test]
fn frames_of_impossible_sizes_close_their_connections() {
    let witness = Witness::start("frame-sizes");
    for size in [-1, i32::MIN, 0, (100 << 20) + 1, i32::MAX] {
        let mut frame = size.to_be_bytes().to_vec();
        frame.extend([0; 8]);
        witness.expect_close(&frame);
    }
    witness.expect_unharmed();
}

#[test]
fn frames_that_end_early_are_not_answered() {
    let witness = Witness::start("frame-ends");
    let whole = frame(ApiKey::ApiVersions.id(), 3, b"\x02x\x02y\0");
    assert!(!witness.answer_to(&whole).is_empty());
    for end in 0..whole.len() {
        assert_eq!(witness.answer_to(&whole[..end]), b"", "{end}");
    }
    witness.expect_unharmed();
}

#[test]
fn unknown_keys_and_versions_close_their_connections() {
    let witness = Witness::start("frame-keys");
    for key in [-1, 93, 94, 500, i16::MIN, i16::MAX] {
        witness.expect_close(&frame(key, 0, b""));
    }
    for key in (0..93).filter(|&key| key != ApiKey::ApiVersions.id()) {
        for version in [-1, 99, i16::MAX] {
            witness.expect_close(&frame(key, version, b""));
        }
    }
    witness.expect_unharmed();
}

#[test]
fn an_unknown_version_of_api_versions_is_told_the_known_ones() {
    let witness = Witness::start("frame-api-versions");
    for version in [-1, 5, 99, i16::MAX] {
        let answer = witness.answer_to(&frame(ApiKey::ApiVersions.id(), version, b""));
        let code = ErrorCode::UNSUPPORTED_VERSION.0.to_be_bytes();
        assert_eq!(answer.get(8..10), Some(&code[..]), "{version}");
    }
    witness.expect_unharmed();
}

#[test]
fn random_bytes_do_no_harm() {
    let witness = Witness::start("frame-random");
    let mut random = Random(1);
    for _ in 0..FRAME_COUNT {
        let size = random.below(64);
        let body: Vec<u8> = (0..size).map(|_| random.below(256) as u8).collect();
        let bytes = match random.below(4) {
            // Without a size that fits.
            0 => body,
            1 => sized(&body),
            // With a header that is read.
            _ => {
                let key = random.below(93) as i16;
                let known = ApiKey::from_id(key).map(ApiKey::advertised_versions);
                let (first, last) = known.map_or((0, 3), |known| known.into_inner());
                let span = usize::try_from(last - first + 1).unwrap_or(1);
                let version = first + random.below(span) as i16;
                frame(key, version, &body)
            }
        };
        witness.answer_to(&bytes);
    }
    witness.expect_unharmed();
}

/// A request with this body, behind the header of its key and version.
pub(super) fn frame(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::new();
    let header = RequestHeader {
        request_api_key: key,
        request_api_version: version,
        correlation_id: 7,
        client_id: Some("test".into()),
    };
    let known = ApiKey::from_id(key);
    let header_version = known.map_or(1, |known| known.request_header_version(version));
    header.encode(&mut writer, header_version).unwrap();
    writer.put(body);
    sized(writer.buffer())
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    let size = i32::try_from(bytes.len()).unwrap();
    [&size.to_be_bytes()[..], bytes].concat()
}

/// A sequence that is the same in every run (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// Sends what the other side takes; it may close at any byte.
fn send(stream: &mut TcpStream, bytes: &[u8]) {
    if let Err(error) = stream.write_all(bytes) {
        expect_closed(&error);
    }
}

fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut read = Vec::new();
    if let Err(error) = stream.read_to_end(&mut read) {
        expect_closed(&error);
    }
    read
}

/// A close with bytes still unread is a reset.
fn expect_closed(error: &std::io::Error) {
    let kinds = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(kinds.contains(&error.kind()), "{error}");
}
