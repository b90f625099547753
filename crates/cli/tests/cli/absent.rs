//! Tools whose node is not there: it comes later, or never, or whoever is there is no node.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::node::process::Node;
use crate::program::Place;

/// Far longer than the tools are told to wait, and shorter than a connection may take by itself.
const SOON: Duration = Duration::from_secs(8);

/// An address at which nobody answers.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

#[test]
fn a_node_that_is_not_there_yet_is_waited_for() {
    let place = Place::new("absent-not-yet", "unused");
    let address = free_address();
    let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
    let server = address.to_string();
    command.args(["topics", "--bootstrap-server", &server, "--list"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut tool = command.spawn().unwrap();
    let mut warning = String::new();
    let mut errors = BufReader::new(tool.stderr.take().unwrap());
    errors.read_line(&mut warning).unwrap();
    assert!(warning.starts_with("WARN network error: "), "{warning}");
    let listeners = format!("listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:0");
    let _node = Node::start(&place, &[&listeners]);
    errors.read_to_string(&mut warning).unwrap();
    let ran = tool.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{warning}");
    assert_eq!(ran.stdout, b"\n");
}

/// The system accepts the connection, and nobody says anything on it.
#[test]
fn who_never_answers_is_waited_for_as_long_as_was_said() {
    let place = Place::new("absent-silent", "unused");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = silent.local_addr().unwrap();
    place.write("line", "one\n");
    for (tool, arguments, code) in [
        ("console-consumer", "--timeout-ms 300", 0),
        ("console-producer", "--command-property max.block.ms=300", 0),
        ("consumer-perf-test", "--num-records 1 --timeout 300", 0),
        (
            "producer-perf-test",
            "--num-records 1 --record-size 1 --throughput -1 --command-property max.block.ms=300",
            1,
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
        let server = server.to_string();
        command.args([tool, "--bootstrap-server", &server, "--topic", "t"]);
        command.args(arguments.split_whitespace());
        command.stdin(std::fs::File::open(place.path("line")).unwrap());
        let begun = Instant::now();
        let ran = command.output().unwrap();
        assert!(begun.elapsed() < SOON, "{tool}");
        assert_eq!(ran.status.code(), Some(code), "{tool} {ran:?}");
        let said = [ran.stdout, ran.stderr].concat();
        let said = String::from_utf8(said).unwrap().to_ascii_lowercase();
        assert!(said.contains("timeout"), "{tool} {said}");
    }
}
