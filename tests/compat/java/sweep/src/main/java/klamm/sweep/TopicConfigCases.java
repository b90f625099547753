package klamm.sweep;

import java.io.IOException;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** What the configuration of a topic makes of a produce, and what is read afterwards. */
final class TopicConfigCases {
    private static final int VERSION = 12;
    private static final long FAR_FUTURE_MS = 4_102_444_800_000L;
    private static final long LONG_PAST_MS = 1_000L;

    private final Sweep sweep;
    private final String topic;

    private TopicConfigCases(Sweep sweep, String topic, String... configs) throws IOException {
        this.sweep = sweep;
        this.topic = topic;
        sweep.createTopic(topic, 1, configs);
    }

    static void run(Sweep sweep) throws IOException {
        for (String type : List.of("uncompressed", "gzip", "snappy", "lz4", "zstd", "producer")) {
            compression(sweep, type);
        }
        replicas(sweep);
        timestamps(sweep);
        compaction(sweep);
        sizes(sweep);
    }

    private void send(String name, MemoryRecords records) throws IOException {
        send(name, records, -1);
    }

    private void send(String name, MemoryRecords records, int acks) throws IOException {
        sweep.send(ApiKeys.PRODUCE, VERSION, topic + ": " + name,
            ProduceCases.produce(sweep, topic, 0, records).with("acks", acks));
    }

    private void end() throws IOException {
        sweep.send(ApiKeys.FETCH, VERSION, topic + ": read", FetchCases.fetch(sweep, topic, 0, 0));
        Main.remove(sweep, topic);
    }

    private static void compression(Sweep sweep, String type) throws IOException {
        TopicConfigCases cases =
            new TopicConfigCases(sweep, "type-" + type, "retention.ms", "-1", "compression.type", type);
        for (CompressionType codec : CompressionType.values()) {
            cases.send("codec " + codec.name, Batches.compressed(codec, "a".repeat(100), "b"));
        }
        cases.end();
    }

    private static void replicas(Sweep sweep) throws IOException {
        TopicConfigCases cases = new TopicConfigCases(sweep, "two-in-sync", "min.insync.replicas", "2");
        cases.send("acks all", Batches.of("a"));
        cases.send("acks 1", Batches.of("b"), 1);
        cases.end();
    }

    private static void timestamps(Sweep sweep) throws IOException {
        TopicConfigCases before = new TopicConfigCases(
            sweep, "not-long-past", "retention.ms", "-1", "message.timestamp.before.max.ms", "1000");
        before.send("long past", Batches.at(LONG_PAST_MS, "k"));
        before.send("long past, compressed", Batches.compressed(CompressionType.GZIP, "a", "b"));
        before.send("none", Batches.at(-1, "k"));
        before.end();
        TopicConfigCases after = new TopicConfigCases(sweep, "future-too",
            "retention.ms", "-1", "message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));
        after.send("far future", Batches.at(FAR_FUTURE_MS, "k"));
        after.end();
        TopicConfigCases now = new TopicConfigCases(sweep, "time-of-append", "message.timestamp.type", "LogAppendTime",
            "message.timestamp.before.max.ms", "0", "message.timestamp.after.max.ms", "0");
        now.send("far future", Batches.at(FAR_FUTURE_MS, "k"));
        now.send("long past", Batches.at(LONG_PAST_MS, "k"));
        now.send("compressed", Batches.compressed(CompressionType.LZ4, "a", "b"));
        Main.remove(sweep, now.topic);
    }

    private static void compaction(Sweep sweep) throws IOException {
        TopicConfigCases cases = new TopicConfigCases(
            sweep, "both-policies", "retention.ms", "-1", "cleanup.policy", "compact,delete");
        cases.send("no key", Batches.at(Batches.TIMESTAMP_MS, null));
        cases.send("no key in one of two batches",
            Batches.joined(Batches.of("a"), Batches.at(Batches.TIMESTAMP_MS, null)));
        cases.send("key", Batches.at(Batches.TIMESTAMP_MS, "k"));
        cases.end();
        TopicConfigCases none = new TopicConfigCases(sweep, "no-policy", "cleanup.policy", "");
        none.send("no key", Batches.at(Batches.TIMESTAMP_MS, null));
        none.end();
    }

    private static void sizes(Sweep sweep) throws IOException {
        TopicConfigCases cases = new TopicConfigCases(
            sweep, "at-most-200", "retention.ms", "-1", "max.message.bytes", "200", "compression.type", "uncompressed");
        cases.send("fits", Batches.of("x".repeat(100)));
        cases.send("too large", Batches.of("x".repeat(200)));
        cases.send("too large when inflated", Batches.compressed(CompressionType.GZIP, "x".repeat(1000)));
        cases.end();
        TopicConfigCases zero = new TopicConfigCases(sweep, "at-most-0", "max.message.bytes", "0");
        zero.send("anything", Batches.of("x"));
        zero.end();
    }
}
