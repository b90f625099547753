package klamm.sweep;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Produce and InitProducerId. */
final class ProduceCases {
    private static final int TIMEOUT_MS = 10_000;
    private static final long FAR_FUTURE_MS = 4_102_444_800_000L;

    private final Sweep sweep;
    private final int version;
    private final String topic;

    private ProduceCases(Sweep sweep, int version) {
        this.sweep = sweep;
        this.version = version;
        this.topic = "written-" + version;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.INIT_PRODUCER_ID)) {
            initProducerId(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.PRODUCE)) {
            ProduceCases cases = new ProduceCases(sweep, version);
            sweep.createTopic(cases.topic, 3, "retention.ms", "-1");
            cases.good();
            cases.addresses();
            cases.badBatches();
            cases.sequences();
            cases.withoutAnswer();
            Main.remove(sweep, cases.topic);
        }
        gapped(sweep);
    }

    /** What becomes of offset deltas that are not consecutive, as fetches show it. */
    private static void gapped(Sweep sweep) throws IOException {
        sweep.createTopic("gapped", 1, "retention.ms", "-1");
        for (MemoryRecords records : List.of(Batches.gapped(CompressionType.NONE, 0, 2, 5), Batches.of("next"))) {
            sweep.ask(ApiKeys.PRODUCE, produce(sweep, "gapped", 0, records));
        }
        sweep.send(ApiKeys.FETCH, ApiKeys.FETCH.latestVersion(false), "gapped offset deltas",
            FetchCases.fetch(sweep, "gapped", 0, 0));
        Main.remove(sweep, "gapped");
    }

    static Fields produce(Sweep sweep, String topic, int partition, MemoryRecords records) {
        return Fields.of("acks", -1, "timeoutMs", TIMEOUT_MS, "transactionalId", null,
            "topicData", List.of(topic(sweep, topic, partition(partition, records))));
    }

    private static Fields topic(Sweep sweep, String topic, Fields... partitions) {
        return Fields.of(
            "name", topic, "topicId", sweep.topicId(topic), "partitionData", List.of((Object[]) partitions));
    }

    private static Fields partition(int index, MemoryRecords records) {
        return Fields.of("index", index, "records", records);
    }

    private void send(String name, MemoryRecords records) throws IOException {
        sweep.send(ApiKeys.PRODUCE, version, name, produce(sweep, topic, 0, records));
    }

    private void send(String name, Fields... topics) throws IOException {
        sweep.send(ApiKeys.PRODUCE, version, name,
            produce(sweep, topic, 0, null).with("topicData", List.of((Object[]) topics)));
    }

    private void good() throws IOException {
        send("acks all", Batches.of("a", "b"));
        sweep.send(ApiKeys.PRODUCE, version, "acks 1", produce(sweep, topic, 0, Batches.of("c")).with("acks", 1));
        send("base offset that is not 0", Batches.changed(Batches.of("d"), bytes -> bytes.putLong(Batches.BASE_OFFSET, 77)));
        for (CompressionType type : CompressionType.values()) {
            send("codec " + type.name, Batches.compressed(type, "e", "f"));
        }
        send("two partitions", topic(sweep, topic, partition(1, Batches.of("g")), partition(2, Batches.of("h"))));
        sweep.send(ApiKeys.PRODUCE, version, "log append time", produce(sweep, "stamped", 0, Batches.of("i")));
        sweep.send(ApiKeys.PRODUCE, version, "read what was written",
            produce(sweep, topic, 1, Batches.of("")).with("timeoutMs", 0));
    }

    private void addresses() throws IOException {
        MemoryRecords one = Batches.of("x");
        sweep.send(ApiKeys.PRODUCE, version, "unknown topic", produce(sweep, "unknown", 0, one));
        sweep.send(ApiKeys.PRODUCE, version, "unknown partition", produce(sweep, topic, 99, one));
        sweep.send(ApiKeys.PRODUCE, version, "negative partition", produce(sweep, topic, -1, one));
        sweep.send(ApiKeys.PRODUCE, version, "invalid topic", produce(sweep, "a b", 0, one));
        sweep.send(ApiKeys.PRODUCE, version, "empty topic", produce(sweep, "", 0, one));
        sweep.send(ApiKeys.PRODUCE, version, "internal topic", produce(sweep, "__consumer_offsets", 0, one));
        sweep.send(ApiKeys.PRODUCE, version, "acks 2", produce(sweep, topic, 0, one).with("acks", 2));
        sweep.send(ApiKeys.PRODUCE, version, "acks -2", produce(sweep, topic, 0, one).with("acks", -2));
        send("good and bad partitions",
            topic(sweep, topic, partition(0, one), partition(9, one)), topic(sweep, "unknown", partition(0, one)));
        send("partition twice", topic(sweep, topic, partition(2, one), partition(2, Batches.of("y"))));
        send("no topics");
        send("no partitions", topic(sweep, topic));
    }

    private void badBatches() throws IOException {
        MemoryRecords two = Batches.of("a", "b");
        send("wrong checksum", Batches.changed(two, bytes -> bytes.put(70, (byte) (bytes.get(70) + 1))));
        send("one record too many announced", Batches.changedAndChecksummed(two, bytes -> bytes.putInt(Batches.RECORD_COUNT, 3)));
        send("one record too few announced", Batches.changedAndChecksummed(two, bytes -> bytes.putInt(Batches.RECORD_COUNT, 1)));
        send("negative count", Batches.changedAndChecksummed(two, bytes -> bytes.putInt(Batches.RECORD_COUNT, -1)));
        send("no records announced", Batches.changedAndChecksummed(two, bytes -> {
            bytes.putInt(Batches.RECORD_COUNT, 0);
            bytes.putInt(Batches.LAST_OFFSET_DELTA, -1);
        }));
        send("wrong last offset delta",
            Batches.changedAndChecksummed(two, bytes -> bytes.putInt(Batches.LAST_OFFSET_DELTA, 5)));
        send("gapped offset deltas", Batches.gapped(CompressionType.NONE, 0, 2, 5));
        sweep.send(ApiKeys.PRODUCE, version, "gapped offset deltas, compressed",
            produce(sweep, topic, 1, Batches.gapped(CompressionType.GZIP, 0, 2, 5)));
        send("control batch", Batches.changedAndChecksummed(two, bytes -> bytes.putShort(Batches.ATTRIBUTES, (short) 0x20)));
        send("transactional batch", Batches.transactional(12345, 0, 0, "a"));
        sweep.send(ApiKeys.PRODUCE, version, "transactional id",
            produce(sweep, topic, 0, Batches.of("a")).with("transactionalId", "tx"));
        send("unknown codec", Batches.changedAndChecksummed(two, bytes -> bytes.putShort(Batches.ATTRIBUTES, (short) 5)));
        send("codec that it is not", Batches.changedAndChecksummed(two, bytes -> bytes.putShort(Batches.ATTRIBUTES, (short) 1)));
        send("log append time in the batch",
            Batches.changedAndChecksummed(two, bytes -> bytes.putShort(Batches.ATTRIBUTES, (short) 8)));
        send("magic 0", Batches.magic(0, "a"));
        send("magic 1", Batches.magic(1, "a"));
        send("magic 3", Batches.changed(two, bytes -> bytes.put(Batches.MAGIC, (byte) 3)));
        send("two batches", Batches.joined(two, two));
        sweep.send(ApiKeys.PRODUCE, version, "second batch cut off",
            produce(sweep, topic, 2, Batches.truncated(Batches.joined(two, two), 5)));
        send("cut off", Batches.truncated(two, 5));
        send("cut off in the header", Batches.truncated(two, two.sizeInBytes() - 30));
        send("cut off in the size", Batches.truncated(two, two.sizeInBytes() - 9));
        send("size too small", Batches.changed(two, bytes -> bytes.putInt(8, 20)));
        send("negative size", Batches.changed(two, bytes -> bytes.putInt(8, -5)));
        send("no bytes", MemoryRecords.readableRecords(ByteBuffer.allocate(0)));
        send("far future", Batches.at(FAR_FUTURE_MS, "k"));
        send("no timestamp", Batches.at(-1, "k"));
        sweep.send(ApiKeys.PRODUCE, version, "too large", produce(sweep, "small", 0, Batches.of("x".repeat(2000))));
        sweep.send(ApiKeys.PRODUCE, version, "no key", produce(sweep, "compacted", 0, Batches.at(Batches.TIMESTAMP_MS, null)));
        sweep.send(ApiKeys.PRODUCE, version, "key", produce(sweep, "compacted", 0, Batches.at(Batches.TIMESTAMP_MS, "k")));
    }

    private void sequences() throws IOException {
        long id = sweep.ask(ApiKeys.INIT_PRODUCER_ID,
            Fields.of("transactionalId", null, "transactionTimeoutMs", 1000)).get("producerId").asLong();
        send("sequence 0", Batches.idempotent(id, 0, 0, "a", "b"));
        send("sequence 2", Batches.idempotent(id, 0, 2, "c"));
        send("sequence 0 again", Batches.idempotent(id, 0, 0, "a", "b"));
        send("sequence 2 again", Batches.idempotent(id, 0, 2, "c"));
        send("gap", Batches.idempotent(id, 0, 5, "d"));
        send("part of an old batch", Batches.idempotent(id, 0, 1, "b"));
        send("batch of another length", Batches.idempotent(id, 0, 2, "c", "d"));
        send("next epoch not from 0", Batches.idempotent(id, 1, 3, "d"));
        send("next epoch", Batches.idempotent(id, 1, 0, "d"));
        send("epoch before", Batches.idempotent(id, 0, 3, "d"));
        for (int sequence = 1; sequence <= 6; sequence++) {
            sweep.ask(ApiKeys.PRODUCE, version, produce(sweep, topic, 0, Batches.idempotent(id, 1, sequence, "e")));
        }
        send("older than the five last", Batches.idempotent(id, 1, 0, "d"));
        send("unknown producer not from 0", Batches.idempotent(99_000_001L, 0, 4, "f"));
        send("two batches of a producer",
            Batches.joined(Batches.idempotent(id, 1, 7, "g"), Batches.idempotent(id, 1, 8, "h")));
        send("producer without epoch",
            Batches.changedAndChecksummed(Batches.idempotent(id, 1, 9, "g"), bytes -> bytes.putShort(51, (short) -1)));
        send("producer without sequence",
            Batches.changedAndChecksummed(Batches.idempotent(id, 1, 9, "g"), bytes -> bytes.putInt(Batches.BASE_SEQUENCE, -1)));
        sweep.send(ApiKeys.FETCH, 12, "written in v" + version, FetchCases.fetch(sweep, topic, 0, 0));
    }

    private void withoutAnswer() throws IOException {
        withoutAnswer("acks 0", produce(sweep, topic, 0, Batches.of("z")).with("acks", 0));
        withoutAnswer("acks 0, unknown partition", produce(sweep, topic, 9, Batches.of("z")).with("acks", 0));
    }

    /** What is shown is the answer to the request behind it. */
    private void withoutAnswer(String name, Fields fields) throws IOException {
        ApiMessage request = Messages.request(ApiKeys.PRODUCE, (short) version, fields);
        try (Connection connection = sweep.connect()) {
            connection.send(Connection.frame(ApiKeys.PRODUCE, (short) version, request));
            Fields next = OffsetCases.listOffsets(topic, 0, -1);
            connection.send(Connection.frame(
                ApiKeys.LIST_OFFSETS, (short) 3, Messages.request(ApiKeys.LIST_OFFSETS, (short) 3, next)));
            sweep.print(ApiKeys.PRODUCE, version, name, Messages.json(request, (short) version),
                sweep.receive(connection, ApiKeys.LIST_OFFSETS, (short) 3));
        }
    }

    private static void initProducerId(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.INIT_PRODUCER_ID;
        Fields normal = Fields.of("transactionalId", null, "transactionTimeoutMs", 1000);
        sweep.send(key, version, "normal", normal);
        sweep.send(key, version, "timeout 0", normal.with("transactionTimeoutMs", 0));
        sweep.send(key, version, "empty transactional id", normal.with("transactionalId", ""));
        if (version >= 3) {
            sweep.send(key, version, "id without epoch", normal.with("producerId", 5));
            sweep.send(key, version, "epoch without id", normal.with("producerEpoch", 5));
            sweep.send(key, version, "id and epoch", normal.with("producerId", 5, "producerEpoch", 3));
        }
    }
}
