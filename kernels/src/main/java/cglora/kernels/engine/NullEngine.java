package cglora.kernels.engine;

import cglora.kernels.program.Arena;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.Layout;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// Plans and counts, holds no data and runs nothing: what `plan` and the planner's tests use.
public final class NullEngine implements Engine {
    private final Set<Arena> persistent = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Integer> scratchLengths = new ArrayList<>();
    private final Supplier<Layout> layouts;
    private long inputBytes;

    public NullEngine() {
        this(Layout::new);
    }

    /// In place of another engine.
    ///
    /// @param layouts as that one makes them
    public NullEngine(Supplier<Layout> layouts) {
        this.layouts = layouts;
    }

    @Override
    public Layout layout() {
        return layouts.get();
    }

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
        for (Region region : Region.values()) {
            persistent.addAll(layout.arenas(region));
        }
    }

    @Override
    public void release(Layout layout) {
        for (Region region : Region.values()) {
            layout.arenas(region).forEach(persistent::remove);
        }
    }

    @Override
    public LoadedProgram load(Program program) {
        for (int i = 0; i < program.scratchArenas().size(); i++) {
            int length = program.scratchArenas().get(i).length();
            if (i == scratchLengths.size()) {
                scratchLengths.add(0);
            }
            scratchLengths.set(i, Math.max(scratchLengths.get(i), length));
        }
        inputBytes += program.inputArenas().stream().mapToLong(Arena::bytes).sum();
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
        long bytes = inputBytes;
        for (Arena arena : persistent) {
            bytes += arena.bytes();
        }
        for (int length : scratchLengths) {
            bytes += (long) length * Float.BYTES;
        }
        return bytes;
    }

    @Override
    public void close() {}
}
