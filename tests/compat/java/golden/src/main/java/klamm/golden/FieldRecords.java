package klamm.golden;

import java.nio.charset.StandardCharsets;
import java.nio.ByteBuffer;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Small record batches for the records fields of messages. */
final class FieldRecords {
    private FieldRecords() {
    }

    static BaseRecords empty() {
        return MemoryRecords.EMPTY;
    }

    /** One batch with one record. */
    static BaseRecords small(int number) {
        return batch(number, 0);
    }

    /** Two batches, one after the other. */
    static BaseRecords two(int number) {
        ByteBuffer first = batch(number, 0).buffer();
        ByteBuffer second = batch(number, 1).buffer();
        ByteBuffer both = ByteBuffer.allocate(first.remaining() + second.remaining());
        both.put(first).put(second).flip();
        return MemoryRecords.readableRecords(both);
    }

    private static MemoryRecords batch(int number, long baseOffset) {
        byte[] key = ("key-" + number).getBytes(StandardCharsets.UTF_8);
        byte[] value = ("value-" + number).getBytes(StandardCharsets.UTF_8);
        return MemoryRecords.withRecords(
            baseOffset, Compression.NONE, new SimpleRecord(1_700_000_000_000L + number, key, value));
    }
}
