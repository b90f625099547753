//! What `klamm server status` finds, shows, and takes for no node.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Stdio;

use rustix::fs::{CWD, FileType, MemfdFlags, Mode, memfd_create, mknodat};
use serde_json::{Value, json};

use super::stage::{Stage, impostor};
use crate::node::process::{Node, command};

#[test]
fn where_no_node_runs_the_status_is_three() {
    let stage = Stage::new("status-none");
    let text = stage.server("status");
    assert_eq!((text.code, &*text.out), (Some(3), "no node runs\n"));
    let document = stage.server("status --json");
    assert_eq!(document.code, Some(3));
    let document: Value = serde_json::from_str(&document.out).unwrap();
    assert_eq!(document, json!({"version": 1, "nodes": []}));
}

#[test]
fn two_nodes_are_shown_with_all_that_is_known_of_them() {
    let stage = Stage::new("status-two");
    stage.start(2);
    stage.start(1);
    let text = stage.server("status").succeeded();
    let folder = stage.folder();
    let folder = folder.to_str().unwrap();
    let nodes = stage.nodes();
    for (node, (node_id, paragraph)) in nodes.iter().zip([1, 2].into_iter().zip(text.split("\n\n")))
    {
        let started_ms = node["startedMs"].as_u64().unwrap();
        assert!(started_ms > 1_700_000_000_000, "{node}");
        assert!(
            node["memoryAnonymousBytes"].as_u64().unwrap() > 1 << 16,
            "{node}"
        );
        let ports = [0, 1].map(|index| node["listeners"][index]["port"].as_u64().unwrap());
        assert!(ports.iter().all(|port| *port > 0), "{node}");
        let data = format!("{folder}/data-{node_id}");
        let log = format!("{folder}/log-{node_id}/kafkaServer.out");
        let listener = |name, port| json!({"name": name, "host": "127.0.0.1", "port": port});
        let expected = json!({
            "pid": node["pid"],
            "state": "ready",
            "nodeId": node_id,
            "roles": ["broker", "controller"],
            "clusterId": node["clusterId"],
            "listeners": [listener("PLAINTEXT", ports[0]), listener("CONTROLLER", ports[1])],
            "logDirs": [data],
            "metadataLogDir": data,
            "startedMs": started_ms,
            "memoryAnonymousBytes": node["memoryAnonymousBytes"],
            "configFile": null,
            "workingDirectory": folder,
            "logFile": log,
        });
        assert_eq!(*node, expected);
        let rows: Vec<_> = paragraph.lines().collect();
        assert_eq!(rows[0], format!("node {node_id} is ready"));
        let has = |row: String| assert!(rows.contains(&&*row), "{row} in {text}");
        has(format!("  process        {}", node["pid"]));
        has("  roles          broker, controller".to_owned());
        has(format!("  data           {data}"));
        has(format!("  log            {log}"));
        has(format!(
            "  cluster        {}",
            node["clusterId"].as_str().unwrap()
        ));
        has(format!(
            "  listeners      PLAINTEXT://127.0.0.1:{}, CONTROLLER://127.0.0.1:{}",
            ports[0], ports[1]
        ));
    }
    assert_eq!(nodes.len(), 2);
    let one = stage.server("status --node-id 2").succeeded();
    assert!(
        one.starts_with("node 2 is ready\n") && !one.contains("\n\n"),
        "{one}"
    );
    // Nobody else sees them.
    assert_eq!(
        Stage::new("status-elsewhere").server("status").code,
        Some(3)
    );
}

#[test]
fn a_node_that_was_killed_is_not_there_any_more() {
    let stage = Stage::new("status-killed");
    let mut start = command(&stage.place, &[]);
    stage.enter(&mut start);
    let node = Node::start_as(start);
    assert_eq!(stage.server("status").code, Some(0));
    // A node in the foreground whose output is a pipe has no log file.
    assert_eq!(stage.nodes()[0]["logFile"], Value::Null);
    node.kill();
    assert_eq!(stage.server("status").code, Some(3));
    assert_eq!(stage.server("stop").failed(), "no node to stop\n");
    assert_eq!(stage.server("restart").failed(), "no node to restart\n");
}

#[test]
fn a_node_that_starts_is_shown_so_with_four() {
    let stage = Stage::new("status-starting");
    // It waits until somebody writes its configuration.
    let file = stage.place.path("slow.properties");
    mknodat(CWD, &file, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut start = stage.command("klamm", &["server", "start", "slow.properties"]);
    let mut child = start.stderr(Stdio::piped()).spawn().unwrap();
    // Opened as soon as the node reads.
    let writer = File::options().write(true).open(&file).unwrap();
    let status = stage.server("status --config slow.properties");
    assert_eq!(status.code, Some(4), "{status:?}");
    assert!(status.out.starts_with("a node is starting\n"), "{status:?}");
    let node = &stage.nodes()[0];
    assert_eq!(node["state"], "starting");
    assert_eq!(node["nodeId"], Value::Null);
    assert_eq!(stage.server("status --node-id 1").code, Some(3));
    drop(writer);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(stage.server("status").code, Some(3));
}

#[test]
fn a_process_that_only_looks_like_a_node_is_neither_shown_nor_touched() {
    let stage = Stage::new("status-impostor");
    let file = memfd_create("klamm-node", MemfdFlags::CLOEXEC).unwrap();
    let mut file = File::from(file);
    let inherited = file.try_clone().unwrap();
    let mut impostor = impostor(&stage, |command| {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(inherited);
    });
    assert_eq!(stage.server("status").code, Some(3));
    let stat = fs::read_to_string(format!("/proc/{}/stat", impostor.id())).unwrap();
    let own: u64 = stat.split(' ').nth(21).unwrap().parse().unwrap();
    let mut state = |ticks: u64| {
        let scope = stage.command("klamm", &[]);
        let scope = scope
            .get_envs()
            .find(|(name, _)| *name == "KLAMM_SCOPE")
            .unwrap();
        let statement = json!({
            "state": "ready", "scope": scope.1.unwrap().to_str().unwrap(), "beginTicks": ticks,
            "startedMs": 0, "configFile": null, "nodeId": null, "clusterId": null,
        });
        file.write_all(format!("{statement}\n").as_bytes()).unwrap();
    };
    // Only with this is it one: what follows would see nothing otherwise.
    state(own);
    assert_eq!(stage.nodes()[0]["pid"], impostor.id());
    state(own + 1);
    assert_eq!(stage.server("status").code, Some(3));
    assert_eq!(stage.script(&[]).code, Some(1));
    // It lives and does its work.
    impostor.stdin.take().unwrap().write_all(b"alive").unwrap();
    let mut said = String::new();
    impostor
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(said, "alive");
    assert!(impostor.wait().unwrap().success());
}
