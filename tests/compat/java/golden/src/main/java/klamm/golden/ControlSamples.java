package klamm.golden;

import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.KRaftVersionRecord;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.message.SnapshotFooterRecord;
import org.apache.kafka.common.message.SnapshotHeaderRecord;
import org.apache.kafka.common.message.VotersRecord;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;

/** Control batches by name: transaction markers and what the metadata log and its snapshots hold beside records. */
final class ControlSamples {
    private static final Uuid DIRECTORY = new Uuid(0x0123_4567_89ab_4001L, 0x8111_2222_3333_4441L);

    private ControlSamples() {
    }

    static Map<String, MemoryRecords> all() {
        Map<String, MemoryRecords> samples = new LinkedHashMap<>();
        long timestamp = BatchSamples.TIMESTAMP;
        samples.put("control_commit", MemoryRecords.withEndTransactionMarker(
            77, timestamp, 4, 4_712, (short) 1, new EndTransactionMarker(ControlRecordType.COMMIT, 9)));
        samples.put("control_abort", MemoryRecords.withEndTransactionMarker(
            78, timestamp, 4, 4_712, (short) 2, new EndTransactionMarker(ControlRecordType.ABORT, 0)));
        samples.put("control_leader_change", MemoryRecords.withLeaderChangeMessage(
            0, timestamp, 1, ByteBuffer.allocate(512), leaderChange()));
        samples.put("control_snapshot_header", MemoryRecords.withSnapshotHeaderRecord(
            0, timestamp, 3, ByteBuffer.allocate(256),
            new SnapshotHeaderRecord().setVersion((short) 0).setLastContainedLogTimestamp(timestamp - 1)));
        samples.put("control_snapshot_footer", MemoryRecords.withSnapshotFooterRecord(
            99, timestamp, 3, ByteBuffer.allocate(256), new SnapshotFooterRecord().setVersion((short) 0)));
        samples.put("control_kraft_version", MemoryRecords.withKRaftVersionRecord(
            1, timestamp, 3, ByteBuffer.allocate(256),
            new KRaftVersionRecord().setVersion((short) 0).setKRaftVersion((short) 1)));
        samples.put("control_voters", MemoryRecords.withVotersRecord(
            2, timestamp, 3, ByteBuffer.allocate(512), voters()));
        return samples;
    }

    /** Kafka writes version 0 whatever the KRaft version, hence no directory ids. */
    private static LeaderChangeMessage leaderChange() {
        LeaderChangeMessage.Voter first = new LeaderChangeMessage.Voter().setVoterId(1);
        LeaderChangeMessage.Voter second = new LeaderChangeMessage.Voter().setVoterId(2);
        return new LeaderChangeMessage()
            .setVersion((short) 0)
            .setLeaderId(2)
            .setVoters(List.of(first, second))
            .setGrantingVoters(List.of(second.duplicate()));
    }

    private static VotersRecord voters() {
        VotersRecord.EndpointCollection endpoints = new VotersRecord.EndpointCollection();
        endpoints.add(new VotersRecord.Endpoint().setName("CONTROLLER").setHost("controller-1").setPort(9093));
        endpoints.add(new VotersRecord.Endpoint().setName("CONTROLLER_SSL").setHost("::1").setPort(65_535));
        return new VotersRecord().setVersion((short) 0).setVoters(List.of(
            new VotersRecord.Voter()
                .setVoterId(1)
                .setVoterDirectoryId(DIRECTORY)
                .setEndpoints(endpoints)
                .setKRaftVersionFeature(new VotersRecord.KRaftVersionFeature()
                    .setMinSupportedVersion((short) 0)
                    .setMaxSupportedVersion((short) 1))));
    }
}
