package klamm.directories;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.DescribeProducersResponseData.ProducerState;
import org.apache.kafka.common.message.FetchResponseData.AbortedTransaction;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.FileRecords.TimestampAndOffset;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.requests.ListOffsetsRequest;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.server.common.OffsetAndEpoch;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.server.util.KafkaScheduler;
import org.apache.kafka.storage.internals.checkpoint.OffsetCheckpointFile;
import org.apache.kafka.storage.internals.log.FetchDataInfo;
import org.apache.kafka.storage.internals.log.LogConfig;
import org.apache.kafka.storage.internals.log.LogDirFailureChannel;
import org.apache.kafka.storage.internals.log.ProducerStateManagerConfig;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.apache.kafka.storage.log.metrics.BrokerTopicStats;

/**
 * Opens every partition of the log directory LOG_DIR with the broker's own log and writes what it reads into files of the
 * directory OUT: OpenLogs clean|unclean LOG_DIR OUT. The lines are those of {@link Describe}.
 */
public final class OpenLogs {
    private static final int READ_BYTES_MAX = 10_000;

    private final UnifiedLog log;
    private final List<String> lines = new ArrayList<>();

    private OpenLogs(UnifiedLog log) {
        this.log = log;
    }

    public static void main(String[] args) throws Exception {
        boolean clean = switch (args[0]) {
            case "clean" -> true;
            case "unclean" -> false;
            default -> throw new IllegalArgumentException("open logs: neither clean nor unclean: " + args[0]);
        };
        File logDir = new File(args[1]);
        Path out = Files.createDirectories(Path.of(args[2]));
        LogDirFailureChannel failures = new LogDirFailureChannel(1);
        Map<TopicPartition, Long> starts = checkpoint(logDir, "log-start-offset-checkpoint", failures);
        Map<TopicPartition, Long> recoveryPoints = checkpoint(logDir, "recovery-point-offset-checkpoint", failures);
        KafkaScheduler scheduler = new KafkaScheduler(1);
        scheduler.startup();
        try (BrokerTopicStats stats = new BrokerTopicStats()) {
            for (File directory : logDir.listFiles(File::isDirectory)) {
                TopicPartition partition = UnifiedLog.parseTopicPartitionName(directory);
                UnifiedLog log = UnifiedLog.create(directory, new LogConfig(Map.of("retention.ms", "-1")),
                        starts.getOrDefault(partition, 0L), recoveryPoints.getOrDefault(partition, 0L), scheduler, stats,
                        Time.SYSTEM, 900_000, new ProducerStateManagerConfig(86_400_000, false), 600_000, failures, clean,
                        Optional.empty());
                log.updateHighWatermark(log.logEndOffset());
                OpenLogs opened = new OpenLogs(log);
                opened.describe();
                Files.write(out.resolve(partition.toString()), opened.lines);
                log.close();
            }
        } finally {
            scheduler.shutdown();
        }
    }

    private void describe() throws Exception {
        List<RecordBatch> batches = new ArrayList<>();
        read(FetchIsolation.HIGH_WATERMARK, batches);
        lines.add("leader-epoch " + log.latestEpoch().orElse(-1));
        lines.add("earliest " + log.logStartOffset());
        lines.add("latest " + log.logEndOffset());
        lines.add("last-stable " + log.lastStableOffset());
        lines.add("max-timestamp " + found(ListOffsetsRequest.MAX_TIMESTAMP));
        List<Long> timestamps = new ArrayList<>();
        records(batches).forEach(record -> timestamps.add(record.timestamp()));
        for (long timestamp : Lines.lookedUp(timestamps)) {
            lines.add("timestamp " + timestamp + " " + found(timestamp));
        }
        for (int epoch = 0; epoch <= log.latestEpoch().orElse(0) + 1; epoch++) {
            Optional<OffsetAndEpoch> end = log.endOffsetForEpoch(epoch);
            lines.add("epoch " + epoch + " " + end.map(OffsetAndEpoch::epoch).orElse(-1) + " "
                    + end.map(OffsetAndEpoch::offset).orElse(-1L));
        }
        log.activeProducers().stream().sorted(Comparator.comparingLong(ProducerState::producerId))
                .forEach(each -> lines.add(Lines.producer(each.producerId(), each.producerEpoch(), each.lastSequence(),
                        each.lastTimestamp(), each.coordinatorEpoch(), each.currentTxnStartOffset())));
        describeRecords("uncommitted", batches);
        List<RecordBatch> stable = new ArrayList<>();
        List<AbortedTransaction> aborted = read(FetchIsolation.TXN_COMMITTED, stable);
        describeRecords("committed", committed(stable, aborted));
    }

