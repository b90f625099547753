package klamm.tools;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;

/** {@code Main PORT TRANSCRIPT}: plays the commands of a transcript and prints it with what they print now. */
public final class Main {
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");
    private static final String NOT_OF_THE_TOOL = "\\s*|\\s+at .*|\\s+\\.\\.\\. \\d+ more|Caused by: .*|.*KIP-848.*";
    private static final String HELP = "Option +Description *";
    private static final int ATTEMPTS_MAX = 100;

    private final String port;
    private final PrintStream out;
    private Run beside;

    private Main(String port, PrintStream out) {
        this.port = port;
        this.out = out;
    }

    public static void main(String[] arguments) throws Exception {
        // The log has to find the standard error of the process, before tools get others.
        LoggerFactory.getLogger(Main.class);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Run.install();
        new Main(arguments[0], out).play(Files.readAllLines(Path.of(arguments[1])));
        // Threads of tools that have ended may be left.
        Runtime.getRuntime().halt(0);
    }

    private void play(List<String> lines) throws Exception {
        int next = 0;
        while (next < lines.size()) {
            String line = lines.get(next++);
            if (line.isEmpty() || line.startsWith("#")) {
                out.println(line);
            } else if (line.matches("[>&!] .*")) {
                out.println(line);
                StringBuilder input = new StringBuilder();
                String awaited = "";
                for (; next < lines.size() && lines.get(next).matches("[<~]|[<?] .*"); next++) {
                    String setting = lines.get(next);
                    out.println(setting);
                    String text = setting.substring(Math.min(2, setting.length()));
                    if (setting.startsWith("?")) {
                        awaited = text;
                    } else if (setting.startsWith("<")) {
                        input.append(text.replace("\\t", "\t")).append('\n');
                    }
                }
                command(line.charAt(0), words(line.substring(2)), input.toString(), awaited);
            }
        }
    }

    private void command(char kind, List<String> words, String input, String awaited) throws Exception {
        if (kind == '&') {
            beside = Run.start(words, input);
        } else if (kind == '!') {
            beside.stop();
            print(words, beside.end());
        } else {
            Run.Ended ended = Run.start(words, input).end();
            for (int attempt = 0; attempt < ATTEMPTS_MAX && !ended.output().contains(awaited); attempt++) {
                Thread.sleep(100);
                ended = Run.start(words, input).end();
            }
            print(words, ended);
        }
    }

    private List<String> words(String line) {
        List<String> words = new ArrayList<>();
        String server = "127.0.0.1:" + port;
        String controller = "127.0.0.1:" + (Integer.parseInt(port) + 1);
        Matcher matcher = WORD.matcher(line.replace("SERVER", server).replace("CONTROLLER", controller));
        while (matcher.find()) {
            words.add(matcher.group(1) == null ? matcher.group(2) : matcher.group(1));
        }
        return words;
    }

    private void print(List<String> words, Run.Ended ended) {
        boolean isMeasured = words.get(0).contains("perf-test");
        print("  ", ended.output(), isMeasured);
        print("  2| ", ended.errors(), isMeasured);
        if (ended.code() != 0) {
            out.println("  exit " + ended.code());
        }
    }

    private void print(String mark, String text, boolean isMeasured) {
        text.lines()
            .takeWhile(line -> !line.matches(HELP))
            .filter(line -> !line.matches(NOT_OF_THE_TOOL))
            .forEach(line -> out.println(mark + normal(line, isMeasured)));
    }

    /** Replaces what differs from run to run: ids, times, ports, and what was measured. */
    private String normal(String line, boolean isMeasured) {
        String normal = line.stripTrailing()
            .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>")
            .replaceAll("TopicId: \\S{22}", "TopicId: <id>")
            .replaceAll("console-consumer-\\d+", "console-consumer-<n>")
            .replace("127.0.0.1:" + port, "SERVER")
            .replace("127.0.0.1:" + (Integer.parseInt(port) + 1), "CONTROLLER")
            .replaceAll("127\\.0\\.0\\.1( +)\\d+", "127.0.0.1$1<port>")
            .replaceAll("\\b1[78]\\d{11}\\b", "<now>")
            .replaceAll("\\b\\d+ ms ago\\b", "<n> ms ago")
            .replaceAll("Cluster(Id: +| ID: )\\S{22}", "Cluster$1<id>")
            .replaceAll("\"directoryId\": \"\\S{22}\"", "\"directoryId\": \"<id>\"")
            .replaceAll("(HighWatermark: +|Epoch: )\\d+", "$1<n>")
            .replaceAll("^(\\d+ +\t)\\S{22}\t\\d+ *\t", "$1<id>\t<n>\t")
            .replaceAll("\"logDir\":\"[^\"]*\"", "\"logDir\":\"<path>\"")
            .replaceAll("\\(id=1, directoryId=\\S{22}\\)", "(id=1, directoryId=<id>)");
        return isMeasured ? normal.replaceAll("(?<![a-z])[0-9][-0-9:., ]*(?=[^0-9]|$)", "N ").stripTrailing() : normal;
    }
}
