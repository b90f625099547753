//! What the node is, and what topics it makes.

use super::*;

pub(super) const NODE_KEYS: &[ConfigKey] = keys! {
    "alter.config.policy.class.name", Class, Null, Any, Low, ReadOnly, Refused,
        "A Java class that may refuse changes of configurations.";
    "auto.create.topics.enable", Boolean, Is("true"), Any, High, ReadOnly, Used,
        "Whether asking for the metadata of a topic that does not exist may create it.";
    "background.threads", Int, Is("10"), AtLeast(1), High, ClusterWide, WithoutMeaning(Internals),
        "How many threads do background work.";
    "broker.id", Int, Is("-1"), Any, High, ReadOnly, Used,
        "The older name of node.id; both must agree when both are set.";
    "broker.rack", Text, Null, Any, Medium, ReadOnly, Used,
        "Where the broker stands; replicas are spread over racks, and consumers may read from \
         their own.";
    "client.quota.callback.class", Class, Null, Any, Low, ReadOnly, Refused,
        "A Java class that computes the quotas of clients.";
    "config.providers", List, Is(""), PartsNotEmpty, Low, ClusterWide, Used,
        "Names of Java classes that fetch values of configurations from elsewhere.";
    #[internal]
    "controller.performance.always.log.threshold.ms", Long, Is("2000"), AtLeast(0), Medium,
        ReadOnly, NotYet,
        "Events of the controller that take longer than this are logged.";
    #[internal]
    "controller.performance.sample.period.ms", Long, Is("60000"), AtLeast(100), Medium, ReadOnly,
        NotYet,
        "How often the controller logs how long its events take.";
    "controller.quota.window.num", Int, Is("11"), AtLeast(1), Low, ReadOnly, Used,
        "How many samples are kept for the quota of changes to topics.";
    "controller.quota.window.size.seconds", Int, Is("1"), AtLeast(1), Low, ReadOnly, Used,
        "How long one sample lasts for the quota of changes to topics.";
    "create.topic.policy.class.name", Class, Null, Any, Low, ReadOnly, Refused,
        "A Java class that may refuse the creation of topics.";
    "default.replication.factor", Int, Is("1"), Any, Medium, ReadOnly, Used,
        "How many replicas a topic gets when its creation does not say.";
    "delete.topic.enable", Boolean, Is("true"), Any, High, ReadOnly, Used,
        "Whether topics can be deleted.";
    "node.id", Int, Required, AtLeast(0), High, ReadOnly, Used,
        "The number of this node in its cluster.";
    "num.partitions", Int, Is("1"), AtLeast(1), Medium, ReadOnly, Used,
        "How many partitions a topic gets when its creation does not say.";
    "process.roles", List, Required, SomeOf(&["broker", "controller"]), High, ReadOnly, Used,
        "What the node is: broker, controller or both.";
    "quota.window.num", Int, Is("11"), AtLeast(1), Low, ReadOnly, Used,
        "How many samples are kept for the quotas of clients.";
    "quota.window.size.seconds", Int, Is("1"), AtLeast(1), Low, ReadOnly, Used,
        "How long one sample lasts for the quotas of clients.";
    #[internal]
    "server.max.startup.time.ms", Long, Is("9223372036854775807"), AtLeast(0), Medium, ReadOnly,
        NotYet,
        "How long the start may take; for tests.";
    #[internal]
    "unstable.api.versions.enable", Boolean, Is("false"), Any, High, ReadOnly, NotYet,
        "Whether versions of requests that are still in the making are served.";
    #[internal]
    "unstable.feature.versions.enable", Boolean, Is("false"), Any, High, ReadOnly, NotYet,
        "Whether feature levels that are still in the making may be used.";
};
