package klamm.clients;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** Keyed records with each kind of acknowledgement: where they fall, and that offsets are dense. */
final class Acknowledgements {
    private static final String NAME = "acks";
    private static final int RECORDS = 100;

    private Acknowledgements() {}

    static void run(Cluster cluster) throws Exception {
        for (String acks : new String[] {"0", "1", "all"}) {
            String topic = "acks-" + acks;
            cluster.createTopic(topic, 3);
            List<RecordMetadata> acknowledged = produce(cluster, topic, acks);
            check(cluster, topic, acks, acknowledged);
        }
    }

    private static List<RecordMetadata> produce(Cluster cluster, String topic, String acks) throws Exception {
        List<Future<RecordMetadata>> futures = new ArrayList<>();
        try (KafkaProducer<String, String> producer =
                cluster.producer("acks", acks, "enable.idempotence", "false", "linger.ms", "5")) {
            for (int i = 0; i < RECORDS; i++) {
                futures.add(producer.send(new ProducerRecord<>(topic, key(i), "value-" + i)));
            }
        }
        List<RecordMetadata> acknowledged = new ArrayList<>();
        for (Future<RecordMetadata> future : futures) {
            acknowledged.add(future.get());
        }
        return acknowledged;
    }

    /** Short ones, a long one, and one that is not ASCII. */
    private static String key(int i) {
        return switch (i) {
            case 0 -> "";
            case 1 -> "long".repeat(100);
            case 2 -> "Schl\u00fcssel-\u20ac";
            default -> "key-" + i;
        };
    }

    private static void check(Cluster cluster, String topic, String acks, List<RecordMetadata> acknowledged) {
        Map<Integer, List<String>> keys = new TreeMap<>();
        boolean dense = true;
        boolean asAcknowledged = true;
        for (ConsumerRecord<String, String> record : cluster.readAll(topic, 3, RECORDS)) {
            int number = Integer.parseInt(record.value().substring("value-".length()));
            List<String> before = keys.computeIfAbsent(record.partition(), partition -> new ArrayList<>());
            dense &= record.offset() == before.size();
            RecordMetadata metadata = acknowledged.get(number);
            asAcknowledged &= metadata.partition() == record.partition()
                    && metadata.offset() == (acks.equals("0") ? -1 : record.offset())
                    && record.key().equals(key(number));
            before.add(Integer.toString(number));
        }
        keys.forEach((partition, numbers) -> Facts.say(
                NAME, "acks", acks, "partition", partition, "keys", String.join(",", numbers)));
        Facts.say(NAME, "acks", acks, "dense", dense, "as-acknowledged", asAcknowledged);
    }
}
