package klamm.clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The node that is asked, and clients of it. Settings are given as name, value, name, value. */
final class Cluster {
    private final String bootstrap;

    Cluster(String bootstrap) {
        this.bootstrap = bootstrap;
    }

    String bootstrap() {
        return bootstrap;
    }

    Admin admin() {
        return Admin.create(settings());
    }

    KafkaProducer<String, String> producer(String... more) {
        return new KafkaProducer<>(settings(more), new StringSerializer(), new StringSerializer());
    }

    KafkaConsumer<String, String> consumer(String... more) {
        Map<String, Object> settings = settings(more);
        settings.putIfAbsent("auto.offset.reset", "earliest");
        settings.putIfAbsent("enable.auto.commit", "false");
        // A consumer that is closed waits for the fetch that is under way.
        settings.putIfAbsent("fetch.max.wait.ms", "50");
        return new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer());
    }

    /** Creates a topic and returns when it can be written to: without acknowledgement a record is lost before. */
    void createTopic(String name, int partitions, String... configs) throws Exception {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < configs.length; i += 2) {
            map.put(configs[i], configs[i + 1]);
        }
        try (Admin admin = admin()) {
            NewTopic topic = new NewTopic(name, partitions, (short) 1).configs(map);
            get(admin.createTopics(List.of(topic)).all());
            Await.that("topic " + name, () -> Topics.describe(admin, name).partitions().size() == partitions);
            Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
            partitions(name, partitions).forEach(partition -> ends.put(partition, OffsetSpec.latest()));
            Await.that("leaders of " + name, () -> get(admin.listOffsets(ends).all()).size() == partitions);
        }
    }

    /** All records of a topic, which are this many, by partition and offset. */
    List<ConsumerRecord<String, String>> readAll(String topic, int partitions, int count) {
        List<TopicPartition> all = partitions(topic, partitions);
        try (KafkaConsumer<String, String> consumer = consumer()) {
            consumer.assign(all);
            consumer.seekToBeginning(all);
            List<ConsumerRecord<String, String>> records = read(consumer, count);
            long end = consumer.endOffsets(all).values().stream().mapToLong(Long::longValue).sum();
            if (end != count) {
                throw new IllegalStateException(topic + " has " + end + " records, not " + count);
            }
            records.sort(Comparator.comparing((ConsumerRecord<String, String> record) -> record.partition())
                    .thenComparing(ConsumerRecord::offset));
            return records;
        }
    }

    /** Polls until there are this many records. */
    static List<ConsumerRecord<String, String>> read(KafkaConsumer<String, String> consumer, int count) {
        List<ConsumerRecord<String, String>> records = new ArrayList<>();
        Await.that("read " + count + " records", () -> {
            consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            return records.size() >= count;
        });
        return records;
    }

    static List<TopicPartition> partitions(String topic, int count) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            partitions.add(new TopicPartition(topic, i));
        }
        return partitions;
    }

    static <T> T get(KafkaFuture<T> future) throws Exception {
        return future.get(Await.SECONDS_MAX, TimeUnit.SECONDS);
    }

    private Map<String, Object> settings(String... more) {
        Map<String, Object> settings = new HashMap<>();
        settings.put("bootstrap.servers", bootstrap);
        for (int i = 0; i < more.length; i += 2) {
            settings.put(more[i], more[i + 1]);
        }
        return settings;
    }
}
