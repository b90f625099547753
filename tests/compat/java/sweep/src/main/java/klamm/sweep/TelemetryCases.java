package klamm.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiKeys;

/** GetTelemetrySubscriptions and PushTelemetry, which are answered although nobody receives the metrics. */
final class TelemetryCases {
    private static final int CLIENT_METRICS = 16;
    private static final int SET = 0;
    private static final int DELETE = 1;

    private final Sweep sweep;
    private final int version;
    private int clients;

    private TelemetryCases(Sweep sweep, int version) {
        this.sweep = sweep;
        this.version = version;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.PUSH_TELEMETRY)) {
            TelemetryCases cases = new TelemetryCases(sweep, version);
            cases.withoutSubscription();
            cases.configure(SET);
            cases.withSubscription();
            cases.bad();
            cases.configure(DELETE);
        }
    }

    private void withoutSubscription() throws IOException {
        Uuid client = client();
        ask("no subscription", client);
        ask("asked again", client);
        push("no subscription", client, subscriptionId(client()), 0, new byte[0]);
    }

    /** One pattern is for this client, one for another. */
    private void configure(int operation) throws IOException {
        List<Object> resources = new ArrayList<>();
        for (String name : List.of("mine", "others")) {
            resources.add(Fields.of("resourceType", CLIENT_METRICS, "resourceName", name, "configs", List.of(
                config("metrics", operation, name.equals("mine") ? "org.apache.kafka.producer." : "x,y"),
                config("interval.ms", operation, name.equals("mine") ? "3600000" : "100"),
                config("match", operation, name.equals("mine") ? "client_source_address=127.*" : "client_software_name=z.*"))));
        }
        sweep.ask(ApiKeys.INCREMENTAL_ALTER_CONFIGS, Fields.of("resources", resources));
        sweep.settle();
    }

    private void withSubscription() throws IOException {
        Uuid client = client();
        ask("subscription", client);
        ask("subscription asked for again", client);
        int subscription = subscriptionId(client());
        push("wrong subscription id", client, subscription, 0, new byte[0]);
        ask("asked again after an error", client);
        Uuid another = client();
        int id = subscriptionId(another);
        push("nothing", another, id, 0, new byte[0]);
        push("too early", another, id, 0, new byte[0]);
        sweep.send(ApiKeys.PUSH_TELEMETRY, version, "terminating", pushed(another, id, 0, new byte[0]).with("terminating", true));
        push("after the end", another, id, 0, new byte[0]);
    }

    private void bad() throws IOException {
        push("no client", Uuid.ZERO_UUID, 1, 0, new byte[0]);
        push("reserved client", Uuid.ONE_UUID, 1, 0, new byte[0]);
        Uuid client = client();
        push("unknown compression", client, subscriptionId(client), 9, new byte[0]);
        ask("asked again after an unknown compression", client);
        client = client();
        push("negative compression", client, subscriptionId(client), -1, new byte[0]);
        client = client();
        push("too large", client, subscriptionId(client), 0, new byte[1 << 20 | 1]);
        client = client();
        push("never asked", client, 7, 0, new byte[0]);
    }

    private int subscriptionId(Uuid client) throws IOException {
        return sweep.ask(ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS, Fields.of("clientInstanceId", client))
            .get("subscriptionId").asInt();
    }

    private void ask(String name, Uuid client) throws IOException {
        sweep.send(ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS, version, name, Fields.of("clientInstanceId", client));
    }

    private void push(String name, Uuid client, int subscription, int compression, byte[] metrics) throws IOException {
        sweep.send(ApiKeys.PUSH_TELEMETRY, version, name, pushed(client, subscription, compression, metrics));
    }

    private static Fields pushed(Uuid client, int subscription, int compression, byte[] metrics) {
        return Fields.of("clientInstanceId", client, "subscriptionId", subscription, "terminating", false,
            "compressionType", compression, "metrics", metrics);
    }

    private static Fields config(String name, int operation, String value) {
        return Fields.of("name", name, "configOperation", operation, "value", operation == SET ? value : null);
    }

    private Uuid client() {
        return new Uuid(0x1234, 100 + clients++);
    }
}
