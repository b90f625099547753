package klamm.clients;

import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Records in batches of every codec, and of all of them in one partition. */
final class Codecs {
    private static final String NAME = "codecs";
    private static final int RECORDS = 200;
    private static final String[] CODECS = {"none", "gzip", "snappy", "lz4", "zstd"};

    private Codecs() {}

    static void run(Cluster cluster) throws Exception {
        cluster.createTopic("codec-mixed", 1);
        for (String codec : CODECS) {
            cluster.createTopic("codec-" + codec, 1);
            boolean compresses = produce(cluster, codec);
            List<ConsumerRecord<String, String>> records = cluster.readAll("codec-" + codec, 1, RECORDS);
            boolean equal = true;
            for (int i = 0; i < RECORDS; i++) {
                equal &= records.get(i).value().equals(value(i)) && records.get(i).offset() == i;
            }
            Facts.say(NAME, "codec", codec, "count", records.size(), "equal", equal, "hash", Facts.hash(records),
                    "compresses", compresses);
        }
        int all = RECORDS * CODECS.length;
        List<ConsumerRecord<String, String>> mixed = cluster.readAll("codec-mixed", 1, all);
        Facts.say(NAME, "codec", "mixed", "count", mixed.size(), "hash", Facts.hash(mixed));
        // The node compresses anew what comes in another codec than the topic's.
        for (String codec : CODECS) {
            String topic = "codec-topic-" + codec;
            cluster.createTopic(topic, 1, "compression.type", codec.equals("none") ? "uncompressed" : codec);
            send(cluster, "gzip", topic);
            Facts.say(NAME, "topic", codec, "hash", Facts.hash(cluster.readAll(topic, 1, RECORDS)));
        }
    }

    private static boolean produce(Cluster cluster, String codec) {
        send(cluster, codec, "codec-mixed");
        return send(cluster, codec, "codec-" + codec);
    }

    /** Sends all records; true if they became smaller. */
    private static boolean send(Cluster cluster, String codec, String topic) {
        try (KafkaProducer<String, String> producer =
                cluster.producer("compression.type", codec, "linger.ms", "20", "acks", "all")) {
            for (int i = 0; i < RECORDS; i++) {
                producer.send(new ProducerRecord<>(topic, 0, null, value(i)));
            }
            producer.flush();
            return producer.metrics().values().stream()
                    .filter(metric -> metric.metricName().name().equals("compression-rate-avg")
                            && metric.metricName().group().equals("producer-metrics"))
                    .anyMatch(metric -> (Double) metric.metricValue() < 0.9);
        }
    }

    private static String value(int i) {
        return ("record " + i + " of a stream that repeats itself; ").repeat(1 + i % 7);
    }
}
