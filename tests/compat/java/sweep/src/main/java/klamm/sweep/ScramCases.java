package klamm.sweep;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.protocol.ApiKeys;

/** DescribeUserScramCredentials and AlterUserScramCredentials. */
final class ScramCases {
    private static final int SHA_256 = 1;
    private static final int SHA_512 = 2;

    private final Sweep sweep;
    private final int version;

    private ScramCases(Sweep sweep, int version) {
        this.sweep = sweep;
        this.version = version;
    }

    static void run(Sweep sweep) throws IOException {
        for (int version : Main.versions(ApiKeys.ALTER_USER_SCRAM_CREDENTIALS)) {
            ScramCases cases = new ScramCases(sweep, version);
            cases.good();
            cases.bad();
            cases.deleted();
        }
    }

    private void good() throws IOException {
        describe("nobody is there", null);
        alter("one", List.of(), List.of(upsertion("ann", SHA_256, 4096)));
        alter("several", List.of(), List.of(upsertion("bob", SHA_512, 16384), upsertion("cleo", SHA_256, 8192)));
        alter("another mechanism", List.of(), List.of(upsertion("ann", SHA_512, 5000)));
        alter("again", List.of(), List.of(upsertion("ann", SHA_256, 6000)));
        alter("nothing", List.of(), List.of());
        sweep.settle();
        describe("all", null);
        describe("all by an empty list", List.of());
        describe("some", users("bob", "ann"));
        describe("unknown", users("bob", "nobody"));
        describe("twice", users("bob", "bob", "ann"));
        describe("thrice", users("bob", "bob", "bob"));
        describe("empty", users(""));
    }

    private void bad() throws IOException {
        alter("empty user", List.of(), List.of(upsertion("", SHA_256, 4096)));
        alter("unknown mechanism", List.of(), List.of(upsertion("dan", 0, 4096)));
        alter("mechanism of the future", List.of(), List.of(upsertion("dan", 3, 4096)));
        alter("too few iterations", List.of(), List.of(upsertion("dan", SHA_256, 4095)));
        alter("too many iterations", List.of(), List.of(upsertion("dan", SHA_512, 16385)));
        alter("negative iterations", List.of(), List.of(upsertion("dan", SHA_512, -1)));
        alter("user twice", List.of(), List.of(upsertion("dan", SHA_256, 4096), upsertion("dan", SHA_512, 4096)));
        alter("set and deleted", List.of(deletion("ann", SHA_256)), List.of(upsertion("ann", SHA_512, 4096)));
        alter("deleted twice", List.of(deletion("ann", SHA_256), deletion("ann", SHA_512)), List.of());
        alter("deletion of nobody", List.of(deletion("nobody", SHA_256)), List.of());
        alter("deletion of another mechanism", List.of(deletion("bob", SHA_256)), List.of());
        alter("deletion of an unknown mechanism", List.of(deletion("bob", 9)), List.of());
        alter("deletion of an empty user", List.of(deletion("", SHA_256)), List.of());
        alter("good and bad", List.of(deletion("nobody", SHA_256)),
            List.of(upsertion("eve", SHA_256, 4096), upsertion("dan", SHA_256, 1)));
    }

    private void deleted() throws IOException {
        alter("deletion", List.of(deletion("ann", SHA_256), deletion("bob", SHA_512), deletion("cleo", SHA_256),
            deletion("eve", SHA_256)), List.of());
        sweep.settle();
        describe("some are left", null);
        alter("last deletion", List.of(deletion("ann", SHA_512)), List.of());
        sweep.settle();
        describe("none is left", null);
    }

    private void alter(String name, List<Object> deletions, List<Object> upsertions) throws IOException {
        sweep.send(ApiKeys.ALTER_USER_SCRAM_CREDENTIALS, version, name,
            Fields.of("deletions", deletions, "upsertions", upsertions));
    }

    private void describe(String name, List<Object> users) throws IOException {
        sweep.send(ApiKeys.DESCRIBE_USER_SCRAM_CREDENTIALS, version, name, Fields.of("users", users));
    }

    private static List<Object> users(String... names) {
        List<Object> users = new ArrayList<>();
        for (String name : names) {
            users.add(Fields.of("name", name));
        }
        return users;
    }

    private static Fields deletion(String name, int mechanism) {
        return Fields.of("name", name, "mechanism", mechanism);
    }

    private static Fields upsertion(String name, int mechanism, int iterations) {
        return Fields.of("name", name, "mechanism", mechanism, "iterations", iterations,
            "salt", "salt".getBytes(StandardCharsets.UTF_8), "saltedPassword", "salted".getBytes(StandardCharsets.UTF_8));
    }
}
