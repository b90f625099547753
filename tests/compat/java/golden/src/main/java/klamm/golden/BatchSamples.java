package klamm.golden;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Data batches of one codec, by name, as producers and brokers write them. */
final class BatchSamples {
    static final long TIMESTAMP = 1_700_000_000_000L;
    private static final byte[] PATTERN = text("klamm-stream-0123456789-");
    private static final Header[] NO_HEADERS = {};

    private final CompressionType type;
    private final Compression codec;
    private final Map<String, MemoryRecords> samples = new LinkedHashMap<>();

    private BatchSamples(CompressionType type) {
        this.type = type;
        this.codec = Compression.of(type).build();
    }

    static Map<String, MemoryRecords> of(CompressionType type) {
        BatchSamples batches = new BatchSamples(type);
        batches.addContents();
        batches.addTimestamps();
        batches.addOffsets();
        batches.addProducers();
        return batches.samples;
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void addContents() {
        samples.put("one", plain(record(0, text("key"), text("value"))));
        samples.put("fifty", plain(fifty()));
        samples.put("headers", plain(
            record(0, text("key"), text("value"), header("b", "2"), header("a", "1"), header("b", "3"), header("b", "2")),
            record(1, text("key"), text("value"), header("null", null), header("empty", ""), header("", "unnamed")),
            record(2, text("key"), text("value"), header("Übergang-流れ-🌊", "größe"), header("trace", "x".repeat(70)))));
        samples.put("null_key", plain(record(0, null, text("value"))));
        samples.put("null_value", plain(record(0, text("key"), null)));
        samples.put("null_key_and_value", plain(record(0, null, null), record(1, null, null)));
        samples.put("empty_key_and_value", plain(record(0, new byte[0], new byte[0]), record(1, new byte[0], null)));
        samples.put("empty_header_value_only", plain(record(0, null, null, header("", ""))));
        byte[] noise = new byte[600];
        new Random(4).nextBytes(noise);
        samples.put("incompressible", plain(record(0, text("key"), noise)));
        // Several blocks of every codec; uncompressed the file would only grow.
        int repeats = type == CompressionType.NONE ? 400 : 100_000 / PATTERN.length;
        samples.put("large", plain(
            record(0, text("before"), text("small")),
            record(1, text("large"), repeat(repeats)),
            record(2, text("after"), text("small"))));
        byte[][] lengths = {new byte[63], new byte[64], new byte[127], new byte[128]};
        samples.put("varint_lengths", plain(
            record(0, lengths[0], lengths[1]), record(1, lengths[2], lengths[3]), record(2, lengths[3], lengths[0])));
    }

    private void addTimestamps() {
        SimpleRecord[] decreasing = {value(1_000_000), value(500), value(0), value(-70_000), value(1_000_001)};
        samples.put("timestamps_decreasing", plain(decreasing));
        samples.put("timestamps_equal", plain(value(7), value(7), value(7)));
        samples.put("timestamps_far_apart", plain(value(0), value(-TIMESTAMP), value(200L * 365 * 86_400_000)));
        samples.put("timestamps_missing", plain(value(-1 - TIMESTAMP), value(-1 - TIMESTAMP)));
        samples.put("log_append_time", logAppendTime(TIMESTAMP + 12_345));
        samples.put("log_append_time_earlier", logAppendTime(TIMESTAMP - 12_345));
    }

    private MemoryRecords logAppendTime(long timestamp) {
        try (MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1024),
            RecordBatch.CURRENT_MAGIC_VALUE, codec, TimestampType.LOG_APPEND_TIME, 100, timestamp)) {
            builder.append(value(5));
            builder.append(value(3));
            return builder.build();
        }
    }

    private void addOffsets() {
        samples.put("base_offset", MemoryRecords.withRecords(1_234, codec, value(0), value(1), value(2)));
        samples.put("leader_epoch", MemoryRecords.withRecords(5_000_000_000L, codec, 77, value(0), value(1)));
        samples.put("greatest_leader_epoch", MemoryRecords.withRecords(1, codec, Integer.MAX_VALUE, value(0)));
        samples.put("greatest_offset", MemoryRecords.withRecords(Long.MAX_VALUE - 1, codec, value(0), value(1)));
        try (MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1024), codec,
            TimestampType.CREATE_TIME, 10)) {
            builder.appendWithOffset(10, value(0));
            builder.appendWithOffset(75, value(1));
            builder.appendWithOffset(1_000_000, value(2));
            samples.put("offset_gaps", builder.build());
        }
    }

    private void addProducers() {
        samples.put("idempotent", MemoryRecords.withIdempotentRecords(
            codec, 4_711, (short) 3, 42, value(0), value(1), value(2)));
        samples.put("idempotent_sequence_wraps", MemoryRecords.withIdempotentRecords(
            20, codec, Long.MAX_VALUE, Short.MAX_VALUE, Integer.MAX_VALUE - 1, 5, value(0), value(1), value(2)));
        samples.put("transactional", MemoryRecords.withTransactionalRecords(
            codec, 4_712, (short) 0, 0, value(0), value(1)));
        samples.put("transactional_later", MemoryRecords.withTransactionalRecords(
            900, codec, 4_712, (short) 1, 17, 6, value(0), value(1)));
    }

    private MemoryRecords plain(SimpleRecord... records) {
        return MemoryRecords.withRecords(codec, records);
    }

    private static SimpleRecord[] fifty() {
        SimpleRecord[] records = new SimpleRecord[50];
        for (int index = 0; index < records.length; index++) {
            Header[] headers = index % 3 == 0 ? NO_HEADERS
                : new Header[] {header("n", String.valueOf(index)), header("n", index % 2 == 0 ? null : "odd")};
            records[index] = record(index * 10L, text("key-" + index % 7), text("value-" + index), headers);
        }
        return records;
    }

    private static SimpleRecord value(long timestampOffset) {
        return record(timestampOffset, text("key"), text("value at " + timestampOffset));
    }

    private static SimpleRecord record(long timestampOffset, byte[] key, byte[] value, Header... headers) {
        return new SimpleRecord(TIMESTAMP + timestampOffset, key, value, headers);
    }

    private static Header header(String key, String value) {
        return new RecordHeader(key, value == null ? null : text(value));
    }

    private static byte[] repeat(int times) {
        ByteBuffer buffer = ByteBuffer.allocate(PATTERN.length * times);
        for (int index = 0; index < times; index++) {
            buffer.put(PATTERN);
        }
        return buffer.array();
    }

    /** How often the repeated pattern of the large samples makes up {@code value}, or 0 if it does not. */
    static int patternRepeats(byte[] value) {
        if (value.length < 2 * PATTERN.length || value.length % PATTERN.length != 0) {
            return 0;
        }
        for (int index = 0; index < value.length; index++) {
            if (value[index] != PATTERN[index % PATTERN.length]) {
                return 0;
            }
        }
        return value.length / PATTERN.length;
    }

    static byte[] pattern() {
        return PATTERN.clone();
    }
}
