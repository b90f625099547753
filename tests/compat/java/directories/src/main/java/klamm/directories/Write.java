package klamm.directories;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Fills the log directories of the broker BOOTSTRAP with all that a log can hold: Write PHASE BOOTSTRAP LOG_DIR...
 *
 * <p>PHASE is create, continue or finish: before the first, after the first and after the second restart of the broker.
 * Returns when the broker has done what it does in the background: compaction, the checkpoint of log start offsets.
 */
public final class Write {
    private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");
    private static final int PLAIN_PARTITIONS = 4;

    private final String bootstrap;
    private final List<Path> logDirs;
    private final Admin admin;
    private final Samples samples = new Samples();

    private Write(String bootstrap, List<Path> logDirs, Admin admin) {
        this.bootstrap = bootstrap;
        this.logDirs = logDirs;
        this.admin = admin;
    }

    public static void main(String[] args) throws Exception {
        List<Path> logDirs = Arrays.stream(args).skip(2).map(Path::of).toList();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", args[1]))) {
            Write write = new Write(args[1], logDirs, admin);
            switch (args[0]) {
                case "create" -> write.create();
                case "continue" -> write.goOn();
                case "finish" -> write.finish();
                default -> throw new IllegalArgumentException("write directories: unknown phase " + args[0]);
            }
        }
    }

    private void create() throws Exception {
        admin.createTopics(List.of(
                topic("plain", PLAIN_PARTITIONS, Map.of("internal.segment.bytes", "60000", "index.interval.bytes", "500")),
                topic("recompressed", 1, Map.of("compression.type", "lz4")),
                topic("append-time", 2, Map.of("message.timestamp.type", "LogAppendTime")),
                topic("idempotent", 2, Map.of("internal.segment.bytes", "20000", "segment.index.bytes", "96")),
                topic("transactions", 3, Map.of("internal.segment.bytes", "8000")),
                topic("compacted", 1, compacted()),
                topic("compacted-transactions", 1, compacted()),
                topic("shortened", 1, Map.of("internal.segment.bytes", "8000")),
                topic("gone", 1, Map.of()),
                topic("empty", 2, Map.of()))).all().get();
        for (String codec : CODECS) {
            writePlain(codec, 5);
        }
        writeShapes();
        writeIdempotent(3);
        writeTransactions("first", 12);
        writeCompacted(1500);
        write("shortened", 400);
        shorten(150);
        write("gone", 10);
        admin.deleteTopics(Set.of("gone")).all().get();
        consumeInGroup("classic");
        consumeInGroup("consumer");
        consumeInShareGroup();
        waitUntilCompacted("compacted", "compacted-transactions");
    }

    private void goOn() throws Exception {
        writePlain("zstd", 3);
        writeShapes();
        writeIdempotent(1);
        leaveTransactionOpen("open-early", 1);
        writeTransactions("second", 9);
        writeCompacted(300);
        shorten(230);
        consumeInGroup("classic");
        waitUntilCompacted("compacted", "compacted-transactions");
    }

    private void finish() throws Exception {
        writePlain("lz4", 3);
        writePlain("none", 2);
        writeIdempotent(2);
        writeTransactions("third", 10);
        leaveTransactionOpen("open-late", 2);
        writeCompacted(300);
        write("shortened", 100);
        shorten(333);
        consumeInGroup("consumer");
        consumeInShareGroup();
        waitUntilCompacted("compacted", "compacted-transactions");
    }

    /** Batches of some twenty records of every partition, one after the other, by a producer without an id. */
    private void writePlain(String codec, int rounds) {
        Map<String, Object> config = Map.of("compression.type", codec, "enable.idempotence", false);
        try (KafkaProducer<byte[], byte[]> producer = producer(config)) {
            for (int round = 0; round < rounds * PLAIN_PARTITIONS; round++) {
                for (int count = 0; count < 20; count++) {
                    producer.send(samples.next("plain", round % PLAIN_PARTITIONS));
                }
                producer.flush();
            }
        }
    }

    private void writeShapes() {
        for (int round = 0; round < 5; round++) {
            write("recompressed", 30);
            try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("compression.type", CODECS.get(round)))) {
                for (int count = 0; count < 30; count++) {
                    producer.send(samples.next("append-time", count % 2));
                }
            }
        }
    }

    /** Every producer has an id of its own, and its batches are many and small. */
    private void writeIdempotent(int producers) {
        for (int index = 0; index < producers; index++) {
            write("idempotent", 120);
        }
    }

    private void write(String topic, int records) {
        int partitions = topic.equals("idempotent") ? 2 : 1;
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("batch.size", 1000, "linger.ms", 5))) {
            for (int count = 0; count < records; count++) {
                producer.send(samples.next(topic, count % partitions));
            }
        }
    }

    /** Two producers whose transactions overlap; each third one aborts, some commit offsets of a group too. */
    private void writeTransactions(String id, int transactions) throws Exception {
        try (KafkaProducer<byte[], byte[]> one = producer(Map.of("transactional.id", id + "-one"));
                KafkaProducer<byte[], byte[]> other = producer(Map.of("transactional.id", id + "-other"))) {
            one.initTransactions();
            other.initTransactions();
            for (int index = 0; index < transactions; index++) {
                one.beginTransaction();
                other.beginTransaction();
                for (int count = 0; count < 12; count++) {
                    one.send(samples.next("transactions", count % 3));
                    other.send(samples.next("transactions", index % 3));
                }
                if (index % 4 == 0) {
                    var offsets = Map.of(new TopicPartition("plain", 0), new OffsetAndMetadata(index, "by transaction"));
                    one.sendOffsetsToTransaction(offsets, groupOf(id));
                }
                one.flush();
                other.flush();
                end(one, index % 3 == 1);
                end(other, index % 3 == 2);
            }
        }
    }

    private ConsumerGroupMetadata groupOf(String id) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(Map.of("group.id", "transactional-" + id))) {
            return consumer.groupMetadata();
        }
    }

    /** A transaction that is neither committed nor aborted when the producer goes away, nor long after. */
    private void leaveTransactionOpen(String id, int partition) {
        KafkaProducer<byte[], byte[]> producer =
                producer(Map.of("transactional.id", id, "transaction.timeout.ms", 900_000));
        producer.initTransactions();
        producer.beginTransaction();
        for (int count = 0; count < 15; count++) {
            producer.send(samples.next("transactions", partition));
        }
        producer.flush();
        // An orderly close would abort.
        producer.close(Duration.ZERO);
    }

    private void writeCompacted(int records) {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("batch.size", 300, "linger.ms", 5))) {
            for (int count = 0; count < records; count++) {
                producer.send(samples.nextKeyed("compacted"));
            }
        }
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("transactional.id", "compacted"))) {
            producer.initTransactions();
            for (int transaction = 0; transaction < records / 25; transaction++) {
                producer.beginTransaction();
                for (int count = 0; count < 10; count++) {
                    producer.send(samples.nextKeyed("compacted-transactions"));
                }
                producer.flush();
                end(producer, transaction % 3 == 0);
            }
        }
    }

    /** Lets the log start at {@code offset}, and waits until the files say so too. */
    private void shorten(long offset) throws Exception {
        TopicPartition partition = new TopicPartition("shortened", 0);
        admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(offset))).all().get();
        // The checkpoint has no entry for a log that starts with a segment.
        waitUntil("the log start offset is in its checkpoint", () -> checkpoint("log-start-offset-checkpoint")
                .getOrDefault(partition.toString(), segments(partition.toString()).first()) == offset);
    }

    private void consumeInGroup(String protocol) {
        Map<String, Object> config = Map.of("group.id", "group-" + protocol, "group.protocol", protocol);
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(config)) {
            consumer.subscribe(List.of("plain", "append-time"));
            while (consumer.poll(Duration.ofMillis(100)).isEmpty()) {
                // It takes some rounds until partitions are assigned.
            }
            consumer.commitSync();
        }
    }

    private void consumeInShareGroup() throws Exception {
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, "group-share");
        AlterConfigOp earliest =
                new AlterConfigOp(new ConfigEntry("share.auto.offset.reset", "earliest"), AlterConfigOp.OpType.SET);
        admin.incrementalAlterConfigs(Map.of(group, List.of(earliest))).all().get();
        Map<String, Object> config = Map.of("bootstrap.servers", bootstrap, "group.id", "group-share");
        try (KafkaShareConsumer<byte[], byte[]> consumer =
                new KafkaShareConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            consumer.subscribe(List.of("plain"));
            while (consumer.poll(Duration.ofMillis(100)).isEmpty()) {
                // As above; records not consumed by the phase before are there in each.
            }
            consumer.commitSync();
        }
    }

    /** Waits until all but the active segments are clean. */
    private void waitUntilCompacted(String... topics) throws Exception {
        for (String topic : topics) {
            String partition = topic + "-0";
            waitUntil(partition + " is compacted", () -> {
                long active = segments(partition).last();
                return active > 0 && checkpoint("cleaner-offset-checkpoint").getOrDefault(partition, -1L) == active;
            });
        }
    }

    /** The base offsets of a partition's segments. */
    private SortedSet<Long> segments(String partition) throws Exception {
        SortedSet<Long> segments = new TreeSet<>();
        for (Path logDir : logDirs) {
            if (Files.isDirectory(logDir.resolve(partition))) {
                try (var files = Files.list(logDir.resolve(partition))) {
                    files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".log"))
                            .forEach(name -> segments.add(Long.parseLong(name.replace(".log", ""))));
                }
            }
        }
        return segments;
    }

    /** The entries of a checkpoint file, of all log directories. */
    private Map<String, Long> checkpoint(String name) throws Exception {
        Map<String, Long> entries = new HashMap<>();
        for (Path logDir : logDirs) {
            if (Files.exists(logDir.resolve(name))) {
                Files.readAllLines(logDir.resolve(name)).stream().skip(2).map(line -> line.split(" "))
                        .forEach(words -> entries.put(words[0] + "-" + words[1], Long.parseLong(words[2])));
            }
        }
        return entries;
    }

    private KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap, "acks", "all",
                "linger.ms", 1000));
        config.putAll(more);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private KafkaConsumer<byte[], byte[]> consumer(Map<String, Object> more) {
        Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", bootstrap,
                "enable.auto.commit", false, "auto.offset.reset", "earliest"));
        config.putAll(more);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static void end(KafkaProducer<byte[], byte[]> producer, boolean abort) {
        if (abort) {
            producer.abortTransaction();
        } else {
            producer.commitTransaction();
        }
    }

    private static NewTopic topic(String name, int partitions, Map<String, String> more) {
        Map<String, String> configs = new HashMap<>(Map.of("retention.ms", "-1"));
        configs.putAll(more);
        return new NewTopic(name, partitions, (short) 1).configs(configs);
    }

    private static Map<String, String> compacted() {
        return Map.of("cleanup.policy", "compact", "min.cleanable.dirty.ratio", "0.01", "internal.segment.bytes", "6000");
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void waitUntil(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("wait until " + what + ": not within 60 s");
            }
            Thread.sleep(20);
        }
    }
}
