package klamm.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;

/** Metadata, DescribeCluster, ApiVersions and FindCoordinator. */
final class MetadataCases {
    private MetadataCases() {
    }

    static Fields named(String... names) {
        List<Object> topics = new ArrayList<>();
        for (String name : names) {
            topics.add(Fields.of("name", name));
        }
        return Fields.of("topics", topics, "allowAutoTopicCreation", false);
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.API_VERSIONS)) {
            apiVersions(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.METADATA)) {
            metadata(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.DESCRIBE_CLUSTER)) {
            describeCluster(sweep, version);
        }
        for (int version : Main.versions(ApiKeys.FIND_COORDINATOR)) {
            findCoordinator(sweep, version);
        }
    }

    private static void apiVersions(Sweep sweep, int version) throws IOException {
        Fields client = Fields.of("clientSoftwareName", "sweep", "clientSoftwareVersion", "1.0");
        sweep.send(ApiKeys.API_VERSIONS, version, "normal", client);
        sweep.send(ApiKeys.API_VERSIONS, version, "empty name", client.with("clientSoftwareName", ""));
        sweep.send(ApiKeys.API_VERSIONS, version, "name with blanks", client.with("clientSoftwareName", "a b"));
        sweep.send(ApiKeys.API_VERSIONS, version, "empty version", client.with("clientSoftwareVersion", ""));
    }

    private static void metadata(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.METADATA;
        Fields all = Fields.of("topics", null);
        sweep.send(key, version, "all", all);
        sweep.send(key, version, "empty list", named());
        sweep.send(key, version, "known", named("plain"));
        sweep.send(key, version, "known twice", named("plain", "plain"));
        if (version >= 4) {
            sweep.send(key, version, "unknown", named("unknown"));
            sweep.send(key, version, "unknown and known", named("unknown", "plain", "small"));
            sweep.send(key, version, "invalid names", named("", ".", "a b", "x".repeat(250)));
        }
        sweep.send(key, version, "invalid name, creating", named("a b").with("allowAutoTopicCreation", true));
        String fresh = "created-by-metadata-" + version;
        sweep.send(key, version, "creating", named(fresh).with("allowAutoTopicCreation", true));
        sweep.awaitTopic(fresh, 1);
        sweep.send(key, version, "created", named(fresh));
        sweep.send(key, version, "operations",
            named("plain", "unknown-too").with("includeClusterAuthorizedOperations", true, "includeTopicAuthorizedOperations", true));
        if (version >= 10) {
            metadataById(sweep, version);
        }
        Main.remove(sweep, fresh);
    }

    private static void metadataById(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.METADATA;
        Uuid plain = sweep.topicId("plain");
        sweep.send(key, version, "by id", topics(Fields.of("topicId", plain, "name", null)));
        sweep.send(key, version, "by unknown id", topics(Fields.of("topicId", new Uuid(7, 7), "name", null)));
        sweep.send(key, version, "by id and name", topics(Fields.of("topicId", plain, "name", "plain")));
        if (version < 12) {
            // Kafka fails on it from then on.
            sweep.send(key, version, "by neither", topics(Fields.of("name", null)));
        }
        sweep.send(key, version, "by id and another by name",
            topics(Fields.of("topicId", plain, "name", null), Fields.of("name", "small")));
    }

    private static Fields topics(Fields... topics) {
        return Fields.of("topics", List.of((Object[]) topics), "allowAutoTopicCreation", false);
    }

    private static void describeCluster(Sweep sweep, int version) throws IOException {
        ApiKeys key = ApiKeys.DESCRIBE_CLUSTER;
        sweep.send(key, version, "normal", Fields.of());
        sweep.send(key, version, "operations", Fields.of("includeClusterAuthorizedOperations", true));
        sweep.send(key, version, "fenced", Fields.of("includeFencedBrokers", true));
        if (version >= 1) {
            sweep.send(key, version, "controllers", Fields.of("endpointType", 2));
            sweep.send(key, version, "unknown endpoints", Fields.of("endpointType", 9));
        }
    }

    private static void findCoordinator(Sweep sweep, int version) throws IOException {
        for (int type : version == 0 ? new int[] {0} : new int[] {0, 2, 9, -1}) {
            coordinator(sweep, version, "type " + type, type, "group");
            coordinator(sweep, version, "type " + type + ", empty key", type, "");
        }
        if (version >= 4) {
            coordinator(sweep, version, "two", 0, "group", "other");
            coordinator(sweep, version, "none", 0);
            coordinator(sweep, version, "the same twice", 0, "group", "group");
            coordinator(sweep, version, "share keys", 2, "group:" + new Uuid(7, 7) + ":0", "group:x:0");
        }
    }

    private static void coordinator(Sweep sweep, int version, String name, int type, String... keys) throws IOException {
        String key = keys.length == 0 ? "" : keys[0];
        Fields fields = Fields.of("key", key, "keyType", type, "coordinatorKeys", List.of((Object[]) keys));
        sweep.send(ApiKeys.FIND_COORDINATOR, version, name, fields);
    }
}
