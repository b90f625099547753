package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.internals.ConsumerProtocol;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.utils.Utils;

/** JoinGroup, SyncGroup, Heartbeat, LeaveGroup, ListGroups, DescribeGroups and DeleteGroups, by the life of a group. */
final class GroupCases {
    private static final int SESSION_TIMEOUT_MS = 30_000;

    private final Sweep sweep;
    /** Counts through the versions of JoinGroup; others are at their highest from theirs on, and then not shown again. */
    private final int round;
    private final String group;
    private int generation = -1;

    private GroupCases(Sweep sweep, int round) {
        this.sweep = sweep;
        this.round = round;
        this.group = "group-" + round;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.JOIN_GROUP)) {
            GroupCases cases = new GroupCases(sweep, version);
            cases.badJoins();
            String first = cases.alone();
            cases.badCalls(first);
            cases.described("stable");
            String second = cases.joinedBySecond(first);
            cases.leave(first, second);
            if (version >= 5) {
                cases.staticMember();
            }
        }
    }

    private JsonNode send(ApiKeys key, String name, Fields fields) throws IOException {
        int version = Math.min(round, key.latestVersion(false));
        if (version < round) {
            return sweep.ask(key, version, fields);
        }
        return sweep.send(key, version, name, fields);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** What a consumer of one topic joins with; Kafka reads it. */
    static byte[] subscription() {
        Subscription subscription = new Subscription(List.of("plain"));
        return Utils.toArray(ConsumerProtocol.serializeSubscription(subscription, (short) 0));
    }

    private static List<Object> protocols(String... names) {
        List<Object> protocols = new ArrayList<>();
        for (String name : names) {
            protocols.add(Fields.of("name", name, "metadata", subscription()));
        }
        return protocols;
    }

    private Fields join(String member) {
        return Fields.of("groupId", group, "sessionTimeoutMs", SESSION_TIMEOUT_MS, "rebalanceTimeoutMs", SESSION_TIMEOUT_MS,
            "memberId", member, "protocolType", "consumer", "protocols", protocols("range", "other"), "reason", "sweep");
    }

    private Fields sync(String member, int generationId, String... assigned) {
        List<Object> assignments = new ArrayList<>();
        for (String each : assigned) {
            assignments.add(Fields.of("memberId", each, "assignment", bytes("assignment")));
        }
        return Fields.of("groupId", group, "generationId", generationId, "memberId", member, "protocolType", "consumer",
            "protocolName", "range", "assignments", assignments);
    }

    private Fields heartbeat(String member, int generationId) {
        return Fields.of("groupId", group, "generationId", generationId, "memberId", member);
    }

    private Fields leaving(String... members) {
        List<Object> identities = new ArrayList<>();
        for (String member : members) {
            identities.add(Fields.of("memberId", member, "reason", "sweep"));
        }
        return Fields.of("groupId", group, "memberId", members.length == 0 ? "" : members[0], "members", identities);
    }

    private void badJoins() throws IOException {
        ApiKeys key = ApiKeys.JOIN_GROUP;
        send(key, "empty group", join("").with("groupId", ""));
        send(key, "session timeout too short", join("").with("sessionTimeoutMs", 10));
        send(key, "session timeout too long", join("").with("sessionTimeoutMs", 100_000_000));
        send(key, "unknown member of no group", join("nobody"));
        send(key, "no protocols", join("").with("protocols", List.of()));
        send(key, "no protocol type", join("").with("protocolType", ""));
        send(ApiKeys.SYNC_GROUP, "no group", sync("nobody", 1));
        send(ApiKeys.SYNC_GROUP, "empty group", sync("nobody", 1).with("groupId", ""));
        send(ApiKeys.HEARTBEAT, "no group", heartbeat("nobody", 1));
        send(ApiKeys.HEARTBEAT, "empty group", heartbeat("nobody", 1).with("groupId", ""));
        send(ApiKeys.LEAVE_GROUP, "no group", leaving("nobody"));
        send(ApiKeys.LEAVE_GROUP, "empty group", leaving("nobody").with("groupId", ""));
        send(ApiKeys.LEAVE_GROUP, "no members", leaving());
        described("no group");
    }

    private String alone() throws IOException {
        JsonNode first = send(ApiKeys.JOIN_GROUP, "without member id", join(""));
        String member = first.get("memberId").asText();
        if (round >= 4) {
            described("member id given");
            first = send(ApiKeys.JOIN_GROUP, "with the member id", join(member));
        }
        generation = first.get("generationId").asInt();
        send(ApiKeys.HEARTBEAT, "before sync", heartbeat(member, generation));
        described("completing");
        send(ApiKeys.SYNC_GROUP, "other protocol type", sync(member, generation, member).with("protocolType", "other"));
        send(ApiKeys.SYNC_GROUP, "other protocol", sync(member, generation, member).with("protocolName", "other"));
        send(ApiKeys.SYNC_GROUP, "leader", sync(member, generation, member));
        send(ApiKeys.SYNC_GROUP, "again", sync(member, generation));
        send(ApiKeys.HEARTBEAT, "normal", heartbeat(member, generation));
        return member;
    }

    private void badCalls(String member) throws IOException {
        send(ApiKeys.JOIN_GROUP, "unknown member", join("nobody"));
        send(ApiKeys.JOIN_GROUP, "other protocol type", join("").with("protocolType", "other"));
        send(ApiKeys.JOIN_GROUP, "no common protocol", join("").with("protocols", protocols("strange")));
        send(ApiKeys.JOIN_GROUP, "member with no common type", join(member).with("protocolType", "other"));
        send(ApiKeys.SYNC_GROUP, "unknown member", sync("nobody", generation));
        send(ApiKeys.SYNC_GROUP, "generation before", sync(member, generation - 1));
        send(ApiKeys.SYNC_GROUP, "generation behind", sync(member, generation + 1));
        send(ApiKeys.SYNC_GROUP, "unknown instance", sync(member, generation).with("groupInstanceId", "nobody"));
        send(ApiKeys.HEARTBEAT, "unknown member", heartbeat("nobody", generation));
        send(ApiKeys.HEARTBEAT, "empty member", heartbeat("", generation));
        send(ApiKeys.HEARTBEAT, "generation behind", heartbeat(member, generation + 1));
        send(ApiKeys.HEARTBEAT, "unknown instance", heartbeat(member, generation).with("groupInstanceId", "nobody"));
        send(ApiKeys.LEAVE_GROUP, "unknown member", leaving("nobody"));
        send(ApiKeys.LEAVE_GROUP, "empty member", leaving(""));
        send(ApiKeys.DELETE_GROUPS, "with members", Fields.of("groupsNames", List.of(group)));
    }

    private void described(String when) throws IOException {
        send(ApiKeys.DESCRIBE_GROUPS, when, Fields.of("groups", List.of(group)));
        send(ApiKeys.LIST_GROUPS, when, Fields.of());
        if (round == 4 || round == 5) {
            for (String state : List.of("Stable", "stable", "Empty", "PreparingRebalance", "CompletingRebalance", "Dead", "Odd", "")) {
                send(ApiKeys.LIST_GROUPS, when + ", state " + state, Fields.of("statesFilter", List.of(state)));
            }
        }
        if (round == 5) {
            for (String type : List.of("classic", "Classic", "consumer", "share", "odd", "")) {
                send(ApiKeys.LIST_GROUPS, when + ", type " + type, Fields.of("typesFilter", List.of(type)));
            }
        }
        send(ApiKeys.DESCRIBE_GROUPS, when + ", several",
            Fields.of("groups", List.of(group, "none", ""), "includeAuthorizedOperations", true));
        send(ApiKeys.DESCRIBE_GROUPS, when + ", twice", Fields.of("groups", List.of(group, group)));
        send(ApiKeys.DESCRIBE_GROUPS, when + ", none", Fields.of("groups", List.of()));
    }

    private String joinedBySecond(String first) throws IOException {
        short version = (short) Math.min(round, ApiKeys.JOIN_GROUP.latestVersion(false));
        String asked = round >= 4 ? sweep.ask(ApiKeys.JOIN_GROUP, version, join("")).get("memberId").asText() : "";
        try (Connection connection = sweep.connect()) {
            ApiMessage request = Messages.request(ApiKeys.JOIN_GROUP, version, join(asked).with("protocols", protocols("range")));
            connection.send(Connection.frame(ApiKeys.JOIN_GROUP, version, request));
            Waiting waiting = new Waiting("rebalance of " + group);
            while (sweep.ask(ApiKeys.HEARTBEAT, heartbeat(first, generation)).get("errorCode").asInt() == 0) {
                waiting.again("no rebalance");
            }
            send(ApiKeys.HEARTBEAT, "while rebalancing", heartbeat(first, generation));
            send(ApiKeys.SYNC_GROUP, "while rebalancing", sync(first, generation));
            described("preparing");
            JsonNode leader = send(ApiKeys.JOIN_GROUP, "leader again", join(first));
            generation = leader.get("generationId").asInt();
            JsonNode follower = sweep.receive(connection, ApiKeys.JOIN_GROUP, version);
            sweep.print(ApiKeys.JOIN_GROUP, version, "follower", Messages.json(request, version), follower);
            String second = follower.get("memberId").asText();
            send(ApiKeys.SYNC_GROUP, "leader of two", sync(first, generation, first, second));
            send(ApiKeys.SYNC_GROUP, "follower", sync(second, generation));
            described("of two");
            return second;
        }
    }

    private void leave(String first, String second) throws IOException {
        send(ApiKeys.LEAVE_GROUP, "one of two", leaving(second));
        send(ApiKeys.LEAVE_GROUP, "again", leaving(second));
        send(ApiKeys.LEAVE_GROUP, "the last and strangers", leaving(first, "nobody", first));
        described("empty");
        ApiKeys key = ApiKeys.DELETE_GROUPS;
        send(key, "unknown and empty names", Fields.of("groupsNames", List.of("none", "")));
        send(key, "normal", Fields.of("groupsNames", List.of(group)));
        send(key, "again", Fields.of("groupsNames", List.of(group)));
        send(key, "none", Fields.of("groupsNames", List.of()));
        send(key, "twice", Fields.of("groupsNames", List.of("none", "none")));
        sweep.ask(key, Fields.of("groupsNames", List.of(group)));
    }

    private Fields asInstance(Fields fields) {
        return fields.with("groupInstanceId", "instance");
    }

    private void staticMember() throws IOException {
        JsonNode joined = send(ApiKeys.JOIN_GROUP, "static", asInstance(join("")));
        String old = joined.get("memberId").asText();
        generation = joined.get("generationId").asInt();
        send(ApiKeys.SYNC_GROUP, "static", asInstance(sync(old, generation, old)));
        send(ApiKeys.HEARTBEAT, "static", asInstance(heartbeat(old, generation)));
        described("static");
        JsonNode again = send(ApiKeys.JOIN_GROUP, "static, restarted", asInstance(join("")));
        String member = again.get("memberId").asText();
        generation = again.get("generationId").asInt();
        send(ApiKeys.JOIN_GROUP, "static, fenced", asInstance(join(old)));
        send(ApiKeys.SYNC_GROUP, "static, fenced", asInstance(sync(old, generation)));
        send(ApiKeys.HEARTBEAT, "static, fenced", asInstance(heartbeat(old, generation)));
        sweep.ask(ApiKeys.HEARTBEAT, asInstance(heartbeat(old, generation)));
        send(ApiKeys.SYNC_GROUP, "static, after a restart", asInstance(sync(member, generation, member)));
        send(ApiKeys.LEAVE_GROUP, "unknown instance", Fields.of("groupId", group, "members",
            List.of(Fields.of("memberId", "", "groupInstanceId", "nobody"))));
        send(ApiKeys.LEAVE_GROUP, "fenced instance", Fields.of("groupId", group, "members",
            List.of(Fields.of("memberId", old, "groupInstanceId", "instance"))));
        send(ApiKeys.LEAVE_GROUP, "instance by its name", Fields.of("groupId", group, "members",
            List.of(Fields.of("memberId", "", "groupInstanceId", "instance"))));
        sweep.ask(ApiKeys.LEAVE_GROUP, Fields.of("groupId", group, "members",
            List.of(Fields.of("memberId", "", "groupInstanceId", "instance"))));
        sweep.ask(ApiKeys.DELETE_GROUPS, Fields.of("groupsNames", List.of(group)));
    }
}
