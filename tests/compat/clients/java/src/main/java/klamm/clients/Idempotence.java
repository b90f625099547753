package klamm.clients;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** A producer that may repeat itself without harm, and records that are refused. */
final class Idempotence {
    private static final String NAME = "idempotence";
    private static final int RECORDS = 500;

    private Idempotence() {}

    static void run(Cluster cluster) throws Exception {
        cluster.createTopic("idempotence", 3);
        try (KafkaProducer<String, String> producer = idempotent(cluster, "batch.size", "200")) {
            for (int i = 0; i < RECORDS; i++) {
                producer.send(new ProducerRecord<>("idempotence", "key-" + i, "value-" + i));
            }
        }
        List<ConsumerRecord<String, String>> records = cluster.readAll("idempotence", 3, RECORDS);
        Set<String> values = new HashSet<>();
        records.forEach(record -> values.add(record.value()));
        Facts.say(NAME, "count", records.size(), "distinct", values.size(), "hash", Facts.hash(records));
        tooLarge(cluster);
        refused(cluster);
        times(cluster);
        byNeed(cluster);
    }

    private static KafkaProducer<String, String> idempotent(Cluster cluster, String... more) {
        String[] settings = new String[more.length + 4];
        System.arraycopy(more, 0, settings, 4, more.length);
        settings[0] = "enable.idempotence";
        settings[1] = "true";
        settings[2] = "acks";
        settings[3] = "all";
        return cluster.producer(settings);
    }

    private static void tooLarge(Cluster cluster) throws Exception {
        cluster.createTopic("small", 1, "max.message.bytes", "1000");
        for (String idempotence : new String[] {"true", "false"}) {
            try (KafkaProducer<String, String> producer =
                    cluster.producer("enable.idempotence", idempotence, "acks", "all")) {
                Facts.sayFailure(NAME, "too-large-for-topic", () -> send(producer, "small", "x".repeat(2000)));
                Facts.say(NAME, "next-offset", send(producer, "small", "small").offset());
            }
        }
        try (KafkaProducer<String, String> producer = cluster.producer()) {
            Facts.sayFailure(NAME, "too-large-for-client", () -> send(producer, "small", "x".repeat(2_000_000)));
        }
    }

    private static void refused(Cluster cluster) throws Exception {
        try (KafkaProducer<String, String> producer = cluster.producer("max.block.ms", "1000")) {
            Facts.sayFailure(NAME, "invalid-topic", () -> send(producer, "no such topic", "x"));
            Facts.sayErrorName(NAME, "unknown-partition",
                    () -> producer.send(new ProducerRecord<>("small", 9, null, "x")).get());
        }
        cluster.createTopic("compacted", 1, "cleanup.policy", "compact");
        cluster.createTopic("two-in-sync", 1, "min.insync.replicas", "2");
        String[] once = {"enable.idempotence", "false", "retries", "0", "acks", "all"};
        try (KafkaProducer<String, String> producer = cluster.producer(once)) {
            Facts.sayFailure(NAME, "compacted-without-key", () -> send(producer, "compacted", "x"));
            Facts.sayFailure(NAME, "too-few-in-sync", () -> send(producer, "two-in-sync", "x"));
            long future = System.currentTimeMillis() + TimeUnit.HOURS.toMillis(3);
            Facts.sayErrorName(NAME, "future", () -> producer
                    .send(new ProducerRecord<>("small", 0, future, null, "x")).get());
        }
    }

    private static void times(Cluster cluster) throws Exception {
        cluster.createTopic("append-time", 1, "message.timestamp.type", "LogAppendTime");
        try (KafkaProducer<String, String> producer = idempotent(cluster)) {
            long acknowledged = producer.send(new ProducerRecord<>("append-time", 0, 1L, null, "x")).get().timestamp();
            ConsumerRecord<String, String> record = cluster.readAll("append-time", 1, 1).get(0);
            Facts.say(NAME, "timestamp-type", record.timestampType(), "as-acknowledged",
                    record.timestamp() == acknowledged, "that-of-the-client", record.timestamp() == 1);
        }
    }

    /** A topic that nobody has created: a consumer may leave it at that, a producer cannot. */
    private static void byNeed(Cluster cluster) throws Exception {
        String[] settings = {"allow.auto.create.topics", "false", "group.id", "idempotence-by-need"};
        try (KafkaConsumer<String, String> consumer = cluster.consumer(settings); Admin admin = cluster.admin()) {
            consumer.subscribe(List.of("made-by-need"));
            // It has its group, so it has asked for the topic too.
            Await.that("a member without partitions", () -> {
                consumer.poll(Duration.ofMillis(50));
                return consumer.groupMetadata().generationId() > 0;
            });
            Facts.say(NAME, "assigned", consumer.assignment(), "made", exists(admin));
            try (KafkaProducer<String, String> producer = idempotent(cluster)) {
                Facts.say(NAME, "offset-in-unknown", send(producer, "made-by-need", "x").offset());
            }
            Facts.say(NAME, "made", exists(admin),
                    "partitions", Topics.describe(admin, "made-by-need").partitions().size());
        }
    }

    private static boolean exists(Admin admin) throws Exception {
        return Cluster.get(admin.listTopics().names()).contains("made-by-need");
    }

    private static RecordMetadata send(KafkaProducer<String, String> producer, String topic, String value)
            throws Exception {
        return producer.send(new ProducerRecord<>(topic, value)).get();
    }
}
