package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;

/** Sends requests to one broker and prints each with its answer, one line of JSON for each. */
final class Sweep implements AutoCloseable {
    private final InetSocketAddress address;
    private final PrintStream out;
    private final Normaliser normaliser;
    private final Map<String, Uuid> topicIds;
    private final Set<String> printed;
    private Connection connection;

    Sweep(InetSocketAddress address, PrintStream out) {
        this.address = address;
        this.out = out;
        this.normaliser = new Normaliser(address.getPort());
        this.topicIds = new HashMap<>();
        this.printed = new HashSet<>();
    }

    private Sweep(Sweep broker) {
        this.address = new InetSocketAddress(broker.address.getHostString(), broker.address.getPort() + 1);
        this.out = broker.out;
        this.normaliser = broker.normaliser;
        this.topicIds = broker.topicIds;
        this.printed = broker.printed;
    }

    /** Sends over the controller's listener, which is at the next port. */
    Sweep controller() {
        return new Sweep(this);
    }

    Connection connect() throws IOException {
        return new Connection(address);
    }

    /** Sends a request and prints it with its answer; returns the answer, or null where the version cannot say it. */
    JsonNode send(ApiKeys key, int version, String name, Fields fields) throws IOException {
        ApiMessage request = Messages.request(key, (short) version, fields);
        if (request == null) {
            return null;
        }
        JsonNode answer = exchange(key, (short) version, request);
        print(key, version, name, Messages.json(request, (short) version), answer);
        return answer;
    }

    /** Sends a request in the newest version and prints nothing. */
    JsonNode ask(ApiKeys key, Fields fields) throws IOException {
        return ask(key, key.latestVersion(false), fields);
    }

    JsonNode ask(ApiKeys key, int version, Fields fields) throws IOException {
        return exchange(key, (short) version, Messages.request(key, (short) version, fields));
    }

    private JsonNode exchange(ApiKeys key, short version, ApiMessage request) throws IOException {
        if (connection == null) {
            connection = connect();
        }
        connection.send(Connection.frame(key, version, request));
        JsonNode answer = receive(connection, key, version);
        if (answer.has("noAnswer")) {
            reconnect();
        }
        return answer;
    }

    /** The next request goes over a new connection. */
    void reconnect() throws IOException {
        if (connection != null) {
            connection.close();
        }
        connection = null;
    }

    JsonNode receive(Connection from, ApiKeys key, short version) throws IOException {
        ObjectNode nothing = JsonNodeFactory.instance.objectNode();
        try {
            ByteBuffer frame = from.receive();
            return frame == null ? nothing.put("noAnswer", "closed") : decode(frame, key, version);
        } catch (SocketTimeoutException silence) {
            return nothing.put("noAnswer", "silence");
        }
    }

    static JsonNode decode(ByteBuffer frame, ApiKeys key, short version) {
        ByteBufferAccessor bytes = new ByteBufferAccessor(frame);
        ResponseHeaderData header = new ResponseHeaderData(bytes, key.responseHeaderVersion(version));
        ApiMessage response = key.messageType.newResponse();
        response.read(bytes, version);
        ObjectNode json = (ObjectNode) Messages.json(response, version);
        Batches.show(response, json);
        if (header.correlationId() != Connection.CORRELATION_ID) {
            json.put("correlationId", header.correlationId());
        }
        if (frame.hasRemaining()) {
            json.put("bytesBehindTheAnswer", frame.remaining());
        }
        return json;
    }

    void print(ApiKeys key, int version, String name, JsonNode request, JsonNode answer) {
        if (!printed.add(key + " " + version + " " + name)) {
            throw new IllegalStateException("print " + key + " v" + version + " " + name + ": there is one already");
        }
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        line.put("case", key.name + " " + name);
        line.put("version", version);
        line.set("request", normaliser.normalise(request));
        line.set("answer", normaliser.normalise(answer));
        out.println(line);
    }

    /** Makes a topic that is ready to be written and read. */
    void createTopic(String name, int partitions, String... configs) throws IOException {
        Fields topic = CreateTopicsCases.topic(name).with(
            "numPartitions", partitions, "configs", CreateTopicsCases.configs(configs));
        JsonNode answer = ask(ApiKeys.CREATE_TOPICS, CreateTopicsCases.request(topic));
        if (answer.at("/topics/0/errorCode").asInt() != 0) {
            throw new IllegalStateException("create topic: " + answer);
        }
        awaitTopic(name, partitions);
    }

    /** Waits until the broker knows all that the controller has done so far. */
    void settle() throws IOException {
        createTopic("marker", 1);
        ask(ApiKeys.DELETE_TOPICS, Fields.of("topics", List.of(Fields.of("name", "marker")), "timeoutMs", 10_000));
        awaitNoTopic("marker");
    }

    /** Waits until every partition of a topic has a leader that answers. */
    void awaitTopic(String name, int partitions) throws IOException {
        Waiting waiting = new Waiting("topic " + name);
        for (int partition = 0; partition < partitions;) {
            JsonNode answer = ask(ApiKeys.LIST_OFFSETS, OffsetCases.listOffsets(name, partition, -1));
            if (answer.at("/topics/0/partitions/0/errorCode").asInt() == 0) {
                partition++;
            } else {
                waiting.again(answer);
            }
        }
        JsonNode answer = ask(ApiKeys.METADATA, MetadataCases.named(name));
        Uuid id = Uuid.fromString(answer.at("/topics/0/topicId").asText());
        topicIds.put(name, id);
        normaliser.nameTopic(id, name);
    }

    /** Waits until a topic is nowhere to be seen. */
    void awaitNoTopic(String name) throws IOException {
        Waiting waiting = new Waiting("absence of topic " + name);
        while (true) {
            JsonNode answer = ask(ApiKeys.METADATA, MetadataCases.named(name));
            JsonNode offsets = ask(ApiKeys.LIST_OFFSETS, OffsetCases.listOffsets(name, 0, -1));
            if (answer.at("/topics/0/errorCode").asInt() == 3
                && offsets.at("/topics/0/partitions/0/errorCode").asInt() == 3) {
                return;
            }
            waiting.again(answer);
        }
    }

    Uuid topicId(String name) {
        return topicIds.getOrDefault(name, new Uuid(1, name.hashCode()));
    }

    @Override
    public void close() throws IOException {
        reconnect();
    }
}
