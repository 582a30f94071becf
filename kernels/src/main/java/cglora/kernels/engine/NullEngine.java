package cglora.kernels.engine;

import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;

/// Plans and counts, holds no data and runs nothing: what `plan` and the planner's tests use.
public final class NullEngine implements Engine {
    private long persistentBytes;
    private long scratchBytes;

    @Override
    public String description() {
        return "null";
    }

    @Override
    public int parallelism() {
        return 1;
    }

    @Override
    public void allocate(Layout layout) {
        persistentBytes += layout.bytes();
    }

    @Override
    public void release(Layout layout) {
        persistentBytes -= layout.bytes();
    }

    @Override
    public LoadedProgram load(Program program) {
        scratchBytes = Math.max(scratchBytes, program.scratchBytes());
        return new LoadedProgram() {
            @Override
            public Program program() {
                return program;
            }

            @Override
            public void write(Buffer input, float[] values) {}

            @Override
            public void write(Buffer input, int[] values) {}

            @Override
            public void run() {}

            @Override
            public void read(Buffer output, float[] target) {}
        };
    }

    @Override
    public void fill(Buffer buffer, Filler filler) {}

    @Override
    public float[] read(Buffer buffer) {
        return new float[buffer.length()];
    }

    /// Bytes that an engine would hold for all that was allocated and loaded here.
    public long plannedBytes() {
        return persistentBytes + scratchBytes;
    }

    @Override
    public void close() {}
}
