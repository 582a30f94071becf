package cglora.kernels.tornado;

/// What an engine has done on its device.
public final class Statistics {
    private long graphs;
    private long tasks;
    private long compileNanos;
    private long executions;
    private long kernelNanos;
    private long bytesUp;
    private long bytesDown;

    void compiled(int newTasks, long nanos) {
        graphs++;
        tasks += newTasks;
        compileNanos += nanos;
    }

    void executed() {
        executions++;
    }

    void profiled(long nanos) {
        kernelNanos += nanos;
    }

    void moved(long up, long down) {
        bytesUp += up;
        bytesDown += down;
    }

    /// Task graphs that have been compiled.
    public long graphs() {
        return graphs;
    }

    /// Tasks that have been compiled.
    public long tasks() {
        return tasks;
    }

    /// Time of the first executions of all graphs, which compile them.
    public long compileNanos() {
        return compileNanos;
    }

    /// Executions of whole programs.
    public long executions() {
        return executions;
    }

    /// Time of the kernels on the device, as far as they ran while a profile was taken.
    public long kernelNanos() {
        return kernelNanos;
    }

    /// Bytes of inputs taken to the device.
    public long bytesUp() {
        return bytesUp;
    }

    /// Bytes of outputs taken from the device.
    public long bytesDown() {
        return bytesDown;
    }
}
