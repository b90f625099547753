package klamm.clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** Where a consumer can begin, and what it is told about offsets. */
final class Consuming {
    private static final String NAME = "consume";
    private static final String TOPIC = "consume";
    private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);
    private static final TopicPartition SECOND = new TopicPartition(TOPIC, 1);
    private static final List<TopicPartition> BOTH = List.of(FIRST, SECOND);
    private static final long TIME = 1_700_000_000_000L;
    private static final int IN_FIRST = 10;
    private static final int IN_SECOND = 5;

    private Consuming() {}

    static void run(Cluster cluster) throws Exception {
        produce(cluster);
        beginnings(cluster);
        times(cluster);
        seeks(cluster);
        commits(cluster);
        resume(cluster);
        failures(cluster);
    }

    private static void produce(Cluster cluster) throws Exception {
        // The records are old.
        cluster.createTopic(TOPIC, 2, "retention.ms", "-1");
        try (KafkaProducer<String, String> producer = cluster.producer("acks", "all")) {
            for (int i = 0; i < IN_FIRST; i++) {
                producer.send(new ProducerRecord<>(TOPIC, 0, TIME + i * 1000, null, "first-" + i)).get();
            }
            for (int i = 0; i < IN_SECOND; i++) {
                producer.send(new ProducerRecord<>(TOPIC, 1, TIME + i * 5000, null, "second-" + i)).get();
            }
        }
    }

    private static void beginnings(Cluster cluster) {
        for (String[] settings : new String[][] {
            {}, {"max.partition.fetch.bytes", "1"}, {"max.poll.records", "1"}, {"fetch.min.bytes", "100000"},
            {"isolation.level", "read_committed"},
        }) {
            try (KafkaConsumer<String, String> consumer = cluster.consumer(settings)) {
                consumer.assign(BOTH);
                List<ConsumerRecord<String, String>> records = Cluster.read(consumer, IN_FIRST + IN_SECOND);
                Map<Integer, List<Long>> offsets = new TreeMap<>();
                records.forEach(record -> offsets
                        .computeIfAbsent(record.partition(), partition -> new ArrayList<>()).add(record.offset()));
                Facts.say(NAME, "settings", List.of(settings), "offsets", offsets,
                        "positions", List.of(consumer.position(FIRST), consumer.position(SECOND)));
            }
        }
        try (KafkaConsumer<String, String> consumer = cluster.consumer()) {
            Facts.say(NAME, "beginning", new TreeMap<>(byNumber(consumer.beginningOffsets(BOTH))),
                    "end", new TreeMap<>(byNumber(consumer.endOffsets(BOTH))),
                    "partitions", consumer.partitionsFor(TOPIC).size());
        }
    }

    private static <T> Map<Integer, T> byNumber(Map<TopicPartition, T> map) {
        return map.entrySet().stream().collect(Collectors.toMap(e -> e.getKey().partition(), Map.Entry::getValue));
    }

    private static void times(Cluster cluster) {
        try (KafkaConsumer<String, String> consumer = cluster.consumer()) {
            consumer.assign(BOTH);
            for (long after : new long[] {-1000, 0, 4000, 4001, 9000, 9001, 20000, 20001}) {
                Map<TopicPartition, OffsetAndTimestamp> found =
                        consumer.offsetsForTimes(Map.of(FIRST, TIME + after, SECOND, TIME + after));
                Facts.say(NAME, "time", after, "first", shown(found.get(FIRST)), "second", shown(found.get(SECOND)));
            }
            long begin = consumer.offsetsForTimes(Map.of(FIRST, TIME + 6500)).get(FIRST).offset();
            consumer.assign(List.of(FIRST));
            consumer.seek(FIRST, begin);
            Facts.say(NAME, "from-time", values(Cluster.read(consumer, (int) (IN_FIRST - begin))));
        }
    }

    private static String shown(OffsetAndTimestamp found) {
        if (found == null) {
            return "-";
        }
        return found.offset() + "@" + (found.timestamp() - TIME) + ":" + found.leaderEpoch();
    }

    private static List<String> values(List<ConsumerRecord<String, String>> records) {
        return records.stream().map(ConsumerRecord::value).collect(Collectors.toList());
    }

    private static void seeks(Cluster cluster) {
        try (KafkaConsumer<String, String> consumer = cluster.consumer()) {
            consumer.assign(List.of(FIRST));
            consumer.seek(FIRST, 7);
            Facts.say(NAME, "seek", 7, "read", values(Cluster.read(consumer, 3)), "position", consumer.position(FIRST));
            consumer.seekToBeginning(List.of(FIRST));
            Facts.say(NAME, "seek", "beginning", "position", consumer.position(FIRST),
                    "read", values(Cluster.read(consumer, IN_FIRST)));
            consumer.seekToEnd(List.of(FIRST));
            Facts.say(NAME, "seek", "end", "position", consumer.position(FIRST));
        }
        try (KafkaConsumer<String, String> consumer = cluster.consumer("auto.offset.reset", "latest")) {
            consumer.assign(BOTH);
            Facts.say(NAME, "reset", "latest",
                    "positions", List.of(consumer.position(FIRST), consumer.position(SECOND)));
        }
    }

    private static void commits(Cluster cluster) {
        String[] settings = {"group.id", "consume-commits"};
        try (KafkaConsumer<String, String> consumer = cluster.consumer(settings)) {
            consumer.assign(BOTH);
            Facts.say(NAME, "committed", committed(consumer));
            consumer.commitSync(Map.of(FIRST, new OffsetAndMetadata(4, Optional.of(0), "a note")));
            Facts.say(NAME, "committed", committed(consumer));
            consumer.commitSync(Map.of(FIRST, new OffsetAndMetadata(5), SECOND, new OffsetAndMetadata(2, "\u00e4")));
            Facts.say(NAME, "committed", committed(consumer));
            Facts.sayFailure(NAME, "commit-long-metadata", () -> {
                consumer.commitSync(Map.of(FIRST, new OffsetAndMetadata(6, "x".repeat(4097))));
                return null;
            });
            Facts.say(NAME, "committed", committed(consumer));
        }
        try (KafkaConsumer<String, String> consumer = cluster.consumer(settings)) {
            consumer.assign(BOTH);
            List<String> rest = values(Cluster.read(consumer, 8));
            Facts.say(NAME, "resumed", rest.stream().sorted().collect(Collectors.toList()));
        }
    }

    private static String committed(KafkaConsumer<String, String> consumer) {
        Map<TopicPartition, OffsetAndMetadata> offsets = consumer.committed(new HashSet<>(BOTH));
        return shown(offsets.get(FIRST)) + "," + shown(offsets.get(SECOND));
    }

    private static String shown(OffsetAndMetadata offset) {
        return offset == null ? "-" : offset.offset() + ":" + offset.leaderEpoch() + ":'" + offset.metadata() + "'";
    }

    private static void resume(Cluster cluster) {
        String[] settings = {"group.id", "consume-resume", "max.poll.records", "1"};
        List<String> before;
        try (KafkaConsumer<String, String> consumer = cluster.consumer(settings)) {
            consumer.subscribe(List.of(TOPIC));
            before = values(Cluster.read(consumer, 6));
            consumer.commitSync();
        }
        try (KafkaConsumer<String, String> consumer = cluster.consumer(settings)) {
            consumer.subscribe(List.of(TOPIC));
            List<String> after = values(Cluster.read(consumer, IN_FIRST + IN_SECOND - before.size()));
            after.addAll(before);
            Facts.say(NAME, "before", before.size(), "all", after.stream().sorted().collect(Collectors.toList()));
        }
        String[] automatic = {"group.id", "consume-automatic", "enable.auto.commit", "true"};
        try (KafkaConsumer<String, String> consumer = cluster.consumer(automatic)) {
            consumer.subscribe(List.of(TOPIC));
            Cluster.read(consumer, IN_FIRST + IN_SECOND);
        }
        try (KafkaConsumer<String, String> consumer = cluster.consumer(automatic)) {
            Facts.say(NAME, "committed-at-close", committed(consumer));
        }
    }

    private static void failures(Cluster cluster) {
        try (KafkaConsumer<String, String> consumer =
                cluster.consumer("auto.offset.reset", "none", "group.id", "consume-none")) {
            consumer.assign(List.of(FIRST));
            Facts.sayErrorName(NAME, "no-offset", () -> poll(consumer));
            consumer.seek(FIRST, 1000);
            Facts.sayErrorName(NAME, "out-of-range", () -> poll(consumer));
        }
        try (KafkaConsumer<String, String> consumer = cluster.consumer("auto.offset.reset", "earliest")) {
            consumer.assign(List.of(FIRST));
            consumer.seek(FIRST, 1000);
            Facts.say(NAME, "reset-after-out-of-range", values(Cluster.read(consumer, IN_FIRST)).get(0));
            Facts.sayErrorName(NAME, "no-group", () -> {
                consumer.commitSync();
                return null;
            });
        }
        try (KafkaConsumer<String, String> consumer = cluster.consumer()) {
            Facts.sayErrorName(NAME, "subscribe-without-group", () -> {
                consumer.subscribe(List.of(TOPIC));
                return null;
            });
        }
    }

    /** Polls until the position is known to be good or bad. */
    private static Void poll(KafkaConsumer<String, String> consumer) {
        Await.that("an error", () -> !consumer.poll(Duration.ofMillis(100)).isEmpty());
        return null;
    }
}
