package klamm.sweep;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/** A socket to a broker that carries frames; nothing is retried. */
final class Connection implements AutoCloseable {
    private static final int WAIT_MS_MAX = 4_000;
    static final int CORRELATION_ID = 77;
    static final String CLIENT_ID = "sweep";

    private final Socket socket = new Socket();
    private final DataInputStream in;
    private final OutputStream out;

    Connection(InetSocketAddress address) throws IOException {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(WAIT_MS_MAX);
        socket.connect(address, WAIT_MS_MAX);
        in = new DataInputStream(socket.getInputStream());
        out = socket.getOutputStream();
    }

    /** Header and body of a request without its size. */
    static ByteBuffer frame(ApiKeys key, short version, Message body) {
        return join(header(key.id, version, key.requestHeaderVersion(version)), bytes(body, version));
    }

    static ByteBuffer header(short key, short version, short headerVersion) {
        RequestHeaderData header = new RequestHeaderData()
            .setRequestApiKey(key)
            .setRequestApiVersion(version)
            .setCorrelationId(CORRELATION_ID)
            .setClientId(CLIENT_ID);
        return bytes(header, headerVersion);
    }

    static ByteBuffer join(ByteBuffer first, ByteBuffer second) {
        ByteBuffer both = ByteBuffer.allocate(first.remaining() + second.remaining());
        return both.put(first.duplicate()).put(second.duplicate()).flip();
    }

    static ByteBuffer bytes(Message message, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
        message.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.flip();
    }

    void send(ByteBuffer frame) throws IOException {
        sendRaw(join(ByteBuffer.allocate(4).putInt(0, frame.remaining()), frame));
    }

    void sendRaw(ByteBuffer bytes) throws IOException {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        out.write(copy);
        out.flush();
    }

    /** The next frame without its size, or null when the broker has closed the connection. */
    ByteBuffer receive() throws IOException {
        try {
            byte[] frame = new byte[in.readInt()];
            in.readFully(frame);
            return ByteBuffer.wrap(frame);
        } catch (EOFException | SocketException closed) {
            return null;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
