package klamm.clients;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.config.ConfigResource;

/** Topics and their configurations, the cluster, and how requests for them fail. */
final class Administration {
    private static final String NAME = "admin";
    private static final String TOPIC = "admin-topic";
    private static final ConfigResource RESOURCE = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);
    private static final List<String> KEYS = List.of(
            "cleanup.policy", "compression.type", "max.message.bytes", "min.insync.replicas",
            "retention.ms", "segment.bytes");

    private Administration() {}

    static void run(Cluster cluster) throws Exception {
        try (Admin admin = cluster.admin()) {
            topics(admin);
            configurations(admin);
            cluster(admin);
            failures(admin);
            deletion(admin);
        }
    }

    private static void topics(Admin admin) throws Exception {
        NewTopic topic = new NewTopic(TOPIC, 3, (short) 1)
                .configs(Map.of("retention.ms", "86400000", "segment.bytes", "2000000"));
        Cluster.get(admin.createTopics(List.of(topic), new CreateTopicsOptions().validateOnly(true)).all());
        Facts.say(NAME, "validated", TOPIC, "topics", names(admin));
        CreateTopicsResult created = admin.createTopics(List.of(topic));
        Facts.say(NAME, "created", TOPIC,
                "partitions", Cluster.get(created.numPartitions(TOPIC)),
                "replication", Cluster.get(created.replicationFactor(TOPIC)),
                "retention.ms", Cluster.get(created.config(TOPIC)).get("retention.ms").value());
        Await.that("the topic", () -> names(admin).contains(TOPIC));
        Facts.say(NAME, "topics", names(admin));
        describe(admin);
        Cluster.get(admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(5))).all());
        Await.that("five partitions", () -> Topics.describe(admin, TOPIC).partitions().size() == 5);
        describe(admin);
        NewTopic standard = new NewTopic("admin.standard", Optional.empty(), Optional.empty());
        Cluster.get(admin.createTopics(List.of(standard)).all());
        Await.that("the topic", () -> Topics.describe(admin, "admin.standard").partitions().size() == 1);
        Facts.say(NAME, "topics", names(admin));
    }

    private static TreeSet<String> names(Admin admin) throws Exception {
        return new TreeSet<>(Cluster.get(admin.listTopics().names()));
    }

    private static void describe(Admin admin) throws Exception {
        TopicDescription description = Topics.describe(admin, TOPIC);
        Facts.say(NAME, "described", description.name(),
                "internal", description.isInternal(),
                "partitions", description.partitions().stream().map(p -> p.partition()).collect(Collectors.toList()),
                "leaders", description.partitions().stream().filter(p -> p.leader() != null).count(),
                "replicas", description.partitions().stream().map(p -> p.replicas().size()).collect(Collectors.toSet()),
                "isr", description.partitions().stream().map(p -> p.isr().size()).collect(Collectors.toSet()));
    }

    private static void configurations(Admin admin) throws Exception {
        configs(admin);
        alter(admin, new AlterConfigOp(new ConfigEntry("retention.ms", "1000000"), AlterConfigOp.OpType.SET),
                new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
                new AlterConfigOp(new ConfigEntry("segment.bytes", ""), AlterConfigOp.OpType.DELETE));
        Await.that("altered", () -> described(admin).get("retention.ms").value().equals("1000000"));
        configs(admin);
        alter(admin, new AlterConfigOp(new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.SUBTRACT));
        Await.that("altered", () -> described(admin).get("cleanup.policy").value().equals("compact"));
        configs(admin);
        Facts.sayFailure(NAME, "alter-bad-value", () -> alter(admin,
                new AlterConfigOp(new ConfigEntry("segment.bytes", "1"), AlterConfigOp.OpType.SET)));
        Facts.sayFailure(NAME, "alter-unknown-key", () -> alter(admin,
                new AlterConfigOp(new ConfigEntry("no.such.key", "1"), AlterConfigOp.OpType.SET)));
        Facts.sayFailure(NAME, "append-to-a-number", () -> alter(admin,
                new AlterConfigOp(new ConfigEntry("retention.ms", "1"), AlterConfigOp.OpType.APPEND)));
    }

    private static Void alter(Admin admin, AlterConfigOp... operations) throws Exception {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = Map.of(RESOURCE, List.of(operations));
        return Cluster.get(admin.incrementalAlterConfigs(changes).all());
    }

    private static Config described(Admin admin) throws Exception {
        DescribeConfigsOptions options = new DescribeConfigsOptions().includeSynonyms(true);
        return Cluster.get(admin.describeConfigs(List.of(RESOURCE), options).all()).get(RESOURCE);
    }

    private static void configs(Admin admin) throws Exception {
        Config config = described(admin);
        for (String key : KEYS) {
            ConfigEntry entry = config.get(key);
            Facts.say(NAME, "config", key, "value", entry.value(), "source", entry.source(),
                    "default", entry.isDefault(), "sensitive", entry.isSensitive(), "read-only", entry.isReadOnly(),
                    "type", entry.type(), "synonyms", entry.synonyms().stream()
                            .map(one -> one.name() + ":" + one.value() + ":" + one.source())
                            .collect(Collectors.toList()));
        }
    }

    private static void cluster(Admin admin) throws Exception {
        DescribeClusterResult cluster = admin.describeCluster();
        Facts.say(NAME, "nodes", Cluster.get(cluster.nodes()).size(),
                "controller", Cluster.get(cluster.controller()).id(),
                "cluster-id", Cluster.get(cluster.clusterId()).length() == 22,
                "authorized-operations", Cluster.get(cluster.authorizedOperations()));
    }

    private static void failures(Admin admin) {
        Facts.sayFailure(NAME, "create-existing", () -> create(admin, new NewTopic(TOPIC, 3, (short) 1)));
        for (String name : List.of("bad name", "", ".", "..", "a".repeat(250), "admin_standard")) {
            Facts.sayFailure(NAME, "create-name:" + (name.length() > 20 ? name.length() : name),
                    () -> create(admin, new NewTopic(name, 1, (short) 1)));
        }
        Facts.sayFailure(NAME, "create-no-partition", () -> create(admin, new NewTopic("t", 0, (short) 1)));
        Facts.sayFailure(NAME, "create-replication-0", () -> create(admin, new NewTopic("t", 1, (short) 0)));
        Facts.sayFailure(NAME, "create-replication-3", () -> create(admin, new NewTopic("t", 1, (short) 3)));
        Facts.sayFailure(NAME, "create-on-unknown-broker",
                () -> create(admin, new NewTopic("t", Map.of(0, List.of(77)))));
        Facts.sayFailure(NAME, "create-partition-1-only",
                () -> create(admin, new NewTopic("t", Map.of(1, List.of(1)))));
        for (String[] config : new String[][] {
            {"retention.ms", "abc"}, {"retention.ms", "-2"}, {"cleanup.policy", "burn"}, {"no.such.key", "1"},
            {"compression.type", "rar"}, {"min.insync.replicas", "0"}, {"segment.bytes", "99999999999"},
            {"preallocate", "maybe"}, {"min.cleanable.dirty.ratio", "2.5"},
        }) {
            Facts.sayFailure(NAME, "create-config:" + config[0] + ":" + config[1], () -> create(admin,
                    new NewTopic("t", 1, (short) 1).configs(Map.of(config[0], config[1]))));
        }
        Facts.sayFailure(NAME, "describe-unknown", () -> Topics.describe(admin, "nowhere"));
        Facts.sayFailure(NAME, "delete-unknown",
                () -> Cluster.get(admin.deleteTopics(List.of("nowhere")).all()));
        ConfigResource unknown = new ConfigResource(ConfigResource.Type.TOPIC, "nowhere");
        Facts.sayFailure(NAME, "describe-configs-unknown",
                () -> Cluster.get(admin.describeConfigs(List.of(unknown)).all()));
        for (int count : new int[] {2, 5, 0, -1}) {
            Facts.sayFailure(NAME, "partitions-5-to-" + count, () -> Cluster.get(
                    admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(count))).all()));
        }
        Facts.sayFailure(NAME, "partitions-of-unknown", () -> Cluster.get(
                admin.createPartitions(Map.of("nowhere", NewPartitions.increaseTo(2))).all()));
    }

    private static Void create(Admin admin, NewTopic topic) throws Exception {
        return Cluster.get(admin.createTopics(List.of(topic)).all());
    }

    private static void deletion(Admin admin) throws Exception {
        Cluster.get(admin.deleteTopics(List.of(TOPIC, "admin.standard")).all());
        Await.that("no topics", () -> names(admin).isEmpty());
        Facts.say(NAME, "deleted", TOPIC, "topics", names(admin));
        Facts.sayFailure(NAME, "describe-deleted", () -> Topics.describe(admin, TOPIC));
    }
}
