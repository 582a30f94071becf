package cglora.kernels.tornado;

import cglora.kernels.program.Launch;
import java.util.List;

/// One execution of a graph in the course of a program; the same graph may have several.
///
/// @param launches that its tasks do this time
/// @param table    of offsets and dimensions, which the graph takes up each time; empty where its
///     tasks have their own
/// @param entries  of the table, this time
/// @param bytesUp  of inputs and of the table
record Execution(
        ResidentGraph graph, List<Launch> launches, int[] table, int[] entries, long bytesUp) {
    /// Before the graph is executed.
    void prepare() {
        System.arraycopy(entries, 0, table, 0, entries.length);
    }
}
