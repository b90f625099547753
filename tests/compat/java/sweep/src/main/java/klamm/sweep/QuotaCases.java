package klamm.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** DescribeClientQuotas and AlterClientQuotas. None of the quotas is for what the sweep itself does. */
final class QuotaCases {
    private static final int EXACT = 0;
    private static final int DEFAULT = 1;
    private static final int SPECIFIED = 2;
    private static final String RATE = "producer_byte_rate";

    private final Sweep sweep;
    private final int version;
    private final String user;

    private QuotaCases(Sweep sweep, int version) {
        this.sweep = sweep;
        this.version = version;
        this.user = "user-" + version;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.ALTER_CLIENT_QUOTAS)) {
            QuotaCases cases = new QuotaCases(sweep, version);
            cases.good();
            cases.bad();
            cases.described();
            cases.badFilters();
            cases.removed();
        }
    }

    private void good() throws IOException {
        alter("user", set(user()), set(RATE, 1e6), set("consumer_byte_rate", 2e6), set("request_percentage", 12.5));
        alter("the same again", set(user()), set(RATE, 1e6));
        alter("user and client id", set(user(), part("client-id", "c")), set("controller_mutation_rate", 0.5));
        alter("user and default client id", set(user(), part("client-id", null)), set(RATE, 7));
        alter("default client id of nobody", set(part("client-id", "c"), part("user", user)), set(RATE, 8));
        alter("address", set(part("ip", "10.0.0." + version)), set("connection_creation_rate", 20));
        alter("largest", set(part("user", "largest")), set(RATE, 9.2e18), set("request_percentage", 1e300));
        alter("infinite percentage", set(part("user", "largest")), set("request_percentage", Double.POSITIVE_INFINITY));
        alter("remove what is not there", set(part("user", "nobody")), remove("consumer_byte_rate"), remove("unknown"));
        alter("no operations", set(user()));
        sweep.send(ApiKeys.ALTER_CLIENT_QUOTAS, version, "nothing", Fields.of("entries", List.of()));
        sweep.send(ApiKeys.ALTER_CLIENT_QUOTAS, version, "validate only", Fields.of("validateOnly", true,
            "entries", List.of(entry(set(part("user", "unsaid")), set(RATE, 5)))));
        sweep.send(ApiKeys.ALTER_CLIENT_QUOTAS, version, "good and bad", Fields.of("entries", List.of(
            entry(set(part("user", "good")), set(RATE, 5)), entry(set(part("user", "bad")), set(RATE, 0)))));
        sweep.send(ApiKeys.ALTER_CLIENT_QUOTAS, version, "entity twice", Fields.of("entries", List.of(
            entry(set(part("user", "twice")), set(RATE, 5)), entry(set(part("user", "twice")), set(RATE, 6)))));
    }

    private void bad() throws IOException {
        alter("no entity", set(), set(RATE, 1));
        alter("unknown kind", set(part("host", "h")), set(RATE, 1));
        alter("empty name", set(part("client-id", "")), set(RATE, 1));
        alter("address and user", set(part("ip", "10.0.0.1"), part("user", "u")), set("connection_creation_rate", 1));
        alter("no address", set(part("ip", "not an address")), set("connection_creation_rate", 1));
        alter("unknown key", set(user()), set("no_such_key", 1));
        alter("key of addresses for a user", set(user()), set("connection_creation_rate", 1));
        alter("key of users for an address", set(part("ip", null)), set(RATE, 1));
        alter("zero", set(user()), set(RATE, 0));
        alter("negative", set(user()), set("request_percentage", -1));
        alter("fraction", set(user()), set(RATE, 1.5));
        alter("too large", set(user()), set(RATE, 1e19));
        alter("too large for an address", set(part("ip", "10.0.0.9")), set("connection_creation_rate", 3e9));
        alter("key twice", set(user()), set(RATE, 1), set(RATE, 2));
        alter("kind twice", set(part("user", "a"), part("user", "a")), set("no_such_key", 1));
    }

    private void described() throws IOException {
        sweep.settle();
        describe("everything", false);
        describe("nothing strictly", true);
        describe("user", false, component("user", EXACT, user));
        describe("user strictly", true, component("user", EXACT, user));
        describe("any user", false, component("user", SPECIFIED, null));
        describe("default client id", false, component("client-id", DEFAULT, null));
        describe("user and any client id", true, component("user", EXACT, user), component("client-id", SPECIFIED, null));
        describe("addresses", true, component("ip", SPECIFIED, null));
        describe("unknown user", false, component("user", EXACT, "unknown"));
        describe("empty user", false, component("user", EXACT, ""));
    }

    private void badFilters() throws IOException {
        describe("kind without a name", false, component("", EXACT, "u"));
        describe("unknown kind", false, component("host", EXACT, "u"));
        describe("kind twice", false, component("user", EXACT, "u"), component("user", DEFAULT, null));
        describe("exact without a name", false, component("user", EXACT, null));
        describe("default with a name", false, component("user", DEFAULT, "u"));
        describe("any with a name", false, component("user", SPECIFIED, "u"));
        describe("unknown match", false, component("user", 7, "u"));
        describe("address and user", false, component("ip", SPECIFIED, null), component("user", SPECIFIED, null));
    }

    private void removed() throws IOException {
        for (String name : List.of(user, "largest", "good", "twice")) {
            alter("remove " + name.replaceAll("-.*", ""), set(part("user", name)), remove(RATE), remove("consumer_byte_rate"),
                remove("request_percentage"));
        }
        alter("remove of user and client id", set(user(), part("client-id", "c")), remove(RATE),
            remove("controller_mutation_rate"));
        alter("remove of default client id", set(user(), part("client-id", null)), remove(RATE));
        alter("remove of address", set(part("ip", "10.0.0." + version)), remove("connection_creation_rate"));
        sweep.settle();
        describe("all removed", false);
    }

    private void alter(String name, List<Object> entity, Fields... operations) throws IOException {
        sweep.send(ApiKeys.ALTER_CLIENT_QUOTAS, version, name,
            Fields.of("entries", List.of(entry(entity, operations))));
    }

    private void describe(String name, boolean strict, Fields... components) throws IOException {
        sweep.send(ApiKeys.DESCRIBE_CLIENT_QUOTAS, version, name,
            Fields.of("components", List.of((Object[]) components), "strict", strict));
    }

    private Fields user() {
        return part("user", user);
    }

    private static List<Object> set(Fields... parts) {
        return new ArrayList<>(List.of((Object[]) parts));
    }

    private static Fields entry(List<Object> entity, Fields... operations) {
        return Fields.of("entity", entity, "ops", List.of((Object[]) operations));
    }

    private static Fields part(String kind, String name) {
        return Fields.of("entityType", kind, "entityName", name);
    }

    private static Fields set(String key, double value) {
        return Fields.of("key", key, "value", value, "remove", false);
    }

    private static Fields remove(String key) {
        return Fields.of("key", key, "value", 0.0, "remove", true);
    }

    private static Fields component(String kind, int match, String name) {
        return Fields.of("entityType", kind, "matchType", match, "match", name);
    }
}
