//! `klamm configs` against a node.

mod refusals;

use crate::cluster::Cluster;

/// A node with the topic `t`.
fn start(name: &str) -> Cluster {
    let cluster = Cluster::start(name);
    cluster.create("t", "");
    cluster
}

/// The tool changed what these arguments say, of the entity that is named so.
fn alter(cluster: &Cluster, arguments: &str, of: &str) {
    let arguments = format!("{arguments} --alter");
    cluster.expect(TOOL, &arguments, &format!("Completed updating {of}.\n"));
}

/// It failed as Kafka's tool does when a broker refuses.
fn expect_failure(cluster: &Cluster, arguments: &str, class: &str, message: &str) {
    let ran = cluster.run(TOOL, arguments);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let expected = format!(
        "Error while executing config command with args '{}'\n\
         java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.{class}: \
         {message}\n",
        cluster.with_address(arguments)
    );
    assert_eq!(ran.errors, expected);
}

const TOOL: &str = "configs";
const TOPIC: &str = "Dynamic configs for topic t are:\n";

#[test]
fn a_topic_is_configured_and_described_with_synonyms() {
    let cluster = start("configs-topic");
    let describe = "--entity-type topics --entity-name t --describe";
    cluster.expect(TOOL, describe, TOPIC);
    let set = "--topic t --add-config retention.ms=86400000,cleanup.policy=[compact,delete]";
    alter(&cluster, set, "config for topic t");
    let expected = "  cleanup.policy=compact,delete sensitive=false \
                    synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, \
                    DEFAULT_CONFIG:log.cleanup.policy=delete}\n  \
                    retention.ms=86400000 sensitive=false \
                    synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=86400000}\n";
    let described = format!("{TOPIC}{expected}");
    cluster.expect(TOOL, describe, &described);
    let every_topic = cluster.run(TOOL, "--entity-type topics --describe");
    assert_eq!(every_topic.succeeded(), described);
    let delete = "--topic t --delete-config retention.ms,cleanup.policy";
    alter(&cluster, delete, "config for topic t");
    cluster.expect(TOOL, "--topic t --describe", TOPIC);
}

#[test]
fn all_that_holds_for_a_topic_comes_in_the_order_of_the_names() {
    let cluster = start("configs-all");
    let all = cluster.run(TOOL, "--topic t --describe --all").succeeded();
    let entries = all.strip_prefix("All configs for topic t are:\n").unwrap();
    let expected = "  retention.ms=604800000 sensitive=false synonyms={}\n";
    assert!(entries.contains(expected), "{all}");
    let names = entries.lines().map(|line| line.split('=').next().unwrap());
    let names: Vec<_> = names.collect();
    assert!(names.is_sorted(), "{all}");
    assert_eq!(names.len(), 33, "{all}");
}

#[test]
fn what_to_set_may_come_from_a_file() {
    let cluster = start("configs-file");
    let content = "retention.ms = 77\ncleanup.policy=compact,delete\n";
    cluster.place.write("add.properties", content);
    let set = "--topic t --add-config-file add.properties";
    alter(&cluster, set, "config for topic t");
    let described = "Dynamic configs for topic t are:\n  \
                     cleanup.policy=compact,delete sensitive=false \
                     synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, \
                     DEFAULT_CONFIG:log.cleanup.policy=delete}\n  \
                     retention.ms=77 sensitive=false \
                     synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=77}\n";
    cluster.expect(TOOL, "--topic t --describe", described);
    let missing = cluster
        .run(TOOL, "--topic t --alter --add-config-file none")
        .failed();
    assert!(missing.contains("read none: No such file"), "{missing}");
}

#[test]
fn brokers_are_configured_one_by_one_or_together() {
    let cluster = start("configs-brokers");
    alter(
        &cluster,
        "--broker 1 --add-config log.cleaner.threads=2",
        "config for broker 1",
    );
    let together = "--broker-defaults --add-config log.retention.ms=604800001";
    alter(
        &cluster,
        together,
        "default config for brokers in the cluster",
    );
    let one = "Dynamic configs for broker 1 are:\n  log.cleaner.threads=2 sensitive=false \
               synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, \
               DEFAULT_CONFIG:log.cleaner.threads=1}\n";
    cluster.expect(TOOL, "--broker 1 --describe", one);
    let every = "Default configs for brokers in the cluster are:\n  \
                 log.retention.ms=604800001 sensitive=false \
                 synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=604800001}\n  \
                 min.insync.replicas=1 sensitive=false \
                 synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=1}\n";
    let defaults = "--entity-type brokers --entity-default --describe";
    cluster.expect(TOOL, defaults, every);
    let both = cluster.run(TOOL, "--entity-type brokers --describe");
    assert_eq!(both.succeeded(), format!("{one}{every}"));
}

#[test]
fn groups_are_configured() {
    let cluster = start("configs-groups");
    let set = "--group g --add-config consumer.session.timeout.ms=46000";
    alter(&cluster, set, "config for group g");
    let described = "Dynamic configs for group g are:\n  \
                     consumer.session.timeout.ms=46000 sensitive=false \
                     synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=46000, \
                     DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}\n";
    cluster.expect(TOOL, "--group g --describe", described);
}

#[test]
fn quotas_and_credentials_are_set_and_described_and_go_again() {
    let cluster = start("configs-quotas");
    let (user, address) = ("--user alice", "--ip 127.0.0.2");
    let of_user = "config for user alice";
    for set in [
        "producer_byte_rate=1",
        "SCRAM-SHA-256=[iterations=8192,password=hush]",
    ] {
        alter(&cluster, &format!("{user} --add-config {set}"), of_user);
    }
    let quota = "Quota configs for user-principal 'alice' are producer_byte_rate=1.0\n";
    let credential =
        "SCRAM credential configs for user-principal 'alice' are SCRAM-SHA-256=iterations=8192\n";
    let describe = format!("{user} --describe");
    cluster.expect(TOOL, &describe, &format!("{quota}{credential}"));
    alter(
        &cluster,
        &format!("{user} --delete-config SCRAM-SHA-256"),
        of_user,
    );
    cluster.expect(TOOL, &describe, quota);
    let rate = "--add-config connection_creation_rate=1";
    alter(
        &cluster,
        &format!("{address} {rate}"),
        "config for ip 127.0.0.2",
    );
    let described = "Quota configs for ip '127.0.0.2' are connection_creation_rate=1.0\n";
    cluster.expect(TOOL, "--entity-type ips --describe", described);
}

#[test]
fn subscriptions_of_client_metrics_are_set_and_described() {
    let cluster = start("configs-client-metrics");
    let missing = "The client-metric 'm' doesn't exist and doesn't have dynamic config.\n";
    cluster.expect(TOOL, "--client-metrics m --describe", missing);
    let set = "--client-metrics m --add-config interval.ms=1000";
    alter(&cluster, set, "config for client-metric m");
    let described = "Dynamic configs for client-metric m are:\n  interval.ms=1000 sensitive=false \
                     synonyms={DYNAMIC_CLIENT_METRICS_CONFIG:interval.ms=1000}\n";
    cluster.expect(TOOL, "--client-metrics m --describe", described);
}
