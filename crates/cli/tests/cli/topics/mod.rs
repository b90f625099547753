//! `klamm topics` against a node.

mod describing;

use crate::cluster::Cluster;
use crate::program::{Place, Ran};

/// It failed as Kafka's tool does: with its words on both streams.
fn expect_failure(ran: Ran, class: &str, message: &str) {
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let out = format!("Error while executing topic command : {message}\n");
    assert!(ran.out.ends_with(&out), "{ran:?}");
    assert_eq!(ran.errors, format!("ERROR {class}: {message}\n"));
}

const KAFKA: &str = "org.apache.kafka.common.errors";
const ILLEGAL: &str = "java.lang.IllegalArgumentException";

#[test]
fn topics_are_created_listed_and_deleted() {
    let cluster = Cluster::start("topics-created");
    assert_eq!(cluster.run("topics", "--list").succeeded(), "\n");
    for topic in ["b", "a-1", "a-2"] {
        cluster.create(topic, "");
    }
    assert_eq!(cluster.run("topics", "--list").succeeded(), "a-1\na-2\nb\n");
    let some = cluster.run("topics", "--list --topic b,a-2").succeeded();
    assert_eq!(some, "a-2\nb\n");
    assert_eq!(
        cluster.run("topics", "--delete --topic a-.*").succeeded(),
        ""
    );
    cluster.expect("topics", "--list", "b\n");
    let missing = cluster.run("topics", "--delete --topic a-.*");
    expect_failure(missing, ILLEGAL, "Topic 'a-.*' does not exist as expected");
    let missing = cluster.run("topics", "--delete --topic a-.* --if-exists");
    assert_eq!(missing.succeeded(), "");
}

#[test]
fn a_topic_exists_once_and_that_may_be_no_failure() {
    let cluster = Cluster::start("topics-twice");
    let create = "--create --topic dotted.name";
    let warning = "WARNING: Due to limitations in metric names, topics with a period ('.') or \
                   underscore ('_') could collide. To avoid issues it is best to use either, but \
                   not both.\n";
    let created = format!("{warning}Created topic dotted.name.\n");
    assert_eq!(cluster.run("topics", create).succeeded(), created);
    let again = cluster.run("topics", &format!("{create} --if-not-exists"));
    assert_eq!(again.succeeded(), warning);
    let class = format!("{KAFKA}.TopicExistsException");
    let exists = "Topic 'dotted.name' already exists.";
    expect_failure(cluster.run("topics", create), &class, exists);
}

#[test]
fn topics_that_cannot_be_are_refused_in_the_controllers_words() {
    let cluster = Cluster::start("topics-refused");
    let check = |arguments: &str, class: &str, message: &str| {
        let ran = cluster.run("topics", &format!("--create {arguments}"));
        expect_failure(ran, class, message);
    };
    check(
        "--topic bad/name",
        &format!("{KAFKA}.InvalidTopicException"),
        "Topic name is invalid: 'bad/name' contains one or more characters other than ASCII \
         alphanumerics, '.', '_' and '-'",
    );
    check(
        "--topic many --replication-factor 3",
        &format!("{KAFKA}.InvalidReplicationFactorException"),
        "Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot \
         be reached because only 1 broker(s) are registered or some brokers have all their log \
         directories cordoned.",
    );
    check(
        "--topic none --partitions 0",
        ILLEGAL,
        "The partitions must be greater than 0",
    );
    check(
        "--topic set --config no.such=1",
        &format!("{KAFKA}.InvalidConfigurationException"),
        "Unknown topic config name: no.such",
    );
    check(
        "--topic placed --replica-assignment 1,9",
        &format!("{KAFKA}.InvalidReplicaAssignmentException"),
        "The manual partition assignment includes broker 9, but no such broker is registered.",
    );
    assert_eq!(cluster.run("topics", "--list").succeeded(), "\n");
}

#[test]
fn partitions_are_added_and_never_taken_away() {
    let cluster = Cluster::start("topics-altered");
    cluster.create("t", "");
    let expect_partitions = |count: usize| {
        let described = cluster.run("topics", "--describe --topic t").succeeded();
        let (topic, _) = described.split_once("\tPartitionCount: ").unwrap();
        let expected = format!(
            "{topic}\tPartitionCount: {count}\tReplicationFactor: 1\t\
             Configs: min.insync.replicas=1\n"
        );
        cluster.expect(
            "topics",
            "--describe --topic t --topics-with-overrides",
            &expected,
        );
    };
    let alter = |arguments: &str| cluster.run("topics", &format!("--alter --topic t {arguments}"));
    assert_eq!(alter("--partitions 2").succeeded(), "");
    expect_partitions(2);
    let assigned = alter("--partitions 4 --replica-assignment 1,1,1,1");
    assert_eq!(assigned.succeeded(), "");
    expect_partitions(4);
    expect_failure(
        alter("--partitions 1"),
        &format!("{KAFKA}.InvalidPartitionsException"),
        "The topic t currently has 4 partition(s); 1 would not be an increase.",
    );
    expect_failure(
        alter("--partitions 5 --replica-assignment 1,1,1,1,9"),
        &format!("{KAFKA}.InvalidReplicaAssignmentException"),
        "The manual partition assignment includes broker 9, but no such broker is registered.",
    );
    let missing = "--alter --topic none --partitions 2";
    let message = "Topic 'none' does not exist as expected";
    expect_failure(cluster.run("topics", missing), ILLEGAL, message);
    let missing = cluster.run("topics", &format!("{missing} --if-exists"));
    assert_eq!(missing.succeeded(), "");
}

#[test]
fn arguments_that_do_not_go_together_are_refused_before_anything_is_asked() {
    let place = Place::new("topics-arguments", "unused");
    let check = |arguments, first_line: &str| {
        let complaint = place.klamm(&format!("topics {arguments}")).failed();
        assert_eq!(complaint.lines().next(), Some(first_line), "{complaint}");
        assert!(complaint.contains("usage: klamm topics "), "{complaint}");
    };
    check("--list", "--bootstrap-server must be specified");
    let clash = "Option \"[partitions]\" can't be used with option \"[list]\"";
    check("--bootstrap-server b:1 --list --partitions 1", clash);
    assert_eq!(place.klamm("topics --version").succeeded(), "4.3.1\n");
}

#[test]
fn nobody_at_the_address_is_a_failure_that_says_so() {
    let place = Place::new("topics-nobody", "unused");
    let timeouts = "request.timeout.ms=200\ndefault.api.timeout.ms=200\n";
    place.write("short.properties", timeouts);
    let nobody = "--bootstrap-server 127.0.0.1:1 --command-config short.properties";
    let ran = place.klamm(&format!("topics {nobody} --list"));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let words = "Timed out waiting for a node assignment. Call: listTopics\n";
    let out = format!("Error while executing topic command : {words}");
    assert_eq!(ran.out, out);
    let error = format!("ERROR {KAFKA}.TimeoutException: {words}");
    assert!(ran.errors.ends_with(&error), "{ran:?}");
    // Why it goes on trying.
    assert!(ran.errors.starts_with("WARN network error: "), "{ran:?}");
    assert!(ran.errors.contains("127.0.0.1:1"), "{ran:?}");
    let longer = "request.timeout.ms=200\ndefault.api.timeout.ms=199\n";
    place.write("short.properties", longer);
    let ran = place.klamm(&format!("get-offsets {nobody}"));
    let refusal = "Error occurred: Invalid value 199 for configuration default.api.timeout.ms: \
                   Value must be no smaller than that of request.timeout.ms\n";
    assert_eq!(ran.failed(), refusal);
}
