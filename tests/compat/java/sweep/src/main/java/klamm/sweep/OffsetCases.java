package klamm.sweep;

import java.io.IOException;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** ListOffsets and OffsetForLeaderEpoch. */
final class OffsetCases {
    private static final String TOPIC = "read";

    private OffsetCases() {
    }

    static Fields listOffsets(String topic, int partition, long timestamp) {
        return listOffsets(topic, Fields.of("partitionIndex", partition, "timestamp", timestamp));
    }

    private static Fields listOffsets(String topic, Fields... partitions) {
        return Fields.of("replicaId", -1, "timeoutMs", 5000,
            "topics", List.of(Fields.of("name", topic, "partitions", List.of((Object[]) partitions))));
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.LIST_OFFSETS)) {
            list(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.OFFSET_FOR_LEADER_EPOCH)) {
            leaderEpochs(sweep, version);
        }
    }

    private static void list(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.LIST_OFFSETS;
        for (int timestamp = 0; timestamp >= -8; timestamp--) {
            sweep.send(key, version, "timestamp " + timestamp, listOffsets(TOPIC, 0, timestamp));
            sweep.send(key, version, "timestamp " + timestamp + ", no records", listOffsets("empty", 0, timestamp));
        }
        for (long behind : new long[] {0, 1, 2, 3, 1000}) {
            sweep.send(key, version, "behind the first by " + behind, listOffsets(TOPIC, 0, Batches.TIMESTAMP_MS + behind));
        }
        sweep.send(key, version, "latest timestamp", listOffsets(TOPIC, 0, Long.MAX_VALUE));
        sweep.send(key, version, "earliest timestamp", listOffsets(TOPIC, 0, Long.MIN_VALUE));
        sweep.send(key, version, "read committed", listOffsets(TOPIC, 0, -1).with("isolationLevel", 1));
        sweep.send(key, version, "unknown isolation", listOffsets(TOPIC, 0, -1).with("isolationLevel", 7));
        sweep.send(key, version, "unknown isolation and topic", listOffsets("unknown", 0, -1).with("isolationLevel", 7));
        sweep.send(key, version, "unknown topic", listOffsets("unknown", 0, -1));
        sweep.send(key, version, "unknown partition", listOffsets(TOPIC, 9, -1));
        sweep.send(key, version, "negative partition", listOffsets(TOPIC, -1, -1));
        Fields end = Fields.of("partitionIndex", 0, "timestamp", -1);
        sweep.send(key, version, "partition twice", listOffsets(TOPIC, end, end.with("timestamp", -2)));
        sweep.send(key, version, "two partitions", listOffsets(TOPIC, end, end.with("partitionIndex", 1)));
        sweep.send(key, version, "current epoch", listOffsets(TOPIC, end.with("currentLeaderEpoch", 0)));
        sweep.send(key, version, "epoch of the future", listOffsets(TOPIC, end.with("currentLeaderEpoch", 4)));
        sweep.send(key, version, "as a replica", listOffsets(TOPIC, end).with("replicaId", 5));
        sweep.send(key, version, "for debugging", listOffsets(TOPIC, end).with("replicaId", -2));
        sweep.send(key, version, "no partitions", listOffsets(TOPIC));
        sweep.send(key, version, "no topics", listOffsets(TOPIC).with("topics", List.of()));
    }

    private static Fields epochOf(String topic, int partition, int epoch) {
        Fields asked = Fields.of("partition", partition, "leaderEpoch", epoch);
        return Fields.of("replicaId", -1, "topics", List.of(Fields.of("topic", topic, "partitions", List.of(asked))));
    }

    private static void leaderEpochs(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.OFFSET_FOR_LEADER_EPOCH;
        for (int epoch : new int[] {-2, -1, 0, 1, 5}) {
            sweep.send(key, version, "epoch " + epoch, epochOf(TOPIC, 0, epoch));
        }
        sweep.send(key, version, "no records", epochOf("empty", 0, 0));
        sweep.send(key, version, "unknown topic", epochOf("unknown", 0, 0));
        sweep.send(key, version, "unknown partition", epochOf(TOPIC, 9, 0));
        for (int current : new int[] {0, 3}) {
            Fields asked = Fields.of("partition", 0, "leaderEpoch", 0, "currentLeaderEpoch", current);
            Fields topic = Fields.of("topic", TOPIC, "partitions", List.of(asked));
            sweep.send(key, version, "current epoch " + current, Fields.of("replicaId", -1, "topics", List.of(topic)));
        }
        sweep.send(key, version, "as a replica", epochOf(TOPIC, 0, 0).with("replicaId", 5));
        sweep.send(key, version, "for debugging", epochOf(TOPIC, 0, 0).with("replicaId", -2));
        sweep.send(key, version, "no topics", Fields.of("replicaId", -1, "topics", List.of()));
    }
}
