package klamm.golden;

import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the golden files of the protocol crate below the repository root given as the only argument. */
public final class Golden {
    private Golden() {
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 1 || !Files.isDirectory(Path.of(args[0], "crates", "protocol"))) {
            throw new IllegalArgumentException("write golden files: give the repository root as the only argument");
        }
        Path tests = Path.of(args[0], "crates", "protocol", "tests");
        GoldenMessages.write(tests.resolve("golden"));
        GoldenBatches.write(tests.resolve("golden_batches"));
    }
}
