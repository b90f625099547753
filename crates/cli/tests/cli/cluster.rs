//! A node, and the tools that talk to it.

use crate::node::process::Node;
use crate::program::{Place, Ran};

pub(crate) struct Cluster {
    pub(crate) place: Place,
    pub(crate) node: Node,
}

impl Cluster {
    pub(crate) fn start(name: &str) -> Self {
        let place = Place::new(name, "unused");
        let node = Node::start(&place, &[]);
        Self { place, node }
    }

    /// Runs a tool by the name that Kafka's has, with these further arguments.
    pub(crate) fn run(&self, tool: &str, arguments: &str) -> Ran {
        let arguments = self.with_address(arguments);
        self.place.linked(&format!("kafka-{tool}.sh"), &arguments)
    }

    /// The tool prints this.
    pub(crate) fn expect(&self, tool: &str, arguments: &str, expected: &str) {
        assert_eq!(self.run(tool, arguments).succeeded(), expected);
    }

    /// Creates a topic; the arguments say more about it.
    pub(crate) fn create(&self, topic: &str, arguments: &str) {
        let create = format!("--create --topic {topic} {arguments}");
        self.expect("topics", &create, &format!("Created topic {topic}.\n"));
    }

    /// Creates a topic with this many partitions, and as many records in the first of them.
    pub(crate) fn fill(&self, topic: &str, partition_count: usize, record_count: usize) {
        self.create(topic, &format!("--partitions {partition_count}"));
        if record_count > 0 {
            let test = format!(
                "--topic {topic} --num-records {record_count} --payload-monotonic --throughput -1"
            );
            let sent = format!("{record_count} records sent, ");
            let out = self.run("producer-perf-test", &test).succeeded();
            assert!(out.starts_with(&sent), "{out}");
        }
    }

    /// The arguments behind those that say where the node is.
    pub(crate) fn with_address(&self, arguments: &str) -> String {
        format!("--bootstrap-server {} {arguments}", self.node.address)
    }
}
