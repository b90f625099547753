//! What keeps a node from starting: it ends with 1 and says why, and harms nothing.

use std::net::TcpListener;

use protocol::ErrorCode;

use super::batches::batch;
use super::client::{ALL, Client};
use super::process::{Node, expect_refusal};
use crate::program::Place;

#[test]
fn a_port_in_use_is_named() {
    let place = Place::new("port-in-use", "unused");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let listeners = format!("listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:0");
    let complaint = format!(
        "start node: listen on {address} for listener PLAINTEXT: Address already in use \
         (os error 98)"
    );
    expect_refusal(&place, &[&listeners], &complaint);
    drop(taken);
    assert_eq!(Node::start(&place, &[&listeners]).address, address);
}

#[test]
fn a_directory_that_cannot_be_used_is_named() {
    let place = Place::new("unusable-directory", "unused");
    place.write("file", "no directory");
    let complaint = "list file: Not a directory (os error 20)";
    expect_refusal(&place, &["log.dirs=file"], complaint);
    // Nobody, not even root, creates anything there.
    let complaint = "create /proc/klamm: No such file or directory (os error 2)";
    expect_refusal(&place, &["log.dirs=/proc/klamm"], complaint);
}

#[test]
fn a_second_process_keeps_off_a_directory_in_use() {
    let place = Place::new("two-processes", "unused");
    let node = Node::start(&place, &[]);
    let complaint = "format log directory klamm-data: another process uses it: \
                     lock klamm-data/.lock: locked by another process";
    expect_refusal(&place, &[], complaint);
    let client = Client::connect(node.address);
    assert_eq!(client.create_topic("topic", 1, &[]).0, ErrorCode::NONE);
    let produced = client.produce("topic", ALL, &batch(&[b"value"]));
    assert_eq!(produced, (ErrorCode::NONE, 0));
}

#[test]
fn values_that_make_no_sense_are_named() {
    let place = Place::new("bad-values", "unused");
    let check = |setting: &str, complaint: &str| {
        let complaint = format!("read configuration: {complaint}");
        expect_refusal(&place, &[setting], &complaint);
        assert!(!place.path("klamm-data").exists(), "{setting}");
    };
    check(
        "log.segment.bytes=x",
        "Invalid value x for configuration log.segment.bytes: Not a number of type INT",
    );
    check(
        "num.partitions=0",
        "Invalid value 0 for configuration num.partitions: Value must be at least 1",
    );
    check(
        "node.id=-3",
        "Invalid value -3 for configuration node.id: Value must be at least 0",
    );
    check(
        "log.dirs=",
        "Configuration 'log.dirs' must not be empty. Valid values include: any non-empty value",
    );
}

#[test]
fn an_unknown_key_is_warned_of_and_an_unsupported_security_key_refuses_the_start() {
    let place = Place::new("unknown-keys", "unused");
    let node = Node::start(&place, &["num.partition=3"]);
    let warning = node.printed.iter().find(|line| line.contains(" WARN "));
    let warning = warning.unwrap();
    assert!(warning.contains("num.partitions"), "{warning}");
    drop(node);
    let authorizer =
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    let complaint = "read configuration: start with authorizer.class.name: not implemented, and \
                     serving without it would be less strict than configured";
    expect_refusal(&place, &[authorizer], complaint);
}
