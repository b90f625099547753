package klamm.sweep;

import java.io.IOException;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** DescribeQuorum, UnregisterBroker and UpdateFeatures, on the broker's listener and on the controller's. */
final class QuorumCases {
    private static final int UPGRADE = 1;
    private static final int SAFE_DOWNGRADE = 2;
    private static final int UNSAFE_DOWNGRADE = 3;

    private final Sweep sweep;
    private final String where;

    private QuorumCases(Sweep sweep, String where) {
        this.sweep = sweep;
        this.where = where;
    }

    static void run(Sweep sweep) throws IOException {
        new QuorumCases(sweep, "").run();
        try (Sweep controller = sweep.controller()) {
            new QuorumCases(controller, ", controller").run();
        }
        new QuorumCases(sweep, "").changeLevels();
    }

    private void run() throws IOException {
        for (int version : Main.versions(ApiKeys.DESCRIBE_QUORUM)) {
            describeQuorum(version);
        }
        for (int version : Main.versions(ApiKeys.UNREGISTER_BROKER)) {
            for (int id : new int[] {99, 0, -1, Integer.MAX_VALUE}) {
                send(ApiKeys.UNREGISTER_BROKER, version, "unknown " + id, Fields.of("brokerId", id));
            }
        }
        for (int version : Main.versions(ApiKeys.UPDATE_FEATURES)) {
            refusedFeatures(version);
            refusedMetadataVersions(version);
            kraftVersion(version);
        }
    }

    private void send(ApiKeys key, int version, String name, Fields fields) throws IOException {
        sweep.send(key, version, name + where, fields);
    }

    private void describeQuorum(int version) throws IOException {
        ApiKeys key = ApiKeys.DESCRIBE_QUORUM;
        String log = "__cluster_metadata";
        send(key, version, "metadata log", topics(topic(log, 0)));
        send(key, version, "another partition", topics(topic(log, 1)));
        send(key, version, "two partitions", topics(topic(log, 0, 1)));
        send(key, version, "no partitions", topics(topic(log)));
        send(key, version, "another topic", topics(topic("plain", 0)));
        send(key, version, "two topics", topics(topic(log, 0), topic("plain", 0)));
        send(key, version, "no topics", topics());
    }

    private static Fields topic(String name, int... partitions) {
        return Fields.of("topicName", name, "partitions", PartitionCases.indexed(partitions));
    }

    private static Fields topics(Fields... topics) {
        return Fields.of("topics", List.of((Object[]) topics));
    }

    private static Fields update(String feature, int level, int type) {
        return Fields.of("feature", feature, "maxVersionLevel", (short) level, "upgradeType", (byte) type);
    }

    private void update(int version, String name, Fields... updates) throws IOException {
        send(ApiKeys.UPDATE_FEATURES, version, name, Fields.of("featureUpdates", List.of((Object[]) updates)));
    }

    private void refusedFeatures(int version) throws IOException {
        update(version, "none");
        update(version, "same level", update("group.version", 1, UPGRADE));
        update(version, "same level, down", update("group.version", 1, SAFE_DOWNGRADE));
        update(version, "unknown", update("unknown", 1, UPGRADE));
        update(version, "unknown, off", update("unknown", 0, UPGRADE));
        update(version, "empty name", update("", 1, UPGRADE));
        update(version, "too high", update("group.version", 2, UPGRADE));
        update(version, "too high by a direction down", update("transaction.version", 3, SAFE_DOWNGRADE));
        update(version, "negative", update("group.version", -1, UNSAFE_DOWNGRADE));
        update(version, "down without a direction", update("share.version", 0, UPGRADE));
        update(version, "down by the old flag only",
            update("share.version", 0, UPGRADE).with("allowDowngrade", true));
        if (version > 0) {
            update(version, "direction 0", update("share.version", 1, 0));
            update(version, "direction 9", update("share.version", 1, 9));
        }
        update(version, "one refused", update("group.version", 1, UPGRADE), update("unknown", 1, UPGRADE));
        update(version, "two", update("group.version", 1, UPGRADE), update("streams.version", 1, UPGRADE));
        update(version, "twice", update("group.version", 1, UPGRADE), update("group.version", 1, UPGRADE));
        update(version, "twice, the first refused",
            update("group.version", 9, UPGRADE), update("group.version", 1, UPGRADE));
        if (version > 0) {
            send(ApiKeys.UPDATE_FEATURES, version, "only validated", Fields.of(
                "featureUpdates", List.of(update("share.version", 0, SAFE_DOWNGRADE)), "validateOnly", true));
            send(ApiKeys.UPDATE_FEATURES, version, "only validated, refused", Fields.of(
                "featureUpdates", List.of(update("share.version", 2, UPGRADE)), "validateOnly", true));
        }
    }

    private void refusedMetadataVersions(int version) throws IOException {
        String name = "metadata.version";
        update(version, "metadata version, same", update(name, 30, UPGRADE));
        update(version, "metadata version, same, down", update(name, 30, UNSAFE_DOWNGRADE));
        update(version, "metadata version, too high", update(name, 31, UPGRADE));
        update(version, "metadata version, too low", update(name, 6, SAFE_DOWNGRADE));
        update(version, "metadata version, off", update(name, 0, UNSAFE_DOWNGRADE));
        update(version, "metadata version, safe", update(name, 29, SAFE_DOWNGRADE));
        update(version, "metadata version, unsafe", update(name, 7, UNSAFE_DOWNGRADE));
        update(version, "metadata version, no direction", update(name, 29, UPGRADE));
    }

    private void kraftVersion(int version) throws IOException {
        String name = "kraft.version";
        update(version, "kraft version, same", update(name, 1, UPGRADE));
        update(version, "kraft version, same, down", update(name, 1, SAFE_DOWNGRADE));
        update(version, "kraft version, too high", update(name, 2, UPGRADE));
        update(version, "kraft version, down", update(name, 0, SAFE_DOWNGRADE));
        update(version, "kraft version, unsafe", update(name, 0, UNSAFE_DOWNGRADE));
    }

    private void changeLevels() throws IOException {
        for (int version : Main.versions(ApiKeys.UPDATE_FEATURES)) {
            change(version, "streams", update("streams.version", 0, SAFE_DOWNGRADE), update("streams.version", 1, UPGRADE));
            change(version, "transactions, unsafe", update("transaction.version", 1, UNSAFE_DOWNGRADE),
                update("transaction.version", 2, UPGRADE));
            change(version, "eligible leader replicas", update("eligible.leader.replicas.version", 0, SAFE_DOWNGRADE),
                update("eligible.leader.replicas.version", 1, UPGRADE));
        }
    }

    private void change(int version, String name, Fields down, Fields up) throws IOException {
        update(version, name + ", down", down);
        levels("after " + name + ", down, v" + version);
        update(version, name + ", up", up);
        levels("after " + name + ", up, v" + version);
    }

    private void levels(String name) throws IOException {
        sweep.settle();
        Fields client = Fields.of("clientSoftwareName", "sweep", "clientSoftwareVersion", "1.0");
        sweep.send(ApiKeys.API_VERSIONS, 4, name, client);
    }
}
