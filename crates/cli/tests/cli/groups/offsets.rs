//! Offsets of partitions, and the APIs of brokers.

use crate::cluster::Cluster;

#[test]
fn offsets_are_printed_for_the_partitions_that_are_meant() {
    let cluster = Cluster::start("offsets-printed");
    cluster.fill("a", 1, 10);
    cluster.fill("b", 3, 0);
    let check = |arguments: &str, expected: &str| {
        let out = cluster.run("get-offsets", arguments).succeeded();
        assert_eq!(out, expected, "{arguments}");
    };
    check("--exclude-internal-topics", "a:0:10\nb:0:0\nb:1:0\nb:2:0\n");
    check("--topic a --time earliest", "a:0:0\n");
    // Records may have been sent in the same millisecond: the first of these is meant.
    let latest = cluster
        .run("get-offsets", "--topic a --time -3")
        .succeeded();
    let offset = latest
        .trim_end()
        .strip_prefix("a:0:")
        .map(str::parse::<u32>);
    assert!(matches!(offset, Some(Ok(0..10))), "{latest}");
    check("--topic a --time 1577836800000", "a:0:0\n");
    check("--topic b --time 1577836800000", "");
    check("--topic b --partitions 0,2", "b:0:0\nb:2:0\n");
    check("--topic-partitions a:0,b:1-", "a:0:10\nb:1:0\nb:2:0\n");
    check("--topic a --time latest-tiered", "");
    check("--topic a --time earliest-local", "a:0:0\n");
    let refused = |arguments| cluster.run("get-offsets", arguments).failed();
    let none = "Error occurred: Could not match any topic-partitions with the specified filters\n";
    assert_eq!(refused("--topic nope"), none);
    let both = "Error occurred: --topic-partitions cannot be used with --topic or --partitions\n";
    assert_eq!(refused("--topic a --topic-partitions a"), both);
    let unknown = "Error occurred: bogus is not a recognized option\n";
    assert_eq!(refused("--bogus"), unknown);
}

#[test]
fn a_broker_lists_its_apis() {
    let cluster = Cluster::start("apis-listed");
    let listed = cluster.run("broker-api-versions", "").succeeded();
    let first = format!(
        "{} (id: 1 rack: null isFenced: false) -> (",
        cluster.node.address
    );
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines[0], first);
    assert!(lines[1].starts_with("\tProduce(0): 0 to "), "{listed}");
    assert!(
        lines.contains(&"\tApiVersions(18): 0 to 4 [usable: 4],"),
        "{listed}"
    );
    assert_eq!(lines[lines.len() - 1], ")");
}
