package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** DeleteGroups and OffsetDelete: groups that have nothing but offsets, and groups with members in each state. */
final class DeletionCases {
    private final Sweep sweep;
    private final ApiKeys key;
    private final int version;
    private final String group;

    private DeletionCases(Sweep sweep, ApiKeys key, int version) {
        this.sweep = sweep;
        this.key = key;
        this.version = version;
        this.group = "deleting-" + version;
    }

    static void run(Sweep sweep) throws IOException {
        for (ApiKeys key : List.of(ApiKeys.DELETE_GROUPS, ApiKeys.OFFSET_DELETE)) {
            for (int version : Main.versions(key)) {
                DeletionCases cases = new DeletionCases(sweep, key, version);
                cases.onlyOffsets();
                cases.members("consumer");
                cases.members("other");
            }
        }
    }

    private void onlyOffsets() throws IOException {
        commit(0);
        delete("only offsets");
        left("only offsets");
        delete("only offsets, again");
        commit(1);
        delete("offsets after a deletion");
        left("offsets after a deletion");
        sweep.ask(ApiKeys.DELETE_GROUPS, named());
    }

    private void members(String type) throws IOException {
        commit(0);
        join(type, "");
        delete("member id given, " + type);
        commit(0);
        String member = join(type, "").get("memberId").asText();
        int generation = join(type, member).get("generationId").asInt();
        delete("completing, " + type);
        sweep.ask(ApiKeys.SYNC_GROUP, Fields.of("groupId", group, "memberId", member, "generationId", generation,
            "protocolType", type, "protocolName", "range",
            "assignments", List.of(Fields.of("memberId", member, "assignment", new byte[0]))));
        delete("stable, " + type);
        left("stable, " + type);
        sweep.ask(ApiKeys.LEAVE_GROUP, Fields.of("groupId", group, "members", List.of(Fields.of("memberId", member))));
        awaitEmpty();
        delete("all left, " + type);
        left("all left, " + type);
        sweep.ask(ApiKeys.DELETE_GROUPS, named());
    }

    /** The last member leaves at once, and the group is empty a moment later. */
    private void awaitEmpty() throws IOException {
        Waiting waiting = new Waiting("an empty group");
        JsonNode answer = sweep.ask(ApiKeys.DESCRIBE_GROUPS, Fields.of("groups", List.of(group)));
        while (!answer.at("/groups/0/groupState").asText().equals("Empty")) {
            waiting.again(answer);
            answer = sweep.ask(ApiKeys.DESCRIBE_GROUPS, Fields.of("groups", List.of(group)));
        }
    }

    private void commit(int partition) throws IOException {
        List<Object> topics = new ArrayList<>();
        for (String name : List.of("plain", "read")) {
            topics.add(Fields.of("name", name, "topicId", sweep.topicId(name), "partitions",
                List.of(Fields.of("partitionIndex", partition, "committedOffset", 5, "committedMetadata", "m"))));
        }
        sweep.ask(ApiKeys.OFFSET_COMMIT, Fields.of(
            "groupId", group, "generationIdOrMemberEpoch", -1, "memberId", "", "topics", topics));
    }

    private JsonNode join(String type, String member) throws IOException {
        Fields range = Fields.of("name", "range", "metadata", GroupCases.subscription());
        return sweep.ask(ApiKeys.JOIN_GROUP, Fields.of("groupId", group, "sessionTimeoutMs", 30_000,
            "rebalanceTimeoutMs", 30_000, "memberId", member, "protocolType", type, "protocols", List.of(range)));
    }

    private Fields named() {
        return Fields.of("groupsNames", List.of(group));
    }

    private void delete(String name) throws IOException {
        if (key == ApiKeys.DELETE_GROUPS) {
            sweep.send(key, version, name, Fields.of("groupsNames", List.of("none", group, group)));
            return;
        }
        sweep.send(key, version, name, of(topic("plain", 0), topic("read", 0)));
        sweep.send(key, version, name + ", known and unknown",
            of(topic("unknown", 0, 1), topic("read", 9, 0, -1), topic("plain", 1, 9)));
        sweep.send(key, version, name + ", partition twice", of(topic("read", 0, 0)));
        sweep.send(key, version, name + ", topic without partitions", of(topic("read")));
        sweep.send(key, version, name + ", topic without a name", of(topic("", 0)));
    }

    private Fields of(Fields... topics) {
        return Fields.of("groupId", group, "topics", List.of((Object[]) topics));
    }

    private static Fields topic(String name, int... partitions) {
        List<Object> indexes = new ArrayList<>();
        for (int partition : partitions) {
            indexes.add(Fields.of("partitionIndex", partition));
        }
        return Fields.of("name", name, "partitions", indexes);
    }

    /** What there still is of the group. */
    private void left(String name) throws IOException {
        String when = key.name + " of " + name + ", v" + version;
        sweep.send(ApiKeys.OFFSET_FETCH, 9, "after " + when,
            Fields.of("groups", List.of(Fields.of("groupId", group, "topics", null))));
        sweep.send(ApiKeys.DESCRIBE_GROUPS, 6, "after " + when, Fields.of("groups", List.of(group)));
    }
}
