//! `klamm consumer-groups`, `get-offsets`, `broker-api-versions` and the tools that measure,
//! against a node.

mod measuring;
mod moving;
mod offsets;

use crate::cluster::Cluster;
use crate::program::Place;

#[test]
fn groups_are_listed_described_and_deleted() {
    let cluster = Cluster::start("groups-described");
    cluster.fill("t", 1, 10);
    assert_eq!(cluster.run("consumer-groups", "--list").succeeded(), "");
    let moved = "--reset-offsets --group g --topic t --to-offset 3 --execute";
    cluster.run("consumer-groups", moved).succeeded();
    assert_eq!(cluster.run("consumer-groups", "--list").succeeded(), "g\n");
    let listed = "\
GROUP                     TYPE                 STATE               
g                         Classic              Empty               
";
    let list = |of: &str| {
        cluster
            .run("consumer-groups", &format!("--list {of}"))
            .succeeded()
    };
    assert_eq!(list("--state --type"), listed);
    assert_eq!(list("--state empty,stable --type classic"), listed);
    assert_eq!(list("--state stable --type").lines().count(), 1);

    let described = cluster.run("consumer-groups", "--describe --group g");
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
    let state = cluster
        .run("consumer-groups", "--describe --all-groups --state")
        .out;
    let coordinator = format!("{}  (1)", cluster.node.address);
    let row =
        format!("g               {coordinator:25} -                    Empty                0");
    assert_eq!(state.lines().nth(2), Some(&*row));

    let deleted = cluster
        .run("consumer-groups", "--delete --group g")
        .succeeded();
    assert_eq!(
        deleted,
        "Deletion of requested consumer groups ('g') was successful.\n"
    );
    let again = "
Error: Deletion of some consumer groups failed:
* Group 'g' could not be deleted due to: org.apache.kafka.common.errors.GroupIdNotFoundException: \
                 The group id does not exist.
";
    assert_eq!(
        cluster
            .run("consumer-groups", "--delete --group g")
            .succeeded(),
        again
    );
    let unknown = "
Error: Executing consumer group command failed due to \
                   org.apache.kafka.common.errors.GroupIdNotFoundException: Group g not found.
";
    assert_eq!(
        cluster
            .run("consumer-groups", "--describe --group g")
            .succeeded(),
        unknown
    );
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
