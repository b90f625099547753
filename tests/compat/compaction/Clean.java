import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.log.Cleaner;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.LogSegment;
import org.apache.kafka.storage.internals.log.LogToClean;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.SkimpyOffsetMap;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.internals.utils.Throttler;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * Apache Kafka's log cleaner by itself: Clean clean LOGS ROUNDS cleans the logs in the folders of LOGS, each line of the
 * file ROUNDS being a cleaning: folder, first dirty offset, first offset that is not cleaned, time. Clean describe LOGS
 * prints what is in the segments of all logs: every field of every batch, and the aborted transactions.
 */
public final class Clean {
    /** The same in compact.rs. */
    private static final Map<String, String> CONFIG = Map.of("cleanup.policy", "compact", "delete.retention.ms", "1000000",
            "internal.segment.bytes", "8000", "index.interval.bytes", "500", "retention.ms", "-1");
    private static final HexFormat HEX = HexFormat.of();

    public static void main(String[] args) throws Exception {
        File logs = new File(args[1]);
        if (args[0].equals("clean")) {
            for (String round : Files.readAllLines(Path.of(args[2]))) {
                String[] fields = round.split(" ");
                clean(new File(logs, fields[0]), Long.parseLong(fields[1]), Long.parseLong(fields[2]),
                        Long.parseLong(fields[3]));
            }
        } else {
            File[] folders = logs.listFiles(File::isDirectory);
            Arrays.sort(folders);
            for (File folder : folders) {
                with(folder, log -> describe(folder.getName(), log));
            }
        }
    }

    private interface Work {
        void on(UnifiedLog log) throws Exception;
    }

    private static void with(File folder, Work work) throws Exception {
        KafkaScheduler scheduler = new KafkaScheduler(1);
        scheduler.startup();
        try (BrokerTopicStats stats = new BrokerTopicStats()) {
            UnifiedLog log = UnifiedLog.create(folder, new LogConfig(CONFIG), 0, 0, scheduler, stats, Time.SYSTEM, 900_000,
                    new ProducerStateManagerConfig(Integer.MAX_VALUE, false), 600_000, new LogDirFailureChannel(1), true,
                    Optional.empty());
            log.updateHighWatermark(log.logEndOffset());
            work.on(log);
            log.close();
        } finally {
            scheduler.shutdown();
        }
    }

    private static void clean(File folder, long firstDirty, long firstUncleanable, long now) throws Exception {
        with(folder, log -> {
            Throttler throttler = new Throttler(Double.MAX_VALUE, 300, "cleaner-io", "bytes", Time.SYSTEM);
            Cleaner cleaner = new Cleaner(0, new SkimpyOffsetMap(1 << 20), 4096, 1 << 20, 0.9, throttler, Time.SYSTEM,
                    partition -> { });
            long end = cleaner.doClean(new LogToClean(log, firstDirty, firstUncleanable, false), now).getKey();
            if (end != firstUncleanable) {
                throw new IllegalStateException("clean " + folder + ": it ends at " + end);
            }
        });
    }

    private static void describe(String name, UnifiedLog log) throws Exception {
        for (LogSegment segment : log.logSegments()) {
            segment.sanityCheck(false);
            System.out.println(name + " segment " + segment.baseOffset());
            for (RecordBatch batch : segment.log().batches()) {
                batch.ensureValid();
                System.out.println("  batch " + batch.baseOffset() + " to " + batch.lastOffset() + " epoch "
                        + batch.partitionLeaderEpoch() + " " + batch.compressionType() + " " + batch.timestampType()
                        + " max " + batch.maxTimestamp() + " producer " + batch.producerId() + " "
                        + batch.producerEpoch() + " " + batch.baseSequence() + " transactional "
                        + batch.isTransactional() + " control " + batch.isControlBatch() + " horizon "
                        + batch.deleteHorizonMs());
                for (Record record : batch) {
                    System.out.println("    record " + record.offset() + " at " + record.timestamp() + " sequence "
                            + record.sequence() + " key " + hex(record.hasKey() ? record.key() : null) + " value "
                            + hex(record.hasValue() ? record.value() : null));
                }
            }
            log.collectAbortedTransactions(segment.baseOffset(), segment.readNextOffset()).forEach(each ->
                    System.out.println("  aborted " + each.producerId() + " " + each.firstOffset() + " "
                            + each.lastOffset() + " " + each.lastStableOffset()));
        }
        log.activeProducers().stream().sorted((a, b) -> Long.compare(a.producerId(), b.producerId())).forEach(each ->
                System.out.println("  producer " + each.producerId() + " " + each.producerEpoch() + " "
                        + each.lastSequence() + " " + each.currentTxnStartOffset()));
        System.out.println("  ends at " + log.logEndOffset() + ", stable to " + log.lastStableOffset());
    }

    private static String hex(java.nio.ByteBuffer bytes) {
        return bytes == null ? "null" : HEX.formatHex(Utils.toArray(bytes));
    }
}
