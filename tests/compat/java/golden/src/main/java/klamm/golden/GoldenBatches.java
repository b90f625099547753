package klamm.golden;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.utils.AppInfoParser;

/** Writes one file of record batches for each codec, and one of batches that Kafka refuses. */
final class GoldenBatches {
    private GoldenBatches() {
    }

    static void write(Path directory) throws IOException {
        GoldenFiles.clear(directory);
        for (CompressionType type : CompressionType.values()) {
            Map<String, MemoryRecords> samples = new LinkedHashMap<>(BatchSamples.of(type));
            samples.putAll(CompactedSamples.of(type));
            if (type == CompressionType.NONE) {
                samples.putAll(ControlSamples.all());
            }
            StringBuilder text = new StringBuilder();
            text.append("# Record batches with codec ").append(type.name).append(", written by the classes of Apache Kafka ")
                .append(AppInfoParser.getVersion()).append(".\n")
                .append("# Line: name, space, batch in hex, tab, records separated by ';'.\n")
                .append("# Record: offset:timestamp:key:value:headers, bytes in hex, null where null, hex*n for n repeats;\n")
                .append("# headers: key=value separated by ','.\n");
            samples.forEach((name, records) -> appendLine(text, type.name + "_" + name, records));
            Files.writeString(directory.resolve(type.name + ".txt"), text);
        }
        Files.writeString(directory.resolve("invalid.txt"), InvalidSamples.file());
    }

    private static void appendLine(StringBuilder text, String name, MemoryRecords records) {
        Iterator<MutableRecordBatch> batches = records.batches().iterator();
        MutableRecordBatch batch = batches.next();
        if (batches.hasNext()) {
            throw new IllegalStateException("write " + name + ": more than one batch");
        }
        batch.ensureValid();
        List<String> described = new ArrayList<>();
        for (Record found : batch) {
            described.add(describe(found));
        }
        text.append(name).append(' ').append(hex(records.buffer())).append('\t')
            .append(String.join(";", described)).append('\n');
    }

    private static String describe(Record found) {
        List<String> headers = new ArrayList<>();
        for (Header header : found.headers()) {
            byte[] value = header.value();
            headers.add(HexFormat.of().formatHex(BatchSamples.text(header.key())) + "="
                + (value == null ? "null" : HexFormat.of().formatHex(value)));
        }
        return String.join(":",
            String.valueOf(found.offset()),
            String.valueOf(found.timestamp()),
            describe(found.key()),
            describe(found.value()),
            String.join(",", headers));
    }

    private static String describe(ByteBuffer buffer) {
        if (buffer == null) {
            return "null";
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        int repeats = BatchSamples.patternRepeats(bytes);
        return repeats == 0
            ? HexFormat.of().formatHex(bytes)
            : HexFormat.of().formatHex(BatchSamples.pattern()) + "*" + repeats;
    }

    static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
