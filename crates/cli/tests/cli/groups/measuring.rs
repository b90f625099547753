//! How fast records are produced and consumed.

use crate::cluster::Cluster;

#[test]
fn what_is_produced_is_consumed_and_both_are_measured() {
    let cluster = Cluster::start("perf-measured");
    cluster.fill("t", 2, 0);
    let test = "--topic t --num-records 500 --record-size 100 --throughput -1 --warmup-records 100 \
                --print-metrics --command-property acks=all linger.ms=1";
    let out = cluster.run("producer-perf-test", test).succeeded();
    let lines: Vec<&str> = out.lines().collect();
    let warmup = "Warmup first 100 records. Steady state results will print after the complete \
                  test summary.";
    assert_eq!(lines[0], warmup);
    assert!(lines[1].starts_with("500 records sent, "), "{out}");
    assert!(lines[1].ends_with(" ms 99.9th."), "{out}");
    assert!(
        lines[2].starts_with("400 steady state records sent, "),
        "{out}"
    );
    let sent = "producer-metrics:record-send-total:{client-id=perf-producer-client}";
    let sent = lines.iter().find(|line| line.starts_with(sent)).unwrap();
    assert!(sent.ends_with(" : 500.000"), "{out}");

    let out = cluster
        .run("consumer-perf-test", "--topic t --num-records 500")
        .succeeded();
    let lines: Vec<&str> = out.lines().collect();
    let header = "start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, \
                  nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";
    assert_eq!(lines[0], header);
    let columns: Vec<&str> = lines[1].split(", ").collect();
    assert_eq!(
        (columns.len(), columns[2], columns[4]),
        (10, "0.0477", "500"),
        "{out}"
    );
}

#[test]
fn a_consumer_that_gets_too_little_says_so() {
    let cluster = Cluster::start("perf-too-little");
    cluster.fill("t", 1, 0);
    let test = "--include t+ --num-records 1 --timeout 1 --hide-header --show-detailed-stats";
    let out = cluster.run("consumer-perf-test", test).succeeded();
    let warning = "WARNING: Exiting before consuming the expected number of records: timeout (1 \
                   ms) exceeded. You can use the --timeout option to increase the timeout.\n";
    assert_eq!(out, warning);
}

#[test]
fn payloads_come_from_a_file() {
    let cluster = Cluster::start("perf-payloads");
    cluster.fill("t", 1, 0);
    cluster.place.write("payloads", "one\ntwo\n\nthree\n");
    let test = "--topic t --num-records 5 --payload-file payloads --throughput 1000000";
    let out = cluster.run("producer-perf-test", test).succeeded();
    let lines: Vec<&str> = out.lines().collect();
    let path = cluster.place.path("payloads");
    assert_eq!(
        lines[0],
        format!("Reading payloads from: {}", path.display())
    );
    assert_eq!(lines[1], "Number of records read: 4");
    assert!(lines[2].starts_with("5 records sent, "), "{out}");
}

#[test]
fn a_transactional_producer_ends_with_what_the_node_says() {
    let cluster = Cluster::start("perf-transactions");
    cluster.fill("t", 1, 0);
    let test = "--topic t --num-records 5 --payload-monotonic --throughput -1 \
                --transactional-id x --command-property max.block.ms=1000";
    let complaint = cluster.run("producer-perf-test", test).failed();
    assert!(
        complaint.starts_with("org.apache.kafka.common.errors."),
        "{complaint}"
    );
}
