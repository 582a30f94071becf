package cglora.pipeline.run;

import cglora.kernels.error.CgloraException;
import cglora.kernels.error.Problem;
import cglora.kernels.error.Problems;
import cglora.pipeline.device.EngineChoice;
import cglora.pipeline.run.GridRecord.State;
import cglora.pipeline.spec.GridCell;
import cglora.pipeline.spec.GridReader;
import cglora.pipeline.spec.GridReading;
import cglora.pipeline.spec.PipelineSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntSupplier;

/// Runs the cells of a grid in one process, those that share first stages one behind the other. A
/// cell that fails is recorded, and the rest goes on; cells that an earlier call has finished, on
/// the same files, are left alone.
public final class GridRunner {
    private static final PrintStream NOWHERE =
            new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);

    private final GridReading grid;
    private final EngineChoice engine;
    private final PrintStream out;
    private final PrintStream err;
    private final boolean quiet;
    private final boolean exports;
    private final GridFolder folder;
    private final List<GridCell> ordered = new ArrayList<>();
    private final Map<GridCell, CellKeys> keys = new IdentityHashMap<>();
    private final Map<GridCell, Path> finished = new IdentityHashMap<>();
    private final Shared shared = new Shared(Runtime.getRuntime().maxMemory());
    private final Problems notes = new Problems();
    private Inputs read;
    private MemoryPlan largest;
    private double spent;
    private int ran;

    /// @param engine  what computes, in all cells
    /// @param out     results
    /// @param err     everything else
    /// @param exports whether cells write what they have learnt
    public GridRunner(
            GridReading grid,
            EngineChoice engine,
            PrintStream out,
            PrintStream err,
            boolean quiet,
            boolean exports) {
        this.grid = grid;
        this.engine = engine;
        this.out = out;
        this.err = err;
        this.quiet = quiet;
        this.exports = exports;
        this.folder = new GridFolder(grid.first().spec());
        order();
    }

    /// Cells with the same seed and data together, within them those of one head, and so on.
    private void order() {
        for (GridCell cell : grid.cells()) {
            keys.put(cell, CellKeys.of(cell.reading().spec()));
        }
        ordered.addAll(grid.cells());
        ordered.sort(
                first(CellKeys::data)
                        .thenComparing(first(CellKeys::head))
                        .thenComparing(first(k -> String.valueOf(k.statistics())))
                        .thenComparing(first(k -> String.valueOf(k.start()))));
    }

    /// Compares by the place of the first cell that has the part.
    private Comparator<GridCell> first(Function<CellKeys, Object> part) {
        var places = new HashMap<Object, Integer>();
        for (GridCell cell : grid.cells()) {
            places.putIfAbsent(part.apply(keys.get(cell)), places.size());
        }
        return Comparator.comparing(cell -> places.get(part.apply(keys.get(cell))));
    }

    /// Reads and checks the files of every cell, and computes nothing.
    ///
    /// @throws CgloraException with everything that is wrong, and the cells that have it
    private void check() {
        var found = new LinkedHashMap<Problem, List<String>>();
        for (GridCell cell : ordered) {
            try {
                Inputs inputs = inputs(cell, notes);
                PipelineSpec spec = cell.reading().spec();
                finished.put(cell, folder.finished(spec, inputs.stamps().sha256().values()));
                List<MemoryPlan> plans = RunMemory.of(inputs, engine);
                MemoryPlan.requireFit(plans, engine);
                if (engine instanceof EngineChoice.Jvm) {
                    plans.stream()
                            .filter(p -> largest == null || p.bytes() > largest.bytes())
                            .forEach(p -> largest = p);
                }
            } catch (CgloraException e) {
                e.problems()
                        .forEach(
                                p ->
                                        found.computeIfAbsent(p, _ -> new ArrayList<>())
                                                .add(cell.name()));
            }
        }
        GridReader.throwNamed(found, ordered.size());
        notes.warnings().stream().distinct().forEach(w -> err.println(w.render("warning")));
    }

    /// The cell's files; those of the cell before are kept where they are the same.
    private Inputs inputs(GridCell cell, Problems warnings) {
        if (read != null && !read.dataKey().equals(keys.get(cell).data())) {
            close();
        }
        if (read == null) {
            read = InputCheck.read(cell.reading().spec(), warnings);
            return read;
        }
        return InputCheck.read(cell.reading().spec(), new Problems(), read);
    }

    private void close() {
        if (read != null) {
            read.close();
            read = null;
        }
    }

    /// Prints the cells, the memory of the largest and the time: by the cells that have been run,
    /// or else by trials of each kind of cell.
    ///
    /// @param probes whether there are trials
    public void plan(boolean probes) {
        try {
            check();
            show(probes);
        } finally {
            close();
        }
    }

    private void show(boolean probes) {
        double seconds = 0;
        int done = 0;
        for (GridCell cell : ordered) {
            Path run = finished.get(cell);
            double took = run == null ? Double.NaN : GridFolder.seconds(run);
            out.printf("%-8s %s%n", run == null ? "to run" : "done", cell.name());
            if (run != null) {
                done++;
                seconds += Double.isNaN(took) ? 0 : took;
            }
        }
        out.printf("cells        %d, of which %d are done%n", ordered.size(), done);
        out.printf("engine       %s (%s)%n", engine.device(), engine.why());
        if (largest != null) {
            out.printf("memory       %s, in the largest cell%n", largest);
        }
        if (done > 0) {
            out.printf(
                    "time         about %s for the rest, by the %d that are done%n",
                    Progress.time(seconds / done * (ordered.size() - done)), done);
        } else {
            out.println(probes ? time() : "time         known once a cell is done");
        }
        out.printf("folder       %s%n", RunReport.relative(folder.path()));
    }

    /// What all cells take by trials of each kind.
    private String time() {
        long begin = System.nanoTime();
        var times = new GridTime(engine, () -> 0);
        try {
            for (GridCell cell : ordered) {
                Inputs inputs = inputs(cell, new Problems());
                if (times.attempt(cell, inputs)) {
                    note("tried %s", cell.name());
                }
            }
        } catch (CgloraException e) {
            Problem problem = e.problems().getFirst();
            return "time         not known: a trial ended with %s, %s"
                    .formatted(problem.code(), problem.what());
        }
        GridTime.Estimate all = times.of(ordered, keys::get, cell -> inputs(cell, new Problems()));
        return """
                time         about %s for %d cells: starts %s, training %s, the rest %s
                             by trials of %d %s of cells, %d steps each, in %s; shared work is \
                counted once\
                """
                .formatted(
                        Progress.time(all.seconds()),
                        ordered.size(),
                        Progress.time(all.start()),
                        Progress.time(all.training()),
                        Progress.time(all.rest()),
                        times.kinds(),
                        times.kinds() == 1 ? "kind" : "kinds",
                        TrialSteps.COUNT,
                        Progress.time((System.nanoTime() - begin) * 1e-9));
    }

    /// @param arguments the command line, for the record
    /// @param stop      the exit status of who asks to stop, or 0
    /// @return the exit status: that of the signal, else of the first cell that failed, else 0
    public int run(List<String> arguments, IntSupplier stop) {
        try {
            check();
            try (FileChannel _ = folder.lock()) {
                return run(new GridRecord(grid, folder, arguments), arguments, stop);
            } catch (IOException e) {
                throw RunFolder.unwritable(folder.path(), e);
            }
        } finally {
            close();
        }
    }

    private int run(GridRecord record, List<String> arguments, IntSupplier stop) {
        var open = new ArrayList<GridCell>();
        for (GridCell cell : ordered) {
            Path run = finished.get(cell);
            if (run == null) {
                open.add(cell);
            } else {
                record.set(cell, State.DONE, run, GridFolder.seconds(run), "");
            }
        }
        record.write();
        note(
                "grid %s   %d cells, %d done before   engine %s",
                RunReport.relative(folder.path()),
                ordered.size(),
                ordered.size() - open.size(),
                engine.device());
        int failure = 0;
        for (int i = 0; i < open.size() && stop.getAsInt() == 0; i++) {
            List<CellKeys> later =
                    open.subList(i + 1, open.size()).stream().map(keys::get).toList();
            int status = cell(open.get(i), later, record, arguments, stop);
            failure = failure == 0 && stop.getAsInt() == 0 ? status : failure;
        }
        out.printf(
                "%d of %d cells done, %d failed   %s%n",
                record.count(State.DONE),
                ordered.size(),
                record.count(State.FAILED),
                RunReport.relative(folder.path()));
        if (stop.getAsInt() != 0) {
            out.println("interrupted; the same command goes on from here");
            return stop.getAsInt();
        }
        out.printf("next: cglora compare %s%n", RunReport.relative(folder.path()));
        return failure;
    }

    private int cell(
            GridCell cell,
            List<CellKeys> later,
            GridRecord record,
            List<String> arguments,
            IntSupplier stop) {
        String number = "[%d/%d] ".formatted(ordered.size() - later.size(), ordered.size());
        Path place = folder.place(cell.name());
        record.set(cell, State.RUNNING, place, 0, "");
        record.write();
        shared.begin(keys.get(cell), later, largest == null ? 0 : largest.bytes());
        PeakMemory.restart();
        long begin = System.nanoTime();
        State state = State.DONE;
        String what = "";
        int status;
        try {
            Inputs inputs = inputs(cell, new Problems());
            status =
                    new Runner(cell.reading(), engine, NOWHERE, err, quiet, stop)
                            .calledAs(arguments)
                            .runCell(inputs, place, shared, exports, number);
            state = status == 0 ? State.DONE : State.INTERRUPTED;
        } catch (CgloraException e) {
            state = State.FAILED;
            Problem problem = e.problems().getFirst();
            what = problem.code() + ": " + problem.what();
            status = e.exitStatus();
        } catch (OutOfMemoryError e) {
            state = State.FAILED;
            what = e.toString();
            status = 5;
        } catch (RuntimeException e) {
            state = State.FAILED;
            what = e.toString();
            status = 1;
        }
        double seconds = (System.nanoTime() - begin) * 1e-9;
        record.set(cell, state, place, seconds, what);
        record.write();
        spent += seconds;
        ran++;
        String left =
                later.isEmpty()
                        ? ""
                        : ", about %s left".formatted(Progress.time(spent / ran * later.size()));
        note(
                "%s%-11s %s   %s   %s%s",
                number,
                state.jsonName(),
                cell.name(),
                state == State.DONE ? RunReport.outcome(place) : what,
                Progress.time(seconds),
                left);
        return status;
    }

    private void note(String format, Object... arguments) {
        if (!quiet) {
            err.println(String.format(Locale.ROOT, format, arguments));
        }
    }
}
