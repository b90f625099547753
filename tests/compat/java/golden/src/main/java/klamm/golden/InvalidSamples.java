package klamm.golden;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.DefaultRecordBatch;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.Crc32C;

/** Batches that Kafka refuses, each a sound batch with one fault, and what Kafka says to it. */
final class InvalidSamples {
    private static final int LENGTH_AT = 8;
    private static final int MAGIC_AT = 16;
    private static final int CRC_AT = 17;
    private static final int ATTRIBUTES_AT = 21;
    private static final int COUNT_AT = 57;
    private static final int RECORDS_AT = DefaultRecordBatch.RECORD_BATCH_OVERHEAD;

    private final Map<String, byte[]> samples = new LinkedHashMap<>();

    private InvalidSamples() {
    }

    static String file() {
        InvalidSamples invalid = new InvalidSamples();
        invalid.addBatchFaults();
        invalid.addRecordFaults();
        invalid.addCodecFaults();
        StringBuilder text = new StringBuilder();
        text.append("# Record batches that Apache Kafka ").append(AppInfoParser.getVersion())
            .append(" refuses; the checksum is right unless the name says otherwise.\n")
            .append("# Line: name, space, batch in hex, tab, what Kafka throws.\n");
        invalid.samples.forEach((name, bytes) -> text.append("invalid_").append(name).append(' ')
            .append(GoldenBatches.hex(ByteBuffer.wrap(bytes))).append('\t').append(refusal(name, bytes)).append('\n'));
        return text.toString();
    }

    private void addBatchFaults() {
        add("checksum", false, bytes -> flip(bytes, bytes.length - 1));
        add("checksum_field", false, bytes -> flip(bytes, CRC_AT));
        add("length_below_header", false, bytes -> putInt(bytes, LENGTH_AT, 48));
        add("length_zero", false, bytes -> putInt(bytes, LENGTH_AT, 0));
        add("length_negative", false, bytes -> putInt(bytes, LENGTH_AT, -1));
        add("magic_three", false, bytes -> put(bytes, MAGIC_AT, 3));
        add("magic_negative", false, bytes -> put(bytes, MAGIC_AT, -1));
        add("count_too_great", true, bytes -> putInt(bytes, COUNT_AT, 4));
        add("count_too_small", true, bytes -> putInt(bytes, COUNT_AT, 2));
        add("count_enormous", true, bytes -> putInt(bytes, COUNT_AT, Integer.MAX_VALUE));
        add("count_negative", true, bytes -> putInt(bytes, COUNT_AT, -1));
    }

    /** The first record is: length, attributes, timestamp delta, offset delta, key length, "key", ... one byte each. */
    private void addRecordFaults() {
        add("record_length_too_great", true, bytes -> put(bytes, RECORDS_AT, 0x7e));
        add("record_length_too_small", true, bytes -> put(bytes, RECORDS_AT, bytes[RECORDS_AT] - 2));
        add("record_length_one_more", true, bytes -> put(bytes, RECORDS_AT, bytes[RECORDS_AT] + 2));
        add("record_length_negative", true, bytes -> put(bytes, RECORDS_AT, 1));
        add("key_length_too_great", true, bytes -> put(bytes, RECORDS_AT + 4, 0x7e));
        add("value_length_too_great", true, bytes -> put(bytes, RECORDS_AT + 8, 0x7e));
        add("header_count_too_great", true, bytes -> put(bytes, RECORDS_AT + 14, 0x7e));
        add("header_count_negative", true, bytes -> put(bytes, RECORDS_AT + 14, 1));
        add("header_key_null", true, bytes -> put(bytes, RECORDS_AT + 15, 1));
        add("header_value_too_great", true, bytes -> put(bytes, RECORDS_AT + 17, 0x7e));
        add("record_length_unending", true, bytes -> {
            Arrays.fill(bytes, RECORDS_AT, bytes.length, (byte) 0xff);
            return bytes;
        });
        add("records_cut_off", true, bytes -> {
            byte[] shorter = Arrays.copyOf(bytes, bytes.length - 3);
            return putInt(shorter, LENGTH_AT, shorter.length - LENGTH_AT - 4);
        });
        add("bytes_after_records", true, bytes -> {
            byte[] longer = Arrays.copyOf(bytes, bytes.length + 5);
            return putInt(longer, LENGTH_AT, longer.length - LENGTH_AT - 4);
        });
    }

    private void addCodecFaults() {
        add("codec_unknown", true, bytes -> put(bytes, ATTRIBUTES_AT + 1, 5));
        add("codec_seven", true, bytes -> put(bytes, ATTRIBUTES_AT + 1, 7));
        for (CompressionType type : CompressionType.values()) {
            if (type == CompressionType.NONE) {
                continue;
            }
            add(type.name + "_not_compressed", true, bytes -> put(bytes, ATTRIBUTES_AT + 1, type.id));
            add(type.name + "_cut_off", true, bytes -> {
                byte[] compressed = sound(Compression.of(type).build());
                byte[] shorter = Arrays.copyOf(compressed, RECORDS_AT + (compressed.length - RECORDS_AT) / 2);
                return putInt(shorter, LENGTH_AT, shorter.length - LENGTH_AT - 4);
            });
            add(type.name + "_count_too_great", true, bytes -> putInt(sound(Compression.of(type).build()), COUNT_AT, 4));
        }
    }

    private void add(String name, boolean checksum, UnaryOperator<byte[]> fault) {
        byte[] bytes = fault.apply(sound(Compression.NONE));
        if (checksum) {
            putInt(bytes, CRC_AT, (int) Crc32C.compute(bytes, ATTRIBUTES_AT, bytes.length - ATTRIBUTES_AT));
        }
        samples.put(name, bytes);
    }

    private static byte[] sound(Compression codec) {
        SimpleRecord[] records = new SimpleRecord[3];
        for (int index = 0; index < records.length; index++) {
            Header[] headers = {new RecordHeader("h", BatchSamples.text("x"))};
            records[index] = new SimpleRecord(
                BatchSamples.TIMESTAMP + index, BatchSamples.text("key"), BatchSamples.text("value"), headers);
        }
        ByteBuffer buffer = MemoryRecords.withRecords(codec, records).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    /** The exception that checking and reading the batch ends with. */
    private static String refusal(String name, byte[] bytes) {
        try {
            for (MutableRecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
                batch.ensureValid();
                for (Record found : batch) {
                    found.ensureValid();
                }
            }
        } catch (RuntimeException refused) {
            return refused.getClass().getSimpleName();
        }
        throw new IllegalStateException("write invalid batch: Kafka accepts " + name);
    }

    private static byte[] flip(byte[] bytes, int at) {
        return put(bytes, at, bytes[at] ^ 1);
    }

    private static byte[] put(byte[] bytes, int at, int value) {
        bytes[at] = (byte) value;
        return bytes;
    }

    private static byte[] putInt(byte[] bytes, int at, int value) {
        ByteBuffer.wrap(bytes).putInt(at, value);
        return bytes;
    }
}
