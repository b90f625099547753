package klamm.directories;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderPartition;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopic;
import org.apache.kafka.common.message.OffsetForLeaderEpochRequestData.OffsetForLeaderTopicCollection;
import org.apache.kafka.common.message.OffsetForLeaderEpochResponseData.EpochEndOffset;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractResponse;
import org.apache.kafka.common.requests.OffsetsForLeaderEpochRequest;
import org.apache.kafka.common.requests.OffsetsForLeaderEpochResponse;
import org.apache.kafka.common.requests.RequestHeader;

/** Asks a broker where leader epochs end, which no public client of Kafka can. */
final class EpochClient implements AutoCloseable {
    private static final ApiKeys KEY = ApiKeys.OFFSET_FOR_LEADER_EPOCH;

    private final Socket socket;

    EpochClient(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
    }

    /** The end of {@code epoch}, or of the greatest epoch below it, in each partition. */
    Map<TopicPartition, EpochEndOffset> endOffsets(Collection<TopicPartition> partitions, int epoch) throws IOException {
        OffsetForLeaderTopicCollection topics = new OffsetForLeaderTopicCollection();
        for (TopicPartition partition : partitions) {
            OffsetForLeaderTopic topic = topics.find(partition.topic());
            if (topic == null) {
                topic = new OffsetForLeaderTopic().setTopic(partition.topic());
                topics.add(topic);
            }
            topic.partitions().add(new OffsetForLeaderPartition().setPartition(partition.partition())
                    .setLeaderEpoch(epoch));
        }
        short version = KEY.latestVersion();
        RequestHeader header = new RequestHeader(KEY, version, "directories", epoch);
        ByteBuffer answer = exchange(OffsetsForLeaderEpochRequest.Builder.forConsumer(topics).build(version)
                .serializeWithHeader(header));
        Map<TopicPartition, EpochEndOffset> ends = new HashMap<>();
        OffsetsForLeaderEpochResponse response =
                (OffsetsForLeaderEpochResponse) AbstractResponse.parseResponse(answer, header);
        response.data().topics().forEach(topic -> topic.partitions().forEach(end -> {
            Errors.forCode(end.errorCode()).maybeThrow();
            ends.put(new TopicPartition(topic.topic(), end.partition()), end);
        }));
        return ends;
    }

    private ByteBuffer exchange(ByteBuffer request) throws IOException {
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        byte[] frame = new byte[request.remaining()];
        request.get(frame);
        out.writeInt(frame.length);
        out.write(frame);
        DataInputStream in = new DataInputStream(socket.getInputStream());
        return ByteBuffer.wrap(in.readNBytes(in.readInt()));
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
