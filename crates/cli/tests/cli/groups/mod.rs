//! `klamm consumer-groups`, `get-offsets`, `broker-api-versions` and the tools that measure,
//! against a node.

mod measuring;
mod moving;
mod offsets;

use crate::node::process::Node;
use crate::program::{Place, Ran};

/// A node, and the tools that talk to it.
struct Cluster {
    place: Place,
    node: Node,
}

impl Cluster {
    fn start(name: &str) -> Self {
        let place = Place::new(name, "unused");
        let node = Node::start(&place, &[]);
        Self { place, node }
    }

    /// Runs a tool by the name that Kafka's has, with these further arguments.
    fn run(&self, tool: &str, arguments: &str) -> Ran {
        let address = self.node.address;
        let arguments = format!("--bootstrap-server {address} {arguments}");
        self.place.linked(&format!("kafka-{tool}.sh"), &arguments)
    }

    fn groups(&self, arguments: &str) -> Ran {
        self.run("consumer-groups", arguments)
    }

    /// A topic with this many partitions, and as many records in the first of them.
    fn create(&self, topic: &str, partition_count: usize, record_count: usize) {
        let create = format!("--create --topic {topic} --partitions {partition_count}");
        self.run("topics", &create).succeeded();
        if record_count > 0 {
            let test = format!(
                "--topic {topic} --num-records {record_count} --payload-monotonic --throughput -1"
            );
            let sent = format!("{record_count} records sent, ");
            let out = self.run("producer-perf-test", &test).succeeded();
            assert!(out.starts_with(&sent), "{out}");
        }
    }
}

#[test]
fn groups_are_listed_described_and_deleted() {
    let cluster = Cluster::start("groups-described");
    cluster.create("t", 1, 10);
    assert_eq!(cluster.groups("--list").succeeded(), "");
    let moved = "--reset-offsets --group g --topic t --to-offset 3 --execute";
    cluster.groups(moved).succeeded();
    assert_eq!(cluster.groups("--list").succeeded(), "g\n");
    let listed = "\
GROUP                     TYPE                 STATE               
g                         Classic              Empty               
";
    let list = |of: &str| cluster.groups(&format!("--list {of}")).succeeded();
    assert_eq!(list("--state --type"), listed);
    assert_eq!(list("--state empty,stable --type classic"), listed);
    assert_eq!(list("--state stable --type").lines().count(), 1);

    let described = cluster.groups("--describe --group g");
    let expected = "
GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             \
                    CONSUMER-ID     HOST            CLIENT-ID
g               t               0          3               10              7               \
                    -               -               -
";
    assert_eq!((described.code, &*described.out), (Some(0), expected));
    assert_eq!(
        described.errors,
        "\nConsumer group 'g' has no active members.\n"
    );
    let state = cluster.groups("--describe --all-groups --state").out;
    let coordinator = format!("{}  (1)", cluster.node.address);
    let row =
        format!("g               {coordinator:25} -                    Empty                0");
    assert_eq!(state.lines().nth(2), Some(&*row));

    let deleted = cluster.groups("--delete --group g").succeeded();
    assert_eq!(
        deleted,
        "Deletion of requested consumer groups ('g') was successful.\n"
    );
    let again = "
Error: Deletion of some consumer groups failed:
* Group 'g' could not be deleted due to: org.apache.kafka.common.errors.GroupIdNotFoundException: \
                 The group id does not exist.
";
    assert_eq!(cluster.groups("--delete --group g").succeeded(), again);
    let unknown = "
Error: Executing consumer group command failed due to \
                   org.apache.kafka.common.errors.GroupIdNotFoundException: Group g not found.
";
    assert_eq!(cluster.groups("--describe --group g").succeeded(), unknown);
}

#[test]
fn what_does_not_go_together_is_refused_before_anybody_is_asked() {
    let place = Place::new("groups-refused", "unused");
    let check = |arguments: &str, message: &str| {
        let complaint = place.linked("kafka-consumer-groups", arguments).failed();
        assert_eq!(complaint.lines().next(), Some(message), "{arguments}");
    };
    check("--list", "Missing required argument \"[bootstrap-server]\"");
    check(
        "--bootstrap-server x:1 --describe",
        "Option [describe] takes one of these options: [group], [all-groups]",
    );
    check("--list --bogus", "bogus is not a recognized option");
    let valid = place
        .klamm("consumer-groups --validate-regex a+")
        .succeeded();
    assert_eq!(valid, "The regular expression `a+` is valid.\n");
    assert_eq!(
        place.linked("kafka-get-offsets", "--version").succeeded(),
        "4.3.1\n"
    );
}
