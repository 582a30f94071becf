package cglora.pipeline.run;

import cglora.pipeline.spec.GridAxis;
import cglora.pipeline.spec.GridCell;
import cglora.pipeline.spec.GridReading;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What `grid.json` says: the axes, and of every cell its values, its folder and how far it is.
final class GridRecord {
    enum State {
        WAITING,
        RUNNING,
        DONE,
        FAILED,
        INTERRUPTED;

        String jsonName() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    private static final class Entry {
        private State state = State.WAITING;
        private String folder = "";
        private double seconds;
        private String error = "";
    }

    private final GridReading grid;
    private final GridFolder folder;
    private final List<String> arguments;
    private final Map<GridCell, Entry> entries = new IdentityHashMap<>();

    GridRecord(GridReading grid, GridFolder folder, List<String> arguments) {
        this.grid = grid;
        this.folder = folder;
        this.arguments = List.copyOf(arguments);
        grid.cells().forEach(cell -> entries.put(cell, new Entry()));
    }

    /// @param run     the cell's folder
    /// @param seconds so far
    /// @param error   empty for none
    void set(GridCell cell, State state, Path run, double seconds, String error) {
        Entry entry = entries.get(cell);
        entry.state = state;
        entry.folder = run.getFileName().toString();
        entry.seconds = Double.isFinite(seconds) ? seconds : 0;
        entry.error = error;
    }

    long count(State state) {
        return entries.values().stream().filter(e -> e.state == state).count();
    }

    void write() {
        var record = new LinkedHashMap<String, Object>();
        record.put("cglora", 1);
        record.put("version", ProductVersion.get());
        record.put("argv", arguments);
        record.put("pipeline", grid.file().getFileName().toString());
        var axes = new LinkedHashMap<String, Object>();
        for (GridAxis axis : grid.axes()) {
            axes.put(axis.path(), axis.values());
        }
        record.put("axes", axes);
        var cells = new ArrayList<Object>();
        for (GridCell cell : grid.cells()) {
            Entry entry = entries.get(cell);
            var line = new LinkedHashMap<String, Object>();
            line.put("name", cell.name());
            line.put("state", entry.state.jsonName());
            if (!entry.folder.isEmpty()) {
                line.put("folder", entry.folder);
                line.put("seconds", entry.seconds);
            }
            if (!entry.error.isEmpty()) {
                line.put("error", entry.error);
            }
            line.put("values", cell.values());
            cells.add(line);
        }
        record.put("cells", cells);
        folder.write(record);
    }
}
