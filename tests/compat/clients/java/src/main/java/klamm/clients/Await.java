package klamm.clients;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.errors.RetriableException;

/** Waits for what has to become true, and fails if it does not. What a client throws is passed on. */
final class Await {
    static final int SECONDS_MAX = 30;
    private static final long LOOK_AGAIN_MS = 20;

    private Await() {}

    static void that(String what, Callable<Boolean> condition) {
        long deadline = System.nanoTime() + SECONDS_MAX * 1_000_000_000L;
        Exception last = null;
        while (System.nanoTime() < deadline) {
            try {
                if (condition.call()) {
                    return;
                }
                Thread.sleep(LOOK_AGAIN_MS);
            } catch (RetriableException retriable) {
                last = retriable;
            } catch (ExecutionException failed) {
                if (!(failed.getCause() instanceof RetriableException)) {
                    throw new IllegalStateException(what, failed);
                }
                last = failed;
            } catch (RuntimeException failed) {
                throw failed;
            } catch (Exception failed) {
                throw new IllegalStateException(what, failed);
            }
        }
        throw new IllegalStateException("waited in vain: " + what, last);
    }
}
