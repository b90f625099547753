//! `klamm server stop`, and Kafka's script.

use super::stage::{Process, Stage};

#[test]
fn the_node_that_is_meant_stops_in_order_and_no_other() {
    let stage = Stage::new("stop-one");
    stage.start(1);
    stage.start(2);
    let nodes = stage.nodes();
    let pid = &nodes[1]["pid"];
    let stopped = stage.server("stop --node-id=2").succeeded();
    assert_eq!(stopped, format!("node 2 (process {pid}) has stopped\n"));
    // It is gone already, and has written that it ended well.
    assert!(stage.place.path("data-2/.kafka_cleanshutdown").exists());
    let left = stage.nodes();
    assert_eq!((left.len(), &left[0]["pid"]), (1, &nodes[0]["pid"]));
    for unmet in [
        "--data data-2",
        "--process-role=broker",
        "--config server.properties",
    ] {
        let failed = stage.server(&format!("stop {unmet}")).failed();
        assert_eq!(failed, "no node to stop\n", "{unmet}");
    }
    stage.server("stop --data data-1").succeeded();
    assert_eq!(stage.server("status").code, Some(3));
}

#[test]
fn without_a_condition_all_nodes_stop() {
    let stage = Stage::new("stop-all");
    stage.start(1);
    stage.start(2);
    let stopped = stage.server("stop").succeeded();
    assert_eq!(stopped.lines().count(), 2, "{stopped}");
    assert_eq!(stage.server("status").code, Some(3));
}

#[test]
fn a_node_that_does_not_stop_in_time_is_told() {
    let stage = Stage::new("stop-late");
    stage.start(1);
    let process = Process::of(&stage.nodes()[0]);
    stage.signal("STOP");
    let late = stage.server("stop --timeout-seconds 0");
    assert_eq!(late.code, Some(1), "{late:?}");
    assert!(late.out.ends_with(" still runs\n"), "{late:?}");
    assert_eq!(late.errors, "stop nodes: 1 of 1 still run\n");
    stage.signal("CONT");
    process.expect_end();
    assert!(stage.place.path("data-1/.kafka_cleanshutdown").exists());
    let refused = stage.server("stop --timeout-seconds soon").failed();
    assert!(
        refused.starts_with("read --timeout-seconds `soon`: "),
        "{refused}"
    );
}

#[test]
fn as_kafkas_script_it_signals_and_does_not_wait() {
    let stage = Stage::new("stop-script");
    let none = stage.script(&[]);
    let told = (none.code, &*none.out, &*none.errors);
    assert_eq!(told, (Some(1), "No kafka server to stop\n", ""));
    stage.start(1);
    stage.start(2);
    let processes = stage.nodes().iter().map(Process::of).collect::<Vec<_>>();
    // None is meant, which the script finds nothing wrong with.
    assert_eq!(stage.script(&["--node-id=3"]).succeeded(), "");
    assert_eq!(stage.script(&["--process-role=broker"]).succeeded(), "");
    assert_eq!(stage.nodes().len(), 2);
    let both = stage
        .script(&["--node-id=1", "--process-role=broker"])
        .succeeded();
    assert!(
        both.starts_with("When both node-id and process-role are "),
        "{both}"
    );
    processes[0].expect_end();
    assert_eq!(stage.nodes()[0]["nodeId"], 2);
    // Other arguments mean nothing to it.
    assert_eq!(stage.script(&["config/server.properties"]).succeeded(), "");
    processes[1].expect_end();
    assert!(stage.place.path("data-2/.kafka_cleanshutdown").exists());
}
