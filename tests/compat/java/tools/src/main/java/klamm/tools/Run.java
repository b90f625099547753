package klamm.tools;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.utils.Exit;

/**
 * One run of a tool of Apache Kafka, in this Java process but as if it had its own: its threads have standard streams of
 * their own, and {@code Exit} ends it for good after doing what it wanted to do at its end.
 */
final class Run {
    private static final long SECONDS_MAX = 90;
    private static final String CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer";
    private static final Map<String, String> CLASSES = Map.ofEntries(
        Map.entry("kafka-broker-api-versions", "org.apache.kafka.tools.BrokerApiVersionsCommand"),
        Map.entry("kafka-cluster", "org.apache.kafka.tools.ClusterTool"),
        Map.entry("kafka-configs", "kafka.admin.ConfigCommand"),
        Map.entry("kafka-console-consumer", CONSOLE_CONSUMER),
        Map.entry("kafka-console-producer", "org.apache.kafka.tools.ConsoleProducer"),
        Map.entry("kafka-consumer-groups", "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"),
        Map.entry("kafka-consumer-perf-test", "org.apache.kafka.tools.ConsumerPerformance"),
        Map.entry("kafka-delete-records", "org.apache.kafka.tools.DeleteRecordsCommand"),
        Map.entry("kafka-features", "org.apache.kafka.tools.FeatureCommand"),
        Map.entry("kafka-get-offsets", "org.apache.kafka.tools.GetOffsetShell"),
        Map.entry("kafka-groups", "org.apache.kafka.tools.GroupsCommand"),
        Map.entry("kafka-log-dirs", "org.apache.kafka.tools.LogDirsCommand"),
        Map.entry("kafka-metadata-quorum", "org.apache.kafka.tools.MetadataQuorumCommand"),
        Map.entry("kafka-producer-perf-test", "org.apache.kafka.tools.ProducerPerformance"),
        Map.entry("kafka-topics", "org.apache.kafka.tools.TopicCommand"));
    private static final InheritableThreadLocal<Run> MINE = new InheritableThreadLocal<>();

    private final InputStream input;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final Queue<Runnable> hooks = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<Integer> code = new CompletableFuture<>();

    private Run(String input) {
        this.input = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    }

    /** What a run printed, and its exit code. */
    record Ended(String output, String errors, int code) {
    }

    /** To be called once, before any run; threads that belong to none keep the streams of the process. */
    static void install() {
        Exit.setExitProcedure((code, message) -> MINE.get().exit(code));
        Exit.setHaltProcedure((code, message) -> MINE.get().exit(code));
        Exit.setShutdownHookAdder((name, hook) -> MINE.get().hooks.add(hook));
        System.setIn(new InputStream() {
            @Override
            public int read() throws IOException {
                return MINE.get().input.read();
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return MINE.get().input.read(bytes, offset, length);
            }
        });
        PrintStream out = System.out;
        PrintStream err = System.err;
        System.setOut(printer(() -> MINE.get() == null ? out : MINE.get().output));
        System.setErr(printer(() -> MINE.get() == null ? err : MINE.get().errors));
    }

    private static PrintStream printer(Supplier<OutputStream> target) {
        OutputStream routed = new OutputStream() {
            @Override
            public void write(int value) throws IOException {
                target.get().write(value);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                target.get().write(bytes, offset, length);
            }
        };
        return new PrintStream(routed, true, StandardCharsets.UTF_8);
    }

    static Run start(List<String> words, String input) {
        Run run = new Run(input);
        Thread thread = new Thread(() -> run.call(words), words.get(0));
        thread.setDaemon(true);
        thread.start();
        return run;
    }

    private void call(List<String> words) {
        MINE.set(this);
        try {
            Class<?> tool = Class.forName(CLASSES.get(words.get(0)));
            if (tool.getName().equals(CONSOLE_CONSUMER)) {
                // It counts for as long as its process lives.
                Field count = tool.getDeclaredField("messageCount");
                count.setAccessible(true);
                count.setInt(null, 0);
            }
            String[] arguments = words.subList(1, words.size()).toArray(new String[0]);
            tool.getMethod("main", String[].class).invoke(null, (Object) arguments);
            end(0);
        } catch (InvocationTargetException error) {
            System.err.println(error.getCause());
            end(1);
        } catch (ReflectiveOperationException error) {
            code.completeExceptionally(error);
        }
    }

    private void exit(int value) {
        end(value);
        while (true) {
            try {
                Thread.sleep(Long.MAX_VALUE);
            } catch (InterruptedException ignored) {
                // It has ended; nobody may bring it back.
            }
        }
    }

    private void end(int value) {
        stop();
        code.complete(value);
    }

    /** Ends it as SIGTERM would. */
    void stop() {
        hooks.forEach(Runnable::run);
    }

    Ended end() throws Exception {
        int ended = code.get(SECONDS_MAX, TimeUnit.SECONDS);
        return new Ended(output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8), ended);
    }
}
