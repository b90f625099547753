import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.utils.ByteUtils;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.server.log.remote.metadata.storage.RemoteLogSegmentMetadataSnapshot;
import org.apache.kafka.server.log.remote.metadata.storage.serialization.RemoteLogMetadataSerde;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentId;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadata.CustomMetadata;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentMetadataUpdate;
import org.apache.kafka.server.log.remote.storage.RemoteLogSegmentState;
import org.apache.kafka.server.log.remote.storage.RemotePartitionDeleteMetadata;
import org.apache.kafka.server.log.remote.storage.RemotePartitionDeleteState;
import org.apache.kafka.tools.DumpLogSegments;

/**
 * Apache Kafka's kafka-dump-log, called many times in one JVM: DumpLogs samples GOLDEN OUT writes logs of every
 * record type and format to OUT/NAME/00000000000000000000.log; DumpLogs run CASES OUT calls the tool with the
 * arguments of each line of the file CASES and writes OUT/LINE.out, OUT/LINE.err and OUT/LINE.code.
 */
public final class DumpLogs {
    private static final long TIME = 1_700_000_000_000L;
    private static final HexFormat HEX = HexFormat.of();

    private static final class Ended extends RuntimeException {
        private final int code;

        private Ended(int code) {
            this.code = code;
        }
    }

