package klamm.golden;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageUtil;
import org.apache.kafka.common.utils.AppInfoParser;

/** Writes one file of samples for each message, header and record. */
final class GoldenMessages {
    private GoldenMessages() {
    }

    static void write(Path directory) throws IOException, ReflectiveOperationException, URISyntaxException {
        GoldenFiles.clear(directory);
        for (Definition definition : Definitions.load()) {
            StringBuilder text = new StringBuilder();
            text.append("# ").append(definition.name()).append(" as written by the classes of Apache Kafka ")
                .append(AppInfoParser.getVersion()).append(": version, case, bytes in hex;")
                .append(" case unknown is case set with unknown tagged fields\n");
            Versions versions = definition.validVersions();
            for (int version = versions.lowest(); version <= versions.highest(); version++) {
                appendVersion(text, definition, (short) version);
            }
            Files.writeString(directory.resolve(definition.name() + ".txt"), text);
        }
    }

    private static void appendVersion(StringBuilder text, Definition definition, short version)
        throws ReflectiveOperationException {
        Set<String> seen = new HashSet<>();
        for (Case filling : Case.values()) {
            String hex = HexFormat.of().formatHex(encode(definition, version, Filler.fill(definition, version, filling)));
            if (seen.add(hex)) {
                text.append(version).append(' ').append(filling.label()).append(' ').append(hex).append('\n');
            }
        }
    }

    private static byte[] encode(Definition definition, short version, Message message)
        throws ReflectiveOperationException {
        byte[] bytes = bytes(message, version);
        Message read = definition.messageClass().getDeclaredConstructor().newInstance();
        ByteBufferAccessor reader = new ByteBufferAccessor(ByteBuffer.wrap(bytes));
        read.read(reader, version);
        if (reader.remaining() != 0 || !Arrays.equals(bytes, bytes(read, version))) {
            throw new IllegalStateException("read " + definition.name() + " back: version " + version + " differs");
        }
        return bytes;
    }

    private static byte[] bytes(Message message, short version) {
        ByteBuffer buffer = MessageUtil.toByteBufferAccessor(message, version).buffer();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
