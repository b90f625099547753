package klamm.clients;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Records without keys, which the client spreads as it likes. */
final class NullKeys {
    private static final int RECORDS = 300;

    private NullKeys() {}

    static void run(Cluster cluster) throws Exception {
        cluster.createTopic("null-keys", 3);
        try (KafkaProducer<String, String> producer = cluster.producer("acks", "all")) {
            for (int i = 0; i < RECORDS; i++) {
                producer.send(new ProducerRecord<>("null-keys", "value-" + i));
            }
        }
        List<ConsumerRecord<String, String>> records = cluster.readAll("null-keys", 3, RECORDS);
        Set<String> values = new HashSet<>();
        records.forEach(record -> values.add(record.value()));
        Facts.say("null-keys", "total", records.size(), "distinct", values.size());
    }
}
