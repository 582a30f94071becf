package cglora.kernels.tornado;

import cglora.kernels.device.NativeOutput;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoInternalError;

/// A graph and its plan. The first execution takes the resident buffers over from the anchor.
final class ResidentGraph {
    /// Executions after which TornadoVM's list of results is dropped.
    private static final int RESULTS = 4096;

    private final TornadoExecutionPlan whole;
    private final int index;
    private TornadoExecutionPlan selected;
    private boolean taken;
    private int executions;

    private ResidentGraph(TornadoExecutionPlan whole, int index) {
        this.whole = whole;
        this.index = index;
    }

    /// @param anchor null for a graph that takes nothing over
    static ResidentGraph of(
            TornadoDevice device, ImmutableTaskGraph anchor, ImmutableTaskGraph graph) {
        var plan =
                anchor == null
                        ? new TornadoExecutionPlan(graph)
                        : new TornadoExecutionPlan(anchor, graph);
        plan.withDevice(device);
        return new ResidentGraph(plan, anchor == null ? 0 : 1);
    }

    void schedule(GridScheduler grids) {
        whole.withGridScheduler(grids);
    }

    /// @throws DriverError where TornadoVM itself throws nothing
    TornadoExecutionResult execute() {
        if (!taken) {
            if (index == 1) {
                executeSelected(whole.withGraph(0));
            }
            taken = true;
        }
        if (executions++ % RESULTS == 0) {
            selected = whole.withGraph(index);
        }
        return executeSelected(selected);
    }

    private static TornadoExecutionResult executeSelected(TornadoExecutionPlan plan) {
        long before = NativeOutput.length();
        TornadoExecutionResult result;
        try {
            result = plan.execute();
        } catch (RuntimeException e) {
            // what the driver said before is why
            throw NativeOutput.errorSince(before)
                    .<RuntimeException>map(error -> new DriverError(error, e))
                    .orElse(e);
        }
        NativeOutput.errorSince(before)
                .ifPresent(
                        error -> {
                            throw new DriverError(error);
                        });
        return result;
    }

    /// An execution under TornadoVM's profiler; not the first one.
    ///
    /// @param statistics takes the time of its kernels on the device and what moved
    /// @return what the profiler says of each task, JSON
    String profile(Statistics statistics) {
        selected = whole.withGraph(index).withProfiler(ProfilerMode.SILENT);
        try {
            TornadoProfilerResult profile = executeSelected(selected).getProfilerResult();
            statistics.profiled(
                    profile.getDeviceKernelTime(),
                    profile.getTotalBytesCopyIn(),
                    profile.getTotalBytesCopyOut());
            return profile.getProfileLog();
        } finally {
            selected = whole.withGraph(index).withoutProfiler();
        }
    }

    /// Gives back all that the graph holds on the device: first what it brought itself, then
    /// what it persists.
    void free() {
        if (!taken) {
            return;
        }
        try {
            whole.withGraph(index).freeDeviceMemory();
        } catch (TornadoInternalError _) {
            // a resident array that another graph has given back: the graph's own are free by then
        }
    }
}
