package cglora.kernels.tornado;

import cglora.kernels.program.Launch;
import java.util.List;

/// One execution of a graph in the course of a program; the same graph may have several.
///
/// @param launches that its tasks do this time
/// @param tables   of offsets and dimensions, one a task, which the graph takes up each time; empty
///     where they stay as they are
/// @param entries  of the tables, this time
/// @param bytesUp  of inputs and of the tables
record Execution(
        ResidentGraph graph,
        List<Launch> launches,
        List<int[]> tables,
        List<int[]> entries,
        long bytesUp) {
    /// Before the graph is executed.
    void prepare() {
        for (int i = 0; i < tables.size(); i++) {
            int[] table = tables.get(i);
            System.arraycopy(entries.get(i), 0, table, 0, table.length);
        }
    }
}
