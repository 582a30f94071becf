package cglora.kernels.tornado;

/// What an engine has done on its device.
public final class Statistics {
    private long graphs;
    private long tasks;
    private long variants;
    private long compileNanos;
    private long executions;
    private long graphExecutions;
    private long kernelNanos;
    private long bytesUp;
    private long bytesDown;
    private long copiedUp;
    private long copiedDown;

    /// @param ofVariants tasks among them that run a variant
    void compiled(int newTasks, int ofVariants, long nanos) {
        graphs++;
        tasks += newTasks;
        variants += ofVariants;
        compileNanos += nanos;
    }

    /// @param ofGraphs executions of graphs that the program's takes
    void executed(int ofGraphs) {
        executions++;
        graphExecutions += ofGraphs;
    }

    void profiled(long nanos, long up, long down) {
        kernelNanos += nanos;
        copiedUp += up;
        copiedDown += down;
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

    /// Those of them that run a [DeviceVariant] in place of the kernel's own method.
    public long variants() {
        return variants;
    }

    /// Time of the first executions of all graphs, which compile them.
    public long compileNanos() {
        return compileNanos;
    }

    /// Executions of whole programs.
    public long executions() {
        return executions;
    }

    /// Executions of graphs: a program takes several, some of the same graph.
    public long graphExecutions() {
        return graphExecutions;
    }

    /// Time of the kernels on the device, as far as they ran while a profile was taken.
    public long kernelNanos() {
        return kernelNanos;
    }

    /// Bytes of inputs taken to the device, by what the graphs declare.
    public long bytesUp() {
        return bytesUp;
    }

    /// Bytes of outputs taken from the device, by what the graphs declare.
    public long bytesDown() {
        return bytesDown;
    }

    /// Bytes to the device by TornadoVM's profiler, while a profile was taken. On OpenCL it counts
    /// a frame of 24 bytes for each task, and each array with its header of 16 bytes twice.
    public long copiedUp() {
        return copiedUp;
    }

    /// Bytes from the device by TornadoVM's profiler, while a profile was taken; each array has a
    /// header of 16 bytes.
    public long copiedDown() {
        return copiedDown;
    }
}
