package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Answers by case and version, and the file that keeps them: a line for each answer of a case, with the versions in
 * which it is given. The names of topics and groups that end in the version are kept without it.
 */
record Recording(Map<String, Map<Integer, JsonNode>> answers) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String VERSION = "<version>";

    /** What {@link Main} prints. */
    static Recording ofRun(BufferedReader lines) throws IOException {
        Recording recording = new Recording(new LinkedHashMap<>());
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode run = JSON.readTree(line);
            recording.add(run.get("case").asText(), run.get("version").asInt(), run.get("answer"));
        }
        return recording;
    }

    static Recording ofFile(Path file) throws IOException {
        Recording recording = new Recording(new LinkedHashMap<>());
        for (String line : Files.readAllLines(file)) {
            JsonNode kept = JSON.readTree(line);
            for (JsonNode version : kept.get("versions")) {
                String answer = kept.get("answer").toString().replace(VERSION, version.asText());
                recording.add(kept.get("case").asText(), version.asInt(), JSON.readTree(answer));
            }
        }
        return recording;
    }

    private void add(String name, int version, JsonNode answer) {
        answers.computeIfAbsent(name, unseen -> new LinkedHashMap<>()).put(version, answer);
    }

    void write(Path file) throws IOException {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, Map<Integer, JsonNode>> each : answers.entrySet()) {
            Map<String, ArrayNode> versions = new LinkedHashMap<>();
            each.getValue().forEach((version, answer) -> versions
                .computeIfAbsent(withoutVersion(answer.toString(), version), unseen -> JSON.createArrayNode())
                .add(version));
            for (Map.Entry<String, ArrayNode> answer : versions.entrySet()) {
                ObjectNode line = JSON.createObjectNode();
                line.put("case", each.getKey());
                line.set("versions", answer.getValue());
                line.set("answer", JSON.readTree(answer.getKey()));
                text.append(line).append('\n');
            }
        }
        Files.writeString(file, text);
    }

    static String withoutVersion(String answer, int version) {
        return answer.replaceAll("([a-z][-_.])" + version + "\\b", "$1" + VERSION);
    }
}
