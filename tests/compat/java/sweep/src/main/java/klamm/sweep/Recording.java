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
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Answers by case and version, and the folder that keeps them: a file for each API, which is the first word of a case,
 * and in it a line for each answer of a case, with the versions in which it is given. The names of topics and groups
 * that end in the version are kept without it.
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

    static Recording ofFolder(Path folder) throws IOException {
        Recording recording = new Recording(new LinkedHashMap<>());
        for (Path file : files(folder)) {
            for (String line : Files.readAllLines(file)) {
                JsonNode kept = JSON.readTree(line);
                for (JsonNode version : kept.get("versions")) {
                    String answer = kept.get("answer").toString().replace(VERSION, version.asText());
                    recording.add(kept.get("case").asText(), version.asInt(), JSON.readTree(answer));
                }
            }
        }
        return recording;
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private void add(String name, int version, JsonNode answer) {
        answers.computeIfAbsent(name, unseen -> new LinkedHashMap<>()).put(version, answer);
    }

    /** Puts these in place of all that the folder keeps. */
    void write(Path folder) throws IOException {
        Files.createDirectories(folder);
        for (Path file : files(folder)) {
            Files.delete(file);
        }
        Map<String, StringBuilder> texts = new TreeMap<>();
        for (Map.Entry<String, Map<Integer, JsonNode>> each : answers.entrySet()) {
            String api = each.getKey().split(" ", 2)[0];
            append(texts.computeIfAbsent(api, unseen -> new StringBuilder()), each.getKey(), each.getValue());
        }
        for (Map.Entry<String, StringBuilder> text : texts.entrySet()) {
            Files.writeString(folder.resolve(text.getKey() + ".jsonl"), text.getValue());
        }
    }

    private static void append(StringBuilder text, String name, Map<Integer, JsonNode> byVersion) throws IOException {
        Map<String, ArrayNode> versions = new LinkedHashMap<>();
        byVersion.forEach((version, answer) -> versions
            .computeIfAbsent(withoutVersion(answer.toString(), version), unseen -> JSON.createArrayNode())
            .add(version));
        for (Map.Entry<String, ArrayNode> answer : versions.entrySet()) {
            ObjectNode line = JSON.createObjectNode();
            line.put("case", name);
            line.set("versions", answer.getValue());
            line.set("answer", JSON.readTree(answer.getKey()));
            text.append(line).append('\n');
        }
    }

    static String withoutVersion(String answer, int version) {
        return answer.replaceAll("([a-z][-_.])" + version + "\\b", "$1" + VERSION);
    }
}
