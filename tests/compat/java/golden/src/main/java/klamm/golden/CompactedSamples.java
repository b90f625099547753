package klamm.golden;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongPredicate;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.apache.kafka.common.utils.BufferSupplier;

/** Batches as Kafka's own compaction leaves them: offsets missing in front, between and behind, or everywhere. */
final class CompactedSamples {
    private static final long BASE_OFFSET = 1_000;
    private static final long NOW = BatchSamples.TIMESTAMP + 3_600_000;
    private static final long DELETE_RETENTION_MS = 86_400_000;

    private CompactedSamples() {
    }

    static Map<String, MemoryRecords> of(CompressionType type) {
        Compression codec = Compression.of(type).build();
        MemoryRecords plain = MemoryRecords.withRecords(BASE_OFFSET, codec, 8, records(false));
        MemoryRecords tombstones = MemoryRecords.withRecords(BASE_OFFSET, codec, 8, records(true));
        MemoryRecords producer = MemoryRecords.withIdempotentRecords(
            BASE_OFFSET, codec, 4_711, (short) 1, 10, 8, records(false));
        Map<String, MemoryRecords> samples = new LinkedHashMap<>();
        samples.put("compacted_middle", compact(plain, offset -> offset % 2 == 0));
        samples.put("compacted_first", compact(plain, offset -> offset > 1_002));
        samples.put("compacted_last", compact(plain, offset -> offset < 1_004));
        samples.put("compacted_all_but_one", compact(plain, offset -> offset == 1_005));
        samples.put("compacted_delete_horizon", compact(tombstones, offset -> offset != 1_001));
        samples.put("compacted_idempotent_last", compact(producer, offset -> offset < 1_003));
        // An empty batch has no codec any more.
        if (type == CompressionType.NONE) {
            samples.put("compacted_empty", compact(producer, offset -> false));
        }
        return samples;
    }

    private static SimpleRecord[] records(boolean tombstones) {
        SimpleRecord[] records = new SimpleRecord[8];
        for (int index = 0; index < records.length; index++) {
            byte[] value = tombstones && index % 2 == 0 ? null : BatchSamples.text("value-" + index);
            records[index] = new SimpleRecord(BatchSamples.TIMESTAMP + index, BatchSamples.text("key-" + index), value);
        }
        return records;
    }

    private static MemoryRecords compact(MemoryRecords records, LongPredicate retained) {
        MemoryRecords.RecordFilter filter = new MemoryRecords.RecordFilter(NOW, DELETE_RETENTION_MS) {
            @Override
            protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
                return new BatchRetentionResult(BatchRetention.RETAIN_EMPTY, false);
            }

            @Override
            protected boolean shouldRetainRecord(RecordBatch batch, Record found) {
                return retained.test(found.offset());
            }
        };
        MemoryRecords.FilterResult result =
            records.filterTo(filter, ByteBuffer.allocate(8_192), BufferSupplier.NO_CACHING);
        ByteBuffer output = result.outputBuffer();
        output.flip();
        return MemoryRecords.readableRecords(output);
    }
}
