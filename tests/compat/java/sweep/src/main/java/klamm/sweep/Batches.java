package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.SimpleRecord;

/** Record batches for requests, good and bad, and those of answers as JSON. */
final class Batches {
    /** Long past, so that it is told from the time of the run. */
    static final long TIMESTAMP_MS = 1_600_000_000_000L;

    /** Where the fields of a batch are. */
    static final int BASE_OFFSET = 0;
    static final int MAGIC = 16;
    static final int CRC = 17;
    static final int ATTRIBUTES = 21;
    static final int LAST_OFFSET_DELTA = 23;
    static final int BASE_SEQUENCE = 53;
    static final int RECORD_COUNT = 57;

    private Batches() {
    }

    static MemoryRecords of(String... values) {
        return MemoryRecords.withRecords(Compression.NONE, records(values));
    }

    static MemoryRecords compressed(CompressionType type, String... values) {
        return MemoryRecords.withRecords(Compression.of(type).build(), records(values));
    }

    /** With offset deltas that are not consecutive, in a batch that is as long as it has records. */
    static MemoryRecords gapped(CompressionType type, int... deltas) {
        ByteBuffer bytes = ByteBuffer.allocate(1024);
        MemoryRecordsBuilder builder =
            MemoryRecords.builder(bytes, Compression.of(type).build(), TimestampType.CREATE_TIME, 0);
        for (int delta : deltas) {
            builder.appendWithOffset(delta, new SimpleRecord(TIMESTAMP_MS, null, new byte[] {(byte) ('0' + delta)}));
        }
        return changedAndChecksummed(builder.build(), batch -> batch.putInt(LAST_OFFSET_DELTA, deltas.length - 1));
    }

    static MemoryRecords magic(int magic, String... values) {
        return MemoryRecords.withRecords((byte) magic, Compression.NONE, records(values));
    }

    static MemoryRecords at(long timestamp, String key) {
        byte[] bytes = key == null ? null : key.getBytes(StandardCharsets.UTF_8);
        return MemoryRecords.withRecords(Compression.NONE, new SimpleRecord(timestamp, bytes, new byte[] {1}));
    }

    static MemoryRecords idempotent(long producerId, int epoch, int sequence, String... values) {
        return MemoryRecords.withIdempotentRecords(
            Compression.NONE, producerId, (short) epoch, sequence, records(values));
    }

    static MemoryRecords transactional(long producerId, int epoch, int sequence, String... values) {
        return MemoryRecords.withTransactionalRecords(
            Compression.NONE, producerId, (short) epoch, sequence, records(values));
    }

    private static SimpleRecord[] records(String... values) {
        SimpleRecord[] records = new SimpleRecord[values.length];
        for (int index = 0; index < values.length; index++) {
            byte[] value = values[index].getBytes(StandardCharsets.UTF_8);
            records[index] = new SimpleRecord(TIMESTAMP_MS + index, ("key-" + index).getBytes(StandardCharsets.UTF_8), value);
        }
        return records;
    }

    /** A change of the bytes of a batch. */
    interface Change {
        void apply(ByteBuffer bytes);
    }

    /** With bytes changed, and the checksum as it was before. */
    static MemoryRecords changed(MemoryRecords records, Change change) {
        ByteBuffer bytes = copy(records);
        change.apply(bytes);
        return MemoryRecords.readableRecords(bytes);
    }

    /** With bytes changed, and the checksum as it has to be. */
    static MemoryRecords changedAndChecksummed(MemoryRecords records, Change change) {
        return changed(records, bytes -> {
            change.apply(bytes);
            CRC32C crc = new CRC32C();
            crc.update(bytes.duplicate().position(ATTRIBUTES));
            bytes.putInt(CRC, (int) crc.getValue());
        });
    }

    static MemoryRecords joined(MemoryRecords first, MemoryRecords second) {
        return MemoryRecords.readableRecords(Connection.join(first.buffer(), second.buffer()));
    }

    static MemoryRecords truncated(MemoryRecords records, int missing) {
        ByteBuffer bytes = copy(records);
        bytes.limit(bytes.limit() - missing);
        return MemoryRecords.readableRecords(bytes);
    }

    private static ByteBuffer copy(MemoryRecords records) {
        ByteBuffer bytes = ByteBuffer.allocate(records.sizeInBytes());
        return bytes.put(records.buffer().duplicate()).flip();
    }

    /** Puts the batches of a fetch into its JSON, which by itself has only their size. */
    static void show(ApiMessage response, ObjectNode json) {
        if (!(response instanceof FetchResponseData fetch)) {
            return;
        }
        for (int topic = 0; topic < fetch.responses().size(); topic++) {
            FetchResponseData.FetchableTopicResponse topicResponse = fetch.responses().get(topic);
            for (int index = 0; index < topicResponse.partitions().size(); index++) {
                JsonNode partition = json.get("responses").get(topic).get("partitions").get(index);
                show((MemoryRecords) topicResponse.partitions().get(index).records(), (ObjectNode) partition);
            }
        }
    }

    private static void show(MemoryRecords records, ObjectNode partition) {
        if (records == null) {
            return;
        }
        ArrayNode batches = partition.putArray("batches");
        for (MutableRecordBatch batch : records.batches()) {
            ObjectNode shown = batches.addObject();
            shown.put("offsets", batch.baseOffset() + "-" + batch.lastOffset());
            shown.put("leaderEpoch", batch.partitionLeaderEpoch());
            shown.put("sizeInBytes", batch.sizeInBytes());
            shown.put("compression", batch.compressionType().name);
            shown.put("maxTimestamp", batch.maxTimestamp());
            shown.put("isValid", batch.isValid());
            shown.put("producerId", batch.producerId());
            shown.put("baseSequence", batch.baseSequence());
            ArrayNode values = shown.putArray("values");
            long consecutive = batch.baseOffset();
            for (Record record : batch) {
                if (record.offset() != consecutive++) {
                    shown.put("isGapped", true);
                }
                values.add(StandardCharsets.UTF_8.decode(record.value()).toString());
            }
        }
    }
}
