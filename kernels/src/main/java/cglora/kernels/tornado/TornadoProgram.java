package cglora.kernels.tornado;

import cglora.kernels.Kernel.Role;
import cglora.kernels.engine.LoadedProgram;
import cglora.kernels.program.Arena;
import cglora.kernels.program.Buffer;
import cglora.kernels.program.DataType;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Program;
import cglora.kernels.program.Region;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// A program as a chain of task graphs: TornadoVM's graphs hold some eighty tasks. They are
/// compiled at the first execution.
final class TornadoProgram implements LoadedProgram {
    /// TornadoVM describes a graph in 8192 bytes, [#TASK_BYTES] a task and [#ARGUMENT_BYTES] an
    /// argument.
    private static final int GRAPH_BYTES = 7000;

    private static final int TASK_BYTES = 15;
    private static final int ARGUMENT_BYTES = 5;
    private static final int GRAPH_TASKS = 72;

    /// How TornadoVM names a task of ours.
    private static final Pattern TASK = Pattern.compile("graph\\d+\\.t(\\d+)\\b");

    /// Outputs up to this length come down with every execution.
    private static final int SMALL = 1 << 14;

    private final TornadoEngine engine;
    private final Program program;
    private List<float[]> scratch = List.of();
    private final float[] inputFloats;
    private final int[] inputInts;
    private final Map<float[], Fetch> fetches = new IdentityHashMap<>();
    private List<ResidentGraph> graphs;
    private List<List<Launch>> launches = List.of();
    private long bytesUp;

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
        boolean isSampled = times != null && times.count(this, graphs != null);
        if (graphs == null) {
            compile();
            return;
        }
        for (int i = 0; i < graphs.size(); i++) {
            try {
                if (isSampled) {
                    times.add(this, launches.get(i), graphs.get(i).profile(engine.statistics()));
                } else if (engine.isProfiling()) {
                    graphs.get(i).profile(engine.statistics());
                } else {
                    graphs.get(i).execute();
                }
            } catch (RuntimeException | Error e) {
                throw engine.failure(program.name(), e);
            }
        }
        engine.statistics().executed();
        engine.statistics().moved(bytesUp, fetches.values().stream().mapToLong(Fetch::bytes).sum());
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
        var made = new ArrayList<ResidentGraph>();
        List<List<Task>> parts = parts();
        for (List<Task> part : parts) {
            long start = System.nanoTime();
            ResidentGraph graph;
            try {
                graph = graph(part, part == parts.getLast());
                graph.execute();
            } catch (RuntimeException | Error e) {
                throw engine.failure(failed(part, e), e);
            }
            engine.statistics().compiled(part.size(), System.nanoTime() - start);
            made.add(graph);
        }
        graphs = made;
        launches = parts.stream().map(part -> part.stream().map(Task::launch).toList()).toList();
        engine.statistics().executed();
        engine.statistics().moved(bytesUp, fetches.values().stream().mapToLong(Fetch::bytes).sum());
    }

    /// The kernel of the task that a failure of TornadoVM names, or all kernels of the part.
    private static String failed(List<Task> part, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            Matcher task = TASK.matcher(String.valueOf(cause.getMessage()));
            if (task.find() && Integer.parseInt(task.group(1)) < part.size()) {
                return part.get(Integer.parseInt(task.group(1))).launch().kernel().name();
            }
        }
        return part.stream()
                .map(task -> task.launch().kernel().name())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    private List<List<Task>> parts() {
        var parts = new ArrayList<List<Task>>();
        var part = new ArrayList<Task>();
        int bytes = 0;
        for (Launch launch : program.launches()) {
            if (launch.count() == 0) {
                continue;
            }
            Optional<DeviceVariant> variant = engine.variant(launch);
            variant.ifPresent(_ -> engine.statistics().takesVariant());
            Task task =
                    Task.of(launch, program, this::array, variant, engine.grid(launch, variant));
            int more = TASK_BYTES + ARGUMENT_BYTES * task.arguments().length;
            if (part.size() == GRAPH_TASKS || bytes + more > GRAPH_BYTES) {
                parts.add(List.copyOf(part));
                part.clear();
                bytes = 0;
            }
            part.add(task);
            bytes += more;
        }
        parts.add(List.copyOf(part));
        return parts;
    }

    private ResidentGraph graph(List<Task> tasks, boolean last) {
        Set<Object> inputs = identitySet();
        for (Task task : tasks) {
            for (Object argument : task.operands()) {
                if (argument == inputFloats || argument == inputInts) {
                    inputs.add(argument);
                }
            }
        }
        bytesUp += inputs.stream().mapToLong(TornadoProgram::bytes).sum();
        String name = engine.graphName("graph");
        var grids = new GridScheduler();
        for (int i = 0; i < tasks.size(); i++) {
            tasks.get(i).schedule(grids, name + ".t" + i);
        }
        ResidentGraph made =
                engine.residents()
                        .graph(
                                name,
                                graph -> {
                                    if (!inputs.isEmpty()) {
                                        graph.transferToDevice(
                                                DataTransferMode.EVERY_EXECUTION, inputs.toArray());
                                    }
                                    for (int i = 0; i < tasks.size(); i++) {
                                        tasks.get(i).addTo(graph, "t" + i);
                                    }
                                    if (last) {
                                        fetches.values().forEach(fetch -> fetch.addTo(graph));
                                    }
                                });
        if (tasks.stream().anyMatch(task -> task.grid().isPresent())) {
            made.schedule(grids);
        }
        return made;
    }

    private static long bytes(Object array) {
        return 4L * (array instanceof float[] floats ? floats.length : ((int[]) array).length);
    }

    private static Set<Object> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }
}
