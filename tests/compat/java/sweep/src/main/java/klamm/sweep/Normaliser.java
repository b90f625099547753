package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.Uuid;

/** Replaces what differs from run to run by names that do not: ids in the order in which they are first seen. */
final class Normaliser {
    private static final Pattern UUID =
        Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Set<String> RUNNING_NUMBERS = Set.of("producerId", "sessionId");
    private static final Set<String> METADATA_OFFSETS = Set.of("quorum.highWatermark", "logEndOffset");
    /** Kafka puts most arrays into the order of a hash table, so they are sorted by what their elements have of this. */
    private static final List<String> IN_ORDER_OF = List.of(
        "apiKey", "resourceName", "groupId", "key", "name", "topic", "topicId", "partitionIndex", "partition", "index",
        "memberId", "entityType", "entityName", "entity", "user", "mechanism");
    /** Times of the run, told from the fixed ones in requests by being later, and earlier than the far future. */
    private static final long NOW_MIN_MS = 1_750_000_000_000L;
    private static final long NOW_MAX_MS = 4_000_000_000_000L;

    private final Map<String, String> names = new HashMap<>();
    private final Map<String, Integer> counts = new HashMap<>();
    private final String port;
    private final String controllerPort;

    Normaliser(int port) {
        this.port = Integer.toString(port);
        this.controllerPort = Integer.toString(port + 1);
    }

    void nameTopic(Uuid id, String topic) {
        names.put(id.toString(), "<id of " + topic + ">");
    }

    JsonNode normalise(JsonNode node) {
        return normalise("", node);
    }

    private JsonNode normalise(String field, JsonNode node) {
        if (node instanceof ObjectNode object) {
            nameTopicOf(object);
            ObjectNode normal = JsonNodeFactory.instance.objectNode();
            String container = object.has("currentVoters") ? "quorum." : "";
            object.properties().forEach(
                entry -> normal.set(entry.getKey(), normalise(container + entry.getKey(), entry.getValue())));
            nameDrawnClient(normal);
            return normal;
        }
        if (node instanceof ArrayNode array) {
            List<JsonNode> normal = new ArrayList<>();
            array.forEach(element -> normal.add(normalise(field, element)));
            normal.sort(Comparator.comparing(Normaliser::sortKey));
            return JsonNodeFactory.instance.arrayNode().addAll(normal);
        }
        if (field.equals("documentation") && node.isTextual()) {
            return new TextNode("<documentation>");
        }
        if (node.isTextual()) {
            return new TextNode(text(field, node.textValue()));
        }
        return node.isIntegralNumber() ? number(field, node) : node;
    }

    /** Topics that were not made by a case are named where they are first seen. */
    private void nameTopicOf(ObjectNode object) {
        String id = object.path("topicId").asText();
        String name = object.path("name").asText();
        if (!id.isEmpty() && !id.equals(Uuid.ZERO_UUID.toString()) && object.path("name").isTextual() && !name.isEmpty()) {
            names.putIfAbsent(id, "<id of " + name + ">");
        }
    }

    /** The id of a client without one is drawn, and the number of its subscription comes from it; ours begin with zeros. */
    private static void nameDrawnClient(ObjectNode object) {
        JsonNode id = object.path("clientInstanceId");
        if (id.isTextual() && !id.asText().startsWith("AAAA") && object.has("subscriptionId")) {
            object.put("clientInstanceId", "<drawn>");
            object.put("subscriptionId", "<drawn>");
        }
    }

    private static String sortKey(JsonNode element) {
        return IN_ORDER_OF.stream()
            .map(element::path)
            .map(value -> value.isNumber() ? String.format("%9d", value.longValue())
                : value.isContainerNode() ? value.toString() : value.asText())
            .collect(Collectors.joining(" "));
    }

    private String text(String field, String text) {
        if (field.equals("clusterId")) {
            return "<cluster>";
        }
        if (field.equals("replicaDirectoryId") && !text.equals(Uuid.ZERO_UUID.toString())) {
            return running("directory", text);
        }
        String named = text;
        for (Map.Entry<String, String> name : names.entrySet()) {
            named = named.replace(name.getKey(), name.getValue());
        }
        Matcher uuids = UUID.matcher(named);
        named = uuids.replaceAll(found -> running("uuid", found.group()));
        return named.replaceAll("127\\.0\\.0\\.1:" + port + "\\b", "127.0.0.1:<port>")
            .replaceAll("127\\.0\\.0\\.1:" + controllerPort + "\\b", "127.0.0.1:<controller port>")
            .replaceAll("^/.*/data$", "<directory>/data")
            .replaceAll("\\b17[5-9][0-9]{10}\\b", "<now>")
            .replaceAll("-92233702[0-9]{11}\\b", "<long ago>");
    }

    private JsonNode number(String field, JsonNode node) {
        long value = node.longValue();
        if (field.equals("port") && node.asText().equals(port)) {
            return new TextNode("<port>");
        }
        if (field.equals("port") && node.asText().equals(controllerPort)) {
            return new TextNode("<controller port>");
        }
        if (METADATA_OFFSETS.contains(field) && value > 0) {
            return new TextNode("<end of the metadata log>");
        }
        if (field.equals("quorum.leaderEpoch") && value > 0) {
            return new TextNode("<epoch>");
        }
        if (RUNNING_NUMBERS.contains(field) && value > 0 || field.equals("producerId") && value == 0) {
            return new TextNode(running(field, node.asText()));
        }
        if (field.equals("finalizedFeaturesEpoch") && value > 0) {
            return new TextNode("<epoch>");
        }
        if (NOW_MIN_MS < value && value < NOW_MAX_MS) {
            return new TextNode("<now>");
        }
        return node;
    }

    private String running(String kind, String value) {
        return names.computeIfAbsent(kind + " " + value, unseen -> "<" + kind + " " + counts.merge(kind, 1, Integer::sum) + ">");
    }
}
