package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

/** What is no request: unknown keys and versions, frames that are cut off or too long. */
final class FrameCases {
    private final Sweep sweep;

    private FrameCases(Sweep sweep) {
        this.sweep = sweep;
    }

    static void run(Sweep sweep) throws IOException {
        FrameCases cases = new FrameCases(sweep);
        for (ApiKeys key : Main.KEYS) {
            cases.ofKey(key);
        }
        cases.apiVersions();
        cases.sizes();
    }

    private void ofKey(ApiKeys key) throws IOException {
        short newest = key.latestVersion(false);
        for (int version : Main.versions(key)) {
            ByteBuffer whole = Connection.frame(key, (short) version, example(key, (short) version));
            send(key, version, "one byte cut off", cut(whole, whole.remaining() - 1));
            ByteBuffer header = Connection.header(key.id, (short) version, key.requestHeaderVersion((short) version));
            send(key, version, "header only", header);
            send(key, version, "header cut off", cut(header, 10));
            ByteBuffer longer = Connection.join(whole, ByteBuffer.allocate(3));
            send(key, version, "three bytes behind", longer);
        }
        if (key == ApiKeys.API_VERSIONS) {
            return;
        }
        int above = key.latestVersion(true) + 1;
        short header = key.requestHeaderVersion(newest);
        ByteBuffer body = Connection.bytes(example(key, newest), newest);
        send(key, above, "version too new", Connection.join(Connection.header(key.id, (short) above, header), body));
        send(key, -1, "negative version", Connection.join(Connection.header(key.id, (short) -1, header), body));
        if (key.oldestVersion() > 0) {
            int below = key.oldestVersion() - 1;
            send(key, below, "version too old", Connection.join(Connection.header(key.id, (short) below, (short) 1), body));
        }
    }

    /** Empty as can be; its arrays make the broker read on. */
    private ApiMessage example(ApiKeys key, short version) {
        if (key == ApiKeys.API_VERSIONS) {
            return new ApiVersionsRequestData().setClientSoftwareName("sweep").setClientSoftwareVersion("1.0");
        }
        // A produce with acks 0 would not be answered.
        return Messages.request(key, version, key == ApiKeys.PRODUCE ? Fields.of("acks", -1) : Fields.of());
    }

    private static ByteBuffer cut(ByteBuffer bytes, int length) {
        return bytes.duplicate().limit(length).slice();
    }

    private void apiVersions() throws IOException {
        ApiVersionsRequestData client = new ApiVersionsRequestData();
        client.setClientSoftwareName("sweep").setClientSoftwareVersion("1.0");
        for (int version : new int[] {5, 99, -1}) {
            ByteBuffer header = Connection.header(ApiKeys.API_VERSIONS.id, (short) version, (short) 2);
            ByteBuffer frame = Connection.join(header, Connection.bytes(client, (short) 3));
            // The answer to a version that is not known is in version 0.
            send(ApiKeys.API_VERSIONS, version, "unknown version", frame);
        }
    }

    private void sizes() throws IOException {
        ApiKeys key = ApiKeys.API_VERSIONS;
        raw("empty frame", ByteBuffer.allocate(4));
        raw("negative size", ByteBuffer.allocate(4).putInt(0, -1));
        raw("size of 200 MB", ByteBuffer.allocate(4).putInt(0, 200_000_000));
        raw("largest size", ByteBuffer.allocate(4).putInt(0, Integer.MAX_VALUE));
        raw("three bytes", ByteBuffer.allocate(7).putInt(0, 3));
        raw("unknown key", framed(Connection.header((short) 999, (short) 0, (short) 1)));
        raw("negative key", framed(Connection.header((short) -1, (short) 0, (short) 1)));
        raw("key that is gone", framed(Connection.header((short) 4, (short) 0, (short) 1)));
        raw("key of the controller", framed(Connection.header(ApiKeys.VOTE.id, (short) 0, (short) 2)));
        ByteBuffer nullClient = ByteBuffer.allocate(10).putShort(key.id).putShort((short) 0).putInt(Connection.CORRELATION_ID);
        raw("null client id", framed(nullClient.putShort((short) -1).flip()));
        ByteBuffer longClient = ByteBuffer.allocate(10).putShort(key.id).putShort((short) 0).putInt(Connection.CORRELATION_ID);
        raw("client id that is cut off", framed(longClient.putShort((short) 500).flip()));
    }

    private static ByteBuffer framed(ByteBuffer frame) {
        return Connection.join(ByteBuffer.allocate(4).putInt(0, frame.remaining()), frame);
    }

    /** The answer, if there is one, is in version 0 of ApiVersions. */
    private void raw(String name, ByteBuffer bytes) throws IOException {
        try (Connection connection = sweep.connect()) {
            connection.sendRaw(bytes);
            show(ApiKeys.API_VERSIONS, 0, "frame: " + name, sweep.receive(connection, ApiKeys.API_VERSIONS, (short) 0));
        }
    }

    private void send(ApiKeys key, int version, String name, ByteBuffer frame) throws IOException {
        try (Connection connection = sweep.connect()) {
            connection.send(frame);
            boolean known = version >= key.oldestVersion() && version <= key.latestVersion(false);
            short shown = known ? (short) version : key == ApiKeys.API_VERSIONS ? 0 : key.latestVersion(false);
            show(key, version, name, sweep.receive(connection, key, shown));
        }
    }

    private void show(ApiKeys key, int version, String name, JsonNode answer) {
        sweep.print(key, version, name, JsonNodeFactory.instance.objectNode(), answer);
    }
}
