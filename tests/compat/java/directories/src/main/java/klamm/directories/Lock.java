package klamm.directories;

import java.io.File;
import org.apache.kafka.server.util.FileLock;

/**
 * Locks the file given as the only argument as a broker locks a log directory. Prints "locked" and holds the lock until
 * standard input ends, or prints "refused".
 */
public final class Lock {
    private Lock() {
    }

    public static void main(String[] args) throws Exception {
        FileLock lock = new FileLock(new File(args[0]));
        if (!lock.tryLock()) {
            System.out.println("refused");
            return;
        }
        System.out.println("locked");
        while (System.in.read() != -1) {
            // What is written to it does not matter.
        }
        lock.unlockAndClose();
    }
}
