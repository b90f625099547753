//! What is shown of topics, through each of the filters.

use super::*;

const ALL_LIVE: [i32; 3] = [1, 2, 3];

fn partition(index: i32, isr: &[i32]) -> Partition {
    Partition {
        index,
        leader: isr.first().copied(),
        replicas: vec![1, 2, 3],
        isr: isr.to_vec(),
        eligible_leader_replicas: Some(vec![2]),
        last_known_eligible: Some(Vec::new()),
        reassignment: None,
    }
}

fn config(name: &str, value: &str, is_default: bool) -> Config {
    Config {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        is_default,
    }
}

fn topic(partitions: Vec<Partition>) -> Topic {
    Topic {
        name: "t".to_owned(),
        id: Uuid::from_u128(1),
        partitions,
        configs: vec![
            config("retention.ms", "5", false),
            config("min.insync.replicas", "2", true),
            config("cleanup.policy", "compact", false),
        ],
    }
}

fn shown(topic: &Topic, filter: Filter) -> String {
    topic.shown(filter, &ALL_LIVE.into()).unwrap()
}

/// The indexes of the partitions that come through.
fn indexes(topic: &Topic, filter: Filter) -> Vec<i32> {
    let text = shown(topic, filter);
    let lines = text.lines().map(|line| {
        let (_, behind) = line.split_once("Partition: ").unwrap();
        behind.split('\t').next().unwrap().parse().unwrap()
    });
    lines.collect()
}

#[test]
fn a_topic_comes_with_what_is_set_and_each_partition() {
    let expected = "Topic: t\tTopicId: AAAAAAAAAAAAAAAAAAAAAQ\tPartitionCount: 2\t\
                    ReplicationFactor: 3\tConfigs: retention.ms=5,cleanup.policy=compact\n\
                    \tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1,2\t\
                    Elr: 2\tLastKnownElr: \n\
                    \tTopic: t\tPartition: 1\tLeader: none\tReplicas: 1,2,3\tIsr: \t\
                    Elr: 2\tLastKnownElr: \n";
    let topic = topic(vec![partition(0, &[1, 2]), partition(1, &[])]);
    assert_eq!(shown(&topic, Filter::default()), expected);
}

#[test]
fn what_brokers_do_not_tell_is_left_out_or_not_available() {
    let mut partition = partition(0, &[1]);
    partition.eligible_leader_replicas = None;
    partition.last_known_eligible = None;
    let mut topic = topic(vec![partition]);
    topic.id = Uuid::ZERO;
    topic.configs.clear();
    let expected = "Topic: t\tPartitionCount: 1\tReplicationFactor: 3\tConfigs: \n\
                    \tTopic: t\tPartition: 0\tLeader: 1\tReplicas: 1,2,3\tIsr: 1\t\
                    Elr: N/A\tLastKnownElr: N/A\n";
    assert_eq!(shown(&topic, Filter::default()), expected);
}

#[test]
fn a_reassignment_shows_and_does_not_count_what_it_adds() {
    let mut moving = partition(0, &[1, 2]);
    moving.reassignment = Some(Reassignment {
        replicas: vec![1, 2, 3],
        adding: vec![3],
        removing: vec![1],
    });
    let topic = topic(vec![moving]);
    let text = shown(&topic, Filter::default());
    assert!(text.contains("\tReplicationFactor: 2\t"), "{text}");
    let change = "\tIsr: 1,2\tAdding Replicas: 3\tRemoving Replicas: 1\tElr: 2\t";
    assert!(text.contains(change), "{text}");
    let under_replicated = Filter {
        under_replicated: true,
        ..Filter::default()
    };
    assert_eq!(shown(&topic, under_replicated), "");
}

#[test]
fn filters_let_partitions_through_and_no_topic() {
    let topic = topic(vec![
        partition(0, &[1, 2, 3]),
        partition(1, &[1, 2]),
        partition(2, &[3]),
        partition(3, &[]),
    ]);
    let none = Filter::default();
    let under_replicated = Filter {
        under_replicated: true,
        ..none
    };
    assert_eq!(indexes(&topic, under_replicated), [1, 2, 3]);
    let unavailable = Filter {
        unavailable: true,
        ..none
    };
    assert_eq!(indexes(&topic, unavailable), [3]);
    let without_leader = topic.shown(unavailable, &[1].into()).unwrap();
    assert_eq!(without_leader.lines().count(), 2);
    let under_min_isr = Filter {
        under_min_isr: true,
        ..none
    };
    assert_eq!(indexes(&topic, under_min_isr), [2, 3]);
    let at_min_isr = Filter {
        at_min_isr: true,
        ..none
    };
    assert_eq!(indexes(&topic, at_min_isr), [1]);
    let several = Filter {
        at_min_isr: true,
        ..unavailable
    };
    assert_eq!(indexes(&topic, several), [1, 3]);
}

#[test]
fn topics_with_overrides_come_without_partitions() {
    let overridden = Filter {
        overridden_topics: true,
        ..Filter::default()
    };
    let mut topic = topic(vec![partition(0, &[1])]);
    assert_eq!(shown(&topic, overridden).lines().count(), 1);
    topic.configs.retain(|config| config.is_default);
    assert_eq!(shown(&topic, overridden), "");
}

#[test]
fn without_min_insync_replicas_partitions_are_not_compared_with_it() {
    let mut topic = topic(vec![partition(0, &[1])]);
    topic.configs.clear();
    let filter = Filter {
        at_min_isr: true,
        ..Filter::default()
    };
    let error = topic.shown(filter, &ALL_LIVE.into()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "describe topic t: no min.insync.replicas"
    );
}
