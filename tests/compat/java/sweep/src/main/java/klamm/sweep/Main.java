package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.common.protocol.ApiKeys;

/** {@code Main HOST PORT} sends all cases to the broker there, which must be a new one, and prints their answers. */
public final class Main {
    static final List<ApiKeys> KEYS = List.of(
        ApiKeys.PRODUCE, ApiKeys.FETCH, ApiKeys.LIST_OFFSETS, ApiKeys.METADATA, ApiKeys.OFFSET_COMMIT,
        ApiKeys.OFFSET_FETCH, ApiKeys.FIND_COORDINATOR, ApiKeys.JOIN_GROUP, ApiKeys.HEARTBEAT, ApiKeys.LEAVE_GROUP,
        ApiKeys.SYNC_GROUP, ApiKeys.DESCRIBE_GROUPS, ApiKeys.LIST_GROUPS, ApiKeys.API_VERSIONS, ApiKeys.CREATE_TOPICS,
        ApiKeys.DELETE_TOPICS, ApiKeys.INIT_PRODUCER_ID, ApiKeys.OFFSET_FOR_LEADER_EPOCH, ApiKeys.DESCRIBE_CONFIGS,
        ApiKeys.ALTER_CONFIGS, ApiKeys.CREATE_PARTITIONS, ApiKeys.DELETE_GROUPS, ApiKeys.INCREMENTAL_ALTER_CONFIGS,
        ApiKeys.OFFSET_DELETE, ApiKeys.DESCRIBE_CLIENT_QUOTAS, ApiKeys.ALTER_CLIENT_QUOTAS,
        ApiKeys.DESCRIBE_USER_SCRAM_CREDENTIALS, ApiKeys.ALTER_USER_SCRAM_CREDENTIALS, ApiKeys.DESCRIBE_CLUSTER,
        ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS, ApiKeys.PUSH_TELEMETRY, ApiKeys.ELECT_LEADERS,
        ApiKeys.ALTER_PARTITION_REASSIGNMENTS, ApiKeys.LIST_PARTITION_REASSIGNMENTS, ApiKeys.DESCRIBE_QUORUM,
        ApiKeys.UPDATE_FEATURES, ApiKeys.UNREGISTER_BROKER, ApiKeys.LIST_CONFIG_RESOURCES,
        ApiKeys.DESCRIBE_TOPIC_PARTITIONS);

    private Main() {
    }

    public static void main(String[] arguments) throws IOException {
        InetSocketAddress address = new InetSocketAddress(arguments[0], Integer.parseInt(arguments[1]));
        try (PrintStream out = new PrintStream(new BufferedOutputStream(System.out), false, StandardCharsets.UTF_8);
            Sweep sweep = new Sweep(address, out)) {
            prepare(sweep);
            PartitionCases.run(sweep);
            MetadataCases.run(sweep);
            OffsetCases.run(sweep);
            FetchCases.run(sweep);
            ProduceCases.run(sweep);
            TopicConfigCases.run(sweep);
            GroupCases.run(sweep);
            CommitCases.run(sweep);
            DeletionCases.run(sweep);
            CreateTopicsCases.run(sweep);
            ConfigCases.run(sweep);
            QuotaCases.run(sweep);
            ScramCases.run(sweep);
            TelemetryCases.run(sweep);
            QuorumCases.run(sweep);
            DynamicConfigCases.run(sweep);
            FrameCases.run(sweep);
        }
    }

    /** The versions that Kafka serves. */
    static int[] versions(ApiKeys key) {
        return IntStream.rangeClosed(key.oldestVersion(), key.latestVersion(false)).toArray();
    }

    static void remove(Sweep sweep, String topic) throws IOException {
        Fields state = Fields.of("name", topic);
        sweep.ask(ApiKeys.DELETE_TOPICS, Fields.of("topics", List.of(state), "timeoutMs", 10_000));
        sweep.awaitNoTopic(topic);
    }

    private static void prepare(Sweep sweep) throws IOException {
        Waiting ready = new Waiting("a broker");
        while (sweep.ask(ApiKeys.DESCRIBE_CLUSTER, Fields.of()).get("brokers").isEmpty()) {
            ready.again("none is registered");
        }
        sweep.createTopic("plain", 3);
        sweep.createTopic("empty", 1);
        sweep.createTopic("small", 1, "max.message.bytes", "1000");
        sweep.createTopic("compacted", 1, "cleanup.policy", "compact");
        sweep.createTopic("stamped", 1, "message.timestamp.type", "LogAppendTime");
        sweep.createTopic("read", 2, "retention.ms", "-1");
        for (String[] values : new String[][] {{"a", "b"}, {"c", "d", "e"}, {"f"}}) {
            sweep.ask(ApiKeys.PRODUCE, ProduceCases.produce(sweep, "read", 0, Batches.of(values)));
        }
        sweep.ask(ApiKeys.PRODUCE, ProduceCases.produce(sweep, "read", 1, Batches.of("g")));
        awaitCoordinator(sweep);
        Waiting ids = new Waiting("producer ids");
        Fields idempotent = Fields.of("transactionalId", null, "transactionTimeoutMs", 1000);
        while (sweep.ask(ApiKeys.INIT_PRODUCER_ID, idempotent).get("errorCode").asInt() != 0) {
            ids.again("none yet");
        }
    }

    private static void awaitCoordinator(Sweep sweep) throws IOException {
        Waiting waiting = new Waiting("a group coordinator");
        Fields find = Fields.of("keyType", 0, "coordinatorKeys", List.of("group"));
        Fields group = Fields.of("groupId", "group", "topics", null);
        while (true) {
            JsonNode found = sweep.ask(ApiKeys.FIND_COORDINATOR, find);
            JsonNode offsets = sweep.ask(ApiKeys.OFFSET_FETCH, Fields.of("groups", List.of(group)));
            if (found.at("/coordinators/0/errorCode").asInt() == 0 && offsets.at("/groups/0/errorCode").asInt() == 0) {
                return;
            }
            waiting.again(offsets);
        }
    }
}
