package klamm.clients;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;

/** A member is killed: after its session the other has its partitions and goes on where it had committed. */
final class Crash {
    private static final String NAME = "crash";
    private static final String TOPIC = "crash";
    private static final String GROUP = "crash";
    private static final String READY = "committed";
    private static final long COMMITTED = 4;
    /** Its session is six seconds, and it sends a heartbeat each third of a second. */
    private static final long TAKES_MS_MIN = 4000;
    private static final long LIVES_MS_MAX = 60_000;

    private Crash() {}

    static void run(Cluster cluster) throws Exception {
        Groups.createTopic(cluster, TOPIC);
        Process child = start(cluster);
        try (Member left = new Member(cluster, GROUP, TOPIC, "left"); Admin admin = cluster.admin()) {
            BufferedReader said = new BufferedReader(
                    new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
            if (!READY.equals(said.readLine())) {
                throw new IllegalStateException("the child did not commit");
            }
            share(admin, left);
            Facts.say(NAME, "members", 2, "left-has", left.assignment().size());
            child.destroyForcibly().waitFor();
            long killed = System.nanoTime();
            Member.settle(Groups.PARTITIONS, left);
            long tookMs = (System.nanoTime() - killed) / 1_000_000;
            Await.that("the records after the committed ones", polled(left));
            Map<Integer, List<Long>> offsets = left.records.stream().collect(Collectors.groupingBy(
                    record -> record.partition(), TreeMap::new,
                    Collectors.mapping(record -> record.offset(), Collectors.toList())));
            Facts.say(NAME, "left-has", left.assignment().size(), "after-session", tookMs >= TAKES_MS_MIN,
                    "read", offsets);
        } finally {
            child.destroyForcibly();
        }
    }

    /** What the child does: reads, commits a part, says so, and polls until it is killed. */
    static void beMember(Cluster cluster) {
        long deadline = System.nanoTime() + LIVES_MS_MAX * 1_000_000;
        try (Member member = new Member(cluster, GROUP, TOPIC, "killed")) {
            Member.settle(Groups.PARTITIONS, member);
            Await.that("all records", () -> {
                member.poll();
                return member.records.size() == Groups.RECORDS;
            });
            member.consumer.commitSync(member.assignment().stream().collect(
                    Collectors.toMap(partition -> partition, partition -> new OffsetAndMetadata(COMMITTED))));
            System.out.println(READY);
            while (System.nanoTime() < deadline) {
                member.poll();
            }
        }
    }

    private static Process start(Cluster cluster) throws Exception {
        String java = ProcessHandle.current().info().command().orElse("java");
        return new ProcessBuilder(java, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel="
                        + System.getProperty("org.slf4j.simpleLogger.defaultLogLevel", "off"),
                "-cp", System.getProperty("java.class.path"), Main.class.getName(), cluster.bootstrap(), "member")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Both are in the group, and it is the node that says so. */
    private static void share(Admin admin, Member left) {
        Await.that("two members", () -> {
            left.poll();
            ConsumerGroupDescription group = Cluster.get(
                    admin.describeConsumerGroups(List.of(GROUP)).all()).get(GROUP);
            long assigned = group.members().stream()
                    .mapToLong(member -> member.assignment().topicPartitions().size()).sum();
            return group.state().toString().equals("Stable") && group.members().size() == 2
                    && assigned == Groups.PARTITIONS && !left.assignment().isEmpty();
        });
        // Until the partitions are assigned anew nothing more is read, so all that comes has been taken over.
        left.consumer.pause(left.assignment());
        left.records.clear();
    }

    private static Callable<Boolean> polled(Member left) {
        return () -> {
            left.poll();
            return left.records.size() >= Groups.RECORDS - COMMITTED * Groups.PARTITIONS;
        };
    }
}
