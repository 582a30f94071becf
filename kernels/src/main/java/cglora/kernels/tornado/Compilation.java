package cglora.kernels.tornado;

import cglora.kernels.program.Arena;
import cglora.kernels.program.Launch;
import cglora.kernels.program.Program;
import cglora.kernels.tornado.Segments.Segment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;

/// Makes the graphs of a program and executes each as often as the program does, which compiles
/// them: TornadoVM compiles every task of every graph on its own, so that what repeats, as the
/// layers of a model do, is one graph ([Segments]).
final class Compilation {
    /// TornadoVM describes a graph in 8192 bytes, [#TASK_BYTES] a task and [#ARGUMENT_BYTES] an
    /// argument.
    private static final int GRAPH_BYTES = 7000;

    private static final int TASK_BYTES = 15;
    private static final int ARGUMENT_BYTES = 5;
    private static final int GRAPH_TASKS = 72;

    /// How TornadoVM names a task of ours.
    private static final Pattern TASK = Pattern.compile("graph\\d+\\.t(\\d+)\\b");

    /// @param tables that it takes up with each execution; empty where they stay as they are
    private record Made(ResidentGraph graph, List<int[]> tables) {}

    private final TornadoEngine engine;
    private final Program program;
    private final Set<Object> inputs;
    private final Function<Arena, Object> arrays;
    private final Collection<Fetch> fetches;
    private final Map<List<Integer>, Made> repeated = new HashMap<>();
    private final List<Execution> executions = new ArrayList<>();

    /// @param inputs  arrays that every execution takes up
    /// @param arrays  of the program's arenas
    /// @param fetches what comes down behind the last task
    Compilation(
            TornadoEngine engine,
            Program program,
            Collection<Object> inputs,
            Function<Arena, Object> arrays,
            Collection<Fetch> fetches) {
        this.engine = engine;
        this.program = program;
        this.inputs = identitySet();
        this.inputs.addAll(inputs);
        this.arrays = arrays;
        this.fetches = List.copyOf(fetches);
    }

    private static Set<Object> identitySet() {
        return Collections.newSetFromMap(new IdentityHashMap<>());
    }

    /// Executes the program once.
    ///
    /// @return what the next executions do
    List<Execution> run() {
        List<Task> tasks = tasks();
        int[] kinds = kinds(tasks);
        int[] bytes =
                tasks.stream().mapToInt(t -> TASK_BYTES + ARGUMENT_BYTES * t.arguments()).toArray();
        List<Segment> segments = Segments.of(kinds, bytes, GRAPH_TASKS, GRAPH_BYTES);
        var uses = new HashMap<List<Integer>, Integer>();
        segments.forEach(segment -> uses.merge(content(kinds, segment), 1, Integer::sum));
        boolean fetched = fetches.isEmpty();
        for (Segment segment : segments) {
            List<Task> part = tasks.subList(segment.start(), segment.start() + segment.length());
            List<Integer> content = content(kinds, segment);
            if (uses.get(content) > 1) {
                repeat(content, part);
            } else {
                boolean isLast = segment == segments.getLast();
                once(part, isLast ? fetches : List.of());
                fetched |= isLast;
            }
        }
        if (!fetched) {
            once(List.of(), fetches);
        }
        return List.copyOf(executions);
    }

    private List<Task> tasks() {
        var tasks = new ArrayList<Task>();
        for (Launch launch : program.launches()) {
            if (launch.count() > 0) {
                Optional<DeviceVariant> variant = engine.variant(launch);
                Optional<Grid> grid = engine.grid(launch, variant);
                tasks.add(Task.of(launch, program, arrays, variant, grid));
            }
        }
        return tasks;
    }

    private static int[] kinds(List<Task> tasks) {
        var arrays = new IdentityHashMap<Object, Integer>();
        var numbers = new HashMap<Task.Kind, Integer>();
        int[] kinds = new int[tasks.size()];
        for (int i = 0; i < kinds.length; i++) {
            Task.Kind kind =
                    tasks.get(i).kind(array -> arrays.computeIfAbsent(array, _ -> arrays.size()));
            kinds[i] = numbers.computeIfAbsent(kind, _ -> numbers.size());
        }
        return kinds;
    }

    private static List<Integer> content(int[] kinds, Segment segment) {
        int end = segment.start() + segment.length();
        return Arrays.stream(kinds, segment.start(), end).boxed().toList();
    }

    /// One more execution of a graph that does the same with other offsets.
    private void repeat(List<Integer> content, List<Task> part) {
        List<int[]> entries = part.stream().map(Task::at).toList();
        Made graph = repeated.get(content);
        long start = System.nanoTime();
        boolean isNew = graph == null;
        try {
            if (isNew) {
                List<int[]> tables = entries.stream().map(int[]::clone).toList();
                graph = new Made(graph(part, tables, List.of()), tables);
                repeated.put(content, graph);
            }
            execute(graph, entries, part);
        } catch (RuntimeException | Error e) {
            throw engine.failure(failed(part, e), e);
        }
        if (isNew) {
            compiled(part, start);
        }
    }

    private void once(List<Task> part, Collection<Fetch> behind) {
        long start = System.nanoTime();
        try {
            var graph = new Made(graph(part, List.of(), behind), List.of());
            execute(graph, List.of(), part);
        } catch (RuntimeException | Error e) {
            throw engine.failure(failed(part, e), e);
        }
        compiled(part, start);
    }

    private void execute(Made made, List<int[]> entries, List<Task> part) {
        long up = entries.stream().mapToLong(TornadoEngine::bytes).sum();
        up += inputs(part).stream().mapToLong(TornadoEngine::bytes).sum();
        List<Launch> launches = part.stream().map(Task::launch).toList();
        var execution = new Execution(made.graph(), launches, made.tables(), entries, up);
        execution.prepare();
        execution.graph().execute();
        executions.add(execution);
    }

    private void compiled(List<Task> part, long start) {
        int variants = (int) part.stream().filter(Task::isVariant).count();
        engine.statistics().compiled(part.size(), variants, System.nanoTime() - start);
    }

    /// Arrays of inputs that a part's tasks read.
    private Set<Object> inputs(List<Task> part) {
        Set<Object> read = identitySet();
        for (Task task : part) {
            task.operands().stream().filter(inputs::contains).forEach(read::add);
        }
        return read;
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

    /// @param tables of the tasks; empty where theirs stay as they are
    private ResidentGraph graph(List<Task> tasks, List<int[]> tables, Collection<Fetch> behind) {
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
                                    addTo(graph, tasks, tables);
                                    behind.forEach(fetch -> fetch.addTo(graph));
                                });
        if (tasks.stream().anyMatch(task -> task.grid().isPresent())) {
            made.schedule(grids);
        }
        return made;
    }

    private void addTo(TaskGraph graph, List<Task> tasks, List<int[]> tables) {
        Set<Object> read = inputs(tasks);
        read.addAll(tables);
        if (!read.isEmpty()) {
            graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, read.toArray());
        }
        for (int i = 0; i < tasks.size(); i++) {
            if (tables.isEmpty()) {
                tasks.get(i).addTo(graph, "t" + i);
            } else {
                tasks.get(i).addTo(graph, "t" + i, tables.get(i));
            }
        }
    }
}
