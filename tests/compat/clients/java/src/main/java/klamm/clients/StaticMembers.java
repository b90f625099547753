package klamm.clients;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.MemberToRemove;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Members with a name of their own come back without a rebalance, and there is one of each name. */
final class StaticMembers {
    private static final String NAME = "static";
    private static final String TOPIC = "static";
    private static final String GROUP = "static";

    private StaticMembers() {}

    static void run(Cluster cluster) throws Exception {
        Groups.createTopic(cluster, TOPIC);
        try (Admin admin = cluster.admin(); Member second = member(cluster, "second")) {
            Set<TopicPartition> before;
            int generation;
            try (Member first = member(cluster, "first")) {
                Member.settle(Groups.PARTITIONS, first, second);
                Facts.say(NAME, "sizes", Member.sizes(first, second));
                before = new HashSet<>(first.assignment());
                generation = first.generation();
            }
            int rebalances = second.listener.rebalances;
            GroupAdministration.describe(NAME, admin, GROUP);
            // Its commit, not a heartbeat, is to tell it that there is another one in its place.
            try (Member again = member(cluster, "first", "25000")) {
                Member.settle(Groups.PARTITIONS, again, second);
                Facts.say(NAME, "again", again.assignment().equals(before),
                        "same-generation", generation == again.generation(),
                        "rebalances", second.listener.rebalances - rebalances);
                fence(cluster, again, second);
            }
            remove(admin, second);
        }
    }

    private static Member member(Cluster cluster, String name) {
        return member(cluster, name, "300");
    }

    private static Member member(Cluster cluster, String name, String heartbeatMs) {
        return new Member(cluster, GROUP, TOPIC, name, "group.instance.id", name, "session.timeout.ms", "30000",
                "heartbeat.interval.ms", heartbeatMs);
    }

    private static void fence(Cluster cluster, Member old, Member second) {
        try (Member fresh = member(cluster, "first")) {
            Member.settle(Groups.PARTITIONS, fresh, second);
            TopicPartition partition = fresh.assignment().iterator().next();
            Facts.sayErrorName(NAME, "commit-of-the-old-one", () -> {
                old.consumer.commitSync(Map.of(partition, new OffsetAndMetadata(1)));
                return null;
            });
            fresh.consumer.commitSync(Map.of(partition, new OffsetAndMetadata(2)));
            Facts.say(NAME, "committed", fresh.consumer.committed(Set.of(partition)).get(partition).offset());
        }
    }

    /** The other has all when it is gone. */
    private static void remove(Admin admin, Member second) throws Exception {
        Facts.sayFailure(NAME, "remove-unknown", () -> Cluster.get(admin.removeMembersFromConsumerGroup(
                GROUP, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("nobody")))).all()));
        Cluster.get(admin.removeMembersFromConsumerGroup(
                GROUP, new RemoveMembersFromConsumerGroupOptions(List.of(new MemberToRemove("first")))).all());
        Member.settle(Groups.PARTITIONS, second);
        Facts.say(NAME, "removed", "first", "sizes", Member.sizes(second));
        GroupAdministration.describe(NAME, admin, GROUP);
    }
}
