package klamm.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;

/** CreateTopics, DeleteTopics and CreatePartitions. */
final class CreateTopicsCases {
    private static final int TIMEOUT_MS = 10_000;

    private CreateTopicsCases() {
    }

    static Fields topic(String name) {
        return Fields.of("name", name, "numPartitions", 1, "replicationFactor", 1);
    }

    static Fields request(Fields... topics) {
        return Fields.of("topics", List.of((Object[]) topics), "timeoutMs", TIMEOUT_MS);
    }

    /** Names and values in turn. */
    static List<Object> configs(String... namesAndValues) {
        List<Object> configs = new ArrayList<>();
        for (int index = 0; index < namesAndValues.length; index += 2) {
            configs.add(Fields.of("name", namesAndValues[index], "value", namesAndValues[index + 1]));
        }
        return configs;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.CREATE_TOPICS)) {
            create(sweep, version);
            createWithBadNames(sweep, version);
            createWithAssignments(sweep, version);
            createWithConfigs(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.CREATE_PARTITIONS)) {
            createPartitions(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.DELETE_TOPICS)) {
            delete(sweep, version);
        }
    }

    private static void send(Sweep sweep, int version, String name, Fields... topics) throws IOException {
        sweep.send(ApiKeys.CREATE_TOPICS, version, name, request(topics));
    }

    private static void create(Sweep sweep, int version) throws IOException {
        String name = "new-" + version;
        Fields topic = topic(name).with("numPartitions", 2);
        sweep.send(ApiKeys.CREATE_TOPICS, version, "validate only", request(topic).with("validateOnly", true));
        send(sweep, version, "normal", topic);
        sweep.awaitTopic(name, 2);
        send(sweep, version, "existing", topic);
        sweep.send(ApiKeys.CREATE_TOPICS, version, "existing, validate only", request(topic).with("validateOnly", true));
        send(sweep, version, "colliding", topic("new." + version).with("name", name.replace('-', '_')), topic("new." + version));
        sweep.awaitTopic("new_" + version, 1);
        Main.remove(sweep, "new_" + version);
        send(sweep, version, "defaults", topic(name + "d").with("numPartitions", -1, "replicationFactor", -1));
        if (version >= 4) {
            Main.remove(sweep, name + "d");
        }
        send(sweep, version, "no partitions", topic("never").with("numPartitions", 0));
        send(sweep, version, "negative partitions", topic("never").with("numPartitions", -2));
        send(sweep, version, "replication factor 0", topic("never").with("replicationFactor", 0));
        send(sweep, version, "replication factor -2", topic("never").with("replicationFactor", -2));
        send(sweep, version, "replication factor 3", topic("never").with("replicationFactor", 3));
        send(sweep, version, "too many partitions", topic("never").with("numPartitions", 10_001));
        send(sweep, version, "none");
        send(sweep, version, "one bad of two", topic("never").with("numPartitions", 0), topic(name + "t"));
        sweep.awaitTopic(name + "t", 1);
        send(sweep, version, "twice in one request", topic("never"), topic("never"), topic(name + "t"));
        Main.remove(sweep, name + "t");
        Main.remove(sweep, name);
    }

    private static void createWithBadNames(Sweep sweep, int version) throws IOException {
        send(sweep, version, "empty name", topic(""));
        send(sweep, version, "dot", topic("."));
        send(sweep, version, "two dots", topic(".."));
        send(sweep, version, "name with a blank", topic("a b"));
        send(sweep, version, "name beyond ASCII", topic("größe"));
        send(sweep, version, "long name", topic("x".repeat(250)));
        send(sweep, version, "metadata topic", topic("__cluster_metadata"));
        send(sweep, version, "offsets topic", topic("__consumer_offsets"));
    }

    private static Fields assigned(int[]... replicas) {
        List<Object> assignments = new ArrayList<>();
        for (int[] partition : replicas) {
            List<Object> brokers = new ArrayList<>();
            for (int index = 1; index < partition.length; index++) {
                brokers.add(partition[index]);
            }
            assignments.add(Fields.of("partitionIndex", partition[0], "brokerIds", brokers));
        }
        return topic("never").with("numPartitions", -1, "replicationFactor", -1, "assignments", assignments);
    }

    private static void createWithAssignments(Sweep sweep, int version) throws IOException {
        String name = "assigned-" + version;
        send(sweep, version, "assigned", assigned(new int[] {0, 1}, new int[] {1, 1}).with("name", name));
        sweep.awaitTopic(name, 2);
        Main.remove(sweep, name);
        send(sweep, version, "assigned and counted", assigned(new int[] {0, 1}).with("numPartitions", 1));
        send(sweep, version, "assigned with factor", assigned(new int[] {0, 1}).with("replicationFactor", 1));
        send(sweep, version, "assigned with a gap", assigned(new int[] {0, 1}, new int[] {2, 1}));
        send(sweep, version, "assigned without 0", assigned(new int[] {1, 1}));
        send(sweep, version, "assigned to a stranger", assigned(new int[] {0, 5}));
        send(sweep, version, "assigned to -1", assigned(new int[] {0, -1}));
        send(sweep, version, "assigned twice", assigned(new int[] {0, 1, 1}));
        send(sweep, version, "assigned to nobody", assigned(new int[] {0}));
        send(sweep, version, "same partition twice", assigned(new int[] {0, 1}, new int[] {0, 1}));
    }

    private static void createWithConfigs(Sweep sweep, int version) throws IOException {
        String name = "configured-" + version;
        send(sweep, version, "with configs",
            topic(name).with("configs", configs("cleanup.policy", "compact", "retention.ms", "1000")));
        sweep.awaitTopic(name, 1);
        Main.remove(sweep, name);
        String[][] bad = {
            {"no.such.key", "1"}, {"retention.ms", "soon"}, {"retention.ms", "-2"}, {"retention.ms", null},
            {"cleanup.policy", "burn"}, {"cleanup.policy", ""}, {"min.insync.replicas", "0"},
            {"segment.bytes", "1"}, {"compression.type", "zip"}, {"retention.ms", "99999999999999999999"},
            {"max.message.bytes", "-1"}, {"message.timestamp.type", "never"}, {"", "1"},
            {"preallocate", "perhaps"}, {"min.cleanable.dirty.ratio", "2"},
            {"compression.gzip.level", "10"}, {"local.retention.ms", "5"},
            {"remote.storage.enable", "true"}, {"leader.replication.throttled.replicas", "x"},
        };
        for (String[] config : bad) {
            send(sweep, version, "config " + config[0] + "=" + config[1], topic("never").with("configs", configs(config)));
        }
        send(sweep, version, "configs that contradict",
            topic("never").with("configs", configs("min.compaction.lag.ms", "10", "max.compaction.lag.ms", "5")));
        send(sweep, version, "config twice",
            topic("never-" + version).with("configs", configs("retention.ms", "5", "retention.ms", "x")));
    }

    private static Fields partitions(String topic, int count, List<Object> assignments) {
        return Fields.of("topics", List.of(Fields.of("name", topic, "count", count, "assignments", assignments)),
            "timeoutMs", TIMEOUT_MS);
    }

    private static List<Object> brokers(Integer... ids) {
        return List.of(Fields.of("brokerIds", List.of((Object[]) ids)));
    }

    private static void createPartitions(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.CREATE_PARTITIONS;
        String name = "widened-" + version;
        sweep.createTopic(name, 2);
        sweep.send(key, version, "validate only", partitions(name, 3, null).with("validateOnly", true));
        sweep.send(key, version, "normal", partitions(name, 3, null));
        sweep.awaitTopic(name, 3);
        sweep.send(key, version, "as many", partitions(name, 3, null));
        sweep.send(key, version, "fewer", partitions(name, 1, null));
        sweep.send(key, version, "none", partitions(name, 0, null));
        sweep.send(key, version, "negative", partitions(name, -1, null));
        sweep.send(key, version, "unknown topic", partitions("unknown", 3, null));
        sweep.send(key, version, "empty topic", partitions("", 3, null));
        sweep.send(key, version, "too many", partitions(name, 20_000, null).with("validateOnly", true));
        sweep.send(key, version, "assigned", partitions(name, 4, brokers(1)));
        sweep.awaitTopic(name, 4);
        sweep.send(key, version, "too few assigned", partitions(name, 6, brokers(1)));
        sweep.send(key, version, "too many assigned", partitions(name, 4, brokers(1)));
        sweep.send(key, version, "nothing assigned", partitions(name, 5, List.of()));
        sweep.send(key, version, "assigned to a stranger", partitions(name, 5, brokers(7)));
        sweep.send(key, version, "assigned twice", partitions(name, 5, brokers(1, 1)));
        sweep.send(key, version, "assigned to nobody", partitions(name, 5, brokers()));
        Fields five = Fields.of("name", name, "count", 5, "assignments", null);
        Fields twice = Fields.of("topics", List.of(five, five), "timeoutMs", TIMEOUT_MS);
        sweep.send(key, version, "twice in one request", twice);
        sweep.send(key, version, "no topics", Fields.of("topics", List.of(), "timeoutMs", TIMEOUT_MS));
        Main.remove(sweep, name);
    }

    private static void delete(Sweep sweep, int version) throws IOException {
        String name = "deleted-" + version;
        sweep.createTopic(name, 1);
        delete(sweep, version, "unknown", "unknown");
        delete(sweep, version, "invalid name", "a b");
        delete(sweep, version, "empty name", "");
        delete(sweep, version, "none");
        delete(sweep, version, "twice unknown", "unknown", "unknown");
        delete(sweep, version, "normal", name);
        sweep.awaitNoTopic(name);
        delete(sweep, version, "again", name);
        if (version < 6) {
            return;
        }
        sweep.createTopic(name + "i", 1);
        Uuid id = sweep.topicId(name + "i");
        deleteStates(sweep, version, "unknown id", Fields.of("topicId", new Uuid(7, 7)));
        deleteStates(sweep, version, "neither name nor id", Fields.of("name", null));
        deleteStates(sweep, version, "name and id", Fields.of("name", name + "i", "topicId", id));
        deleteStates(sweep, version, "by id and by name", Fields.of("topicId", id), Fields.of("name", name + "i"));
        deleteStates(sweep, version, "id twice", Fields.of("topicId", id), Fields.of("topicId", id));
        deleteStates(sweep, version, "by id", Fields.of("topicId", id));
    }

    private static void delete(Sweep sweep, int version, String name, String... topics) throws IOException {
        List<Object> states = new ArrayList<>();
        for (String topic : topics) {
            states.add(Fields.of("name", topic));
        }
        Fields fields = Fields.of("topics", states, "topicNames", List.of((Object[]) topics), "timeoutMs", TIMEOUT_MS);
        sweep.send(ApiKeys.DELETE_TOPICS, version, name, fields);
    }

    private static void deleteStates(Sweep sweep, int version, String name, Fields... states) throws IOException {
        Fields fields = Fields.of("topics", List.of((Object[]) states), "timeoutMs", TIMEOUT_MS);
        sweep.send(ApiKeys.DELETE_TOPICS, version, name, fields);
    }
}
