//! `klamm server start -daemon`.

use std::net::TcpListener;

use serde_json::Value;

use super::stage::{Stage, ran};

#[test]
fn a_node_in_the_background_is_ready_when_the_command_returns() {
    let stage = Stage::new("daemon");
    let said = stage.start(1);
    let mut lines = said.lines();
    let ready = lines.next().unwrap();
    assert!(ready.starts_with("node 1 of cluster "), "{said}");
    let nodes = stage.nodes();
    let [node] = &nodes[..] else {
        panic!("{nodes:?}");
    };
    let log = stage.place.path("log-1/kafkaServer.out");
    let expected = format!(
        "it runs in the background as process {} and logs to {}",
        node["pid"],
        log.display()
    );
    assert_eq!(lines.next(), Some(&*expected));
    assert_eq!(lines.next(), None);
    assert!(stage.log(1).lines().any(|line| line == ready));
    // It has a session of its own, and nothing left of the command that started it.
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", node["pid"])).unwrap();
    let fields: Vec<_> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    assert_eq!(Value::from(fields[3].parse::<u64>().unwrap()), node["pid"]);
    let descriptor = |number| {
        let path = format!("/proc/{}/fd/{number}", node["pid"]);
        std::fs::read_link(path).unwrap()
    };
    assert_eq!(descriptor(0).to_str(), Some("/dev/null"));
    assert_eq!(descriptor(1), log.canonicalize().unwrap());
    assert_eq!(descriptor(2), descriptor(1));
}

#[test]
fn the_terminal_that_goes_takes_no_node_in_the_background_along() {
    let stage = Stage::new("daemon-hangup");
    stage.start(1);
    stage.signal("HUP");
    // Signals come in order only after they were taken: this one is answered by the end.
    let stopped = stage.server("stop").succeeded();
    assert!(stopped.contains("has stopped"), "{stopped}");
    let log = stage.log(1);
    assert!(
        log.contains("stopping on SIGTERM") && log.contains("closed log directory"),
        "{log}"
    );
}

/// A zero byte is how a node says that it is ready.
#[test]
fn a_complaint_with_a_zero_byte_is_not_taken_for_readiness() {
    let stage = Stage::new("daemon-zero");
    let config = "process.roles=broker\0,controller\nnode.id=1\n";
    stage.place.write("server.properties", config);
    let failed = stage.server("start -daemon server.properties").failed();
    let expected = "Invalid value broker\\0 for configuration process.roles: ";
    assert!(failed.contains(expected), "{failed}");
}

#[test]
fn a_start_that_fails_in_the_background_is_told_with_its_exit_code() {
    let stage = Stage::new("daemon-fails");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let listeners = format!("listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:0");
    let complaint = format!(
        "start node: listen on {address} for listener PLAINTEXT: Address already in use \
         (os error 98)\n"
    );
    let failed = ran(stage.launch(1, &[&listeners])).failed();
    assert_eq!(failed, complaint);
    assert!(stage.log(1).ends_with(&complaint));
    assert_eq!(stage.server("status").code, Some(3));
    // What is refused before there is a process leaves no log.
    let refused = stage.server("start -daemon one two").failed();
    assert!(
        refused.contains("Found non argument parameters: two"),
        "{refused}"
    );
    assert!(!stage.place.path("logs").exists());
}

#[test]
fn kafkas_script_starts_a_node_in_the_background_too() {
    let stage = Stage::new("daemon-script");
    let listeners = crate::node::process::FREE_PORTS;
    let arguments = ["-daemon", "--override", listeners];
    let said = ran(stage.command("kafka-server-start.sh", &arguments)).succeeded();
    assert!(said.starts_with("node 1 of cluster "), "{said}");
    assert!(
        stage
            .place
            .read("logs/kafkaServer.out")
            .contains(" is ready: ")
    );
    // By its name it is found again.
    stage.server("restart").succeeded();
    assert_eq!(stage.nodes().len(), 1);
}
