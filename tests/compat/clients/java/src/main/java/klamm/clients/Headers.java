package klamm.clients;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;

/** Headers in their order, and keys, values and headers that are empty or not there. */
final class Headers {
    private static final String NAME = "headers";
    private static final String TOPIC = "headers";

    private Headers() {}

    static void run(Cluster cluster) throws Exception {
        cluster.createTopic(TOPIC, 1);
        List<ProducerRecord<String, String>> records = records();
        try (KafkaProducer<String, String> producer = cluster.producer("acks", "all")) {
            for (ProducerRecord<String, String> record : records) {
                producer.send(record).get();
            }
        }
        for (ConsumerRecord<String, String> record : cluster.readAll(TOPIC, 1, records.size())) {
            StringJoiner headers = new StringJoiner(",", "[", "]");
            for (Header header : record.headers()) {
                headers.add(header.key() + ":" + shown(header.value()));
            }
            Facts.say(NAME, "offset", record.offset(), "key", shown(record.key()), "value", shown(record.value()),
                    "headers", headers, "sizes", record.serializedKeySize() + "/" + record.serializedValueSize());
        }
    }

    private static List<ProducerRecord<String, String>> records() {
        List<ProducerRecord<String, String>> records = new ArrayList<>();
        records.add(record("none", "value"));
        records.add(record("duplicates", "value", "a", "1", "b", "2", "a", "3", "b", "2"));
        records.add(record("null-value", "value", "a", null, "b", ""));
        records.add(record("empty-key", "value", "", "1", "", "2"));
        records.add(record("many", "value", "h".repeat(200), "v".repeat(300), "\u00e4", "\u20ac"));
        records.add(record(null, "null key"));
        records.add(record("", "empty key"));
        records.add(record("tombstone", null));
        records.add(record("empty value", ""));
        records.add(record(null, null, "only", "headers"));
        return records;
    }

    private static ProducerRecord<String, String> record(String key, String value, String... headers) {
        ProducerRecord<String, String> record = new ProducerRecord<>(TOPIC, 0, key, value);
        for (int i = 0; i < headers.length; i += 2) {
            byte[] bytes = headers[i + 1] == null ? null : headers[i + 1].getBytes(StandardCharsets.UTF_8);
            record.headers().add(headers[i], bytes);
        }
        return record;
    }

    private static String shown(byte[] bytes) {
        return shown(bytes == null ? null : new String(bytes, StandardCharsets.UTF_8));
    }

    /** Null is not the word. */
    private static String shown(String text) {
        return text == null ? "-" : "'" + text + "'";
    }
}