    private void describeRecords(String isolation, List<RecordBatch> batches) {
        for (RecordBatch batch : batches) {
            for (Record record : records(List.of(batch))) {
                lines.add(Lines.record(isolation, record.offset(), batch.partitionLeaderEpoch(),
                        batch.timestampType().toString(), record.timestamp(), Lines.read(record.key()),
                        Lines.read(record.value()), record.headers()));
            }
        }
    }

    /** Reads the log to its end in small steps and returns the aborted transactions that the answers told of. */
    private List<AbortedTransaction> read(FetchIsolation isolation, List<RecordBatch> batches) throws Exception {
        Set<AbortedTransaction> aborted = new HashSet<>();
        long end = isolation == FetchIsolation.TXN_COMMITTED ? log.lastStableOffset() : log.logEndOffset();
        long offset = log.logStartOffset();
        while (offset < end) {
            FetchDataInfo answer = log.read(offset, READ_BYTES_MAX, isolation, true);
            answer.abortedTransactions.ifPresent(aborted::addAll);
            long before = offset;
            for (RecordBatch batch : answer.records.batches()) {
                batch.ensureValid();
                batches.add(batch);
                offset = batch.nextOffset();
            }
            if (offset == before) {
                // Only a compacted end has no batch up to the end.
                break;
            }
        }
        return new ArrayList<>(aborted);
    }

    /** The batches without those of aborted transactions, as a consumer leaves them out. */
    private static List<RecordBatch> committed(List<RecordBatch> batches, List<AbortedTransaction> aborted) {
        aborted.sort(Comparator.comparingLong(AbortedTransaction::firstOffset));
        Deque<AbortedTransaction> ahead = new ArrayDeque<>(aborted);
        Set<Long> aborting = new HashSet<>();
        List<RecordBatch> committed = new ArrayList<>();
        for (RecordBatch batch : batches) {
            while (!ahead.isEmpty() && ahead.peek().firstOffset() <= batch.lastOffset()) {
                aborting.add(ahead.remove().producerId());
            }
            if (batch.isControlBatch()) {
                if (ControlRecordType.parse(batch.iterator().next().key()) == ControlRecordType.ABORT) {
                    aborting.remove(batch.producerId());
                }
            } else if (!batch.isTransactional() || !aborting.contains(batch.producerId())) {
                committed.add(batch);
            }
        }
        return committed;
    }

    /** The records from the log start offset on that are not for the broker itself. */
    private List<Record> records(List<RecordBatch> batches) {
        List<Record> records = new ArrayList<>();
        for (RecordBatch batch : batches) {
            for (Record record : batch.isControlBatch() ? Collections.<Record>emptyList() : batch) {
                if (record.offset() >= log.logStartOffset()) {
                    records.add(record);
                }
            }
        }
        return records;
    }

    private String found(long timestamp) {
        Optional<TimestampAndOffset> found =
                log.fetchOffsetByTimestamp(timestamp, Optional.empty()).timestampAndOffsetOpt();
        return found.filter(each -> each.offset >= 0)
                .map(each -> each.offset + " " + each.timestamp + " " + each.leaderEpoch.orElse(-1)).orElse("none");
    }

    private static Map<TopicPartition, Long> checkpoint(File logDir, String name, LogDirFailureChannel failures)
            throws Exception {
        return new OffsetCheckpointFile(new File(logDir, name), failures).read();
    }
}
