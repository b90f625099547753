package klamm.directories;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.StringJoiner;
import java.util.TreeSet;
import org.apache.kafka.common.header.Header;

/** The text form of what is in a log; README.md describes it. */
final class Lines {
    private static final long HOUR_MS = 3_600_000;

    private Lines() {
    }

    /** One record as a reader of {@code isolation} gets it. */
    static String record(String isolation, long offset, int leaderEpoch, String timestampType, long timestamp,
            byte[] key, byte[] value, Header[] headers) {
        StringJoiner shown = new StringJoiner(",", "[", "]");
        for (Header header : headers) {
            shown.add(bytes(header.key().getBytes(StandardCharsets.UTF_8)) + "=" + bytes(header.value()));
        }
        return String.join(" ", isolation, Long.toString(offset), Integer.toString(leaderEpoch), timestampType,
                Long.toString(timestamp), bytes(key), bytes(value), shown.toString());
    }

    /** One idempotent or transactional producer that the partition remembers; -1 is "none" as Kafka has it. */
    static String producer(long id, int epoch, int lastSequence, long lastTimestamp, int coordinatorEpoch,
            long transactionStart) {
        return "producer " + id + " " + epoch + " " + lastSequence + " " + lastTimestamp + " " + coordinatorEpoch
                + " " + transactionStart;
    }

    /** Timestamps to look up: some of the given ones in their order, those beside them, and two that none has. */
    static List<Long> lookedUp(List<Long> timestamps) {
        TreeSet<Long> chosen = new TreeSet<>(List.of(0L));
        for (int part = 0; part <= 4 && !timestamps.isEmpty(); part++) {
            long timestamp = timestamps.get((timestamps.size() - 1) * part / 4);
            chosen.addAll(List.of(timestamp - 1, timestamp, timestamp + 1));
        }
        chosen.add(chosen.last() + HOUR_MS);
        return List.copyOf(chosen);
    }

    /** What is left in {@code buffer}; null stays null. */
    static byte[] read(ByteBuffer buffer) {
        if (buffer == null) {
            return null;
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static String bytes(byte[] bytes) {
        return bytes == null ? "null" : "0x" + HexFormat.of().formatHex(bytes);
    }
}
