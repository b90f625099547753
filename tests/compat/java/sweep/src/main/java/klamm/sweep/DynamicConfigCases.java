package klamm.sweep;

import static klamm.sweep.ConfigCases.APPEND;
import static klamm.sweep.ConfigCases.BROKER;
import static klamm.sweep.ConfigCases.BROKER_LOGGER;
import static klamm.sweep.ConfigCases.CLIENT_METRICS;
import static klamm.sweep.ConfigCases.DELETE;
import static klamm.sweep.ConfigCases.GROUP;
import static klamm.sweep.ConfigCases.SET;
import static klamm.sweep.ConfigCases.SUBTRACT;
import static klamm.sweep.ConfigCases.TOPIC;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** Configurations of brokers, loggers, groups and client metrics, and the lists of what can be configured. */
final class DynamicConfigCases {
    private DynamicConfigCases() {
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.DESCRIBE_TOPIC_PARTITIONS)) {
            describeTopics(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.LIST_CONFIG_RESOURCES)) {
            list(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.DESCRIBE_CONFIGS)) {
            describe(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.ALTER_CONFIGS)) {
            replace(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.INCREMENTAL_ALTER_CONFIGS)) {
            changeBrokers(sweep, version);
            changeForAllBrokers(sweep, version);
            changeLoggers(sweep, version);
            changeGroups(sweep, version);
            changeClientMetrics(sweep, version);
            changeTopics(sweep, version);
        }
    }

    private static Fields page(int limit, Fields cursor, String... names) {
        List<Object> topics = new ArrayList<>();
        for (String name : names) {
            topics.add(Fields.of("name", name));
        }
        return Fields.of("topics", topics, "responsePartitionLimit", limit, "cursor", cursor);
    }

    private static Fields cursor(String topic, int partition) {
        return Fields.of("topicName", topic, "partitionIndex", partition);
    }

    private static void describeTopics(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.DESCRIBE_TOPIC_PARTITIONS;
        sweep.send(key, version, "topic", page(2000, null, "plain"));
        sweep.send(key, version, "topics", page(2000, null, "small", "plain", "empty"));
        sweep.send(key, version, "topic twice", page(2000, null, "plain", "empty", "plain"));
        sweep.send(key, version, "unknown topic", page(2000, null, "unknown", "plain"));
        sweep.send(key, version, "invalid topic", page(2000, null, "a b", "plain"));
        sweep.send(key, version, "empty topic", page(2000, null, "", "plain"));
        sweep.send(key, version, "internal topic", page(2000, null, "__consumer_offsets"));
        sweep.send(key, version, "limit within a topic", page(2, null, "plain", "read"));
        sweep.send(key, version, "limit at the end of a topic", page(3, null, "plain", "read"));
        sweep.send(key, version, "limit before an unknown topic", page(3, null, "plain", "unknown"));
        sweep.send(key, version, "limit of 0", page(0, null, "plain"));
        sweep.send(key, version, "negative limit", page(-5, null, "plain"));
        sweep.send(key, version, "huge limit", page(Integer.MAX_VALUE, null, "plain"));
        sweep.send(key, version, "cursor", page(2, cursor("plain", 1), "plain", "empty", "read"));
        sweep.send(key, version, "cursor at the end", page(2, cursor("plain", 2), "plain", "read"));
        sweep.send(key, version, "cursor behind the end", page(2, cursor("plain", 3), "plain", "read"));
        sweep.send(key, version, "cursor at an unknown topic", page(2, cursor("q", 0), "plain", "q", "read"));
        sweep.send(key, version, "cursor at another topic", page(2, cursor("empty", 0), "plain"));
        sweep.send(key, version, "negative partition in cursor", page(2, cursor("plain", -1), "plain", "read"));
        sweep.send(key, version, "negative partition for all topics", page(2, cursor("plain", -1)));
        sweep.send(key, version, "all topics", page(2000, null));
        sweep.send(key, version, "first page of all topics", page(2, null));
        sweep.send(key, version, "next page of all topics", page(2, cursor("plain", 1)));
        sweep.send(key, version, "all topics behind a cursor", page(2000, cursor("r", 5)));
    }

    private static void list(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.LIST_CONFIG_RESOURCES;
        sweep.send(key, version, "all of a new cluster", kinds());
        ask(sweep, change(GROUP, "listed", SET, "consumer.session.timeout.ms", "50000"));
        ask(sweep, change(CLIENT_METRICS, "listed", SET, "interval.ms", "1000"));
        Waiting waiting = new Waiting("what is listed");
        while (true) {
            String seen = sweep.ask(key, kinds(GROUP, CLIENT_METRICS)).toString();
            if (seen.split("listed", -1).length == 3) {
                break;
            }
            waiting.again(seen);
        }
        sweep.send(key, version, "all", kinds());
        sweep.send(key, version, "groups", kinds(GROUP));
        sweep.send(key, version, "client metrics", kinds(CLIENT_METRICS));
        sweep.send(key, version, "brokers and loggers", kinds(BROKER_LOGGER, BROKER));
        sweep.send(key, version, "topics twice", kinds(TOPIC, TOPIC));
        sweep.send(key, version, "unknown kind", kinds(3));
        sweep.send(key, version, "unknown and known kind", kinds(GROUP, 99));
        sweep.send(key, version, "kind 0", kinds(0));
        ask(sweep, change(GROUP, "listed", DELETE, "consumer.session.timeout.ms", null));
        ask(sweep, change(CLIENT_METRICS, "listed", DELETE, "interval.ms", null));
        while (sweep.ask(key, kinds(GROUP, CLIENT_METRICS)).toString().contains("listed")) {
            waiting.again("still there");
        }
        sweep.send(key, version, "nothing any more", kinds(GROUP, CLIENT_METRICS));
    }

    private static Fields kinds(Object... kinds) {
        return Fields.of("resourceTypes", List.of(kinds));
    }

    private static Fields described(int type, String name, Object... keys) {
        List<Object> asked = keys.length == 0 ? null : List.of(keys);
        Fields resource = Fields.of("resourceType", type, "resourceName", name, "configurationKeys", asked);
        return Fields.of("resources", List.of(resource), "includeSynonyms", true);
    }

    private static void describe(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.DESCRIBE_CONFIGS;
        sweep.send(key, version, "all synonyms of a broker", described(BROKER, "1"));
        sweep.send(key, version, "documented broker", described(BROKER, "1").with("includeDocumentation", true));
        sweep.send(key, version, "documented topic", described(TOPIC, "plain").with("includeDocumentation", true));
        sweep.send(key, version, "documented group", described(GROUP, "g").with("includeDocumentation", true));
        sweep.send(key, version, "documented client metrics",
            described(CLIENT_METRICS, "m").with("includeDocumentation", true));
        sweep.send(key, version, "broker 01", described(BROKER, "01", "node.id"));
        sweep.send(key, version, "loggers of a broker by name", described(BROKER_LOGGER, "abc", "root"));
        sweep.send(key, version, "unknown logger", described(BROKER_LOGGER, "1", "no.such.logger"));
    }

    /** Operation, key and value in turn. */
    private static Fields change(int type, String name, Object... changes) {
        List<Object> configs = new ArrayList<>();
        for (int index = 0; index < changes.length; index += 3) {
            configs.add(Fields.of(
                "configOperation", changes[index], "name", changes[index + 1], "value", changes[index + 2]));
        }
        return Fields.of("resourceType", type, "resourceName", name, "configs", configs);
    }

    private static Fields resources(Fields... resources) {
        return Fields.of("resources", List.of((Object[]) resources));
    }

    private static JsonNode ask(Sweep sweep, Fields... resources) throws IOException {
        return sweep.ask(ApiKeys.INCREMENTAL_ALTER_CONFIGS, resources(resources));
    }

    private static void send(Sweep sweep, int version, String name, Fields... resources) throws IOException {
        sweep.send(ApiKeys.INCREMENTAL_ALTER_CONFIGS, version, name, resources(resources));
    }

    /** Describes when the answer has no such text any more. */
    private static void describeWithout(Sweep sweep, String name, String text, Fields configs) throws IOException {
        Waiting waiting = new Waiting(name);
        while (sweep.ask(ApiKeys.DESCRIBE_CONFIGS, configs).toString().contains(text)) {
            waiting.again("still there");
        }
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, name, configs);
    }

    /** Describes when the answer has this text. */
    private static void describeWhen(Sweep sweep, String name, String text, Fields configs) throws IOException {
        Waiting waiting = new Waiting(name);
        while (true) {
            String seen = sweep.ask(ApiKeys.DESCRIBE_CONFIGS, configs).toString();
            if (seen.contains(text)) {
                break;
            }
            waiting.again(seen);
        }
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, name, configs);
    }

    private static void replace(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.ALTER_CONFIGS;
        Fields broker = replaced(BROKER, "1", "log.cleaner.threads", "2", "max.connections.per.ip", "77");
        sweep.send(key, version, "broker", resources(broker));
        String of = "replaced in v" + version + ": ";
        Fields some = described(BROKER, "1", "log.cleaner.threads", "max.connections.per.ip", "log.roll.hours");
        describeWhen(sweep, of + "broker", "\"77\"", some);
        sweep.send(key, version, "other keys of a broker", resources(replaced(BROKER, "1", "max.connections.per.ip", "78")));
        describeWhen(sweep, of + "other keys of a broker", "\"78\"", some);
        sweep.send(key, version, "no keys of a broker", resources(replaced(BROKER, "1")));
        describeWithout(sweep, of + "no keys of a broker", "\"78\"", some);
        sweep.send(key, version, "all brokers", resources(
            replaced(BROKER, "", "log.cleaner.backoff.ms", "1234", "min.insync.replicas", "1")));
        describeWhen(sweep, of + "all brokers", "\"1234\"", described(BROKER, ""));
        sweep.send(key, version, "no keys of all brokers", resources(replaced(BROKER, "")));
        sweep.send(key, version, "all brokers back", resources(replaced(BROKER, "", "min.insync.replicas", "1")));
        sweep.send(key, version, "broker, validate only",
            resources(replaced(BROKER, "1", "log.cleaner.threads", "2")).with("validateOnly", true));
        sweep.send(key, version, "broker, bad and validate only",
            resources(replaced(BROKER, "1", "log.cleaner.threads", "0")).with("validateOnly", true));
        sweep.send(key, version, "invalid value of a broker", resources(replaced(BROKER, "1", "log.cleaner.threads", "x")));
        sweep.send(key, version, "null value of a broker", resources(replaced(BROKER, "1", "log.cleaner.threads", null)));
        sweep.send(key, version, "per broker, not for all", resources(replaced(BROKER, "", "listeners", "PLAINTEXT://:1")));
        sweep.send(key, version, "broker by name", resources(replaced(BROKER, "abc", "log.cleaner.threads", "1")));
        sweep.send(key, version, "logger", resources(replaced(BROKER_LOGGER, "1", "root", "WARN")));
        sweep.send(key, version, "group", resources(replaced(GROUP, "g" + version, "consumer.session.timeout.ms", "50000")));
        describeWhen(sweep, of + "group", "\"50000\"", described(GROUP, "g" + version));
        sweep.send(key, version, "other keys of a group",
            resources(replaced(GROUP, "g" + version, "consumer.heartbeat.interval.ms", "6000")));
        describeWhen(sweep, of + "other keys of a group", "\"6000\"", described(GROUP, "g" + version));
        sweep.send(key, version, "no keys of a group", resources(replaced(GROUP, "g" + version)));
        sweep.send(key, version, "group without a name", resources(replaced(GROUP, "", "consumer.session.timeout.ms", "50000")));
        sweep.send(key, version, "client metrics", resources(replaced(CLIENT_METRICS, "m" + version, "metrics", "a.,b.")));
        describeWhen(sweep, of + "client metrics", "a.,b.", described(CLIENT_METRICS, "m" + version));
        sweep.send(key, version, "no keys of client metrics", resources(replaced(CLIENT_METRICS, "m" + version)));
        sweep.send(key, version, "client metrics without a name", resources(replaced(CLIENT_METRICS, "", "metrics", "*")));
        sweep.send(key, version, "resources of all kinds", resources(
            replaced(CLIENT_METRICS, "mixed", "interval.ms", "1"), replaced(BROKER, "7", "log.cleaner.threads", "1"),
            replaced(TOPIC, "unknown", "retention.ms", "1"), replaced(GROUP, "mixed", "no.such.key", "1"),
            replaced(0, "mixed", "x", "1")).with("validateOnly", true));
    }

    private static Fields replaced(int type, String name, String... configs) {
        return Fields.of("resourceType", type, "resourceName", name, "configs", CreateTopicsCases.configs(configs));
    }

    private static void changeBrokers(Sweep sweep, int version) throws IOException {
        send(sweep, version, "several keys of a broker", change(BROKER, "1",
            SET, "log.retention.ms", "7777777", SET, "compression.type", "zstd", SET, "message.max.bytes", "2222222",
            SET, "background.threads", "12", SET, "producer.id.expiration.ms", "90000000",
            APPEND, "log.cleanup.policy", "compact"));
        String of = "changed in v" + version + ": ";
        List<Object> keys = List.of("log.retention.ms", "log.retention.minutes", "log.retention.hours", "compression.type",
            "message.max.bytes", "background.threads", "producer.id.expiration.ms", "log.cleanup.policy");
        describeWhen(sweep, of + "several keys of a broker", "7777777", described(BROKER, "1", keys.toArray()));
        describeWhen(sweep, of + "a topic under a broker", "2222222", described(TOPIC, "plain"));
        send(sweep, version, "subtract from a broker", change(BROKER, "1", SUBTRACT, "log.cleanup.policy", "compact"));
        send(sweep, version, "subtract what a broker has not", change(BROKER, "1", SUBTRACT, "log.cleanup.policy", "x"));
        send(sweep, version, "several keys of a broker back", change(BROKER, "1",
            DELETE, "log.retention.ms", null, DELETE, "compression.type", null, DELETE, "message.max.bytes", null,
            DELETE, "background.threads", null, DELETE, "producer.id.expiration.ms", null,
            DELETE, "log.cleanup.policy", null));
        refuse(sweep, version, "1", SET, "num.io.threads", "100");
        refuse(sweep, version, "1", SET, "num.io.threads", "3");
        refuse(sweep, version, "1", SET, "num.io.threads", "0");
        refuse(sweep, version, "1", SET, "num.network.threads", "7");
        refuse(sweep, version, "1", SET, "log.cleaner.threads", "0");
        refuse(sweep, version, "1", SET, "log.cleaner.threads", "3");
        refuse(sweep, version, "1", SET, "max.connections", "0");
        refuse(sweep, version, "1", SET, "max.connections.per.ip", "0");
        refuse(sweep, version, "1", SET, "max.connections.per.ip.overrides", "host");
        refuse(sweep, version, "1", SET, "log.segment.bytes", "1");
        refuse(sweep, version, "1", SET, "log.cleanup.policy", "burn");
        refuse(sweep, version, "1", SET, "compression.type", "none");
        refuse(sweep, version, "1", SET, "cordoned.log.dirs", "/elsewhere");
        refuse(sweep, version, "1", SET, "ssl.keystore.location", "/x");
        refuse(sweep, version, "1", SET, "min.insync.replicas", "2");
        refuse(sweep, version, "1", SET, "leader.replication.throttled.rate", "-1");
        refuse(sweep, version, "1", SET, "message.max.bytes", null);
        refuse(sweep, version, "1", APPEND, "message.max.bytes", "1");
        refuse(sweep, version, "1", SUBTRACT, "no.such.key", "1");
        refuse(sweep, version, "1", DELETE, "no.such.key", null);
        refuse(sweep, version, "1", DELETE, "node.id", null);
        refuse(sweep, version, "1", 9, "log.cleaner.threads", "1");
        send(sweep, version, "log.retention.hours of a broker", change(BROKER, "1", SET, "log.retention.hours", "1"));
        send(sweep, version, "key of a broker twice",
            change(BROKER, "1", SET, "log.retention.ms", "1", SET, "log.retention.ms", "2"));
        send(sweep, version, "two read-only keys in order",
            change(BROKER, "1", SET, "log.retention.ms", "5", SET, "log.dirs", "/x"));
        send(sweep, version, "broker twice",
            change(BROKER, "1", SET, "log.retention.ms", "1"), change(BROKER, "1", SET, "log.retention.ms", "2"));
        send(sweep, version, "nothing for a broker", change(BROKER, "1"));
    }

    private static void refuse(Sweep sweep, int version, String broker, int operation, String key, String value)
        throws IOException {
        String whose = broker.isEmpty() ? "all brokers" : "broker";
        String name = whose + ": " + operation + " " + key + " " + value;
        Fields request = resources(change(BROKER, broker, operation, key, value)).with("validateOnly", true);
        sweep.send(ApiKeys.INCREMENTAL_ALTER_CONFIGS, version, name, request);
    }

    private static void changeForAllBrokers(Sweep sweep, int version) throws IOException {
        String of = "changed in v" + version + ": ";
        send(sweep, version, "several keys of all brokers", change(BROKER, "",
            SET, "log.retention.ms", "8888888", SET, "unclean.leader.election.enable", "true",
            SET, "group.consumer.assignment.interval.ms", "2000", SET, "log.segment.delete.delay.ms", "61000"));
        Fields all = described(BROKER, "");
        describeWhen(sweep, of + "all brokers", "8888888", all);
        Object[] some = {"log.retention.ms", "unclean.leader.election.enable", "log.segment.delete.delay.ms"};
        describeWhen(sweep, of + "a broker under all", "8888888", described(BROKER, "1", some));
        send(sweep, version, "a broker over all", change(BROKER, "1", SET, "log.retention.ms", "9999999"));
        describeWhen(sweep, of + "a broker over all", "9999999", described(BROKER, "1", some));
        describeWhen(sweep, of + "a topic under both", "9999999", described(TOPIC, "plain", "retention.ms", "file.delete.delay.ms"));
        describeWhen(sweep, of + "a group under all", "\"2000\"", described(GROUP, "g", "consumer.assignment.interval.ms"));
        send(sweep, version, "a broker over all back", change(BROKER, "1", DELETE, "log.retention.ms", null));
        describeWithout(sweep, of + "a broker over all back", "9999999", described(BROKER, "1", some));
        send(sweep, version, "several keys of all brokers back", change(BROKER, "",
            DELETE, "log.retention.ms", null, DELETE, "unclean.leader.election.enable", null,
            DELETE, "group.consumer.assignment.interval.ms", null, DELETE, "log.segment.delete.delay.ms", null));
        Waiting waiting = new Waiting("all brokers");
        while (sweep.ask(ApiKeys.DESCRIBE_CONFIGS, all).toString().contains("8888888")) {
            waiting.again("still there");
        }
        refuse(sweep, version, "", SET, "listeners", "PLAINTEXT://:1");
        refuse(sweep, version, "", SET, "cordoned.log.dirs", "*");
        refuse(sweep, version, "", SET, "listener.name.plaintext.ssl.keystore.type", "JKS");
        refuse(sweep, version, "", SET, "node.id", "1");
        refuse(sweep, version, "", SET, "log.retention.ms", "soon");
        refuse(sweep, version, "", SET, "num.recovery.threads.per.data.dir", "5");
        refuse(sweep, version, "", SET, "log.cleaner.io.buffer.load.factor", "much");
        refuse(sweep, version, "", SET, "min.insync.replicas", "0");
        refuse(sweep, version, "", DELETE, "min.insync.replicas", null);
        refuse(sweep, version, "", SET, "plugin.key", "1");
        refuse(sweep, version, "", SET, "listener.name.plaintext.max.connections", "5");
    }

    private static void changeLoggers(Sweep sweep, int version) throws IOException {
        Fields root = described(BROKER_LOGGER, "1", "root");
        send(sweep, version, "root logger", change(BROKER_LOGGER, "1", SET, "root", "ERROR"));
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, "root logger changed in v" + version, root);
        send(sweep, version, "root logger back", change(BROKER_LOGGER, "1", SET, "root", "WARN"));
        sweep.send(ApiKeys.INCREMENTAL_ALTER_CONFIGS, version, "logger, validate only",
            resources(change(BROKER_LOGGER, "1", SET, "root", "FATAL")).with("validateOnly", true));
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, "root logger back in v" + version, root);
        Object[][] wrong = {
            {SET, "root", "LOUD"}, {SET, "root", "debug"}, {SET, "root", "OFF"}, {SET, "root", null}, {DELETE, "root", null},
            {SET, "no.such.logger", "INFO"}, {DELETE, "no.such.logger", null}, {APPEND, "root", "INFO"},
            {SUBTRACT, "root", "INFO"}, {9, "root", "INFO"}, {SET, "", "INFO"}};
        for (Object[] each : wrong) {
            String name = "logger: " + each[0] + " " + each[1] + " " + each[2];
            send(sweep, version, name, change(BROKER_LOGGER, "1", each));
        }
        send(sweep, version, "logger of another broker", change(BROKER_LOGGER, "5", SET, "root", "INFO"));
        send(sweep, version, "logger of no broker", change(BROKER_LOGGER, "", SET, "root", "INFO"));
        send(sweep, version, "logger of a broker by name", change(BROKER_LOGGER, "abc", SET, "root", "INFO"));
        send(sweep, version, "logger twice", change(BROKER_LOGGER, "1", SET, "root", "WARN", SET, "root", "WARN"));
        send(sweep, version, "one bad of two loggers",
            change(BROKER_LOGGER, "1", SET, "root", "DEBUG", SET, "no.such.logger", "DEBUG"));
        sweep.send(ApiKeys.DESCRIBE_CONFIGS, 4, "root logger as before in v" + version, root);
        send(sweep, version, "nothing for loggers", change(BROKER_LOGGER, "1"));
    }

    private static void changeGroups(Sweep sweep, int version) throws IOException {
        String group = "changed-" + version;
        send(sweep, version, "several keys of a group", change(GROUP, group,
            SET, "consumer.session.timeout.ms", "50000", SET, "share.isolation.level", "read_committed",
            SET, "share.auto.offset.reset", "earliest", SET, "streams.num.standby.replicas", "1"));
        describeWhen(sweep, "group changed in v" + version, "50000", described(GROUP, group));
        send(sweep, version, "several keys of a group back", change(GROUP, group,
            DELETE, "consumer.session.timeout.ms", null, DELETE, "share.isolation.level", null,
            DELETE, "share.auto.offset.reset", null, DELETE, "streams.num.standby.replicas", null));
        Object[][] wrong = {
            {SET, "consumer.session.timeout.ms", "100000000"}, {SET, "consumer.heartbeat.interval.ms", "100"},
            {SET, "consumer.heartbeat.interval.ms", "soon"}, {SET, "consumer.heartbeat.interval.ms", "0"},
            {SET, "share.record.lock.duration.ms", "1"}, {SET, "share.record.lock.duration.ms", "1000"},
            {SET, "share.delivery.count.limit", "100"}, {SET, "share.isolation.level", "read_all"},
            {SET, "share.auto.offset.reset", "never"}, {SET, "share.auto.offset.reset", "by_duration:-PT1H"},
            {SET, "share.partition.max.record.locks", "1"}, {SET, "streams.num.standby.replicas", "9"},
            {SET, "streams.session.timeout.ms", "1"}, {SET, "consumer.assignment.interval.ms", "99999999"},
            {SET, "share.renew.acknowledge.enable", "perhaps"},
            {APPEND, "consumer.session.timeout.ms", "1"}, {SUBTRACT, "share.isolation.level", "x"},
            {DELETE, "no.such.key", null}, {SET, "consumer.session.timeout.ms", null}, {9, "share.isolation.level", "x"}};
        for (Object[] each : wrong) {
            send(sweep, version, "group: " + each[0] + " " + each[1] + " " + each[2], change(GROUP, group, each));
        }
        send(sweep, version, "heartbeat of a group over its session", change(GROUP, group,
            SET, "consumer.heartbeat.interval.ms", "15000", SET, "consumer.session.timeout.ms", "45000",
            SET, "streams.session.timeout.ms", "45000"));
        send(sweep, version, "keys of a group away", change(GROUP, group,
            DELETE, "consumer.heartbeat.interval.ms", null, DELETE, "consumer.session.timeout.ms", null,
            DELETE, "streams.session.timeout.ms", null));
        send(sweep, version, "group without a name", change(GROUP, "", SET, "consumer.session.timeout.ms", "50000"));
        send(sweep, version, "nothing for a group", change(GROUP, group));
    }

    private static void changeClientMetrics(Sweep sweep, int version) throws IOException {
        String name = "changed-" + version;
        send(sweep, version, "several keys of client metrics", change(CLIENT_METRICS, name,
            SET, "interval.ms", "1000", SET, "metrics", "org.apache.kafka.producer.",
            SET, "match", "client_id=a.*,client_software_name=apache"));
        send(sweep, version, "append to client metrics", change(CLIENT_METRICS, name,
            APPEND, "metrics", "org.apache.kafka.consumer."));
        send(sweep, version, "subtract from client metrics", change(CLIENT_METRICS, name, SUBTRACT, "match", "client_id=a.*"));
        describeWhen(sweep, "client metrics changed in v" + version, "kafka.producer", described(CLIENT_METRICS, name));
        send(sweep, version, "several keys of client metrics back", change(CLIENT_METRICS, name,
            DELETE, "interval.ms", null, DELETE, "metrics", null, DELETE, "match", null));
        Object[][] wrong = {
            {SET, "interval.ms", "3600001"}, {SET, "interval.ms", "soon"}, {SET, "match", "client_id"},
            {SET, "match", "host=a"}, {SET, "match", "client_id=["}, {SET, "metrics", ",,"}, {SET, "metrics", "*,a."},
            {APPEND, "interval.ms", "1"}, {SET, "no.such.key", "1"}, {DELETE, "no.such.key", null},
            {SET, "interval.ms", null}};
        for (Object[] each : wrong) {
            Fields request = resources(change(CLIENT_METRICS, name, each)).with("validateOnly", true);
            String which = "client metrics: " + each[0] + " " + each[1] + " " + each[2];
            sweep.send(ApiKeys.INCREMENTAL_ALTER_CONFIGS, version, which, request);
        }
        send(sweep, version, "client metrics without a name", change(CLIENT_METRICS, "", SET, "interval.ms", "1000"));
        send(sweep, version, "nothing for client metrics", change(CLIENT_METRICS, name));
    }

    private static void changeTopics(Sweep sweep, int version) throws IOException {
        Object[][] changes = {
            {SET, "retention.ms", ""}, {SET, "cleanup.policy", ""}, {SET, "cleanup.policy", "compact, delete"},
            {SET, "cleanup.policy", "delete,,compact"}, {APPEND, "cleanup.policy", ""}, {SUBTRACT, "cleanup.policy", "compact"},
            {SET, "compression.type", "ZSTD"}, {SET, "compression.gzip.level", "10"}, {SET, "min.cleanable.dirty.ratio", "2"},
            {SET, "min.cleanable.dirty.ratio", "-0.1"}, {SET, "message.timestamp.type", "Now"}, {SET, "preallocate", "yes"},
            {SET, "segment.bytes", "1"}, {SET, "segment.bytes", "9999999999"}, {SET, "remote.storage.enable", "true"},
            {SET, "leader.replication.throttled.replicas", "0:1,1:2"}, {SET, "follower.replication.throttled.replicas", "x"},
            {APPEND, "leader.replication.throttled.replicas", "2:1"}, {SET, "max.compaction.lag.ms", "0"},
            {SET, "local.retention.ms", "-3"}, {SET, "local.retention.ms", "99999999999"}, {SET, "flush.ms", "-1"},
            {SET, "internal.segment.bytes", "100"}, {SET, "unclean.leader.election.enable", "TRUE"}};
        for (Object[] each : changes) {
            Fields request = resources(change(TOPIC, "plain", each)).with("validateOnly", true);
            String which = "topic: " + each[0] + " " + each[1] + " " + each[2];
            sweep.send(ApiKeys.INCREMENTAL_ALTER_CONFIGS, version, which, request);
        }
        Fields lags = resources(change(TOPIC, "plain", SET, "min.compaction.lag.ms", "9", SET, "max.compaction.lag.ms", "8"));
        sweep.send(ApiKeys.INCREMENTAL_ALTER_CONFIGS, version, "topic: lags", lags.with("validateOnly", true));
    }
}
