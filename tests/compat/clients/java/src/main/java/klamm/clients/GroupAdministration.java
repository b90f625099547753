package klamm.clients;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ConsumerGroupListing;
import org.apache.kafka.clients.admin.ListConsumerGroupsOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.ConsumerGroupState;
import org.apache.kafka.common.TopicPartition;

/** Groups and their offsets as an administrator sees and changes them. */
final class GroupAdministration {
    private static final String NAME = "group-admin";
    private static final String TOPIC = "group-admin";
    private static final String GROUP = "group-admin";
    private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);

    private GroupAdministration() {}

    static void run(Cluster cluster) throws Exception {
        Groups.createTopic(cluster, TOPIC);
        try (Admin admin = cluster.admin()) {
            try (Member member = new Member(cluster, GROUP, TOPIC, "member")) {
                Member.settle(Groups.PARTITIONS, member);
                member.consumer.commitSync(Map.of(PARTITION, new OffsetAndMetadata(3, "note"),
                        new TopicPartition(TOPIC, 1), new OffsetAndMetadata(5)));
                describe(NAME, admin, GROUP);
                list(admin);
                offsets(admin);
                change(admin, "stable");
            }
            Await.that("an empty group", () -> described(admin, GROUP).state() == ConsumerGroupState.EMPTY);
            describe(NAME, admin, GROUP);
            list(admin);
            change(admin, "empty");
            delete(admin);
        }
    }

    /** Says what the node says about a group. */
    static void describe(String scenario, Admin admin, String name) throws Exception {
        ConsumerGroupDescription group = described(admin, name);
        Facts.say(scenario, "group", group.groupId(), "state", group.state(), "simple", group.isSimpleConsumerGroup(),
                "assignor", "'" + group.partitionAssignor() + "'", "coordinator", group.coordinator().id(),
                "members", group.members().stream()
                        .map(member -> member.clientId() + ":" + member.groupInstanceId().orElse("-") + ":"
                                + member.assignment().topicPartitions().size())
                        .sorted().collect(Collectors.toList()));
    }

    private static ConsumerGroupDescription described(Admin admin, String name) throws Exception {
        return Cluster.get(admin.describeConsumerGroups(List.of(name)).all()).get(name);
    }

    private static void list(Admin admin) throws Exception {
        Map<String, String> all = new TreeMap<>();
        for (ConsumerGroupListing group : Cluster.get(admin.listConsumerGroups().all())) {
            // Those of other scenarios have sessions that end some time.
            if (group.groupId().equals(GROUP) || group.groupId().startsWith("consume")) {
                all.put(group.groupId(), group.state().map(Object::toString).orElse("-") + ":"
                        + group.isSimpleConsumerGroup());
            }
        }
        Facts.say(NAME, "groups", all);
        ListConsumerGroupsOptions stable = new ListConsumerGroupsOptions().inStates(Set.of(ConsumerGroupState.STABLE));
        Facts.say(NAME, "is-among-stable", Cluster.get(admin.listConsumerGroups(stable).all()).stream()
                .anyMatch(group -> group.groupId().equals(GROUP)));
    }

    private static void offsets(Admin admin) throws Exception {
        Map<String, String> offsets = new TreeMap<>();
        Cluster.get(admin.listConsumerGroupOffsets(GROUP).partitionsToOffsetAndMetadata()).forEach(
                (partition, offset) -> offsets.put(partition.toString(), offset.offset() + ":" + offset.metadata()));
        Facts.say(NAME, "offsets", offsets);
    }

    private static void change(Admin admin, String state) throws Exception {
        Facts.sayFailure(NAME, state + "-reset", () -> Cluster.get(admin.alterConsumerGroupOffsets(
                GROUP, Map.of(PARTITION, new OffsetAndMetadata(7, "reset"))).all()));
        offsets(admin);
        Facts.sayFailure(NAME, state + "-reset-unknown-partition", () -> Cluster.get(admin.alterConsumerGroupOffsets(
                GROUP, Map.of(new TopicPartition("nowhere", 0), new OffsetAndMetadata(7))).all()));
        Facts.sayFailure(NAME, state + "-delete-offset", () -> Cluster.get(
                admin.deleteConsumerGroupOffsets(GROUP, Set.of(PARTITION)).all()));
        offsets(admin);
        Facts.sayFailure(NAME, state + "-delete-offset-of-unknown", () -> Cluster.get(
                admin.deleteConsumerGroupOffsets(GROUP, Set.of(new TopicPartition("nowhere", 0))).all()));
    }

    private static void delete(Admin admin) throws Exception {
        Facts.sayFailure(NAME, "delete-unknown", () -> Cluster.get(
                admin.deleteConsumerGroups(List.of("nobody")).all()));
        Facts.sayFailure(NAME, "delete-offset-of-unknown-group", () -> Cluster.get(
                admin.deleteConsumerGroupOffsets("nobody", Set.of(PARTITION)).all()));
        Facts.sayFailure(NAME, "delete", () -> Cluster.get(admin.deleteConsumerGroups(List.of(GROUP)).all()));
        list(admin);
        offsets(admin);
        Facts.sayFailure(NAME, "describe-deleted", () -> {
            describe(NAME, admin, GROUP);
            return null;
        });
        Facts.sayFailure(NAME, "empty-name", () -> Cluster.get(admin.deleteConsumerGroups(List.of("")).all()));
    }
}
