//! Offsets of groups that are moved and deleted.

use crate::cluster::Cluster;

/// The table of new offsets of group `g`, for topic `t`.
fn table(offsets: &[(i32, i64)]) -> String {
    let mut table = "\nGROUP           TOPIC           PARTITION  NEW-OFFSET\n".to_owned();
    for (id, offset) in offsets {
        let (group, topic) = ("g", "t");
        table.push_str(&format!("{group:15} {topic:15} {id:<10} {offset}\n"));
    }
    table
}

#[test]
fn offsets_are_moved_to_where_was_said() {
    let cluster = Cluster::start("groups-moved");
    cluster.fill("t", 1, 10);
    let reset = |arguments: &str| {
        let arguments = format!("--reset-offsets --group g --topic t {arguments}");
        cluster.run("consumer-groups", &arguments)
    };
    let check = |arguments: &str, offset| {
        assert_eq!(
            reset(arguments).succeeded(),
            table(&[(0, offset)]),
            "{arguments}"
        );
    };
    check("--to-current --dry-run", 10);
    check("--to-offset 4 --execute", 4);
    check("--to-current --dry-run", 4);
    check("--shift-by 3 --execute", 7);
    check("--shift-by -2 --dry-run", 5);
    check("--to-earliest --dry-run", 0);
    check("--to-latest --dry-run", 10);
    check("--to-datetime 2020-01-01T00:00:00.000 --dry-run", 0);
    check("--by-duration P1D --dry-run", 0);
    let out = reset("--to-datetime 2120-01-01T00:00:00.000 --dry-run").succeeded();
    let warning =
        "\nWarn: Partition 0 from topic t is empty. Falling back to latest known offset.\n";
    assert_eq!(out, format!("{warning}{}", table(&[(0, 10)])));

    let ran = reset("--to-offset 99 --dry-run");
    assert_eq!(ran.out, table(&[(0, 10)]));
    let warning = "WARN New offset (99) is higher than latest offset for topic partition t-0. \
                   Value will be set to 10\n";
    assert_eq!(ran.errors, warning);
    let ran = reset("--to-latest");
    assert!(
        ran.errors.starts_with("WARN: No action will be performed"),
        "{ran:?}"
    );
    let exported = reset("--to-current --dry-run --export").succeeded();
    assert_eq!(exported, "t,0,7\n\n");
    cluster.place.write("plan.csv", "t,0,2\n");
    let planned = cluster.run(
        "consumer-groups",
        "--reset-offsets --group g --from-file plan.csv --execute",
    );
    assert_eq!(planned.succeeded(), table(&[(0, 2)]));
}

#[test]
fn offsets_that_cannot_be_moved_are_told() {
    let cluster = Cluster::start("groups-not-moved");
    cluster.fill("t", 2, 0);
    let check = |arguments: &str, why: &str| {
        let arguments = format!("--reset-offsets --group g --dry-run {arguments}");
        let expected = format!("\nError: Executing consumer group command failed due to {why}\n");
        assert_eq!(
            cluster.run("consumer-groups", &arguments).succeeded(),
            expected,
            "{arguments}"
        );
    };
    check(
        "--topic t:0,7 --to-latest",
        "The partitions \"t-7\" do not exist",
    );
    let why = "This server does not host this topic-partition.";
    check("--topic nope --to-latest", why);
    check(
        "--topic t --to-datetime yesterday",
        "java.text.ParseException: Error parsing timestamp. It does not contain a 'T' according \
         to ISO8601 format",
    );
    let refusal = |arguments: &str| {
        let arguments = format!("--reset-offsets --group g --dry-run {arguments}");
        let complaint = cluster.run("consumer-groups", &arguments).failed();
        complaint.lines().next().unwrap_or_default().to_owned()
    };
    let scope = "One of the reset scopes should be defined: --all-topics, --topic.";
    assert_eq!(refusal("--to-latest"), scope);
    let shift = "Cannot shift offset for partition t-0 since there is no current committed offset";
    assert_eq!(refusal("--topic t --shift-by 1"), shift);
    let scenario = "Option '[reset-offsets]' requires one of the following scenarios: ";
    assert!(refusal("--topic t").starts_with(scenario));
}

#[test]
fn offsets_are_deleted_by_topic() {
    let cluster = Cluster::start("groups-offsets-deleted");
    cluster.fill("t", 2, 0);
    let moved = "--reset-offsets --group g --topic t --to-latest --execute";
    assert_eq!(
        cluster.run("consumer-groups", moved).succeeded(),
        table(&[(0, 0), (1, 0)])
    );
    let deleted = cluster.run(
        "consumer-groups",
        "--delete-offsets --group g --topic t:1 --topic nope",
    );
    let expected = "Request succeeded for deleting offsets from group g.

TOPIC           PARTITION  STATUS         
nope            -          Error: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: \
                    This server does not host this topic-partition.
t               1          Successful     
";
    assert_eq!(deleted.succeeded(), expected);
    let left = cluster.run("consumer-groups", "--describe --group g").out;
    assert_eq!(left.lines().count(), 3, "{left}");
    let unknown = cluster
        .run("consumer-groups", "--delete-offsets --group nope --topic t")
        .succeeded();
    assert!(
        unknown.starts_with("\nError: The group id does not exist.\n"),
        "{unknown}"
    );
}
