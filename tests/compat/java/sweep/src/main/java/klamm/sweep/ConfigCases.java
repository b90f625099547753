package klamm.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** DescribeConfigs, AlterConfigs and IncrementalAlterConfigs. */
final class ConfigCases {
    /** Kinds of resources. */
    static final int TOPIC = 2;
    static final int BROKER = 4;
    static final int BROKER_LOGGER = 8;
    static final int CLIENT_METRICS = 16;
    static final int GROUP = 32;

    /** Operations on a value. */
    static final int SET = 0;
    static final int DELETE = 1;
    static final int APPEND = 2;
    static final int SUBTRACT = 3;

    private ConfigCases() {
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.DESCRIBE_CONFIGS)) {
            describe(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.ALTER_CONFIGS)) {
            alter(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.INCREMENTAL_ALTER_CONFIGS)) {
            alterIncrementally(sweep, version);
            alterBrokers(sweep, version);
        }
    }

    private static Fields described(int type, String name, List<Object> keys) {
        Fields resource = Fields.of("resourceType", type, "resourceName", name, "configurationKeys", keys);
        return Fields.of("resources", List.of(resource));
    }

    private static void describe(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.DESCRIBE_CONFIGS;
        sweep.send(key, version, "topic", described(TOPIC, "small", null));
        sweep.send(key, version, "topic with synonyms", described(TOPIC, "small", null).with("includeSynonyms", true));
        List<Object> some = List.of("retention.ms", "no.such.key", "max.message.bytes");
        sweep.send(key, version, "some keys of a topic", described(TOPIC, "small", some));
        sweep.send(key, version, "documented",
            described(TOPIC, "small", some).with("includeSynonyms", true, "includeDocumentation", true));
        sweep.send(key, version, "no keys of a topic", described(TOPIC, "small", List.of()));
        sweep.send(key, version, "unknown topic", described(TOPIC, "unknown", null));
        sweep.send(key, version, "invalid topic", described(TOPIC, "a b", null));
        sweep.send(key, version, "empty topic", described(TOPIC, "", null));
        sweep.send(key, version, "broker", described(BROKER, "1", null));
        sweep.send(key, version, "broker with synonyms",
            described(BROKER, "1", List.of("log.retention.ms", "num.io.threads", "log.cleaner.threads", "node.id", "x"))
                .with("includeSynonyms", true));
        sweep.send(key, version, "all brokers", described(BROKER, "", null).with("includeSynonyms", true));
        sweep.send(key, version, "another broker", described(BROKER, "2", null));
        sweep.send(key, version, "broker by name", described(BROKER, "abc", null));
        sweep.send(key, version, "loggers of another broker", described(BROKER_LOGGER, "2", null));
        sweep.send(key, version, "loggers of no broker", described(BROKER_LOGGER, "", null));
        sweep.send(key, version, "client metrics", described(CLIENT_METRICS, "subscription", null));
        sweep.send(key, version, "client metrics without a name", described(CLIENT_METRICS, "", null));
        sweep.send(key, version, "group", described(GROUP, "group", null).with("includeSynonyms", true));
        sweep.send(key, version, "group without a name", described(GROUP, "", null));
        sweep.send(key, version, "unknown type", described(99, "x", null));
        sweep.send(key, version, "type 0", described(0, "x", null));
        sweep.send(key, version, "no resources", Fields.of("resources", List.of()));
    }

    private static Fields altered(int type, String name, String... configs) {
        return Fields.of("resourceType", type, "resourceName", name, "configs", CreateTopicsCases.configs(configs));
    }

    private static Fields resources(Fields... resources) {
        return Fields.of("resources", List.of((Object[]) resources));
    }

    private static void alter(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.ALTER_CONFIGS;
        String topic = "altered-" + version;
        sweep.createTopic(topic, 1);
        sweep.send(key, version, "validate only",
            resources(altered(TOPIC, topic, "retention.ms", "1")).with("validateOnly", true));
        sweep.send(key, version, "topic", resources(altered(TOPIC, topic, "retention.ms", "-1", "cleanup.policy", "compact")));
        describeAfter(sweep, key, version, "topic", topic);
        sweep.send(key, version, "topic again", resources(altered(TOPIC, topic, "retention.bytes", "77")));
        describeAfter(sweep, key, version, "topic again", topic);
        sweep.send(key, version, "unknown key", resources(altered(TOPIC, topic, "no.such.key", "1")));
        sweep.send(key, version, "invalid value", resources(altered(TOPIC, topic, "retention.ms", "soon")));
        sweep.send(key, version, "null value", resources(altered(TOPIC, topic, "retention.ms", null)));
        sweep.send(key, version, "unknown topic", resources(altered(TOPIC, "unknown", "retention.ms", "1")));
        sweep.send(key, version, "invalid topic", resources(altered(TOPIC, "a b", "retention.ms", "1")));
        sweep.send(key, version, "empty topic", resources(altered(TOPIC, "", "retention.ms", "1")));
        sweep.send(key, version, "unknown type", resources(altered(99, "x", "retention.ms", "1")));
        sweep.send(key, version, "another broker", resources(altered(BROKER, "5", "log.cleaner.threads", "1")));
        sweep.send(key, version, "read-only key", resources(altered(BROKER, "1", "node.id", "1")));
        sweep.send(key, version, "one bad of two",
            resources(altered(TOPIC, topic, "retention.ms", "3"), altered(TOPIC, "unknown", "retention.ms", "2")));
        sweep.send(key, version, "key twice", resources(altered(TOPIC, topic, "retention.ms", "3", "retention.ms", "4")));
        sweep.send(key, version, "nothing", resources(altered(TOPIC, topic)));
        describeAfter(sweep, key, version, "nothing", topic);
        sweep.send(key, version, "no resources", resources());
        Main.remove(sweep, topic);
    }

    private static void describeAfter(Sweep sweep, ApiKeys key, int version, String name, String topic) throws IOException {
        sweep.settle();
        List<Object> keys = List.of("retention.ms", "cleanup.policy", "retention.bytes", "leader.replication.throttled.replicas");
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, key.name + " v" + version + ": " + name,
            described(TOPIC, topic, keys).with("includeSynonyms", true));
    }

    /** Operation, key and value in turn. */
    private static Fields changed(int type, String name, Object... changes) {
        List<Object> configs = new ArrayList<>();
        for (int index = 0; index < changes.length; index += 3) {
            configs.add(Fields.of(
                "configOperation", changes[index], "name", changes[index + 1], "value", changes[index + 2]));
        }
        return Fields.of("resourceType", type, "resourceName", name, "configs", configs);
    }

    private static void change(Sweep sweep, int version, String name, Fields... resources) throws IOException {
        sweep.send(ApiKeys.INCREMENTAL_ALTER_CONFIGS, version, name, resources(resources));
    }

    private static void alterIncrementally(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.INCREMENTAL_ALTER_CONFIGS;
        String topic = "changed-" + version;
        sweep.createTopic(topic, 1);
        sweep.send(key, version, "validate only",
            resources(changed(TOPIC, topic, SET, "retention.ms", "1")).with("validateOnly", true));
        change(sweep, version, "set", changed(TOPIC, topic, SET, "retention.ms", "-1", SET, "retention.bytes", "9"));
        change(sweep, version, "append", changed(TOPIC, topic, APPEND, "cleanup.policy", "compact"));
        describeAfter(sweep, key, version, "append", topic);
        change(sweep, version, "append again", changed(TOPIC, topic, APPEND, "cleanup.policy", "compact"));
        change(sweep, version, "subtract", changed(TOPIC, topic, SUBTRACT, "cleanup.policy", "delete"));
        describeAfter(sweep, key, version, "subtract", topic);
        change(sweep, version, "subtract what is not there", changed(TOPIC, topic, SUBTRACT, "cleanup.policy", "delete"));
        change(sweep, version, "delete", changed(TOPIC, topic, DELETE, "retention.ms", null));
        change(sweep, version, "delete with a value", changed(TOPIC, topic, DELETE, "retention.bytes", "9"));
        describeAfter(sweep, key, version, "delete", topic);
        change(sweep, version, "delete what is not set", changed(TOPIC, topic, DELETE, "segment.bytes", null));
        change(sweep, version, "delete unknown key", changed(TOPIC, topic, DELETE, "no.such.key", null));
        change(sweep, version, "append to no list", changed(TOPIC, topic, APPEND, "retention.ms", "1"));
        change(sweep, version, "subtract from no list", changed(TOPIC, topic, SUBTRACT, "retention.ms", "1"));
        change(sweep, version, "append a bad value", changed(TOPIC, topic, APPEND, "cleanup.policy", "burn"));
        change(sweep, version, "set to null", changed(TOPIC, topic, SET, "retention.ms", null));
        change(sweep, version, "append null", changed(TOPIC, topic, APPEND, "cleanup.policy", null));
        change(sweep, version, "unknown operation", changed(TOPIC, topic, 9, "retention.ms", "1"));
        change(sweep, version, "unknown key", changed(TOPIC, topic, SET, "no.such.key", "1"));
        change(sweep, version, "invalid value", changed(TOPIC, topic, SET, "retention.ms", "soon"));
        change(sweep, version, "out of range", changed(TOPIC, topic, SET, "min.insync.replicas", "0"));
        change(sweep, version, "key twice", changed(TOPIC, topic, SET, "retention.ms", "1", DELETE, "retention.ms", null));
        change(sweep, version, "resource twice",
            changed(TOPIC, topic, SET, "retention.ms", "1"), changed(TOPIC, topic, SET, "retention.ms", "2"));
        change(sweep, version, "one bad of two",
            changed(TOPIC, "unknown", SET, "retention.ms", "1"), changed(TOPIC, topic, SET, "retention.ms", "2"));
        change(sweep, version, "unknown topic", changed(TOPIC, "unknown", SET, "retention.ms", "1"));
        change(sweep, version, "invalid topic", changed(TOPIC, "a b", SET, "retention.ms", "1"));
        change(sweep, version, "nothing", changed(TOPIC, topic));
        change(sweep, version, "unknown type", changed(99, "x", SET, "retention.ms", "1"));
        change(sweep, version, "no resources");
        Main.remove(sweep, topic);
    }

    private static void alterBrokers(Sweep sweep, int version) throws IOException {
        change(sweep, version, "broker", changed(BROKER, "1", SET, "log.cleaner.threads", "2"));
        change(sweep, version, "all brokers", changed(BROKER, "", SET, "log.retention.ms", "99999999"));
        Waiting waiting = new Waiting("configs of the broker");
        Fields configs = described(BROKER, "1", List.of("log.cleaner.threads", "log.retention.ms")).with("includeSynonyms", true);
        while (true) {
            String seen = sweep.ask(ApiKeys.DESCRIBE_CONFIGS, configs).toString();
            if (seen.contains("99999999") && seen.contains("\"value\":\"2\"")) {
                break;
            }
            waiting.again(seen);
        }
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, "brokers altered in v" + version, configs);
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, "all brokers altered in v" + version, described(BROKER, "", null));
        change(sweep, version, "broker back", changed(BROKER, "1", DELETE, "log.cleaner.threads", null));
        change(sweep, version, "all brokers back", changed(BROKER, "", DELETE, "log.retention.ms", null));
        change(sweep, version, "read-only key of a broker", changed(BROKER, "1", SET, "node.id", "1"));
        change(sweep, version, "unknown key of a broker", changed(BROKER, "1", SET, "no.such.key", "1"));
        change(sweep, version, "invalid value of a broker", changed(BROKER, "1", SET, "num.io.threads", "x"));
        change(sweep, version, "per broker, not for all", changed(BROKER, "", SET, "ssl.keystore.type", "JKS"));
        change(sweep, version, "another broker", changed(BROKER, "5", SET, "log.cleaner.threads", "1"));
        change(sweep, version, "broker by name", changed(BROKER, "abc", SET, "log.cleaner.threads", "1"));
        change(sweep, version, "logger", changed(BROKER_LOGGER, "1", SET, "klamm.sweep.none", "LOUD"));
        change(sweep, version, "group", changed(GROUP, "group", SET, "consumer.session.timeout.ms", "50000"));
        change(sweep, version, "group back", changed(GROUP, "group", DELETE, "consumer.session.timeout.ms", null));
        change(sweep, version, "group out of range", changed(GROUP, "group", SET, "consumer.session.timeout.ms", "1"));
        change(sweep, version, "group with unknown key", changed(GROUP, "group", SET, "no.such.key", "1"));
        change(sweep, version, "client metrics", changed(CLIENT_METRICS, "metrics", SET, "interval.ms", "1000"));
        change(sweep, version, "client metrics back", changed(CLIENT_METRICS, "metrics", DELETE, "interval.ms", null));
        change(sweep, version, "client metrics out of range", changed(CLIENT_METRICS, "metrics", SET, "interval.ms", "1"));
    }
}
