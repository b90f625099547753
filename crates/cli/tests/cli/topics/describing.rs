//! `--describe`.

use crate::cluster::Cluster;

use super::{ILLEGAL, KAFKA, expect_failure};

/// The id in the line of the first topic.
fn first_id(described: &str) -> &str {
    let (_, behind) = described.split_once("\tTopicId: ").unwrap();
    behind.split('\t').next().unwrap()
}

/// Both topics, in the order of their names, with the columns of Kafka's tool.
#[test]
fn topics_are_described_with_their_partitions() {
    let cluster = Cluster::start("topics-described");
    cluster.create("second", "--partitions 2 --config retention.ms=60000");
    cluster.create("first", "");
    let described = cluster.run("topics", "--describe").succeeded();
    let expected = |first: &str, second: &str| {
        let first_topic = format!(
            "Topic: first\tTopicId: {first}\tPartitionCount: 1\tReplicationFactor: 1\t\
             Configs: min.insync.replicas=1\n"
        );
        let second_topic = format!(
            "Topic: second\tTopicId: {second}\tPartitionCount: 2\tReplicationFactor: 1\t\
             Configs: min.insync.replicas=1,retention.ms=60000\n"
        );
        let partition = |topic, index| {
            format!(
                "\tTopic: {topic}\tPartition: {index}\tLeader: 1\tReplicas: 1\tIsr: 1\t\
                 Elr: \tLastKnownElr: \n"
            )
        };
        [
            first_topic,
            partition("first", 0),
            second_topic,
            partition("second", 0),
            partition("second", 1),
        ]
        .concat()
    };
    let second = cluster
        .run("topics", "--describe --topic sec.*")
        .succeeded();
    let (first, second) = (first_id(&described), first_id(&second));
    assert_eq!(described, expected(first, second));

    let by_id = cluster.run("topics", &format!("--describe --topic-id {second}"));
    let (_, of_second) = described.split_once("\nTopic: second").unwrap();
    let of_second = format!("Topic: second{of_second}");
    assert_eq!(by_id.succeeded(), of_second);
    let by_pattern = cluster.run("topics", "--describe --topic sec.*,none");
    assert_eq!(by_pattern.succeeded(), of_second);
}

#[test]
fn filters_leave_out_what_is_well() {
    let cluster = Cluster::start("topics-filtered");
    cluster.create("t", "");
    for filter in [
        "under-replicated-partitions",
        "unavailable-partitions",
        "under-min-isr-partitions",
    ] {
        let described = cluster.run("topics", &format!("--describe --{filter}"));
        assert_eq!(described.succeeded(), "", "{filter}");
    }
    let at_min_isr = cluster.run("topics", "--describe --at-min-isr-partitions");
    let at_min_isr = at_min_isr.succeeded();
    let partition = "\tTopic: t\tPartition: 0\tLeader: 1\t";
    assert!(at_min_isr.starts_with(partition), "{at_min_isr}");
    let overridden = cluster.run("topics", "--describe --topics-with-overrides");
    assert_eq!(overridden.succeeded().lines().count(), 1);
}

#[test]
fn a_topic_that_is_not_there_is_a_failure_unless_it_may_be_missing() {
    let cluster = Cluster::start("topics-not-there");
    let missing = cluster.run("topics", "--describe --topic none");
    let message = "Topic 'none' does not exist as expected";
    expect_failure(missing, ILLEGAL, message);
    let missing = cluster.run("topics", "--describe --topic none --if-exists");
    assert_eq!(missing.succeeded(), "");
    let id = "AAAAAAAAAAAAAAAAAAAAAQ";
    let missing = cluster.run("topics", &format!("--describe --topic-id {id}"));
    let message = format!("TopicId '{id}' does not exist as expected");
    expect_failure(missing, ILLEGAL, &message);
    assert_eq!(cluster.run("topics", "--describe").succeeded(), "");
    // The controller, not the tool, knows which names there can be.
    let class = format!("{KAFKA}.InvalidTopicException");
    let message = "Topic name is invalid: '..' is not allowed";
    expect_failure(
        cluster.run("topics", "--create --topic .."),
        &class,
        message,
    );
}
