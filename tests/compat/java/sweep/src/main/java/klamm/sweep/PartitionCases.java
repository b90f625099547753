package klamm.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** ElectLeaders, AlterPartitionReassignments and ListPartitionReassignments, as far as one broker can show them. */
final class PartitionCases {
    private static final int PREFERRED = 0;
    private static final int UNCLEAN = 1;

    private final Sweep sweep;
    private final String where;

    private PartitionCases(Sweep sweep, String where) {
        this.sweep = sweep;
        this.where = where;
    }

    static void run(Sweep sweep) throws IOException {
        sweep.settle();
        new PartitionCases(sweep, "").run();
        try (Sweep controller = sweep.controller()) {
            new PartitionCases(controller, ", controller").run();
        }
    }

    static List<Object> indexed(int... partitions) {
        List<Object> indexes = new ArrayList<>();
        for (int partition : partitions) {
            indexes.add(Fields.of("partitionIndex", partition));
        }
        return indexes;
    }

    private void run() throws IOException {
        for (int version : Main.versions(ApiKeys.ELECT_LEADERS)) {
            elect(version, "preferred", PREFERRED);
            elect(version, "unclean", UNCLEAN);
            send(ApiKeys.ELECT_LEADERS, version, "unknown type",
                Fields.of("electionType", (byte) 7, "topicPartitions", List.of(partitions("plain", 0, 9))));
        }
        for (int version : Main.versions(ApiKeys.ALTER_PARTITION_REASSIGNMENTS)) {
            reassign(version);
        }
        for (int version : Main.versions(ApiKeys.LIST_PARTITION_REASSIGNMENTS)) {
            list(version);
        }
    }

    private void send(ApiKeys key, int version, String name, Fields fields) throws IOException {
        sweep.send(key, version, name + where, fields);
    }

    private static Fields partitions(String topic, Integer... indexes) {
        return Fields.of("topic", topic, "partitions", List.of(indexes));
    }

    private void elect(int version, String name, int type) throws IOException {
        ApiKeys key = ApiKeys.ELECT_LEADERS;
        Fields request = Fields.of("electionType", (byte) type);
        send(key, version, name + ", all", request.with("topicPartitions", null));
        send(key, version, name + ", none", request.with("topicPartitions", List.of()));
        send(key, version, name, request.with("topicPartitions", List.of(partitions("plain", 0, 1, 2))));
        send(key, version, name + ", known and unknown", request.with("topicPartitions",
            List.of(partitions("unknown", 0), partitions("plain", 2, 3, -1), partitions("", 0))));
        send(key, version, name + ", no partitions", request.with("topicPartitions", List.of(partitions("plain"))));
        send(key, version, name + ", partition twice",
            request.with("topicPartitions", List.of(partitions("plain", 1, 1))));
    }

    private static Fields moved(String topic, int partition, Integer... replicas) {
        List<Integer> ids = replicas == null ? null : List.of(replicas);
        return topic(topic, Fields.of("partitionIndex", partition, "replicas", ids));
    }

    private static Fields topic(String name, Fields... partitions) {
        return Fields.of("name", name, "partitions", List.of((Object[]) partitions));
    }

    private void move(int version, String name, Fields... topics) throws IOException {
        send(ApiKeys.ALTER_PARTITION_REASSIGNMENTS, version, name, Fields.of("topics", List.of((Object[]) topics)));
    }

    private void reassign(int version) throws IOException {
        move(version, "where it is", moved("plain", 0, 1));
        move(version, "unknown broker", moved("plain", 0, 2));
        move(version, "another unknown broker", moved("plain", 0, 1, 2));
        move(version, "negative broker", moved("plain", 0, -1));
        move(version, "no replicas", moved("plain", 0));
        move(version, "broker twice", moved("plain", 0, 1, 1));
        move(version, "cancelled", moved("plain", 0, (Integer[]) null));
        move(version, "unknown topic", moved("unknown", 0, 1));
        move(version, "unknown topic, cancelled", moved("unknown", 0, (Integer[]) null));
        move(version, "unknown partition", moved("plain", 9, 1));
        move(version, "known and unknown", moved("unknown", 0, 1),
            topic("plain", Fields.of("partitionIndex", 1, "replicas", List.of(1)),
                Fields.of("partitionIndex", -1, "replicas", List.of(1)),
                Fields.of("partitionIndex", 2, "replicas", List.of(7))));
        move(version, "no topics");
        move(version, "no partitions", topic("plain"));
        Fields same = Fields.of("allowReplicationFactorChange", false);
        if (version > 0) {
            move(version, same, "as many replicas", moved("plain", 0, 1));
            move(version, same, "as many replicas, unknown broker", moved("plain", 0, 1, 2));
            move(version, same, "as many replicas, none", moved("plain", 0));
            move(version, same, "as many replicas, no topics");
        }
    }

    private void move(int version, Fields request, String name, Fields... topics) throws IOException {
        send(ApiKeys.ALTER_PARTITION_REASSIGNMENTS, version, name, request.with("topics", List.of((Object[]) topics)));
    }

    private void list(int version) throws IOException {
        ApiKeys key = ApiKeys.LIST_PARTITION_REASSIGNMENTS;
        send(key, version, "all", Fields.of("topics", null));
        send(key, version, "none", Fields.of("topics", List.of()));
        Fields known = Fields.of("name", "plain", "partitionIndexes", List.of(0, 9));
        Fields unknown = Fields.of("name", "unknown", "partitionIndexes", List.of(0));
        Fields empty = Fields.of("name", "plain", "partitionIndexes", List.of());
        send(key, version, "known and unknown", Fields.of("topics", List.of(known, unknown, empty)));
    }
}
