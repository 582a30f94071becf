package cglora.kernels.check;

/// Times what is short by doing it often.
public final class Stopwatch {
    /// One sample is executions of this many seconds together.
    private static final double SAMPLE_SECONDS = 0.05;

    private Stopwatch() {}

    /// Seconds of one execution, once for each repetition. Untimed before them: one execution that
    /// tells how many make a sample, and one such sample, for the JVM compiles what it has seen
    /// often.
    public static double[] seconds(Runnable execution, int repetitions) {
        double single = time(execution, 1);
        int executions = (int) Math.max(1, Math.ceil(SAMPLE_SECONDS / single));
        time(execution, executions);
        double[] seconds = new double[repetitions];
        for (int i = 0; i < repetitions; i++) {
            seconds[i] = time(execution, executions);
        }
        return seconds;
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
