//! `klamm configs` against a node.

mod refusals;

use crate::node::process::Node;
use crate::program::{Place, Ran};

/// A node with the topic `t`, and the tool that talks to it.
struct Cluster {
    place: Place,
    node: Node,
}

impl Cluster {
    fn start(name: &str) -> Self {
        let place = Place::new(name, "unused");
        let node = Node::start(&place, &[]);
        let address = node.address;
        let create = format!("topics --bootstrap-server {address} --create --topic t");
        place.klamm(&create).succeeded();
        Self { place, node }
    }

    /// Runs the tool with these further arguments, by the name that Kafka's has.
    fn configs(&self, arguments: &str) -> Ran {
        let arguments = self.with_address(arguments);
        self.place.linked("kafka-configs.sh", &arguments)
    }

    /// It prints this.
    fn expect(&self, arguments: &str, expected: &str) {
        assert_eq!(self.configs(arguments).succeeded(), expected);
    }

    fn with_address(&self, arguments: &str) -> String {
        format!("--bootstrap-server {} {arguments}", self.node.address)
    }

    /// It changed what these arguments say, of the entity that is named so.
    fn alter(&self, arguments: &str, of: &str) {
        let altered = self.configs(&format!("{arguments} --alter")).succeeded();
        assert_eq!(altered, format!("Completed updating {of}.\n"));
    }

    /// It failed as Kafka's tool does when a broker refuses.
    fn expect_failure(&self, arguments: &str, class: &str, message: &str) {
        let ran = self.configs(arguments);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let expected = format!(
            "Error while executing config command with args '{}'\n\
             java.util.concurrent.ExecutionException: org.apache.kafka.common.errors.{class}: \
             {message}\n",
            self.with_address(arguments)
        );
        assert_eq!(ran.errors, expected);
    }
}

const TOPIC: &str = "Dynamic configs for topic t are:\n";

#[test]
fn a_topic_is_configured_and_described_with_synonyms() {
    let cluster = Cluster::start("configs-topic");
    let describe = "--entity-type topics --entity-name t --describe";
    cluster.expect(describe, TOPIC);
    let set = "--topic t --add-config retention.ms=86400000,cleanup.policy=[compact,delete]";
    cluster.alter(set, "config for topic t");
    let expected = "  cleanup.policy=compact,delete sensitive=false \
                    synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, \
                    DEFAULT_CONFIG:log.cleanup.policy=delete}\n  \
                    retention.ms=86400000 sensitive=false \
                    synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=86400000}\n";
    let described = format!("{TOPIC}{expected}");
    cluster.expect(describe, &described);
    let every_topic = cluster.configs("--entity-type topics --describe");
    assert_eq!(every_topic.succeeded(), described);
    let delete = "--topic t --delete-config retention.ms,cleanup.policy";
    cluster.alter(delete, "config for topic t");
    cluster.expect("--topic t --describe", TOPIC);
}

#[test]
fn all_that_holds_for_a_topic_comes_in_the_order_of_the_names() {
    let cluster = Cluster::start("configs-all");
    let all = cluster.configs("--topic t --describe --all").succeeded();
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
    let cluster = Cluster::start("configs-file");
    let content = "retention.ms = 77\ncleanup.policy=compact,delete\n";
    cluster.place.write("add.properties", content);
    let set = "--topic t --add-config-file add.properties";
    cluster.alter(set, "config for topic t");
    let described = "Dynamic configs for topic t are:\n  \
                     cleanup.policy=compact,delete sensitive=false \
                     synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact,delete, \
                     DEFAULT_CONFIG:log.cleanup.policy=delete}\n  \
                     retention.ms=77 sensitive=false \
                     synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=77}\n";
    cluster.expect("--topic t --describe", described);
    let missing = cluster
        .configs("--topic t --alter --add-config-file none")
        .failed();
    assert!(missing.contains("read none: No such file"), "{missing}");
}

#[test]
fn brokers_are_configured_one_by_one_or_together() {
    let cluster = Cluster::start("configs-brokers");
    cluster.alter(
        "--broker 1 --add-config log.cleaner.threads=2",
        "config for broker 1",
    );
    let together = "--broker-defaults --add-config log.retention.ms=604800001";
    cluster.alter(together, "default config for brokers in the cluster");
    let one = "Dynamic configs for broker 1 are:\n  log.cleaner.threads=2 sensitive=false \
               synonyms={DYNAMIC_BROKER_CONFIG:log.cleaner.threads=2, \
               DEFAULT_CONFIG:log.cleaner.threads=1}\n";
    cluster.expect("--broker 1 --describe", one);
    let every = "Default configs for brokers in the cluster are:\n  \
                 log.retention.ms=604800001 sensitive=false \
                 synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=604800001}\n  \
                 min.insync.replicas=1 sensitive=false \
                 synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=1}\n";
    let defaults = "--entity-type brokers --entity-default --describe";
    cluster.expect(defaults, every);
    let both = cluster.configs("--entity-type brokers --describe");
    assert_eq!(both.succeeded(), format!("{one}{every}"));
}

#[test]
fn groups_are_configured() {
    let cluster = Cluster::start("configs-groups");
    let set = "--group g --add-config consumer.session.timeout.ms=46000";
    cluster.alter(set, "config for group g");
    let described = "Dynamic configs for group g are:\n  \
                     consumer.session.timeout.ms=46000 sensitive=false \
                     synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=46000, \
                     DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}\n";
    cluster.expect("--group g --describe", described);
}
