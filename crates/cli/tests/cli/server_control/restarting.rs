//! `klamm server restart`.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};

use protocol::ErrorCode;
use serde_json::Value;

use super::stage::{Stage, ran};
use crate::node::client::Client;
use crate::node::process::{Node, command};

fn client(node: &Value) -> Client {
    let port = node["listeners"][0]["port"].as_u64().unwrap();
    Client::connect(SocketAddr::from((
        Ipv4Addr::LOCALHOST,
        port.try_into().unwrap(),
    )))
}

/// What a process was started with: its arguments and its environment.
fn origin(node: &Value) -> (String, BTreeSet<String>) {
    let read = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", node["pid"])).unwrap();
    let variables = read("environ");
    let variables = variables
        .split('\0')
        .filter(|text| !text.starts_with("KLAMM_STARTER="));
    (read("cmdline"), variables.map(str::to_owned).collect())
}

#[test]
fn data_arguments_directory_and_environment_stay() {
    let stage = Stage::new("restart");
    let mut launch = stage.launch(1, &["num.partitions=3"]);
    launch.env("KAFKA_LOG_RETENTION_HOURS", "2=3 4");
    // An environment that is refused says that it is read at all.
    assert!(ran(&mut launch).failed().contains("log.retention.hours"));
    ran(launch
        .env("KAFKA_LOG_RETENTION_HOURS", "5")
        .env("EMPTY", ""))
    .succeeded();
    stage.start(2);
    let before = stage.nodes();
    assert_eq!(
        client(&before[0]).create_topic("kept", 1, &[]).0,
        ErrorCode::NONE
    );
    // From elsewhere, where the relative paths of the node mean something else.
    let mut restart = stage.command("klamm", &["server", "restart", "--node-id", "1"]);
    let restarted = ran(restart.current_dir("/")).succeeded();
    let lines: Vec<_> = restarted.lines().collect();
    assert!(lines[0].ends_with(" has stopped"), "{restarted}");
    assert!(lines[1].contains(" is ready: "), "{restarted}");
    let after = stage.nodes();
    assert_ne!(after[0]["pid"], before[0]["pid"]);
    assert_eq!(after[1], {
        let mut other = before[1].clone();
        other["memoryAnonymousBytes"] = after[1]["memoryAnonymousBytes"].clone();
        other
    });
    for key in ["clusterId", "logDirs", "workingDirectory", "logFile"] {
        assert_eq!(after[0][key], before[0][key], "{key}");
    }
    let (arguments, variables) = origin(&after[0]);
    assert!(arguments.contains("num.partitions=3"), "{arguments}");
    assert!(
        variables.contains("KAFKA_LOG_RETENTION_HOURS=5"),
        "{variables:?}"
    );
    assert!(variables.contains("EMPTY="), "{variables:?}");
    let again = client(&after[0]).create_topic("kept", 1, &[]).0;
    assert_eq!(again, ErrorCode::TOPIC_ALREADY_EXISTS);
    assert!(stage.log(1).contains("closed log directory"));
    // And once more, the same.
    stage.server("restart --node-id 1").succeeded();
    assert_eq!(origin(&stage.nodes()[0]), (arguments, variables));
}

#[test]
fn all_nodes_restart_one_after_the_other() {
    let stage = Stage::new("restart-all");
    stage.start(2);
    stage.start(1);
    let restarted = stage.server("restart").succeeded();
    let order: Vec<_> = restarted
        .lines()
        .map(|line| line.split(' ').take(2))
        .collect();
    let order: Vec<_> = order
        .into_iter()
        .map(|words| words.collect::<Vec<_>>().join(" "))
        .collect();
    let of_one = ["node 1", "node 1", "it runs", "node 2", "node 2", "it runs"];
    assert_eq!(order, of_one, "{restarted}");
    assert_eq!(stage.nodes().len(), 2);
}

#[test]
fn a_node_in_the_foreground_comes_back_in_the_background() {
    let stage = Stage::new("restart-foreground");
    let mut start = command(&stage.place, &[]);
    stage.enter(&mut start);
    let node = Node::start_as(start);
    let before = stage.nodes();
    stage.server("restart").succeeded();
    assert_eq!(node.wait().code(), Some(143));
    let after = stage.nodes();
    assert_eq!(origin(&after[0]).0.split('\0').nth(1), Some("server"));
    assert_eq!(after[0]["clusterId"], before[0]["clusterId"]);
    let log = stage.folder().join("logs/kafkaServer.out");
    assert_eq!(after[0]["logFile"], log.to_str().unwrap());
}

#[test]
fn a_node_whose_working_directory_is_gone_goes_on() {
    let stage = Stage::new("restart-nowhere");
    let folder = stage.place.path("gone");
    fs::create_dir(&folder).unwrap();
    let data = format!("log.dirs={}", stage.place.path("data").display());
    let mut launch = stage.launch(1, &[&data]);
    launch.current_dir(&folder).env("LOG_DIR", stage.folder());
    ran(launch).succeeded();
    fs::remove_dir_all(&folder).unwrap();
    let before = stage.nodes();
    let failed = stage.server("restart").failed();
    let expected = "restart node 1, which goes on: enter working directory ";
    assert!(failed.starts_with(expected), "{failed}");
    assert_eq!(stage.nodes()[0]["pid"], before[0]["pid"]);
}

#[test]
fn a_node_whose_configuration_would_be_refused_now_goes_on() {
    let stage = Stage::new("restart-refused");
    let config = "process.roles=broker,controller\nnode.id=4\nlog.dirs=data\n\
                  listeners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0\n\
                  controller.listener.names=CONTROLLER\n\
                  controller.quorum.voters=4@127.0.0.1:9093\n";
    stage.place.write("server.properties", config);
    let format = "storage format --cluster-id AAAAAAAAAAAAAAAAAAAAAQ --config server.properties";
    stage.place.klamm(format).succeeded();
    stage.server("start -daemon server.properties").succeeded();
    let before = stage.nodes();
    let file = stage.folder().join("server.properties");
    assert_eq!(before[0]["configFile"], file.to_str().unwrap());
    stage
        .place
        .write("server.properties", &format!("{config}num.partitions=x\n"));
    let failed = stage.server("restart --config server.properties").failed();
    let expected = "restart node 4, which goes on: read configuration ";
    assert!(
        failed.starts_with(expected) && failed.contains("num.partitions"),
        "{failed}"
    );
    assert_eq!(stage.nodes()[0]["pid"], before[0]["pid"]);
    stage.place.write("server.properties", config);
    stage
        .server("restart --config server.properties")
        .succeeded();
    assert_ne!(stage.nodes()[0]["pid"], before[0]["pid"]);
}
