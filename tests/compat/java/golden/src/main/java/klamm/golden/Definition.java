package klamm.golden;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.protocol.Message;

/** One message or record definition together with the class that Kafka's generator made of it. */
record Definition(
    String name,
    Versions validVersions,
    Versions flexibleVersions,
    List<Field> fields,
    Map<String, List<Field>> commonStructs,
    Class<? extends Message> messageClass) {

    /** One field of a definition; {@code fields} are those of an inline struct and empty otherwise. */
    record Field(
        String name,
        String type,
        Versions versions,
        Versions nullableVersions,
        Versions taggedVersions,
        String defaultText,
        List<Field> fields) {

        boolean isArray() {
            return type.startsWith("[]");
        }

        String elementType() {
            return isArray() ? type.substring(2) : type;
        }

        boolean isStruct() {
            return Character.isUpperCase(elementType().charAt(0));
        }
    }

    static Definition parse(JsonNode json, Class<? extends Message> messageClass) {
        Map<String, List<Field>> commonStructs = new HashMap<>();
        for (JsonNode struct : json.path("commonStructs")) {
            commonStructs.put(struct.get("name").asText(), parseFields(struct.get("fields")));
        }
        return new Definition(
            json.get("name").asText(),
            Versions.parse(json.get("validVersions").asText()),
            Versions.parse(json.path("flexibleVersions").asText("none")),
            parseFields(json.path("fields")),
            commonStructs,
            messageClass);
    }

    /** The fields of the struct that {@code field} holds, inline or common. */
    List<Field> structFields(Field field) {
        if (!field.fields().isEmpty()) {
            return field.fields();
        }
        List<Field> common = commonStructs.get(field.elementType());
        if (common == null) {
            throw new IllegalStateException("find struct: " + name + " has no " + field.elementType());
        }
        return common;
    }

    private static List<Field> parseFields(JsonNode nodes) {
        List<Field> fields = new ArrayList<>();
        for (JsonNode node : nodes) {
            String taggedVersions = node.path("taggedVersions").asText("none");
            // A tagged field may leave its versions out; they are then those in which it is tagged.
            String versions = node.path("versions").asText(taggedVersions);
            fields.add(new Field(
                node.get("name").asText(),
                node.get("type").asText(),
                Versions.parse(versions),
                Versions.parse(node.path("nullableVersions").asText("none")),
                Versions.parse(taggedVersions),
                node.path("default").asText(""),
                parseFields(node.path("fields"))));
        }
        return fields;
    }
}
