package klamm.sweep;

/** A bounded wait for something to become so, by asking again. */
final class Waiting {
    private static final long WAIT_MS_MAX = 20_000;
    private static final long PAUSE_MS = 10;

    private final String what;
    private final long end = System.nanoTime() + WAIT_MS_MAX * 1_000_000;

    Waiting(String what) {
        this.what = what;
    }

    void again(Object seen) {
        if (System.nanoTime() > end) {
            throw new IllegalStateException("wait for " + what + ": " + seen);
        }
        try {
            Thread.sleep(PAUSE_MS);
        } catch (InterruptedException error) {
            throw new IllegalStateException("wait for " + what, error);
        }
    }
}
