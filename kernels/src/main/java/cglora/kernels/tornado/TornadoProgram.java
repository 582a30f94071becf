package cglora.kernels.tornado;

import cglora.kernels.Kernel.Role;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Arena;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/// A program as a chain of task graphs, which are compiled at the first execution.
final class TornadoProgram implements LoadedProgram {
    /// Outputs up to this length come down with every execution.
    private static final int SMALL = 1 << 14;

    private final TornadoEngine engine;
    private final Program program;
    private List<float[]> scratch = List.of();
    private final float[] inputFloats;
    private final int[] inputInts;
    private final Map<float[], Fetch> fetches = new IdentityHashMap<>();
    private List<Execution> executions;

    TornadoProgram(TornadoEngine engine, Program program) {
        this.engine = engine;
        this.program = program;
        this.inputFloats = new float[Math.max(1, program.inputArenas().get(0).length())];
        this.inputInts = new int[Math.max(1, program.inputArenas().get(1).length())];
        checkInputs();
    }

    /// Small outputs come down with every execution.
    private void addFetches() {
        for (Buffer output : program.outputs()) {
            if (!output.isPersistent()
                    && output.length() <= SMALL
                    && program.place(output).arena().region() == Region.SCRATCH) {
                fetches.computeIfAbsent(scratchOf(output), Fetch::new)
                        .add(output, program.place(output).offset());
            }
        }
    }

    private float[] scratchOf(Buffer buffer) {
        return (float[]) array(program.place(buffer).arena());
    }

    /// Every graph gets the inputs anew, so that no launch may change them.
    private void checkInputs() {
        for (Launch launch : program.launches()) {
            for (int k = 0; k < launch.buffers().size(); k++) {
                Buffer buffer = launch.buffers().get(k);
                if (launch.kernel().operands().get(k).role() != Role.READ
                        && !buffer.isPersistent()
                        && program.place(buffer).arena().region() == Region.INPUT) {
                    throw new IllegalArgumentException(
                            "%s of %s overwrites its input %s"
                                    .formatted(launch.kernel(), program.name(), buffer));
                }
            }
        }
    }

    @Override
    public Program program() {
        return program;
    }

    @Override
    public void write(Buffer input, float[] values) {
        copyIn(input, values, values.length);
    }

    @Override
    public void write(Buffer input, int[] values) {
        copyIn(input, values, values.length);
    }

    private void copyIn(Buffer input, Object values, int length) {
        if (length != input.length()) {
            throw new IllegalArgumentException(input + " given " + length + " values");
        }
        Program.Place place = program.place(input);
        System.arraycopy(values, 0, array(place.arena()), place.offset(), length);
    }

    @Override
    public void run() {
        SampledTimes times = engine.times();
        boolean isSampled = times != null && times.count(this, executions != null);
        if (executions == null) {
            compile();
        } else {
            for (Execution execution : executions) {
                try {
                    execute(execution, isSampled ? times : null);
                } catch (RuntimeException | Error e) {
                    throw engine.failure(program.name(), e);
                }
            }
        }
        engine.statistics().executed(executions.size());
        engine.statistics()
                .moved(
                        executions.stream().mapToLong(Execution::bytesUp).sum(),
                        fetches.values().stream().mapToLong(Fetch::bytes).sum());
    }

    /// @param times takes the time of each launch; null where nobody samples
    private void execute(Execution execution, SampledTimes times) {
        execution.prepare();
        ResidentGraph graph = execution.graph();
        if (times != null) {
            times.add(this, execution.launches(), graph.profile(engine.statistics()));
        } else if (engine.isProfiling()) {
            graph.profile(engine.statistics());
        } else {
            graph.execute();
        }
    }

    @Override
    public void read(Buffer output, float[] target) {
        if (target.length != output.length()) {
            throw new IllegalArgumentException(output + " read into " + target.length + " values");
        }
        Program.Place place = program.place(output);
        float[] array = (float[]) array(place.arena());
        Fetch fetch = fetches.get(array);
        if (fetch != null && fetch.holds(output)) {
            fetch.read(output, target);
        } else if (place.arena().region() == Region.INPUT) {
            System.arraycopy(array, place.offset(), target, 0, target.length);
        } else {
            engine.channel(array).read(place.offset(), target.length, target, 0);
        }
    }

    private Object array(Arena arena) {
        boolean isFloat = arena.type() == DataType.FLOAT32;
        return switch (arena.region()) {
            case INPUT -> isFloat ? inputFloats : inputInts;
            case SCRATCH -> scratch.get(program.scratchArenas().indexOf(arena));
            default -> engine.array(arena);
        };
    }

    /// Makes the graphs and runs them once, which compiles them.
    private void compile() {
        scratch = engine.reserveScratch(program);
        addFetches();
        executions =
                new Compilation(
                                engine,
                                program,
                                List.of(inputFloats, inputInts),
                                this::array,
                                fetches.values())
                        .run();
    }
}
