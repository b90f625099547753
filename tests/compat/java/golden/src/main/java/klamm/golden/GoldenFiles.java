package klamm.golden;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A directory of golden files. */
final class GoldenFiles {
    private GoldenFiles() {
    }

    /** Makes the directory, or takes out the files of an earlier run so that none outlives its message. */
    static void clear(Path directory) throws IOException {
        Files.createDirectories(directory);
        List<Path> old;
        try (Stream<Path> paths = Files.list(directory)) {
            old = paths.filter(path -> path.toString().endsWith(".txt")).toList();
        }
        for (Path path : old) {
            Files.delete(path);
        }
    }
}
