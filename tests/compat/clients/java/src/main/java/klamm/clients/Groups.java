package klamm.clients;

import java.util.List;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/** Groups that give up all their partitions in a rebalance: members come and leave. */
final class Groups {
    static final int PARTITIONS = 3;
    static final int RECORDS = 30;
    private static final String NAME = "groups";
    private static final String TOPIC = "groups";

    private Groups() {}

    static void run(Cluster cluster) throws Exception {
        createTopic(cluster, TOPIC);
        comeAndLeave(cluster, "RangeAssignor");
        comeAndLeave(cluster, "RoundRobinAssignor");
        failures(cluster);
    }

    /** A topic with ten records in each of three partitions. */
    static void createTopic(Cluster cluster, String topic) throws Exception {
        cluster.createTopic(topic, PARTITIONS);
        try (KafkaProducer<String, String> producer = cluster.producer("acks", "all")) {
            for (int i = 0; i < RECORDS; i++) {
                producer.send(new ProducerRecord<>(topic, i % PARTITIONS, null, "value-" + i)).get();
            }
        }
    }

    private static void comeAndLeave(Cluster cluster, String assignor) {
        String group = "groups-" + assignor;
        String[] settings = {"partition.assignment.strategy", Member.ASSIGNORS + assignor};
        try (Member first = new Member(cluster, group, TOPIC, "first", settings)) {
            Member.settle(PARTITIONS, first);
            Facts.say(NAME, "assignor", assignor, "one", Member.sizes(first));
            try (Member second = new Member(cluster, group, TOPIC, "second", settings)) {
                Member.settle(PARTITIONS, first, second);
                Facts.say(NAME, "assignor", assignor, "two", Member.sizes(first, second),
                        "revoked", first.listener.revoked);
                try (Member third = new Member(cluster, group, TOPIC, "third", settings);
                        Member fourth = new Member(cluster, group, TOPIC, "a fourth", settings)) {
                    Member.settle(PARTITIONS, first, second, third, fourth);
                    Facts.say(NAME, "assignor", assignor, "four", Member.sizes(first, second, third, fourth));
                }
                Member.settle(PARTITIONS, first, second);
                Facts.say(NAME, "assignor", assignor, "two-left", Member.sizes(first, second));
            }
            Member.settle(PARTITIONS, first);
            Facts.say(NAME, "assignor", assignor, "one-left", Member.sizes(first), "lost", first.listener.lost);
        }
    }

    private static void failures(Cluster cluster) {
        try (Member range = new Member(cluster, "groups-mixed", TOPIC, "range",
                        "partition.assignment.strategy", Member.ASSIGNORS + "RangeAssignor");
                Member other = new Member(cluster, "groups-mixed", TOPIC, "other",
                        "partition.assignment.strategy", Member.ASSIGNORS + "RoundRobinAssignor")) {
            Member.settle(PARTITIONS, range);
            Facts.sayFailure(NAME, "join-with-another-assignor", () -> pollOn(other));
        }
        try (Member hasty = new Member(cluster, "groups-hasty", TOPIC, "hasty", "session.timeout.ms", "999")) {
            Facts.sayFailure(NAME, "join-with-short-session", () -> pollOn(hasty));
        }
        try (KafkaConsumer<String, String> late = cluster.consumer("group.id", "groups-late")) {
            late.subscribe(List.of("no such topic"));
            Facts.sayFailure(NAME, "subscribe-invalid-topic", () -> Cluster.read(late, 1));
        }
    }

    private static Void pollOn(Member member) {
        Await.that("an error", () -> {
            member.poll();
            return false;
        });
        return null;
    }
}
