package klamm.directories;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Records of every shape, the same ones in every run but for their timestamps. */
final class Samples {
    /** Shorter than the time after which the broker forgets a producer. */
    private static final int PERIOD_MS = 12 * 3_600_000;

    private final Random random = new Random(4);
    private final long start = System.currentTimeMillis() - PERIOD_MS;

    /**
     * The next record for a partition: keys and values that are absent, empty, short or of some KiB, headers that repeat or
     * have no value, timestamps of the hours before, in no order.
     */
    ProducerRecord<byte[], byte[]> next(String topic, int partition) {
        int shape = random.nextInt(16);
        byte[] key = shape == 0 ? null : shape == 1 ? new byte[0] : text("key-" + random.nextInt(1000));
        byte[] value = switch (shape) {
            case 2 -> null;
            case 3 -> new byte[0];
            case 4 -> noise(200 + random.nextInt(3000));
            default -> text("value " + random.nextInt() + " again ".repeat(random.nextInt(20)));
        };
        var record = new ProducerRecord<>(topic, partition, timestamp(), key, value);
        if (shape >= 13) {
            record.headers().add("trace", noise(8)).add("", new byte[0]).add("trace", text("second")).add("none", null);
        }
        return record;
    }

    /** A record for a compacted topic, with few keys and now and then a tombstone. */
    ProducerRecord<byte[], byte[]> nextKeyed(String topic) {
        byte[] value = random.nextInt(10) == 0 ? null : text("value " + random.nextInt());
        return new ProducerRecord<>(topic, 0, timestamp(), text("key-" + random.nextInt(20)), value);
    }

    private long timestamp() {
        return start + random.nextInt(PERIOD_MS);
    }

    private byte[] noise(int size) {
        byte[] noise = new byte[size];
        random.nextBytes(noise);
        return noise;
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
