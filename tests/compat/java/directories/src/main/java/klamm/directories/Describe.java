package klamm.directories;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeProducersResult.PartitionProducerState;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Writes what Kafka's own clients read from every partition of the broker BOOTSTRAP into files of the directory OUT, one
 * for each partition: Describe BOOTSTRAP OUT. README.md describes their lines.
 */
public final class Describe {
    private final String bootstrap;
    private final Admin admin;
    private final List<TopicPartition> partitions;
    private final Map<TopicPartition, List<String>> lines = new TreeMap<>(Comparator.comparing(TopicPartition::toString));

    private Describe(String bootstrap, Admin admin) throws Exception {
        this.bootstrap = bootstrap;
        this.admin = admin;
        this.partitions = partitions(admin);
        partitions.forEach(partition -> lines.put(partition, new ArrayList<>()));
    }

    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[0]))) {
            Describe describe = new Describe(args[0], admin);
            describe.describe();
            Path out = Files.createDirectories(Path.of(args[1]));
            for (Map.Entry<TopicPartition, List<String>> each : describe.lines.entrySet()) {
                Files.write(out.resolve(each.getKey().toString()), each.getValue());
            }
        }
    }

    private void describe() throws Exception {
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> uncommitted = read(IsolationLevel.READ_UNCOMMITTED);
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> committed = read(IsolationLevel.READ_COMMITTED);
        describeOffsets();
        describeTimestamps(uncommitted);
        describeEpochs();
        describeProducers();
        describeRecords("uncommitted", uncommitted);
        describeRecords("committed", committed);
    }

    private void describeOffsets() throws Exception {
        listOffsets(IsolationLevel.READ_UNCOMMITTED, all(OffsetSpec.latest()))
                .forEach((partition, found) -> add(partition, "leader-epoch " + found.leaderEpoch().orElse(-1)));
        listOffsets(IsolationLevel.READ_UNCOMMITTED, all(OffsetSpec.earliest()))
                .forEach((partition, found) -> add(partition, "earliest " + found.offset()));
        listOffsets(IsolationLevel.READ_UNCOMMITTED, all(OffsetSpec.latest()))
                .forEach((partition, found) -> add(partition, "latest " + found.offset()));
        listOffsets(IsolationLevel.READ_COMMITTED, all(OffsetSpec.latest()))
                .forEach((partition, found) -> add(partition, "last-stable " + found.offset()));
        listOffsets(IsolationLevel.READ_UNCOMMITTED, all(OffsetSpec.maxTimestamp()))
                .forEach((partition, found) -> add(partition, "max-timestamp " + found(found)));
    }

    private void describeTimestamps(Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records) throws Exception {
        Map<TopicPartition, List<Long>> timestamps = new HashMap<>();
        int most = 0;
        for (TopicPartition partition : partitions) {
            List<Long> chosen = Lines.lookedUp(records.get(partition).stream().map(ConsumerRecord::timestamp).toList());
            timestamps.put(partition, chosen);
            most = Math.max(most, chosen.size());
        }
        for (int index = 0; index < most; index++) {
            Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
            for (TopicPartition partition : partitions) {
                if (index < timestamps.get(partition).size()) {
                    asked.put(partition, OffsetSpec.forTimestamp(timestamps.get(partition).get(index)));
                }
            }
            int current = index;
            listOffsets(IsolationLevel.READ_UNCOMMITTED, asked).forEach((partition, found) ->
                    add(partition, "timestamp " + timestamps.get(partition).get(current) + " " + found(found)));
        }
    }

    private void describeEpochs() throws Exception {
        Map<TopicPartition, Integer> newest = new HashMap<>();
        listOffsets(IsolationLevel.READ_UNCOMMITTED, all(OffsetSpec.latest()))
                .forEach((partition, found) -> newest.put(partition, found.leaderEpoch().orElse(0)));
        try (EpochClient client = new EpochClient(bootstrap)) {
            for (int epoch = 0; epoch <= Collections.max(newest.values()) + 1; epoch++) {
                int asked = epoch;
                List<TopicPartition> known = partitions.stream().filter(each -> asked <= newest.get(each) + 1).toList();
                client.endOffsets(known, epoch).forEach((partition, end) ->
                        add(partition, "epoch " + asked + " " + end.leaderEpoch() + " " + end.endOffset()));
            }
        }
    }

    private void describeProducers() throws Exception {
        Map<TopicPartition, PartitionProducerState> described = admin.describeProducers(partitions).all().get();
        described.forEach((partition, state) -> state.activeProducers().stream()
                .sorted(Comparator.comparingLong(ProducerState::producerId))
                .forEach(each -> add(partition, Lines.producer(each.producerId(), each.producerEpoch(),
                        each.lastSequence(), each.lastTimestamp(), each.coordinatorEpoch().orElse(-1),
                        each.currentTransactionStartOffset().orElse(-1)))));
    }

    private void describeRecords(String isolation, Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records) {
        records.forEach((partition, read) -> {
            for (ConsumerRecord<byte[], byte[]> each : read) {
                add(partition, Lines.record(isolation, each.offset(), each.leaderEpoch().orElse(-1),
                        each.timestampType().toString(), each.timestamp(), each.key(), each.value(),
                        each.headers().toArray()));
            }
        });
    }

    private Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> read(IsolationLevel isolation) {
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "auto.offset.reset", "earliest",
                "isolation.level", isolation.toString(), "enable.auto.commit", false, "fetch.max.wait.ms", 100,
                "max.poll.records", 100_000);
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> records = new HashMap<>();
        partitions.forEach(partition -> records.put(partition, new ArrayList<>()));
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
            while (partitions.stream().anyMatch(partition -> consumer.position(partition) < ends.get(partition))) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("read partitions: the end is not reached within 60 s");
                }
                consumer.poll(Duration.ofMillis(100)).forEach(each ->
                        records.get(new TopicPartition(each.topic(), each.partition())).add(each));
            }
        }
        return records;
    }

    private Map<TopicPartition, OffsetSpec> all(OffsetSpec spec) {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        partitions.forEach(partition -> asked.put(partition, spec));
        return asked;
    }

    private Map<TopicPartition, ListOffsetsResultInfo> listOffsets(IsolationLevel isolation,
            Map<TopicPartition, OffsetSpec> asked) throws Exception {
        return admin.listOffsets(asked, new ListOffsetsOptions(isolation)).all().get();
    }

    private void add(TopicPartition partition, String line) {
        lines.get(partition).add(line);
    }

    private static String found(ListOffsetsResultInfo found) {
        return found.offset() == -1 ? "none"
                : found.offset() + " " + found.timestamp() + " " + found.leaderEpoch().orElse(-1);
    }

    private static List<TopicPartition> partitions(Admin admin) throws Exception {
        List<TopicPartition> partitions = new ArrayList<>();
        var topics = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
        admin.describeTopics(topics).allTopicNames().get().forEach((name, topic) -> topic.partitions()
                .forEach(partition -> partitions.add(new TopicPartition(name, partition.partition()))));
        return partitions;
    }
}
