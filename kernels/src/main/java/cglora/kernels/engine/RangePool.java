package cglora.kernels.engine;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// A fixed set of threads that share the range of one launch at a time. The parts depend on the
/// range and the number of threads alone, so results do not depend on timing. A part is its own
/// thread's, unless the caller comes to it first: on a busy machine nothing waits for a thread that
/// gets no processor.
final class RangePool implements AutoCloseable {
    /// Part of a range.
    @FunctionalInterface
    interface Body {
        void run(int first, int count) throws Throwable;
    }

    /// A waiting thread spins this often before it sleeps: launches follow one another closely.
    private static final int SPINS = 20_000;

    private final Worker[] workers;
    private volatile Body body;
    private volatile int count;
    private volatile int grain;
    private volatile boolean closed;

    RangePool(int threads) {
        workers = new Worker[threads - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].setDaemon(true);
            workers[i].start();
        }
    }

    int threads() {
        return workers.length + 1;
    }

    /// Runs `newBody` over `0 … newCount − 1`, split at multiples of `newGrain`; returns when all
    /// parts are done.
    void run(int newCount, int newGrain, Body newBody) throws Throwable {
        if (closed) {
            throw new IllegalStateException("the engine is closed");
        }
        int units = (newCount + newGrain - 1) / newGrain;
        if (workers.length == 0 || units <= 1) {
            newBody.run(0, newCount);
            return;
        }
        body = newBody;
        count = newCount;
        grain = newGrain;
        for (Worker worker : workers) {
            worker.start(units);
        }
        Throwable failure = null;
        try {
            part(0, units, newCount, newGrain, newBody);
        } catch (Throwable t) {
            failure = t;
        }
        for (Worker worker : workers) {
            Throwable other = worker.finish();
            failure = failure == null ? other : failure;
        }
        body = null; // it holds arrays
        if (failure != null) {
            throw failure;
        }
    }

    private void part(int index, int units, int all, int step, Body work) throws Throwable {
        int threads = threads();
        int begin = (int) Math.min(all, (long) units * index / threads * step);
        int end = (int) Math.min(all, (long) units * (index + 1) / threads * step);
        if (end > begin) {
            work.run(begin, end - begin);
        }
    }

    @Override
    public void close() {
        closed = true;
        for (Worker worker : workers) {
            LockSupport.unpark(worker);
        }
    }

    private final class Worker extends Thread {
        private final int index;
        private volatile int requested;
        private final AtomicInteger claimed = new AtomicInteger();
        private volatile int done;
        private int units;
        private Throwable failure;

        Worker(int index) {
            super("cglora-worker-" + index);
            this.index = index;
        }

        void start(int newUnits) {
            units = newUnits;
            failure = null;
            requested = requested + 1;
            LockSupport.unpark(this);
        }

        /// Computes the requested part where its thread has not begun it, waits for it otherwise.
        Throwable finish() {
            if (!compute(requested)) {
                int spins = 0;
                while (done != requested) {
                    if (++spins > SPINS) {
                        Thread.yield();
                    } else {
                        Thread.onSpinWait();
                    }
                }
            }
            return failure;
        }

        /// Computes the part of a request, unless it is taken. What it reads belongs to that
        /// request: there is no other before this one is done.
        private boolean compute(int request) {
            if (!claimed.compareAndSet(request - 1, request)) {
                return false;
            }
            try {
                part(index, units, count, grain, body);
            } catch (Throwable t) {
                failure = t;
            }
            done = request;
            return true;
        }

        @Override
        public void run() {
            int seen = 0;
            while (!closed) {
                int spins = 0;
                while (requested == seen && !closed) {
                    if (++spins > SPINS) {
                        LockSupport.park(RangePool.this);
                    } else {
                        Thread.onSpinWait();
                    }
                }
                if (closed) {
                    return;
                }
                seen = requested;
                compute(seen);
            }
        }
    }
}
