package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;

/** OffsetCommit, OffsetFetch and OffsetDelete. */
final class CommitCases {
    private static final int METADATA_SIZE_MAX = 4096;

    private final Sweep sweep;
    private final int version;
    private final String group;

    private CommitCases(Sweep sweep, int version, String group) {
        this.sweep = sweep;
        this.version = version;
        this.group = group;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.OFFSET_COMMIT)) {
            CommitCases cases = new CommitCases(sweep, version, "committing-" + version);
            cases.commits();
            cases.commitsOfMembers();
        }
        new CommitCases(sweep, 9, "fetched").commit("for fetches", 0, "m");
        for (int version : Main.versions(ApiKeys.OFFSET_FETCH)) {
            new CommitCases(sweep, version, "fetched").fetches();
        }
        for (int version : Main.versions(ApiKeys.OFFSET_DELETE)) {
            new CommitCases(sweep, version, "fetched").deletes();
        }
    }

    private Fields request(Fields... topics) {
        return Fields.of("groupId", group, "generationIdOrMemberEpoch", -1, "memberId", "",
            "topics", List.of((Object[]) topics));
    }

    private Fields topic(String name, Fields... partitions) {
        return Fields.of("name", name, "topicId", sweep.topicId(name), "partitions", List.of((Object[]) partitions));
    }

    private static Fields partition(int index, long offset, String metadata) {
        return Fields.of("partitionIndex", index, "committedOffset", offset, "committedMetadata", metadata);
    }

    private void commit(String name, long offset, String metadata) throws IOException {
        send(name, request(topic("plain", partition(0, offset, metadata))));
    }

    private void send(String name, Fields fields) throws IOException {
        sweep.send(ApiKeys.OFFSET_COMMIT, version, name, fields);
    }

    private void commits() throws IOException {
        Fields good = partition(0, 5, "m");
        commit("normal", 5, "meta");
        commit("null metadata", 5, null);
        commit("longest metadata", 5, "m".repeat(METADATA_SIZE_MAX));
        commit("longer metadata", 5, "m".repeat(METADATA_SIZE_MAX + 1));
        commit("negative offset", -1, "");
        commit("offset -5", -5, "");
        send("leader epoch", request(topic("plain", good.with("committedLeaderEpoch", 3))));
        send("retention time", request(topic("plain", good)).with("retentionTimeMs", 100_000));
        send("unknown topic", request(topic("unknown", good)));
        send("unknown partition", request(topic("plain", partition(9, 5, ""))));
        send("negative partition", request(topic("plain", partition(-1, 5, ""))));
        send("known and unknown", request(topic("unknown", good), topic("plain", partition(9, 5, ""), good)));
        send("empty group", request(topic("plain", good)).with("groupId", ""));
        send("no topics", request());
        send("no partitions", request(topic("plain")));
        send("generation of no group", request(topic("plain", good)).with(
            "groupId", "none", "generationIdOrMemberEpoch", 5, "memberId", "nobody"));
        send("generation of an empty group", request(topic("plain", good)).with(
            "generationIdOrMemberEpoch", 5, "memberId", "nobody"));
        send("member without generation", request(topic("plain", good)).with("memberId", "nobody"));
        send("instance without generation", request(topic("plain", good)).with("groupInstanceId", "nobody"));
        if (version >= 10) {
            send("id 0", request(topic("plain", good).with("topicId", Uuid.ZERO_UUID)));
        }
        sweep.send(ApiKeys.OFFSET_FETCH, 9, "committed in v" + version, ofGroups(fetched(group, null)));
    }

    private void commitsOfMembers() throws IOException {
        Fields good = topic("plain", partition(0, 7, "m"));
        JsonNode joined = join("");
        String member = joined.get("memberId").asText();
        int generation = join(member).get("generationId").asInt();
        Fields mine = request(good).with("memberId", member, "generationIdOrMemberEpoch", generation);
        send("before sync", mine);
        sweep.ask(ApiKeys.SYNC_GROUP, Fields.of("groupId", group, "memberId", member, "generationId", generation,
            "protocolType", "consumer", "protocolName", "range",
            "assignments", List.of(Fields.of("memberId", member, "assignment", new byte[0]))));
        send("member", mine);
        send("old generation", mine.with("generationIdOrMemberEpoch", generation - 1));
        send("future generation", mine.with("generationIdOrMemberEpoch", generation + 1));
        send("unknown member", mine.with("memberId", "nobody"));
        send("unknown instance of a member", mine.with("groupInstanceId", "nobody"));
        send("stranger while there are members", request(good));
        sweep.ask(ApiKeys.LEAVE_GROUP, Fields.of("groupId", group, "members", List.of(Fields.of("memberId", member))));
    }

    private JsonNode join(String member) throws IOException {
        Fields range = Fields.of("name", "range", "metadata", GroupCases.subscription());
        return sweep.ask(ApiKeys.JOIN_GROUP, Fields.of("groupId", group, "sessionTimeoutMs", 30_000,
            "rebalanceTimeoutMs", 30_000, "memberId", member, "protocolType", "consumer", "protocols", List.of(range)));
    }

    private Fields fetched(String groupId, List<Object> topics) {
        return Fields.of("groupId", groupId, "topics", topics);
    }

    private Fields indexes(String topic, Integer... partitions) {
        return Fields.of("name", topic, "topicId", sweep.topicId(topic), "partitionIndexes", List.of((Object[]) partitions));
    }

    /** In the form of all versions: for one group, and for several of which it is the first. */
    private static Fields ofGroups(Fields... groups) {
        Object topics = groups[0].values().get("topics");
        List<Object> named = null;
        if (topics != null) {
            named = ((List<?>) topics).stream().map(topic -> byName((Fields) topic)).toList();
        }
        return Fields.of(
            "groupId", groups[0].values().get("groupId"), "topics", named, "groups", List.of((Object[]) groups));
    }

    private static Object byName(Fields topic) {
        return Fields.of(
            "name", topic.values().get("name"), "partitionIndexes", topic.values().get("partitionIndexes"));
    }

    private void fetch(String name, Fields... groups) throws IOException {
        sweep.send(ApiKeys.OFFSET_FETCH, version, name, ofGroups(groups));
    }

    private void fetches() throws IOException {
        fetch("normal", fetched(group, List.of(indexes("plain", 0, 1))));
        fetch("all", fetched(group, null));
        fetch("no topics", fetched(group, List.of()));
        fetch("no partitions", fetched(group, List.of(indexes("plain"))));
        fetch("unknown topic", fetched(group, List.of(indexes("unknown", 0))));
        fetch("unknown partition", fetched(group, List.of(indexes("plain", 9, -1))));
        fetch("partition twice", fetched(group, List.of(indexes("plain", 0, 0))));
        fetch("unknown group", fetched("none", List.of(indexes("plain", 0))));
        fetch("all of an unknown group", fetched("none", null));
        fetch("empty group", fetched("", List.of(indexes("plain", 0))));
        sweep.send(ApiKeys.OFFSET_FETCH, version, "stable",
            ofGroups(fetched(group, List.of(indexes("plain", 0)))).with("requireStable", true));
        if (version >= 8) {
            fetch("two groups", fetched(group, List.of(indexes("plain", 0))), fetched("none", null));
            sweep.send(ApiKeys.OFFSET_FETCH, version, "no groups", Fields.of("groups", List.of()));
        }
        if (version >= 9) {
            fetch("unknown member", fetched(group, null).with("memberId", "nobody", "memberEpoch", 3));
            fetch("member without epoch", fetched(group, null).with("memberId", "nobody"));
        }
        if (version >= 10) {
            fetch("id 0", fetched(group, List.of(indexes("plain", 0).with("topicId", Uuid.ZERO_UUID))));
        }
    }

    private void deletes() throws IOException {
        delete("unknown group", "none", topic("plain", partition(0, 0, "")));
        delete("empty group", "", topic("plain", partition(0, 0, "")));
        delete("unknown partition", group, topic("plain", partition(9, 0, "")));
        delete("unknown topic", group, topic("unknown", partition(0, 0, "")));
        delete("no topics", group);
        delete("normal", group, topic("plain", partition(0, 0, ""), partition(1, 0, "")));
        delete("again", group, topic("plain", partition(0, 0, "")));
    }

    private void delete(String name, String groupId, Fields... topics) throws IOException {
        List<Object> bare = List.of((Object[]) topics).stream().map(topic -> bare((Fields) topic)).toList();
        sweep.send(ApiKeys.OFFSET_DELETE, version, name, Fields.of("groupId", groupId, "topics", bare));
    }

    private static Object bare(Fields topic) {
        List<?> partitions = (List<?>) topic.values().get("partitions");
        List<Object> indexes = partitions.stream()
            .map(each -> (Object) Fields.of("partitionIndex", ((Fields) each).values().get("partitionIndex")))
            .toList();
        return Fields.of("name", topic.values().get("name"), "partitions", indexes);
    }
}
