package cglora.kernels.check;

/// Times what is short by doing it often.
public final class Stopwatch {
    /// One sample is executions of this many seconds together.
    private static final double SAMPLE_SECONDS = 0.05;

    /// Untimed executions go on for so long: the JVM compiles what it has seen often, in a thread
    /// of its own.
    private static final double WARM_SECONDS = 0.5;

    private Stopwatch() {}

    /// Seconds of one execution, once for each repetition. Untimed before them: as many executions
    /// as it takes until they are as fast as they will be, of which the fastest tells how many make
    /// a sample.
    public static double[] seconds(Runnable execution, int repetitions) {
        int executions = (int) Math.max(1, Math.ceil(SAMPLE_SECONDS / warm(execution)));
        double[] seconds = new double[repetitions];
        for (int i = 0; i < repetitions; i++) {
            seconds[i] = time(execution, executions);
        }
        return seconds;
    }

    /// Seconds of the fastest of at least one execution.
    private static double warm(Runnable execution) {
        long start = System.nanoTime();
        double fastest = Double.POSITIVE_INFINITY;
        do {
            fastest = Math.min(fastest, time(execution, 1));
        } while ((System.nanoTime() - start) * 1e-9 < WARM_SECONDS);
        return fastest;
    }

    /// Seconds of one execution, of several in a row.
    private static double time(Runnable execution, int executions) {
        long start = System.nanoTime();
        for (int i = 0; i < executions; i++) {
            execution.run();
        }
        return Math.max(1, System.nanoTime() - start) * 1e-9 / executions;
    }
}
