package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;

/** Fetch, with and without sessions. */
final class FetchCases {
    private static final String TOPIC = "read";

    private final Sweep sweep;
    private final int version;

    private FetchCases(Sweep sweep, int version) {
        this.sweep = sweep;
        this.version = version;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.FETCH)) {
            FetchCases cases = new FetchCases(sweep, version);
            cases.offsets();
            cases.limits();
            cases.addresses();
            cases.epochs();
            if (version >= 7) {
                cases.sessions();
                cases.badSessions();
            }
        }
    }

    static Fields fetch(Sweep sweep, String topic, int partition, long offset) {
        return request(topic(sweep, topic, partition(partition, offset)));
    }

    private static Fields request(Fields... topics) {
        return Fields.of("maxWaitMs", 0, "minBytes", 1, "maxBytes", 1_000_000, "topics", List.of((Object[]) topics));
    }

    private static Fields topic(Sweep sweep, String topic, Fields... partitions) {
        return Fields.of("topic", topic, "topicId", sweep.topicId(topic), "partitions", List.of((Object[]) partitions));
    }

    private static Fields partition(int partition, long offset) {
        return Fields.of("partition", partition, "fetchOffset", offset, "partitionMaxBytes", 1_000_000);
    }

    private JsonNode send(String name, Fields fields) throws IOException {
        return sweep.send(ApiKeys.FETCH, version, name, fields);
    }

    private Fields read(Fields... partitions) {
        return request(topic(sweep, TOPIC, partitions));
    }

    private void offsets() throws IOException {
        send("from the beginning", read(partition(0, 0)));
        send("from the middle of a batch", read(partition(0, 3)));
        send("at the end", read(partition(0, 6)));
        send("at the end, waiting", read(partition(0, 6)).with("maxWaitMs", 20));
        send("beyond the end", read(partition(0, 7)));
        send("negative", read(partition(0, -1)));
        send("read committed", read(partition(0, 0)).with("isolationLevel", 1));
        send("unknown isolation", read(partition(0, 0)).with("isolationLevel", 7));
        send("unknown isolation and partition", read(partition(9, 0)).with("isolationLevel", 7));
        send("unknown isolation, two partitions", read(partition(9, 0), partition(0, 0)).with("isolationLevel", 7));
        send("unknown isolation as a replica", read(partition(0, 0)).with(
            "isolationLevel", 7, "replicaId", 5, "replicaState", Fields.of("replicaId", 5, "replicaEpoch", 1)));
        send("two partitions", read(partition(0, 0), partition(1, 0)));
        send("partition twice", read(partition(0, 0), partition(0, 2)));
        send("two topics", request(topic(sweep, TOPIC, partition(0, 4)), topic(sweep, "plain", partition(0, 0))));
        send("log start offset", read(partition(0, 4).with("logStartOffset", 2)));
    }

    private void limits() throws IOException {
        send("one byte of a partition", read(partition(0, 0).with("partitionMaxBytes", 1)));
        send("one byte of all", read(partition(0, 0), partition(1, 0)).with("maxBytes", 1));
        send("one batch", read(partition(0, 0).with("partitionMaxBytes", 100)));
        send("no bytes", read(partition(0, 0).with("partitionMaxBytes", 0)).with("maxBytes", 0));
        send("negative bytes", read(partition(0, 0).with("partitionMaxBytes", -1)));
        send("min bytes 0", read(partition(0, 6)).with("minBytes", 0, "maxWaitMs", 5000));
        send("rack", read(partition(0, 5)).with("rackId", "a"));
    }

    private void addresses() throws IOException {
        send("unknown topic", request(topic(sweep, "unknown", partition(0, 0))));
        send("unknown partition", read(partition(9, 0)));
        send("negative partition", read(partition(-1, 0)));
        send("known and unknown", request(
            topic(sweep, TOPIC, partition(9, 0), partition(0, 5)), topic(sweep, "unknown", partition(0, 0))));
        send("error and waiting", read(partition(9, 0), partition(0, 6)).with("maxWaitMs", 20));
        send("no topics", request());
        send("no partitions", read());
        if (version >= 13) {
            Fields zero = Fields.of("topicId", Uuid.ZERO_UUID, "partitions", List.of(partition(0, 0)));
            send("id 0", request(zero));
        }
        send("as a replica", read(partition(0, 0)).with(
            "replicaId", 5, "replicaState", Fields.of("replicaId", 5, "replicaEpoch", 1)));
        send("for debugging", read(partition(0, 0)).with("replicaId", -2, "replicaState", Fields.of("replicaId", -2)));
    }

    private void epochs() throws IOException {
        send("current epoch", read(partition(0, 5).with("currentLeaderEpoch", 0)));
        send("epoch of the future", read(partition(0, 5).with("currentLeaderEpoch", 3)));
        send("last fetched epoch", read(partition(0, 5).with("currentLeaderEpoch", 0, "lastFetchedEpoch", 0)));
        send("last fetched epoch of the future", read(partition(0, 5).with("lastFetchedEpoch", 2)));
        send("beyond the end of the last fetched epoch", read(partition(0, 9).with("lastFetchedEpoch", 0)));
    }

    private static Fields session(Fields request, int id, int epoch) {
        return request.with("sessionId", id, "sessionEpoch", epoch);
    }

    private Fields forgotten(Integer... partitions) {
        return Fields.of("topic", TOPIC, "topicId", sweep.topicId(TOPIC), "partitions", List.of((Object[]) partitions));
    }

    private void sessions() throws IOException {
        JsonNode full = send("session begins", session(read(partition(0, 0), partition(1, 0)), 0, 0));
        int id = full.get("sessionId").asInt();
        send("session, next, read again", session(request(), id, 1));
        send("session, on to the end", session(read(partition(0, 6), partition(1, 1)), id, 2));
        send("session, nothing new", session(request(), id, 3));
        send("session, one more partition",
            session(request(topic(sweep, "plain", partition(0, 0))), id, 4));
        send("session, one partition back", session(read(partition(0, 5)), id, 5));
        send("session, partition forgotten",
            session(request(), id, 6).with("forgottenTopicsData", List.of(forgotten(0))));
        send("session, unknown partition forgotten",
            session(request(), id, 7).with("forgottenTopicsData", List.of(forgotten(5))));
        send("session, unknown partition added", session(read(partition(9, 0)), id, 8));
        send("session, unknown topic added", session(request(topic(sweep, "unknown", partition(0, 0))), id, 9));
        send("session, errors again", session(request(), id, 10));
        send("session, all forgotten", session(request(), id, 11).with("forgottenTopicsData", List.of(
            forgotten(1, 9), Fields.of("topic", "unknown", "topicId", sweep.topicId("unknown"), "partitions", List.of(0)),
            Fields.of("topic", "plain", "topicId", sweep.topicId("plain"), "partitions", List.of(0)))));
        send("session, wrong epoch", session(request(), id, 40));
        send("session ends", session(request(), id, -1));
        send("session is over", session(request(), id, 12));
    }

    private void badSessions() throws IOException {
        send("unknown session", session(request(), 12345, 1));
        send("end of an unknown session", session(read(partition(0, 5)), 12345, -1));
        send("empty session", session(request(), 0, 0));
        send("session 0 with an epoch", session(read(partition(0, 5)), 0, 3));
        List<Integer> ids = new ArrayList<>();
        JsonNode first = send("session to be replaced", session(read(partition(0, 5)), 0, 0));
        ids.add(first.get("sessionId").asInt());
        JsonNode second = send("session in place of another", session(read(partition(0, 5)), ids.get(0), 0));
        send("replaced session", session(request(), ids.get(0), 1));
        send("session in place, ended", session(request(), second.get("sessionId").asInt(), -1));
    }
}
