//! A disk that fails: here files may only grow to a limit, so that writes fail.

use std::process::Command;

use protocol::ErrorCode;

use super::batches::batch;
use super::client::{ALL, Client};
use super::process::{Node, configure};
use crate::program::Place;

/// Above the 10 MiB that an index takes from its beginning; in blocks of 512 bytes.
const LIMIT_BLOCKS: usize = (12 << 20) / 512;

#[test]
fn a_disk_that_fails_ends_the_node_and_what_it_acknowledged_is_there_later() {
    let place = Place::new("failing-disk", "unused");
    let mut command = Command::new("sh");
    // Without the trap the first such write would end the process.
    let limited = format!("trap '' XFSZ; ulimit -f {LIMIT_BLOCKS}; exec \"$0\" \"$@\"");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_klamm")]);
    configure(&mut command, &place, &[]);
    let node = Node::start_as(command);
    let client = Client::connect(node.address);
    assert_eq!(client.create_topic("topic", 1, &[]).0, ErrorCode::NONE);
    let value = |number: u8| vec![number; 1_000_000];
    let mut acknowledged = 0;
    let failure = loop {
        let (code, offset) = client.produce("topic", ALL, &batch(&[&value(acknowledged)]));
        if code != ErrorCode::NONE {
            break code;
        }
        assert_eq!(offset, i64::from(acknowledged));
        acknowledged += 1;
    };
    assert_eq!(failure, ErrorCode::KAFKA_STORAGE_ERROR);
    assert_eq!(acknowledged, 12);
    assert_eq!(node.wait().code(), Some(1));
    let node = Node::start(&place, &[]);
    let read = Client::connect(node.address).read_all("topic");
    let expected = (0..acknowledged).map(|number| (i64::from(number), value(number)));
    assert!(read.into_iter().eq(expected));
}
