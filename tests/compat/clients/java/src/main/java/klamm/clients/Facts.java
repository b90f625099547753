package klamm.clients;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.zip.CRC32;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What is printed: a line has the scenario, a tab, and facts as key=value. */
final class Facts {
    private Facts() {}

    static void say(String scenario, Object... facts) {
        StringBuilder line = new StringBuilder(scenario).append('\t');
        for (int i = 0; i < facts.length; i += 2) {
            line.append(i == 0 ? "" : " ").append(facts[i]).append('=').append(facts[i + 1]);
        }
        System.out.println(line);
    }

    /** Says how a call failed: the error as Kafka names it, and its message. */
    static void sayFailure(String scenario, String what, Callable<?> call) {
        say(scenario, "call", what, "error", failure(call, true));
    }

    /** As {@link #sayFailure}, without the message, which names what differs from run to run. */
    static void sayErrorName(String scenario, String what, Callable<?> call) {
        say(scenario, "call", what, "error", failure(call, false));
    }

    /** One number for the values of records in their order. */
    static String hash(List<ConsumerRecord<String, String>> records) {
        CRC32 crc = new CRC32();
        for (ConsumerRecord<String, String> record : records) {
            crc.update(String.valueOf(record.value()).getBytes(StandardCharsets.UTF_8));
            crc.update(0);
        }
        return String.format("%08x", crc.getValue());
    }

    private static String failure(Callable<?> call, boolean withMessage) {
        try {
            call.call();
            return "none";
        } catch (Exception failed) {
            Throwable cause = failed instanceof ExecutionException ? failed.getCause() : failed;
            String name = cause.getClass().getSimpleName();
            return withMessage ? name + " message=" + cause.getMessage() : name;
        }
    }
}
