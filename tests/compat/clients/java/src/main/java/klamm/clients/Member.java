package klamm.clients;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** A member of a group, polled by hand. Members are named, for assignors sort them by name. */
final class Member implements AutoCloseable {
    /** Counts what happens to the assignment. */
    static final class Listener implements ConsumerRebalanceListener {
        int rebalances;
        int revoked;
        int lost;

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            rebalances++;
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            revoked += partitions.size();
        }

        @Override
        public void onPartitionsLost(Collection<TopicPartition> partitions) {
            lost += partitions.size();
        }
    }

    static final String ASSIGNORS = "org.apache.kafka.clients.consumer.";

    final Listener listener = new Listener();
    final List<ConsumerRecord<String, String>> records = new ArrayList<>();
    final KafkaConsumer<String, String> consumer;

    Member(Cluster cluster, String group, String topic, String name, String... more) {
        List<String> settings = new ArrayList<>(Arrays.asList(
                "group.id", group, "client.id", name, "session.timeout.ms", "6000", "heartbeat.interval.ms", "300"));
        settings.addAll(Arrays.asList(more));
        consumer = cluster.consumer(settings.toArray(new String[0]));
        consumer.subscribe(List.of(topic), listener);
    }

    void poll() {
        consumer.poll(Duration.ofMillis(50)).forEach(records::add);
    }

    Set<TopicPartition> assignment() {
        return consumer.assignment();
    }

    int generation() {
        return consumer.groupMetadata().generationId();
    }

    /** Polls all in turn until they are of one generation and share all partitions. */
    static void settle(int partitions, Member... members) {
        Await.that(members.length + " members share " + partitions + " partitions", () -> {
            Set<TopicPartition> assigned = new HashSet<>();
            Set<Integer> generations = new HashSet<>();
            int sum = 0;
            for (Member member : members) {
                member.poll();
            }
            for (Member member : members) {
                assigned.addAll(member.assignment());
                sum += member.assignment().size();
                generations.add(member.generation());
            }
            return generations.size() == 1 && assigned.size() == partitions && sum == partitions;
        });
    }

    /** How many partitions each has. */
    static List<Integer> sizes(Member... members) {
        return Arrays.stream(members).map(member -> member.assignment().size()).collect(Collectors.toList());
    }

    @Override
    public void close() {
        consumer.close();
    }
}
