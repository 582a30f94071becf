package cglora.kernels.tornado;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.TornadoProfilerResult;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;

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

    TornadoExecutionResult execute() {
        if (!taken) {
            if (index == 1) {
                whole.withGraph(0).execute();
            }
            taken = true;
        }
        if (executions++ % RESULTS == 0) {
            selected = whole.withGraph(index);
        }
        return selected.execute();
    }

    /// An execution under TornadoVM's profiler; not the first one.
    ///
    /// @param statistics takes the time of its kernels on the device and what moved
    /// @return what the profiler says of each task, JSON
    String profile(Statistics statistics) {
        selected = whole.withGraph(index).withProfiler(ProfilerMode.SILENT);
        try {
            TornadoProfilerResult profile = selected.execute().getProfilerResult();
            statistics.profiled(
                    profile.getDeviceKernelTime(),
                    profile.getTotalBytesCopyIn(),
                    profile.getTotalBytesCopyOut());
            return profile.getProfileLog();
        } finally {
            selected = whole.withGraph(index).withoutProfiler();
        }
    }

    /// The plan with this graph selected.
    TornadoExecutionPlan plan() {
        return whole.withGraph(index);
    }
}
