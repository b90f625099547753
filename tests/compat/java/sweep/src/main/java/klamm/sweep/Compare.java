package klamm.sweep;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * {@code Compare RECORDING [ACCEPTED]} compares the run on its standard input with a recording: nothing may differ but
 * what ACCEPTED lists, and each of its lines must be needed. {@code Compare --record RECORDING} keeps the run.
 */
public final class Compare {
    private static final List<String> ELEMENT_NAMES = List.of("apiKey", "name");

    private final List<Accepted> accepted;
    /** Versions by what differs in them, in the order of the cases. */
    private final Map<String, Set<Integer>> differences = new LinkedHashMap<>();

    private Compare(List<Accepted> accepted) {
        this.accepted = accepted;
    }

    /** A difference that may be: a case and a path in its answer, and why it may. */
    private static final class Accepted {
        private final String line;
        private final Pattern name;
        private final Pattern path;
        private boolean isNeeded;

        Accepted(String line) {
            String[] columns = line.split("\t");
            if (columns.length != 3) {
                throw new IllegalArgumentException("read accepted differences: not case, path and reason: " + line);
            }
            this.line = line;
            this.name = pattern(columns[0]);
            this.path = pattern(columns[1]);
        }

        private static Pattern pattern(String text) {
            String quoted = Pattern.quote(text).replace("*", "\\E.*\\Q");
            // What braces hold are alternatives.
            return Pattern.compile(quoted.replace("{", "\\E(\\Q").replace("|", "\\E|\\Q").replace("}", "\\E)\\Q"));
        }

        boolean matches(String caseName, String where) {
            boolean matches = name.matcher(caseName).matches() && path.matcher(where).matches();
            isNeeded |= matches;
            return matches;
        }
    }

    public static void main(String[] arguments) throws IOException {
        Recording run = Recording.ofRun(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
        if (arguments[0].equals("--record")) {
            run.write(Path.of(arguments[1]));
            return;
        }
        List<Accepted> accepted = new ArrayList<>();
        if (arguments.length > 1) {
            Files.readAllLines(Path.of(arguments[1])).stream()
                .filter(line -> !line.startsWith("#"))
                .forEach(line -> accepted.add(new Accepted(line)));
        }
        Compare compare = new Compare(accepted);
        compare.compare(Recording.ofFolder(Path.of(arguments[0])), run);
        System.exit(compare.report(run) ? 0 : 1);
    }

    private void compare(Recording expected, Recording run) {
        Set<String> names = new LinkedHashSet<>(expected.answers().keySet());
        names.addAll(run.answers().keySet());
        for (String name : names) {
            Map<Integer, JsonNode> left = expected.answers().getOrDefault(name, Map.of());
            Map<Integer, JsonNode> right = run.answers().getOrDefault(name, Map.of());
            Set<Integer> versions = new TreeSet<>(left.keySet());
            versions.addAll(right.keySet());
            for (int version : versions) {
                JsonNode none = MissingNode.getInstance();
                compare(name, version, "", left.getOrDefault(version, none), right.getOrDefault(version, none));
            }
        }
    }

    private void compare(String name, int version, String path, JsonNode left, JsonNode right) {
        if (left.equals(right)) {
            return;
        }
        Map<String, JsonNode> leftParts = parts(left);
        Map<String, JsonNode> rightParts = parts(right);
        if (leftParts == null || rightParts == null || left.has("noAnswer") || right.has("noAnswer")) {
            if (accepted.stream().noneMatch(each -> each.matches(name, path))) {
                String what = name + " at " + path + "\n    Kafka " + shown(left) + "\n    run   " + shown(right);
                what = Recording.withoutVersion(what, version);
                differences.computeIfAbsent(what, unseen -> new TreeSet<>()).add(version);
            }
            return;
        }
        Set<String> keys = new LinkedHashSet<>(leftParts.keySet());
        keys.addAll(rightParts.keySet());
        for (String key : keys) {
            JsonNode none = MissingNode.getInstance();
            compare(name, version, path + "/" + key, leftParts.getOrDefault(key, none), rightParts.getOrDefault(key, none));
        }
    }

    /** By their names where they have such, and null where there are no parts. */
    private static Map<String, JsonNode> parts(JsonNode node) {
        Map<String, JsonNode> parts = new LinkedHashMap<>();
        if (node instanceof ObjectNode object) {
            object.properties().forEach(entry -> parts.put(entry.getKey(), entry.getValue()));
            return parts;
        }
        if (!(node instanceof ArrayNode)) {
            return null;
        }
        int position = 0;
        for (JsonNode element : node) {
            String key = Integer.toString(position++);
            for (String name : ELEMENT_NAMES) {
                key = element.has(name) ? element.get(name).asText() : key;
            }
            parts.put(parts.containsKey(key) ? key + " again" : key, element);
        }
        return parts;
    }

    private static String shown(JsonNode node) {
        return node.isMissingNode() ? "nothing" : node.toString();
    }

    private static String ranges(Set<Integer> versions) {
        int first = versions.iterator().next();
        int last = first;
        for (int version : versions) {
            last = version;
        }
        return last - first + 1 == versions.size() ? "v" + first + "-" + last : "v" + versions;
    }

    private boolean report(Recording run) {
        differences.forEach((what, versions) -> System.out.println(what.replaceFirst(" at ", " " + ranges(versions) + " at ")));
        List<Accepted> needless = accepted.stream().filter(each -> !each.isNeeded).toList();
        needless.forEach(each -> System.out.println("accepted, but does not differ: " + each.line));
        int answers = run.answers().values().stream().mapToInt(Map::size).sum();
        System.out.println(answers + " answers, " + differences.size() + " differences");
        return differences.isEmpty() && needless.isEmpty();
    }
}
