package klamm.golden;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.metadata.MetadataRecordType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.coordinator.group.generated.GroupMetadataKey;
import org.apache.kafka.coordinator.share.generated.ShareSnapshotKey;
import org.apache.kafka.coordinator.transaction.generated.TransactionLogKey;
import org.apache.kafka.raft.generated.QuorumStateData;
import org.apache.kafka.server.log.remote.metadata.storage.generated.ProducerSnapshot;
import org.apache.kafka.streams.internals.generated.SubscriptionInfoData;

/** Every definition in Kafka's jars, each checked against its generated class, and every generated class accounted for. */
final class Definitions {
    /** One class of each jar that carries definitions. */
    private static final List<Class<?>> ONE_CLASS_OF_EACH_JAR = List.of(
        RequestHeaderData.class,
        MetadataRecordType.class,
        GroupMetadataKey.class,
        TransactionLogKey.class,
        ShareSnapshotKey.class,
        QuorumStateData.class,
        ProducerSnapshot.class,
        SubscriptionInfoData.class);

    private static final ObjectMapper JSON =
        JsonMapper.builder().configure(JsonParser.Feature.ALLOW_COMMENTS, true).build();

    private final TreeMap<String, Definition> byName = new TreeMap<>();

    private Definitions() {
    }

    /** Reads all definitions, those without a valid version (requests Kafka has dropped) left out. */
    static Collection<Definition> load() throws IOException, ReflectiveOperationException, URISyntaxException {
        Definitions definitions = new Definitions();
        for (Class<?> inJar : ONE_CLASS_OF_EACH_JAR) {
            definitions.loadJar(Path.of(inJar.getProtectionDomain().getCodeSource().getLocation().toURI()).toFile());
        }
        definitions.checkComplete();
        definitions.byName.values().removeIf(definition -> definition.validVersions().isEmpty());
        return definitions.byName.values();
    }

    private void loadJar(File file) throws IOException, ReflectiveOperationException {
        try (JarFile jar = new JarFile(file)) {
            TreeMap<String, Class<? extends Message>> classes = messageClasses(jar);
            Set<String> used = new HashSet<>();
            for (JarEntry entry : jar.stream().toList()) {
                if (entry.getName().endsWith(".json") && entry.getName().matches("(common/)?(message|metadata)/.*")) {
                    used.add(loadDefinition(jar, entry, classes));
                }
            }
            classes.keySet().removeAll(used);
            if (!classes.isEmpty()) {
                throw new IllegalStateException("load " + file + ": no definition for " + classes.keySet());
            }
        }
    }

    private String loadDefinition(JarFile jar, JarEntry entry, TreeMap<String, Class<? extends Message>> classes)
        throws IOException, ReflectiveOperationException {
        JsonNode json;
        try (InputStream input = jar.getInputStream(entry)) {
            json = JSON.readTree(input);
        }
        String name = json.get("name").asText();
        String type = json.get("type").asText();
        boolean suffixed = Set.of("request", "response", "header").contains(type);
        String className = suffixed ? name + "Data" : name;
        if (Versions.parse(json.get("validVersions").asText()).isEmpty()) {
            byName.put(name, Definition.parse(json, null));
            return className;
        }
        Class<? extends Message> messageClass = classes.get(className);
        if (messageClass == null) {
            throw new IllegalStateException("load " + entry + ": no class " + className);
        }
        Definition definition = Definition.parse(json, messageClass);
        checkVersions(definition);
        if (byName.put(name, definition) != null) {
            throw new IllegalStateException("load " + entry + ": " + name + " is defined twice");
        }
        return className;
    }

    private void checkComplete() {
        for (ApiKeys key : ApiKeys.values()) {
            requireDefinition(key.messageType.name + "Request");
            requireDefinition(key.messageType.name + "Response");
        }
        for (MetadataRecordType type : MetadataRecordType.values()) {
            requireDefinition(type.newMetadataRecord().getClass().getSimpleName());
        }
    }

    private void requireDefinition(String name) {
        if (!byName.containsKey(name)) {
            throw new IllegalStateException("load definitions: " + name + " is missing");
        }
    }

    private static void checkVersions(Definition definition) throws ReflectiveOperationException {
        Class<? extends Message> messageClass = definition.messageClass();
        short lowest = messageClass.getField("LOWEST_SUPPORTED_VERSION").getShort(null);
        short highest = messageClass.getField("HIGHEST_SUPPORTED_VERSION").getShort(null);
        if (lowest != definition.validVersions().lowest() || highest != definition.validVersions().highest()) {
            throw new IllegalStateException("check " + definition.name() + ": class and definition differ in versions");
        }
    }

    /** The generated top-level message classes of a jar by simple name. */
    private static TreeMap<String, Class<? extends Message>> messageClasses(JarFile jar) throws ClassNotFoundException {
        TreeMap<String, Class<? extends Message>> classes = new TreeMap<>();
        for (JarEntry entry : jar.stream().toList()) {
            if (!entry.getName().matches(".*/(generated|message|metadata)/[A-Za-z]+\\.class")
                || entry.getName().endsWith("JsonConverter.class")) {
                continue;
            }
            String className = entry.getName().replace('/', '.').substring(0, entry.getName().length() - ".class".length());
            Class<?> found = Class.forName(className, false, Definitions.class.getClassLoader());
            if (Message.class.isAssignableFrom(found) && !Modifier.isAbstract(found.getModifiers())) {
                classes.put(found.getSimpleName(), found.asSubclass(Message.class));
            }
        }
        return classes;
    }
}