    private record Sample(byte[] key, byte[] value, Header... headers) { }

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("samples")) {
            writeSamples(Path.of(arguments[1]), Path.of(arguments[2]));
        } else {
            runCases(Path.of(arguments[1]), Path.of(arguments[2]));
        }
    }

    private static void runCases(Path cases, Path out) throws IOException {
        Exit.setExitProcedure((code, message) -> {
            throw new Ended(code);
        });
        List<String> lines = Files.readAllLines(cases);
        for (int line = 0; line < lines.size(); line++) {
            String[] arguments = lines.get(line).isEmpty() ? new String[0] : lines.get(line).split(" ");
            ByteArrayOutputStream printed = new ByteArrayOutputStream();
            ByteArrayOutputStream complaints = new ByteArrayOutputStream();
            int code = call(arguments, printed, complaints);
            Files.write(out.resolve((line + 1) + ".out"), printed.toByteArray());
            Files.write(out.resolve((line + 1) + ".err"), complaints.toByteArray());
            Files.writeString(out.resolve((line + 1) + ".code"), code + "\n");
        }
    }

    private static int call(String[] arguments, ByteArrayOutputStream out, ByteArrayOutputStream err) {
        PrintStream standardOut = System.out;
        PrintStream standardErr = System.err;
        System.setOut(new PrintStream(out, false, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(err, false, StandardCharsets.UTF_8));
        try {
            DumpLogSegments.main(arguments);
            return 0;
        } catch (Ended ended) {
            return ended.code;
        } catch (Throwable thrown) {
            // What Java itself makes of it.
            System.err.println("Exception in thread \"main\" " + thrown);
            return 1;
        } finally {
            System.out.flush();
            System.err.flush();
            System.setOut(standardOut);
            System.setErr(standardErr);
        }
    }

    private static void writeSamples(Path golden, Path out) throws IOException {
        for (var type : org.apache.kafka.coordinator.group.generated.CoordinatorRecordType.values())
            write(out, "group-" + type.id(), pairs(golden, type.id(), type.newRecordKey(), type.newRecordValue()));
        for (var type : org.apache.kafka.coordinator.share.generated.CoordinatorRecordType.values())
            write(out, "share-" + type.id(), pairs(golden, type.id(), type.newRecordKey(), type.newRecordValue()));
        for (var type : org.apache.kafka.coordinator.transaction.generated.CoordinatorRecordType.values())
            write(out, "transaction-" + type.id(), pairs(golden, type.id(), type.newRecordKey(), type.newRecordValue()));
        for (var type : org.apache.kafka.common.metadata.MetadataRecordType.values())
            write(out, "metadata-" + type.id(), framed(golden, type.id(), type.newMetadataRecord()));
        for (var type : org.apache.kafka.server.log.remote.metadata.storage.generated.MetadataRecordType.values())
            write(out, "remote-" + type.id(), framed(golden, type.id(), type.newMetadataRecord()));
        write(out, "remote-sound", remoteSegments());
        write(out, "strange", strangeRecords());
        write(out, "text", texts());
        writeLegacy(out);
        writeBatches(golden.resolveSibling("golden_batches"), out);
    }

    /** Each value behind the first key, then each key with a tombstone. */
    private static List<Sample> pairs(Path golden, short id, Object key, Object value) throws IOException {
        List<Sample> samples = new ArrayList<>();
        List<byte[]> keys = new ArrayList<>();
        for (String[] line : goldenLines(golden, key))
            keys.add(concat(number(id), HEX.parseHex(line[2])));
        for (String[] line : goldenLines(golden, value))
            samples.add(new Sample(keys.get(0), concat(number(Short.parseShort(line[0])), HEX.parseHex(line[2]))));
        for (byte[] bytes : keys)
            samples.add(new Sample(bytes, null));
        return samples;
    }

    private static List<Sample> framed(Path golden, short id, Object message) throws IOException {
        List<Sample> samples = new ArrayList<>();
        for (String[] line : goldenLines(golden, message)) {
            ByteBuffer frame = ByteBuffer.allocate(16);
            ByteUtils.writeUnsignedVarint(1, frame);
            ByteUtils.writeUnsignedVarint(id, frame);
            ByteUtils.writeUnsignedVarint(Short.parseShort(line[0]), frame);
            byte[] start = new byte[frame.position()];
            frame.flip().get(start);
            samples.add(new Sample(null, concat(start, HEX.parseHex(line[2]))));
        }
        return samples;
    }

    /** Version, case and bytes. */
    private static List<String[]> goldenLines(Path golden, Object message) throws IOException {
        List<String[]> lines = new ArrayList<>();
        for (String line : Files.readAllLines(golden.resolve(message.getClass().getSimpleName() + ".txt"))) {
            if (!line.startsWith("#")) {
                String[] parts = line.split(" ", -1);
                lines.add(parts);
            }
        }
        return lines;
    }

    /** The golden ones have states and offsets that cannot be. */
    private static List<Sample> remoteSegments() {
        RemoteLogMetadataSerde serde = new RemoteLogMetadataSerde();
        TopicIdPartition partition = new TopicIdPartition(new Uuid(1, 2), new TopicPartition("stream", 3));
        RemoteLogSegmentId id = new RemoteLogSegmentId(partition, new Uuid(3, 4));
        Map<Integer, Long> epochs = Map.of(10, 40L, 2, 7L, 0, 5L);
        Optional<CustomMetadata> custom = Optional.of(new CustomMetadata(new byte[7]));
        List<Sample> samples = new ArrayList<>();
        for (RemoteLogSegmentState state : RemoteLogSegmentState.values()) {
            samples.add(new Sample(null, serde.serialize(new RemoteLogSegmentMetadata(id, 5, 60, TIME, 1, TIME + 1, 1024,
                custom, state, epochs, state.id() == 2))));
            samples.add(new Sample(null, serde.serialize(new RemoteLogSegmentMetadataUpdate(id, TIME, custom, state, 1))));
            samples.add(new Sample(null, serde.serialize(new RemoteLogSegmentMetadataSnapshot(new Uuid(5, 6), 5, 60, TIME, 1,
                TIME + 1, 1024, Optional.empty(), state, epochs, state.id() == 1))));
        }
        for (RemotePartitionDeleteState state : RemotePartitionDeleteState.values())
            samples.add(new Sample(null, serde.serialize(new RemotePartitionDeleteMetadata(partition, state, TIME, 1))));
        return samples;
    }

    /** Of no known type, too short, or with bytes that are no subscription. */
    private static List<Sample> strangeRecords() {
        byte[] group = {0, 2, 0, 1, 'g'};
        byte[] member = {0, 1, 'm'};
        byte[] subscription = {0, 9, 0, 0, 0, 1, 0, 1, 't', -1, -1, -1, -1, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1};
        byte[] start = {0, 3, 0, 8, 'c', 'o', 'n', 's', 'u', 'm', 'e', 'r', 0, 0, 0, 1, 0, 1, 'p', -1, -1,
            0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1};
        byte[] times = {0, 0, 0, 1, 0, 0, 0, 2};
        byte[] unset = {-1, -1};
        byte[] value = concat(start, member, unset, member, member, times, sized(subscription), sized(new byte[] {7}));
        return List.of(
            new Sample(new byte[] {0, 99, 1}, new byte[] {1}),
            new Sample(new byte[] {0, 99, 1}, null),
            new Sample(group, value),
            new Sample(group, null),
            new Sample(group, new byte[] {0, 77, 0}),
            new Sample(new byte[] {0}, value),
            new Sample(new byte[] {0, 2, 0, 9, 'g'}, value));
    }

    private static List<Sample> texts() {
        byte[] eight = {0, 0, 0, 1, -1, -1, -1, -1, 5};
        byte[] broken = {'a', -1, (byte) 0xc3, 'b', (byte) 0xed, (byte) 0xa0, (byte) 0x80, 'c', (byte) 0xf0, (byte) 0x9f,
            'd', (byte) 0xe0, (byte) 0x80, (byte) 0xed, (byte) 0xb0, 'e', (byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0xe2,
            (byte) 0x82};
        return List.of(
            new Sample(eight, eight),
            new Sample(utf8("Schlüssel"), utf8("流れ\n\uD83C\uDF0A"), new RecordHeader("a", null),
                new RecordHeader("ü", utf8("x")), new RecordHeader("a", new byte[0])),
            new Sample(broken, broken),
            new Sample(null, new byte[0]),
            new Sample(new byte[0], null));
    }

    /** Logs of message formats 0 and 1, whose batches are all of one codec. */
    private static void writeLegacy(Path out) throws IOException {
        for (byte magic = 0; magic < 2; magic++) {
            for (CompressionType codec : List.of(CompressionType.NONE, CompressionType.GZIP, CompressionType.SNAPPY, CompressionType.LZ4)) {
                List<ByteBuffer> batches = new ArrayList<>();
                for (int batch = 0; batch < 3; batch++) {
                    TimestampType type = magic == 1 && batch == 2 ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME;
                    MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(4096), magic,
                        Compression.of(codec).build(), type, batch * 3L, TIME + batch);
                    for (int record = 0; record < 3; record++)
                        builder.append(TIME + record, record == 0 ? null : utf8("key"), record == 1 ? null : utf8("value " + record));
                    batches.add(builder.build().buffer());
                }
                writeLog(out, "legacy-" + magic + "-" + codec.name, batches);
            }
        }
    }

    /** Every batch that the protocol crate is tested with, in a log of its own; some are broken. */
    private static void writeBatches(Path golden, Path out) throws IOException {
        for (String file : List.of("none", "gzip", "snappy", "lz4", "zstd", "invalid")) {
            for (String line : Files.readAllLines(golden.resolve(file + ".txt"))) {
                if (line.isEmpty() || line.startsWith("#"))
                    continue;
                String[] parts = line.split("[ \t]", 3);
                writeLog(out, "batch-" + parts[0], List.of(ByteBuffer.wrap(HEX.parseHex(parts[1]))));
            }
        }
    }

    private static void write(Path out, String name, List<Sample> samples) throws IOException {
        List<ByteBuffer> batches = new ArrayList<>();
        long offset = 0;
        for (Sample sample : samples) {
            MemoryRecordsBuilder builder = MemoryRecords.builder(ByteBuffer.allocate(1 << 16), Compression.NONE,
                TimestampType.CREATE_TIME, offset);
            builder.append(TIME + offset, sample.key, sample.value, sample.headers);
            batches.add(builder.build().buffer());
            offset += 1;
        }
        writeLog(out, name, batches);
    }

    private static void writeLog(Path out, String name, List<ByteBuffer> batches) throws IOException {
        Path folder = Files.createDirectories(out.resolve(name));
        try (FileChannel log = FileChannel.open(folder.resolve("00000000000000000000.log"),
            StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (ByteBuffer batch : batches)
                log.write(batch.duplicate());
        }
    }

    private static byte[] sized(byte[] bytes) {
        return concat(ByteBuffer.allocate(4).putInt(bytes.length).array(), bytes);
    }

    private static byte[] number(short number) {
        return ByteBuffer.allocate(2).putShort(number).array();
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        for (byte[] part : parts)
            whole.writeBytes(part);
        return whole.toByteArray();
    }
}
