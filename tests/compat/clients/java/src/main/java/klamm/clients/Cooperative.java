package klamm.clients;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Groups whose members keep what they need not give up. */
final class Cooperative {
    private static final String NAME = "cooperative";
    private static final String TOPIC = "cooperative";
    private static final String GROUP = "cooperative";
    private static final String[] SETTINGS = {
        "partition.assignment.strategy", Member.ASSIGNORS + "CooperativeStickyAssignor"
    };

    private Cooperative() {}

    static void run(Cluster cluster) throws Exception {
        Groups.createTopic(cluster, TOPIC);
        try (Member first = new Member(cluster, GROUP, TOPIC, "first", SETTINGS)) {
            Member.settle(Groups.PARTITIONS, first);
            say("one", first);
            try (Member second = new Member(cluster, GROUP, TOPIC, "second", SETTINGS)) {
                Member.settle(Groups.PARTITIONS, first, second);
                say("two", first, second);
                try (Member third = new Member(cluster, GROUP, TOPIC, "third", SETTINGS)) {
                    Member.settle(Groups.PARTITIONS, first, second, third);
                    try (Member fourth = new Member(cluster, GROUP, TOPIC, "a fourth", SETTINGS)) {
                        Member.settle(Groups.PARTITIONS, first, second, third, fourth);
                        say("four", first, second, third, fourth);
                    }
                    Member.settle(Groups.PARTITIONS, first, second, third);
                    say("three-left", first, second, third);
                }
                Member.settle(Groups.PARTITIONS, first, second);
            }
            Member.settle(Groups.PARTITIONS, first);
            say("one-left", first);
        }
    }

    private static void say(String stage, Member... members) {
        List<Integer> revoked = Arrays.stream(members)
                .map(member -> member.listener.revoked).collect(Collectors.toList());
        int lost = Arrays.stream(members).mapToInt(member -> member.listener.lost).sum();
        List<Integer> sizes = Member.sizes(members).stream().sorted().collect(Collectors.toList());
        Facts.say(NAME, "stage", stage, "sizes", sizes, "revoked", revoked, "lost", lost);
    }
}
